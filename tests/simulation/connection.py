"""One node's connection to the simulated Redis: `Journal` and `Keyring` as the node sees them.

An exchange is a request that travels, is executed at once and whole, and a reply that travels. Each
leg may take long or get lost; a request may be executed after its sender gave up (a zombie), at the
server it was sent to. As in the real adapter, every error drops the connection, nothing is sent
twice, and the next exchange connects anew to whoever the node takes for the master.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import trio

from callq.domain.errors import StoreUnavailable
from callq.journal.chain import check_group, check_hall
from callq.journal.port import (
    GENESIS,
    Entry,
    EntryId,
    LineageChanged,
    OutcomeUnknown,
    Pulse,
    Receipt,
    Snapshot,
)
from tests.simulation.hints import Ears
from tests.simulation.redis_model import NotMaster, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from callq.journal.port import Lineage
    from tests.simulation.redis_model import RedisModel

T = TypeVar("T")

REPLY_TIMEOUT_S = 5.0
LOOK_EVERY_S = 1.0
"""How old what a connection knows of its lineage may be."""

RECONNECT_S = 0.5
"""Between two tries of a listener to connect."""


class Line(msgspec.Struct):
    """What the network does to exchanges; chances are per exchange, times in seconds."""

    lost: float = 0.0
    """The request never arrives."""
    reply_lost: float = 0.0
    late: float = 0.0
    """A write is executed after its sender gave up."""
    late_s: float = 15.0
    """Longest, after it was sent."""
    slow: float = 0.0
    slow_s: float = 4.0
    drop: float = 0.0
    """The connection breaks before anything is sent."""
    hint_lost: float = 0.0
    hint_late_s: float = 0.0
    """Longest delay of a hint, beside the usual."""
    usual_s: float = 0.003
    """Longest time of a leg that is not slow."""


GOOD = Line()


class _Link:
    """An open connection and what the server said of itself when it was last looked at."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._generation = server.generation
        self.look()

    @property
    def open(self) -> bool:
        return self.server.up and self.server.generation == self._generation

    def look(self) -> None:
        """INFO replication: the lineage can change while the connection lives."""
        self.lineage = self.server.lineage
        self.looked_s = self.server.model.world.now_s


class _Wire:
    """Where one kind of exchange goes: its connection, if it has one."""

    def __init__(self) -> None:
        self.link: _Link | None = None


