"""Events as lines, for pipes and programs. Pure."""

from openmodels.cli.output import json_text, plain
from openmodels.domain.faults import visible
from openmodels.domain.views.registry import iso
from openmodels.web.words import milliseconds, per_second
from openmodels_client import Event
from openmodels_client.types import Gap, RecordedCheck

_NAMES = {"RecordedCheck": "check", "RecordedMeasurement": "measurement", "Gap": "gap"}


def line_of(event: Event) -> str:
    """One event for people: fields between tabs, so that they can be cut apart."""
    if isinstance(event, Gap):
        return f"-\tgap\t{event.missed:,} events were missed"
    if isinstance(event, RecordedCheck):
        time = milliseconds(event.response_time_ms)
        fields = (event.provider_id, event.region, event.outcome, f"response {time}")
        return "\t".join((iso(event.checked_at), "check", *map(visible, fields)))
    speed = event.tokens_per_second
    measured = (
        event.provider_id,
        event.region,
        event.outcome,
        event.model_id,
        f"ttft {milliseconds(event.time_to_first_token_ms)}",
        f"total {milliseconds(event.total_response_time_ms)}",
        f"{per_second(speed)} tokens/s" if speed is not None else "speed unknown",
    )
    return "\t".join((iso(event.measured_at), "measurement", *map(visible, measured)))


def json_of(event: Event) -> str:
    """One event for programs: the API's fields, and ``event``, which says of which kind it is."""
    return json_text({"event": _NAMES[type(event).__name__]} | plain(event), indented=False)
