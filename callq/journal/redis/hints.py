"""Hints: which halls were appended to, told to every node by PUBLISH.

A hint is worth nothing by itself. It may get lost, come late, or name a group that was refused; a node
that hears one reads, and one that hears none finds out at its next poll. So nothing here is an error to
anybody else: a listener that loses its connection makes another one.

The connection waits in trio, not in a thread, and a thread reads what has come. Redis says nothing when
nothing happens, so the listener asks now and then, or a peer that is gone would be waited for without end.
"""

# redis-py leaves most of these methods unannotated.
# mypy: allow-untyped-calls

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

import msgspec
import structlog
import trio
from redis.exceptions import RedisError

from callq.domain.errors import BadBytes, StoreUnavailable
from callq.journal.port import EntryId
from callq.journal.redis import keys
from callq.journal.redis.connection import Link

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from callq.journal.redis.endpoint import Endpoint

PING_EVERY_S: Final = 15.0
"""How long it may be quiet before the listener asks whether anybody is there."""

PONG_WITHIN_S: Final = 5.0

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
"""Between two connections."""


def encode_hints(hints: Sequence[tuple[str, EntryId]]) -> bytes:
    """Pairs of hall and last id as JSON: ``[["north","17-4711"]]``."""
    return msgspec.json.encode([(hall, str(id)) for hall, id in hints])


def decode_hints(message: bytes) -> list[tuple[str, EntryId]]:
    """Read what `encode_hints` wrote.

    Raises:
      BadBytes: it did not.
    """
    try:
        pairs = msgspec.json.decode(message, type=list[tuple[str, str]])
    except msgspec.DecodeError as error:
        raise BadBytes(f"not a hint: {error}") from error
    return [(hall, EntryId.parse(id)) for hall, id in pairs]


class Ear(Link):
    """A connection that hears hints.

    Raises:
      StoreUnavailable: see `Link`.
    """

    def __init__(self, endpoint: Endpoint, identity: bytes | None) -> None:
        super().__init__(endpoint, identity, setup=(("SUBSCRIBE", keys.hints(endpoint.database)),))
        self.asked = False
        """Whether a sign of life is waited for."""

    @property
    def socket(self) -> socket.socket:
        """To wait on.

        Raises:
          StoreUnavailable: the connection is closed.
        """
        held: socket.socket | None = self._connection._get_socket()
        if held is None:
            raise StoreUnavailable(f"the connection to Redis at {self._endpoint.shown} is closed")
        return held

    def ask(self) -> None:
        """Ask for a sign of life, which `take` then finds.

        Raises:
          StoreUnavailable: the connection failed.
        """
        try:
            self._connection.send_command("PING", check_health=False)
            self.asked = True
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis at {self._endpoint.shown}: {error}") from error

    def take(self) -> list[tuple[str, EntryId]]:
        """All hints that have come.

        Raises:
          StoreUnavailable: the connection failed.
        """
        found: list[tuple[str, EntryId]] = []
        try:
            # What came along with an earlier message waits in the parser, where no socket tells of it.
            while self._connection.can_read(0):
                reply = self._connection.read_response()
                self.asked = False
                if isinstance(reply, list) and reply[0] == b"message":
                    found += self._read(reply[2])
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis at {self._endpoint.shown}: {error}") from error
        return found

    @staticmethod
    def _read(message: bytes) -> list[tuple[str, EntryId]]:
        try:
            return decode_hints(message)
        except BadBytes as error:
            # Of a newer callq, or of somebody who tries things out. What it told of is found by polling.
            structlog.get_logger("callq.store").warning("hint_not_understood", error=str(error))
            return []


async def listen(
    endpoint: Endpoint,
    identity: bytes | None,
    heard: Callable[[str, EntryId], None],
    connected: Callable[[bool], None],
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Call `heard` for every hint until cancelled; see `Journal.listen`.

    Args:
      endpoint: where to.
      identity: as `Link` takes it.
      heard: told the hall and the last id.
      connected: told whether hints are heard from now on.
      task_status: started when hints are heard, or could not be.
    """
    log = structlog.get_logger("callq.store")
    limiter = trio.CapacityLimiter(1)
    told = False

    def tell() -> None:
        nonlocal told
        if not told:
            told = True
            task_status.started()

    pause_s = FIRST_PAUSE_S
    while True:
        try:
            ear = await trio.to_thread.run_sync(Ear, endpoint, identity, limiter=limiter)
            try:
                connected(True)
                tell()
                pause_s = FIRST_PAUSE_S
                await _hear(ear, heard, limiter)
            finally:
                connected(False)
                ear.close()
        except StoreUnavailable as error:
            if pause_s == FIRST_PAUSE_S:
                log.info("hints_not_heard", address=endpoint.shown, error=str(error))
        tell()
        await trio.sleep(pause_s * random.uniform(0.5, 1.5))
        pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)


async def _hear(ear: Ear, heard: Callable[[str, EntryId], None], limiter: trio.CapacityLimiter) -> None:
    """Pass hints on until the connection fails.

    Raises:
      StoreUnavailable: it failed, or is silent even when asked.
    """
    while True:
        for hall, id in await trio.to_thread.run_sync(ear.take, limiter=limiter):
            heard(hall, id)
        with trio.move_on_after(PONG_WITHIN_S if ear.asked else PING_EVERY_S) as silence:
            await trio.lowlevel.wait_readable(ear.socket)
        if silence.cancelled_caught and ear.asked:
            raise StoreUnavailable(f"no answer to PING within {PONG_WITHIN_S:.0f} s")
        if silence.cancelled_caught:
            await trio.to_thread.run_sync(ear.ask, limiter=limiter)
