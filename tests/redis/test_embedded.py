"""The embedded redis-server: started, adopted, ended, and never two on the same files."""

from __future__ import annotations

import os
import signal
import stat
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
import trio
from structlog.testing import capture_logs

from callq.domain.errors import StoreUnavailable
from callq.journal.port import GENESIS, AppendRefused, EntryId, OutcomeUnknown, StoreRefused, chained
from callq.journal.redis import embedded, keys
from callq.journal.redis.connection import Client, probe
from callq.journal.redis.endpoint import Endpoint
from callq.journal.redis.place import Place, live_settings
from callq.journal.redis.process import Program, choose_program, find_programs, holders_of
from callq.journal.redis.store import open_store
from tests.redis.fixtures import PROGRAMS, RedisServer, RunNode, eventually, need_redis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from callq.journal.redis.journal import RedisJournal
    from callq.journal.redis.settings import Durability

pytestmark = pytest.mark.redis


@pytest.fixture(autouse=True)
def _redis() -> None:
    need_redis(PROGRAMS[0] if PROGRAMS else None)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def exists(path: Path) -> bool:
    return path.exists()


@asynccontextmanager
async def joined(data_dir: Path) -> AsyncIterator[Any]:
    """A way to ask the server that runs in a data directory, as somebody who meddles does."""
    place = Place(data_dir / "redis")
    client = Client(Endpoint.from_socket(place.socket))

    async def ask(*command: Any) -> Any:
        (reply,) = await client.ask(command)
        return reply

    yield ask
    client.close()


async def test_what_was_acknowledged_outlives_a_clean_stop(tmp_path: Path, redis_program: Program) -> None:
    entry = chained(GENESIS, b"1")
    async with open_store(tmp_path, program=redis_program.path) as store:
        await store.journal.append("demo", GENESIS, [entry])
        secret = await store.journal.secret()
        pid = store.server.pid
        epoch = (await store.journal.lineage()).epoch
        assert is_alive(pid)
        # Ctrl-C in the terminal goes to the whole foreground group, which it must not be in.
        assert os.getsid(pid) == pid
        assert store.version == redis_program.version
    assert not is_alive(pid)
    async with open_store(tmp_path, program=redis_program.path) as store:
        assert await store.journal.read("demo", GENESIS) == [entry]
        assert await store.journal.secret() == secret
        assert (await store.journal.lineage()).epoch != epoch


