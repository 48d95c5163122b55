"""The single-node guard: a second callq on the same store is refused.

Compare-and-set would keep two nodes from harming each other's entries, but timers, feeds and the
archive of this version expect to be alone. The guard is a named connection and nothing else, so it
ends with its process: there is no lease to wait for after a crash, and no clock to agree on. Of two
such connections the one with the lower client id holds the store, and Redis gives ids in order.

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


def parse_holders(client_list: bytes) -> list[Holder]:
    """The guard connections in a reply to CLIENT LIST, oldest first."""
    holders = []
    for line in client_list.decode(errors="replace").splitlines():
        fields = dict(part.split("=", 1) for part in line.split(" ") if "=" in part)
        if fields.get("name", "").startswith(NAME_PREFIX):
            holders.append(
                Holder(
                    client_id=int(fields["id"]),
                    name=fields["name"],
                    database=fields["db"],
                    address=fields["addr"],
                    age_s=int(fields["age"]),
                    idle_s=int(fields["idle"]),
                )
            )
    return sorted(holders, key=lambda holder: holder.client_id)


class NodeGuard:
    """Holds a store for this node; made by `hold_store`."""

    def __init__(self, endpoint: Endpoint, log: FilteringBoundLogger, timing: Timing) -> None:
        self.name = node_name()
        self._client = Client(endpoint, setup=(("CLIENT", "SETNAME", self.name),))
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
                client_id, listed = await self._client.ask(("CLIENT", "ID"), ("CLIENT", "LIST"))
            except ReplyError as error:
                raise StoreRefused(
                    f"callq cannot tell whether another node uses {self._client.endpoint.shown}: {error}. "
                    "Allow its Redis user the commands CLIENT ID, CLIENT LIST and CLIENT SETNAME"
                ) from error
            older = self._older(parse_holders(listed), client_id)
            if not older:
                self._client_id = client_id
                return
            await self._judge(older[0], time.monotonic() - began)
            await trio.sleep(self._timing.beat_s / 4)

    def _older(self, holders: list[Holder], client_id: int) -> list[Holder]:
        databases = {holder.database for holder in holders if holder.client_id == client_id}
        return [holder for holder in holders if holder.client_id < client_id and holder.database in databases]

    async def _judge(self, holder: Holder, watched_s: float) -> None:
        if holder.idle_s >= self._timing.stale_s:
            self._log.warning(
                "stale_node_ended", node=holder.name, address=holder.address, idle_s=holder.idle_s
            )
            await self._client.exchange((("CLIENT", "KILL", "ID", holder.client_id),))
        elif watched_s >= self._timing.watch_s > holder.idle_s:
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
