"""The files of an embedded redis-server: its directory, socket, lock, log and configuration."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from callq.journal.port import StoreRefused

if TYPE_CHECKING:
    from callq.journal.redis.settings import Durability

SOCKET_MAX_BYTES: Final = 100
"""A socket's path has room for 108 bytes in the kernel, a little less elsewhere."""

_CONFIG: Final = """\
# Written by callq at every start of this server; changes made here are lost.
unixsocket {socket}
dir {directory}
daemonize no
supervised no
pidfile {pidfile}
logfile {log}
{settings}
"""

FIXED: Final = {"port": "0", "unixsocketperm": "700", "databases": "1"}
"""Settings that a server keeps for its life."""


def live_settings(durability: Durability) -> dict[str, str]:
    """Settings that a running server takes as well, so that an adopted one is as good as a new one."""
    return {
        "appendonly": "yes",
        "appendfsync": "always" if durability == "fsync" else "everysec",
        "no-appendfsync-on-rewrite": "no",
        "aof-load-truncated": "yes",
        "aof-use-rdb-preamble": "yes",
        "save": "",
        "maxmemory": "0",
        "maxmemory-policy": "noeviction",
        "tcp-keepalive": "60",
        "loglevel": "notice",
    }


def quoted(path: Path) -> str:
    """A path as a string of redis.conf.

    Raises:
      StoreRefused: it holds a control character, which has no place in a file's name.
    """
    text = str(path)
    if not text.isprintable():
        raise StoreRefused(f"redis-server cannot be given the path {text!r}: choose another directory")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Place:
    """Where an embedded server keeps things.

    Attributes:
      directory: the server's own, with its data.
      socket: where it listens; known after `prepare` or `recall_socket`.
      lock: held by the server while it lives.
      log: what it says.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.socket = self.directory / "redis.sock"
        self.lock = self.directory / "server.lock"
        self.log = self.directory / "redis.log"
        self._memo = self.directory / "socket.path"

    def prepare(self) -> None:
        """Make the directory, private to this user, and settle where the socket is.

        Raises:
          StoreRefused: the directory cannot be made or used.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.directory.chmod(0o700)
        except OSError as error:
            raise StoreRefused(f"callq cannot use {self.directory} for its data: {error}") from error
        if len(os.fsencode(self.socket)) > SOCKET_MAX_BYTES and not self.recall_socket():
            # Too deep: a short private directory elsewhere, remembered for the next start.
            self.socket = Path(tempfile.mkdtemp(prefix="callq-")) / "redis.sock"
            self._memo.write_text(f"{self.socket}\n")

    def recall_socket(self) -> bool:
        """Take the remembered socket if its directory is still ours alone; whether it is."""
        with contextlib.suppress(OSError):
            remembered = Path(self._memo.read_text().strip())
            there = remembered.parent.lstat()
            if stat.S_ISDIR(there.st_mode) and there.st_uid == os.geteuid() and not there.st_mode & 0o077:
                self.socket = remembered
                return True
        return False

    def take_lock(self) -> int | None:
        """Descriptor of the server lock, to be inherited by a server; None while a server has it."""
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def write_config(self, durability: Durability) -> Path:
        """Write redis.conf, readable by this user only; its path.

        One that is right already is left alone: on a full disk it could not be written again.
        """
        path = self.directory / "redis.conf"
        settings = {**FIXED, **live_settings(durability)}
        content = _CONFIG.format(
            socket=quoted(self.socket),
            directory=quoted(self.directory),
            pidfile=quoted(self.directory / "redis.pid"),
            log=quoted(self.log),
            settings="\n".join(f"{name} {value or chr(34) * 2}" for name, value in settings.items()),
        )
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if path.read_text() == content and stat.S_IMODE(path.stat().st_mode) == 0o600:
                return path
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            os.fchmod(descriptor, 0o600)
            stream.write(content)
        return path

    def free_bytes(self) -> int | None:
        """Room on its disk, if that can be told."""
        with contextlib.suppress(OSError):
            return shutil.disk_usage(self.directory).free
        return None

    def log_size(self) -> int:
        """Where the log ends by now."""
        try:
            return self.log.stat().st_size
        except FileNotFoundError:
            return 0

    def log_tail(self, lines: int, since: int) -> str:
        """The last lines that were logged after the log had a size of `since`; empty if there are none."""
        try:
            with self.log.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                # One that is shorter by now was emptied, and all of it is new.
                stream.seek(max(since if size >= since else 0, size - 8192))
                return "\n".join(stream.read().decode(errors="replace").splitlines()[-lines:])
        except OSError as error:
            return f"(no log: {error})"

    def tidy(self) -> None:
        """Remove a socket's directory elsewhere, after the server has ended."""
        if self.socket.parent != self.directory:
            with contextlib.suppress(OSError):
                self.socket.unlink(missing_ok=True)
                self.socket.parent.rmdir()
                self._memo.unlink(missing_ok=True)
