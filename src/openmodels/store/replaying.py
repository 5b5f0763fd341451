"""What every history store does with revisions out of a repository's log. Pure."""

from collections.abc import Sequence
from itertools import pairwise

from openmodels.domain.changes import Change, changes_between
from openmodels.domain.records import Registry, revision_of
from openmodels.store.history_ports import Replayed
from openmodels.store.ports import Head

Revision = tuple[Head, Registry]
"""A revision and what it held."""


def older(revisions: Sequence[Replayed], beginning: Head) -> list[Revision]:
    """Those before the beginning, oldest first, their times never going backwards.

    One that holds the same as the one before it is left out: it would be a revision that changed nothing.
    """
    kept: list[Revision] = []
    for each in revisions:
        at = max(each.at, kept[-1][0].published_at) if kept else each.at
        if at >= beginning.published_at:
            continue
        revision = revision_of(each.registry)
        if not kept or kept[-1][0].revision != revision:
            kept.append((Head(revision=revision, published_at=at), each.registry))
    return kept


def steps(kept: Sequence[Revision], beginning: Revision) -> list[list[Change]]:
    """What each of these changed of the one before it, and last what the beginning changed of the last.

    The first of all is where the history begins now, and changed nothing.
    """
    return [
        changes_between(before, after, at=head.published_at, revision=head.revision)
        for (_, before), (head, after) in pairwise([*kept, beginning])
    ]
