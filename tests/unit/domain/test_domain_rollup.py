"""What values, checks and measurements add up to."""

import math
import random
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import AT, check, measurement, minutes
from openmodels.domain.rollup import (
    KEPT_VALUES,
    MERGED_VALUES,
    NOTHING,
    CheckSums,
    MeasurementSums,
    Summary,
    average,
    check_sums,
    decode_summaries,
    encode_summary,
    health_of,
    measurement_sums,
    merged,
    merged_checks,
    merged_measurements,
    quantile,
    summary_of,
    timings_of,
)
from openmodels.domain.telemetry import (
    Check,
    Measurement,
    Timings,
    percentile,
    summarise_checks,
    summarise_measurements,
)
from openmodels.domain.vocabulary import OUTCOMES

TIMES = st.floats(min_value=0, max_value=1e7)
SHARES = (0.5, 0.95, 0.99)
RANK_ERROR = 0.015
"""Twice what the library promises for 99 % of all sketches: no test may fail by chance."""


def decode_summary(encoded: bytes | None) -> Summary:
    return decode_summaries([encoded])


def kept(summary: Summary) -> Summary:
    """Through the database and back."""
    return decode_summary(encode_summary(summary))


def many(count: int, seed: int = 1) -> list[float]:
    chance = random.Random(seed)
    return [chance.lognormvariate(6, 1) for _ in range(count)]


def assert_near(summary: Summary, values: list[float]) -> None:
    assert summary.count == len(values)
    assert math.isclose(summary.total, math.fsum(values), rel_tol=1e-12)
    ordered = sorted(values)
    for share in SHARES:
        found = quantile(summary, share)
        assert found is not None
        low = sum(value < found for value in ordered) / len(ordered)
        high = sum(value <= found for value in ordered) / len(ordered)
        assert low - RANK_ERROR <= share <= high + RANK_ERROR


@given(st.lists(TIMES, max_size=300))
def test_percentiles_of_few_values_are_those_of_the_domain(values: list[float]) -> None:
    summary = kept(summary_of(values))
    assert [quantile(summary, share) for share in SHARES] == [
        percentile(sorted(values), share) for share in SHARES
    ]
    assert summary.count == len(values)
    assert summary.total == math.fsum(values)
    assert average(summary) == (math.fsum(values) / len(values) if values else None)


@given(st.lists(st.lists(TIMES, max_size=60), max_size=12), st.randoms())
def test_it_does_not_matter_in_which_order_summaries_are_merged(
    parts: list[list[float]], chance: random.Random
) -> None:
    values = [value for part in parts for value in part]
    summaries = [kept(summary_of(part)) for part in parts]
    in_a_row = merged(summaries)
    chance.shuffle(summaries)
    one_by_one = NOTHING
    for summary in summaries:
        one_by_one = merged([one_by_one, summary])
    for found in (in_a_row, one_by_one):
        assert found.count == len(values)
        assert math.isclose(found.total, math.fsum(values), rel_tol=1e-12, abs_tol=1e-12)
        assert [quantile(found, share) for share in SHARES] == [
            percentile(sorted(values), share) for share in SHARES
        ]


@given(st.lists(st.lists(TIMES, max_size=30), max_size=9))
def test_reading_many_at_once_is_merging_them(parts: list[list[float]]) -> None:
    summaries = [summary_of(part) for part in parts]
    found = decode_summaries([encode_summary(summary) for summary in summaries])
    wanted = merged(summaries)
    assert (found.count, found.total) == (wanted.count, wanted.total)
    assert [quantile(found, share) for share in SHARES] == [quantile(wanted, share) for share in SHARES]


@pytest.mark.parametrize("counts", [[5000], [5000, 3], [300] * 50, [400] * 60, [5000, 300, 20_000]])
def test_reading_many_at_once_stays_near(counts: list[int]) -> None:
    parts = [many(count, seed) for seed, count in enumerate(counts)]
    found = decode_summaries([encode_summary(summary_of(part)) for part in parts])
    assert_near(found, [value for part in parts for value in part])


def test_merging_changes_none_of_what_is_merged() -> None:
    large, small = kept(summary_of(many(5000))), kept(summary_of(many(50)))
    before = [encode_summary(large), encode_summary(small)]
    merged([large, small])
    merged([large, large])
    assert [encode_summary(large), encode_summary(small)] == before


@pytest.mark.parametrize("count", [KEPT_VALUES, KEPT_VALUES + 1, 3000, MERGED_VALUES, MERGED_VALUES + 1])
def test_it_stays_near_however_many_values_there_are(count: int) -> None:
    values = many(count)
    assert_near(kept(summary_of(values)), values)


def test_it_stays_near_through_many_merges() -> None:
    parts = [many(count, seed) for seed, count in enumerate([12, 288, 5000, 1, 20_000, 700, 288] * 4)]
    values = [value for part in parts for value in part]
    summaries = [kept(summary_of(part)) for part in parts]
    assert_near(kept(merged(summaries)), values)
    assert_near(merged(summaries[::-1]), values)
    by_threes = [kept(merged(summaries[start : start + 3])) for start in range(0, len(summaries), 3)]
    assert_near(merged(by_threes), values)


