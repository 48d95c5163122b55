"""The commit loop of one hall: one group in flight, and what becomes of it.

Every error of the store is an unknown outcome. It is resolved by reading the journal: the group is
there (confirmed), nothing is (sent again, the same entries with the same ids, so it cannot double),
or somebody else's entries are (adopted, and ours decided again on top). A journal that has lost what
was durable ends the hall's actor: the hall is loaded anew, which gives back what can be given back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import structlog
import trio

from callq import metrics
from callq.domain.errors import StoreUnavailable
from callq.journal.port import AppendRefused, LineageBroken, LineageChanged
from callq.runtime.group import HallFault

if TYPE_CHECKING:
    from random import Random

    from callq.journal.port import Entry, EntryId, Journal, Lineage
    from callq.runtime.clock import NodeClock
    from callq.runtime.group import Group, Item
    from callq.runtime.hub import FeedHub
    from callq.runtime.past import Past
    from callq.runtime.speculation import Speculation

FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 2.0
"""Between attempts to reach the store."""

RACE_S: Final = 1.0
RACE_REFUSALS: Final = 3
RACE_PAUSE_S: Final = 0.02
"""So many refusals within so long are a race: from then on each is followed by a pause up to this times
their number."""

EPOCH_PATIENCE_S: Final = 10.0
"""How long peers may take to give back to a new lineage what it lost, before a node goes on in it."""


class Peers(Protocol):
    """What a hall needs to know of other nodes."""

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


async def await_peers(peers: Peers, lineage: Lineage) -> None:
    """Let other nodes give back what a store of another lineage has lost, before anything is added."""
    with trio.move_on_after(EPOCH_PATIENCE_S):
        await peers.peers_settled(lineage.epoch)


class Host(Protocol):
    """Whose commits these are: the hall's actor."""

    def refusal(self) -> StoreUnavailable | None:
        """Why nothing may be decided for anybody now; None: it may."""
        ...

    def changed(self) -> None:
        """What is durable has changed."""
        ...

    def goes_on(self, lineage: Lineage | None) -> None:
        """The state is durable again and nothing else: decide what comes before any caller.

        Args:
          lineage: the store's, if it turned out to be another one.
        """
        ...


