"""Going through pages. ``unasync.py`` made this file from ``async_pages.py``."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from openmodels_client.types import Change, Pagination

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class PageOf(Protocol[T_co]):
    """A page of a list."""

    @property
    def data(self) -> tuple[T_co, ...]:
        """What is on it."""
        ...

    @property
    def pagination(self) -> Pagination:
        """Which page it is."""
        ...


class ChangesAt(Protocol):
    """Changes from a cursor on."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes."""
        ...

    @property
    def next(self) -> str | None:
        """The cursor of the older ones."""
        ...


def iterate_pages(page: Callable[[int], PageOf[T]]) -> Iterator[T]:
    """Everything on all pages, where ``page`` gets the one with a number, from 1."""
    number, seen = 1, 0
    while True:
        found = page(number)
        for item in found.data:
            yield item
        number, seen = number + 1, seen + len(found.data)
        # A list that has become shorter in the meantime ends with an empty page.
        if not found.data or seen >= found.pagination.total:
            return


def iterate_changes(page: Callable[[str | None], ChangesAt]) -> Iterator[Change]:
    """Every change of all pages, where ``page`` gets the one at a cursor."""
    cursor: str | None = None
    while True:
        found = page(cursor)
        for change in found.changes:
            yield change
        if found.next is None or found.next == cursor:
            return
        cursor = found.next
