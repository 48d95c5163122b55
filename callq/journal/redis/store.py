"""The one way in: a checked, guarded store, embedded or external, for as long as a block runs."""

from __future__ import annotations

from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import structlog

from callq.domain.errors import StoreUnavailable
from callq.journal.port import StoreRefused
from callq.journal.redis.connection import Client, is_denied
from callq.journal.redis.embedded import EmbeddedServer, embedded_server
from callq.journal.redis.endpoint import Endpoint, is_url
from callq.journal.redis.guard import DirectoryBusy, Timing, hold_directory, hold_store
from callq.journal.redis.identity import STORE_FILE, Identity, settle_identity
from callq.journal.redis.journal import RedisJournal, open_redis
from callq.journal.redis.place import Place
from callq.journal.redis.readiness import wait_ready
from callq.journal.redis.settings import Durability, Finding, check_settings, refuse_errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from structlog.typing import FilteringBoundLogger

Purpose = Literal["node", "tool"]
"""A node serves halls and is alone on its store; a tool reads or writes a little beside it."""

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
    """

    journal: RedisJournal
    findings: tuple[Finding, ...]
    identity: Identity
    durability: Durability
    version: str
    server: EmbeddedServer | None
    kind: Literal["embedded", "external"]

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
    where: Path | str,
    *,
    durability: Durability = "fsync",
    purpose: Purpose = "node",
    program: Path | None = None,
    log: FilteringBoundLogger | None = None,
    timing: Timing | None = None,
) -> AsyncIterator[Store]:
    """Open the store in a data directory (embedded server) or at a Redis URL.

    If another node takes the store later, the block is cancelled and `StoreRefused` raised.

    Args:
      where: directory, or ``redis://``, ``rediss://`` or ``unix://`` URL.
      durability: what an acknowledgement promises.
      purpose: a ``tool`` is not refused beside a node or for settings: on a directory in use it
        joins the server that runs there.
      program: the redis-server to run; else the first on PATH, else the bundled one.
      log: where to report; structlog's own logger if not given.
      timing: of the single-node guard.

    Raises:
      StoreRefused: the store must not be used as it is; the message says what to do.
      StoreUnavailable: it does not answer.
    """
    log = log or structlog.get_logger("callq.store")
    if isinstance(where, str) and is_url(where):
        async with _serve(Endpoint.from_url(where), None, None, durability, purpose, log, timing) as store:
            yield store
        return
    data_dir = _absolute(where)
    with ExitStack() as held:
        try:
            held.enter_context(hold_directory(data_dir))
        except DirectoryBusy:
            if purpose == "node":
                raise
            place = Place(data_dir / "redis")
            place.recall_socket()
            endpoint = Endpoint.from_socket(place.socket)
            async with _serve(
                endpoint, None, data_dir / STORE_FILE, durability, purpose, log, timing
            ) as store:
                yield store
            return
        except OSError as error:
            raise StoreRefused(f"callq cannot use {data_dir} for its data: {error}") from error
        async with (
            embedded_server(data_dir, durability=durability, program=program, log=log) as server,
            _serve(server.endpoint, server, data_dir / STORE_FILE, durability, purpose, log, timing) as store,
        ):
            yield store


def _absolute(where: Path | str) -> Path:
    return Path(where).absolute()


@asynccontextmanager
async def _serve(
    endpoint: Endpoint,
    server: EmbeddedServer | None,
    store_file: Path | None,
    durability: Durability,
    purpose: Purpose,
    log: FilteringBoundLogger,
    timing: Timing | None,
) -> AsyncIterator[Store]:
    """Check, hold and settle the Redis at `endpoint`, then open its journal."""
    client = Client(endpoint)
    async with AsyncExitStack() as stack:
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
                await stack.enter_async_context(hold_store(endpoint, log, timing))
            version = info["redis_version"]
            identity, held = await settle_identity(
                client,
                version=version,
                store_file=store_file,
                writes_lag=durability == "everysec" and store_file is not None,
            )
        except StoreUnavailable as error:
            if is_denied(error):
                raise StoreRefused(
                    f"{error}: check user and password in the Redis URL, and its rights"
                ) from error
            raise
        for finding in findings:
            if finding.severity != "ok":
                log.warning("store_setting", what=finding.what, found=finding.found, hint=finding.hint)
        kind: Literal["embedded", "external"] = "embedded" if store_file else "external"
        journal = await stack.enter_async_context(open_redis(endpoint, identity=held))
        store = Store(journal, tuple(findings), identity, durability, version, server, kind)
        log.info("store_open", **store.describe())
        yield store