async def test_it_listens_for_this_user_only(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        place = Place(tmp_path / "redis")
        assert stat.S_IMODE(place.socket.stat().st_mode) == 0o700
        assert stat.S_IMODE(place.directory.stat().st_mode) == 0o700
        assert stat.S_IMODE((place.directory / "redis.conf").stat().st_mode) == 0o600
        assert probe(store.journal.endpoint)["tcp_port"] == "0"


@pytest.mark.parametrize("name", ["二楼 大厅", 'a "quoted" \\ name', "deep/" + "x" * 120])
async def test_any_directory_will_do(tmp_path: Path, name: str) -> None:
    entry = chained(GENESIS, b"1")
    for _ in range(2):
        async with open_store(tmp_path / name) as store:
            socket = Path(store.journal.endpoint.options["path"])
            assert len(os.fsencode(socket)) <= 107
            if not await store.journal.halls():
                await store.journal.append("demo", GENESIS, [entry])
            async with open_store(tmp_path / name, purpose="tool") as tool:
                assert await tool.journal.read("demo", GENESIS) == [entry]
        assert not exists(socket)
        assert socket.parent == tmp_path / name / "redis" or not exists(socket.parent)


async def test_a_server_that_dies_is_started_again_with_all_that_was_acknowledged(
    tmp_path: Path, redis_program: Program
) -> None:
    acknowledged: list[EntryId] = []

    async def keep_appending(journal: RedisJournal) -> None:
        """As a hall does: an unknown outcome is resolved by reading."""
        head, n = GENESIS, 0
        while True:
            entry = chained(head, b"%d" % n)
            try:
                await journal.append("demo", head, [entry])
            except AppendRefused as refused:
                if refused.last != entry.id:
                    raise
            except OutcomeUnknown:
                await trio.sleep(0.01)
                continue
            acknowledged.append(entry.id)
            head, n = entry.id, n + 1

    async with open_store(tmp_path, program=redis_program.path) as store, trio.open_nursery() as nursery:
        nursery.start_soon(keep_appending, store.journal)
        for turn in range(1, 4):
            seen = len(acknowledged)
            await eventually(lambda seen=seen: len(acknowledged) > seen + 20, "appends go on")
            os.kill(store.server.pid, signal.SIGKILL)
            await eventually(lambda turn=turn: store.server.restarts >= turn, "it is started again")
        seen = len(acknowledged)
        await eventually(lambda: len(acknowledged) > seen + 20, "appends go on")
        nursery.cancel_scope.cancel()
    async with open_store(tmp_path, program=redis_program.path) as store:
        entries = await store.journal.read("demo", GENESIS, 1_000_000)
    assert [entry.id for entry in entries][: len(acknowledged)] == acknowledged
    assert len(entries) <= len(acknowledged) + 1


async def test_the_server_of_a_killed_node_is_adopted(tmp_path: Path, run_node: RunNode) -> None:
    node, said = await trio.to_thread.run_sync(run_node, tmp_path)
    with pytest.raises(StoreRefused, match=f"process {node.pid}, since"):
        async with open_store(tmp_path):
            pytest.fail("opened beside the node")
    node.kill()
    node.wait()
    assert is_alive(said["redis"])
    async with open_store(tmp_path) as store:
        assert store.server.adopted
        assert store.server.pid == said["redis"]
        entries = await store.journal.read("demo", GENESIS)
        assert str(entries[-1].id) == said["head"]
        # Adopted is as good as started: it is watched, and ended in the end.
        os.kill(store.server.pid, signal.SIGKILL)
        await eventually(lambda: store.server.restarts == 1, "it is started again")
        await eventually(lambda: is_alive(store.server.pid), "it runs")

        async def answers() -> bool:
            try:
                return await store.journal.read("demo", GENESIS) == entries
            except StoreUnavailable:
                return False

        await eventually(answers, "it answers")
        pid = store.server.pid
    assert not is_alive(pid)


async def test_of_a_server_that_died_only_its_own_words_are_told(tmp_path: Path, run_node: RunNode) -> None:
    node, said = await trio.to_thread.run_sync(run_node, tmp_path)
    node.kill()
    node.wait()
    with capture_logs() as logs:
        async with open_store(tmp_path, log=structlog.get_logger()) as store:
            for restarts in (1, 2):
                os.kill(store.server.pid, signal.SIGKILL)

                def runs_again(restarts: int = restarts) -> bool:
                    return [line["event"] for line in logs].count("redis_runs_again") == restarts

                await eventually(runs_again, "it is started again, and watched")
    adopted, started = [line for line in logs if line["event"] == "redis_died"]
    assert adopted["pid"] == said["redis"]
    assert adopted["said"] == ""
    assert "eady to accept" in started["said"]


CHANGED = {
    "appendfsync": "no",
    "no-appendfsync-on-rewrite": "yes",
    "aof-load-truncated": "no",
    "aof-use-rdb-preamble": "no",
    "save": "3600 1",
    "maxmemory": "104857600",
    "maxmemory-policy": "allkeys-lru",
    "tcp-keepalive": "0",
    "loglevel": "warning",
}
"""What somebody may have done to an orphan, or an older callq, beside switching its file off."""


@pytest.mark.parametrize("durability", ["fsync", "everysec"])
async def test_an_adopted_server_is_set_up_as_if_it_had_just_been_started(
    tmp_path: Path, run_node: RunNode, redis_program: Program, durability: Durability
) -> None:
    wanted = live_settings(durability)
    assert set(CHANGED) | {"appendonly"} == set(wanted)
    node, said = await trio.to_thread.run_sync(partial(run_node, tmp_path, program=redis_program))
    node.kill()
    node.wait()
    async with joined(tmp_path) as ask:
        for name, value in CHANGED.items():
            await ask("CONFIG", "SET", name, value)
    async with open_store(tmp_path, durability=durability) as store:
        assert store.server.adopted
        assert store.version == redis_program.version
        assert {finding.severity for finding in store.findings} == {"ok"}
        async with joined(tmp_path) as ask:
            for name, value in wanted.items():
                assert await ask("CONFIG", "GET", name) == [name.encode(), value.encode()]
        assert str((await store.journal.read("demo", GENESIS))[-1].id) == said["head"]


def test_a_configuration_that_is_right_is_not_written_again(tmp_path: Path) -> None:
    """On a full disk it could not be."""
    place = Place(tmp_path / "redis")
    place.prepare()
    path = place.write_config("fsync")
    os.utime(path, ns=(1, 1))
    assert place.write_config("fsync").stat().st_mtime_ns == 1
    assert place.write_config("everysec").stat().st_mtime_ns > 1
    assert "appendfsync everysec" in path.read_text()
    path.chmod(0o644)
    assert stat.S_IMODE(place.write_config("everysec").stat().st_mode) == 0o600


async def test_an_orphan_that_kept_no_file_has_written_all_out_when_it_is_adopted(
    tmp_path: Path, run_node: RunNode, redis_program: Program
) -> None:
    node, said = await trio.to_thread.run_sync(partial(run_node, tmp_path, program=redis_program))
    node.kill()
    node.wait()
    second = chained(EntryId.parse(said["head"]), b"while there was no file")
    async with joined(tmp_path) as ask:
        await ask("CONFIG", "SET", "appendonly", "no")
        await ask("XADD", keys.log("demo"), str(second.id), "b", second.payload)
    async with open_store(tmp_path, program=redis_program.path) as store:
        assert store.server.adopted
        third = chained(second.id, b"3")
        await store.journal.append("demo", second.id, [third])
        os.kill(store.server.pid, signal.SIGKILL)
        await eventually(lambda: store.server.restarts == 1, "it is started again")
    async with open_store(tmp_path, program=redis_program.path) as store:
        assert (await store.journal.read("demo", GENESIS))[-2:] == [second, third]


async def test_an_orphan_that_cannot_be_mended_is_ended_and_started_anew(
    tmp_path: Path, run_node: RunNode, redis_program: Program
) -> None:
    node, said = await trio.to_thread.run_sync(partial(run_node, tmp_path, program=redis_program))
    node.kill()
    node.wait()
    # As if an older callq had started it with more databases.
    os.kill(said["redis"], signal.SIGTERM)
    await eventually(lambda: not is_alive(said["redis"]), "it has ended")
    place = Place(tmp_path / "redis")
    config = place.directory / "redis.conf"
    config.write_text(config.read_text().replace("databases 1", "databases 4"))
    # Of a process that has ended the kernel closes the files a little later.
    locks: list[int] = []

    def is_locked() -> bool:
        if (lock := place.take_lock()) is not None:
            locks.append(lock)
        return bool(locks)

    await eventually(is_locked, "the lock is free")
    (lock,) = locks
    orphan = await trio.lowlevel.open_process([redis_program.path, config], pass_fds=(lock,))
    os.close(lock)
    with capture_logs() as logs:
        async with open_store(tmp_path, program=redis_program.path, log=structlog.get_logger()) as store:
            assert not store.server.adopted
            assert str((await store.journal.read("demo", GENESIS))[-1].id) == said["head"]
    await orphan.wait()
    (told,) = [line for line in logs if line["event"] == "orphan_is_set_up_otherwise"]
    assert told["databases"] == "4"


async def test_a_hung_orphan_is_ended_and_its_data_are_served(
    tmp_path: Path, run_node: RunNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "HUNG_LIMIT_S", 0.2)
    node, said = await trio.to_thread.run_sync(run_node, tmp_path)
    node.kill()
    node.wait()
    os.kill(said["redis"], signal.SIGSTOP)
    async with open_store(tmp_path) as store:
        assert not store.server.adopted
        assert not is_alive(said["redis"])
        assert str((await store.journal.read("demo", GENESIS))[-1].id) == said["head"]


async def test_an_orphan_without_its_socket_is_ended(
    tmp_path: Path, run_node: RunNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "HUNG_LIMIT_S", 0.2)
    node, said = await trio.to_thread.run_sync(run_node, tmp_path)
    node.kill()
    node.wait()
    Place(tmp_path / "redis").socket.unlink()
    async with open_store(tmp_path) as store:
        assert not is_alive(said["redis"])
        assert str((await store.journal.read("demo", GENESIS))[-1].id) == said["head"]


async def test_a_child_that_outlived_the_server_is_ended_before_another_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "HUNG_LIMIT_S", 0.2)
    async with open_store(tmp_path) as store:
        await store.journal.append("demo", GENESIS, [chained(GENESIS, b"1")])
    place = Place(tmp_path / "redis")
    lock = place.take_lock()
    # Like the child that rewrites the append-only file: it inherits all that the server had open.
    child = await trio.lowlevel.open_process(["sleep", "60"], pass_fds=(lock,))  # type: ignore[arg-type]
    os.close(lock)  # type: ignore[arg-type]
    assert holders_of(place.lock) == [child.pid]
    async with open_store(tmp_path) as store:
        assert await store.journal.halls() == ["demo"]
    assert await child.wait() == -signal.SIGTERM


