"""The state of one hall as decided: what is durable, what is on its way, what is open.

    durable  <=  group in flight  <=  open group  =  `state`

Everything here happens at once, without I/O: deciding a command on the right edge, sealing the open
group, and what becomes of a group: it is confirmed, or it is taken back by its undo log, what the
journal has instead is adopted, and its callers are decided again in the same order.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from callq.domain.apply import apply
from callq.domain.decide import decide
from callq.domain.errors import CallqError, Code, Rejected, StoreUnavailable
from callq.domain.events import (
    SCHEMA_VERSION,
    Batch,
    FeatureLevelRaised,
    decode_batch,
    encode_batch,
    encode_command,
)
from callq.domain.levels import required_level
from callq.domain.state import state_digest
from callq.journal.port import chained
from callq.runtime.group import CommandFailed, Drifted, Group, Item, Outcome
from callq.runtime.ids import new_key
from callq.runtime.loading import apply_entry
from callq.views.view import touched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from callq.domain import commands as cmd
    from callq.domain.events import Event
    from callq.domain.state import HallState
    from callq.journal.port import Entry, EntryId
    from callq.views.view import Topic

BASE_LEVEL: Final = 2
"""Schema that every callq reads which may share a store with this one."""


DIGEST_LEVEL: Final = 3
"""Schema that has a digest in its batches."""


class Speculation:
    """One hall's state, and the groups that it runs ahead of the journal by.

    Args:
      state: durable.
      durable: id of the last entry in it.
      clock: Unix ms.
      rng: for keys of commands that came without one.
      digest_every: entries between digests of the state, which let nodes notice that they drifted apart;
        0: none.
    """

    def __init__(
        self,
        state: HallState,
        durable: EntryId,
        clock: Callable[[], int],
        rng: Random,
        digest_every: int = 0,
    ) -> None:
        self.state = state
        self.durable = durable
        self.open = Group(durable)
        self.in_flight: Group | None = None
        self._clock = clock
        self._rng = rng
        self._digest_every = digest_every
        self._log = structlog.get_logger().bind(hall=state.hall)

    def now(self) -> int:
        """The hall's time, Unix ms: never less than that of its last batch."""
        return max(self._clock(), self.state.now_ms)

    # Deciding -------------------------------------------------------------------------------------

    def look(self, item: Item, look: Callable[[HallState, int], object]) -> None:
        """Answer a look at the state; it rests on everything decided so far."""
        self._attempt(item, lambda: look(self.state, self.now()))
        self.open.items.append(item)

    def decide(
        self,
        item: Item,
        command: cmd.AnyCommand,
        who: cmd.Actor,
        render: Callable[[HallState, Outcome, int], object],
        *,
        key: str | None = None,
        body: bytes = b"",
        guard: Callable[[HallState], None] | None = None,
    ) -> None:
        """Decide a command on the state as it is; see `HallActor.command`."""
        group = self.open
        mark = group.undo.mark()

        def make() -> object:
            state, now = self.state, self.now()
            if key is not None and (known := state.remembered(who.id, key)):
                if known.body != body:
                    raise Rejected(
                        Code.IDEMPOTENCY_CONFLICT,
                        "the key was used with another body",
                        "use a new key for a new command",
                    )
                item.outcome = "replayed"
                return render(state, Outcome(known.revision, known.ticket, known.window, True), now)
            if guard is not None:
                guard(state)
            decision = decide(state, command, now, who)
            item.outcome = "ok" if decision.events else "nothing"
            if not decision.events:
                return render(state, Outcome(state.revision, decision.ticket, decision.window, False), now)
            batch = Batch(
                v=self._level(decision.events),
                at_ms=now,
                who=who,
                key=key or new_key(self._rng),
                command=encode_command(command),
                events=decision.events,
                body=body if key else b"",
                ticket=decision.ticket,
                window=decision.window,
                digest=self._digest(),
            )
            payload = encode_batch(batch)
            # What replay will read is what is applied now: a batch the codec changes is found here.
            batch = decode_batch(payload)
            apply(state, batch, group.undo)
            answer = render(state, Outcome(state.revision, decision.ticket, decision.window, False), now)
            group.touched |= touched(batch.events, state)
            group.entries.append(chained(group.tip, payload))
            return answer

        if not self._attempt(item, make):
            group.undo.rollback(mark)
        group.items.append(item)

    def _level(self, events: Sequence[Event]) -> int:
        """Schema to write a batch in: the one that every live node reads.

        That which creates a hall is written with what it needs; whoever creates one has asked the others.

        Raises:
          StoreUnavailable: an older node lives, which could not read it.
        """
        level = max(self.state.level, BASE_LEVEL)
        if level >= SCHEMA_VERSION:
            return level
        needed = required_level(events)
        raises = any(isinstance(event, FeatureLevelRaised) for event in events)
        if needed > level and self.state.created and not raises:
            raise StoreUnavailable(
                f"this needs schema {needed} and the hall is at {level}: possible once every node is upgraded"
            )
        return max(level, needed)

    def _digest(self) -> str:
        state = self.state
        due = self._digest_every and state.revision % self._digest_every == 0 and state.level >= DIGEST_LEVEL
        return state_digest(state) if due else ""

    def _attempt(self, item: Item, make: Callable[[], object]) -> bool:
        """Run a decision or rendering; keep its answer or its error."""
        item.answer = item.error = None
        try:
            item.answer = make()
        except CallqError as error:
            item.error = error
            if isinstance(error, Rejected):
                error.revision = self.state.revision
        except Exception as error:
            # A fault in one command must not take the hall down with it.
            self._log.exception("command_failed", error=repr(error))
            item.error = CommandFailed(repr(error))
            item.error.__cause__ = error
        return item.error is None

    # What becomes of groups -----------------------------------------------------------------------

    def seal(self) -> Group:
        """Put the open group on its way; what is decided from now on joins the next."""
        group = self.open
        group.epoch = self.state.epoch
        for item in group.items:
            if item.at_seal is not None and not item.gone:
                self._attempt(item, partial(item.at_seal, group.tip))
        self.open = Group(group.tip)
        self.in_flight = group
        return group

    def confirm(self) -> Group:
        """The group in flight is durable."""
        group = self.in_flight
        assert group is not None
        self.durable = group.tip
        self.in_flight = None
        return group

    def take_back(self) -> list[Item]:
        """Undo all speculation; answers its callers, to be decided again in this order."""
        groups = [*([self.in_flight] if self.in_flight else []), self.open]
        for group in reversed(groups):
            group.undo.rollback()
        self.in_flight = None
        self.open = Group(self.durable)
        return [item for group in groups for item in group.items]

    def adopt(self, entries: Sequence[Entry]) -> set[Topic]:
        """Apply durable entries of the journal, with no speculation on top; answers what they touched.

        Raises:
          Quarantined: one of them cannot be read or applied.
          Drifted: another node's digest is not of this state.
        """
        changed: set[Topic] = set()
        for entry in entries:
            ours = state_digest(self.state) if self._digest_every and b"digest" in entry.payload else ""
            batch = apply_entry(self.state, entry)
            if ours and batch.digest not in ("", ours):
                raise Drifted(
                    f"before revision {entry.id.revision} the state is {ours}, its writer had {batch.digest}"
                )
            changed |= touched(batch.events, self.state)
            self.durable = entry.id
        self.open = Group(self.durable)
        return changed
