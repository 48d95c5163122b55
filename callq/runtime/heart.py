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
    beats: int = 0
    """How many before this one: tells a process that lives from what is left of one that died."""
    down: tuple[str, ...] = ()
    """Halls that it does not run."""
    settled: str = ""
    """Epoch of the store that it has given back to whatever it knows to be lost there."""
    version: str = ""
    host: str = ""


_UNREADABLE: Final = NodeRecord(reads=0)
"""For a record that this version does not understand: a peer of which nothing is known."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(NodeRecord).decode


class Heart:
    """Beats for one node.

    Args:
      name: the node's; processes on copies of its data directory have the same.
      record: what others should know.
      down: tells which halls this node does not run.
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
        down: Callable[[], tuple[str, ...]],
        journal: Journal,
        clock: NodeClock,
        rng: Random,
        outage: Callable[[int, int], Awaitable[bool]],
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        self._name = name
        self._key = f"{name}:{rng.getrandbits(24):06x}"
        """This process's, in the registry."""
        self._record = record
        self._down = down
        self._twins: dict[str, int] = {}
        """Beats of other processes under this name, as first seen."""
        self._journal = journal
        self._clock = clock
        self._rng = rng
        self._outage = outage
        self._settle = settle
        self._counted_at: float | None = None
        """Elapsed time of the last beat that was counted."""
        self._news = trio.Event()
        """Set at the next beat."""
        self._log = structlog.get_logger().bind(node=name)
        self.nodes: dict[str, NodeRecord] = {self._key: record}
        """Who lives, this node included."""

    @property
    def has_peers(self) -> bool:
        """Whether other nodes live."""
        return len(self.nodes) > 1

    @property
    def names(self) -> list[str]:
        """Names of all live nodes, sorted; one that is there twice runs on a copy of a data directory."""
        return sorted(key.partition(":")[0] for key in self.nodes)

    def is_first(self, hall: str) -> bool:
        """Whether, of the nodes that run a hall, this one comes first: what one does for all is its task."""
        return self._key == min(
            (key for key, node in self.nodes.items() if hall not in node.down), default=self._key
        )

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
        while any(node.settled != epoch for key, node in self.nodes.items() if key != self._key):
            await self._news.wait()

    async def beat(self, *, ends_outage: bool = False) -> Pulse:
        """Beat once.

        Raises:
          StoreUnavailable: the store does not answer.
        """
        sent_s = self._clock.elapsed()
        record = msgspec.structs.replace(self._record, beats=self._record.beats + 1, down=self._down())
        self._record = record
        pulse = await self._journal.beat(
            self._key, _encode(record), gap_ms=OUTAGE_MS, ends_outage=ends_outage
        )
        self._clock.heard(pulse.time_ms, sent_s)
        metrics.store_answered(self._clock.elapsed() - sent_s)
        if pulse.counted:
            self._counted_at = sent_s
        living = {key: _read(raw) for key, raw in pulse.nodes.items()}
        living = {key: node for key, node in living.items() if not self._is_dead_self(key, node)}
        living[self._key] = record
        if living.keys() != self.nodes.keys():
            self._log.info("nodes_changed", living=sorted(living))
        self.nodes = living
        metrics.nodes(len(living))
        self._news.set()
        self._news = trio.Event()
        return pulse

    def _is_dead_self(self, key: str, node: NodeRecord) -> bool:
        """Whether a record is left of an earlier process of this node; one that goes on beating is not."""
        if key == self._key or key.partition(":")[0] != self._name:
            return False
        dead = node.beats == self._twins.setdefault(key, node.beats)
        if not dead and key not in self.nodes:
            self._log.critical(
                "data_directory_copied",
                hint="stop it, delete the file NODE in its directory, and start it again",
            )
        return dead

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
                    self._log.warning("outage_found", outage_ms=pulse.time_ms - pulse.last_ms)
                    if await self._outage(pulse.last_ms, pulse.time_ms):
                        await self.beat(ends_outage=True)
                        metrics.outage_ended()
            except StoreUnavailable as error:
                self._log.debug("beat_failed", error=str(error))
            metrics.store_up(self.serving)
            await trio.sleep(BEAT_S * self._rng.uniform(0.8, 1.2))

    async def leave(self) -> None:
        """Say goodbye, if the store can still hear it."""
        with trio.move_on_after(1) as scope:
            scope.shield = True
            try:
                await self._journal.leave(self._key)
            except StoreUnavailable as error:
                self._log.debug("goodbye_failed", error=str(error))


def _read(record: bytes) -> NodeRecord:
    try:
        return _decode(record)
    except msgspec.DecodeError:
        return _UNREADABLE