async def test_a_rewritten_append_only_file_keeps_ids(tmp_path: Path, redis_program: Program) -> None:
    head = GENESIS
    async with open_store(tmp_path, program=redis_program.path) as store:
        for n in range(20):
            entry = chained(head, b"%d" % n)
            await store.journal.append("demo", head, [entry])
            head = entry.id
        entries = await store.journal.read("demo", GENESIS)
        await store.journal._reader.ask(("BGREWRITEAOF",))

        async def is_rewritten() -> bool:
            info = await trio.to_thread.run_sync(probe, store.journal.endpoint)
            return info["aof_rewrite_in_progress"] == info["aof_rewrite_scheduled"] == "0"

        await eventually(is_rewritten, "the file is rewritten")
        os.kill(store.server.pid, signal.SIGKILL)
        await eventually(lambda: store.server.restarts == 1, "it is started again")
    async with open_store(tmp_path, program=redis_program.path) as store:
        assert await store.journal.read("demo", GENESIS) == entries
        await store.journal.append("demo", head, [chained(head, b"next")])


async def test_only_a_server_holds_the_server_lock(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        place = Place(tmp_path / "redis")
        assert place.take_lock() is None
        with place.lock.open("rb") as lock:
            reader = await trio.lowlevel.open_process(["sleep", "60"], stdin=lock)
        try:
            assert holders_of(place.lock) == [store.server.pid]
        finally:
            reader.kill()
            await reader.wait()


async def test_no_program_is_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreRefused, match="apt-get install redis-server"):
        async with open_store(tmp_path / "a", program=tmp_path / "none"):
            pytest.fail("opened")
    monkeypatch.setattr("callq.journal.redis.process._candidates", lambda: iter(()))
    with pytest.raises(StoreRefused, match="none was found"):
        async with open_store(tmp_path / "b"):
            pytest.fail("opened")


