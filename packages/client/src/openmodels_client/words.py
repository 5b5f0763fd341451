"""The words that parameters take, for type checkers. What answers hold are plain strings: see ``types``."""

from typing import Literal, TypeAlias

Period: TypeAlias = Literal["1h", "24h", "1d", "7d", "30d"]
Preference: TypeAlias = Literal["balanced", "latency", "price", "reliability"]
ModelSort: TypeAlias = Literal["recency", "name", "context_window", "providers", "price", "relevance"]
CompareSort: TypeAlias = Literal["price", "output_price", "blended_price", "ttft", "throughput", "uptime"]
ProviderSort: TypeAlias = Literal["name", "models"]
SearchType: TypeAlias = Literal["models", "providers"]

PER_PAGE = 100
"""How many items a page has that is gone through: the most that there may be."""
