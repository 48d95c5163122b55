"""Looking at a store without touching it: nothing is written, started, adopted or ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import trio

from callq.domain.errors import StoreUnavailable
from callq.journal.port import StoreRefused
from callq.journal.redis.connection import Client, is_denied, probe
from callq.journal.redis.endpoint import Endpoint
from callq.journal.redis.identity import STORE_FILE, look_at_identity
from callq.journal.redis.place import Place
from callq.journal.redis.process import holders_of
from callq.journal.redis.readiness import wait_ready
from callq.journal.redis.rights import missing_right
from callq.journal.redis.settings import check_settings

if TYPE_CHECKING:
    from pathlib import Path

    from structlog.typing import FilteringBoundLogger

    from callq.journal.redis.identity import Identity
    from callq.journal.redis.settings import Durability, Finding

ANSWER_LIMIT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of a store.

    Attributes:
      findings: role, version and settings of its server.
      missing_right: what Redis says of a right that its user lacks; None if there is none.
      identity: who it is; None if it is yet to be created.
      refused: why a node would refuse it; None if it would not.
      off_ms: how far the clock here is ahead of the server's.
    """

    findings: tuple[Finding, ...]
    missing_right: str | None
    identity: Identity | None
    refused: str | None
    off_ms: int


async def look_at(
    endpoint: Endpoint, durability: Durability, *, data_dir: Path | None, log: FilteringBoundLogger
) -> Sight:
    """Look at the store behind an address as a node would that serves it from `data_dir`.

    Raises:
      StoreUnavailable: no answer.
      StoreRefused: user or password are wrong.
    """
    client = Client(endpoint)
    try:
        await wait_ready(endpoint, log, answer_limit_s=ANSWER_LIMIT_S)
        findings = await check_settings(client, durability)
        held, refused = None, None
        try:
            store_file = data_dir / STORE_FILE if data_dir and endpoint.embedded else None
            held = await look_at_identity(client, store_file=store_file, data_dir=data_dir)
        except StoreRefused as error:
            refused = str(error)
        missing = await missing_right(client, settled=held is not None)
        off_ms = await client.run(lambda link: link.clock_off_ms())
    except StoreUnavailable as error:
        if is_denied(error):
            raise StoreRefused(
                f"{error}: check user and password in the Redis URL, and its rights"
            ) from error
        raise
    finally:
        client.close()
    return Sight(tuple(findings), missing, held[0] if held else None, refused, off_ms)


async def running_in(data_dir: Path) -> tuple[Endpoint, bool] | None:
    """The embedded server that runs in a directory, and whether a callq holds that; None: none runs."""
    place = Place(data_dir / "redis")
    place.recall_socket()
    endpoint = Endpoint.from_socket(place.socket, embedded=True)
    holders = await trio.to_thread.run_sync(holders_of, place.lock)
    if not holders:
        # It may run where /proc does not show it.
        try:
            await trio.to_thread.run_sync(probe, endpoint)
        except StoreUnavailable:
            return None
    return endpoint, bool(await trio.to_thread.run_sync(holders_of, data_dir / "lock"))
