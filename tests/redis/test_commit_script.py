"""commit.lua by itself: every refusal writes nothing, and ids are compared as strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from redis.exceptions import ResponseError

from callq.journal.redis import keys
from callq.journal.redis.connection import Client
from callq.journal.redis.lua import COMMIT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.redis.fixtures import RedisServer

KEY = keys.log("demo")
TOP = 2**63 - 1


@pytest.fixture
async def run(redis_server: RedisServer) -> AsyncIterator[Any]:
    """Run the script; an error is returned, not raised."""
    client = Client(redis_server.endpoint)

    async def call(*arguments: Any) -> Any:
        (reply,) = await client.exchange((("EVAL", COMMIT.body, 1, KEY, *arguments),))
        return reply

    yield call
    client.close()


async def ids(server: RedisServer) -> list[bytes]:
    return [row[0] for row in await server.ask("XRANGE", KEY, "-", "+")]


async def test_a_group_is_appended_whole(run: Any, redis_server: RedisServer) -> None:
    assert await run("0-0", "1-7", b"a", "2-5", b"b") == [1]
    assert await redis_server.ask("XRANGE", KEY, "-", "+") == [[b"1-7", [b"b", b"a"]], [b"2-5", [b"b", b"b"]]]


async def test_another_head_is_answered_with_its_id(run: Any, redis_server: RedisServer) -> None:
    await run("0-0", "1-7", b"a")
    assert await run("0-0", "1-8", b"b") == [0, b"1-7"]
    assert await run("1-8", "2-1", b"b") == [0, b"1-7"]
    assert await run("2-7", "3-1", b"b") == [0, b"1-7"]
    assert await ids(redis_server) == [b"1-7"]


async def test_a_stream_begins_at_genesis_only(run: Any, redis_server: RedisServer) -> None:
    assert await run("5-1", "6-1", b"x") == [0, b"0-0"]
    assert await redis_server.ask("EXISTS", KEY) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("1-1",),
        ("1-1", b"a", "2-1"),
        ("2-1", b"a"),
        ("0-1", b"a"),
        ("01-1", b"a"),
        ("1-01", b"a"),
        ("1", b"a"),
        ("1-*", b"a"),
        ("1--1", b"a"),
        ("1-1 ", b"a"),
        ("1-1", b"a", "3-1", b"c"),
        ("1-1", b"a", "1-2", b"b"),
        ("1-1", b"a", "2-99999999999999999999", b"b"),
    ],
)
async def test_what_cannot_follow_writes_nothing_at_all(
    run: Any, redis_server: RedisServer, arguments: Any
) -> None:
    reply = await run("0-0", *arguments)
    assert isinstance(reply, ResponseError)
    assert str(reply).startswith("CALLQ ")
    assert await redis_server.ask("EXISTS", KEY) == 0


async def test_an_empty_group_asks_for_the_head_and_writes_nothing(
    run: Any, redis_server: RedisServer
) -> None:
    assert await run("0-0") == [1]
    assert await redis_server.ask("EXISTS", KEY) == 0
    assert await run("1-7") == [0, b"0-0"]
    await run("0-0", "1-7", b"a")
    assert await run("1-7") == [1]
    assert await run("0-0") == [0, b"1-7"]
    assert await run("1-8") == [0, b"1-7"]
    assert await ids(redis_server) == [b"1-7"]


async def test_not_even_a_head_is_no_group(run: Any) -> None:
    assert isinstance(await run(), ResponseError)


@pytest.mark.parametrize("revision", [9, 10, 99, 129, 1999, 2**53, 10**18 - 1, TOP - 1])
async def test_revisions_are_counted_without_doubles(
    run: Any, redis_server: RedisServer, revision: Any
) -> None:
    await redis_server.ask("XADD", KEY, f"{revision}-1", "b", "x")
    assert isinstance(await run(f"{revision}-1", f"{revision + 2}-1", b"y"), ResponseError)
    assert isinstance(await run(f"{revision}-1", f"{revision}-2", b"y"), ResponseError)
    assert await run(f"{revision}-1", f"{revision + 1}-{TOP}", b"y") == [1]
    assert len(await ids(redis_server)) == 2


async def test_ids_that_are_one_double_are_two_ids(run: Any, redis_server: RedisServer) -> None:
    assert float(TOP) == float(TOP - 1)
    head = f"{TOP - 1}-{TOP - 1}"
    await redis_server.ask("XADD", KEY, head, "b", "x")
    for other in (f"{TOP - 1}-{TOP}", f"{TOP}-{TOP - 1}", f"{TOP - 2}-{TOP - 1}"):
        assert await run(other, f"{TOP}-1", b"y") == [0, head.encode()]
    assert await run(head, f"{TOP}-{TOP}", b"y") == [1]
    assert await ids(redis_server) == [head.encode(), f"{TOP}-{TOP}".encode()]


async def test_an_emptied_stream_is_not_begun_anew(run: Any, redis_server: RedisServer) -> None:
    await run("0-0", "1-7", b"a")
    await redis_server.ask("XDEL", KEY, "1-7")
    for group in (("1-7", b"a"), ()):
        reply = await run("0-0", *group)
        assert isinstance(reply, ResponseError)
        assert "empty" in str(reply)
    assert await ids(redis_server) == []


async def test_an_entry_removed_from_the_end_is_not_replaced(run: Any, redis_server: RedisServer) -> None:
    await run("0-0", "1-7", b"a", "2-9", b"b")
    await redis_server.ask("XDEL", KEY, "2-9")
    assert isinstance(await run("1-7", "2-8", b"other", "3-1", b"c"), ResponseError)
    assert await ids(redis_server) == [b"1-7"]


async def test_a_key_of_another_type_is_left_alone(run: Any, redis_server: RedisServer) -> None:
    await redis_server.ask("SET", KEY, "precious")
    assert isinstance(await run("0-0", "1-1", b"a"), ResponseError)
    assert await redis_server.ask("GET", KEY) == b"precious"


async def test_a_full_redis_takes_nothing(run: Any, redis_server: RedisServer) -> None:
    await run("0-0", "1-7", b"a")
    await redis_server.ask("CONFIG", "SET", "maxmemory", "1")
    try:
        reply = await run("1-7", "2-1", b"b", "3-1", b"c")
        assert isinstance(reply, ResponseError)
    finally:
        await redis_server.ask("CONFIG", "SET", "maxmemory", "0")
    assert await ids(redis_server) == [b"1-7"]