def test_it_is_exact_as_long_as_the_values_are_few() -> None:
    parts = [many(KEPT_VALUES, seed) for seed in range(MERGED_VALUES // KEPT_VALUES)]
    ordered = sorted(value for part in parts for value in part)
    found = merged([kept(summary_of(part)) for part in parts])
    assert [quantile(found, share) for share in SHARES] == [percentile(ordered, share) for share in SHARES]


def test_a_summary_of_many_values_is_small() -> None:
    encoded = encode_summary(summary_of(many(500_000)))
    assert encoded is not None
    assert len(encoded) < 12_000


def test_nothing_is_encoded_as_nothing() -> None:
    assert encode_summary(NOTHING) is None
    assert decode_summary(None) == NOTHING == summary_of([]) == merged([]) == merged([NOTHING, NOTHING])


@given(st.binary(max_size=200))
def test_it_refuses_bytes_that_are_no_summary(encoded: bytes) -> None:
    with pytest.raises(ValueError, match="summary"):
        decode_summary(encoded)


@pytest.mark.parametrize("count", [1, 40, 5000])
@pytest.mark.parametrize("seed", range(20))
def test_it_refuses_a_damaged_summary(count: int, seed: int) -> None:
    encoded = encode_summary(summary_of(many(count)))
    assert encoded is not None
    chance = random.Random(seed)
    damaged = bytearray(encoded)
    damaged[chance.randrange(len(encoded))] ^= 1 << chance.randrange(8)
    for wrong in (bytes(damaged), encoded[: chance.randrange(len(encoded))], encoded + b"\0"):
        with pytest.raises(ValueError, match="summary"):
            decode_summary(wrong)


@pytest.mark.parametrize("kind", [0, 2, 3, 255])
def test_it_refuses_what_another_version_may_have_written(kind: int) -> None:
    checked = bytes([kind]) + bytes(24)
    with pytest.raises(ValueError, match="summary"):
        decode_summary(zlib.crc32(checked).to_bytes(4, "little") + checked)


def test_it_refuses_a_sketch_of_nothing() -> None:
    from datasketches import kll_doubles_sketch  # noqa: PLC0415 - as the domain does

    body = bytes(kll_doubles_sketch(400).serialize())
    checked = bytes([2]) + bytes(8) + body
    with pytest.raises(ValueError, match="empty"):
        decode_summary(zlib.crc32(checked).to_bytes(4, "little") + checked)


def cut(items: list[Any], sizes: list[int]) -> list[list[Any]]:
    parts, start = [], 0
    for size in sizes:
        parts.append(items[start : start + size])
        start += size
    return [*parts, items[start:]]


CHECKS = st.lists(
    st.tuples(st.sampled_from(["up", "down"]), st.none() | TIMES).map(
        lambda drawn: check("p", AT, drawn[0], response_time_ms=drawn[1])
    ),
    max_size=60,
)
MEASUREMENTS = st.lists(
    st.tuples(
        st.sampled_from(OUTCOMES), st.integers(0, 99), st.none() | TIMES, st.none() | TIMES, st.none() | TIMES
    ).map(
        lambda drawn: measurement(
            "p",
            "m",
            AT + minutes(drawn[1]),
            outcome=drawn[0],
            time_to_first_token_ms=drawn[2],
            total_response_time_ms=drawn[3],
            tokens_per_second=drawn[4],
        )
    ),
    max_size=60,
)
SIZES = st.lists(st.integers(0, 20), max_size=5)


def of_checks(checks: list[Check]) -> CheckSums:
    return check_sums([(c.status, c.response_time_ms) for c in checks])


def of_measurements(measurements: list[Measurement]) -> MeasurementSums:
    return measurement_sums(
        [
            (m.outcome, m.time_to_first_token_ms, m.total_response_time_ms, m.tokens_per_second)
            for m in measurements
        ],
        max((m.measured_at for m in measurements), default=None),
    )


def close(found: float | None, wanted: float | None) -> bool:
    if found is None or wanted is None:
        return found is wanted
    return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)


@given(CHECKS, SIZES)
def test_checks_add_up_to_the_same_however_they_are_cut(checks: list[Check], sizes: list[int]) -> None:
    sums = merged_checks([of_checks(part) for part in cut(checks, sizes)])
    found, wanted = health_of(sums, checks, ()), summarise_checks(checks, limit=100)
    assert found.checks_total == wanted.checks_total
    assert found.uptime_percentage == wanted.uptime_percentage
    assert found.p95_response_time_ms == wanted.p95_response_time_ms
    assert close(found.average_response_time_ms, wanted.average_response_time_ms)
    assert found.checks == wanted.checks


@given(MEASUREMENTS, SIZES)
def test_measurements_add_up_to_the_same_however_they_are_cut(
    measurements: list[Measurement], sizes: list[int]
) -> None:
    sums = merged_measurements([of_measurements(part) for part in cut(measurements, sizes)])
    found, wanted = timings_of(sums), summarise_measurements(measurements)
    for name in Timings.__struct_fields__:
        if name.startswith("average"):
            assert close(getattr(found, name), getattr(wanted, name))
        else:
            assert getattr(found, name) == getattr(wanted, name), name
    assert sums.total == len(measurements)


def test_uncut_sums_are_those_of_the_domain() -> None:
    measurements = [measurement("p", "m", AT + minutes(n), time_to_first_token_ms=n / 7) for n in range(1000)]
    assert timings_of(of_measurements(measurements)) == summarise_measurements(measurements)
    checks = [check("p", AT + minutes(n), response_time_ms=n / 7) for n in range(1000)]
    assert health_of(of_checks(checks), checks, ()) == summarise_checks(checks, limit=1000)
