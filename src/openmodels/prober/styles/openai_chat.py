"""OpenAI's chat completions, which most providers speak.

https://platform.openai.com/docs/api-reference/chat-streaming

The key goes as a bearer token also where a provider calls its authentication ``api-key``: that is how
Fireworks, Moonshot, OpenRouter, Zhipu and the others that call it so read it on this API.

``max_tokens`` is what every server knows, and what OpenAI's own reasoning models refuse; those want
``max_completion_tokens``, which Mistral in turn refuses, as some servers refuse ``stream_options`` and
``reasoning_effort``. So each profile has a second form, for whoever refuses the first.
"""

from openmodels.prober.style import BEARER, EACH, MODEL, PLAIN_TOKENS, PROMPT, REASONING_TOKENS, Style

_USAGE = {"stream_options": {"include_usage": True}}
_DELTA = ("choices", EACH, "delta")
_CALL = (*_DELTA, "tool_calls", EACH, "function")

STYLE = Style(
    name="openai-chat",
    compatibility="openai",
    health_path="/models",
    path="/chat/completions",
    keys={"bearer": BEARER, "api-key": BEARER},
    body={"model": MODEL, "messages": [{"role": "user", "content": PROMPT}], "stream": True},
    plain=(
        {"max_tokens": PLAIN_TOKENS, **_USAGE},
        {"max_tokens": PLAIN_TOKENS},
    ),
    reasoning=(
        {"max_completion_tokens": REASONING_TOKENS, "reasoning_effort": "low", **_USAGE},
        {"max_tokens": REASONING_TOKENS},
    ),
    thought=(
        # DeepSeek, vLLM, xAI; then OpenRouter, Groq; then Mistral.
        (*_DELTA, "reasoning_content"),
        (*_DELTA, "reasoning"),
        (*_DELTA, "content", EACH, "thinking", EACH, "text"),
    ),
    content=((*_DELTA, "content"), (*_DELTA, "content", EACH, "text")),
    tool=((*_CALL, "name"), (*_CALL, "arguments")),
    finish=(("choices", EACH, "finish_reason"),),
    failure=(("error",),),
    last_data=b"[DONE]",
    input_tokens=(("usage", "prompt_tokens"),),
    output_tokens=(("usage", "completion_tokens"),),
    total_tokens=(("usage", "total_tokens"),),
)
