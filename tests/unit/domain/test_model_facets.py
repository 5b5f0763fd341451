"""How many models each value of a filter would leave."""

import pytest

from fixtures.catalogue import catalogue
from fixtures.service import PUBLISHED
from openmodels.domain.model_facets import select_with_counts
from openmodels.domain.query import ModelQuery, select_models
from openmodels.domain.snapshot import Snapshot, build_snapshot


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return build_snapshot(catalogue(), revision="r", published_at=PUBLISHED)


def test_without_a_question_it_counts_every_model(snapshot: Snapshot) -> None:
    counts = select_with_counts(snapshot, ModelQuery()).counts
    assert counts["vendor"] == {"acme": 2, "zenith": 2, None: 1}
    assert counts["open_weights"] == {True: 2, False: 1, None: 2}
    assert counts["status"] == {"active": 2, "preview": 1, "retired": 1, "deprecated": 1}


def test_it_counts_what_the_other_filters_leave(snapshot: Snapshot) -> None:
    counts = select_with_counts(snapshot, ModelQuery(vendor=("zenith",), open_weights=True)).counts
    assert counts["capability"] == {"chat": 2, "code": 1, "audio": 1, "speech": 1}
    assert counts["provider"] == {"altus": 1, "cirrus": 1, "nimbus": 1}
    # Values of one filter are ORed: another one would add to what is found.
    assert counts["vendor"] == {"zenith": 2}
    assert select_with_counts(snapshot, ModelQuery(vendor=("zenith",))).counts["vendor"]["acme"] == 2


def test_it_counts_what_a_search_finds(snapshot: Snapshot) -> None:
    selection = select_with_counts(snapshot, ModelQuery(search="alpha"))
    assert len(selection.positions) == 2
    assert selection.counts["status"] == {"active": 1, "retired": 1}


@pytest.mark.parametrize(
    "query",
    [
        ModelQuery(),
        ModelQuery(search="alpha"),
        ModelQuery(search="nothing of the kind"),
        ModelQuery(sort="price", capability=("chat",)),
        ModelQuery(sort="relevance"),
        ModelQuery(min_context=8192, open_weights=True, search="free"),
    ],
)
def test_it_finds_what_the_list_finds(snapshot: Snapshot, query: ModelQuery) -> None:
    assert list(select_with_counts(snapshot, query).positions) == list(select_models(snapshot, query))
