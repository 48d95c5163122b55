"""A journal that fails on purpose: the faults a real store shows, one at a time, on command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import trio

from callq.domain import commands as cmd
from callq.domain.errors import StoreUnavailable
from callq.domain.events import (
    SCHEMA_VERSION,
    Batch,
    EpochOpened,
    TicketIssued,
    decode_batch,
    encode_batch,
    encode_command,
)
from callq.journal.memory import MemoryJournal
from callq.journal.port import GENESIS, AppendRefused, EntryId, LineageBroken, OutcomeUnknown, chained
from tests.harness import MONDAY_9H

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.journal.port import Entry, Pulse, Receipt

Fault = Literal[
    "lost_request",
    "lost_reply",
    "lost_reply_then_overtaken",
    "slow_reply",
    "refused",
    "overtaken",
    "restart_before",
    "restart_after",
    "rewound",
    "torn",
]


def _epoch_opened(last: Entry) -> Entry:
    """What another node might write after `last`."""
    batch = Batch(
        v=SCHEMA_VERSION,
        at_ms=decode_batch(last.payload).at_ms,
        who=cmd.SYSTEM,
        key="~foreign",
        command=encode_command(cmd.OpenEpoch(epoch="foreign")),
        events=(EpochOpened(epoch="foreign"),),
    )
    return chained(last.id, encode_batch(batch))


def ticket_of_another(last: Entry, number: int) -> Entry:
    """A ticket that another node might issue after `last`."""
    ticket = f"theirs{number}"
    batch = Batch(
        v=SCHEMA_VERSION,
        at_ms=decode_batch(last.payload).at_ms,
        who=cmd.SYSTEM,
        key=f"~{ticket}",
        command=encode_command(cmd.Issue(ticket=ticket, service="general")),
        events=(
            TicketIssued(
                ticket=ticket,
                number=f"A{number:03d}",
                counter=number,
                prefix="A",
                service="general",
                cls="ordinary",
                zone="hall",
                channel="kiosk",
            ),
        ),
        ticket=ticket,
    )
    return chained(last.id, encode_batch(batch))


class FaultyJournal(MemoryJournal):
    """A memory journal whose next appends go wrong as told."""

    def __init__(self) -> None:
        super().__init__(clock=lambda: MONDAY_9H + round(trio.current_time() * 1000))
        self.faults: list[Fault] = []
        self.intruder: list[Entry] = []
        """Entries that another node appends first, for `overtaken`."""
        self.ahead = 0
        """So many tickets another node issues, each right before a group that only checks comes in."""
        self.down = False
        self.deaf = False
        """Hints get lost."""
        self.gate: trio.Event | None = None
        """While set, appends wait for it: a slow store."""
        self.reply = trio.Event()
        """Lets a `slow_reply` come."""
        self.groups: list[int] = []
        """Sizes of the groups that came in."""

    async def append(
        self, hall: str, expected: EntryId, entries: Sequence[Entry], epoch: str | None = None
    ) -> Receipt:
        self.groups.append(len(entries))
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            raise OutcomeUnknown("the store is down")
        fault = self.faults.pop(0) if self.faults else None
        if fault == "refused":
            raise AppendRefused(hall, GENESIS)
        if fault == "lost_request":
            raise OutcomeUnknown("the request was lost")
        if fault == "restart_before":
            self.restart()
            raise OutcomeUnknown("the store restarted before it ran")
        if fault == "overtaken":
            self._halls[hall].extend(self.intruder)
        if self.ahead and not entries:
            self.ahead -= 1
            log = self._halls[hall]
            log.append(ticket_of_another(log[-1], 1 + sum(b"ticket_issued" in e.payload for e in log)))
        if fault == "torn":
            self._halls[hall].append(entries[0])
            raise OutcomeUnknown("the store died, and not at a boundary")
        if fault == "rewound":
            del self._halls[hall][-1]
            raise OutcomeUnknown("the store came back without its last entry")
        receipt = await super().append(hall, expected, entries, epoch)
        if fault == "slow_reply":
            await self.reply.wait()
        if fault == "lost_reply_then_overtaken":
            self._halls[hall].append(_epoch_opened(self._halls[hall][-1]))
            raise OutcomeUnknown("the reply was lost, and another node went on")
        if fault == "lost_reply":
            raise OutcomeUnknown("the reply was lost")
        if fault == "restart_after":
            self.restart()
            raise OutcomeUnknown("the store restarted after it ran")
        return receipt

    async def read(self, hall: str, cursor: EntryId, limit: int = 1000) -> list[Entry]:
        self._reach()
        return await super().read(hall, cursor, limit)

    async def tips(self, halls: Sequence[str]) -> dict[str, EntryId]:
        self._reach()
        return await super().tips(halls)

    async def beat(self, node: str, record: bytes, *, gap_ms: int, ends_outage: bool = False) -> Pulse:
        self._reach()
        return await super().beat(node, record, gap_ms=gap_ms, ends_outage=ends_outage)

    def _hint(self, hall: str, last: EntryId) -> None:
        if not self.deaf:
            super()._hint(hall, last)

    def _reach(self) -> None:
        if self.down:
            raise StoreUnavailable("the store is down")


__all__ = ["FaultyJournal", "LineageBroken"]
