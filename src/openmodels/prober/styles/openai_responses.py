"""OpenAI's responses.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from openmodels.prober.style import BEARER, MODEL, PLAIN_TOKENS, PROMPT, REASONING_TOKENS, Style, Where

_LAST = Where("type", ("response.completed", "response.incomplete"))

STYLE = Style(
    name="openai-responses",
    health_path="/models",
    path="/responses",
    keys={"bearer": BEARER, "api-key": BEARER},
    body={"model": MODEL, "input": PROMPT, "stream": True},
    plain=(
        # Answers are kept by default; there is nothing worth keeping in these.
        {"max_output_tokens": PLAIN_TOKENS, "store": False},
        {"max_output_tokens": PLAIN_TOKENS},
    ),
    reasoning=(
        {"max_output_tokens": REASONING_TOKENS, "store": False, "reasoning": {"effort": "low"}},
        {"max_output_tokens": REASONING_TOKENS},
    ),
    thought=(
        (Where("type", ("response.reasoning_text.delta", "response.reasoning_summary_text.delta")), "delta"),
    ),
    content=((Where("type", ("response.output_text.delta",)), "delta"),),
    tool=((Where("type", ("response.function_call_arguments.delta",)), "delta"),),
    finish=((_LAST, "type"),),
    failure=((Where("type", ("error", "response.failed")), "type"), ("error",)),
    last=((_LAST, "type"),),
    input_tokens=(("response", "usage", "input_tokens"),),
    output_tokens=(("response", "usage", "output_tokens"),),
    total_tokens=(("response", "usage", "total_tokens"),),
)
