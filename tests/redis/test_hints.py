"""Hints of what was appended, over connections that break, hang or lead elsewhere."""

from __future__ import annotations

import itertools
import re
from typing import Any, Never

import pytest
import trio
import trio.testing

from callq.domain.errors import BadBytes, StoreUnavailable
from callq.journal.port import GENESIS, Entry, EntryId, chained
from callq.journal.redis import group, hints, keys
from callq.journal.redis.endpoint import Endpoint
from callq.journal.redis.hints import decode_hints, encode_hints
from callq.journal.redis.journal import RedisJournal, open_redis
from tests.redis.fixtures import RedisServer, eventually
from tests.redis.proxy import proxied

FIRST = chained(GENESIS, b"1")
SECOND = chained(FIRST.id, b"2")


class Heard(list[tuple[str, EntryId]]):
    """What a listener heard."""

    def __call__(self, hall: str, id: EntryId) -> None:
        self.append((hall, id))

    async def includes(self, hall: str, id: EntryId) -> None:
        await eventually(lambda: (hall, id) in self, f"{hall} {id} is heard")


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hints are sent also when a moment ago nobody heard them."""
    monkeypatch.setattr(group, "UNHEARD_S", 0.0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(hints, "LONGEST_PAUSE_S", 0.05)


async def listeners(server: RedisServer) -> int:
    (_, count) = await server.ask("PUBSUB", "NUMSUB", keys.hints(0))
    assert isinstance(count, int)
    return count


def test_hints_are_json_that_comes_back() -> None:
    pairs = [("north", EntryId(17, 2**63 - 1)), ("south", EntryId(1, 0))]
    assert encode_hints(pairs) == b'[["north","17-9223372036854775807"],["south","1-0"]]'
    assert decode_hints(encode_hints(pairs)) == pairs
    assert decode_hints(encode_hints([])) == []
    for wrong in (b"", b"{}", b'[["north"]]', b'[["north","17"]]', b"\xff"):
        with pytest.raises(BadBytes):
            decode_hints(wrong)


async def published(server: RedisServer) -> int:
    told = (await server.ask("INFO", "commandstats")).decode()
    found = re.search(r"cmdstat_publish:calls=(\d+)", told)
    return int(found[1]) if found else 0


async def test_hints_that_nobody_else_hears_are_sent_now_and_then_only(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "UNHEARD_S", 3600.0)
    heard = Heard()
    async with open_redis(redis_server.endpoint) as journal, trio.open_nursery() as nursery:
        await nursery.start(journal.listen, Heard())
        before = await published(redis_server)
        entry = FIRST
        await journal.append("demo", GENESIS, [entry])
        for _ in range(20):
            entry = await follow(journal, entry)
        assert await published(redis_server) == before + 1
        async with open_redis(redis_server.endpoint) as other, trio.open_nursery() as listening:
            await listening.start(other.listen, heard)
            # It was asked a moment ago whether anybody hears; now it is a while ago.
            monkeypatch.setattr(group, "UNHEARD_S", 0.0)
            journal._committer._hints_from_s = 0.0
            for _ in range(3):
                entry = await follow(journal, entry)
                await heard.includes("demo", entry.id)
            monkeypatch.setattr(group, "UNHEARD_S", 3600.0)
            for _ in range(3):
                entry = await follow(journal, entry)
                await heard.includes("demo", entry.id)
            listening.cancel_scope.cancel()
        nursery.cancel_scope.cancel()


async def follow(journal: RedisJournal, before: Entry) -> Entry:
    """Append one entry after another."""
    after = chained(before.id, b"next")
    await journal.append("demo", before.id, [after])
    return after


@pytest.mark.usefixtures("always")
async def test_one_message_names_all_halls_of_a_pipeline(redis_server: RedisServer) -> None:
    heard = Heard()
    halls = [f"hall-{n}" for n in range(40)]
    async with (
        proxied(redis_server.directory / "s") as proxy,
        open_redis(proxy.url) as journal,
        open_redis(redis_server.endpoint) as other,
        trio.open_nursery() as nursery,
    ):
        for hall in (*halls, "alone"):
            await journal.append(hall, GENESIS, [FIRST])
        await nursery.start(other.listen, heard)
        proxy.gate = trio.Event()
        async with trio.open_nursery() as appending:
            appending.start_soon(journal.append, "alone", FIRST.id, [SECOND])
            await trio.testing.wait_all_tasks_blocked()
            for hall in halls:
                appending.start_soon(journal.append, hall, FIRST.id, [SECOND])
            appending.start_soon(journal.append, "alone", SECOND.id, [])
            await trio.testing.wait_all_tasks_blocked()
            proxy.gate.set()
        await heard.includes("hall-39", SECOND.id)
        assert sorted(heard) == sorted((hall, SECOND.id) for hall in (*halls, "alone"))
        nursery.cancel_scope.cancel()


async def test_many_hints_that_come_at_once_are_all_heard(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than one read of the socket takes in; what is left in the parser is no news to the socket."""
    monkeypatch.setattr(hints, "PING_EVERY_S", 3600.0)
    heard = Heard()
    async with open_redis(redis_server.endpoint) as journal, trio.open_nursery() as nursery:
        await nursery.start(journal.listen, heard)
        commands = [
            ("PUBLISH", keys.hints(0), encode_hints([(f"h{n}-{m}", FIRST.id) for m in range(50)]))
            for n in range(100)
        ]
        await journal._reader.ask(*commands)
        await eventually(lambda: len(heard) == 5000, "all are heard")
        nursery.cancel_scope.cancel()