class Commits:
    """Brings the groups of one hall to their end.

    Args:
      spec: the state, and the groups that it runs ahead by.
      hub: shows what is durable.
      journal: shared with other nodes.
      past: remembers what is durable.
      clock: of the node; compared with the store's at each commit.
      rng: for pauses.
      peers: who else lives.
      host: the hall's actor.
    """

    def __init__(
        self,
        spec: Speculation,
        hub: FeedHub,
        journal: Journal,
        past: Past,
        clock: NodeClock,
        rng: Random,
        peers: Peers,
        host: Host,
    ) -> None:
        self._spec = spec
        self._hall = spec.state.hall
        self._hub = hub
        self._journal = journal
        self._past = past
        self._clock = clock
        self._rng = rng
        self._peers = peers
        self._host = host
        self._wake = trio.Event()
        self._behind = False
        self._hurry = trio.Event()
        self._refusals: list[float] = []
        self._outage_since: float | None = None
        self.wrote_last = False
        """Whether the hall's last entry is this node's."""
        self._log = structlog.get_logger().bind(hall=self._hall)

    @property
    def outage_s(self) -> float:
        """For how long the store has not answered this hall; 0 if it does."""
        return 0.0 if self._outage_since is None else trio.current_time() - self._outage_since

    def join(self, item: Item) -> None:
        """Decide an item now; it is settled when what it rests on is durable."""
        item.decide(item)
        self._wake.set()

    def wake(self) -> None:
        """The open group has got something."""
        self._wake.set()

    def hurry(self) -> None:
        """The store is back: try it now, whatever pause there is."""
        self._hurry.set()

    def heard(self, tip: EntryId, *, newest: bool = False) -> None:
        """A hint that the journal ended at `tip`; `newest`: it was asked, and ended there a moment ago."""
        spec = self._spec
        flying = spec.in_flight.tip if spec.in_flight else spec.durable
        if tip not in (spec.durable, flying) and (newest or tip.revision >= spec.durable.revision):
            self._behind = True
            self._wake.set()

    async def run(self) -> None:
        """Commit whatever there is, and catch up with other nodes, until cancelled.

        Raises:
          HallFault: the hall has to be loaded anew.
        """
        while True:
            if not self._spec.open.items and not self._behind:
                self._wake = trio.Event()
                await self._wake.wait()
            self._behind = False
            if not self._spec.open.items:
                await self._catch_up()
                continue
            group = self._spec.seal()
            group.sealed = self._hub.seal(group.touched, self._spec.state, self._spec.state.now_ms)
            group.sent_s = trio.current_time()
            await self._commit(group)

    async def _catch_up(self) -> None:
        try:
            found = await self._read_all()
        except StoreUnavailable as error:
            self._log.debug("catch_up_failed", error=str(error))
            return
        if found:
            self._decide_again(found, None)

    async def _commit(self, group: Group) -> None:
        """Bring a group to its end: confirmed, or its callers decided again."""
        delay_s = FIRST_PAUSE_S
        while True:
            lineage: Lineage | None = None
            sent_s = self._clock.elapsed()
            try:
                receipt = await self._journal.append(
                    self._hall, group.base, group.entries, group.epoch or None
                )
            except AppendRefused as refused:
                self._log.debug("group_refused", expected=str(group.base), found=str(refused.last))
                metrics.group_refused(self._hall)
                await self._give_way(group)
            except LineageChanged as changed:
                lineage = changed.lineage
                self._log.warning("lineage_changed", epoch=lineage.epoch)
            except StoreUnavailable as error:
                self._outage(error)
            else:
                self._clock.heard(receipt.time_ms, sent_s)
                self._confirm()
                return
            if await self._resolve(group, lineage):
                return
            self._hurry = trio.Event()
            with trio.move_on_after(delay_s * self._rng.uniform(0.5, 1.5)):
                await self._hurry.wait()
            delay_s = min(LONGEST_PAUSE_S, delay_s * 2)

    async def _give_way(self, group: Group) -> None:
        """Let other nodes commit, too, when several race for the same hall; whoever only reads does not race.

        Before the journal is read: what is read then is what the next attempt is chained onto.
        """
        if not group.entries:
            return
        now = trio.current_time()
        self._refusals = [at for at in self._refusals if at > now - RACE_S] + [now]
        if len(self._refusals) >= RACE_REFUSALS and self._peers.has_peers:
            await trio.sleep(self._rng.uniform(0, RACE_PAUSE_S * len(self._refusals)))

    async def _resolve(self, group: Group, lineage: Lineage | None) -> bool:
        """Find out what became of a group; False: nothing, send it again after a pause.

        Args:
          group: in flight.
          lineage: that the store turned out to be of, if it is another one.
        """
        if lineage is not None and self._clock.off_ms:
            # The new lineage has to be recorded first, and by a wrong clock nothing is.
            return False
        try:
            if lineage is not None:
                await await_peers(self._peers, lineage)
            found = await self._read_all()
        except StoreUnavailable as error:
            self._outage(error)
            return False
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
        """Everything after the durable cursor.

        Raises:
          HallFault: the journal does not hold the cursor.
          StoreUnavailable: try again.
        """
        found: list[Entry] = []
        cursor = self._spec.durable
        try:
            while entries := await self._journal.read(self._hall, cursor):
                found += entries
                cursor = entries[-1].id
        except LineageBroken as error:
            raise HallFault(f"the journal lost what was durable: {error}") from error
        return found

    def _confirm(self) -> None:
        group = self._spec.confirm()
        if group.entries:
            self._past.add(group.base, group.entries)
            self.wrote_last = True
            metrics.group_committed(self._hall, len(group.entries), trio.current_time() - group.sent_s)
        self._reached()
        assert group.sealed is not None
        self._hub.publish(group.sealed)
        self._host.changed()
        for item in group.items:
            item.settled.set()

    def _decide_again(self, found: list[Entry], lineage: Lineage | None) -> None:
        """Take speculation back, adopt what the journal has, and decide its callers afresh."""
        spec = self._spec
        flying = spec.in_flight
        if flying is not None and flying.sealed is not None:
            self._hub.discard(flying.sealed)
        asked_before = len(flying.items) if flying is not None and found and lineage is None else 0
        items = spec.take_back()
        if found:
            base = spec.durable
            changed = spec.adopt(found)
            self._past.add(base, found)
            self.wrote_last = False
            self._hub.publish(self._hub.seal(changed, spec.state, spec.state.now_ms))
            self._host.changed()
        self._reached()
        self._host.goes_on(lineage)
        for number, item in enumerate(items, 1):
            refusal = None if item.own else self._host.refusal()
            if refusal is not None:
                item.error = refusal
                item.settled.set()
            elif not item.gone:
                item.decide(item)
            if number == asked_before:
                self._answer_readers()

    def _answer_readers(self) -> None:
        """Answer who asked before the journal was read and writes nothing: there was no more than that.

        Without this a node that only reads would never catch up with one that writes all the time.
        """
        group = self._spec.open
        if group.entries:
            return
        waiting, group.items = group.items, [item for item in group.items if item.at_seal is not None]
        for item in waiting:
            if item.at_seal is None:
                item.settled.set()

    def _reached(self) -> None:
        if self._outage_since is not None:
            outage_s = round(self.outage_s, 3)
            self._outage_since = None
            self._log.info("store_back", revision=self._spec.durable.revision, outage_s=outage_s)

    def _outage(self, error: StoreUnavailable) -> None:
        if self._outage_since is None:
            self._outage_since = trio.current_time()
            self._log.error("store_unavailable", error=str(error))
            metrics.store_outage(self._hall)
