"""What most providers say, and which of their names is taken."""

from typing import Any

import msgspec

from fixtures.registry_files import model
from openmodels.domain.records import Model
from openmodels.registry.reconcile.consensus import common_title, consensus
from openmodels.registry.reconcile.told import Listing
from openmodels.registry.reconcile.variants import plainest


def listings(field: str, *values: Any) -> list[Listing]:
    return [
        Listing(provider=f"p{n}", name="x", values={} if value is None else {field: value})
        for n, value in enumerate(values)
    ]


def test_more_than_half_of_those_who_say_something_decide() -> None:
    assert consensus(listings("context_window", 1, 1, 2), 2) == {"context_window": 1}
    assert consensus(listings("context_window", 1, 1, None, None, None), 2) == {"context_window": 1}
    assert consensus(listings("context_window", 1, 1, 2, 2), 2) == {}
    assert consensus(listings("context_window", 1), 2) == {}
    assert consensus(listings("context_window", 1), 1) == {"context_window": 1}


def test_ten_names_at_one_provider_are_one_voice() -> None:
    same = [Listing(provider="loud", name=str(n), values={"context_window": 9}) for n in range(10)]
    assert consensus([*same, *listings("context_window", 1, 1)], 2) == {"context_window": 1}


def test_of_a_list_every_word_counts_by_itself() -> None:
    said = [
        Listing(
            provider=f"p{n}",
            name="x",
            values={"model.input_modalities": goes_in, "model.output_modalities": ("text",)},
        )
        for n, goes_in in enumerate([("text",), ("image", "text"), ("text", "image", "video")])
    ]
    assert consensus(said, 2) == {
        "input_modalities": ("text", "image"),
        "output_modalities": ("text",),
        "modalities": ("text", "image"),
    }


def test_what_goes_in_is_worth_nothing_without_what_comes_out() -> None:
    assert consensus(listings("model.input_modalities", ("text",), ("text",)), 1) == {}


def test_two_who_know_of_open_weights_are_believed() -> None:
    assert consensus(listings("model.open_weights", True, True, False, False, False), 2) == {
        "open_weights": True
    }
    assert consensus(listings("model.open_weights", True, False, False), 2) == {}
    assert consensus(listings("model.open_weights", False, False), 2) == {"open_weights": False}


def test_a_title_loses_what_one_provider_adds_to_it() -> None:
    titles = ["Acme: Nova Large (free)", "Nova Large", "acme/nova-large", "Nova Large (beta)", None]
    assert common_title(listings("title", *titles)) == "Nova Large"
    assert common_title(listings("title", "a/b", None)) is None


def test_the_plainest_name_is_taken() -> None:
    one = msgspec.convert(model("nova-large", aliases=["nova-large-1"]), Model)

    def taken(*names: str, present: str | None = None, **statuses: str) -> str:
        said = [
            Listing(provider="p", name=n, values={"status": statuses.get(n.replace("-", "_"))}) for n in names
        ]
        return plainest(said, one, present).name

    assert taken("nova-large:free", "nova-large-fp8", "acme/nova-large") == "acme/nova-large"
    assert taken("nova-large-20250101", "nova-large-latest", "nova-large-eu") == "nova-large-20250101"
    assert taken("nova-large-v1:0", "us.acme.nova-large-v1:0") == "nova-large-v1:0"
    assert taken("nova-large-1", "nova-large-2507") == "nova-large-1"
    assert taken("nova-large", "nova-large-2507", nova_large="deprecated") == "nova-large-2507"
    assert taken("nova-large", "nova-large:free", present="nova-large:free") == "nova-large:free"
