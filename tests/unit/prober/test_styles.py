import importlib
import json
from pathlib import Path as FilePath
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.streams import INPUT_TOKENS, OUTPUT_TOKENS, STREAMS, Stream, sse
from openmodels.domain.vocabulary import Compatibility
from openmodels.prober.outcomes import ProbeFailed
from openmodels.prober.reading import Reading
from openmodels.prober.sse import EventParser, ServerEvent
from openmodels.prober.style import (
    BEARER,
    EACH,
    PACKAGE,
    PLAIN_TOKENS,
    REASONING_TOKENS,
    Style,
    Styles,
    Where,
    find,
    first,
    load_styles,
    text,
)

NONCE = "om-12345678"
NAMES = sorted(STREAMS)


@pytest.fixture(params=NAMES)
def style(request: pytest.FixtureRequest) -> Style:
    found = load_styles().named(request.param)
    assert found is not None
    return found


@pytest.fixture
def chat() -> Style:
    found = load_styles().named("openai-chat")
    assert found is not None
    return found


def read(style: Style, stream: Stream | list[bytes], *, nonce: str = NONCE) -> Reading:
    """A reading of events of which the first arrives at second 0, the next at second 1, and so on."""
    reading = Reading(style)
    parser = EventParser()
    for second, part in enumerate(stream.events if isinstance(stream, Stream) else stream):
        if any(reading.take(event, float(second)) for event in parser.feed(part)):
            break
    reading.require(nonce)
    return reading


def failure(style: Style, stream: Stream | list[bytes]) -> str:
    with pytest.raises(ProbeFailed) as caught:
        read(style, stream)
    assert caught.value.outcome == "bad_stream"
    return caught.value.detail


def test_it_finds_the_five_styles_in_their_folder() -> None:
    assert load_styles().names == NAMES


def test_it_knows_a_style_for_every_compatibility_but_custom() -> None:
    defaults = {word: load_styles().default_for(word) for word in get_args(Compatibility)}
    assert {word: style.name if style else None for word, style in defaults.items()} == {
        "openai": "openai-chat",
        "anthropic": "anthropic",
        "google": "google",
        "cohere": "cohere",
        "custom": None,
    }


def test_it_knows_no_style_by_another_name() -> None:
    assert load_styles().named("openai") is None
    assert load_styles().named(None) is None


