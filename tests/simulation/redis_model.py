"""Redis, as far as the journal port can see it: servers, what they hold, and what becomes of it.

Everything a server holds (streams, registry, snapshots, cursors, secret, tokens) is the fold of one
ordered log of effects. That is the whole model of durability and replication:

    restart, fsync      all effects are there again; a new replid, replid2 empty
    restart, everysec   a tail of the last second may be missing, whole effects (groups) at a time
    replica             a prefix of its master's effects, each arriving after a drawn lag
    promotion           the replica keeps what had arrived; a new replid, replid2 is the old one
    the old master      dead, or still taking writes from nodes that have not heard; later a replica,
                        with everything that it alone had thrown away

Left out: `replicas:N` and WAIT (callq does not offer them yet), clusters, and memory and disk limits.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, Literal

from callq.journal.port import (
    GENESIS,
    NODE_TTL_MS,
    AppendRefused,
    Entry,
    EntryId,
    Lineage,
    Pulse,
    Snapshot,
)
from tests.simulation.store import Effect, Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulation.hints import Ears
    from tests.simulation.world import World

NO_REPLID: Final = "0" * 40

EVERYSEC_LOSES_S: Final = 1.5
"""`appendfsync everysec` may lose what was written within so long before a crash."""


class NotMaster(Exception):
    """READONLY: the server takes no writes (any more)."""


class Server:
    """One redis-server: a process that may die, and data that outlive it."""

    def __init__(self, model: RedisModel, name: str) -> None:
        self.model = model
        self.name = name
        self.role: Literal["master", "replica"] = "replica"
        self.up = True
        self.generation = 0
        """Counts what ends all connections: restarts, demotions."""
        self.starts = 0
        self.replid = model.draw_replid()
        self.replid2 = NO_REPLID
        self.skew_ms = 0
        self.store = Store()
        self.effects: list[Effect] = []
        self.replicas: list[Server] = []
        self.incoming: deque[tuple[float, Effect]] = deque()
        """Of a replica: effects on their way, with the time of arrival."""
        self.stalled_until = 0.0
        """Of a replica: its link is down until then."""
        self.listeners: list[Ears] = []

    @property
    def lineage(self) -> Lineage:
        """Whose history it writes."""
        return Lineage(self.replid[:16], self.replid2 != NO_REPLID)

    @property
    def serving(self) -> bool:
        """Whether a connection can be made that takes writes."""
        return self.up and self.role == "master"

    def time_ms(self) -> int:
        """TIME."""
        return self.model.world.true_ms() + self.skew_ms

    # Commands -------------------------------------------------------------------------------------

    def append(self, hall: str, expected: EntryId, entries: Sequence[Entry]) -> int:
        """commit.lua; answers TIME of the same pipeline."""
        if entries:
            self._writes()
        last = self.store.tip(hall)
        if not self.model.same(last, expected):
            raise AppendRefused(hall, last)
        if entries:
            self._effect("append", hall, tuple(entries), self.model.world.true_ms())
            for ears in self.listeners:
                ears.say(hall, entries[-1].id)
        return self.time_ms()

    def beat(self, node: str, record: bytes, gap_ms: int, ends_outage: bool) -> Pulse:
        """beat.lua."""
        self._writes()
        now, last = self.time_ms(), self.store.beaten_ms
        counted = ends_outage or last is None or now - last <= gap_ms
        self._effect("beat", node, record, now, counted)
        for gone in [n for n, (_, at_ms) in self.store.nodes.items() if now - at_ms > NODE_TTL_MS]:
            self._effect("leave", gone)
        nodes = {name: record for name, (record, _) in sorted(self.store.nodes.items())}
        return Pulse(now, last, counted, nodes, self.lineage)

    def leave(self, node: str) -> None:
        """ZREM and HDEL."""
        self._writes()
        if node in self.store.nodes:
            self._effect("leave", node)

    def keep_snapshot(self, hall: str, snapshot: Snapshot) -> None:
        """snapshot.lua."""
        self._writes()
        self._effect("snapshot", hall, snapshot)

    def drop_snapshot(self, hall: str, id: EntryId) -> None:
        """HDEL."""
        self._writes()
        self._effect("drop_snapshot", hall, id)

    def set_archived(self, hall: str, before: EntryId, now: EntryId) -> bool:
        """archived.lua."""
        self._writes()
        if self.store.archived.get(hall, GENESIS) != before:
            return False
        self._effect("archived", hall, now)
        return True

    def devices_seen(self, hall: str, noted: dict[str, int]) -> dict[str, int]:
        """HSET and HGETALL."""
        if noted:
            self._writes()
            self._effect("devices", hall, noted)
        return dict(self.store.devices.get(hall, {}))

    def forget_devices(self, hall: str, devices: tuple[str, ...]) -> None:
        """HDEL."""
        self._writes()
        self._effect("forget_devices", hall, devices)

    def trim(self, hall: str, first: EntryId) -> int:
        """trim.lua; nothing where the first one to stay is not there."""
        self._writes()
        count = self.store.place(hall, first) or 0
        if count:
            self._effect("trim", hall, count)
        return count

    def keep_secret(self, drawn: bytes) -> bytes:
        """SET NX, GET."""
        self._writes()
        if self.store.secret is None:
            self._effect("secret", drawn)
        assert self.store.secret is not None
        return self.store.secret

    def put_token(self, digest: str, record: bytes) -> None:
        """SET."""
        self._writes()
        self._effect("token", digest, record)

    def _writes(self) -> None:
        if self.role != "master":
            raise NotMaster(f"READONLY {self.name} is a replica")

    def _effect(self, name: str, *args: Any) -> None:
        world = self.model.world
        effect = Effect(world.now_s, name, args)
        self.store.apply(effect)
        self.effects.append(effect)
        for replica in self.replicas:
            before = replica.incoming[-1][0] if replica.incoming else 0.0
            lag_s = self.model.lag_s * world.rng.random() ** 2
            replica.incoming.append((max(before, replica.stalled_until, effect.at_s + lag_s), effect))

    # Life -----------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Of a replica: apply what has arrived by now."""
        now = self.model.world.now_s
        while self.incoming and self.incoming[0][0] <= now:
            effect = self.incoming.popleft()[1]
            self.store.apply(effect)
            self.effects.append(effect)

    def cut(self, effects: Sequence[Effect]) -> None:
        """Hold what these effects make, and nothing else."""
        self.effects = list(effects)
        self.store = Store()
        for effect in self.effects:
            self.store.apply(effect)
        self.incoming.clear()

    def drop_connections(self) -> None:
        """End every connection; what is on its way to the server or back may get lost."""
        self.generation += 1
        for ears in self.listeners:
            ears.end()
        self.listeners.clear()


