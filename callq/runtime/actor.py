"""The hall actor: decides in memory, commits in groups, answers when durable.

A command is decided at once on speculative state and joins the open group. One group is in flight
per hall; while it is, the next fills up. Nothing is answered or published before the store has
confirmed it, and everything that was decided on a prefix that did not come about is decided again.
Whatever writes nothing (a refusal, a look, an empty "next") joins the open group as well: a group without
entries checks that the journal still ends there, so that no node answers from a past that another
has gone beyond.

Every error of the store is an unknown outcome. It is resolved by reading the journal: the group is
there (confirmed), nothing is (sent again, the same entries with the same ids, so it cannot double),
or somebody else's entries are (adopted, and ours decided again on top). A journal that has lost what
was durable ends the actor: the hall is loaded anew, which gives back what can be given back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import structlog
import trio

from callq import metrics
from callq.domain import commands as cmd
from callq.domain.decide import next_deadline_ms
from callq.domain.errors import Code, Rejected, StoreUnavailable
from callq.domain.snapshot import encode_state
from callq.journal.port import GENESIS, AppendRefused, LineageBroken, LineageChanged, Snapshot, chained
from callq.runtime.group import CommandFailed, Group, HallFault, Item, Outcome
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
    from callq.runtime.hub import Subscription
    from callq.runtime.past import Past
    from callq.views.view import View

__all__ = ["CommandFailed", "HallActor", "HallFault", "Outcome"]

T = TypeVar("T")

ANSWER_WITHIN_S: Final = 5.0
"""A caller whose command is not durable by then gets `StoreUnavailable`; its command may still come
about, and repeating it with the same key finds out."""

MAX_OPEN: Final = 10_000
"""Callers that may wait in the open group."""

FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 2.0
"""Between attempts to reach the store."""

MAX_TIMER_S: Final = 30.0
"""Longest sleep of the timer: a wall clock that is set is noticed within this."""

TICK_JITTER_S: Final = 0.5
"""A node that did not write the last entry leaves what is due to the one that did for so long, and longer."""

RACE_S: Final = 1.0
RACE_REFUSALS: Final = 3
RACE_PAUSE_S: Final = 0.02
"""So many refusals within so long are a race: from then on each is followed by a pause up to this times
their number."""

EPOCH_PATIENCE_S: Final = 10.0
"""How long peers may take to give back to a new lineage what it lost, before a node goes on in it."""

EPOCH_SKIP: Final = 20
"""Numbers of each series that are left out after a failover: they may be in people's hands."""

SKIP_LEVEL: Final = 3
"""Schema that can say so."""


