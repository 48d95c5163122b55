"""What must be true when the faults are over: promises, one by one, against the one stream that stands.

The stream is replayed entry by entry. Every entry is decided anew on the state before it: if that
gives other events than the recorded ones, some node decided on something else than what came before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from callq.domain import commands as cmd
from callq.domain.apply import apply
from callq.domain.decide import decide
from callq.domain.errors import Rejected
from callq.domain.events import (
    DayOpened,
    EpochOpened,
    TicketCalled,
    TicketIssued,
    TicketReassigned,
    decode_batch,
)
from callq.domain.state import HallState, canonical
from callq.domain.ticket import AT_WINDOW
from callq.domain.undo import Undo
from callq.journal.port import GENESIS, EntryId, chained
from callq.runtime.clock import OFF_MS
from tests.harness import check_invariants

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.events import Batch, Skipped
    from callq.journal.port import Entry
    from callq.journal.records import Records
    from tests.simulation.people import Answered
    from tests.simulation.world import World

AHEAD_MS = 2 * OFF_MS + 500
"""So far a batch may be ahead of true time: two tolerated steps, before the store is heard."""

_command = msgspec.msgpack.Decoder(cmd.AnyCommand)


class Replay:
    """The stream of the hall, taken apart.

    Args:
      world: where broken promises are noted.
      stream: of the master.
      appended_ms: when each entry was appended, by true time.
    """

    def __init__(self, world: World, stream: list[Entry], appended_ms: dict[EntryId, int]) -> None:
        self.world = world
        self.stream = stream
        self.appended_ms = appended_ms
        self.state = HallState("test")
        self.ids: set[EntryId] = set()
        self.acts: dict[tuple[str, str], int] = {}
        """Revision by principal and key."""
        self.facts: set[tuple[object, ...]] = set()
        """Principal, revision, ticket and window of each entry."""
        self.numbers: dict[str, str] = {}
        """Number by ticket, as issued."""
        self._last: dict[tuple[str, str], int] = {}
        """Last counter by day and series."""

    def run(self) -> None:
        """Replay and check every entry."""
        previous = GENESIS
        for entry in self.stream:
            if entry.id != chained(previous, entry.payload).id:
                self.world.violated("chain broken", f"{entry.id} does not follow {previous}")
                return
            previous = entry.id
            self.ids.add(entry.id)
            self._entry(entry)
        check_invariants(self.state)

    def _entry(self, entry: Entry) -> None:
        batch, state = decode_batch(entry.payload), self.state
        revision = entry.id.revision
        where = f"revision {revision}, key {batch.key} of {batch.who.id}"
        if batch.at_ms < state.now_ms:
            self.world.violated("time ran backwards", f"{where}: {state.now_ms} to {batch.at_ms}")
        if batch.at_ms - self.appended_ms[entry.id] > AHEAD_MS and batch.at_ms > state.now_ms:
            ahead_ms = batch.at_ms - self.appended_ms[entry.id]
            self.world.violated("time runs ahead", f"{where}: {ahead_ms} ms before its time")
        if not batch.key.startswith("~"):
            again = self.acts.get((batch.who.id, batch.key))
            if again is not None:
                self.world.violated("key acted twice", f"{where}, and revision {again}")
            self.acts[batch.who.id, batch.key] = revision
        self.facts.add((batch.who.id, revision, batch.ticket, batch.window))
        self._decided(batch, where)
        for event in batch.events:
            self._event(event, where)
        apply(state, batch, Undo())

    def _decided(self, batch: Batch, where: str) -> None:
        try:
            decision = decide(self.state, _command.decode(batch.command), batch.at_ms, batch.who)
        except Rejected as refusal:
            self.world.violated("decided on another past", f"{where}: would be refused, {refusal}")
            return
        if decision.events != batch.events:
            self.world.violated(
                "decided on another past", f"{where}: {batch.events} where {decision.events} follow"
            )

    def _event(self, event: object, where: str) -> None:
        state = self.state
        if isinstance(event, TicketIssued):
            self._number(event.series or event.prefix, event.counter, where)
            self.numbers[event.ticket] = event.number
        elif isinstance(event, TicketReassigned) and event.number:
            self._number(event.series, event.counter, where)
        elif isinstance(event, EpochOpened | DayOpened):
            day = event.day if isinstance(event, DayOpened) else state.day
            for skipped in event.skipped:
                self._left_out(day, skipped, where)
        elif isinstance(event, TicketCalled):
            ticket = state.tickets[event.ticket]
            if ticket.state in AT_WINDOW and ticket.window != event.window:
                self.world.violated("ticket called twice", f"{where}: {ticket.number} is at {ticket.window}")

    def _number(self, series: str, counter: int, where: str) -> None:
        last = self._last.get((self.state.day, series), 0)
        if counter <= last:
            self.world.violated("number given twice", f"{where}: {series}{counter} after {last}")
        elif counter != last + 1:
            self.world.violated("number left out", f"{where}: {series}{counter} after {last}")
        self._last[self.state.day, series] = counter

    def _left_out(self, day: str, skipped: Skipped, where: str) -> None:
        """Numbers that are left out on record count as given."""
        last = self._last.get((day, skipped.series), 0)
        if skipped.first != last + 1:
            self.world.violated("number left out", f"{where}: {skipped} after {last}")
        self._last[day, skipped.series] = skipped.last

    # Against what people were told ----------------------------------------------------------------

    def nothing_lost(
        self, told: list[Answered], alarms: list[bytes], excused: Callable[[Answered], bool]
    ) -> set[str]:
        """What people were told is in the stream, or in an alarm file.

        Args:
          told: answers that wrote something.
          alarms: contents of the alarm files.
          excused: whether an answer may be missing without an alarm.

        Returns:
          Tickets that are known to be lost.
        """
        listed: set[tuple[object, ...]] = set()
        tickets: set[str] = set()
        for content in alarms:
            for lost in msgspec.json.decode(content)["lost"]:
                revision = EntryId.parse(lost["id"]).revision
                listed.add((lost["who"]["id"], revision, lost["ticket"], lost["window"]))
                tickets.update(event["ticket"] for event in lost["events"] if event["e"] == "ticket_issued")
        for answer in told:
            fact = (answer.who, answer.revision, answer.ticket, answer.window)
            if fact in self.facts or fact in listed:
                continue
            if excused(answer):
                tickets.add(answer.ticket or "")
            else:
                instead = self.acts.get((answer.who, answer.key or ""))
                self.world.violated("acknowledged and lost", f"{answer} is in no alarm file; {instead}")
        return tickets

    def archived(self, days: list[Records], end: EntryId) -> None:
        """Everything up to the archive's cursor is in the archive files of one node or another."""
        kept = {entry.id for records in days for entry in records.entries}
        missing = [e.id for e in self.stream if e.id.revision <= end.revision and e.id not in kept]
        if missing or kept - self.ids:
            self.world.violated(
                "archive differs", f"up to {end}: {missing} missing, {kept - self.ids} strange"
            )

    def did_not(self, refused: list[tuple[str, str | None, str | None]]) -> None:
        """What was refused did not happen.

        Args:
          refused: principal, key and ticket of commands; without a key it was a new ticket's issue.
        """
        for who, key, ticket in refused:
            if (who, key) in self.acts if key else ticket in self.numbers:
                self.world.violated("refused and done", f"{key or ticket} of {who}")

    def same_state(self, name: str, state: bytes) -> None:
        """A node's state is what the stream says."""
        if state != canonical(self.state):
            self.world.violated("states differ", f"{name} is not at what the stream says")


def same_numbers(world: World, told: list[Answered], excused: set[str]) -> None:
    """No two tickets of a day were given the same number, whatever became of them.

    Args:
      world: where broken promises are noted.
      told: answers.
      excused: tickets that are known to be lost.
    """
    seen: dict[tuple[str, str], str] = {}
    for answer in told:
        if answer.number is None or answer.ticket is None or answer.ticket in excused:
            continue
        first = seen.setdefault((answer.day, answer.number), answer.ticket)
        if first != answer.ticket:
            world.violated("silent duplicate number", f"{answer.number} is {first} and {answer.ticket}")
