"""Cohere's chat, version 2.

https://docs.cohere.com/v2/docs/streaming

Version 2 has no list of models, so a health check of Cohere itself is answered 404, which proves that the API
serves; servers that speak its style do have one.
"""

from openmodels.prober.style import BEARER, MODEL, PLAIN_TOKENS, PROMPT, REASONING_TOKENS, Style, Where

_CONTENT = ("delta", "message", "content")
_CALL = ("delta", "message", "tool_calls", "function")
_USAGE = ("delta", "usage")
_FAILED = Where("finish_reason", ("ERROR", "ERROR_LIMIT", "ERROR_TOXIC", "TIMEOUT"))

STYLE = Style(
    name="cohere",
    compatibility="cohere",
    health_path="/models",
    path="/chat",
    keys={"bearer": BEARER, "api-key": BEARER},
    body={"model": MODEL, "messages": [{"role": "user", "content": PROMPT}], "stream": True},
    plain=({"max_tokens": PLAIN_TOKENS},),
    reasoning=(
        {"max_tokens": REASONING_TOKENS, "thinking": {"type": "enabled", "token_budget": 256}},
        {"max_tokens": REASONING_TOKENS},
    ),
    thought=((*_CONTENT, "thinking"),),
    content=((*_CONTENT, "text"),),
    tool=(("delta", "message", "tool_plan"), (*_CALL, "name"), (*_CALL, "arguments")),
    finish=(("delta", "finish_reason"),),
    failure=(("delta", _FAILED, "finish_reason"), ("delta", "error"), ("error",)),
    last=((Where("type", ("message-end",)), "type"),),
    # The tokens that the model really read and wrote; what is billed leaves the template's out.
    input_tokens=((*_USAGE, "tokens", "input_tokens"), (*_USAGE, "billed_units", "input_tokens")),
    output_tokens=((*_USAGE, "tokens", "output_tokens"), (*_USAGE, "billed_units", "output_tokens")),
)
