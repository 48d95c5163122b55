"""The hall actor: decides in memory, commits in groups, answers when durable.

A command is decided at once on speculative state and joins the open group. One group is in flight
per hall; while it is, the next fills up. Nothing is answered or published before the store has
confirmed it, and everything that was decided on a prefix that did not come about is decided again:

    durable state <= group in flight <= open group == `state`

Every error of the store is an unknown outcome. It is resolved by reading the journal: the group is
there (confirmed), nothing is (sent again, the same entries with the same ids, so it cannot double),
or somebody else's entries are (adopted, and ours decided again on top).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog
import trio

from callq import metrics
from callq.domain import commands as cmd
from callq.domain.apply import apply
from callq.domain.decide import decide, next_deadline_ms
from callq.domain.errors import CallqError, Code, Rejected, StoreUnavailable
from callq.domain.events import SCHEMA_VERSION, Batch, decode_batch, encode_batch, encode_command
from callq.domain.state import HallState
from callq.domain.undo import Undo
from callq.journal.port import GENESIS, AppendRefused, Entry, LineageBroken, chained
from callq.runtime.group import CommandFailed, Group, HallFault, Item, Outcome
from callq.runtime.hub import FeedHub
from callq.runtime.ids import new_key, wall_ms
from callq.views.view import touched

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.hall import HallConfig
    from callq.journal.port import Journal
    from callq.runtime.hub import Sealed, Subscription
    from callq.views.view import Topic, View

__all__ = ["CommandFailed", "HallActor", "HallFault", "Outcome"]

T = TypeVar("T")

ANSWER_WITHIN_S: Final = 5.0
"""A caller whose command is not durable by then gets `StoreUnavailable`; its command may still come
about, and repeating it with the same key finds out."""

MAX_OPEN: Final = 4096
"""Batches waiting behind the group in flight before callers are turned away."""

FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 2.0
"""Between two tries to find out what became of a group."""

MAX_TIMER_S: Final = 30.0
"""Longest sleep of the timer: a wall clock that is set is noticed within this."""


class HallActor:
    """One hall on this node."""

    def __init__(self, hall: str, journal: Journal, *, clock: Callable[[], int] = wall_ms) -> None:
        self.hall = hall
        self.hub = FeedHub()
        self._journal = journal
        self._clock = clock
        self._state = HallState(hall)
        self._durable = GENESIS
        self._open = Group(GENESIS)
        self._in_flight: tuple[Group, Sealed] | None = None
        self._wake = trio.Event()
        self._timer_changed = trio.Event()
        self._outage_since: float | None = None
        self._running = False
        self._log = structlog.get_logger().bind(hall=hall)

    # Doors ----------------------------------------------------------------------------------------

    async def command(
        self,
        command: cmd.AnyCommand,
        *,
        who: cmd.Actor,
        render: Callable[[HallState, Outcome, int], T],
        key: str | None = None,
        body: bytes = b"",
        guard: Callable[[HallState], None] | None = None,
    ) -> T:
        """Decide a command, make it durable, and answer.

        Args:
          command: what is wanted.
          who: the principal; idempotency keys are scoped to it.
          render: makes the answer from (state, outcome, now_ms) right after the decision.
          key: idempotency key; an accepted one acts once and answers the same ids and revision.
          body: digest of the request body, 16 bytes, compared when a key comes again.
          guard: what else the caller's authority depends on, looked at on the very state that the
            command is decided on; not for a key that was accepted before.

        Raises:
          Rejected: a rule refuses it; nothing changed.
          StoreUnavailable: not durable in time; repeat with the same key.
          CommandFailed: a fault in callq; nothing changed.
        """
        name = command.__struct_config__.tag

        def decide_item(item: Item) -> None:
            self._decide(item, command, who, render, key, body, guard)

        item = Item(decide_item)
        try:
            answer = await self._submit(item)
        except Rejected as refusal:
            metrics.command_decided(self.hall, str(name), refusal.code)
            raise
        except (StoreUnavailable, CommandFailed) as error:
            code = Code.STORE_UNAVAILABLE if isinstance(error, StoreUnavailable) else Code.INTERNAL
            metrics.command_decided(self.hall, str(name), code)
            raise
        metrics.command_decided(self.hall, str(name), item.outcome)
        return answer  # type: ignore[no-any-return]  # the item's answer is what `render` made

    async def read(self, look: Callable[[HallState, int], T]) -> T:
        """Look at the state; answered when everything it may have seen is durable.

        Raises:
          Rejected: from `look`.
          StoreUnavailable: not durable in time.
        """

        def decide_item(item: Item) -> None:
            self._attempt(item, lambda: look(self._state, self._now()))
            self._wait_for_prefix(item)

        return await self._submit(Item(decide_item))  # type: ignore[no-any-return]

    async def events(self, since: int, limit: int) -> list[Entry]:
        """Durable entries after revision `since`, oldest first.

        Raises:
          Rejected: `trimmed`, when entries right after `since` are no longer kept.
          StoreUnavailable: try again.
        """
        entries = await self._journal.read_revisions(self.hall, since, limit)
        entries = [e for e in entries if e.id.revision <= self._durable.revision]
        if entries and entries[0].id.revision != since + 1:
            first = entries[0].id.revision
            raise Rejected(
                Code.TRIMMED, f"the oldest event kept is {first}", f"start from {first - 1}", hall=self.hall
            )
        return entries

    def subscribe(self, view: View, since: int | None, epoch: str | None) -> Subscription:
        """Follow a view; its first frame is a snapshot, or what changed after `since`.

        Raises:
          Rejected: the view names an unknown zone, window or ticket.
          FeedClosed: the hall is stopping.
        """
        subscription = self.hub.subscribe(view, since, epoch, self._state, self._now())
        if self.hub.wants_fresh and not self._open.entries:
            # The state is the end of what is durable or in flight: the view can be made from it now.
            sealed = self.hub.seal(set(), self._state, self._now())
            if self._in_flight is None:
                self.hub.publish(sealed)
            else:
                self._in_flight[1].made.extend(sealed.made)
        return subscription

    @property
    def revision(self) -> int:
        """Durable revision."""
        return self._durable.revision

    @property
    def config_digest(self) -> str:
        """Digest of the configuration in force (may be a moment ahead of durable)."""
        return self._state.digest

    @property
    def config(self) -> HallConfig:
        """The configuration in force, likewise."""
        return self._state.config

    # Life -----------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Replay the journal.

        Raises:
          StoreUnavailable: try again.
          LineageBroken: the journal does not follow from its own chain.
          BadBytes: written by a newer callq, or damaged.
        """
        while entries := await self._journal.read(self.hall, self._durable):
            self._adopt(entries)
            await trio.lowlevel.checkpoint()
        self._open = Group(self._durable)
        self.hub.publish(self.hub.seal(set(), self._state, self._now()))

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Commit and keep time until cancelled; `load` comes first.

        Raises:
          HallFault, BadBytes: the supervisor should restart this hall.
        """
        self._open_epoch((await self._journal.lineage()).epoch)
        self._running = True
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._commit_forever)
                nursery.start_soon(self._keep_time)
                task_status.started()
        finally:
            self._stop()

    def _stop(self) -> None:
        """Turn everyone away: whatever was not confirmed may or may not have come about."""
        self._running = False
        groups = [self._in_flight[0]] if self._in_flight else []
        for group in [*groups, self._open]:
            for item in group.items:
                if not item.settled.is_set():
                    item.error = StoreUnavailable("the hall is being restarted")
                    item.settled.set()
        self.hub.close()

    # Deciding -------------------------------------------------------------------------------------

    def _now(self) -> int:
        return max(self._clock(), self._state.now_ms)

    async def _submit(self, item: Item) -> Any:  # noqa: ANN401  # typed by the doors
        if not self._running:
            raise StoreUnavailable("the hall is starting or stopping")
        if self._outage_since is not None and trio.current_time() - self._outage_since >= ANSWER_WITHIN_S:
            raise StoreUnavailable("the store cannot be reached")
        if len(self._open.entries) >= MAX_OPEN:
            raise StoreUnavailable("too many commands are waiting for the store")
        self._tick_if_due()
        item.decide(item)
        with trio.move_on_after(ANSWER_WITHIN_S) as scope:
            await item.settled.wait()
        if scope.cancelled_caught:
            raise StoreUnavailable()
        if item.error is not None:
            raise item.error
        return item.answer

    def _attempt(self, item: Item, make: Callable[[], object]) -> bool:
        """Run a decision or rendering; keep its answer or its error."""
        item.answer = item.error = None
        try:
            item.answer = make()
        except CallqError as error:
            item.error = error
            if isinstance(error, Rejected):
                error.revision = self._state.revision
        except Exception as error:
            # A fault in one command must not take the hall down with it.
            self._log.exception("command failed", error=repr(error))
            item.error = CommandFailed(repr(error))
            item.error.__cause__ = error
        return item.error is None

    def _decide(
        self,
        item: Item,
        command: cmd.AnyCommand,
        who: cmd.Actor,
        render: Callable[[HallState, Outcome, int], object],
        key: str | None,
        body: bytes,
        guard: Callable[[HallState], None] | None = None,
    ) -> None:
        group = self._open
        mark = group.undo.mark()
        wrote = False

        def make() -> object:
            nonlocal wrote
            state, now = self._state, self._now()
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
                v=SCHEMA_VERSION,
                at_ms=now,
                who=who,
                key=key or new_key(),
                command=encode_command(command),
                events=decision.events,
                body=body if key else b"",
                ticket=decision.ticket,
                window=decision.window,
            )
            payload = encode_batch(batch)
            # What replay will read is what is applied now: a batch the codec changes is found here.
            batch = decode_batch(payload)
            apply(state, batch, group.undo)
            answer = render(state, Outcome(state.revision, decision.ticket, decision.window, False), now)
            group.touched |= touched(batch.events, state)
            group.entries.append(chained(group.tip, payload))
            wrote = True
            return answer

        if not self._attempt(item, make):
            group.undo.rollback(mark)
        if wrote:
            group.items.append(item)
            self._wake.set()
        else:
            self._wait_for_prefix(item)

    def _wait_for_prefix(self, item: Item) -> None:
        """Settle an answer that wrote nothing when all it was decided on is durable."""
        if self._open.entries:
            self._open.items.append(item)
        elif self._in_flight is not None:
            self._in_flight[0].items.append(item)
        else:
            item.settled.set()

    # Committing -----------------------------------------------------------------------------------

    async def _commit_forever(self) -> None:
        while True:
            if not self._open.entries:
                self._wake = trio.Event()
                await self._wake.wait()
            group = self._open
            self._open = Group(group.tip)
            sealed = self.hub.seal(group.touched, self._state, self._state.now_ms)
            self._in_flight = (group, sealed)
            started = trio.current_time()
            await self._commit(group, sealed)
            metrics.group_committed(self.hall, len(group.entries), trio.current_time() - started)

    async def _commit(self, group: Group, sealed: Sealed) -> None:
        """Bring a group to its end: confirmed, or its callers decided again."""
        delay_s = FIRST_PAUSE_S
        while True:
            try:
                receipt = await self._journal.append(self.hall, group.base, group.entries)
            except AppendRefused as refused:
                self._log.warning("commit refused", expected=str(group.base), found=str(refused.last))
            except StoreUnavailable as error:
                self._outage(error)
            else:
                self._confirm(group, sealed)
                self._open_epoch(receipt.lineage.epoch)
                return
            if await self._resolve(group, sealed):
                return
            await trio.sleep(delay_s * random.uniform(0.5, 1.5))
            delay_s = min(LONGEST_PAUSE_S, delay_s * 2)

    async def _resolve(self, group: Group, sealed: Sealed) -> bool:
        """Find out what became of a group; False: nothing, send it again."""
        try:
            found = await self._read_all()
            epoch = (await self._journal.lineage()).epoch
        except StoreUnavailable as error:
            self._outage(error)
            return False
        except LineageBroken as error:
            raise HallFault(f"the journal lost what was durable: {error}") from error
        ids = [entry.id for entry in found]
        mine = [entry.id for entry in group.entries]
        if ids[: len(mine)] == mine:
            self._confirm(group, sealed)
            found = found[len(mine) :]
            if found or epoch != self._state.epoch:
                self._decide_again([self._open], found, epoch)
            return True
        if not found and epoch == self._state.epoch:
            return False
        if set(ids) & set(mine):
            raise HallFault("part of a group is in the journal: groups are atomic, so this store is damaged")
        self._in_flight = None
        self.hub.discard(sealed)
        self._decide_again([group, self._open], found, epoch)
        return True

    async def _read_all(self) -> list[Entry]:
        """Everything after the durable cursor."""
        found: list[Entry] = []
        cursor = self._durable
        while entries := await self._journal.read(self.hall, cursor):
            found += entries
            cursor = entries[-1].id
        return found

    def _confirm(self, group: Group, sealed: Sealed) -> None:
        self._durable = group.tip
        self._in_flight = None
        if self._outage_since is not None:
            self._outage_since = None
            self._log.info("store is back", revision=self.revision)
            metrics.store_outage(self.hall, False)
        self.hub.publish(sealed)
        self._timer_changed.set()
        for item in group.items:
            item.settled.set()

    def _decide_again(self, groups: list[Group], found: list[Entry], epoch: str) -> None:
        """Take speculation back, adopt what the journal has, and decide its callers afresh."""
        items = [item for group in groups for item in group.items]
        for group in reversed(groups):
            group.undo.rollback()
        changed = self._adopt(found)
        self.hub.publish(self.hub.seal(changed, self._state, self._state.now_ms))
        self._open = Group(self._durable)
        self._open_epoch(epoch)
        self._tick_if_due()
        for item in items:
            item.decide(item)

    def _adopt(self, entries: list[Entry]) -> set[Topic]:
        """Apply durable entries of the journal; answers what they touched."""
        changed: set[Topic] = set()
        for entry in entries:
            batch = decode_batch(entry.payload)
            apply(self._state, batch, Undo())
            changed |= touched(batch.events, self._state)
            self._durable = entry.id
        return changed

    def _open_epoch(self, epoch: str) -> None:
        """Record a new lineage of the store before anything else is decided under it."""
        if self._state.created and epoch != self._state.epoch:
            self._decide_internally(cmd.OpenEpoch(epoch=epoch), None)

    def _decide_internally(self, command: cmd.AnyCommand, key: str | None) -> None:
        """Decide a command of the node's own; if it is taken back, the reason for it is looked at anew."""
        item = Item(lambda item: item.settled.set())
        self._decide(item, command, cmd.SYSTEM, lambda *_: None, key, b"")

    def _outage(self, error: StoreUnavailable) -> None:
        if self._outage_since is None:
            self._outage_since = trio.current_time()
            self._log.error("store unavailable", error=str(error))
            metrics.store_outage(self.hall, True)

    # Time -----------------------------------------------------------------------------------------

    def _tick_if_due(self) -> None:
        """What time makes due comes before whatever is asked at that time."""
        while (deadline := next_deadline_ms(self._state)) is not None and deadline <= self._now():
            before = self._state.revision
            self._decide_internally(cmd.Tick(), None)
            if self._state.revision == before:
                self._log.error("a tick was due and did nothing", deadline=deadline)
                return

    async def _keep_time(self) -> None:
        while True:
            self._tick_if_due()
            deadline = next_deadline_ms(self._state)
            wait_s = MAX_TIMER_S if deadline is None else (deadline - self._now()) / 1000
            self._timer_changed = trio.Event()
            with trio.move_on_after(min(MAX_TIMER_S, max(0.05, wait_s))):
                await self._timer_changed.wait()
