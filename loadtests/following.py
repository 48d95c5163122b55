"""Screens that come back after an outage by themselves, as the pages do, without a browser."""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec
import trio

from loadtests.client import CLOSE, TEXT, frame, frames, handshake

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BACKOFF_MIN_S: Final = 0.5
BACKOFF_MAX_S: Final = 15.0
"""Those of the pages' feed."""

CONNECT_LIMIT_S: Final = 10.0


def wait_s(attempt: int, share: float) -> float:
    """How long a page waits before it connects again.

    Args:
      attempt: how many in a row have failed before, 0 after a connection that was live.
      share: 0 to 1, by lot.
    """
    ceiling = min(BACKOFF_MAX_S, BACKOFF_MIN_S * 2.0 ** (attempt + 1))
    return BACKOFF_MIN_S + share * (ceiling - BACKOFF_MIN_S)


class Announced(msgspec.Struct, frozen=True):
    """What a screen that speaks was given, with the moments that decide whether it is stale, epoch ms."""

    heard_ms: float
    at_ms: int
    from_ms: int
    until_ms: int
    expires_ms: int

    def is_stale(self, killed_ms: float) -> bool:
        """Whether it is of before an outage and expired, but not over yet; or its turn begins too late."""
        old = self.at_ms <= killed_ms and self.expires_ms < self.heard_ms < self.until_ms
        return old or self.from_ms > self.expires_ms


class _Message(msgspec.Struct):
    type: str
    view: str = ""
    revision: int = -1
    epoch: str = ""
    data: dict[str, Any] = msgspec.field(default_factory=dict)


class Follower:
    """A socket that follows the hall's board, and what is announced if it speaks.

    Attributes:
      revision: of the board that it shows; -1: none yet.
      connected: when its feed was opened, each time, epoch seconds.
      shown: when it heard something, and the revision of its board then.
      announced: all that it was given to speak.
    """

    def __init__(self, port: int, hall: str, token: str, *, speaks: bool) -> None:
        self._port = port
        self._request = handshake(hall, token)
        self._kept: dict[str, tuple[int, str]] = {}
        self._views = ("board", "announcements") if speaks else ("board",)
        self._decode = msgspec.json.Decoder(_Message).decode
        self._attempt = 0
        self.revision = -1
        self.connected: list[float] = []
        self.shown: list[tuple[float, int]] = []
        self.announced: list[Announced] = []

    async def follow(self) -> None:
        """Stay connected, until cancelled."""
        while True:
            with suppress(OSError, trio.BrokenResourceError, trio.TooSlowError):
                await self._connection()
            await trio.sleep(wait_s(self._attempt, random.random()))
            self._attempt += 1

    async def _connection(self) -> None:
        """One connection, until the server ends it."""
        with trio.fail_after(CONNECT_LIMIT_S):
            stream = await trio.open_tcp_stream("127.0.0.1", self._port)
        async with stream:
            heard = bytearray()
            with trio.fail_after(CONNECT_LIMIT_S):
                await stream.send_all(self._request)
                while b"\r\n\r\n" not in heard:
                    part = await stream.receive_some(65536)
                    if not part:
                        return
                    heard += part
            if not heard.startswith(b"HTTP/1.1 101"):
                return
            heard = heard.partition(b"\r\n\r\n")[2]
            self.connected.append(time.time())
            await stream.send_all(b"".join(frame(msgspec.json.encode(each)) for each in self._asks()))
            while True:
                for opcode, content in frames(heard):
                    if opcode == CLOSE:
                        return
                    if opcode == TEXT:
                        self.take(content, time.time())
                part = await stream.receive_some(65536)
                if not part:
                    return
                heard += part

    def _asks(self) -> Iterator[dict[str, object]]:
        """Each view from where it stands; the pong tells when nothing was missed."""
        for view in self._views:
            revision, epoch = self._kept.get(view, (-1, ""))
            yield {
                "type": "subscribe",
                "view": view,
                **({"since": revision, "epoch": epoch} if epoch else {}),
            }
        yield {"type": "ping"}

    def take(self, content: bytes, now: float) -> None:
        """Take a message in, epoch seconds."""
        message = self._decode(content)
        if message.type == "error":
            raise RuntimeError(f"a screen was refused: {content!r}")
        self._attempt = 0
        if message.type in {"snapshot", "change"}:
            self._kept[message.view] = message.revision, message.epoch
        if message.view == "announcements":
            for row in message.data.get("announcements", ()):
                times = (row[name] for name in ("at_ms", "from_ms", "until_ms", "expires_ms"))
                self.announced.append(Announced(now * 1000, *times))
            return
        if message.view == "board":
            self.revision = message.revision
        self.shown.append((now, self.revision))


def back_s(connected: float, shown: Sequence[tuple[float, int]], calls: Sequence[tuple[float, int]]) -> float:
    """From a reconnection until the screen shows what was the newest then, seconds.

    Args:
      connected: when its feed was open again, epoch seconds.
      shown: when it showed which revision.
      calls: when each call was confirmed, and its revision.

    Raises:
      RuntimeError: it never did.
    """
    newest = max((revision for at, revision in calls if at <= connected), default=-1)
    for at, revision in shown:
        if at >= connected and revision >= newest:
            return at - connected
    raise RuntimeError(f"a screen never showed revision {newest} again")


@contextmanager
def following(followers: Sequence[Follower]) -> Iterator[None]:
    """Let them follow in a thread, for as long as the block runs.

    Raises:
      RuntimeError: one was refused.
    """
    scope: list[tuple[trio.lowlevel.TrioToken, trio.CancelScope]] = []
    started = threading.Event()
    faults: list[BaseException] = []

    async def run() -> None:
        async with trio.open_nursery() as nursery:
            scope.append((trio.lowlevel.current_trio_token(), nursery.cancel_scope))
            started.set()
            for follower in followers:
                nursery.start_soon(follower.follow)

    def work() -> None:
        try:
            trio.run(run)
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    try:
        yield
    finally:
        if thread.is_alive():
            token, cancel = scope[0]
            token.run_sync_soon(cancel.cancel)
        thread.join()
    if faults:
        raise RuntimeError("the screens ended") from faults[0]
