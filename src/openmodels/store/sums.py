"""How checks and measurements are summed up in tables: one sheet of rules for each of the two kinds."""

import math
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, ColumnElement, Table

from openmodels.domain.rollup import (
    CheckSums,
    MeasurementSums,
    Summary,
    check_sums,
    decode_summaries,
    encode_summary,
    measurement_sums,
    merged_checks,
    merged_measurements,
)
from openmodels.errors import RecordUnreadable
from openmodels.store import tables
from openmodels.store.columns import bare, moment

ALL_MODELS = ""
"""Stands for the model in the sums over all models of a provider."""

Key = tuple[str, ...]
Values = Mapping[str, Any]
_Sums = TypeVar("_Sums", CheckSums, MeasurementSums)


class Sheet(ABC, Generic[_Sums]):
    """The tables of one kind, and how their rows become sums and sums their rows."""

    rows: Table
    """One row each, as recorded."""
    time: Column[datetime]
    """When each was made."""
    hours: Table
    """The sums of an hour, for each key."""
    days: Table
    """The sums of a day, for each key."""
    key: tuple[str, ...]
    """What sums are kept for, apart from their time: the provider first."""
    row_figures: tuple[str, ...]
    """The columns of a row that sums are made of."""
    figures: tuple[str, ...]
    """The columns of the sums, apart from key and time."""

    def row_columns(self, *key: str) -> list[ColumnElement[Any]]:
        """What to read of rows: these columns of their key, and what they add to sums."""
        return [bare(self.rows.c[name]) for name in (*key, *self.row_figures)]

    def sum_columns(self, table: Table) -> list[ColumnElement[Any]]:
        """What to read of sums: key, start and figures."""
        return [bare(table.c[name]) for name in (*self.key, "start", *self.figures)]

    @abstractmethod
    def sum_rows(self, rows: Sequence[Sequence[Any]]) -> _Sums:
        """What rows add up to, given as ``row_figures``."""

    @abstractmethod
    def merge_rows(self, rows: Sequence[Sequence[Any]]) -> _Sums:
        """What sums add up to, given as ``figures``. Raises ``ValueError`` for bytes that are none."""

    @abstractmethod
    def merge(self, sums: Sequence[_Sums]) -> _Sums:
        """What sums add up to."""

    @abstractmethod
    def encode(self, sums: _Sums) -> Values:
        """Sums as ``figures``."""

    @abstractmethod
    def keys_of(self, key: Key) -> Iterable[Key]:
        """The keys under which a row with this one is summed up."""

    def summed(self, rows: Iterable[Sequence[Any]], start: datetime) -> list[Values]:
        """The sums' rows for the rows of one span, each given as its key and then ``row_figures``."""
        groups: dict[Key, list[Sequence[Any]]] = defaultdict(list)
        width: int = len(self.key)
        for row in rows:
            figures = row[width:]
            for key in self.keys_of(tuple(row[:width])):
                groups[key].append(figures)
        return [self._values(key, start, self.sum_rows(group)) for key, group in groups.items()]

    def merged(self, rows: Iterable[Sequence[Any]], start: datetime) -> list[Values]:
        """The sums' rows of a longer span for those of its shorter ones, given as ``sum_columns``.

        Raises ``RecordUnreadable``, naming the row, for one that cannot be read.
        """
        groups: dict[Key, list[Sequence[Any]]] = defaultdict(list)
        width: int = len(self.key)
        for row in rows:
            groups[tuple(row[:width])].append(row)
        return [self._values(key, start, self.read(self.hours, group)) for key, group in groups.items()]

    def read(self, table: Table, rows: Sequence[Sequence[Any]]) -> _Sums:
        """What sums add up to, given as ``sum_columns``.

        Raises ``RecordUnreadable``, naming the row, for one that cannot be read.
        """
        figures: int = len(self.key) + 1
        try:
            return self.merge_rows([row[figures:] for row in rows])
        except ValueError:
            for row in rows:
                self._require_readable(table, row)
            raise

    def _require_readable(self, table: Table, row: Sequence[Any]) -> None:
        width: int = len(self.key)
        try:
            self.merge_rows([row[width + 1 :]])
        except ValueError as error:
            name = "/".join((table.name, *row[:width], moment(row[width]).isoformat()))
            raise RecordUnreadable(
                f"the database's sums {name} cannot be read: {error}; restore the database from a backup, "
                "or delete that row"
            ) from error

    def _values(self, key: Key, start: datetime, sums: _Sums) -> Values:
        return {**dict(zip(self.key, key, strict=True)), "start": start, **self.encode(sums)}


