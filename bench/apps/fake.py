"""A fake provider in a process of its own; a persona's name says how it answers.

``t200r50n20`` waits 200 ms for the first token and sends 20 tokens at 50 a second; ``c1`` after it has a
stream's usual noise: role-only and null frames, comments, thinking first. What follows an ``x`` only tells
requests apart. When standard input ends, it prints when it really wrote, request by request, as JSON.
"""

import asyncio
import re
import ssl
import sys

import msgspec

from openmodels.fake.behaviour import Behaviour
from openmodels.fake.server import FakeProvider

_NAME = re.compile(r"t(\d+)r(\d+)n(\d+)(c1)?(?:x\d+)?")
READY = "ready on port "
"""What the line begins with that names the port."""


def behaviour(persona: str) -> Behaviour:
    """How the persona answers; any other name is only good for health checks."""
    found = _NAME.fullmatch(persona)
    if found is None:
        return Behaviour(headers_ms=1)
    ttft, rate, tokens, noisy = found.groups()
    plain = Behaviour(
        headers_ms=10, ttft_ms=int(ttft), tokens_per_second=int(rate), output_tokens=int(tokens)
    )
    if not noisy:
        return plain
    return Behaviour(
        headers_ms=10,
        ttft_ms=int(ttft),
        tokens_per_second=int(rate),
        output_tokens=int(tokens) // 2,
        reasoning_tokens=int(tokens) - int(tokens) // 2,
        empty_frames=2,
        null_frames=2,
        keepalive_ms=20,
    )


async def main() -> None:
    """Serve until standard input ends; ``CERT KEY`` as arguments make it speak HTTPS."""
    context = None
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
    async with FakeProvider(personality=behaviour, ssl_context=context) as fake:
        print(f"{READY}{fake.port}", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        written = {r.persona: (r.first_token_ms, r.end_ms) for r in fake.requests() if r.kind == "completion"}
        print(msgspec.json.encode(written).decode(), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
