"""A hall's state from its journal alone, for tools that only look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from callq.domain.apply import apply
from callq.domain.events import decode_batch
from callq.domain.state import HallState
from callq.domain.undo import Undo
from callq.journal.port import GENESIS

if TYPE_CHECKING:
    from callq.journal.port import Journal


async def replayed(journal: Journal, hall: str) -> HallState:
    """The state after everything that the journal holds; an empty one for an unknown hall.

    Raises:
      BadBytes: written by a newer callq, or damaged.
      LineageBroken: the journal changed under the reader.
      StoreUnavailable: try again.
    """
    state, cursor = HallState(hall), GENESIS
    while entries := await journal.read(hall, cursor):
        for entry in entries:
            apply(state, decode_batch(entry.payload), Undo())
        cursor = entries[-1].id
        await trio.lowlevel.checkpoint()
    return state
