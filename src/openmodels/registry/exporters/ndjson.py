"""One JSON object a line: every record of the registry, whole, with what kind it is."""

from collections.abc import Iterator, Sequence

from openmodels.domain.records import Record, Registry, encode_record


def write(registry: Registry) -> Iterator[bytes]:
    """Vendors, providers, models, then offerings, so that what a record refers to comes before it."""
    kinds: Sequence[tuple[str, Sequence[Record]]] = (
        ("vendor", registry.vendors),
        ("provider", registry.providers),
        ("model", registry.models),
        ("offering", registry.offerings),
    )
    for kind, records in kinds:
        beginning = b'{"kind":"%s",' % kind.encode()
        for record in records:
            yield beginning + encode_record(record)[1:] + b"\n"
