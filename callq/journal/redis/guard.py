"""The single-node guard: a second callq on the same store is refused.

Compare-and-set would keep two nodes from harming each other's entries, but timers, feeds and the
archive of this version expect to be alone. The guard is a named connection and nothing else, so it
ends with its process: there is no lease to wait for after a crash, and no clock to agree on. A node
names its connection and lists all others in one transaction, so of several that start together only the
first finds nobody. (Client ids would not do: a connection has its id before it has its name, and one
with a higher id may already have looked.)

A connection can outlive its node only if the machine or the network died. A node speaks on its
connection every second, so a holder silent for `Timing.stale_s` is gone, and its connection is ended.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import time
import uuid
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import trio

from callq.domain.errors import StoreUnavailable
from callq.journal.port import StoreRefused
from callq.journal.redis.connection import Client, ReplyError
from callq.journal.redis.tasks import background

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from structlog.typing import FilteringBoundLogger

    from callq.journal.redis.endpoint import Endpoint

NAME_PREFIX: Final = "callq-node:"


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things take.

    Attributes:
      beat_s: how often a holder speaks.
      watch_s: how long a newcomer watches the holder before it believes that it is alive.
      stale_s: a holder silent for so long is gone.
    """

    beat_s: float = 1.0
    watch_s: float = 4.0
    stale_s: float = 12.0


@dataclass(frozen=True, slots=True)
class Holder:
    """A node's connection, as CLIENT LIST shows it; databases of one server are separate stores."""

    client_id: int
    name: str
    database: str
    address: str
    age_s: int
    idle_s: int

    def __str__(self) -> str:
        since = (datetime.now(UTC) - timedelta(seconds=self.age_s)).astimezone()
        node = self.name.removeprefix(NAME_PREFIX).partition("@")[2] or self.name
        return f"{node} at {self.address}, connected since {since:%Y-%m-%d %H:%M:%S}"


def node_name() -> str:
    """A name for a guard connection: unique, and telling a technician where the node runs."""
    host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())
    return f"{NAME_PREFIX}{uuid.uuid4().hex}@{host}/{os.getpid()}"


def _parse_clients(client_list: bytes) -> list[Holder]:
    clients = []
    for line in client_list.decode(errors="replace").splitlines():
        fields = dict(part.split("=", 1) for part in line.split(" ") if "=" in part)
        clients.append(
            Holder(
                client_id=int(fields["id"]),
                name=fields.get("name", ""),
                database=fields["db"],
                address=fields["addr"],
                age_s=int(fields["age"]),
                idle_s=int(fields["idle"]),
            )
        )
    return sorted(clients, key=lambda client: client.client_id)


def parse_holders(client_list: bytes) -> list[Holder]:
    """The guard connections in a reply to CLIENT LIST, oldest first."""
    return [client for client in _parse_clients(client_list) if client.name.startswith(NAME_PREFIX)]


def _other_holder(client_list: bytes, client_id: int) -> Holder | None:
    """The oldest guard connection on our database that is not ours."""
    clients = _parse_clients(client_list)
    databases = {client.database for client in clients if client.client_id == client_id}
    for client in clients:
        if (
            client.name.startswith(NAME_PREFIX)
            and client.client_id != client_id
            and client.database in databases
        ):
            return client
    return None


class NodeGuard:
    """Holds a store for this node; made by `hold_store`."""

    def __init__(self, endpoint: Endpoint, log: FilteringBoundLogger, timing: Timing) -> None:
        self.name = node_name()
        self._client = Client(endpoint)
        self._log = log
        self._timing = timing
        self._client_id = 0

    async def acquire(self) -> None:
        """Take the store, or wait until its holder has shown that it is alive.

        Raises:
          StoreRefused: another node holds it.
          StoreUnavailable: no answer.
        """
        began = time.monotonic()
        while True:
            try:
                holder = await self._attempt()
            except ReplyError as error:
                if self._client_id:
                    raise
                raise StoreRefused(
                    f"callq cannot tell whether another node uses {self._client.endpoint.shown}: {error}. "
                    "Allow its Redis user the commands CLIENT ID, CLIENT LIST, CLIENT SETNAME, CLIENT KILL, "
                    "MULTI and EXEC"
                ) from error
            if holder is None:
                return
            await self._judge(holder, time.monotonic() - began)
            await trio.sleep(self._timing.beat_s / 4)

    async def _attempt(self) -> Holder | None:
        """Take the store if nobody holds it, else answer who does.

        Looks before it names itself, so that those who wait never take each other for the holder.
        """
        client_id, listed = await self._client.ask(("CLIENT", "ID"), ("CLIENT", "LIST"))
        if (holder := _other_holder(listed, client_id)) is not None:
            return holder
        *_, (_, client_id, listed) = await self._client.ask(
            ("MULTI",), ("CLIENT", "SETNAME", self.name), ("CLIENT", "ID"), ("CLIENT", "LIST"), ("EXEC",)
        )
        if (holder := _other_holder(listed, client_id)) is not None:
            await self._client.ask(("CLIENT", "SETNAME", ""))
            return holder
        self._client_id = client_id
        return None

    async def _judge(self, holder: Holder, watched_s: float) -> None:
        if watched_s < self._timing.watch_s:
            # After a stall of Redis itself even a live holder looks silent until its next beat is read.
            return
        if holder.idle_s >= self._timing.stale_s:
            self._log.warning(
                "stale_node_ended", node=holder.name, address=holder.address, idle_s=holder.idle_s
            )
            await self._client.exchange((("CLIENT", "KILL", "ID", holder.client_id),))
        elif holder.idle_s < self._timing.watch_s:
            raise StoreRefused(
                f"another callq uses the store at {self._client.endpoint.shown}: {holder}. "
                "Only one may: stop that one first, or give this one a store of its own"
            )

    async def keep(self) -> None:
        """Speak on the connection; take the store again when it was lost.

        Raises:
          StoreRefused: another node took it meanwhile, so this one has to stop.
        """
        while True:
            await trio.sleep(self._timing.beat_s)
            try:
                (client_id,) = await self._client.ask(("CLIENT", "ID"))
                if client_id != self._client_id:
                    await self.acquire()
                    self._log.info("node_guard_renewed", client_id=self._client_id)
            except StoreUnavailable as error:
                self._log.debug("node_guard_waits", error=str(error))

    def close(self) -> None:
        """Let the store go."""
        self._client.close()


@asynccontextmanager
async def hold_store(
    endpoint: Endpoint, log: FilteringBoundLogger, timing: Timing | None = None
) -> AsyncIterator[NodeGuard]:
    """Hold a store against other nodes for as long as the block runs.

    Raises:
      StoreRefused: another node holds it; or it took the store later, which cancels the block.
      StoreUnavailable: no answer.
    """
    guard = NodeGuard(endpoint, log, timing or Timing())
    try:
        await guard.acquire()
        async with background() as nursery:
            nursery.start_soon(guard.keep)
            yield guard
    finally:
        guard.close()


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
                f"another callq uses {data_dir} ({holder}). "
                "Only one may: stop that one first, or give this one a directory of its own with --data"
            ) from error
        since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()}, since {since}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
