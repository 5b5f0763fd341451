"""Anthropic's messages.

https://docs.anthropic.com/en/docs/build-with-claude/streaming

Thinking is off unless it is asked for, which is the lowest effort there is: the reasoning profile only allows
more, for models that always think.
"""

from openmodels.prober.style import BEARER, MODEL, PLAIN_TOKENS, PROMPT, REASONING_TOKENS, Style, Where

STYLE = Style(
    name="anthropic",
    compatibility="anthropic",
    health_path="/models",
    path="/messages",
    keys={"api-key": ("x-api-key", "{key}"), "bearer": BEARER},
    headers={"anthropic-version": "2023-06-01"},
    body={"model": MODEL, "messages": [{"role": "user", "content": PROMPT}], "stream": True},
    plain=({"max_tokens": PLAIN_TOKENS},),
    reasoning=({"max_tokens": REASONING_TOKENS},),
    thought=(("delta", "thinking"), ("content_block", "thinking")),
    content=(("delta", "text"), ("content_block", "text")),
    tool=(("delta", "partial_json"), ("content_block", Where("type", ("tool_use",)), "name")),
    finish=(("delta", "stop_reason"),),
    failure=((Where("type", ("error",)), "type"),),
    last=((Where("type", ("message_stop",)), "type"),),
    input_tokens=(("usage", "input_tokens"), ("message", "usage", "input_tokens")),
    output_tokens=(("usage", "output_tokens"),),
)