class SimConnection:
    """Journal and keyring of one life of one node.

    Appends and everything else have connections of their own, and so may for a while be at different
    servers: a connection stays where it is until it breaks, whatever its node has heard.

    Args:
      model: the servers.
      node: the node's name.
      line: its network; may be changed at any time by setting `line`.
    """

    def __init__(self, model: RedisModel, node: str, line: Line = GOOD) -> None:
        self.line = line
        self._model = model
        self._world = model.world
        self._node = node
        self._commits = _Wire()
        self._reads = _Wire()
        self._dead = False

    def die(self) -> None:
        """The node's process is gone: nothing more is sent, also by what cleans up."""
        self._dead = True

    def hang_up(self) -> None:
        """All connections break."""
        self._commits.link = self._reads.link = None

    @property
    def servers(self) -> set[Server]:
        """Which servers this node is connected to, or would connect to."""
        links = [wire.link for wire in (self._commits, self._reads)]
        return {link.server if link and link.open else self._model.located(self._node) for link in links}

    # Exchanges ------------------------------------------------------------------------------------

    def _leg_s(self) -> float:
        line, rng = self.line, self._world.rng
        if line.slow and rng.random() < line.slow:
            return rng.random() * line.slow_s
        return (0.1 + 0.9 * rng.random()) * line.usual_s

    async def _connected(self, wire: _Wire) -> _Link:
        """The open connection, or a new one.

        Raises:
          StoreUnavailable: nobody there, or not a master.
        """
        if self._dead:
            await trio.sleep_forever()
        link = wire.link
        if link is not None and link.open:
            if not self._world.chance(self.line.drop):
                return link
            self._world.note(self._node, "connection drops")
        wire.link = None
        await trio.sleep(self._leg_s())
        server = self._model.located(self._node)
        if not server.serving:
            what = "is down" if not server.up else "is a replica"
            raise StoreUnavailable(f"{server.name} {what}")
        wire.link = _Link(server)
        return wire.link

    async def _ask(
        self,
        wire: _Wire,
        name: str,
        act: Callable[[Server], T],
        *,
        epoch: str | None = None,
        hall: str = "",
        writes: bool = False,
    ) -> tuple[T, _Link]:
        """One exchange.

        Raises:
          StoreUnavailable: no connection; nothing was sent.
          LineageChanged: `epoch` is given, and the connection met another one; nothing was sent.
          OutcomeUnknown: anything after that; the connection is dropped.
        """
        link = await self._connected(wire)
        if epoch is not None and link.lineage.epoch != epoch:
            await self._look_again(wire, link)
            if link.lineage.epoch != epoch:
                wire.link = None
                raise LineageChanged(hall, link.lineage)
        line, world = self.line, self._world
        sent_s = world.now_s
        fate = world.rng.random()
        if fate < line.lost:
            world.note(self._node, name, "is lost on the way")
            await self._time_out(wire, sent_s)
        fate -= line.lost
        if writes and fate < line.late:
            self._linger(name, act, link, world.rng.uniform(0, line.late_s))
            await self._time_out(wire, sent_s)
        fate -= line.late
        # One leg at a time is as good as two: either the request is fast and the reply takes its time,
        # or the other way round.
        leg_s = self._leg_s()
        if world.rng.random() < 0.5:
            answer = self._execute(wire, act, link)
            if 0 <= fate < line.reply_lost or leg_s > REPLY_TIMEOUT_S:
                world.note(self._node, name, "reply is lost")
                await self._time_out(wire, sent_s)
            await trio.sleep(leg_s)
            if not link.open:
                wire.link = None
                raise OutcomeUnknown(f"{link.server.name} closed the connection before it replied")
        else:
            try:
                await trio.sleep(leg_s)
            except trio.Cancelled:
                if writes and world.chance(0.5):
                    # The caller is gone, but what it sent is on its way.
                    self._linger(name, act, link, leg_s)
                raise
            answer = self._execute(wire, act, link)
        if world.now_s - link.looked_s > LOOK_EVERY_S:
            link.look()
        return answer, link

    def _execute(self, wire: _Wire, act: Callable[[Server], T], link: _Link) -> T:
        """The server does what it is asked, if it can still be reached."""
        if not link.open:
            wire.link = None
            raise OutcomeUnknown(f"{link.server.name} closed the connection")
        try:
            return act(link.server)
        except NotMaster as error:
            wire.link = None
            raise OutcomeUnknown(str(error)) from error

    async def _look_again(self, wire: _Wire, link: _Link) -> None:
        """Before anybody is turned away: the lineage may have changed under this connection."""
        await trio.sleep(self._leg_s())
        if not link.open:
            wire.link = None
            raise OutcomeUnknown(f"{link.server.name} closed the connection")
        link.look()

    async def _time_out(self, wire: _Wire, sent_s: float) -> None:
        wire.link = None
        await trio.sleep_until(sent_s + REPLY_TIMEOUT_S)
        raise OutcomeUnknown("no reply in time")

    def _linger(self, name: str, act: Callable[[Server], Any], link: _Link, delay_s: float) -> None:
        """Let a request be executed later, if the process that it was sent to still takes writes."""
        server, starts = link.server, link.server.starts

        def execute() -> None:
            if not server.serving or server.starts != starts:
                return
            try:
                answer: object = act(server)
            except Exception as error:
                answer = repr(error)
            self._world.note(self._node, f"zombie {name} executed at {server.name}:", answer)

        self._world.after(delay_s, execute)

    async def _read(self, name: str, act: Callable[[Server], T]) -> T:
        return (await self._ask(self._reads, name, act))[0]

    async def _write(self, name: str, act: Callable[[Server], T]) -> T:
        return (await self._ask(self._reads, name, act, writes=True))[0]

    # Journal --------------------------------------------------------------------------------------

    async def append(
        self, hall: str, expected: EntryId, entries: Sequence[Entry], epoch: str | None = None
    ) -> Receipt:
        """See `Journal.append`."""
        check_hall(hall)
        check_group(expected, entries)
        group = tuple(entries)
        name = f"append {expected.revision}+{len(group)}"
        act = lambda server: server.append(hall, expected, group)  # noqa: E731
        try:
            time_ms, link = await self._ask(
                self._commits, name, act, epoch=epoch, hall=hall, writes=bool(group)
            )
        except (LineageChanged, StoreUnavailable) as error:
            # What reads are connected to may be the wrong server, too, or gone.
            self._reads.link = None
            if isinstance(error, LineageChanged | OutcomeUnknown):
                raise
            raise OutcomeUnknown(str(error)) from error
        if group:
            self._world.note(self._node, name, f"done at {link.server.name}: {group[-1].id}")
        return Receipt(link.lineage, time_ms)

    async def read(self, hall: str, cursor: EntryId, limit: int = 1000) -> list[Entry]:
        """See `Journal.read`."""
        return await self._read("read", lambda server: server.store.read(hall, cursor, limit))

    async def read_revisions(self, hall: str, since: int, limit: int = 1000) -> list[Entry]:
        """See `Journal.read_revisions`."""
        return await self._read("read", lambda server: server.store.read_revisions(hall, since, limit))

    async def tips(self, halls: Sequence[str]) -> dict[str, EntryId]:
        """See `Journal.tips`."""
        return await self._read("tips", lambda server: {hall: server.store.tip(hall) for hall in halls})

    async def halls(self) -> list[str]:
        """See `Journal.halls`."""
        return await self._read("halls", lambda server: sorted(server.store.streams))

    async def lineage(self) -> Lineage:
        """See `Journal.lineage`."""
        return await self._read("lineage", lambda server: server.lineage)

    async def listen(
        self,
        heard: Callable[[str, EntryId], None],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """See `Journal.listen`."""
        reported = False
        while True:
            server = self._model.located(self._node)
            await trio.sleep(self._leg_s())
            if self._dead:
                await trio.sleep_forever()
            ears = Ears(self, heard) if server.serving and not self._world.chance(self.line.lost) else None
            if ears is not None:
                server.listeners.append(ears)
            if not reported:
                reported = True
                task_status.started()
            if ears is not None:
                await ears.listen()
            await trio.sleep(RECONNECT_S)

    async def beat(self, node: str, record: bytes, *, gap_ms: int, ends_outage: bool = False) -> Pulse:
        """See `Journal.beat`."""
        return await self._write("beat", lambda server: server.beat(node, record, gap_ms, ends_outage))

    async def leave(self, node: str) -> None:
        """See `Journal.leave`."""
        await self._write("leave", lambda server: server.leave(node))

    async def snapshot_ids(self, hall: str) -> list[EntryId]:
        """See `Journal.snapshot_ids`."""
        return await self._read("snapshots", lambda s: [kept.id for kept in s.store.snapshots.get(hall, [])])

    async def snapshot(self, hall: str, id: EntryId) -> bytes | None:
        """See `Journal.snapshot`."""
        found = await self._read("snapshots", lambda s: s.store.snapshots.get(hall, []))
        return next((kept.body for kept in found if kept.id == id), None)

    async def keep_snapshot(self, hall: str, snapshot: Snapshot) -> None:
        """See `Journal.keep_snapshot`."""
        check_hall(hall)
        await self._write(f"snapshot {snapshot.id.revision}", lambda s: s.keep_snapshot(hall, snapshot))

    async def drop_snapshot(self, hall: str, id: EntryId) -> None:
        """See `Journal.drop_snapshot`."""
        await self._write(f"drop snapshot {id.revision}", lambda server: server.drop_snapshot(hall, id))

    async def archived(self, hall: str) -> EntryId:
        """See `Journal.archived`."""
        return await self._read("archived", lambda server: server.store.archived.get(hall, GENESIS))

    async def set_archived(self, hall: str, before: EntryId, now: EntryId) -> bool:
        """See `Journal.set_archived`."""
        check_hall(hall)
        return await self._write("archived", lambda server: server.set_archived(hall, before, now))

    async def trim(self, hall: str, first: EntryId) -> int:
        """See `Journal.trim`."""
        check_hall(hall)
        return await self._write(f"trim {first.revision}", lambda server: server.trim(hall, first))

    async def devices_seen(self, hall: str, noted: Mapping[str, int]) -> dict[str, int]:
        """See `Journal.devices_seen`."""
        check_hall(hall)
        given = dict(noted)
        if not given:
            return await self._read("devices", lambda server: server.devices_seen(hall, given))
        return await self._write("devices", lambda server: server.devices_seen(hall, given))

    async def forget_devices(self, hall: str, devices: Sequence[str]) -> None:
        """See `Journal.forget_devices`."""
        gone = tuple(devices)
        await self._write("forget devices", lambda server: server.forget_devices(hall, gone))

    # Keyring --------------------------------------------------------------------------------------

    async def secret(self) -> bytes:
        """See `Keyring.secret`."""
        drawn = self._world.rng.randbytes(32)
        return await self._write("secret", lambda server: server.keep_secret(drawn))

    async def put_token(self, digest: str, record: bytes) -> None:
        """See `Keyring.put_token`."""
        await self._write("token", lambda server: server.put_token(digest, record))

    async def token(self, digest: str) -> bytes | None:
        """See `Keyring.token`."""
        return await self._read("token", lambda server: server.store.tokens.get(digest))
