"""Real redis-servers for tests: every version that this machine has.

Without any, tests that need one are skipped on a laptop and fail where ``CI`` is set.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq.domain.errors import StoreUnavailable
from callq.journal.redis.connection import Client, probe
from callq.journal.redis.endpoint import Endpoint
from callq.journal.redis.process import Program, find_programs, holders_of
from callq.journal.redis.store import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator

    from callq.journal.redis.store import Store

LIMIT_S = 20.0

RunNode = Callable[..., tuple["subprocess.Popen[str]", dict[str, Any]]]
"""Starts a node in a process of its own."""

PROGRAMS = find_programs()


def program_params() -> list[Any]:
    """One parameter for each redis-server of this machine; one None if there is none."""
    found: list[Program | None] = [*PROGRAMS] or [None]
    return [
        pytest.param(program, id=f"redis-{program.version}" if program else "redis", marks=pytest.mark.redis)
        for program in found
    ]


def need_redis(program: Program | None) -> Program:
    """The program; without one, skip on a laptop and fail in CI."""
    if program is None:
        message = "no redis-server here: apt-get install redis-server"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return program


async def eventually(condition: Callable[[], bool | Awaitable[bool]], what: str) -> None:
    """Wait until a condition, plain or async, holds; fail after 20 s."""
    with trio.move_on_after(LIMIT_S):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await trio.sleep(0.01)
    pytest.fail(f"not within {LIMIT_S:.0f} s: {what}")


def aof_of(directory: Path) -> Path:
    """The append-only file that a server in `directory` adds to: in one part in 6.2, in several since 7.0."""
    parts = [*directory.glob("appendonly.aof"), *directory.glob("appendonlydir/*.incr.aof")]
    return max(parts, key=lambda path: path.stat().st_mtime_ns)


def cut_aof(directory: Path, count: int) -> None:
    """Cut `count` bytes off the end of the append-only file of a stopped server, as a power cut may."""
    path = aof_of(directory)
    os.truncate(path, path.stat().st_size - count)


def on_a_small_disk(program: Program, directory: Path, kib: int) -> tuple[Path, Callable[[int], None]]:
    """A redis-server whose files may grow to `kib` KiB, and a way to make room for its next start.

    Without any room it does not start at all.

    To the server a limit of the process is the same as a full disk: the kernel takes a part of what is
    written and then nothing more. It needs no rights, and no file system of that size.
    """
    limit = directory / "kib"
    script = directory / "redis-server"

    def make_room(kib: int) -> None:
        limit.write_text(str(2 * kib))

    make_room(kib)
    script.write_text(
        f"""#!/bin/sh
blocks=$(cat '{limit}')
[ "$1" = --version ] && exec '{program.path}' "$@"
[ "$blocks" -gt 0 ] || {{ echo 'no room to start in' >&2; exit 1; }}
trap '' XFSZ
ulimit -f "$blocks"
exec '{program.path}' "$@"
"""
    )
    script.chmod(0o755)
    return script, make_room


@dataclass
class RedisServer:
    """A redis-server of the tests' own, on a Unix socket, as durable as callq asks for."""

    program: Program
    directory: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint.from_socket(self.directory / "s")

    @property
    def url(self) -> str:
        return f"unix://{self.directory / 's'}"

    def start(self, **options: str) -> None:
        """Start it and wait until it answers; options override the defaults."""
        chosen = {
            "port": "0",
            "unixsocket": str(self.directory / "s"),
            "dir": str(self.directory),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always",
            "maxmemory-policy": "noeviction",
            **{name.replace("_", "-"): value for name, value in options.items()},
        }
        arguments: list[str] = []
        for name, value in chosen.items():
            arguments += (f"--{name}", *(value.split() or [""]))
        self.process = subprocess.Popen(
            [self.program.path, *arguments], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                if probe(self.endpoint).get("loading") == "0":
                    return
            except StoreUnavailable:
                assert time.monotonic() < deadline, "redis-server does not answer"
                assert self.process.poll() is None, "redis-server ended"
            time.sleep(0.01)

    def kill(self) -> None:
        """Kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def discard(self) -> None:
        """End it and remove its files."""
        if self.process is not None:
            self.kill()
        shutil.rmtree(self.directory)

    async def ask(self, *command: bytes | str | int) -> Any:
        """One command over a connection of its own."""
        client = Client(self.endpoint)
        try:
            (reply,) = await client.ask(command)
        finally:
            client.close()
        return reply

    async def ask_anyway(self, *command: bytes | str | int) -> Any:
        """One command, even to a replica, which the adapter would refuse."""

        def ask() -> Any:
            connection = self.endpoint.connection()
            connection.connect()  # type: ignore[no-untyped-call]
            try:
                connection.send_command(*command)  # type: ignore[no-untyped-call]
                return connection.read_response()
            finally:
                connection.disconnect()  # type: ignore[no-untyped-call]

        return await trio.to_thread.run_sync(ask)


@pytest.fixture(scope="session")
def redis_servers() -> Iterator[Callable[[Program | None], RedisServer]]:
    """Servers by program, each started once."""
    running: dict[Program, RedisServer] = {}

    def get(program: Program | None) -> RedisServer:
        program = need_redis(program)
        if program not in running:
            # Not under tmp_path: the path of a socket must be short.
            server = RedisServer(program, Path(tempfile.mkdtemp(prefix="callq-test-")))
            server.start()
            running[program] = server
        return running[program]

    yield get
    for server in running.values():
        server.discard()


@pytest.fixture(params=program_params())
async def redis_server(
    request: pytest.FixtureRequest, redis_servers: Callable[[Program | None], RedisServer]
) -> RedisServer:
    """A running, empty server, once for each version of redis-server that there is."""
    server = redis_servers(request.param)
    await server.ask("FLUSHALL")
    await server.ask("SCRIPT", "FLUSH")
    return server


@pytest.fixture(params=program_params())
def redis_program(request: pytest.FixtureRequest) -> Program:
    """Each version of redis-server that there is."""
    return need_redis(request.param)


@pytest.fixture
def own_server(redis_program: Program) -> Iterator[RedisServer]:
    """A server for one test alone, not yet started, to be killed and set up as the test likes."""
    server = RedisServer(redis_program, Path(tempfile.mkdtemp(prefix="callq-test-")))
    yield server
    server.discard()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An embedded store in a fresh directory, on the redis-server that callq would choose."""
    need_redis(PROGRAMS[0] if PROGRAMS else None)
    async with open_store(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def run_node() -> Iterator[RunNode]:
    """Start a node in a process of its own; the process and what it said first. All are killed at the end."""
    children: list[subprocess.Popen[str]] = []
    places: list[Path] = []

    def run(
        data_dir: Path, *redis_url: str, program: Program | None = None
    ) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.redis.node", str(data_dir), *redis_url],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=Path(__file__).parent.parent.parent,
            env=os.environ | ({"CALLQ_TEST_REDIS": str(program.path)} if program else {}),
        )
        children.append(child)
        places.append(data_dir / "redis" / "server.lock")
        assert child.stdout is not None
        while not (line := child.stdout.readline()).startswith("{"):
            assert line, "the node ended without a word"
        return child, json.loads(line)

    yield run
    for child in children:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()
    for pid in {pid for place in places for pid in holders_of(place)}:
        os.kill(pid, signal.SIGKILL)
