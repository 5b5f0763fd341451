"""Edits of one YAML text: what is not edited keeps every byte."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.domain.records import Model, Offering, Pricing
from openmodels.registry.edit.diff import ABSENT, Edit, edits_between
from openmodels.registry.edit.document import edit
from openmodels.registry.edit.house import ORDER, entry, plain_data, scalar
from openmodels.registry.yaml import parse

MODEL = """\
# yaml-language-server: $schema=../schemas/model.schema.json
id: acme-one
name: 'Acme One'  # as they write it
# Why this line is here: because.
description: >-
  A model that exists
  for tests.

capabilities: [chat, code]
modalities:
    - text   # four spaces, and that is fine

context_window: 128000 # as of spring
licensing: proprietary
created_at: "2025-01-01T00:00:00.000Z"
updated_at: "2025-06-01T00:00:00Z"
# The end.
"""
FLOWING = (
    '{"model_id": "acme-one", "pricing": {"input_per_million": 1, "currency": "USD"}, "aliases": ["x"]}\n'
)


def changed(text: str, *edits: tuple[tuple[str | int, ...], Any]) -> str:
    return edit(text, [Edit(path, value) for path, value in edits], ORDER[Model])


def lines_that_differ(before: str, after: str) -> tuple[list[str], list[str]]:
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


def test_it_changes_one_value_and_keeps_the_comment_behind_it() -> None:
    after = changed(MODEL, (("context_window",), 200000))
    gone, come = lines_that_differ(MODEL, after)
    assert gone == ["context_window: 128000 # as of spring"]
    assert come == ["context_window: 200000 # as of spring"]


def test_it_keeps_the_quotes_that_a_value_has() -> None:
    after = changed(MODEL, (("name",), "Acme's Two"), (("updated_at",), "2026-01-01T00:00:00.000Z"))
    assert "name: 'Acme''s Two'  # as they write it\n" in after
    assert 'updated_at: "2026-01-01T00:00:00.000Z"\n# The end.\n' in after


def test_it_puts_a_new_key_where_the_order_of_the_record_has_it() -> None:
    after = changed(MODEL, (("max_output_tokens",), 8192), (("vendor",), "acme"))
    assert "context_window: 128000 # as of spring\nmax_output_tokens: 8192\nlicensing" in after
    assert "# as they write it\nvendor: acme\n# Why this line" in after


def test_it_removes_a_key_and_leaves_the_lines_around_it() -> None:
    after = changed(MODEL, (("licensing",), ABSENT))
    assert after == MODEL.replace("licensing: proprietary\n", "")


def test_it_removes_nothing_where_nothing_is() -> None:
    assert changed(MODEL, (("vendor",), ABSENT)) == MODEL


def test_it_replaces_a_folded_text_and_keeps_the_empty_line_after_it() -> None:
    after = changed(MODEL, (("description",), "Short."))
    assert "because.\ndescription: Short.\n\ncapabilities" in after


def test_it_replaces_a_list_of_either_style() -> None:
    after = changed(MODEL, (("capabilities",), ["chat"]), (("modalities",), ["text", "image"]))
    assert "capabilities:\n  - chat\nmodalities" in after
    assert "modalities:\n    - text   # four spaces, and that is fine\n    - image\n\ncontext_window" in after
    assert changed(after, (("modalities",), ["text"])).count("- text   # four") == 1
    assert "modalities:\n  - audio\n\ncontext_window" in changed(after, (("modalities",), ["audio"]))


def test_it_edits_within_braces() -> None:
    after = changed(
        FLOWING,
        (("pricing", "input_per_million"), Decimal("0.10")),
        (("pricing", "output_per_million"), Decimal(2)),
        (("status",), "deprecated"),
        (("aliases",), ["y", "z: z"]),
    )
    data = parse(after.encode()).data
    assert data["pricing"] == {
        "input_per_million": Decimal("0.10"),
        "output_per_million": 2,
        "currency": "USD",
    }
    assert data["status"] == "deprecated"
    assert data["aliases"] == ["y", "z: z"]
    assert after.count("\n") == 1


def test_it_removes_within_braces_first_middle_and_last() -> None:
    for key in ("model_id", "pricing", "aliases"):
        data = parse(changed(FLOWING, ((key,), ABSENT)).encode()).data
        assert key not in data
        assert len(data) == 2
    emptied = changed(FLOWING, (("pricing", "currency"), ABSENT), (("pricing", "input_per_million"), ABSENT))
    assert parse(emptied.encode()).data["pricing"] == {}


def test_it_edits_within_the_items_of_a_list() -> None:
    text = "provenance:\n  - source: a  # first\n    version: '1'\n  - version: '2'\n    source: b\n"
    after = changed(
        text,
        (("provenance", 0, "version"), "3"),
        (("provenance", 1, "version"), ABSENT),
        (("provenance", 0, "fields"), ["name", "family"]),
    )
    assert after == (
        "provenance:\n  - source: a  # first\n    version: '3'\n    fields: [name, family]\n  - source: b\n"
    )


def test_it_finds_a_price_under_its_older_name() -> None:
    text = "pricing:\n  input_per_million: 1\n  reasoning_tokens_per_million: 2\n"
    after = changed(text, (("pricing", "reasoning_per_million"), Decimal(3)))
    assert after == text.replace("million: 2", "million: 3")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("ended", [True, False])
def test_it_keeps_line_ends_byte_order_mark_and_a_missing_last_line_end(
    newline: str, mark: str, *, ended: bool
) -> None:
    end = newline if ended else ""
    text = mark + newline.join(["id: ä", "name: Ümlaut # ☃", "licensing: other"]) + end
    after = changed(text, (("name",), "Änderung"), (("context_window",), 5), (("country",), "de"))
    expected = ["id: ä", "name: Änderung # ☃", "context_window: 5", "licensing: other", "country: de"]
    assert after == mark + newline.join(expected) + end


def test_it_fills_an_empty_value() -> None:
    assert changed("id: a\ncontext_window:\nname: x\n", (("context_window",), 7)) == (
        "id: a\ncontext_window: 7\nname: x\n"
    )
    assert changed("id: a\ncontext_window: null # ?\n", (("context_window",), 7)) == (
        "id: a\ncontext_window: 7 # ?\n"
    )


texts = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=60)
keys = st.sampled_from(["name", "vendor", "description", "licensing", "family", "country"])


@given(
    key=keys, value=texts | st.integers(0, 10**9) | st.none() | st.booleans() | st.lists(texts, max_size=4)
)
def test_whatever_is_written_is_read_again(key: str, value: Any) -> None:
    after = changed(MODEL, ((key,), value))
    before, data = parse(MODEL.encode()).data, parse(after.encode())
    expected = {**before, key: value} if value is not None or key in before else before
    folded = isinstance(value, str) and data.data.get(key) == " ".join(value.split(" "))
    assert not data.faults
    assert data.data == expected or folded
    kept = [line for line in MODEL.splitlines() if line.startswith("#")]
    assert [line for line in after.splitlines() if line.startswith("#")] == kept


@given(st.text(max_size=40).filter(str.isprintable))
def test_every_scalar_means_itself(text: str) -> None:
    document = parse(f"key: {scalar(text)}\nflow: [{scalar(text, in_flow=True)}]\n".encode())
    assert document.data == {"key": text, "flow": [text]}


prices = st.decimals(0, 1000, places=4)


@given(prices | st.none(), prices | st.none(), prices | st.none())
def test_the_edits_between_two_records_lead_from_one_to_the_other(
    one: Decimal | None, two: Decimal | None, three: Decimal | None
) -> None:
    old = Pricing(input_per_million=one, output_per_million=two, currency="USD")
    new = Pricing(input_per_million=two, output_per_million=one, currency="USD", cache_read_per_million=three)
    text = "\n".join(["# top", *entry("pricing", plain_data(old), 0), "# end", ""])
    edits = [Edit(("pricing", *e.path), e.value) for e in edits_between(old, new)]
    after = edit(text, edits, ORDER[Offering])
    assert parse(after.encode()).data == {"pricing": plain_data(new)}
    assert edit(text, [], ()) == text


LONG = "word " * 40 + "end"


@pytest.mark.parametrize(
    "text",
    [
        "id: a\ndescription: Short.  # by hand\nstatus: active\n",
        "id: a\ndescription: >- # by hand\n  Short.\nstatus: active\n",
        "id: a\ndescription: 'Short.' # by hand",
        "id: a\ndescription: # by hand\n  Short.\n",
    ],
)
def test_a_comment_behind_a_value_is_not_folded_into_it(text: str) -> None:
    after = changed(text, (("description",), LONG))
    assert parse(after.encode()).data["description"] == LONG
    assert after.count("# by hand") == 1


def test_it_edits_and_removes_a_key_behind_a_question_mark() -> None:
    text = "id: a\n? status\n: active  # so far\nname: A\n"
    assert changed(text, (("status",), ABSENT)) == "id: a\nname: A\n"
    assert parse(changed(text, (("status",), LONG)).encode()).data == {"id": "a", "status": LONG, "name": "A"}
