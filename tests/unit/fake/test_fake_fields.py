"""Behaviours from text and JSON."""

import msgspec
import pytest

from openmodels.errors import SettingsError
from openmodels.fake.behaviour import HIDDEN, Behaviour
from openmodels.fake.fields import behaviour_fields, behaviour_from, shown_behaviour


def test_it_describes_every_field() -> None:
    fields = behaviour_fields()
    assert [field.name for field in fields] == list(Behaviour.__struct_fields__)
    assert all(field.help and field.allowed for field in fields)


@pytest.mark.parametrize("field", behaviour_fields(), ids=lambda field: field.name)
def test_it_takes_every_default_back_from_json_and_from_text(field: object) -> None:
    name = getattr(field, "name", "")
    default = getattr(Behaviour(), name)
    as_json = msgspec.json.decode(msgspec.json.encode(default))
    as_text = ",".join(as_json) if isinstance(as_json, list) else str(as_json)
    assert behaviour_from({name: as_json}, Behaviour()) == Behaviour()
    assert behaviour_from({name: as_text}, Behaviour()) == Behaviour()


def test_it_keeps_the_fields_that_are_not_given() -> None:
    base = Behaviour(ttft_ms=7)
    assert behaviour_from({"output_tokens": 3}, base) == Behaviour(ttft_ms=7, output_tokens=3)


def test_it_reads_lists_as_words_between_commas() -> None:
    behaviour = behaviour_from({"faults": "reset, cut", "models": "a"}, Behaviour())
    assert behaviour.faults == ("reset", "cut")
    assert behaviour.models == ("a",)


def test_it_says_for_every_wrong_field_what_is_allowed() -> None:
    with pytest.raises(SettingsError) as caught:
        behaviour_from(
            {"ttft": 1, "jitter": 2, "newline": "x", "usage": 3, "faults": ["all"], "output_tokens": 1.5},
            Behaviour(),
        )
    message = str(caught.value)
    for part in (
        "there is no field ttft: did you mean ttft_ms?",
        "jitter must be a number from 0 to 1, not 2",
        "newline must be one of lf, crlf, not 'x'",
        "usage must be true or false, not 3",
        "faults must be a list of status_400, status_401,",
        "output_tokens must be a whole number from 0 to 100000, not 1.5",
    ):
        assert part in message


def test_it_names_all_fields_when_none_is_near() -> None:
    with pytest.raises(SettingsError, match="the fields are style, headers_ms"):
        behaviour_from({"zzzzzz": 1}, Behaviour())


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "fast", ""])
def test_it_refuses_what_is_no_delay(text: str) -> None:
    with pytest.raises(SettingsError, match="--ttft-ms must be a number from 0 to 3600000, not"):
        behaviour_from({"ttft_ms": text}, Behaviour(), called=lambda name: f"--{name.replace('_', '-')}")


def test_it_never_shows_the_key() -> None:
    behaviour = Behaviour(key="sk-secret", ttft_ms=5.0)
    assert repr(behaviour) == "Behaviour(ttft_ms=5.0, key=***)"
    assert shown_behaviour(behaviour)["key"] == HIDDEN
    with pytest.raises(SettingsError) as caught:
        behaviour_from({"key": 1234567}, Behaviour())
    assert "1234567" not in str(caught.value)


def test_it_refuses_the_stars_that_stand_for_a_key() -> None:
    with pytest.raises(SettingsError, match=r"key must be a text, not \*\*\*"):
        behaviour_from({"key": HIDDEN}, Behaviour())
