"""The endpoint that says where the registry's facts come from."""

from openmodels.api.endpoint import Answer, Ask, Endpoint, answer
from openmodels.api.params import AS_OF
from openmodels.api.wire import words
from openmodels.domain.views.provenance import ModelProvenance, model_provenance
from openmodels.edge.exchange import Freshness


async def provenance(ask: Ask) -> Answer:
    """Where each field of a model and of its offerings comes from."""
    entry, wanted = ask.model(), ask.params["provider"]
    offerings = [o.record for o in entry.offerings if not wanted or o.record.provider_id in wanted]
    found = {o.provider_id: ask.snapshot.provider(o.provider_id) for o in offerings}
    providers = {provider_id: provider.record for provider_id, provider in found.items() if provider}
    return answer(model_provenance(entry.record, offerings, providers))


ENDPOINTS = (
    Endpoint(
        path="/api/models/{model_id}/provenance",
        tag="History",
        summary="Provenance of a model",
        description="For each field of the model and of its offerings: its value, which source says so, in "
        "which version and when, and which sources say something else. What no source says was written by "
        "hand: `curated`.",
        handle=provenance,
        body=ModelProvenance,
        freshness=Freshness.REVISION,
        params=(
            words("provider", "Only at the providers with these ids; several are ORed.", example=["openai"]),
            AS_OF,
        ),
        example="/api/models/deepseek-v3/provenance",
    ),
)
