"""Atom feeds (RFC 4287), and changes as one."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from openmodels.api.badge_svg import writable
from openmodels.api.endpoint import Ask
from openmodels.api.wire import decode_query
from openmodels.domain.change_wording import Paid, Step, headline, step_of
from openmodels.domain.changes import Change
from openmodels.domain.views.history import change_view
from openmodels.domain.views.registry import encoder, iso
from openmodels.store.history_ports import NumberedChange

ATOM = "application/atom+xml"

_NAMESPACE = uuid.UUID("5a0f6a52-6c0d-4b0c-9d4e-7f5b1f0c2a11")
"""Our own, so that ids of entries are the same wherever the same change is told (RFC 9562, 6.5)."""


class Feed(NamedTuple):
    """What a feed is, without its entries."""

    base: str
    """The address of this server, without a slash at its end; empty where nobody said, so that links are
    relative to where the feed was read."""
    target: str
    """The path and query under which it is read."""
    updated: str
    """When it last changed."""
    version: str
    """The program's."""


class Shown(NamedTuple):
    """What a feed says of itself."""

    title: str
    subtitle: str
    alternate: str
    """Where the same is told in another way: a path with its query."""
    media_type: str
    """In what way."""


def feed_of(ask: Ask, path: str, updated: str) -> Feed:
    """The feed at that path, as it was asked for: only declared parameters are kept."""
    kept = [(name, value) for name, value in decode_query(ask.query) if name in ask.params]
    return Feed(
        base=ask.services.public_url.rstrip("/"),
        target=f"{path}?{urlencode(kept)}" if kept else path,
        updated=updated,
        version=ask.services.version,
    )


def render(feed: Feed, changes: Sequence[NumberedChange], paid: Mapping[Step, Paid]) -> bytes:
    """The feed with an entry for each change, newest first; ``paid`` is what prices were in at each step."""
    shown = Shown(
        title="OpenModels: changes of the registry",
        subtitle="Prices, limits and lifecycles of language models and of who serves them",
        alternate=feed.target.replace("/changes.atom", "/changes", 1),
        media_type="application/json",
    )
    if changes:
        feed = feed._replace(updated=iso(changes[0].change.at))
    return document(
        feed,
        shown,
        (_entry(feed, one, headline(one.change, paid.get(step_of(one.change)))) for one in changes),
    )


def document(feed: Feed, shown: Shown, entries: Iterable[str]) -> bytes:
    """A feed with these entries, each an element as text."""
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n',
        element("title", shown.title),
        element("subtitle", shown.subtitle),
        element("id", urn(f"feed {feed.base}{feed.target}")),
        element("updated", feed.updated),
        "<author><name>OpenModels</name></author>\n",
        f"<generator version={quoteattr(feed.version)}>OpenModels</generator>\n",
        link("self", feed.base + feed.target, ATOM),
        link("alternate", feed.base + shown.alternate, shown.media_type),
        *entries,
        "</feed>\n",
    ]
    return "".join(parts).encode()


def _entry(feed: Feed, numbered: NumberedChange, title: str) -> str:
    change, at = numbered.change, iso(numbered.change.at)
    # Which place it has differs from one database to another; what it says does not.
    named = (at, change.revision, change.kind, change.id, change.action, change.field or "")
    return "".join(
        (
            "<entry>\n",
            element("title", title),
            element("id", urn("\n".join(("change", *named)))),
            element("updated", at),
            element("published", at),
            *(f"<category term={quoteattr(term)}/>\n" for term in (change.kind, change.action, change.topic)),
            link("alternate", feed.base + _about(change), "application/json"),
            content(_lines(change)),
            "</entry>\n",
        )
    )


def _lines(change: Change) -> Iterable[str]:
    """What is said of a change beneath its headline."""
    view = change_view(change, whole=False)
    if change.field is not None:
        yield f"field: {change.field}"
    for name, value in (("old", view.old), ("new", view.new)):
        if change.field is not None or value is not None:
            yield f"{name}: {encoder.encode(value).decode()}"
    yield f"source: {change.source or 'written by hand'}"
    yield f"revision: {change.revision}"


def _about(change: Change) -> str:
    """Where more of what changed is told. Ids are safe in paths and queries."""
    if change.kind == "vendor":
        return "/api/changes?kind=vendor"
    if change.kind == "provider":
        return f"/api/changes?provider={change.id}"
    return f"/api/models/{change.id.rpartition('/')[2]}/history"


def content(lines: Iterable[str]) -> str:
    """What an entry says, as plain text."""
    said = escape("\n".join(map(writable, lines)))
    return f'<content type="text">{said}</content>\n'


def element(name: str, text: str) -> str:
    """An element with nothing but text in it."""
    return f"<{name}>{escape(writable(text))}</{name}>\n"


def link(relation: str, address: str, media_type: str) -> str:
    """A link to somewhere."""
    return f'<link rel="{relation}" type="{media_type}" href={quoteattr(writable(address))}/>\n'


def urn(name: str) -> str:
    """An id that is the same wherever the same name is told."""
    return uuid.uuid5(_NAMESPACE, name).urn
