"""Every style by its name, and whose list of models is wanted."""

from collections.abc import Mapping

from openmodels.fake.styles.anthropic import Anthropic
from openmodels.fake.styles.cohere import Cohere
from openmodels.fake.styles.google import Google
from openmodels.fake.styles.openai_chat import OpenAIChat
from openmodels.fake.styles.openai_responses import OpenAIResponses
from openmodels.fake.styles.style import Style

_ALL: tuple[Style, ...] = (OpenAIChat(), OpenAIResponses(), Anthropic(), Google(), Cohere())
STYLES: Mapping[str, Style] = {style.name: style for style in _ALL}
KEY_HEADERS = frozenset(header for style in _ALL for header in style.key_headers)
"""Every header that carries a key in some style."""


def style_of_list(persona: str, path: str, headers: Mapping[str, str]) -> Style:
    """The style in which a list of models is given where none is set: the request tells, else OpenAI's."""
    if "anthropic-version" in headers or "x-api-key" in headers or "anthropic" in persona:
        return STYLES["anthropic"]
    if "x-goog-api-key" in headers or "/v1beta" in path or "google" in persona or "gemini" in persona:
        return STYLES["google"]
    if "cohere" in persona:
        return STYLES["cohere"]
    return STYLES["openai-chat"]
