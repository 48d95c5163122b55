"""Checks on the chain of entries that every journal makes, so that all of them refuse the same things.

A group is checked before it is sent and a page before it is handed out: an entry whose id does not
follow from the one before it would make every later id of the hall meaningless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.hall import CODE_RE
from callq.journal.port import GENESIS, Entry, EntryId, LineageBroken, chained

if TYPE_CHECKING:
    from collections.abc import Sequence


def check_hall(hall: str) -> str:
    """The hall id itself, if it can name a journal.

    Raises:
      ValueError: not a code, so it could not be told apart from other keys of the store.
    """
    if not CODE_RE.fullmatch(hall):
        raise ValueError(f"not a hall id: {hall!r}")
    return hall


def check_group(expected: EntryId, entries: Sequence[Entry]) -> None:
    """Check that a group may follow `expected`: each entry chained onto the one before.

    Raises:
      ValueError: it may not; the caller built the group wrongly and nothing was sent.
    """
    previous = expected
    for entry in entries:
        if entry != chained(previous, entry.payload):
            raise ValueError(f"entry {entry.id} is not chained onto {previous}")
        previous = entry.id


def check_page(hall: str, previous: EntryId | None, entries: Sequence[Entry]) -> None:
    """Check that entries read from a journal continue its chain.

    Args:
      hall: hall id, for the message.
      previous: the id before the first of `entries`; None if it is not known.
      entries: consecutive entries, oldest first.

    Raises:
      LineageBroken: an entry is missing, altered or out of place.
    """
    for entry in entries:
        if previous is not None and entry.id != chained(previous, entry.payload).id:
            place = "at its beginning" if previous == GENESIS else f"after {previous}"
            raise LineageBroken(f"hall {hall}: the journal has {entry.id} {place}, which does not follow")
        previous = entry.id
