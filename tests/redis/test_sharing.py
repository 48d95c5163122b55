"""Nodes that share a Redis, each with a directory of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.journal.port import GENESIS, StoreRefused, chained
from callq.journal.redis.directory import hold_directory
from callq.journal.redis.store import open_store
from tests.redis.fixtures import RedisServer, RunNode, eventually

if TYPE_CHECKING:
    from pathlib import Path


def test_a_directory_is_held_once(tmp_path: Path) -> None:
    with (
        hold_directory(tmp_path),
        pytest.raises(StoreRefused, match=r"another callq uses .* \(process \d+, since"),
        hold_directory(tmp_path),
    ):
        pytest.fail("held twice")
    with hold_directory(tmp_path):
        pass


async def test_nodes_share_a_redis_but_not_a_directory(
    redis_server: RedisServer, tmp_path: Path, run_node: RunNode
) -> None:
    first, said = await trio.to_thread.run_sync(run_node, tmp_path / "a", redis_server.url)
    assert said["head"].startswith("3-")
    assert said["redis"] is None
    _, said = await trio.to_thread.run_sync(run_node, tmp_path / "b", redis_server.url)
    assert said["head"].startswith("6-")
    _, said = await trio.to_thread.run_sync(run_node, tmp_path / "a", redis_server.url)
    assert f"process {first.pid}" in said["refused"]
    assert "a data directory of its own" in said["refused"]
    first.kill()
    first.wait()
    _, said = await trio.to_thread.run_sync(run_node, tmp_path / "a", redis_server.url)
    assert said["head"].startswith("9-")


async def test_a_node_on_a_url_holds_its_directory_and_puts_no_server_there(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    async with open_store(tmp_path / "a", redis_url=redis_server.url) as store:
        assert store.data_dir == tmp_path / "a"
        assert store.server is None
        assert not (tmp_path / "a" / "redis").exists()
        with pytest.raises(StoreRefused, match="Each node needs"):
            async with open_store(tmp_path / "a", redis_url=redis_server.url):
                pytest.fail("opened")


async def test_a_tool_works_beside_nodes(redis_server: RedisServer, tmp_path: Path) -> None:
    async with (
        open_store(tmp_path, redis_url=redis_server.url) as node,
        open_store(None, redis_url=redis_server.url, purpose="tool") as tool,
        open_store(tmp_path, redis_url=redis_server.url, purpose="tool") as other,
    ):
        assert tool.data_dir is other.data_dir is None
        await tool.journal.put_token("ab", b"record")
        assert await node.journal.token("ab") == b"record"
        await other.journal.append("demo", GENESIS, [chained(GENESIS, b"1")])
        assert await node.journal.halls() == ["demo"]


@pytest.mark.parametrize(("url", "purpose"), [(None, "node"), ("redis://h", "node"), (None, "tool")])
async def test_a_node_without_a_directory_is_a_bug(url: str, purpose: Any) -> None:
    with pytest.raises(ValueError, match="needs a data directory"):
        async with open_store(None, redis_url=url, purpose=purpose):
            pytest.fail("opened")


async def test_hints_pass_between_nodes_of_one_database_only(own_server: RedisServer, tmp_path: Path) -> None:
    own_server.start()
    heard: list[str] = []
    there: list[str] = []
    async with (
        open_store(tmp_path / "a", redis_url=own_server.url) as one,
        open_store(tmp_path / "b", redis_url=own_server.url) as two,
        open_store(tmp_path / "c", redis_url=f"{own_server.url}?db=1") as elsewhere,
        trio.open_nursery() as nursery,
    ):
        await nursery.start(two.journal.listen, lambda hall, id: heard.append(hall))
        await nursery.start(elsewhere.journal.listen, lambda hall, id: there.append(hall))
        await elsewhere.journal.append("south", GENESIS, [chained(GENESIS, b"1")])
        await eventually(lambda: there == ["south"], "the hint is heard where it belongs")
        await one.journal.append("north", GENESIS, [chained(GENESIS, b"1")])
        await eventually(lambda: heard == ["north"], "the other node hears it")
        assert there == ["south"]
        nursery.cancel_scope.cancel()
