"""Whose history a connection meets: failovers, first replicas, and connections that outlive both."""

from __future__ import annotations

import shutil
import socket
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trio
from redis.exceptions import ReadOnlyError, RedisError

from callq.domain.errors import StoreUnavailable
from callq.journal.port import (
    GENESIS,
    AppendRefused,
    Entry,
    LineageBroken,
    LineageChanged,
    OutcomeUnknown,
    chained,
)
from callq.journal.redis import connection
from callq.journal.redis.connection import Client
from callq.journal.redis.endpoint import Endpoint
from callq.journal.redis.journal import open_redis
from tests.redis.fixtures import RedisServer, eventually
from tests.redis.proxy import proxied

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.journal.redis.process import Program

FIRST = chained(GENESIS, b"1")
SECOND = chained(FIRST.id, b"2")
OTHER = chained(FIRST.id, b"other")
THIRD = chained(SECOND.id, b"3")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


class Pair:
    """A master and another server that can become its replica."""

    def __init__(self, master: RedisServer, second: RedisServer, port: int) -> None:
        self.master = master
        self.second = second
        self._port = port

    async def attach(self) -> None:
        """Make the second a replica of the first, in step with it."""
        await self.second.ask_anyway("REPLICAOF", "127.0.0.1", self._port)

        async def is_attached() -> bool:
            return b"master_link_status:up" in await self._asked("INFO", "replication")

        await eventually(is_attached, "the replica has caught up")

    async def _asked(self, *command: Any) -> Any:
        """What the second answers; nothing while it is busy with the data of its master."""
        try:
            return await self.second.ask_anyway(*command)
        except (RedisError, OSError):
            return b""

    async def promote(self) -> None:
        """Make a master of the replica."""
        await self.second.ask_anyway("REPLICAOF", "NO", "ONE")

    async def wait_for(self, entry: Entry) -> None:
        """Wait until the replica has an entry."""

        async def has_it() -> bool:
            return bool(await self._asked("XRANGE", "callq:{demo}:log", str(entry.id), str(entry.id)))

        await eventually(has_it, f"the replica has {entry.id}")


@contextmanager
def started_pair(program: Program) -> Iterator[Any]:
    """Two servers; only the first one has a port."""
    servers = [RedisServer(program, Path(tempfile.mkdtemp(prefix="callq-test-"))) for _ in range(2)]
    port = free_port()
    try:
        # Without diskless replication and its delay of 5 s in 7.0, replicas attach at once.
        servers[0].start(port=str(port), bind="127.0.0.1", repl_diskless_sync="no")
        servers[1].start()
        yield Pair(servers[0], servers[1], port)
    finally:
        for server in servers:
            server.discard() if server.process else shutil.rmtree(server.directory)


@pytest.fixture
def pair(redis_program: Program) -> Iterator[Any]:
    with started_pair(redis_program) as found:
        yield found


@pytest.fixture
def looked_at_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LOOK_EVERY_S", -1.0)


async def test_after_a_failover_nothing_is_sent_that_was_decided_before_it(pair: Any) -> None:
    await pair.attach()
    async with proxied(pair.master.directory / "s") as proxy, open_redis(proxy.url) as journal:
        before = (await journal.append("demo", GENESIS, [FIRST])).lineage
        assert not before.promoted
        await pair.wait_for(FIRST)
        # The master dies with an entry that the replica never saw.
        await pair.second.ask_anyway("REPLICAOF", "NO", "ONE")
        await journal.append("demo", FIRST.id, [SECOND], before.epoch)
        pair.master.kill()
        await proxy.lead_to(pair.second.directory / "s")

        after = await journal.lineage()
        assert after.promoted
        assert after.epoch != before.epoch
        with pytest.raises((LineageChanged, OutcomeUnknown)):
            await journal.append("demo", SECOND.id, [THIRD], before.epoch)
        # By now the connection is a new one; it keeps back what would fit as well as what would not.
        for expected, entries in ((SECOND.id, [THIRD]), (FIRST.id, [SECOND]), (FIRST.id, [])):
            with pytest.raises(LineageChanged) as changed:
                await journal.append("demo", expected, entries, before.epoch)
            assert changed.value.lineage == after
        with pytest.raises(LineageBroken):
            await journal.read("demo", SECOND.id)
        assert await journal.read("demo", GENESIS) == [FIRST]
        # What the loser had can be given back under the new lineage, with the same id.
        receipt = await journal.append("demo", FIRST.id, [SECOND], after.epoch)
        assert receipt.lineage == after
        assert await journal.read("demo", GENESIS) == [FIRST, SECOND]
        assert (await journal.beat("node", b"", gap_ms=1)).lineage == after


