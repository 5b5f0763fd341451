"""What LiteLLM calls the way in which a model is asked at a provider: its ``mode``.

LiteLLM sends a completion to another endpoint where the mode is ``responses``, and our map replaces its own.
So the mode is that of the offering, not of the model: gateways take for a chat what its maker does not.
"""

import re
from collections.abc import Mapping

from openmodels.domain.records import Model
from openmodels.registry.exporters.parts import mode_of

_OPENAI = re.compile(
    r"(?:o\d+(?:-mini)?-(?:pro|deep-research)|gpt-\d+(?:\.\d+)?-(?:pro|codex)|codex-mini)(?![a-z0-9])"
)
_PERPLEXITY = re.compile(r"[^/]+/")
_XAI = re.compile(r"grok-\d+(?:\.\d+)?-multi-agent(?![a-z0-9])")
_COPILOT = re.compile(r"gpt-(?:\d+(?:\.\d+)?-codex|5\.4-(?:mini|nano)|5\.[5-9])(?![a-z0-9])")
_OPENCODE = re.compile(r"gpt-")
RESPONSES: Mapping[str, re.Pattern[str]] = {
    # The pro, codex and deep research models answer at OpenAI's /responses alone, on Azure too.
    "openai": _OPENAI,
    "azure": _OPENAI,
    "azure_ai": _OPENAI,
    # Other vendors' models, named vendor/name, are those of its agents' API, which is one of responses.
    "perplexity": _PERPLEXITY,
    # Several agents at a time answer at /responses alone.
    "xai": _XAI,
    # As LiteLLM's own map has it: no rule is known.
    "github_copilot": _COPILOT,
    "opencode_go": _OPENCODE,
}
"""By LiteLLM's name of a provider: the names, from their beginning, of what is served over the responses API
only. The families are those of LiteLLM 1.109's own map."""
IMAGES = frozenset({"azure", "azure_ai", "gemini", "openai", "vertex_ai"})
"""Where LiteLLM says ``image_generation`` of whatever makes images. Elsewhere one chats with it."""
_COMPLETIONS = re.compile(r"(?:gpt-3\.5-turbo-instruct|babbage-002|davinci-002)(?![a-z0-9])")
COMPLETIONS: Mapping[str, re.Pattern[str]] = {"openai": _COMPLETIONS, "azure": _COMPLETIONS}
"""The same for what takes no chats but only a text to go on with."""


def mode_at(prefix: str, name: str, model: Model) -> str:
    """The mode of a model that the provider with that ``prefix`` calls ``name``."""
    mode = mode_of(model)
    if mode != "chat":
        return mode
    if prefix in IMAGES and "image" in (model.output_modalities or ()):
        return "image_generation"
    if prefix in RESPONSES and RESPONSES[prefix].match(name):
        return "responses"
    if prefix in COMPLETIONS and COMPLETIONS[prefix].match(name):
        return "completion"
    return mode
