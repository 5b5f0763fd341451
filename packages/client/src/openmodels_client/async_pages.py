"""Going through pages. ``pages.py`` is made from this file by ``unasync.py``."""

from collections.abc import AsyncIterator, Awaitable, Callable
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


async def iterate_pages(page: Callable[[int], Awaitable[PageOf[T]]]) -> AsyncIterator[T]:
    """Everything on all pages, where ``page`` gets the one with a number, from 1."""
    number, seen = 1, 0
    while True:
        found = await page(number)
        for item in found.data:
            yield item
        number, seen = number + 1, seen + len(found.data)
        # A list that has become shorter in the meantime ends with an empty page.
        if not found.data or seen >= found.pagination.total:
            return


async def iterate_changes(page: Callable[[str | None], Awaitable[ChangesAt]]) -> AsyncIterator[Change]:
    """Every change of all pages, where ``page`` gets the one at a cursor."""
    cursor: str | None = None
    while True:
        found = await page(cursor)
        for change in found.changes:
            yield change
        if found.next is None or found.next == cursor:
            return
        cursor = found.next