async def test_of_two_masters_the_one_that_was_decided_under_gets_the_group(pair: Any) -> None:
    await pair.attach()
    async with (
        proxied(pair.master.directory / "s") as proxy,
        open_redis(proxy.url) as journal,
        open_redis(pair.second.endpoint) as over_there,
    ):
        before = (await journal.append("demo", GENESIS, [FIRST])).lineage
        await pair.wait_for(FIRST)
        await pair.promote()
        after = (await over_there.append("demo", FIRST.id, [OTHER])).lineage
        # Our connections still lead to the old master, which takes writes as before.
        await journal.append("demo", FIRST.id, [SECOND], before.epoch)
        with pytest.raises(LineageChanged) as changed:
            await journal.append("demo", SECOND.id, [THIRD], after.epoch)
        assert changed.value.lineage == before
        # It is not insisted on: the next connection goes where the address leads by now.
        proxy.target = pair.second.directory / "s"
        with pytest.raises(AppendRefused) as refused:
            await journal.append("demo", SECOND.id, [THIRD], after.epoch)
        assert refused.value.last == OTHER.id
        assert await journal.lineage() == after


async def test_the_first_replica_changes_the_lineage_under_a_living_connection(
    pair: Any, looked_at_every_time: Any
) -> None:
    async with open_redis(pair.master.endpoint) as journal:
        before = (await journal.append("demo", GENESIS, [FIRST])).lineage
        connected = journal.server
        await pair.attach()
        # This one is decided under what the connection knew, and its receipt tells of the change.
        after = (await journal.append("demo", FIRST.id, [SECOND], before.epoch)).lineage
        assert after.epoch != before.epoch
        assert not after.promoted
        assert journal.server == connected
        with pytest.raises(LineageChanged):
            await journal.append("demo", SECOND.id, [THIRD], before.epoch)
        await journal.append("demo", SECOND.id, [THIRD], after.epoch)
        assert await journal.lineage() == after


async def test_who_knows_of_the_change_first_is_not_turned_away(pair: Any) -> None:
    async with open_redis(pair.master.endpoint) as journal:
        before = (await journal.append("demo", GENESIS, [FIRST])).lineage
        await pair.attach()
        after = await journal.lineage()
        assert after.epoch != before.epoch
        # The connection of appends was not asked for a second, and looks before it refuses.
        receipt = await journal.append("demo", FIRST.id, [SECOND], after.epoch)
        assert receipt.lineage == after


