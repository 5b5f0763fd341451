"""OpenModels: the open registry and observatory of language-model providers."""

from importlib.metadata import version as _installed


def version() -> str:
    """The program's version."""
    return _installed("openmodels")
