"""`callq doctor`: what it finds, and that it says what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.cli.doctor import Check, _voice
from callq.journal.redis.process import holders_of
from callq.journal.redis.store import open_store
from tests.redis.fixtures import PROGRAMS, need_redis
from tests.voice.sounds import record

if TYPE_CHECKING:
    from pathlib import Path

    from callq.journal.redis.process import Program
    from tests.redis.fixtures import RedisServer

pytestmark = pytest.mark.redis


def doctor(*arguments: str) -> tuple[int, str]:
    return callq("doctor", "--listen", "127.0.0.1:0", *arguments)[:2]


def callq(*arguments: str) -> tuple[int, str, str]:
    run = subprocess.run(
        [sys.executable, "-m", "callq.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in run.stderr
    return run.returncode, run.stdout, run.stderr


def content(directory: Path) -> dict[Path, tuple[int, bytes]]:
    """All files below, by name, with when they were written."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_a_fresh_machine_is_fit(tmp_path: Path) -> None:
    need_redis(PROGRAMS[0] if PROGRAMS else None)
    status, said = doctor("--data", str(tmp_path / "data"))
    assert status == 0, said
    for what in ("redis version", "appendonly", "appendfsync", "clock", "disk", "data directory", "voice"):
        assert f"{what}: " in said
    assert not (tmp_path / "data").exists(), "it changes nothing"


def test_settings_that_lose_tickets_are_errors_with_a_remedy(own_server: RedisServer) -> None:
    own_server.start(appendfsync="everysec", maxmemory_policy="allkeys-lru", no_appendfsync_on_rewrite="yes")
    status, said = doctor("--redis", own_server.url)
    assert status == 1
    errors = [line for line in said.splitlines() if line.startswith("error")]
    assert [line.split(":")[0].removeprefix("error").strip() for line in errors] == [
        "maxmemory-policy",
        "appendfsync",
        "no-appendfsync-on-rewrite",
    ]
    assert "CONFIG SET maxmemory-policy noeviction" in said
    assert "--durability everysec" in said


def test_a_file_without_an_append_only_file_is_an_error(own_server: RedisServer) -> None:
    own_server.start(appendonly="no")
    status, said = doctor("--redis", own_server.url)
    assert status == 1
    assert "without it a restart of Redis loses tickets" in said


def test_alarm_files_are_pointed_at(tmp_path: Path) -> None:
    (tmp_path / "alarms").mkdir()
    (tmp_path / "alarms" / "county-20261123T010203-17.json").write_text("{}")
    status, said = doctor("--data", str(tmp_path))
    assert status == 0
    assert "county-20261123T010203-17.json" in said
    assert "put right what the files list" in said


async def test_an_empty_database_stays_empty(own_server: RedisServer, tmp_path: Path) -> None:
    own_server.start()
    status, said = await trio.to_thread.run_sync(doctor, "--redis", f"{own_server.url}?db=3")
    assert status == 0
    assert "store: none yet" in said
    assert await own_server.ask("INFO", "keyspace") == b"# Keyspace\r\n"
    async with open_store(tmp_path, redis_url=own_server.url) as store:
        size = await own_server.ask("DBSIZE")
        status, said = await trio.to_thread.run_sync(doctor, "--redis", own_server.url)
        assert status == 0
        assert f"store: {store.identity.store}" in said
        assert await own_server.ask("DBSIZE") == size


async def test_a_right_that_is_missing_is_an_error(own_server: RedisServer) -> None:
    own_server.start()
    await own_server.ask("ACL", "SETUSER", "default", "-publish")
    status, said = await trio.to_thread.run_sync(doctor, "--redis", own_server.url)
    assert status == 1
    assert "rights: callq may not use PUBLISH" in said


async def test_data_of_a_stopped_server_are_not_touched(tmp_path: Path, redis_program: Program) -> None:
    """Above all a newer redis-server is not started on them: the older one could not read them any more."""
    data = tmp_path / "data"
    async with open_store(data, program=redis_program.path) as store:
        identity = store.identity
    before = content(data)
    status, said = await trio.to_thread.run_sync(doctor, "--data", str(data))
    assert status == 0, said
    assert f"store: {identity.store}" in said
    assert "looked at: a redis-server started for this, on no data" in said
    assert content(data) == before
    async with open_store(data, program=redis_program.path):
        pass


async def test_data_that_no_server_here_can_read_are_an_error(tmp_path: Path, redis_program: Program) -> None:
    async with open_store(tmp_path, program=redis_program.path):
        pass
    store = json.loads((tmp_path / "STORE").read_text())
    (tmp_path / "STORE").write_text(json.dumps(store | {"server": "99.1.0"}))
    status, said = await trio.to_thread.run_sync(doctor, "--data", str(tmp_path))
    assert status == 1
    assert "install redis-server 99.1" in said


async def test_a_server_that_runs_is_joined_and_an_orphan_left_alone(tmp_path: Path, run_node: Any) -> None:
    node, told = await trio.to_thread.run_sync(run_node, tmp_path)
    status, said = await trio.to_thread.run_sync(doctor, "--data", str(tmp_path))
    assert status == 0, said
    assert f"looked at: the redis-server that runs in {tmp_path}\n" in said
    node.kill()
    node.wait()
    before = content(tmp_path)
    status, said = await trio.to_thread.run_sync(doctor, "--data", str(tmp_path))
    assert status == 0, said
    assert "left behind by an earlier callq" in said
    assert content(tmp_path) == before
    assert holders_of(tmp_path / "redis" / "server.lock") == [told["redis"]]


async def test_tools_do_not_look_in_a_directory_whose_store_is_elsewhere(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    async with open_store(tmp_path, redis_url=redis_server.url):
        pass
    status, said = await trio.to_thread.run_sync(doctor, "--data", str(tmp_path))
    assert status == 1
    assert "is not in it but at" in said
    status, said = await trio.to_thread.run_sync(doctor, "--data", str(tmp_path), "--redis", redis_server.url)
    assert status == 0, said
    for command in (
        ("token", "create", "--role", "screen", "--data", str(tmp_path)),
        ("hall", "show", "county", "--data", str(tmp_path)),
    ):
        status, _, told = await trio.to_thread.run_sync(callq, *command)
        assert status == 1
        assert "is elsewhere" in told
        assert "use --url" in told


def test_whether_calls_can_be_spoken_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path / "voice", "zh", **{"A": 400.0, "0": 500.0})
    assert _voice(tmp_path) == Check("ok", "voice", "a call is spoken, 2 of 8 pieces from recordings")
    monkeypatch.setenv("PATH", str(tmp_path))
    silent = _voice(tmp_path)
    assert silent.verdict == "warning"
    assert "no clip for: 请、yao、2" in silent.found
    assert "espeak-ng" in silent.hint
