"""What the hall actor juggles: callers, and the groups of batches that their answers rest on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import trio

from callq.domain.errors import CallqError
from callq.domain.undo import Undo

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.journal.port import Entry, EntryId
    from callq.runtime.hub import Sealed
    from callq.views.view import Topic


class Outcome(NamedTuple):
    """What became of a command, for rendering its answer."""

    revision: int
    ticket: str | None
    window: str | None
    replayed: bool


class HallFault(CallqError):
    """This hall cannot go on as it is; the supervisor loads it from the journal anew."""


class Quarantined(HallFault):
    """A committed entry cannot be read or applied: this node lets go of the hall, at that revision."""


class Drifted(HallFault):
    """This node's state is not the one that another node wrote the digest of: it is loaded anew."""


class CommandFailed(CallqError):
    """Deciding or rendering this one command raised; it was rolled back and nothing changed."""


class Item:
    """One caller: what it wants, and its answer once decided."""

    __slots__ = ("answer", "at_seal", "decide", "error", "gone", "outcome", "own", "settled", "until_s")

    def __init__(
        self,
        decide: Callable[[Item], None],
        at_seal: Callable[[EntryId], object] | None = None,
        *,
        own: bool = False,
    ) -> None:
        self.decide = decide
        """Decides it (again) on the present state."""
        self.at_seal = at_seal
        """Makes the answer when its group is sealed, from the state then and the id of its last entry."""
        self.own = own
        """The node's, which goes on while callers are turned away."""
        self.gone = False
        """Nobody waits for it any more."""
        self.until_s = math.inf
        """When its caller is told to try again, by trio's clock."""
        self.answer: Any = None
        self.error: Exception | None = None
        self.outcome = "ok"
        """For the metrics: ``ok``, ``replayed``, or ``nothing`` was to be done."""
        self.settled = trio.Event()


class Group:
    """Consecutive batches that are sent together, and everyone whose answer rests on them.

    One without entries only checks that the journal still ends where it was decided.
    """

    __slots__ = ("base", "entries", "epoch", "items", "sealed", "sent_s", "touched", "undo")

    def __init__(self, base: EntryId) -> None:
        self.base = base
        self.entries: list[Entry] = []
        self.items: list[Item] = []
        """In order of decision."""
        self.undo = Undo()
        self.touched: set[Topic] = set()
        self.epoch = ""
        """Lineage that it was decided under; empty before the hall has one."""
        self.sealed: Sealed | None = None
        """The views at its end, once it is on its way."""
        self.sent_s = 0.0
        """When it was sent first, by trio's clock."""

    @property
    def tip(self) -> EntryId:
        """Id of the last entry; the base while there is none."""
        return self.entries[-1].id if self.entries else self.base
