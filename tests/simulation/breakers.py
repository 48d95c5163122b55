"""Each rule of docs/protocol.md, broken on purpose: if the simulation does not notice, it proves nothing.

A breaker is a context manager that takes one rule out of the runtime, or puts the fault that the rule is
there for into the store. `BREAKERS` says in which profile it shows and as what: some seed among the first
must find a broken promise of that kind. The variants come from the model of the commit protocol.

Left out are the rules of `replicas:N` (WAIT, fences, a missing replica), which callq does not offer yet.
Not broken by itself is "a client that resends": compare-and-set admits one of two, and whoever finds
its own ids recognises them. It is broken together with that recognition (`own_entries_unknown`).
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from unittest.mock import patch

import trio

from callq.domain.errors import StoreUnavailable
from callq.domain.snapshot import decode_state, encode_state
from callq.domain.state import HallState
from callq.journal.port import GENESIS, Receipt, Snapshot
from callq.runtime import actor, loading
from callq.runtime.actor import HallActor
from callq.runtime.clock import NodeClock
from callq.runtime.commits import Commits
from callq.runtime.hub import FeedHub
from callq.runtime.past import Past
from callq.runtime.speculation import Speculation
from tests.simulation.connection import SimConnection
from tests.simulation.home import SimHome
from tests.simulation.redis_model import RedisModel
from tests.simulation.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from callq.journal.port import Entry, EntryId, Journal


@contextmanager
def replaced(*what: tuple[Any, str, Any]) -> Iterator[None]:
    """Other attributes for the time of the block."""
    with ExitStack() as stack:
        for thing, name, value in what:
            stack.enter_context(patch.object(thing, name, value))
        yield


# Identity of entries ----------------------------------------------------------------------------------


@contextmanager
def compare_by_revision() -> Iterator[None]:
    """Compare-and-set on the revision alone, and no lineages: two histories of one length pass for one."""
    same = staticmethod(lambda last, expected: last.revision == expected.revision)
    with lineage_unchecked(), replaced((RedisModel, "same", same)):
        yield


def own_entries_unknown() -> AbstractContextManager[None]:
    """A client that resends by itself, and a node that does not look for its own entries when refused."""
    resolve, ask = Commits._resolve, SimConnection._ask

    async def resolved(self: Commits, group: Any, lineage: Any) -> bool:
        entries, group.entries = group.entries, []
        try:
            return await resolve(self, group, lineage)
        finally:
            group.entries = entries

    async def asked(self: SimConnection, wire: Any, name: str, act: Any, **more: Any) -> Any:
        def twice(server: Any) -> Any:
            if self._world.chance(0.05) and more.get("writes"):
                act(server)
            return act(server)

        return await ask(self, wire, name, twice, **more)

    return replaced((Commits, "_resolve", resolved), (SimConnection, "_ask", asked))


def keys_forgotten() -> AbstractContextManager[None]:
    """Idempotency keys are not looked up: whoever asks again asks for something new."""
    return replaced((HallState, "remembered", lambda self, principal, key: None))


def cursor_unchecked() -> AbstractContextManager[None]:
    """Reads go on after the cursor's revision, whether or not the cursor's own entry is there."""

    def read(self: Store, hall: str, cursor: EntryId, limit: int) -> list[Entry]:
        return self.read_revisions(hall, cursor.revision, limit)

    return replaced((Store, "read", read))


# Lost and diverged tails ------------------------------------------------------------------------------


def heal_by_stopping() -> AbstractContextManager[None]:
    """A node that knows more than the journal does not go on."""

    async def settle(self: Past, journal: Journal, now_ms: int) -> None:
        tip = (await journal.tips([self.hall]))[self.hall]
        if self.tip not in (GENESIS, tip) and self._missing(await self._there(journal)):
            raise StoreUnavailable("the histories differ")
        await self.begin(journal, tip)

    return replaced((Past, "settle", settle))


def heal_by_discarding() -> AbstractContextManager[None]:
    """A node that knows more than the journal forgets it."""

    async def settle(self: Past, journal: Journal, now_ms: int) -> None:
        await self.begin(journal, (await journal.tips([self.hall]))[self.hall])

    return replaced((Past, "settle", settle))


def no_spool() -> AbstractContextManager[None]:
    """What a node knows dies with its process."""

    async def spooled(self: SimHome, hall: str) -> None:
        await trio.lowlevel.checkpoint()

    return replaced((SimHome, "spooled", spooled))


# Epochs -----------------------------------------------------------------------------------------------


def no_numbers_left_out() -> AbstractContextManager[None]:
    """After a failover numbers go on where the promoted replica happened to be."""
    return replaced((actor, "EPOCH_SKIP", 0))


def lineage_unchecked() -> AbstractContextManager[None]:
    """What was decided under one lineage is sent to another."""
    append = SimConnection.append

    async def appended(self: SimConnection, hall: str, expected: Any, entries: Any, epoch: Any = None) -> Any:
        return await append(self, hall, expected, entries)

    return replaced((SimConnection, "append", appended))


# Durability -------------------------------------------------------------------------------------------


def fsync_is_everysec() -> AbstractContextManager[None]:
    """The server's settings are not what was promised: a restart loses the last second."""

    def crash(self: RedisModel, server: Any) -> None:
        self.durability = "everysec"
        died(self, server)

    died = RedisModel.crash
    return replaced((RedisModel, "crash", crash))


