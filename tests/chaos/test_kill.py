"""kill -9 under load: whatever was acknowledged is there afterwards, and acted once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import trio

from tests.chaos.crowd import ACCEPTED_PER_ROUND, Witness, check, open_windows, under_load
from tests.live import LiveServer

if TYPE_CHECKING:
    from pathlib import Path

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

ROUNDS = int(os.environ.get("CALLQ_KILLS", "4"))
"""More for a longer soak."""


@pytest.mark.parametrize("victim", ["server", "redis", "both"])
async def test_nothing_acknowledged_is_lost(tmp_path: Path, victim: str) -> None:
    server = LiveServer(tmp_path / "data")
    try:
        server.start()
        open_windows(server)
        witness = Witness()

        def fault() -> None:
            if victim in ("server", "both"):
                server.kill()
            if victim in ("redis", "both"):
                server.kill_redis()
            if victim in ("server", "both"):
                server.start()
            else:
                server.wait_ready()

        for _ in range(ROUNDS):
            await under_load([server], witness, fault)
            await trio.to_thread.run_sync(check, server, witness)
        assert witness.accepted >= ROUNDS * ACCEPTED_PER_ROUND
    finally:
        server.stop()
