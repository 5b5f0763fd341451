"""What columns hold that no database has a type for, and what they hold of text that came from others."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, LargeBinary, Text, type_coerce
from sqlalchemy.engine import Dialect
from sqlalchemy.types import NullType, TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """A time as whole microseconds since 1970-01-01 UTC: exact, sortable and the same in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - the interface's
        """The number for a time; a time without zone is refused, since nobody can know what it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the time {value} has no time zone")
        return microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the interface's
        """The time in UTC for a number."""
        return None if value is None else moment(value)


def microseconds(at: datetime) -> int:
    """The number that a ``Moment`` is kept as."""
    return (at - _EPOCH) // _MICROSECOND


def moment(number: int) -> datetime:
    """The time in UTC for the number that a ``Moment`` is kept as."""
    return _EPOCH + timedelta(microseconds=number)


class Words(TypeDecorator[str]):
    """Text that came from others; what no database keeps, or not each of them, is kept as U+FFFD.

    That is NUL, which PostgreSQL refuses, and halves of surrogate pairs, which are not text.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the interface's
        """The text that can be kept."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """The text with U+FFFD for what databases do not keep."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def bare(column: Column[Any]) -> ColumnElement[Any]:
    """The column as the driver gives it: of many values, it saves a call for each."""
    if isinstance(column.type, Moment):
        return type_coerce(column, BigInteger)
    return type_coerce(column, NullType) if isinstance(column.type, LargeBinary) else column
