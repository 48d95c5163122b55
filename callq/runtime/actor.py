"""The hall actor: decides in memory, commits in groups, answers when durable.

A command is decided at once on speculative state and joins the open group. One group is in flight
per hall; while it is, the next fills up. Nothing is answered or published before the store has
confirmed it, and everything that was decided on a prefix that did not come about is decided again.
Whatever writes nothing (a refusal, a look, an empty "next") joins the open group as well: a group without
entries checks that the journal still ends there, so that no node answers from a past that another
has gone beyond. `callq.runtime.commits` has the loop, `callq.runtime.speculation` the state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog
import trio

from callq import metrics
from callq.domain import commands as cmd
from callq.domain.decide import next_deadline_ms
from callq.domain.errors import Code, Rejected, StoreUnavailable
from callq.domain.snapshot import encode_state
from callq.journal.port import GENESIS, Snapshot, chained
from callq.runtime.commits import Commits, await_peers
from callq.runtime.deadlines import ANSWER_WITHIN_S, Deadlines
from callq.runtime.group import CommandFailed, HallFault, Item, Outcome
from callq.runtime.hub import FeedHub
from callq.runtime.loading import load
from callq.runtime.speculation import Speculation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState
    from callq.journal.port import Entry, EntryId, Journal, Lineage
    from callq.runtime.clock import NodeClock
    from callq.runtime.commits import Peers
    from callq.runtime.hub import Subscription
    from callq.runtime.past import Past
    from callq.views.view import View

__all__ = ["CommandFailed", "HallActor", "HallFault", "Outcome"]

T = TypeVar("T")

MAX_OPEN: Final = 10_000
"""Callers that may wait in the open group."""

MAX_TIMER_S: Final = 30.0
"""Longest sleep of the timer: a wall clock that is set is noticed within this."""

WAIT_S: Final = 1.0
"""Sleep of the timer while nothing may be decided, or what is due will not be done."""

TICK_JITTER_S: Final = 0.5
"""A node that did not write the last entry leaves what is due to the one that did for so long, and longer."""

EPOCH_SKIP: Final = 20
"""Numbers of each series that are left out after a failover: they may be in people's hands."""

SKIP_LEVEL: Final = 3
"""Schema that can say so."""


