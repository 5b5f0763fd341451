"""What aimock does, seen without the prober: what the tests of the prober take for granted of it."""

import math

import httpx2
import pytest

from foreign.aimock import KEY, RETRY_AFTER, TOKEN, Aimock
from foreign.wire import WIRES, ask

PROMPT = "Say 4f1d9a27 and nothing else."
STYLES = list(WIRES)


def events(answer: httpx2.Response) -> list[str]:
    """The data of its events."""
    return [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]


@pytest.mark.parametrize("style", STYLES)
def test_it_streams_back_what_it_was_told(aimock: Aimock, style: str) -> None:
    answer = ask(aimock.open, style, "fast", PROMPT)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream"
    tokens = [PROMPT[at : at + TOKEN] for at in range(0, len(PROMPT), TOKEN)]
    with_text = events(answer)[WIRES[style].leading :]
    for token, event in zip(tokens, with_text, strict=False):
        assert token in event


@pytest.mark.parametrize("style", STYLES)
def test_it_sends_as_many_events_before_the_first_text_as_is_known_of_it(aimock: Aimock, style: str) -> None:
    leading = events(ask(aimock.open, style, "fast", PROMPT))[: WIRES[style].leading]
    assert not any(PROMPT[:TOKEN] in event for event in leading)


@pytest.mark.parametrize("style", STYLES)
def test_it_counts_its_tokens(aimock: Aimock, style: str) -> None:
    counted = {"openai-chat": "completion_tokens", "google": "candidatesTokenCount"}.get(
        style, "output_tokens"
    )
    tokens = math.ceil(len(PROMPT) / TOKEN)
    assert f'"{counted}":{tokens}' in ask(aimock.open, style, "fast", PROMPT).text


@pytest.mark.parametrize("style", STYLES)
def test_it_wants_the_key_in_the_header_of_the_style(aimock: Aimock, style: str) -> None:
    assert ask(aimock.guarded, style, "fast", PROMPT, key=KEY).status_code == 200
    assert ask(aimock.guarded, style, "fast", PROMPT, key="another").status_code == 401
    assert ask(aimock.guarded, style, "fast", PROMPT).status_code == 401


@pytest.mark.parametrize("style", STYLES)
def test_it_says_when_to_come_back(aimock: Aimock, style: str) -> None:
    answer = ask(aimock.open, style, "busy", PROMPT)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == str(RETRY_AFTER)


@pytest.mark.parametrize("style", STYLES)
def test_it_cuts_a_stream_in_the_middle(aimock: Aimock, style: str) -> None:
    with pytest.raises(httpx2.RemoteProtocolError, match="incomplete chunked read"):
        ask(aimock.open, style, "cut", PROMPT)


def test_it_misbehaves_as_it_is_told_to_while_it_runs(aimock: Aimock) -> None:
    aimock.set_faults(dropRate=1)
    assert ask(aimock.open, "openai-chat", "fast", PROMPT).status_code == 500
    aimock.set_faults(rateLimitRate=1)
    assert ask(aimock.open, "openai-chat", "fast", PROMPT).status_code == 429
    aimock.set_faults(malformedRate=1)
    malformed = ask(aimock.open, "openai-chat", "fast", PROMPT)
    assert malformed.status_code == 200
    assert malformed.text.startswith("{malformed json")
    aimock.set_faults(disconnectRate=1)
    with pytest.raises(httpx2.RemoteProtocolError, match="without sending a response"):
        ask(aimock.open, "openai-chat", "fast", PROMPT)
    aimock.clear_faults()
    assert ask(aimock.open, "openai-chat", "fast", PROMPT).status_code == 200
