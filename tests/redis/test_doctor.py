"""`callq doctor`: what it finds, and that it says what to do."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.redis.fixtures import PROGRAMS, need_redis

if TYPE_CHECKING:
    from pathlib import Path

    from tests.redis.fixtures import RedisServer

pytestmark = pytest.mark.redis


def doctor(*arguments: str) -> tuple[int, str]:
    run = subprocess.run(
        [sys.executable, "-m", "callq.cli", "doctor", "--listen", "127.0.0.1:0", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in run.stderr
    return run.returncode, run.stdout


def test_a_fresh_machine_is_fit(tmp_path: Path) -> None:
    need_redis(PROGRAMS[0] if PROGRAMS else None)
    status, said = doctor("--data", str(tmp_path / "data"))
    assert status == 0, said
    for what in ("redis version", "appendonly", "appendfsync", "clock", "disk", "data directory"):
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