class RedisModel:
    """A master, its replicas, and who finds which.

    Args:
      world: chance, time and trace.
      replicas: how many replicas the master has.
      durability: what a restart keeps.
      lag_s: longest lag of replication while its link is up.
    """

    def __init__(
        self,
        world: World,
        replicas: int = 0,
        durability: Literal["fsync", "everysec"] = "fsync",
        lag_s: float = 0.5,
    ) -> None:
        self.world = world
        self.durability = durability
        self.lag_s = lag_s
        self.servers = [Server(self, f"redis{n}") for n in range(replicas + 1)]
        self.master = self.servers[0]
        """Where writes should go, whoever knows it yet."""
        self.master.role = "master"
        self.master.replicas = self.servers[1:]
        self.rewinds = 0
        """How often something that was durable by the rules may have been lost: failovers, lost tails."""
        self.found: dict[str, Server] = {}
        """Which server each node takes for the master."""

    @staticmethod
    def same(last: EntryId, expected: EntryId) -> bool:
        """The compare of commit.lua."""
        return last == expected

    def draw_replid(self) -> str:
        """A new replication id."""
        return f"{self.world.rng.getrandbits(160):040x}"

    def located(self, node: str) -> Server:
        """The server that a node connects to."""
        return self.found.setdefault(node, self.master)

    def discover(self, node: str) -> None:
        """A node hears who is master: new connections go there."""
        self.found[node] = self.master

    # Faults ---------------------------------------------------------------------------------------

    def crash(self, server: Server) -> None:
        """A server's process dies; under `everysec` with what was not synced yet."""
        self.world.note(server.name, "dies")
        server.up = False
        server.drop_connections()
        if self.durability == "everysec":
            self._lose_tail(server)

    def _lose_tail(self, server: Server) -> None:
        safe_until = self.world.now_s - EVERYSEC_LOSES_S
        safe = sum(1 for effect in server.effects if effect.at_s < safe_until)
        keep = self.world.rng.randint(safe, len(server.effects))
        lost = [e for e in server.effects[keep:] if e.name == "append"]
        if lost:
            self.rewinds += 1
        self.world.note(server.name, "loses", len(server.effects) - keep, "effects,", len(lost), "groups")
        server.cut(server.effects[:keep])

    def start(self, server: Server) -> None:
        """A server that died comes up again as what it was; its replicas take its data."""
        server.up = True
        server.starts += 1
        server.replid, server.replid2 = self.draw_replid(), NO_REPLID
        for replica in server.replicas:
            replica.cut(server.effects)
            replica.replid = server.replid
        self.world.note(server.name, "is up", server.lineage)

    def shift(self) -> None:
        """The master takes a new replid while it runs, as when its first replica attaches."""
        self.master.replid, self.master.replid2 = self.draw_replid(), NO_REPLID
        self.world.note(self.master.name, "shifts", self.master.lineage)

    def fail_over(self, old_lives: bool) -> Server:
        """Promote a replica, which has what has arrived; answers the old master.

        Args:
          old_lives: the old master goes on taking writes until it is demoted.
        """
        old = self.master
        new = self.world.rng.choice(old.replicas)
        new.catch_up()
        new.incoming.clear()
        others = [replica for replica in old.replicas if replica is not new]
        new.role, new.replid, new.replid2 = "master", self.draw_replid(), old.replid
        new.up = True
        new.replicas = others
        old.replicas = []
        for replica in others:
            replica.cut(new.effects)
            replica.replid = new.replid
        self.master = new
        self.rewinds += 1
        if not old_lives:
            self.crash(old)
        missing = len(old.effects) - len(new.effects)
        self.world.note(
            new.name, "is promoted without", missing, "effects, old one", "lives" if old_lives else "died"
        )
        return old

    def demote(self, old: Server) -> None:
        """A former master becomes a replica of the present one: what it alone had is gone."""
        old.up = True
        old.role = "replica"
        old.drop_connections()
        old.cut(self.master.effects)
        old.replid, old.replid2 = self.master.replid, NO_REPLID
        self.master.replicas.append(old)
        self.world.note(old.name, "follows", self.master.name)