class CheckSheet(Sheet[CheckSums]):
    """Checks, by provider and region."""

    rows = tables.checks
    time = tables.checks.c.checked_at
    hours = tables.check_hours
    days = tables.check_days
    key = ("provider_id", "region")
    row_figures = ("status", "response_time_ms")
    figures = ("total", "up", "times")

    def sum_rows(self, rows: Sequence[Sequence[Any]]) -> CheckSums:
        """What checks add up to."""
        return check_sums([(status, time) for status, time in rows])

    def merge(self, sums: Sequence[CheckSums]) -> CheckSums:
        """What sums add up to."""
        return merged_checks(sums)

    def merge_rows(self, rows: Sequence[Sequence[Any]]) -> CheckSums:
        """What sums add up to."""
        totals, ups, times = zip(*rows, strict=True)
        return CheckSums(total=sum(totals), up=sum(ups), times=_summary(times))

    def encode(self, sums: CheckSums) -> Values:
        """Sums as a row."""
        return {"total": sums.total, "up": sums.up, "times": encode_summary(sums.times)}

    def keys_of(self, key: Key) -> Iterable[Key]:
        """Under its own key."""
        return (key,)


class MeasurementSheet(Sheet[MeasurementSums]):
    """Measurements, by provider, model and region, and by provider and region over all models."""

    rows = tables.measurements
    time = tables.measurements.c.measured_at
    hours = tables.measurement_hours
    days = tables.measurement_days
    key = ("provider_id", "model_id", "region")
    row_figures = (
        "outcome",
        "measured_at",
        "time_to_first_token_ms",
        "total_response_time_ms",
        "tokens_per_second",
    )
    figures = ("total", "telling", "good", "newest_at", "speeds", "speed_total", "ttft", "whole")

    def sum_rows(self, rows: Sequence[Sequence[Any]]) -> MeasurementSums:
        """What measurements add up to."""
        times = max((row[1] for row in rows), default=None)
        figures = [(row[0], row[2], row[3], row[4]) for row in rows]
        return measurement_sums(figures, None if times is None else moment(times))

    def merge(self, sums: Sequence[MeasurementSums]) -> MeasurementSums:
        """What sums add up to."""
        return merged_measurements(sums)

    def merge_rows(self, rows: Sequence[Sequence[Any]]) -> MeasurementSums:
        """What sums add up to."""
        totals, telling, good, newest, speeds, speed_totals, ttft, whole = zip(*rows, strict=True)
        return MeasurementSums(
            total=sum(totals),
            telling=sum(telling),
            good=sum(good),
            newest_at=moment(max(newest)),
            speeds=sum(speeds),
            speed_total=math.fsum(speed_totals),
            ttft=_summary(ttft),
            whole=_summary(whole),
        )

    def encode(self, sums: MeasurementSums) -> Values:
        """Sums as a row."""
        return {
            "total": sums.total,
            "telling": sums.telling,
            "good": sums.good,
            "newest_at": sums.newest_at,
            "speeds": sums.speeds,
            "speed_total": sums.speed_total,
            "ttft": encode_summary(sums.ttft),
            "whole": encode_summary(sums.whole),
        }

    def keys_of(self, key: Key) -> Iterable[Key]:
        """Under its model, and under all of them."""
        provider_id, _, region = key
        return (key, (provider_id, ALL_MODELS, region))


CHECKS = CheckSheet()
MEASUREMENTS = MeasurementSheet()


def _summary(encoded: Iterable[Any]) -> Summary:
    # Some drivers give a memoryview.
    return decode_summaries([None if one is None else bytes(one) for one in encoded])