async def test_a_server_that_does_not_start_is_refused_with_its_own_words(tmp_path: Path) -> None:
    program = tmp_path / "redis-server"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "Redis server v=7.9.9" && exit\necho "no luck"\n'
    )
    program.chmod(0o755)
    with pytest.raises(StoreRefused, match="no luck"):
        async with open_store(tmp_path / "data", program=program):
            pytest.fail("opened")


async def test_a_damaged_append_only_file_is_refused_and_left_alone(
    tmp_path: Path, redis_program: Program
) -> None:
    async with open_store(tmp_path, program=redis_program.path) as store:
        await store.journal.append("demo", GENESIS, [chained(GENESIS, b"1")])
    (aof,) = [*(tmp_path / "redis").glob("appendonly.aof"), *(tmp_path / "redis").glob("*/*.incr.aof")]
    content = aof.read_bytes()
    aof.write_bytes(b"nonsense" + content)
    with pytest.raises(StoreRefused, match="Bad file format"):
        async with open_store(tmp_path, program=redis_program.path):
            pytest.fail("opened")
    assert aof.read_bytes() == b"nonsense" + content


def test_the_program_named_comes_first_then_path_then_the_bundled_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = find_programs()
    assert find_programs(programs[-1].path) == [programs[-1]]
    fake = tmp_path / "redis-server"
    fake.write_text("#!/bin/sh\necho 'Redis server v=8.1.0 sha=0'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert find_programs()[0] == (fake, "8.1.0")
    assert choose_program(None, None) == (fake, "8.1.0")
    assert choose_program(None, "8.0.3").version == "8.1.0"


def test_the_newest_is_chosen_when_none_is_new_enough_for_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = max(find_programs(), key=lambda program: [int(n) for n in program.version.split(".")])
    assert choose_program(None, "99.0") == newest
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=5.0.14 sha=0'\n")
    old.chmod(0o755)
    with pytest.raises(StoreRefused, match=r"5\.0\.14"):
        choose_program(old, None)


async def test_the_log_tells_what_happened(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with open_store(tmp_path, log=structlog.get_logger()) as store:
            assert store.describe()["kind"] == "embedded"
    assert [line["event"] for line in logs] == ["redis_started", "store_open", "redis_stopped"]


async def test_a_cancelled_block_stops_the_server_all_the_same(tmp_path: Path) -> None:
    with trio.CancelScope() as scope:
        async with open_store(tmp_path) as store:
            pid = store.server.pid
            scope.cancel()
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert not is_alive(pid)


async def test_a_server_that_serves_other_files_is_not_taken_over(
    tmp_path: Path, own_server: RedisServer
) -> None:
    own_server.start()
    place = Place(tmp_path / "redis")
    place.prepare()
    place.socket.symlink_to(own_server.directory / "s")
    lock = place.take_lock()
    with pytest.raises(StoreRefused, match=f"serves {own_server.directory}, not {place.directory}"):
        async with open_store(tmp_path):
            pytest.fail("opened")
    os.close(lock)  # type: ignore[arg-type]
    assert own_server.process.poll() is None
    assert (await own_server.ask("CONFIG", "GET", "databases"))[1] == b"16"


async def test_a_server_that_ran_for_long_is_started_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "STEADY_S", 0.0)
    restart = embedded.EmbeddedServer._restart
    ready = 0

    async def noted(server: RedisServer) -> None:
        nonlocal ready
        await restart(server)  # type: ignore[arg-type]
        ready += 1

    monkeypatch.setattr(embedded.EmbeddedServer, "_restart", noted)
    with capture_logs() as logs:
        async with open_store(tmp_path, log=structlog.get_logger()) as store:
            for turn in (1, 2, 3):
                os.kill(store.server.pid, signal.SIGKILL)
                await eventually(lambda n=turn: ready == n, "it is started again and ready")
    assert [line["again_in_s"] for line in logs if line["event"] == "redis_died"] == [0.1, 0.1, 0.1]