async def test_a_master_demoted_under_way_is_no_place_to_ask(pair: Any) -> None:
    await pair.attach()
    async with open_redis(pair.master.endpoint) as journal:
        await journal.append("demo", GENESIS, [FIRST])
        await journal.lineage()
        await pair.promote()
        await pair.master.ask("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(StoreUnavailable, match="no master"):
            await journal.lineage()
        with pytest.raises(StoreUnavailable):
            await journal.beat("node", b"", gap_ms=1)
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                await journal.append("demo", FIRST.id, [], "whatever was known")


async def test_a_demoted_master_vouches_for_nothing(pair: Any) -> None:
    """An empty group needs no right to write, so the master's refusal would never come."""
    await pair.attach()
    async with open_redis(pair.master.endpoint) as journal, open_redis(pair.second.endpoint) as over_there:
        epoch = (await journal.append("demo", GENESIS, [FIRST])).lineage.epoch
        await pair.wait_for(FIRST)
        await pair.promote()
        await over_there.append("demo", FIRST.id, [OTHER])
        # At once, when what is known of the connection is still fresh.
        await pair.master.ask("REPLICAOF", "127.0.0.1", "1")
        for _ in range(3):
            with pytest.raises(OutcomeUnknown, match="replica"):
                await journal.append("demo", FIRST.id, [], epoch)


async def test_a_demotion_is_noticed_where_entries_and_questions_share_a_pipeline(
    pair: Any, looked_at_every_time: Any
) -> None:
    async with open_redis(pair.master.endpoint) as journal:
        await journal.append("demo", GENESIS, [FIRST])
        await pair.master.ask("REPLICAOF", "127.0.0.1", "1")
        outcomes: list[str] = []

        async def send(expected: Any, entries: list[Entry]) -> None:
            try:
                await journal.append("demo", expected, entries)
                outcomes.append("appended")
            except OutcomeUnknown:
                outcomes.append("unknown")

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(send, FIRST.id, [])
            nursery.start_soon(send, FIRST.id, [SECOND])
        assert outcomes == 6 * ["unknown"]


async def test_what_only_asked_while_the_lineage_changed_asks_again(pair: Any) -> None:
    async with open_redis(pair.master.endpoint) as journal:
        before = (await journal.append("demo", GENESIS, [FIRST])).lineage
        await pair.attach()
        with pytest.raises(OutcomeUnknown, match="changed"):
            await journal.append("demo", FIRST.id, [], before.epoch)
        with pytest.raises(LineageChanged) as changed:
            await journal.append("demo", FIRST.id, [], before.epoch)
        await journal.append("demo", FIRST.id, [], changed.value.lineage.epoch)


async def test_a_plain_restart_is_no_promotion(own_server: RedisServer) -> None:
    own_server.start()
    async with open_redis(own_server.endpoint) as journal:
        before = (await journal.append("demo", GENESIS, [FIRST])).lineage
        own_server.kill()
        own_server.start()
        after = await journal.lineage()
        assert after.epoch != before.epoch
        assert not after.promoted
        with pytest.raises(LineageChanged):
            await journal.append("demo", FIRST.id, [SECOND], before.epoch)
        await journal.append("demo", FIRST.id, [SECOND], after.epoch)


async def test_an_embedded_server_is_never_promoted(pair: Any) -> None:
    await pair.attach()
    await pair.promote()
    async with open_redis(pair.second.endpoint) as journal:
        assert (await journal.lineage()).promoted
        assert (await journal.append("demo", GENESIS, [])).lineage.promoted
        assert (await journal.beat("node", b"", gap_ms=1)).lineage.promoted
    ours = Endpoint.from_socket(pair.second.directory / "s", embedded=True)
    async with open_redis(ours) as journal:
        assert not (await journal.lineage()).promoted
        assert not (await journal.append("demo", GENESIS, [])).lineage.promoted
        assert not (await journal.beat("node", b"", gap_ms=1)).lineage.promoted


async def test_a_connection_that_was_led_to_a_replica_is_made_anew(pair: Any) -> None:
    """As behind an address that moves a moment before the promotion."""
    await pair.attach()
    client = Client(pair.second.endpoint)
    with pytest.raises(StoreUnavailable, match="replica"):
        await client.ask(("PING",))
    await pair.promote()
    assert await client.ask(("PING",)) == [b"PONG"]
    client.close()


async def test_a_connection_to_a_demoted_master_is_left_at_its_first_refusal(pair: Any) -> None:
    client = Client(pair.master.endpoint)
    assert await client.ask(("SET", "k", "v")) == [b"OK"]
    await pair.master.ask_anyway("REPLICAOF", "127.0.0.1", "1")
    (refusal,) = await client.exchange((("SET", "k", "v"),))
    assert isinstance(refusal, ReadOnlyError)
    with pytest.raises(StoreUnavailable, match="replica"):
        await client.exchange((("SET", "k", "v"),))
    client.close()
