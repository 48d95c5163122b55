"""A node's data directory, held against every other process of this machine."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from callq.journal.port import StoreRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class DirectoryBusy(StoreRefused):
    """Another process holds the data directory."""


@contextmanager
def hold_directory(data_dir: Path) -> Iterator[None]:
    """Hold a data directory against other processes; the kernel lets go when this one dies.

    Raises:
      DirectoryBusy: another process holds it.
      OSError: it cannot be made or used.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "unknown"
            raise DirectoryBusy(
                f"another callq uses {data_dir} ({holder}). Each node needs a data directory of its own, "
                "also where several share one Redis: stop that one first, or name another one with --data"
            ) from error
        since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()}, since {since}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
