"""What checks and measurements add up to: sums that merge, and a summary of values that knows its quantiles.

Pure. The sums of an hour merge to those of a day, and these to those of any period: counts and sums exactly,
averages as sum ÷ count, and quantiles from a ``Summary``. A summary of few values is the values themselves;
of more it is a KLL sketch (Karnin, Lang and Liberty: Optimal Quantile Approximation in Streams, FOCS 2016) as
Apache DataSketches implements it.
"""

import math
import struct
import sys
import zlib
from array import array
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from openmodels.domain.telemetry import (
    KEY_OUTCOMES,
    MIN_SAMPLES,
    Check,
    HealthSummary,
    Incident,
    Timings,
    percentile,
    uptime_percentage,
)

KEPT_VALUES = 400
"""A summary is kept as its values up to this many: a sketch of so many would hold them all too."""
MERGED_VALUES = 16_384
"""While it is in memory, a summary stays exact up to this many values: a month of checks every 3 minutes."""
SKETCH_K = 400
"""The parameter of the sketches. By the library's own figures (``normalized_rank_error``), the rank of a
quantile is off by at most 0.68 % of all values, with 99 % confidence: what is told as p95 lies between p94.3
and p95.7. A sketch of a million values takes 10 KB."""

_EXACT, _SKETCH = 1, 2
_HEAD = struct.Struct("<IBd")
"""The CRC-32 of all that follows it, which encoding it is, and the sum; then come values or a sketch."""
_CHECKED_FROM = 4


class Summary(Struct, frozen=True, kw_only=True):
    """How many values there were, their sum, and where their quantiles lie."""

    count: int = 0
    """How many values."""
    total: float = 0.0
    """Their sum."""
    values: Sequence[float] | None = ()
    """The values, in ascending order; None when there are too many, and ``sketch`` stands for them."""
    sketch: Any = None
    """A ``kll_doubles_sketch`` of the values; it is never changed."""


NOTHING = Summary()
"""The summary of no values."""


def summary_of(values: Iterable[float]) -> Summary:
    """The summary of these values, in any order."""
    ordered = sorted(values)
    if len(ordered) > MERGED_VALUES:
        return Summary(
            count=len(ordered), total=math.fsum(ordered), values=None, sketch=_sketch_of(ordered, ())
        )
    return Summary(count=len(ordered), total=math.fsum(ordered), values=ordered) if ordered else NOTHING


def merged(summaries: Iterable[Summary]) -> Summary:
    """The summary of all values that these are of."""
    parts = [summary for summary in summaries if summary.count]
    if len(parts) < 2:
        return parts[0] if parts else NOTHING
    count = sum(part.count for part in parts)
    total = math.fsum(part.total for part in parts)
    values: list[float] = []
    for part in parts:
        values += part.values or ()
    sketches = [part.sketch for part in parts if part.values is None]
    if not sketches and count <= MERGED_VALUES:
        values.sort()
        return Summary(count=count, total=total, values=values)
    return Summary(count=count, total=total, values=None, sketch=_sketch_of(values, sketches))


def average(summary: Summary) -> float | None:
    """The arithmetic mean, or None of nothing."""
    return summary.total / summary.count if summary.count else None


def quantile(summary: Summary, share: float) -> float | None:
    """The value below which ``share`` (0..1) of the values lie; None for fewer than ``MIN_SAMPLES``.

    By nearest rank, as ``telemetry.percentile``; from a sketch, with the error that ``SKETCH_K`` gives.
    """
    if summary.values is not None:
        return percentile(summary.values, share)
    return float(summary.sketch.get_quantile(share, True)) if summary.count >= MIN_SAMPLES else None


def encode_summary(summary: Summary) -> bytes | None:
    """A summary as bytes for ``decode_summary``; None for the summary of nothing."""
    if not summary.count:
        return None
    if summary.values is not None and summary.count <= KEPT_VALUES:
        packed = array("d", summary.values)
        if sys.byteorder == "big":
            packed.byteswap()
        kind, body = _EXACT, packed.tobytes()
    else:
        sketch = summary.sketch if summary.values is None else _sketch_of(summary.values, ())
        kind, body = _SKETCH, bytes(sketch.serialize())
    checked = _HEAD.pack(0, kind, summary.total)[_CHECKED_FROM:] + body
    return zlib.crc32(checked).to_bytes(_CHECKED_FROM, "little") + checked


def decode_summaries(encoded: Iterable[bytes | None]) -> Summary:
    """All the summaries that were encoded, merged.

    Raises ``ValueError`` for bytes that no summary is encoded as.
    """
    bodies, totals, sketches = [], [], []
    for one in encoded:
        if one is None:
            continue
        kind, total, body = _opened(one)
        if kind == _EXACT:
            bodies.append(body)
            totals.append(total)
        else:
            sketches.append(_decoded_sketch(body, total))
    return merged([_decoded_values(b"".join(bodies), math.fsum(totals)), *sketches])


def _opened(encoded: bytes) -> tuple[int, float, bytes]:
    """Which encoding it is, the sum, and the values or the sketch. Raises ``ValueError``."""
    if len(encoded) <= _HEAD.size:
        raise ValueError("a summary is cut off")
    checksum, kind, total = _HEAD.unpack_from(encoded)
    # The library trusts what it reads: without this, a damaged sketch can take the whole process down.
    if zlib.crc32(encoded[_CHECKED_FROM:]) != checksum:
        raise ValueError("a summary's checksum is wrong")
    if kind == _EXACT:
        if (len(encoded) - _HEAD.size) % 8:
            raise ValueError("a summary is cut off")
    elif kind != _SKETCH:
        raise ValueError(f"a summary has version {kind}, which this version does not read")
    return kind, total, encoded[_HEAD.size :]