class HallActor:
    """One hall on this node.

    Args:
      hall: which.
      journal: shared with other nodes.
      past: what this node knows to have been durable.
      clock: of the node.
      rng: for pauses and minted keys.
      peers: who else lives.
      digest_every: see `Speculation`.
    """

    def __init__(
        self,
        hall: str,
        journal: Journal,
        past: Past,
        clock: NodeClock,
        rng: Random,
        peers: Peers,
        digest_every: int = 0,
    ) -> None:
        self.hall = hall
        self.hub = FeedHub()
        self._journal = journal
        self._past = past
        self._clock = clock
        self._rng = rng
        self._peers = peers
        self._digest_every = digest_every
        self._spec: Speculation
        self._commits: Commits
        self._running = False
        self._deadlines = Deadlines()
        self._time_moved = trio.Event()
        """Something else is due than the timer sleeps for."""
        self._timed_for: tuple[int | None, bool] = None, False
        """The deadline that it sleeps for, and whether this node wrote last."""
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

        def decide(item: Item) -> None:
            self._spec.decide(item, command, who, render, key=key, body=body, guard=guard)

        item = Item(decide)
        came = trio.current_time()
        try:
            answer = await self._submit(item)
        except Rejected as refusal:
            metrics.command_decided(self.hall, str(name), refusal.code)
            raise
        except (StoreUnavailable, CommandFailed) as error:
            code = Code.STORE_UNAVAILABLE if isinstance(error, StoreUnavailable) else Code.INTERNAL
            metrics.command_decided(self.hall, str(name), code)
            raise
        seconds = trio.current_time() - came if item.outcome == "ok" else None
        metrics.command_decided(self.hall, str(name), item.outcome, seconds)
        return answer  # type: ignore[no-any-return]  # the item's answer is what `render` made

    async def read(self, look: Callable[[HallState, int], T]) -> T:
        """Look at the newest state there is on any node; answered when that is certain.

        Raises:
          Rejected: from `look`.
          StoreUnavailable: not certain in time.
        """
        return await self._submit(Item(lambda item: self._spec.look(item, look)))  # type: ignore[no-any-return]

    async def own(self, command: cmd.AnyCommand, guard: Callable[[HallState], None] | None = None) -> None:
        """Decide a command of the node's own and make it durable, ahead of what time has made due.

        Raises:
          Rejected: a rule refuses it, or `guard` does; nothing changed.
          StoreUnavailable: not durable in time.
        """

        def decide(item: Item) -> None:
            self._spec.decide(item, command, cmd.SYSTEM, lambda *_: None, guard=guard)

        if not self._running:
            raise StoreUnavailable("the hall is starting or stopping")
        self._clock.check()
        self._commits.hurry()
        await self._settled(Item(decide, own=True))

    def glance(self, look: Callable[[HallState], T]) -> T:
        """Look at the state as decided, durable or not: for figures that a moment makes old anyway."""
        return look(self._spec.state)

    async def snapshot(self) -> Snapshot:
        """The whole durable state, as of some moment from now on.

        Raises:
          StoreUnavailable: try again.
        """

        def at_seal(tip: EntryId) -> Snapshot:
            return Snapshot(tip, encode_state(self._spec.state))

        return await self._submit(Item(lambda item: self._spec.look(item, lambda *_: None), at_seal))  # type: ignore[no-any-return]

    async def events(self, since: int, limit: int) -> list[Entry]:
        """Durable entries after revision `since`, oldest first.

        Raises:
          Rejected: `trimmed`, when entries right after `since` are no longer kept.
          StoreUnavailable: try again.
        """
        entries = await self.kept(since, limit)
        if entries and entries[0].id.revision != since + 1:
            first = entries[0].id.revision
            raise Rejected(
                Code.TRIMMED, f"the oldest event kept is {first}", f"start from {first - 1}", hall=self.hall
            )
        return entries

    async def kept(self, since: int, limit: int) -> list[Entry]:
        """Durable entries after revision `since` that are still in the journal, oldest first.

        Raises:
          StoreUnavailable: try again.
        """
        await self.read(lambda *_: None)
        durable = self._spec.durable
        entries = await self._journal.read_revisions(self.hall, since, limit)
        entries = [e for e in entries if e.id.revision <= durable.revision]
        if entries and entries[-1].id.revision == durable.revision and entries[-1].id != durable:
            raise StoreUnavailable("the journal is of another history")
        return entries

    def subscribe(self, view: View, since: int | None, epoch: str | None) -> Subscription:
        """Follow a view; its first frame is a snapshot, or what changed after `since`.

        Raises:
          Rejected: the view names an unknown zone, window or ticket.
          FeedClosed: the hall is stopping.
          StoreUnavailable: what the reader has seen elsewhere cannot be had here now.
        """
        spec = self._spec
        subscription = self.hub.subscribe(view, since, epoch, spec.state, spec.now())
        if self.hub.wants_fresh and not spec.open.entries:
            # The state is the end of what is durable or in flight: the view can be made from it now.
            sealed = self.hub.seal(set(), spec.state, spec.now())
            if spec.in_flight is None or spec.in_flight.sealed is None:
                self.hub.publish(sealed)
            else:
                spec.in_flight.sealed.made.extend(sealed.made)
        if since is not None and self.hub.lags(since, epoch):
            # It comes from a node that knew more: what it is shown must not be older than what it saw.
            if (refusal := self.refusal()) is not None:
                subscription.close()
                raise refusal
            newest = Item(lambda item: spec.look(item, lambda *_: None))
            self._deadlines.add(newest)
            self._commits.join(newest)
            subscription.hold(newest)
        return subscription

    def heard(self, tip: EntryId, *, newest: bool = False) -> None:
        """A hint that the journal ended at `tip`; `newest`: it was asked, and ended there a moment ago."""
        self._commits.heard(tip, newest=newest)

    @property
    def revision(self) -> int:
        """Durable revision."""
        return self._spec.durable.revision

    @property
    def level(self) -> int:
        """Schema in force (may be a moment ahead of durable)."""
        return self._spec.state.level

    @property
    def day(self) -> str:
        """Business day in force, ISO date (likewise)."""
        return self._spec.state.day

    @property
    def config_digest(self) -> str:
        """Digest of the configuration in force (likewise)."""
        return self._spec.state.digest

    @property
    def config(self) -> HallConfig:
        """The configuration in force (likewise)."""
        return self._spec.state.config

    @property
    def acts_first(self) -> bool:
        """Whether what time asks for is this node's to do at once: it wrote last, or there is no other."""
        return self._commits.wrote_last or not self._peers.has_peers

    def now(self) -> int:
        """The hall's time, Unix ms."""
        return self._spec.now()

    def pending(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Callers and batches of the open group, and of the one in flight."""
        opened, flying = self._spec.open, self._spec.in_flight
        in_flight = (len(flying.items), len(flying.entries)) if flying else (0, 0)
        return (len(opened.items), len(opened.entries)), in_flight

    # Life -----------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Settle what this node knows with what the journal holds, and replay it.

        Raises:
          StoreUnavailable, LineageBroken: try again.
          Quarantined: an entry cannot be read or applied.
        """
        past = self._past
        await past.settle(self._journal, self._clock())

        def seen(page: Sequence[Entry]) -> None:
            later = [entry for entry in page if entry.id.revision > past.tip.revision]
            if past.tip != GENESIS and later and later[0] == chained(past.tip, later[0].payload):
                past.add(past.tip, later)

        state, durable = await load(self._journal, self.hall, seen)
        if past.tip != durable:
            await past.begin(self._journal, durable)
        spec = Speculation(state, durable, self._clock, self._rng, self._digest_every)
        self._spec = spec
        self._commits = Commits(
            spec, self.hub, self._journal, past, self._clock, self._rng, self._peers, self
        )
        self.hub.publish(self.hub.seal(set(), state, state.now_ms))

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Commit and keep time until cancelled; `load` comes first.

        Raises:
          HallFault: the supervisor should load this hall anew.
        """
        lineage = await self._journal.lineage()
        if self._spec.state.created and lineage.epoch != self._spec.state.epoch:
            await await_peers(self._peers, lineage)
        self._clock.check()
        self._open_epoch(lineage)
        self._running = True
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._commits.run)
                nursery.start_soon(self._keep_time)
                nursery.start_soon(self._deadlines.run)
                task_status.started()
        finally:
            self._stop()

    def _stop(self) -> None:
        """Turn everyone away: whatever was not confirmed may or may not have come about."""
        self._running = False
        self.hub.close()
        for item in self._spec.take_back():
            if not item.settled.is_set():
                item.error = StoreUnavailable("the hall is being loaded anew")
                item.settled.set()

    # Deciding -------------------------------------------------------------------------------------

    def refusal(self) -> StoreUnavailable | None:
        """Why nothing may be decided for anybody now; None: it may."""
        if not self._running:
            return StoreUnavailable("the hall is starting or stopping")
        if not self._peers.serving:
            return StoreUnavailable("the store cannot be reached, or has just come back")
        return self._clock.refusal()

    async def _submit(self, item: Item) -> Any:  # noqa: ANN401  # typed by the doors
        if (refusal := self.refusal()) is not None:
            raise refusal
        if self._commits.outage_s >= ANSWER_WITHIN_S:
            raise StoreUnavailable("the store cannot be reached")
        if len(self._spec.open.items) >= MAX_OPEN:
            raise StoreUnavailable("too many commands are waiting for the store")
        self._tick_if_due()
        return await self._settled(item)

    async def _settled(self, item: Item) -> Any:  # noqa: ANN401
        """Decide an item and wait until what it rests on is durable."""
        self._deadlines.add(item)
        self._commits.join(item)
        try:
            await item.settled.wait()
        finally:
            # If nothing comes of it, it is not decided again later for nobody.
            item.gone |= not item.settled.is_set()
        error, item.error = item.error, None
        if error is None:
            return item.answer
        try:
            # Its frames hold the item: were it still there, or named here, who asked would stay until the
            # collector comes, with the connection and all that it has read.
            raise error
        finally:
            del error

    def goes_on(self, lineage: Lineage | None) -> None:
        """Decide what comes before any caller: a new epoch, and what time has made due."""
        if lineage is not None:
            self._open_epoch(lineage)
        self._tick_if_due()

    def _open_epoch(self, lineage: Lineage) -> None:
        """Record a new lineage of the store before anything else is decided under it."""
        state = self._spec.state
        if state.created and lineage.epoch != state.epoch:
            skip = EPOCH_SKIP if lineage.promoted and state.level >= SKIP_LEVEL else 0
            self._decide_internally(cmd.OpenEpoch(epoch=lineage.epoch, skip=skip), None)

    def _decide_internally(self, command: cmd.AnyCommand, key: str | None) -> None:
        """Decide a command of the node's own; if it is taken back, the reason for it is looked at anew."""
        item = Item(lambda item: item.settled.set(), own=True)
        self._spec.decide(item, command, cmd.SYSTEM, lambda *_: None, key=key)
        self._commits.wake()

    # Time -----------------------------------------------------------------------------------------

    def _tick_if_due(self) -> bool:
        """What time makes due comes before whatever is asked then; False: something is due and not done."""
        state = self._spec.state
        while (deadline := next_deadline_ms(state)) is not None and deadline <= self._spec.now():
            ends_day = deadline == state.day_ends_ms
            if self.refusal() is not None or (ends_day and self._clock.doubtful):
                return False
            before = state.revision
            self._decide_internally(cmd.Tick(), f"~tick:{deadline}")
            if state.revision == before:
                self._log.error("tick_did_nothing", deadline_ms=deadline)
                return False
        return True

    def changed(self) -> None:
        """What is durable has changed: time may make something due at another moment."""
        if self._timed_for != (next_deadline_ms(self._spec.state), self._commits.wrote_last):
            self._time_moved.set()

    async def _keep_time(self) -> None:
        done = True
        while True:
            self._time_moved = trio.Event()
            deadline = next_deadline_ms(self._spec.state)
            self._timed_for = deadline, self._commits.wrote_last
            wait_s = MAX_TIMER_S if deadline is None else (deadline - self._spec.now()) / 1000
            wait_s = min(MAX_TIMER_S, max(0.05 if done else WAIT_S, wait_s))
            if not self.acts_first:
                # On top of the longest sleep, too: it may end right when something is due.
                wait_s += TICK_JITTER_S * self._rng.uniform(1, 2)
            with trio.move_on_after(wait_s) as scope:
                await self._time_moved.wait()
            if scope.cancelled_caught:
                done = self._tick_if_due()