def test_it_reads_a_style_file_that_is_only_put_into_the_folder(
    tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = importlib.import_module(PACKAGE)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    source = (FilePath(package.__path__[0]) / "openai_chat.py").read_text()
    changed = source.replace('"openai-chat"', '"sixth"').replace('compatibility="openai",', "")
    (tmp_path / "sixth_of_a_test.py").write_text(changed)
    assert load_styles().names == sorted([*NAMES, "sixth"])


def test_it_refuses_two_styles_that_claim_the_same(chat: Style) -> None:
    with pytest.raises(ValueError, match="two API styles are named openai-chat"):
        Styles([chat, chat])
    other = Style(**{name: getattr(chat, name) for name in chat.__struct_fields__} | {"name": "other"})
    with pytest.raises(ValueError, match="openai-chat and other both claim compatibility openai"):
        Styles([chat, other])


def test_it_asks_what_it_is_to_ask_for_a_stream(style: Style) -> None:
    for profiles, allowance in ((style.plain, PLAIN_TOKENS), (style.reasoning, REASONING_TOKENS)):
        for profile in profiles:
            body = style.body_for("a/model", "say it", profile).decode()
            assert '"say it"' in body
            assert str(allowance) in body
            assert "{prompt}" not in body
            assert "{model}" not in body
            assert '"stream":true' in body or style.path.endswith("?alt=sse")
            assert '"a/model"' in body or "a%2Fmodel" in style.path_for("a/model")


@given(st.text())
def test_it_writes_any_model_name_into_a_body_whole(name: str) -> None:
    found = load_styles().named("openai-chat")
    assert found is not None
    assert json.loads(found.body_for(name, "{model}", {}))["model"] == name


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_it_lets_no_model_name_leave_its_place_in_a_path(name: str) -> None:
    found = load_styles().named("google")
    assert found is not None
    path = found.path_for(name)
    assert path.startswith("/models/")
    assert path.endswith(":streamGenerateContent?alt=sse")
    assert path.count("/") == 2
    assert path.count("?") == 1
    assert path.isascii()


def test_it_sends_the_key_where_each_api_reads_it() -> None:
    styles = load_styles()
    headers = {
        name: {auth: header for auth, (header, _) in style.keys.items()}
        for name in styles.names
        if (style := styles.named(name))
    }
    for name in ("openai-chat", "openai-responses", "cohere"):
        assert headers[name] == {"bearer": "Authorization", "api-key": "Authorization"}
    assert headers["anthropic"] == {"bearer": "Authorization", "api-key": "x-api-key"}
    assert headers["google"] == {"bearer": "Authorization", "api-key": "x-goog-api-key"}
    assert BEARER[1] == "Bearer {key}"


def test_it_reads_the_times_and_the_tokens_of_a_stream(style: Style) -> None:
    stream = STREAMS[style.name](NONCE)
    reading = read(style, stream)
    assert reading.first_token_at == stream.first_token
    assert reading.first_content_at == stream.first_content
    assert reading.end_at == stream.last
    assert (reading.input_tokens, reading.output_tokens) == (INPUT_TOKENS, OUTPUT_TOKENS)
    assert not reading.estimated
    assert reading.tokens_per_second == round(OUTPUT_TOKENS / (stream.last - stream.first_token), 3)


def test_it_calls_a_stream_cut_that_ends_anywhere_before_it_says_that_it_is_complete(style: Style) -> None:
    stream = STREAMS[style.name](NONCE)
    reading = Reading(style)
    for event in EventParser().feed(b"".join(stream.events)):
        if reading._finished:
            break
        with pytest.raises(ProbeFailed):
            reading.require(NONCE)
        reading.take(event, 0.0)
    assert reading._finished


def test_it_calls_a_wrong_answer_a_bad_stream(style: Style) -> None:
    assert failure(style, STREAMS[style.name]("om-another")) == "the answer is not what was asked for"


def test_it_calls_an_empty_answer_a_bad_stream(style: Style) -> None:
    stream = STREAMS[style.name](NONCE)
    kept = [
        event
        for number, event in enumerate(stream.events)
        if number not in range(stream.first_token, stream.last) or b"stop" in event or b"end_turn" in event
    ]
    if style.name == "google":
        kept[-1] = sse({"candidates": [{"content": {"parts": []}, "finishReason": "STOP"}]})
    assert failure(style, kept) == "the answer is empty"


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("openai-chat", sse({"error": {"message": "overloaded"}})),
        ("openai-chat", sse({"message": "overloaded"}, event="error")),
        ("openai-responses", sse({"type": "error", "code": "server_error"})),
        ("openai-responses", sse({"type": "response.failed", "response": {"error": {"code": "x"}}})),
        ("anthropic", sse({"type": "error", "error": {"type": "overloaded_error"}}, event="error")),
        ("google", sse({"error": {"code": 503, "status": "UNAVAILABLE"}})),
        ("cohere", sse({"type": "message-end", "delta": {"finish_reason": "ERROR"}})),
    ],
)
def test_it_calls_an_error_inside_a_stream_a_bad_stream(name: str, event: bytes) -> None:
    found = load_styles().named(name)
    assert found is not None
    stream = STREAMS[name](NONCE)
    assert failure(found, [*stream.events[: stream.last], event]) == "an error came inside the stream"


@pytest.mark.parametrize("data", [b"nonsense", b"{", b"\xff", b"[" * 100_000])
def test_it_calls_an_event_that_is_no_json_a_bad_stream(style: Style, data: bytes) -> None:
    assert failure(style, [sse(data)]) == "an event of its stream is no JSON"


@pytest.mark.parametrize(
    "data", [b"null", b"3", b'"x"', b"[]", b'[{"choices": 3}]', b'{"choices": {"a": 1}}']
)
def test_it_finds_nothing_in_an_event_of_another_shape(style: Style, data: bytes) -> None:
    assert failure(style, [sse(data)]) == "the stream was cut"


def test_it_reads_no_stream_in_nothing(style: Style) -> None:
    assert failure(style, [b": only comments\n\n"]) == "its answer holds no event of a stream"


def test_it_counts_deltas_when_no_usage_came_and_says_so(chat: Style) -> None:
    stream = STREAMS["openai-chat"](NONCE)
    reading = read(chat, [event for event in stream.events if b"usage" not in event])
    assert reading.estimated
    assert reading.output_tokens == 3
    assert reading.counted_tokens is None
    assert reading.input_tokens is None


def test_it_takes_a_stream_that_says_it_is_complete_and_leaves_its_last_event_out(chat: Style) -> None:
    stream = STREAMS["openai-chat"](NONCE)
    assert read(chat, list(stream.events[:-1])).end_at == stream.last - 1