class Peers(Protocol):
    """What an actor needs to know of other nodes."""

    @property
    def has_peers(self) -> bool:
        """Whether other nodes live."""
        ...

    @property
    def serving(self) -> bool:
        """Whether the store is there, and no outage waits to be recorded."""
        ...

    async def peers_settled(self, epoch: str) -> None:
        """Wait until all of them have given back to this lineage of the store what it lost."""
        ...


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
        self._wake = trio.Event()
        self._behind = False
        self._timer_changed = trio.Event()
        self._wrote_last = False
        self._refusals: list[float] = []
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

        def decide(item: Item) -> None:
            self._spec.decide(item, command, who, render, key=key, body=body, guard=guard)

        item = Item(decide)
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

        self._clock.check()
        await self._settled(Item(decide))

    def glance(self, look: Callable[[HallState], T]) -> T:
        """Look at the state as decided, durable or not: for figures that a moment makes old anyway."""
        return look(self._spec.state)

    async def snapshot(self) -> Snapshot:
        """The whole durable state, as of some moment from now on.

        Raises:
          StoreUnavailable: try again.
        """

        def at_seal(item: Item, tip: EntryId) -> None:
            item.answer = Snapshot(tip, encode_state(self._spec.state))

        return await self._submit(Item(lambda item: self._spec.look(item, lambda *_: None), at_seal))  # type: ignore[no-any-return]

    async def events(self, since: int, limit: int) -> list[Entry]:
        """Durable entries after revision `since`, oldest first.

        Raises:
          Rejected: `trimmed`, when entries right after `since` are no longer kept.
          StoreUnavailable: try again.
        """
        entries = await self._journal.read_revisions(self.hall, since, limit)
        entries = [e for e in entries if e.id.revision <= self.revision]
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
            newest = Item(lambda item: spec.look(item, lambda *_: None))
            newest.decide(newest)
            self._wake.set()
            subscription.hold(newest.settled)
        return subscription

    def heard(self, tip: EntryId, *, newest: bool = False) -> None:
        """A hint that the journal ended at `tip`; `newest`: it was asked, and ended there a moment ago."""
        spec = self._spec
        flying = spec.in_flight.tip if spec.in_flight else spec.durable
        if tip not in (spec.durable, flying) and (newest or tip.revision >= spec.durable.revision):
            self._behind = True
            self._wake.set()

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
        self._spec = Speculation(state, durable, self._clock, self._rng, self._digest_every)
        self.hub.publish(self.hub.seal(set(), state, state.now_ms))

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Commit and keep time until cancelled; `load` comes first.

        Raises:
          HallFault: the supervisor should load this hall anew.
        """
        self._open_epoch(await self._settled_lineage())
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
        for item in self._spec.take_back():
            if not item.settled.is_set():
                item.error = StoreUnavailable("the hall is being loaded anew")
                item.settled.set()
        self.hub.close()

    async def _submit(self, item: Item) -> Any:  # noqa: ANN401  # typed by the doors
        if not self._peers.serving:
            raise StoreUnavailable("the store cannot be reached, or has just come back")
        if len(self._spec.open.items) >= MAX_OPEN:
            raise StoreUnavailable("too many commands are waiting for the store")
        self._clock.check()
        self._tick_if_due()
        return await self._settled(item)

    async def _settled(self, item: Item) -> Any:  # noqa: ANN401
        """Decide an item and wait until what it rests on is durable."""
        if not self._running:
            raise StoreUnavailable("the hall is starting or stopping")
        if self._outage_since is not None and trio.current_time() - self._outage_since >= ANSWER_WITHIN_S:
            raise StoreUnavailable("the store cannot be reached")
        item.decide(item)
        self._wake.set()
        with trio.move_on_after(ANSWER_WITHIN_S) as scope:
            await item.settled.wait()
        if scope.cancelled_caught:
            raise StoreUnavailable()
        if item.error is not None:
            raise item.error
        return item.answer

    # Committing -----------------------------------------------------------------------------------

    async def _commit_forever(self) -> None:
        while True:
            if not self._spec.open.items and not self._behind:
                self._wake = trio.Event()
                await self._wake.wait()
            self._behind = False
            group = self._spec.seal()
            group.sealed = self.hub.seal(group.touched, self._spec.state, self._spec.state.now_ms)
            started = trio.current_time()
            await self._commit(group)
            if group.entries:
                metrics.group_committed(self.hall, len(group.entries), trio.current_time() - started)

    async def _commit(self, group: Group) -> None:
        """Bring a group to its end: confirmed, or its callers decided again."""
        delay_s = FIRST_PAUSE_S
        while True:
            lineage: Lineage | None = None
            sent_s = self._clock.elapsed()
            try:
                receipt = await self._journal.append(
                    self.hall, group.base, group.entries, group.epoch or None
                )
            except AppendRefused as refused:
                self._log.info("commit refused", expected=str(group.base), found=str(refused.last))
                metrics.group_refused(self.hall)
            except LineageChanged as changed:
                lineage = changed.lineage
                self._log.warning("the store is of another lineage", epoch=lineage.epoch)
            except StoreUnavailable as error:
                self._outage(error)
            else:
                self._clock.heard(receipt.time_ms, sent_s)
                self._confirm()
                return
            if await self._resolve(group, lineage):
                await self._give_way()
                return
            await trio.sleep(delay_s * self._rng.uniform(0.5, 1.5))
            delay_s = min(LONGEST_PAUSE_S, delay_s * 2)

    async def _resolve(self, group: Group, lineage: Lineage | None) -> bool:
        """Find out what became of a group; False: nothing, send it again.

        Args:
          group: in flight.
          lineage: that the store turned out to be of, if it is another one.
        """
        try:
            if lineage is not None:
                await self._await_peers(lineage)
            found = await self._read_all()
        except StoreUnavailable as error:
            self._outage(error)
            return False
        except LineageBroken as error:
            raise HallFault(f"the journal lost what was durable: {error}") from error
        ids = [entry.id for entry in found]
        mine = [entry.id for entry in group.entries]
        if mine and ids[: len(mine)] == mine:
            self._confirm()
            if more := found[len(mine) :]:
                self._decide_again(more, lineage)
            return True
        if not found and lineage is None:
            return False
        if set(ids) & set(mine):
            raise HallFault("part of a group is in the journal: groups are atomic, so this store is damaged")
        self._decide_again(found, lineage)
        return True

    async def _read_all(self) -> list[Entry]:
        """Everything after the durable cursor."""
        found: list[Entry] = []
        cursor = self._spec.durable
        while entries := await self._journal.read(self.hall, cursor):
            found += entries
            cursor = entries[-1].id
        return found

    async def _give_way(self) -> None:
        """Let other nodes commit, too, when several race for the same hall."""
        now = trio.current_time()
        self._refusals = [at for at in self._refusals if at > now - RACE_S] + [now]
        if len(self._refusals) >= RACE_REFUSALS and self._peers.has_peers:
            await trio.sleep(self._rng.uniform(0, RACE_PAUSE_S * len(self._refusals)))

    def _confirm(self) -> None:
        group = self._spec.confirm()
        if group.entries:
            self._past.add(group.base, group.entries)
            self._wrote_last = True
        self._reached()
        assert group.sealed is not None
        self.hub.publish(group.sealed)
        self._timer_changed.set()
        for item in group.items:
            item.settled.set()

    def _decide_again(self, found: list[Entry], lineage: Lineage | None) -> None:
        """Take speculation back, adopt what the journal has, and decide its callers afresh."""
        if (flying := self._spec.in_flight) and flying.sealed:
            self.hub.discard(flying.sealed)
        items = self._spec.take_back()
        if found:
            base = self._spec.durable
            changed = self._spec.adopt(found)
            self._past.add(base, found)
            self._wrote_last = False
            self.hub.publish(self.hub.seal(changed, self._spec.state, self._spec.state.now_ms))
            self._timer_changed.set()
        self._reached()
        if lineage is not None:
            self._open_epoch(lineage)
        self._tick_if_due()
        for item in items:
            item.decide(item)

    def _reached(self) -> None:
        if self._outage_since is not None:
            self._outage_since = None
            self._log.info("store is back", revision=self.revision)
            metrics.store_outage(self.hall, False)

    def _outage(self, error: StoreUnavailable) -> None:
        if self._outage_since is None:
            self._outage_since = trio.current_time()
            self._log.error("store unavailable", error=str(error))
            metrics.store_outage(self.hall, True)

    # The node's own commands ----------------------------------------------------------------------

    async def _settled_lineage(self) -> Lineage:
        """The store's lineage; where it is a new one, peers have had time to give back what it lost."""
        lineage = await self._journal.lineage()
        if self._spec.state.created and lineage.epoch != self._spec.state.epoch:
            await self._await_peers(lineage)
        return lineage

    async def _await_peers(self, lineage: Lineage) -> None:
        """Let other nodes give back what a store of another lineage has lost, before anything is added."""
        with trio.move_on_after(EPOCH_PATIENCE_S):
            await self._peers.peers_settled(lineage.epoch)

    def _open_epoch(self, lineage: Lineage) -> None:
        """Record a new lineage of the store before anything else is decided under it."""
        state = self._spec.state
        # By a wrong clock nothing is decided, or its time would stay in the hall.
        if state.created and lineage.epoch != state.epoch and not self._clock.off_ms:
            skip = EPOCH_SKIP if lineage.promoted and state.level >= SKIP_LEVEL else 0
            self._decide_internally(cmd.OpenEpoch(epoch=lineage.epoch, skip=skip), None)

    def _decide_internally(self, command: cmd.AnyCommand, key: str | None) -> None:
        """Decide a command of the node's own; if it is taken back, the reason for it is looked at anew."""
        item = Item(lambda item: item.settled.set())
        self._spec.decide(item, command, cmd.SYSTEM, lambda *_: None, key=key)
        self._wake.set()

    def _tick_if_due(self) -> None:
        """What time makes due comes before whatever is asked then, and after an outage is recorded."""
        if not self._peers.serving:
            return
        state = self._spec.state
        while (deadline := next_deadline_ms(state)) is not None and deadline <= self._spec.now():
            if self._clock.off_ms or (self._clock.doubtful and deadline == state.day_ends_ms):
                return
            before = state.revision
            self._decide_internally(cmd.Tick(), f"~tick:{deadline}")
            if state.revision == before:
                self._log.error("a tick was due and did nothing", deadline=deadline)
                return

    async def _keep_time(self) -> None:
        while True:
            deadline = next_deadline_ms(self._spec.state)
            wait_s = MAX_TIMER_S if deadline is None else (deadline - self._spec.now()) / 1000
            if not self._wrote_last and self._peers.has_peers:
                wait_s = max(0, wait_s) + TICK_JITTER_S * self._rng.uniform(1, 2)
            if self._clock.doubtful or not self._peers.serving:
                wait_s = max(1, wait_s)
            self._timer_changed = trio.Event()
            with trio.move_on_after(min(MAX_TIMER_S, max(0.05, wait_s))) as scope:
                await self._timer_changed.wait()
            if scope.cancelled_caught:
                self._tick_if_due()
