"""The one way in: a checked store, embedded or external, for as long as a block runs.

Any number of nodes may share an external one. Each of them holds a data directory of its own, for what
it keeps beside the store.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import structlog

from callq.domain.errors import StoreUnavailable
from callq.journal.port import StoreRefused
from callq.journal.redis.connection import Client, is_denied
from callq.journal.redis.directory import DirectoryBusy, hold_directory
from callq.journal.redis.embedded import EmbeddedServer, embedded_server
from callq.journal.redis.endpoint import Endpoint
from callq.journal.redis.identity import (
    STORE_FILE,
    Identity,
    Serves,
    refuse_elsewhere,
    settle_identity,
    write_serves,
)
from callq.journal.redis.journal import RedisJournal, open_redis
from callq.journal.redis.place import Place
from callq.journal.redis.readiness import wait_ready
from callq.journal.redis.rights import missing_right
from callq.journal.redis.settings import Durability, Finding, check_settings, refuse_errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from structlog.typing import FilteringBoundLogger

Purpose = Literal["node", "tool"]
"""A node serves halls; a tool reads or writes a little beside nodes."""

EXTERNAL_LIMIT_S: Final = 10.0
"""How long an external Redis may be silent at start."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open store.

    Attributes:
      journal: journal and keyring.
      findings: what was checked of the server, with warnings.
      identity: who the store is.
      durability: what an acknowledgement promises.
      version: of the server when the store was opened.
      server: the embedded server, if this process runs one.
      kind: ``embedded`` or ``external``; a tool may have joined an embedded one.
      data_dir: the directory that is held, absolute; a tool holds none unless it runs the server.
    """

    journal: RedisJournal
    findings: tuple[Finding, ...]
    identity: Identity
    durability: Durability
    version: str
    server: EmbeddedServer | None
    kind: Literal["embedded", "external"]
    data_dir: Path | None

    async def check(self) -> list[Finding]:
        """Check the server's settings again; `findings` stays as it was at the start.

        Raises:
          StoreUnavailable: no answer.
        """
        return await self.journal.check_settings(self.durability)

    def describe(self) -> dict[str, str]:
        """What a log line or `callq doctor` says of the store; no secrets."""
        return {
            "kind": self.kind,
            "address": self.journal.endpoint.shown,
            "redis": self.version,
            "durability": self.durability,
            "store": self.identity.store,
            "created": self.identity.created,
            "warnings": str(sum(finding.severity == "warning" for finding in self.findings)),
        }


@asynccontextmanager
async def open_store(
    data_dir: Path | None,
    *,
    redis_url: str | None = None,
    durability: Durability = "fsync",
    purpose: Purpose = "node",
    program: Path | None = None,
    log: FilteringBoundLogger | None = None,
) -> AsyncIterator[Store]:
    """Open the store in a data directory (embedded server) or at a Redis URL.

    Args:
      data_dir: held while the block runs, also with `redis_url`; a tool needs none with `redis_url`.
      redis_url: ``redis://``, ``rediss://`` or ``unix://`` URL of a running server; None: an embedded one.
      durability: what an acknowledgement promises.
      purpose: a ``tool`` is not refused for settings, and beside a node: on a directory in use it joins
        the server that runs there.
      program: the redis-server to run; else the first on PATH, else the bundled one.
      log: where to report; structlog's own logger if not given.

    Raises:
      ValueError: neither directory nor URL, or a node without a directory.
      StoreRefused: the store must not be used as it is; the message says what to do.
      StoreUnavailable: it does not answer.
    """
    if data_dir is None and (redis_url is None or purpose == "node"):
        raise ValueError("a node needs a data directory, and a tool either that or a URL")
    log = log or structlog.get_logger("callq.store")
    data_dir = _absolute(data_dir)
    async with AsyncExitStack() as stack:
        if redis_url is not None:
            endpoint = Endpoint.from_url(redis_url)
            held = None
            if data_dir is not None and purpose == "node":
                held = _hold(stack, data_dir)
            reached = _Reached(endpoint, held)
        else:
            assert data_dir is not None
            reached = await _reach_embedded(stack, data_dir, durability, purpose, program, log)
        yield await _open(stack, reached, durability, purpose, log)


def _absolute(data_dir: Path | None) -> Path | None:
    return data_dir.absolute() if data_dir is not None else None


@dataclass(frozen=True, slots=True)
class _Reached:
    """A store about to be opened.

    Attributes:
      endpoint: where it is.
      held: the directory that this process holds, if any.
      server: the embedded server that this process runs, if any.
      store_file: ``STORE`` of an embedded store, whoever runs its server.
    """

    endpoint: Endpoint
    held: Path | None
    server: EmbeddedServer | None = None
    store_file: Path | None = None


def _hold(stack: AsyncExitStack, data_dir: Path) -> Path:
    try:
        stack.enter_context(hold_directory(data_dir))
    except OSError as error:
        raise StoreRefused(f"callq cannot use {data_dir} for its data: {error}") from error
    return data_dir


async def _reach_embedded(
    stack: AsyncExitStack,
    data_dir: Path,
    durability: Durability,
    purpose: Purpose,
    program: Path | None,
    log: FilteringBoundLogger,
) -> _Reached:
    """Run the server of a directory, or, for a tool, join the one that a node runs there."""
    refuse_elsewhere(data_dir)
    store_file = data_dir / STORE_FILE
    try:
        held = _hold(stack, data_dir)
    except DirectoryBusy:
        if purpose == "node":
            raise
        place = Place(data_dir / "redis")
        place.recall_socket()
        return _Reached(Endpoint.from_socket(place.socket, embedded=True), None, store_file=store_file)
    server = await stack.enter_async_context(
        embedded_server(data_dir, durability=durability, program=program, log=log)
    )
    return _Reached(server.endpoint, held, server, store_file)


async def _open(
    stack: AsyncExitStack,
    reached: _Reached,
    durability: Durability,
    purpose: Purpose,
    log: FilteringBoundLogger,
) -> Store:
    """Check and settle the Redis that was reached, then open its journal."""
    endpoint = reached.endpoint
    client = Client(endpoint)
    stack.callback(client.close)
    try:
        info = await wait_ready(endpoint, log, answer_limit_s=EXTERNAL_LIMIT_S)
        if info.get("role") != "master":
            raise StoreRefused(
                f"the Redis at {endpoint.shown} is a replica of {info.get('master_host')}:"
                f"{info.get('master_port')}: give callq the address of the master"
            )
        findings = await check_settings(client, durability)
        if purpose == "node":
            refuse_errors(findings, endpoint.shown)
        version = info["redis_version"]
        identity, bytes_held = await settle_identity(
            client,
            version=version,
            store_file=reached.store_file,
            data_dir=reached.held,
            writes_lag=durability == "everysec" and reached.store_file is not None,
        )
        if purpose == "node" and (missing := await missing_right(client, settled=True)):
            raise StoreRefused(
                f"the Redis at {endpoint.shown} does not let callq use {missing}. "
                "docs/redis.md has a line with all rights that its user needs"
            )
    except StoreUnavailable as error:
        if is_denied(error):
            raise StoreRefused(
                f"{error}: check user and password in the Redis URL, and its rights"
            ) from error
        raise
    if reached.held and not reached.store_file:
        write_serves(reached.held, Serves(store=identity.store, address=endpoint.shown))
    for finding in findings:
        if finding.severity != "ok":
            log.warning("store_setting", what=finding.what, found=finding.found, hint=finding.hint)
    journal = await stack.enter_async_context(open_redis(endpoint, identity=bytes_held))
    store = Store(
        journal,
        tuple(findings),
        identity,
        durability,
        version,
        reached.server,
        "embedded" if reached.store_file else "external",
        reached.held,
    )
    log.info("store_open", **store.describe())
    return store