def answers_do_not_wait() -> AbstractContextManager[None]:
    """Answers are given when they are decided, not when what they rest on is durable."""
    decide = Speculation.decide

    def decided(self: Speculation, item: Any, *args: Any, **more: Any) -> None:
        decide(self, item, *args, **more)
        item.settled.set()

    return replaced((Speculation, "decide", decided))


def reads_without_a_check() -> AbstractContextManager[None]:
    """An empty group is taken for right: reads and refusals rest on what this node happens to know."""
    append = SimConnection.append

    async def appended(self: SimConnection, hall: str, expected: Any, entries: Any, epoch: Any = None) -> Any:
        if entries:
            return await append(self, hall, expected, entries, epoch)
        link = await self._connected(self._commits)
        return Receipt(link.lineage, link.server.time_ms())

    return replaced((SimConnection, "append", appended))


# Snapshots, clocks, screens ---------------------------------------------------------------------------


def snapshot_of_what_never_was() -> AbstractContextManager[None]:
    """Snapshots are taken of states that are only decided, and used whether or not their entry is there."""

    async def snapshot(self: HallActor) -> Snapshot:
        for _ in range(200):
            if self._spec.open.entries or self._spec.in_flight:
                break
            await trio.sleep(0.01)
        return Snapshot(self._spec.open.tip, encode_state(self._spec.state))

    async def from_snapshot(journal: Journal, hall: str) -> tuple[HallState, EntryId] | None:
        tip = (await journal.tips([hall]))[hall]
        for id in await journal.snapshot_ids(hall):
            content = await journal.snapshot(hall, id)
            if content is not None and id.revision <= tip.revision:
                entries = await journal.read_revisions(hall, id.revision - 1, 1)
                return decode_state(loading.unpacked_state(content)), entries[0].id
        return None

    return replaced((HallActor, "snapshot", snapshot), (loading, "_from_snapshot", from_snapshot))


def clock_unchecked() -> AbstractContextManager[None]:
    """A node decides by its wall clock, whatever the store's says."""
    return replaced((NodeClock, "__call__", lambda self: self._wall()), (NodeClock, "heard", lambda *_: None))


def screens_resume_blindly() -> AbstractContextManager[None]:
    """A screen that comes from another node gets only what changed between two looks of this one."""
    return replaced((FeedHub, "published_at", lambda self, revision: True))


def screens_go_back() -> AbstractContextManager[None]:
    """A screen that comes from a faster node is shown what the slower one knows."""
    return replaced((FeedHub, "lags", lambda self, since, epoch: False))


class Breaker(NamedTuple):
    """A rule taken out, and how that shows."""

    breaks: Callable[[], AbstractContextManager[None]]
    profile: str
    shows_as: frozenset[str]
    """Any of these kinds."""


def _breaker(breaks: Callable[[], AbstractContextManager[None]], profile: str, *kinds: str) -> Breaker:
    return Breaker(breaks, profile, frozenset(kinds))


BREAKERS: Final = (
    _breaker(compare_by_revision, "failover", "chain broken", "node does not answer"),
    _breaker(own_entries_unknown, "one_master", "refused and done"),
    _breaker(keys_forgotten, "one_master", "key acted twice"),
    _breaker(cursor_unchecked, "failover", "states differ", "chain broken", "decided on another past"),
    _breaker(heal_by_stopping, "failover", "node does not answer"),
    _breaker(heal_by_discarding, "failover", "acknowledged and lost"),
    _breaker(no_spool, "everysec", "acknowledged and lost"),
    _breaker(no_numbers_left_out, "failover", "silent duplicate number"),
    _breaker(lineage_unchecked, "failover", "silent duplicate number"),
    _breaker(fsync_is_everysec, "restarts", "alarm without a loss", "acknowledged and lost"),
    _breaker(answers_do_not_wait, "one_master", "acknowledged and lost"),
    _breaker(reads_without_a_check, "one_master", "stale answer", "acknowledged ticket unknown"),
    _breaker(snapshot_of_what_never_was, "one_master", "states differ", "node does not answer"),
    _breaker(clock_unchecked, "clocks", "time runs ahead"),
    _breaker(screens_resume_blindly, "everysec", "feed differs"),
    _breaker(screens_go_back, "one_master", "revision went back"),
)