def _decoded_values(body: bytes, total: float) -> Summary:
    values = array("d", body)
    if sys.byteorder == "big":
        values.byteswap()
    if len(values) > MERGED_VALUES:
        return Summary(count=len(values), total=total, values=None, sketch=_sketch_of(values, ()))
    return Summary(count=len(values), total=total, values=sorted(values))


def _decoded_sketch(body: bytes, total: float) -> Summary:
    from datasketches import kll_doubles_sketch  # noqa: PLC0415 - see _sketch_of

    try:
        sketch = kll_doubles_sketch.deserialize(body)
        count = int(sketch.n)
    except Exception as error:
        raise ValueError("a summary's sketch cannot be read") from error
    if not count:
        raise ValueError("a summary's sketch is empty")
    return Summary(count=count, total=total, values=None, sketch=sketch)


def _sketch_of(values: Sequence[float], sketches: Collection[Any]) -> Any:
    # Imported when needed, for numpy comes with it, a fifth of a second and 30 MB, and few have many values.
    import numpy as np  # noqa: PLC0415 - the same
    from datasketches import kll_doubles_sketch  # noqa: PLC0415 - the same

    sketch = kll_doubles_sketch(SKETCH_K)
    if values:
        sketch.update(np.array(values, dtype=np.float64))
    for other in sketches:
        sketch.merge(other)
    return sketch


class CheckSums(Struct, frozen=True, kw_only=True):
    """What some checks add up to."""

    total: int = 0
    """How many checks."""
    up: int = 0
    """How many of them found the provider up."""
    times: Summary = NOTHING
    """Their response times, in milliseconds."""


class MeasurementSums(Struct, frozen=True, kw_only=True):
    """What some measurements add up to."""

    total: int = 0
    """How many measurements."""
    telling: int = 0
    """How many of them say something about the provider, and not about the key."""
    good: int = 0
    """How many of them succeeded; the figures below are of these."""
    newest_at: datetime | None = None
    """When the newest of all was made."""
    ttft: Summary = NOTHING
    """Times to first token, in milliseconds."""
    whole: Summary = NOTHING
    """Total times, in milliseconds."""
    speeds: int = 0
    """How many have a rate."""
    speed_total: float = 0.0
    """The sum of the rates, in tokens per second."""


def check_sums(rows: Collection[tuple[str, float | None]]) -> CheckSums:
    """The sums of checks, each given as its status and its response time."""
    return CheckSums(
        total=len(rows),
        up=sum(status == "up" for status, _ in rows),
        times=summary_of([time for _, time in rows if time is not None]),
    )


def measurement_sums(
    rows: Collection[tuple[str, float | None, float | None, float | None]], newest_at: datetime | None
) -> MeasurementSums:
    """The sums of measurements, of which the newest was made then.

    Each is given as its outcome, its time to first token, its total time and its rate.
    """
    good = [row for row in rows if row[0] == "ok"]
    speeds = [speed for *_, speed in good if speed is not None]
    return MeasurementSums(
        total=len(rows),
        telling=sum(row[0] not in KEY_OUTCOMES for row in rows),
        good=len(good),
        newest_at=newest_at,
        ttft=summary_of([row[1] for row in good if row[1] is not None]),
        whole=summary_of([row[2] for row in good if row[2] is not None]),
        speeds=len(speeds),
        speed_total=math.fsum(speeds),
    )


def merged_checks(sums: Sequence[CheckSums]) -> CheckSums:
    """What all the checks add up to that these are sums of."""
    return CheckSums(
        total=sum(part.total for part in sums),
        up=sum(part.up for part in sums),
        times=merged([part.times for part in sums]),
    )


def merged_measurements(sums: Sequence[MeasurementSums]) -> MeasurementSums:
    """What all the measurements add up to that these are sums of."""
    return MeasurementSums(
        total=sum(part.total for part in sums),
        telling=sum(part.telling for part in sums),
        good=sum(part.good for part in sums),
        newest_at=max((part.newest_at for part in sums if part.newest_at is not None), default=None),
        ttft=merged([part.ttft for part in sums]),
        whole=merged([part.whole for part in sums]),
        speeds=sum(part.speeds for part in sums),
        speed_total=math.fsum(part.speed_total for part in sums),
    )


def health_of(sums: CheckSums, checks: Sequence[Check], incidents: Sequence[Incident]) -> HealthSummary:
    """The summary of a period whose checks add up to ``sums``; the newest of them are given as they are."""
    return HealthSummary(
        checks_total=sums.total,
        uptime_percentage=uptime_percentage(sums.up, sums.total - sums.up),
        average_response_time_ms=average(sums.times),
        p95_response_time_ms=quantile(sums.times, 0.95),
        checks=tuple(checks),
        incidents=tuple(incidents),
    )


def timings_of(sums: MeasurementSums) -> Timings:
    """Averages and percentiles of measurements that add up to ``sums``."""
    return Timings(
        samples=sums.good,
        average_ttft_ms=average(sums.ttft),
        p50_ttft_ms=quantile(sums.ttft, 0.50),
        p95_ttft_ms=quantile(sums.ttft, 0.95),
        p99_ttft_ms=quantile(sums.ttft, 0.99),
        average_total_ms=average(sums.whole),
        p50_total_ms=quantile(sums.whole, 0.50),
        p95_total_ms=quantile(sums.whole, 0.95),
        p99_total_ms=quantile(sums.whole, 0.99),
        average_tokens_per_second=sums.speed_total / sums.speeds if sums.speeds else None,
        success_percentage=100 * sums.good / sums.telling if sums.telling else None,
        last_measured_at=sums.newest_at,
    )
