"""What strangers send is kept or passed over, and never breaks what is kept beside it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import AT, check, measurement
from openmodels.store.columns import storable
from openmodels.store.ports import TelemetryStore

pytestmark = pytest.mark.anyio

ODD = ["\0", "a\0b", "\ud800", "\udfff\ud800", "\N{PILE OF POO}", "x" * 10_000, "'; --", "\\N", "\\."]


@pytest.mark.parametrize("words", ODD)
async def test_any_words_may_be_the_reason(telemetry_store: TelemetryStore, words: str) -> None:
    await telemetry_store.record([check("p", AT), check("p", AT)])
    transition = await telemetry_store.judge("p", words, AT)
    assert transition is not None
    (incident,) = (await telemetry_store.health("p", since=AT, regions=(), limit=1)).incidents
    kept = (await telemetry_store.transitions_after(0, limit=9))[-1].transition.reason
    assert incident.reason == kept
    assert kept in {transition.reason, storable(transition.reason)}


@pytest.mark.parametrize("words", ODD)
async def test_any_region_may_be_asked_for(telemetry_store: TelemetryStore, words: str) -> None:
    await telemetry_store.record([check("p", AT)], [measurement("p", "m", AT)])
    since = AT - timedelta(hours=1)
    for regions in ([words], [words, "local"]):
        found = await telemetry_store.health("p", since=since, regions=regions, limit=9)
        assert found.checks_total == len(regions) - 1
        assert len(found.checks) == len(regions) - 1
        known = await telemetry_store.offerings("m", ["p"], since=since, regions=regions)
        assert len(known) == len(regions) - 1
        timed = await telemetry_store.latency("p", since=since, regions=regions, model_ids=[words], limit=9)
        assert timed.measurements == ()


@pytest.mark.parametrize("count", [1, 2, 700])
async def test_it_keeps_every_kind_of_value(telemetry_store: TelemetryStore, count: int) -> None:
    full = check("p", AT, region="\\N", outcome="bad_stream", connect_ms=1e-300, http_status=599)
    bare = check("p", AT, region="tab\there\\", response_time_ms=None)
    timed = measurement("p", "m\nodel", AT, tokens_per_second=0.1 + 0.2, output_tokens=2**62)
    await telemetry_store.record([full, bare] * count, [timed] * count)
    found = await telemetry_store.health("p", since=AT, regions=(), limit=2)
    assert found.checks == (bare, full)
    assert found.checks_total == 2 * count
    measured = await telemetry_store.latency("p", since=AT, regions=(), model_ids=(), limit=1)
    assert measured.measurements == (timed,)


@given(st.text(st.characters(), max_size=50))
def test_what_can_be_kept_is_kept_as_it_is(words: str) -> None:
    kept = storable(words)
    assert "\0" not in kept
    kept.encode()
    assert storable(kept) == kept
    if "\0" not in words and not any("\ud800" <= letter <= "\udfff" for letter in words):
        assert kept == words
