"""The words of an answer, and the frames that each style makes of them."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.fake.behaviour import Behaviour
from openmodels.fake.styles.style import Frame, Problem, Stage
from openmodels.fake.styles.table import STYLES, style_of_list
from openmodels.fake.turn import PLAIN, Asked, Refused, Turn, answer_tokens, make_turn

EVERY_STYLE = pytest.mark.parametrize("style", STYLES.values(), ids=lambda style: style.name)
NONCE = "om-3f9a2c"
STATUSES = (400, 401, 402, 403, 404, 405, 429, 500, 502, 503, 529)


def turn(*, fault: str | None = None, limit: int | None = None, **fields: Any) -> Turn:
    asked = Asked(model="m-1", text=f"Reply with {NONCE}", stream=True, limit=limit)
    return make_turn(asked, Behaviour(**fields), random.Random(1), created=1_700_000_000, fault=fault)


def stages(frames: list[Frame]) -> Counter[Stage]:
    return Counter(frame.stage for frame in frames)


@given(
    nonce=st.text(st.characters(exclude_categories=("Cs", "Z", "Cc")), min_size=1, max_size=40),
    count=st.integers(0, 60),
    seed=st.integers(),
)
def test_it_says_the_nonce_in_one_piece_in_as_many_tokens_as_wanted(
    nonce: str, count: int, seed: int
) -> None:
    tokens = answer_tokens(nonce, count, PLAIN, random.Random(seed))
    assert len(tokens) == max(count, 1)
    assert all(tokens)
    assert nonce in "".join(tokens)
    assert "".join(tokens).split()[0] == nonce


def test_it_says_something_else_when_the_nonce_is_to_be_wrong() -> None:
    wrong = turn(fault="wrong_nonce")
    assert NONCE not in wrong.text
    assert len(wrong.content) == 12


def test_it_stops_at_the_limit_only_when_it_honours_it() -> None:
    free = turn(limit=5, reasoning_tokens=3)
    assert (len(free.reasoning), len(free.content), free.cut) == (3, 12, False)
    held = turn(limit=5, reasoning_tokens=3, honour_limit=True)
    assert (len(held.reasoning), len(held.content), held.cut) == (3, 2, True)
    thoughtful = turn(limit=1, reasoning_tokens=3, honour_limit=True)
    assert (len(thoughtful.reasoning), len(thoughtful.content), thoughtful.cut) == (1, 0, True)


@EVERY_STYLE
def test_it_streams_one_frame_per_token(style: Any) -> None:
    frames = list(style.frames(turn(output_tokens=5, reasoning_tokens=4, empty_frames=2, null_frames=3)))
    found = stages(frames)
    assert (found[Stage.THOUGHT], found[Stage.CONTENT], found[Stage.WAIT]) == (4, 5, 5)
    order = [frame.stage for frame in frames if frame.stage is not Stage.MARK]
    assert order == sorted(order)


@EVERY_STYLE
def test_it_streams_no_token_in_an_empty_answer(style: Any) -> None:
    found = stages(list(style.frames(turn(fault="empty", reasoning_tokens=4))))
    assert found[Stage.THOUGHT] == found[Stage.CONTENT] == 0
    assert found[Stage.CLOSE]


@EVERY_STYLE
def test_it_ends_well_when_the_limit_leaves_no_room_for_an_answer(style: Any) -> None:
    found = stages(list(style.frames(turn(limit=2, reasoning_tokens=9, honour_limit=True))))
    assert (found[Stage.THOUGHT], found[Stage.CONTENT]) == (2, 0)
    assert found[Stage.CLOSE]


def usage_in(value: Any) -> list[Any]:
    """Every usage in a payload."""
    if isinstance(value, list):
        return [one for part in value for one in usage_in(part)]
    if not isinstance(value, dict):
        return []
    names = ("usage", "usageMetadata")
    own = [value[name] for name in names if value.get(name)]
    return own + [one for name, part in value.items() if name not in names for one in usage_in(part)]


@EVERY_STYLE
def test_it_counts_tokens_only_when_it_is_to(style: Any) -> None:
    for counted in (True, False):
        answer = turn(usage=counted)
        streamed = [one for frame in style.frames(answer) for one in usage_in(frame.payload)]
        assert bool(streamed) is counted
        assert bool(usage_in(style.whole(answer))) is counted


@EVERY_STYLE
@pytest.mark.parametrize("status", STATUSES)
def test_it_has_a_body_for_every_error(style: Any, status: int) -> None:
    given_status, body = style.error(Problem(status=status, message="no luck"))
    assert given_status == status
    assert "no luck" in str(body)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("openai-chat", "quota", 429),
        ("openai-chat", "key_invalid", 401),
        ("anthropic", "quota", 400),
        ("google", "key_invalid", 400),
        ("google", "quota", 429),
        ("cohere", "quota", 402),
    ],
)
def test_it_answers_a_bad_key_and_an_empty_account_as_the_real_ones_do(
    name: str, kind: str, expected: int
) -> None:
    assert STYLES[name].error(Problem(status=402 if kind == "quota" else 401, kind=kind))[0] == expected


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("openai-chat", {"messages": [{"role": "user", "content": "x"}]}),
        ("openai-chat", {"model": "m"}),
        ("openai-chat", {"model": "m", "messages": [{"role": "system", "content": "x"}]}),
        ("openai-responses", {"model": "m"}),
        ("openai-responses", {"model": "m", "input": "x", "max_output_tokens": 1}),
        ("anthropic", {"model": "m", "messages": [{"role": "user", "content": "x"}]}),
        ("google", {}),
        ("cohere", {"model": "m", "messages": "x"}),
    ],
)
def test_it_refuses_a_body_that_the_real_api_refuses(name: str, body: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        STYLES[name].read(body, "", {"anthropic-version": "2023-06-01"})


def test_it_wants_anthropics_version() -> None:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    with pytest.raises(Refused, match="anthropic-version"):
        STYLES["anthropic"].read(body, "", {})


@given(
    body=st.dictionaries(
        st.sampled_from(["model", "messages", "input", "contents"]),
        st.none()
        | st.text()
        | st.lists(
            st.dictionaries(st.sampled_from(["role", "content", "parts"]), st.text() | st.lists(st.text()))
        ),
    )
)
def test_it_never_fails_on_a_strange_body(body: dict[str, Any]) -> None:
    for style in STYLES.values():
        try:
            asked = style.read(body, "m", {"anthropic-version": "x"})
        except Refused:
            continue
        assert isinstance(asked.text, str)


@pytest.mark.parametrize(
    ("persona", "path", "headers", "expected"),
    [
        ("groq", "/groq/v1/models", {}, "openai-chat"),
        ("x", "/x/v1/models", {"anthropic-version": "1"}, "anthropic"),
        ("x", "/x/v1beta/models", {}, "google"),
        ("my-cohere", "/my-cohere/v1/models", {}, "cohere"),
    ],
)
def test_it_guesses_whose_list_of_models_is_wanted(
    persona: str, path: str, headers: dict[str, str], expected: str
) -> None:
    assert style_of_list(persona, path, headers).name == expected
