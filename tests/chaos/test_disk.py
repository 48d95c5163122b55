"""A disk that fills up under load: 503 until there is room, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import httpx
import pytest
import trio

from tests.chaos.crowd import Witness, check, open_windows, under_load
from tests.live import LiveServer
from tests.redis.fixtures import LIMIT_S, on_a_small_disk

if TYPE_CHECKING:
    from pathlib import Path

    from callq.journal.redis.process import Program

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.redis,
    pytest.mark.timeout(240),
    # httpx leaves its body generator half-read when the peer is killed in the middle of a request.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <async_generator object ByteStream"
        ":pytest.PytestUnraisableExceptionWarning"
    ),
]

FULL_KIB = 192
ROOM_KIB = 100_000


def is_turned_away(server: LiveServer) -> bool:
    """Whether neither a command nor a reading is answered, both with the code for it."""
    codes = []
    for method, path, body in (
        ("GET", "/v1/halls/county/tickets?limit=1", None),
        ("POST", "/v1/halls/county/tickets", {"service": "general"}),
    ):
        answer = httpx.request(
            method,
            server.url + path,
            json=body,
            headers={"Authorization": f"Bearer {server.admin}"},
            timeout=20,
        )
        if answer.is_success:
            return False
        assert answer.status_code == 503, answer.text
        codes.append(answer.json()["code"])
    return codes == ["store_unavailable", "store_unavailable"]


async def test_a_full_disk_turns_everybody_away_and_loses_nothing(
    tmp_path: Path, redis_program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    _, make_room = on_a_small_disk(redis_program, programs, kib=FULL_KIB)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    server = LiveServer(tmp_path / "data")
    try:
        server.start()
        open_windows(server)
        witness = Witness()

        def wait_until_full() -> None:
            deadline = time.monotonic() + 3 * LIMIT_S
            while server.log.count('"event": "redis_died"') < 3 or not is_turned_away(server):
                assert time.monotonic() < deadline, "the disk does not fill up"
                time.sleep(0.05)
            make_room(ROOM_KIB)

        # They fill it up themselves, insist while it is full, and go on once there is room.
        await under_load([server], witness, wait_until_full)
        await trio.to_thread.run_sync(server.wait_ready)
        await trio.to_thread.run_sync(check, server, witness)
        server.kill()
        server.start()
        await trio.to_thread.run_sync(check, server, witness)
    finally:
        server.stop()
