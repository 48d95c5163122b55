"""One node on a store: a second one is refused, a dead one is not waited for."""

from __future__ import annotations

from dataclasses import replace

import pytest
import structlog
import trio

from callq.journal.port import GENESIS, StoreRefused, chained
from callq.journal.redis.connection import Client
from callq.journal.redis.endpoint import Endpoint
from callq.journal.redis.guard import NAME_PREFIX, Timing, hold_directory, hold_store, parse_holders
from callq.journal.redis.store import open_store
from tests.redis.fixtures import eventually

QUICK = Timing(beat_s=0.05, watch_s=1.0, stale_s=60.0)
LOG = structlog.get_logger("test")


async def holders(server):
    return parse_holders(await server.ask("CLIENT", "LIST"))


async def test_the_holder_is_named_in_the_refusal(redis_server):
    async with hold_store(redis_server.endpoint, LOG, QUICK) as guard:
        with pytest.raises(StoreRefused) as refused:
            async with hold_store(redis_server.endpoint, LOG, QUICK):
                pytest.fail("held twice")
        (holder,) = await holders(redis_server)
        assert holder.name == guard.name
        assert holder.address in str(refused.value)
        assert "connected since" in str(refused.value)
    async with hold_store(redis_server.endpoint, LOG, QUICK):
        pass


async def test_of_many_that_start_at_once_one_holds_the_store(redis_server):
    quicker = replace(QUICK, watch_s=0.2)

    async def is_free() -> bool:
        return not await holders(redis_server)

    for _ in range(10):
        await eventually(is_free, "the connections of the round before are closed")
        outcomes: list[str] = []

        async def node(outcomes=outcomes) -> None:
            try:
                async with hold_store(redis_server.endpoint, LOG, quicker):
                    outcomes.append("held")
                    await trio.sleep_forever()
            except StoreRefused:
                outcomes.append("refused")

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(node)
            await eventually(lambda outcomes=outcomes: len(outcomes) == 5, "all have their answer")
            nursery.cancel_scope.cancel()
        assert sorted(outcomes) == ["held", *["refused"] * 4]


async def test_the_guard_is_renewed_after_a_restart_of_redis(own_server):
    own_server.start()
    async with hold_store(own_server.endpoint, LOG, QUICK) as guard:
        own_server.kill()
        own_server.start()

        async def is_renewed() -> bool:
            return [holder.name for holder in await holders(own_server)] == [guard.name]

        await eventually(is_renewed, "the guard is back")
        with pytest.raises(StoreRefused):
            async with hold_store(own_server.endpoint, LOG, QUICK):
                pytest.fail("held twice")


async def test_a_silent_holder_is_ended(redis_server):
    dead = Client(redis_server.endpoint, setup=(("CLIENT", "SETNAME", f"{NAME_PREFIX}dead"),))
    await dead.ask(("PING",))
    async with hold_store(redis_server.endpoint, LOG, Timing(beat_s=0.05, watch_s=1.0, stale_s=1.0)) as guard:
        assert [holder.name for holder in await holders(redis_server)] == [guard.name]
    dead.close()


async def test_a_node_whose_store_was_taken_stops(redis_server):
    taker = Client(redis_server.endpoint, setup=(("CLIENT", "SETNAME", f"{NAME_PREFIX}taker"),))

    async def lose_it() -> None:
        async with open_store(redis_server.url, timing=QUICK):
            (mine,) = await holders(redis_server)
            # As after a broken network: the taker was quicker to come back.
            await taker.ask(("PING",))
            await redis_server.ask("CLIENT", "KILL", "ID", mine.client_id)

            async def never() -> bool:
                await taker.ask(("PING",))
                return False

            await eventually(never, "the block is cancelled")

    with pytest.raises(StoreRefused, match="another callq uses the store"):
        await lose_it()
    taker.close()


async def test_databases_of_one_server_are_separate_stores(own_server):
    own_server.start()
    other = Endpoint.from_url(f"{own_server.url}?db=1")
    async with hold_store(own_server.endpoint, LOG, QUICK), hold_store(other, LOG, QUICK):
        with pytest.raises(StoreRefused):
            async with hold_store(other, LOG, QUICK):
                pytest.fail("held twice")


def test_a_directory_is_held_once(tmp_path):
    with (
        hold_directory(tmp_path),
        pytest.raises(StoreRefused, match=r"another callq uses .* \(process \d+, since"),
        hold_directory(tmp_path),
    ):
        pytest.fail("held twice")
    with hold_directory(tmp_path):
        pass


async def test_a_second_process_on_a_redis_is_refused_until_the_first_is_killed(redis_server, run_node):
    first, said = await trio.to_thread.run_sync(run_node, redis_server.url)
    assert said["head"].startswith("3-")
    _, refused = await trio.to_thread.run_sync(run_node, redis_server.url)
    assert f"/{first.pid} at" in refused["refused"]
    with pytest.raises(StoreRefused):
        async with open_store(redis_server.url, timing=QUICK):
            pytest.fail("opened")
    first.kill()
    async with open_store(redis_server.url, timing=QUICK) as store:
        assert len(await store.journal.read("demo", GENESIS)) == 3


async def test_a_tool_works_beside_a_node(redis_server):
    async with (
        open_store(redis_server.url) as node,
        open_store(redis_server.url, purpose="tool") as tool,
    ):
        await tool.journal.put_token("ab", b"record")
        assert await node.journal.token("ab") == b"record"
        await tool.journal.append("demo", GENESIS, [chained(GENESIS, b"1")])
        assert await node.journal.halls() == ["demo"]