async def test_what_cannot_be_understood_is_passed_over(redis_server: RedisServer) -> None:
    heard = Heard()
    async with open_redis(redis_server.endpoint) as journal, trio.open_nursery() as nursery:
        await nursery.start(journal.listen, heard)
        await redis_server.ask("PUBLISH", keys.hints(0), "hello?")
        await journal.append("demo", GENESIS, [FIRST])
        await heard.includes("demo", FIRST.id)
        assert await listeners(redis_server) == 1
        nursery.cancel_scope.cancel()


async def test_hints_are_heard_again_after_the_server_was_killed(own_server: RedisServer, quick: Any) -> None:
    heard = Heard()
    own_server.start()
    async with open_redis(own_server.endpoint) as journal, trio.open_nursery() as nursery:
        await nursery.start(journal.listen, heard)
        await journal.append("demo", GENESIS, [FIRST])
        await heard.includes("demo", FIRST.id)
        own_server.kill()
        own_server.start()

        async def listens() -> bool:
            return await listeners(own_server) == 1

        await eventually(listens, "the listener is back")
        await journal._reader.ask(("PING",))
        await journal.append("demo", FIRST.id, [])
        await journal.append("demo", FIRST.id, [SECOND])
        await heard.includes("demo", SECOND.id)
        nursery.cancel_scope.cancel()


async def test_who_cannot_be_reached_is_no_reason_to_wait(own_server: RedisServer, quick: Any) -> None:
    heard = Heard()
    async with open_redis(own_server.endpoint) as journal, trio.open_nursery() as nursery:
        await nursery.start(journal.listen, heard)
        own_server.start()

        async def listens() -> bool:
            return await listeners(own_server) == 1

        await eventually(listens, "it connects as soon as there is a server")
        await journal.append("demo", GENESIS, [FIRST])
        await heard.includes("demo", FIRST.id)
        nursery.cancel_scope.cancel()


async def test_a_peer_that_says_nothing_is_asked_and_then_left(
    redis_server: RedisServer, quick: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "PING_EVERY_S", 0.05)
    heard = Heard()
    async with (
        proxied(redis_server.directory / "s") as proxy,
        open_redis(proxy.url) as journal,
        trio.open_nursery() as nursery,
    ):
        await nursery.start(journal.listen, heard)
        # Many questions later it is still the same connection, since each had its answer.

        async def asked_often() -> bool:
            stats = await redis_server.ask("INFO", "commandstats")
            return any(
                line.startswith(b"cmdstat_ping:calls=") and int(line[19:].partition(b",")[0]) >= 5
                for line in stats.splitlines()
            )

        await redis_server.ask("CONFIG", "RESETSTAT")
        await eventually(asked_often, "it asks again and again")
        assert proxy.connections == 1
        monkeypatch.setattr(hints, "PONG_WITHIN_S", 0.1)
        proxy.swallow = True
        await eventually(lambda: proxy.connections == 2, "it is left")
        monkeypatch.setattr(hints, "PONG_WITHIN_S", 5.0)
        proxy.mend()
        await proxy.lead_to(proxy.target)
        n = 0

        async def is_heard() -> bool:
            nonlocal n
            n += 1
            await redis_server.ask("PUBLISH", keys.hints(0), encode_hints([(f"h{n}", FIRST.id)]))
            return bool(heard)

        await eventually(is_heard, "hints are heard again")
        nursery.cancel_scope.cancel()


async def test_hints_of_another_store_are_not_listened_to(redis_server: RedisServer, quick: Any) -> None:
    await redis_server.ask("SET", keys.IDENTITY, "mine")
    heard = Heard()
    async with open_redis(redis_server.endpoint, identity=b"mine") as journal, trio.open_nursery() as nursery:
        await nursery.start(journal.listen, heard)
        assert await listeners(redis_server) == 1
        await redis_server.ask("SET", keys.IDENTITY, "another")
        await redis_server.ask("CLIENT", "KILL", "TYPE", "pubsub")

        async def tried() -> bool:
            return await listeners(redis_server) == 0

        await eventually(tried, "the connection is gone")
        for _ in range(20):
            await trio.testing.wait_all_tasks_blocked(0.01)
            await redis_server.ask("PUBLISH", keys.hints(0), encode_hints([("demo", FIRST.id)]))
        assert heard == []
        await redis_server.ask("SET", keys.IDENTITY, "mine")

        async def listens() -> bool:
            return await listeners(redis_server) == 1

        await eventually(listens, "the store is back")
        nursery.cancel_scope.cancel()


async def test_a_listener_that_is_cancelled_leaves_no_connection(redis_server: RedisServer) -> None:
    async with open_redis(redis_server.endpoint) as journal:
        async with trio.open_nursery() as nursery:
            await nursery.start(journal.listen, Heard())
            assert await listeners(redis_server) == 1
            nursery.cancel_scope.cancel()

        async def gone() -> bool:
            return await listeners(redis_server) == 0

        await eventually(gone, "nobody listens")


async def test_a_listener_waits_longer_each_time(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []

    class Enough(Exception):
        pass

    def refuse(*_: Any) -> Never:
        tries.append(autojump_clock.current_time())
        if len(tries) == 12:
            raise Enough
        raise StoreUnavailable("nobody there")

    monkeypatch.setattr(hints, "Ear", refuse)
    with pytest.raises(Enough):
        await hints.listen(Endpoint.from_url("redis://nowhere"), None, Heard(), lambda _: None)
    pauses = [after - before for before, after in itertools.pairwise(tries)]
    assert pauses[0] <= 1.5 * hints.FIRST_PAUSE_S
    for n, pause in enumerate(pauses):
        wanted = min(hints.LONGEST_PAUSE_S, 2**n * hints.FIRST_PAUSE_S)
        assert 0.49 * wanted <= pause <= 1.51 * wanted
