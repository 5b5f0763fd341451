"""Google's ``streamGenerateContent``, as server-sent events.

https://ai.google.dev/api/generate-content

Nothing ends the stream but the end of the answer. The key goes in a header: in the address it would end up
in logs. 512 is the least thinking budget that every model that thinks accepts; others refuse any.
"""

from openmodels.prober.style import (
    BEARER,
    EACH,
    MODEL,
    PLAIN_TOKENS,
    PROMPT,
    REASONING_TOKENS,
    Path,
    Style,
    Where,
)

_PARTS: Path = ("candidates", EACH, "content", "parts", EACH)
_THOUGHT = Where("thought", (True,))

STYLE = Style(
    name="google",
    compatibility="google",
    health_path="/models",
    path=f"/models/{MODEL}:streamGenerateContent?alt=sse",
    keys={"api-key": ("x-goog-api-key", "{key}"), "bearer": BEARER},
    body={"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]},
    plain=({"generationConfig": {"maxOutputTokens": PLAIN_TOKENS}},),
    reasoning=(
        {
            "generationConfig": {
                "maxOutputTokens": REASONING_TOKENS,
                "thinkingConfig": {"thinkingBudget": 512},
            }
        },
        {"generationConfig": {"maxOutputTokens": REASONING_TOKENS}},
    ),
    thought=((*_PARTS, _THOUGHT, "text"),),
    content=((*_PARTS, _THOUGHT._replace(holds=False), "text"),),
    tool=((*_PARTS, "functionCall", "name"),),
    finish=(("candidates", EACH, "finishReason"),),
    failure=(("error",),),
    input_tokens=(("usageMetadata", "promptTokenCount"),),
    output_tokens=(("usageMetadata", "candidatesTokenCount"),),
    thought_tokens=(("usageMetadata", "thoughtsTokenCount"),),
)