def test_it_adds_reasoning_that_a_provider_counts_in_the_total_alone(chat: Style) -> None:
    stream = STREAMS["openai-chat"](NONCE)
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 115}
    reading = read(chat, [*stream.events[:7], sse({"choices": [], "usage": usage})])
    assert reading.output_tokens == 105


@pytest.mark.parametrize("count", [-1, 0, True, "12", None, 1e300, [3]])
def test_it_takes_no_count_that_is_none(chat: Style, count: object) -> None:
    stream = STREAMS["openai-chat"](NONCE)
    usage = {"prompt_tokens": count, "completion_tokens": count}
    reading = read(chat, [*stream.events[:7], sse({"choices": [], "usage": usage})])
    assert reading.estimated
    assert reading.input_tokens is None


def test_it_reads_the_reasoning_of_openrouter_and_of_mistral(chat: Style) -> None:
    stream = STREAMS["openai-chat"](NONCE)
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]
    for delta in ({"reasoning": "hm"}, {"content": thinking}):
        reading = read(chat, [sse({"choices": [{"delta": delta}]}), *stream.events[4:]])
        assert (reading.first_token_at, reading.first_content_at) == (0.0, 1.0)
    parts = [{"type": "text", "text": NONCE}]
    assert read(chat, [sse({"choices": [{"delta": {"content": parts}}]}), *stream.events[6:]])


def test_it_takes_a_part_of_a_tool_call_for_a_first_token(chat: Style) -> None:
    stream = STREAMS["openai-chat"](NONCE)
    call = {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": ""}}]}
    reading = read(chat, [sse({"choices": [{"delta": call}]}), *stream.events[4:]])
    assert (reading.first_token_at, reading.first_content_at) == (0.0, 1.0)


@pytest.mark.parametrize(
    "delta",
    [
        {"content": " "},
        {"content": "\n\u200b\ufeff"},
        {"content": [{"type": "text", "text": "\t"}]},
        {"reasoning_content": "\n\n"},
        {"tool_calls": [{}]},
        {"tool_calls": [{"index": 0, "function": {"name": "", "arguments": ""}}]},
        {"tool_calls": {"function": {"name": "f"}}},
    ],
)
def test_it_takes_nothing_that_is_blank_for_a_first_token(chat: Style, delta: dict[str, object]) -> None:
    stream = STREAMS["openai-chat"](NONCE)
    reading = read(chat, [sse({"choices": [{"delta": delta}]}), *stream.events[4:]])
    assert (reading.first_token_at, reading.first_content_at) == (1.0, 1.0)


def test_it_takes_blanks_between_words_for_tokens(chat: Style) -> None:
    said = ["a", " ", "b"]
    events = [sse({"choices": [{"delta": {"content": one}}]}) for one in said]
    assert read(chat, [*events, sse(b"[DONE]")], nonce="a b").output_tokens == len(said)


def test_it_knows_no_rate_of_an_answer_that_came_at_once(style: Style) -> None:
    reading = Reading(style)
    for event in EventParser().feed(b"".join(STREAMS[style.name](NONCE).events)):
        reading.take(event, 5.0)
    reading.require(NONCE)
    assert reading.tokens_per_second is None
    assert reading.output_tokens == OUTPUT_TOKENS


def test_it_finds_every_value_that_a_path_leads_to() -> None:
    event = {"a": [{"b": "x", "k": 1}, {"b": "y", "k": 2}, {"c": 1}, 3, None]}
    assert find(event, ("a", EACH, "b")) == ["x", "y"]
    assert find(event, ("a", EACH, Where("k", (2, 3)), "b")) == ["y"]
    assert find(event, ("a", EACH, Where("k", (2,), holds=False), "b")) == ["x"]
    assert find(event, ("a", "b")) == find(event, ("b", EACH)) == find(None, ("a",)) == []
    assert first(event, (("c",), ("a", EACH, "c"))) == 1
    assert first(event, ()) is None
    assert text(event, (("a", EACH, "b"), ("a", EACH, "k"))) == "xy"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "content", "usage", "type", "error", "response", "parts", "candidates"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(NAMES), st.lists(JSON, max_size=4))
def test_it_has_a_verdict_on_any_stream(name: str, events: list[object]) -> None:
    found = load_styles().named(name)
    assert found is not None
    with pytest.raises(ProbeFailed):
        read(found, [sse(event) for event in events])


def test_it_reads_on_after_an_event_without_data(chat: Style) -> None:
    assert not Reading(chat).take(ServerEvent("ping", b""), 1.0)
