from hypothesis import given, settings
from hypothesis import strategies as st

from openmodels.domain.records import Vendor
from openmodels.domain.vendors import prefix_index, vendor_of

prefixes = st.text(alphabet="ab-", min_size=1, max_size=4)


def test_it_takes_the_longest_prefix() -> None:
    index = {"gpt-": "openai", "gpt-oss-": "open", "g": "google"}
    assert vendor_of("gpt-oss-1", index) == "open"
    assert vendor_of("gpt-5", index) == "openai"
    assert vendor_of("gemma", index) == "google"
    assert vendor_of("llama", index) is None


@settings(deadline=None)
@given(prefixes, st.dictionaries(prefixes, st.sampled_from(["x", "y"])))
def test_it_agrees_with_a_search_of_all_prefixes(model_id: str, index: dict[str, str]) -> None:
    matching = [prefix for prefix in index if model_id.startswith(prefix)]
    expected = index[max(matching, key=len)] if matching else None
    assert vendor_of(model_id, index) == expected


def test_it_leaves_a_prefix_with_the_vendor_that_came_first() -> None:
    vendors = [Vendor(id="a", name="A", prefixes=("x-",)), Vendor(id="b", name="B", prefixes=("x-", "y-"))]
    assert prefix_index(vendors) == {"x-": "a", "y-": "b"}
