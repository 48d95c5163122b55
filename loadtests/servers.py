"""Servers that benchmarks start, on loopback only, and end again."""

from __future__ import annotations

import http.client
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
import trio

from callq.journal.redis.endpoint import Endpoint
from callq.journal.redis.process import find_programs
from callq.journal.redis.readiness import wait_ready

if TYPE_CHECKING:
    from collections.abc import Iterator

START_LIMIT_S: Final = 120.0
ADMIN_TOKEN: Final = "bench-admin-token-0123456789abcdef"


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="callq-bench-") as name:
        yield Path(name)


@contextmanager
def durable_redis(place: Path) -> Iterator[Endpoint]:
    """A redis-server on a socket in `place`, with ``appendfsync always``."""
    program = find_programs()[0]
    path = place / "s"
    server = subprocess.Popen(
        [
            *(program.path, "--port", "0", "--unixsocket", str(path), "--dir", str(place), "--save", ""),
            *("--appendonly", "yes", "--appendfsync", "always"),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        endpoint = Endpoint.from_socket(path)

        async def ready() -> None:
            await wait_ready(endpoint, structlog.get_logger(), answer_limit_s=10)

        trio.run(ready)
        yield endpoint
    finally:
        server.terminate()
        server.wait()


def sync_ms() -> float:
    """How long this disk takes to write a page down for good: median of a hundred, ms."""
    taken = []
    with scratch() as place, (place / "page").open("wb", buffering=0) as file:
        for _ in range(100):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def free_port() -> int:
    """A TCP port of loopback that nobody has now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Server:
    """A process of `callq serve`.

    Attributes:
      port: of loopback.
      pid: process id.
      started_s: from its start until it was ready.
    """

    def __init__(self, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.port = port
        self._process = process
        self._log = log
        began = time.monotonic()
        while not is_ready(port):
            if process.poll() is not None or time.monotonic() > began + START_LIMIT_S:
                raise RuntimeError(f"the server is not ready:\n{log.read_text()[-4000:]}")
            time.sleep(0.005)
        self.started_s = time.monotonic() - began

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def memory_bytes(self) -> int:
        """Resident memory."""
        fields = Path(f"/proc/{self.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def log(self) -> str:
        """All that it has said so far."""
        return self._log.read_text(errors="replace")

    def kill(self) -> None:
        """End it at once, as a power cut would; what it started is left behind."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> float:
        """Ask it to end; the seconds that took."""
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        return time.monotonic() - began


@contextmanager
def callq_server(
    data: Path,
    *hall: str,
    arguments: tuple[str, ...] = (),
    module: str = "callq.cli",
    descriptors: int | None = None,
    port: int | None = None,
) -> Iterator[Server]:
    """`callq serve` with these hall files, its data in `data`, administered by `ADMIN_TOKEN`.

    Args:
      data: directory.
      hall: samples or files.
      arguments: more of them.
      module: that is run, with the command line of `callq`.
      descriptors: that it may have open at most; None: as many as this process.
      port: of loopback; None: one that is free.
    """
    data.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    halls = [part for name in hall for part in ("--hall", name)]
    log = data.parent / f"{data.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", module, "serve", *halls, "--data", str(data)),
                *("--listen", f"127.0.0.1:{port}", *arguments),
            ],
            stdout=output,
            stderr=output,
            env={**os.environ, "CALLQ_ADMIN_TOKEN": ADMIN_TOKEN},
        )
        if descriptors is not None:
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (descriptors, descriptors))
        try:
            yield Server(port, process, log)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait()


@contextmanager
def callq_agent(place: Path, name: str, lines: list[str], token: str) -> Iterator[None]:
    """`callq NAME run` as a process, with a file of these lines in `place`.

    Raises:
      RuntimeError: it ended by itself.
    """
    file, log = place / f"{name}.toml", place / f"{name}.log"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "callq.cli", name, "run", str(file)],
            env={**os.environ, f"CALLQ_{name.upper()}_TOKEN": token},
            stdout=output,
            stderr=output,
        )
        try:
            yield
            if process.poll() is not None:
                raise RuntimeError(f"callq {name} run ended:\n{log.read_text()[-4000:]}")
        finally:
            process.terminate()
            process.wait()


def is_ready(port: int) -> bool:
    """Whether a server answers that it serves."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
