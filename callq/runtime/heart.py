"""The heart of a node: it says that it lives, hears who else does, and notices when nobody did.

Each beat goes through the store, whose clock times it, so that nodes need not agree about the time. A gap
in the beats of all nodes is an outage of the halls: they record it, which extends the grace of whoever
was called or held or away meanwhile, and only then is the gap closed. A quiet night is none: nodes beat
whether or not anybody comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import structlog
import trio

from callq import metrics
from callq.domain.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random

    from callq.journal.port import Journal, Pulse
    from callq.runtime.clock import NodeClock

BEAT_S: Final = 1.0
OUTAGE_MS: Final = 10_000
"""Longer without a beat of any node is an outage; a restart is faster."""


SERVING_S: Final = 5.0
"""A node whose last beat is older than this decides nothing: what it decided would hide an outage."""


class NodeRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a node tells others. Unknown fields are ignored: a newer node may say more."""

    reads: int
    """Highest schema that it can read."""
    settled: str = ""
    """Epoch of the store that it has given back to whatever it knows to be lost there."""
    version: str = ""
    host: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(NodeRecord).decode


class Heart:
    """Beats for one node.

    Args:
      name: the node's.
      record: what others should know.
      journal: shared with other nodes.
      clock: of the node; compared with the store's at each beat.
      rng: for the rhythm.
      outage: is told of (first, last) moments of a gap, Unix ms; True: it is recorded, close it.
      settle: gives back to a store of another lineage what this node knows to be lost there.
    """

    def __init__(
        self,
        name: str,
        record: NodeRecord,
        journal: Journal,
        clock: NodeClock,
        rng: Random,
        outage: Callable[[int, int], Awaitable[bool]],
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        self._name = name
        self._record = record
        self._journal = journal
        self._clock = clock
        self._rng = rng
        self._outage = outage
        self._settle = settle
        self._counted_at: float | None = None
        """Elapsed time of the last beat that was counted."""
        self._news = trio.Event()
        """Set at the next beat."""
        self._log = structlog.get_logger()
        self.nodes: dict[str, NodeRecord] = {name: record}
        """Who lives, this node included."""

    @property
    def has_peers(self) -> bool:
        """Whether other nodes live."""
        return len(self.nodes) > 1

    @property
    def is_first(self) -> bool:
        """Whether this node's name comes first: what one node should do for all is its task."""
        return self._name == min(self.nodes)

    @property
    def level(self) -> int:
        """Highest schema that every live node reads."""
        return min(node.reads for node in self.nodes.values())

    @property
    def serving(self) -> bool:
        """Whether a beat was counted not long ago: the store is there, and no outage waits to be recorded."""
        return self._counted_at is not None and self._clock.elapsed() - self._counted_at < SERVING_S

    async def peers_settled(self, epoch: str) -> None:
        """Wait until every other live node has given back to this lineage of the store what it lost."""
        while any(node.settled != epoch for name, node in self.nodes.items() if name != self._name):
            await self._news.wait()

    async def beat(self, *, ends_outage: bool = False) -> Pulse:
        """Beat once.

        Raises:
          StoreUnavailable: the store does not answer.
        """
        sent_s = self._clock.elapsed()
        pulse = await self._journal.beat(
            self._name, _encode(self._record), gap_ms=OUTAGE_MS, ends_outage=ends_outage
        )
        self._clock.heard(pulse.time_ms, sent_s)
        if pulse.counted:
            self._counted_at = sent_s
        living = {name: _decode(record) for name, record in pulse.nodes.items()}
        if living.keys() != self.nodes.keys():
            self._log.info("nodes", living=sorted(living))
        self.nodes = living
        metrics.nodes(len(living))
        self._news.set()
        self._news = trio.Event()
        return pulse

    async def run(self) -> None:
        """Beat until cancelled; a gap is recorded before it is closed."""
        while True:
            try:
                pulse = await self.beat()
                if pulse.lineage.epoch != self._record.settled:
                    await self._settle()
                    self._record = msgspec.structs.replace(self._record, settled=pulse.lineage.epoch)
                    await self.beat()
                if not pulse.counted and pulse.last_ms is not None:
                    self._log.warning("outage", ms=pulse.time_ms - pulse.last_ms)
                    if await self._outage(pulse.last_ms, pulse.time_ms):
                        await self.beat(ends_outage=True)
                        metrics.outage_ended()
            except StoreUnavailable as error:
                self._log.debug("no beat", error=str(error))
            await trio.sleep(BEAT_S * self._rng.uniform(0.8, 1.2))

    async def leave(self) -> None:
        """Say goodbye, if the store can still hear it."""
        with trio.move_on_after(1) as scope:
            scope.shield = True
            try:
                await self._journal.leave(self._name)
            except StoreUnavailable as error:
                self._log.debug("no goodbye", error=str(error))
