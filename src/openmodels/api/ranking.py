"""The offerings of a model, ranked: for the endpoint and for the pages."""

from collections.abc import Mapping

from openmodels.domain.ranking import Candidate, RankedProvider, Weights, rank
from openmodels.domain.snapshot import ModelEntry, Snapshot
from openmodels.domain.telemetry import OfferingTelemetry


def rank_model(
    snapshot: Snapshot,
    entry: ModelEntry,
    known: Mapping[str, OfferingTelemetry],
    weights: Mapping[str, float],
) -> tuple[Weights, list[RankedProvider]]:
    """The weights that were used, and the offerings that are not retired, the best first.

    ``known`` is by provider id what was measured, ``weights`` how much each factor counts.
    """
    candidates = [
        Candidate(
            offering=o.record,
            provider_name=provider.record.name,
            telemetry=known.get(o.record.provider_id, OfferingTelemetry()),
        )
        for o in entry.offerings
        if o.record.status != "retired" and (provider := snapshot.provider(o.record.provider_id))
    ]
    return rank(candidates, weights)
