"""Where a demo keeps its hall.

A demo starts with an empty hall and leaves nothing behind: its directory, one for each port in the
user's cache, is removed at the end. What a killed demo left, its redis-server included, is cleared by
the next one on any port. Who wants to keep the hall names a directory, which is never removed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
import trio

from callq.journal.redis.directory import DirectoryBusy, hold_directory
from callq.journal.redis.place import Place
from callq.journal.redis.process import Process, holders_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

END_LIMIT_S: Final = 3.0


def cache_dir() -> Path:
    """The user's cache directory for callq; below the temporary one where there is no usable home."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    directory = Path(base) / "callq"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        directory = Path(tempfile.gettempdir()) / f"callq-{os.getuid()}"
        directory.mkdir(exist_ok=True, mode=0o700)
    return directory


@asynccontextmanager
async def demo_directory(port: int, kept: Path | None) -> AsyncIterator[Path]:
    """The directory for the hall's data while the block runs.

    Args:
      port: of the demo; each port has a directory of its own.
      kept: the user's own directory, which is used as it is and not removed.

    Raises:
      DirectoryBusy: a demo runs on this port.
    """
    if kept is not None:
        yield kept
        return
    cache = cache_dir()
    for left in cache.glob("demo-*"):
        await _clear(left)
    directory = cache / f"demo-{port}"
    # The outer lock is the demo's, the server takes one of its own on the data below it.
    with hold_directory(directory):
        try:
            yield directory / "data"
        finally:
            shutil.rmtree(directory, ignore_errors=True)


async def _clear(directory: Path) -> None:
    """Remove what a demo that was killed has left; one that runs is left alone."""
    try:
        with hold_directory(directory):
            place = Place(directory / "data" / "redis")
            for pid in await trio.to_thread.run_sync(holders_of, place.lock):
                with contextlib.suppress(ProcessLookupError):
                    process = Process(pid)
                    try:
                        await process.end(END_LIMIT_S)
                    finally:
                        process.close()
            if place.recall_socket():
                place.tidy()
            shutil.rmtree(directory, ignore_errors=True)
            structlog.get_logger("callq.demo").info("old_demo_cleared", directory=str(directory))
    except (DirectoryBusy, OSError):
        return
