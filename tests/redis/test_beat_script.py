"""beat.lua by itself, where the time that passes is made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from callq.journal.port import NODE_TTL_MS
from callq.journal.redis import keys
from callq.journal.redis.journal import RedisJournal, open_redis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.redis.fixtures import RedisServer

FORGET_MS = 60_000
GAP_MS = 10_000


@pytest.fixture
async def journal(redis_server: RedisServer) -> AsyncIterator[RedisJournal]:
    async with open_redis(redis_server.endpoint) as opened:
        yield opened


async def ago(server: RedisServer, ms: int) -> int:
    """So many milliseconds before now on the server's clock; negative: after it."""
    seconds, microseconds = await server.ask("TIME")
    return int(seconds) * 1000 + int(microseconds) // 1000 - ms


async def seat(server: RedisServer, name: str, ms_ago: int) -> None:
    await server.ask("HSET", keys.NODES, name, b"%d:of %s" % (await ago(server, ms_ago), name.encode()))


async def test_who_is_silent_is_gone_and_later_forgotten(
    journal: RedisJournal, redis_server: RedisServer
) -> None:
    for name, ms_ago in {
        "lively": NODE_TTL_MS - 2000,
        "gone": NODE_TTL_MS + 1,
        "nearly-forgotten": FORGET_MS - 10_000,
        "forgotten": FORGET_MS + 1,
        # As after the server's clock was set back.
        "ahead": -(FORGET_MS + 10_000),
        "a little ahead": -2000,
    }.items():
        await seat(redis_server, name, ms_ago)
    await redis_server.ask("HSET", keys.NODES, "damaged", "no time")
    pulse = await journal.beat("me", b"here", gap_ms=GAP_MS)
    assert pulse.nodes == {"me": b"here", "lively": b"of lively", "a little ahead": b"of a little ahead"}
    held = await redis_server.ask("HKEYS", keys.NODES)
    assert set(held) == {b"me", b"lively", b"gone", b"nearly-forgotten", b"a little ahead"}


@pytest.mark.parametrize(("silent_ms", "counted"), [(GAP_MS - 5000, True), (GAP_MS + 1, False)])
async def test_an_outage_is_a_silence_of_all_that_is_longer_than_the_gap(
    journal: RedisJournal, redis_server: RedisServer, silent_ms: Any, counted: Any
) -> None:
    last = await ago(redis_server, silent_ms)
    await redis_server.ask("SET", keys.BEAT, last)
    pulse = await journal.beat("me", b"", gap_ms=GAP_MS)
    assert (pulse.last_ms, pulse.counted) == (last, counted)
    assert int(await redis_server.ask("GET", keys.BEAT)) == (pulse.time_ms if counted else last)


async def test_a_beat_from_the_future_is_no_outage_and_is_set_right(
    journal: RedisJournal, redis_server: RedisServer
) -> None:
    await redis_server.ask("SET", keys.BEAT, await ago(redis_server, -3_600_000))
    pulse = await journal.beat("me", b"", gap_ms=GAP_MS)
    assert pulse.counted
    assert int(await redis_server.ask("GET", keys.BEAT)) == pulse.time_ms


async def test_times_are_written_in_full_and_records_as_they_are(
    journal: RedisJournal, redis_server: RedisServer
) -> None:
    pulse = await journal.beat("me", b"\0:\r\n", gap_ms=GAP_MS)
    assert await redis_server.ask("GET", keys.BEAT) == b"%d" % pulse.time_ms
    assert await redis_server.ask("HGET", keys.NODES, "me") == b"%d:\0:\r\n" % pulse.time_ms


async def test_beats_outlive_a_restart(own_server: RedisServer) -> None:
    own_server.start()
    async with open_redis(own_server.endpoint) as journal:
        last = (await journal.beat("me", b"", gap_ms=GAP_MS)).time_ms
        own_server.kill()
        own_server.start()
        pulse = await journal.beat("me", b"", gap_ms=-1)
        assert (pulse.last_ms, pulse.counted) == (last, False)
