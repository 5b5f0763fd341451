"""The port to what telemetry recorded as it went, and to what happened to providers.

Part of ``ports.TelemetryStore``.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from openmodels.domain.series import CheckSlice, DayOfChecks, ProviderFigures, TimingSlice
from openmodels.domain.telemetry import Incident


class SeriesStore(Protocol):
    """Reads checks and measurements as series. Slices are counted from 1970-01-01 UTC, oldest first."""

    async def checks_by_day(
        self, *, since: datetime, provider_ids: Collection[str] = ()
    ) -> Mapping[str, Sequence[DayOfChecks]]:
        """By provider id: its checks of each day from that of ``since`` on, of all regions.

        ``provider_ids`` empty means every provider; providers without checks are left out.
        """
        ...

    async def check_slices(
        self, provider_id: str, *, since: datetime, width: timedelta, regions: Collection[str] = ()
    ) -> Sequence[CheckSlice]:
        """The checks of one provider by slices, from that of ``since`` on.

        Raises ``ValueError`` when ``width`` is not whole hours.
        """
        ...

    async def timing_slices(
        self,
        *,
        since: datetime,
        width: timedelta,
        provider_ids: Collection[str],
        model_ids: Collection[str] = (),
        regions: Collection[str] = (),
    ) -> Mapping[str, Sequence[TimingSlice]]:
        """By provider id: its successful measurements by slices, from that of ``since`` on.

        ``model_ids`` empty means every model; providers without successful measurements are left out. Raises
        ``ValueError`` when ``width`` is not whole hours.
        """
        ...

    async def provider_figures(
        self, provider_id: str, *, since: datetime, width: timedelta
    ) -> ProviderFigures:
        """What ``health``, ``latency``, ``check_slices`` and ``timing_slices`` tell of a provider, read once.

        Of all regions and models. Raises ``ValueError`` when ``width`` is not whole hours.
        """
        ...

    async def incidents(
        self, *, since: datetime, provider_ids: Collection[str] = (), limit: int
    ) -> Sequence[Incident]:
        """The incidents that touch the time since then, newest first, at most ``limit``.

        ``provider_ids`` empty means every provider.
        """
        ...
