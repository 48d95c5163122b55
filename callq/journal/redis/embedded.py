"""The embedded redis-server: a hall needs no other program to be installed or run.

It lives in DIR/redis, listens on a Unix socket only, and is durable as callq promises. It has a session
of its own, so that Ctrl-C reaches callq alone and callq ends it last. If callq is killed it goes on
alone, and the next callq adopts it, or ends it if it does not answer.

Two servers appending to the same files would ruin them. So the server inherits a lock on
DIR/redis/server.lock when it is started and holds it for as long as it lives: the kernel vouches that
no server is left when the lock is free, and /proc shows who has it when it is not.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import trio

from callq import metrics
from callq.domain.errors import StoreUnavailable
from callq.journal.port import StoreRefused
from callq.journal.redis.connection import Client
from callq.journal.redis.endpoint import Endpoint
from callq.journal.redis.identity import STORE_FILE, check_data_files, read_store_file
from callq.journal.redis.place import FIXED, Place, live_settings
from callq.journal.redis.process import Process, choose_program, holders_of
from callq.journal.redis.readiness import LOADING_LIMIT_S, wait_ready
from callq.journal.redis.server import parse_info
from callq.journal.redis.tasks import background

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from structlog.typing import FilteringBoundLogger

    from callq.journal.redis.process import Program
    from callq.journal.redis.settings import Durability

START_LIMIT_S: Final = 15.0
"""How long a new server may take to answer at all; loading comes on top."""

STOP_LIMIT_S: Final = 30.0
"""How long a server may take to sync and end before it is killed."""

HUNG_LIMIT_S: Final = 5.0
"""How long an orphan may be silent before it is ended."""

BACKOFF_MIN_S: Final = 0.1
BACKOFF_MAX_S: Final = 5.0
STEADY_S: Final = 60.0
"""A server that ran so long starts again without delay."""


class EmbeddedServer:
    """A redis-server of our own; made by `embedded_server`.

    Attributes:
      endpoint: where it listens, also after a restart.
      adopted: whether it had been left by an earlier callq.
      restarts: how often it was started again because it had died.
    """

    def __init__(
        self, data_dir: Path, durability: Durability, named: Path | None, log: FilteringBoundLogger
    ) -> None:
        self._data_dir = data_dir
        self._durability: Durability = durability
        self._named = named
        self._log = log
        self._place = Place(data_dir / "redis")
        self._process: Process | None = None
        self._log_began = 0
        """Where the log ended when this process was started or adopted; before it are others' words."""
        self.adopted = False
        self.restarts = 0

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return Endpoint.from_socket(self._place.socket, embedded=True)

    @property
    def pid(self) -> int:
        """Process id of the server now running."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Adopt the server that an earlier callq left, or start one; it answers when this returns.

        Raises:
          StoreRefused: no program, or the data are not for it, or it does not start.
        """
        self._place.prepare()
        lock = await self._lock_or_adopt()
        if lock is None:
            return
        await self._launch(lock)

    async def _lock_or_adopt(self) -> int | None:
        """The server lock, or None if a running server was adopted."""
        lock = self._place.take_lock()
        if lock is None and await self._adopt():
            return None
        while lock is None:
            await self._end_orphans()
            lock = self._place.take_lock()
        return lock

    async def _adopt(self) -> bool:
        self._place.recall_socket()
        endpoint = self.endpoint
        try:
            info = await wait_ready(endpoint, self._log, answer_limit_s=HUNG_LIMIT_S)
            process = Process(int(info["process_id"]))
        except (StoreUnavailable, ProcessLookupError) as error:
            self._log.warning("orphan_does_not_answer", address=endpoint.shown, error=str(error))
            return False
        client = Client(endpoint)
        try:
            # Our own callq may be gone, but a server that serves other files is not for us to stop later.
            (setting,) = await client.ask(("CONFIG", "GET", "dir"))
            serves = Path(os.fsdecode(setting[1]))
            if not self._is_ours(process.pid, serves):
                raise StoreRefused(
                    f"the redis-server at {endpoint.shown} (process {process.pid}) serves {serves}, not "
                    f"{self._place.directory}, or runs in another container: stop it and start callq again"
                )
            await self._put_in_force(client)
            wrong = await self._wrong_for_life(client)
        except BaseException:
            process.close()
            raise
        finally:
            client.close()
        if wrong:
            self._log.warning("orphan_is_set_up_otherwise", pid=process.pid, **wrong)
            process.close()
            return False
        self._process = process
        self._log_began = self._place.log_size()
        self.adopted = True
        self._log.info("redis_adopted", pid=process.pid, version=info["redis_version"])
        return True

    async def _put_in_force(self, client: Client) -> None:
        """Set an orphan up as if it had just been started.

        Raises:
          StoreRefused: it cannot write its data out.
          StoreUnavailable: it does not answer, or takes a setting no more.
        """
        (appends,) = await client.ask(("CONFIG", "GET", "appendonly"))
        settings = live_settings(self._durability)
        await client.ask(*(("CONFIG", "SET", name, value) for name, value in settings.items()))
        if appends[1] == b"yes":
            return
        # Without a file until now: nothing is safe before the server has written out all that it holds.
        self._log.warning("orphan_kept_no_file")
        with trio.move_on_after(LOADING_LIMIT_S):
            while True:
                (reply,) = await client.ask(("INFO", "persistence"))
                told = parse_info(reply)
                if told["aof_rewrite_in_progress"] == told["aof_rewrite_scheduled"] == "0":
                    break
                await trio.sleep(BACKOFF_MIN_S)
            if told["aof_last_bgrewrite_status"] == "ok":
                return
        raise StoreRefused(
            f"the redis-server in {self._place.directory} cannot write its data out: make room"
        )

    async def _wrong_for_life(self, client: Client) -> dict[str, str]:
        """Settings of an orphan that are not as they should be and cannot be set while it lives."""
        replies = await client.ask(*(("CONFIG", "GET", name) for name in FIXED))
        found = {name: reply[1].decode() for name, reply in zip(FIXED, replies, strict=True)}
        return {name: value for name, value in found.items() if value != FIXED[name]}

    def _is_ours(self, pid: int, serves: Path) -> bool:
        return serves == self._place.directory and pid in holders_of(self._place.lock)

    async def _end_orphans(self) -> None:
        """End the processes that hold the server lock: a hung server, or one rewriting its file."""
        pids = await trio.to_thread.run_sync(holders_of, self._place.lock)
        for pid in pids:
            try:
                process = Process(pid)
            except ProcessLookupError:
                continue
            try:
                # Looked up again through /proc after the pidfd is open: the number may be another's now.
                if pid in holders_of(self._place.lock):
                    self._log.warning("orphan_ended", pid=pid)
                    await process.end(HUNG_LIMIT_S)
            finally:
                process.close()
        if not pids:
            await trio.sleep(BACKOFF_MIN_S)

    def _words(self, lines: int = 10) -> str:
        """What the server now running, or the last one, logged last."""
        return self._place.log_tail(lines, self._log_began)

    def _spawn(self, lock: int, program: Program) -> None:
        config = self._place.write_config(self._durability)
        self._log_began = self._place.log_size()
        with self._place.log.open("ab") as output:
            child = subprocess.Popen(
                [program.path, config],
                cwd=self._place.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(lock,),
                start_new_session=True,
            )
        if self._process is not None:
            self._process.close()
        self._process = Process(child.pid, child)
        self._log.info(
            "redis_started", pid=child.pid, version=program.version, socket=str(self._place.socket)
        )

    async def _wait_ready(self) -> None:
        """Wait until the server has loaded its data; one that ends or hangs meanwhile is an error."""
        assert self._process is not None
        process = self._process
        ready = False

        async def watch() -> None:
            await process.wait()
            nursery.cancel_scope.cancel()

        try:
            async with background() as nursery:
                nursery.start_soon(watch)
                await wait_ready(
                    self.endpoint, self._log, answer_limit_s=START_LIMIT_S, loading_limit_s=LOADING_LIMIT_S
                )
                ready = True
        except StoreUnavailable as error:
            await process.end(STOP_LIMIT_S)
            raise StoreRefused(f"redis-server does not become ready: {error}\n{self._words()}") from error
        if not ready:
            raise StoreRefused(f"redis-server does not start:\n{self._words()}")

    async def supervise(self) -> None:
        """Start the server again whenever it has died, after 0.1 s, then up to 5 s."""
        delay = BACKOFF_MIN_S
        while True:
            assert self._process is not None
            began = trio.current_time()
            await self._process.wait()
            if trio.current_time() - began > STEADY_S:
                delay = BACKOFF_MIN_S
            # A full disk swallows the last words as well.
            said, free = self._words(2), self._place.free_bytes()
            self._log.error(
                "redis_died", pid=self._process.pid, again_in_s=delay, said=said, disk_free_bytes=free
            )
            runs = False
            while not runs:
                await trio.sleep(delay)
                delay = min(2 * delay, BACKOFF_MAX_S)
                try:
                    await self._restart()
                    runs = True
                    metrics.redis_restarted()
                    self._log.info("redis_runs_again", pid=self._process.pid, restarts=self.restarts)
                except (StoreRefused, StoreUnavailable, OSError) as error:
                    free = self._place.free_bytes()
                    self._log.error(
                        "redis_restart_failed", error=str(error), again_in_s=delay, disk_free_bytes=free
                    )

    async def _restart(self) -> None:
        while (lock := self._place.take_lock()) is None:
            await self._end_orphans()
        self.restarts += 1
        await self._launch(lock)

    async def _launch(self, lock: int) -> None:
        """Start a server on the data, if it is for them, and wait until it is ready; takes the lock over."""
        try:
            file = read_store_file(self._data_dir / STORE_FILE)
            program = await trio.to_thread.run_sync(
                choose_program, self._named, file.server if file else None
            )
            check_data_files(self._data_dir, self._place.directory, program.version)
            self._spawn(lock, program)
        finally:
            os.close(lock)
        await self._wait_ready()

    async def stop(self) -> None:
        """Have the server sync its file and end; kill it only if it does not."""
        if self._process is None:
            return
        with contextlib.suppress(StoreUnavailable):
            client = Client(self.endpoint)
            try:
                # The server answers nothing but closes the connection, which `exchange` reports.
                await client.exchange((("SHUTDOWN", "NOSAVE"),))
            finally:
                client.close()
        await self._process.end(STOP_LIMIT_S)
        self._log.info("redis_stopped", pid=self._process.pid)
        self._process.close()
        self._process = None
        self._place.tidy()


@asynccontextmanager
async def embedded_server(
    data_dir: Path, *, durability: Durability, program: Path | None, log: FilteringBoundLogger
) -> AsyncIterator[EmbeddedServer]:
    """A redis-server for `data_dir`, ready and supervised for as long as the block runs.

    The caller holds the directory (`hold_directory`).

    Raises:
      StoreRefused: no program, or the data are not for it, or it does not start.
    """
    server = EmbeddedServer(data_dir, durability, program, log)
    try:
        await server.start()
        async with background() as nursery:
            nursery.start_soon(server.supervise)
            yield server
    finally:
        with trio.CancelScope(shield=True):
            await server.stop()
