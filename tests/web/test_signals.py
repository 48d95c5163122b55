"""A closed terminal ends a server as a signal to stop does."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.live import STOP_WITHIN_S, LiveServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.redis


@contextmanager
def heard() -> Iterator[None]:
    """Processes that are started here hear of a closed terminal, though the tests themselves may not."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_closed_terminal_leaves_nothing_behind(tmp_path: Path) -> None:
    with heard():
        server = LiveServer(tmp_path / "data").start()
    redis_pid = server.redis_pid
    os.kill(server.pid, signal.SIGHUP)
    assert server.wait(STOP_WITHIN_S) == 0
    assert redis_pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(redis_pid, 0)
