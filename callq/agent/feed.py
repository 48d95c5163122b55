"""The hall's feed as gateways need it: a few views, kept current over every break, and commands.

Speaks what docs/feed.md describes, with JSON frames. A break is noticed within 35 seconds;
then the connection is opened again after growing pauses, and every view is resumed where it was.
"""

from __future__ import annotations

import ssl
import time
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
import structlog
import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    DisconnectionTimeout,
    HandshakeError,
    wrap_client_stream,
)

from callq.agent.channels import words as told
from callq.agent.pauses import Pauses
from callq.domain.errors import CallqError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trio_websocket import WebSocketConnection

MAX_VIEWS: Final = 60
"""On one socket; the server allows 64."""

CONNECT_LIMIT_S: Final = 10.0
CLOSE_LIMIT_S: Final = 0.5
"""How long to wait for the server's goodbye; who leaves has no need of it."""

PING_S: Final = 10.0
SILENCE_S: Final = 25.0
"""A server that says nothing for so long, not even to a ping, is taken for gone."""

COMMAND_LIMIT_S: Final = 5.0
"""For the answer to a command; the server answers 503 after as long without its store."""

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 15.0
REFUSED_PAUSE_S: Final = 60.0
"""Before a connection that the server does not want is tried again: somebody has to change something."""

GOOD_AFTER_S: Final = 5.0
"""A connection that lasted so long was a good one: the next pause is a short one."""

_ENDED: Final = (ConnectionClosed, DisconnectionTimeout)
REFUSED_CODES: Final = range(4400, 4500)


class FeedLost(CallqError):
    """The feed ended, or there is none.

    Attributes:
      for_good: coming again as before is of no use.
    """

    def __init__(self, message: str, *, for_good: bool = False) -> None:
        super().__init__(message)
        self.for_good = for_good


class Watched(NamedTuple):
    """A view: ``strip`` or ``panel`` of a window, ``board`` of a zone, ``orders``, ``printers``."""

    view: str
    name: str

    def asked(self) -> dict[str, str]:
        """As a message names it."""
        where = {"strip": "window", "panel": "window", "board": "zone"}.get(self.view, "")
        return {"view": self.view, **({where: self.name} if where and self.name else {})}

    def __str__(self) -> str:
        return self.view if self.view == "orders" else f"{self.view} {self.name or 'all'}"


def feed_address(server: str, hall: str) -> str:
    """The WebSocket address of a hall's feed."""
    return f"{server.rstrip('/').replace('http', 'ws', 1)}/v1/halls/{hall}/feed"


class _Asked:
    """A command whose answer is awaited."""

    def __init__(self) -> None:
        self.answered = trio.Event()
        self.result: dict[str, Any] | None = None


class Follower:
    """Some views over one socket, opened again whenever it ends."""

    def __init__(
        self,
        address: str,
        token: str,
        views: Iterable[Watched],
        *,
        show: Callable[[Watched, dict[str, Any]], None],
        say: Callable[[str], None] = lambda error: None,
        refuse: Callable[[Watched, str], None] = lambda view, why: None,
    ) -> None:
        self._address = address
        self._token = token
        self._views = {tuple(sorted(view.asked().items())): view for view in views}
        assert len(self._views) <= MAX_VIEWS, "more views than the server gives on a socket"
        self._show, self._say, self._refuse = show, say, refuse
        self._data: dict[Watched, dict[str, Any]] = {}
        self._place: dict[Watched, tuple[int, str]] = {}
        self._answered: set[Watched] = set()
        self._heard_at = 0.0
        self._socket: WebSocketConnection | None = None
        self._stalled = trio.Event()
        self._asked: dict[int, _Asked] = {}
        self._ids = count(1)
        self._log = structlog.get_logger()
        self.lost_since = time.time()
        """Unix seconds at which the feed was last seen to end; it began so."""
        self.back = trio.Event()
        self.gone = trio.Event()
        self.gone.set()

    @property
    def views(self) -> list[Watched]:
        """What it follows."""
        return list(self._views.values())

    @property
    def connected(self) -> bool:
        """Whether the feed is there now."""
        return self.back.is_set()

    def revision(self, view: Watched) -> int:
        """The hall's revision that a view was last seen at; -1: it was not yet."""
        return self._place[view][0] if view in self._place else -1

    async def command(self, window: str, command: dict[str, Any], key: str) -> dict[str, Any]:
        """Send a command to a window and answer its ``result``.

        Without an answer in time the connection is given up, so that a new one is made.

        Args:
          window: id.
          command: ``command`` and its fields.
          key: of the press: sent again with it, the command acts once.

        Raises:
          FeedLost: the answer did not come: whether the command was carried out is not known.
        """
        socket = self._socket
        if socket is None:
            raise FeedLost("there is no feed")
        asked = _Asked()
        number = next(self._ids)
        self._asked[number] = asked
        message = {"type": "command", "id": number, "key": key, "window": window, **command}
        try:
            with trio.fail_after(COMMAND_LIMIT_S):
                await self._send(socket, message)
                await asked.answered.wait()
        except trio.TooSlowError as error:
            if socket is self._socket:
                self._stalled.set()
            raise FeedLost("a command was not answered") from error
        finally:
            del self._asked[number]
        if asked.result is None:
            raise FeedLost("the connection ended before the answer to a command")
        return asked.result

    async def run(self) -> None:
        """Follow until cancelled."""
        pauses = Pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        while True:
            began = trio.current_time()
            try:
                await self.once()
            except FeedLost as lost:
                self._lose(lost)
                if lost.for_good:
                    await trio.sleep(REFUSED_PAUSE_S)
            if trio.current_time() - began > GOOD_AFTER_S:
                pauses.reset()
            await trio.sleep(pauses.next_s())

    async def once(self) -> None:
        """Connect and follow until the connection ends.

        Raises:
          FeedLost: always, in the end.
        """
        lost: BaseException = FeedLost("the connection ended")
        try:
            async with trio.open_nursery() as nursery:
                await self._talk(nursery)
        except* FeedLost as group:
            lost = group
            while isinstance(lost, BaseExceptionGroup):
                lost = lost.exceptions[0]
        raise lost

    async def _talk(self, nursery: trio.Nursery) -> None:
        self._answered.clear()
        stream = await self._reach()
        try:
            socket = await self._shake_hands(nursery, stream)
            self._heard_at = trio.current_time()
            nursery.start_soon(self._ping, socket)
            nursery.start_soon(self._read, socket)
            self._stalled = trio.Event()
            nursery.start_soon(self._end_stalled, self._stalled)
            self._socket = socket
            try:
                for view in self._views.values():
                    await self._send(socket, {"type": "subscribe", **view.asked(), **self._resumed(view)})
                await trio.sleep_forever()
            finally:
                self._socket = None
                for asked in self._asked.values():
                    asked.answered.set()
                with trio.move_on_after(CLOSE_LIMIT_S, shield=True), suppress(*_ENDED):
                    await socket.aclose()
        finally:
            # Where the server said goodbye first, the socket of trio-websocket leaves its stream open.
            await trio.aclose_forcefully(stream)

    async def _reach(self) -> trio.SocketStream | trio.SSLStream[trio.SocketStream]:
        parts = urlsplit(self._address)
        host, secure = parts.hostname or "", parts.scheme == "wss"
        try:
            with trio.fail_after(CONNECT_LIMIT_S):
                if secure:
                    return await trio.open_ssl_over_tcp_stream(host, parts.port or 443)
                return await trio.open_tcp_stream(host, parts.port or 80)
        except (OSError, trio.TooSlowError) as error:
            raise FeedLost(f"no connection to {parts.netloc}: {told(error)}") from error

    async def _shake_hands(
        self, nursery: trio.Nursery, stream: trio.SocketStream | trio.SSLStream[trio.SocketStream]
    ) -> WebSocketConnection:
        parts = urlsplit(self._address)
        try:
            with trio.fail_after(CONNECT_LIMIT_S):
                if isinstance(stream, trio.SSLStream):
                    # What is wrong with a certificate is not told later.
                    await stream.do_handshake()
                return await wrap_client_stream(
                    nursery,
                    stream,
                    parts.netloc,
                    parts.path,
                    subprotocols=["callq.v1.json"],
                    extra_headers=[(b"Authorization", f"Bearer {self._token}".encode())],
                )
        except ConnectionRejected as error:
            raise FeedLost(f"{parts.netloc} answers {error.status_code}: is it a callq server?") from error
        except (HandshakeError, ConnectionClosed, trio.BrokenResourceError, ssl.SSLError, OSError) as error:
            raise FeedLost(f"no feed at {parts.netloc}: {told(error)}") from error
        except trio.TooSlowError as error:
            raise FeedLost(f"no feed at {parts.netloc}: no answer in time") from error

    def _resumed(self, view: Watched) -> dict[str, Any]:
        # A strip is always whole: it has nothing to resume.
        if view.view == "strip" or view not in self._place:
            return {}
        since, epoch = self._place[view]
        return {"since": since, "epoch": epoch}

    async def _ping(self, socket: WebSocketConnection) -> None:
        while True:
            await trio.sleep(PING_S)
            if trio.current_time() - self._heard_at > SILENCE_S:
                raise FeedLost("the server says nothing any more")
            await self._send(socket, {"type": "ping"})

    async def _end_stalled(self, stalled: trio.Event) -> None:
        await stalled.wait()
        raise FeedLost("the server does not answer commands any more")

    async def _send(self, socket: WebSocketConnection, message: dict[str, Any]) -> None:
        try:
            with trio.fail_after(SILENCE_S):
                await socket.send_message(msgspec.json.encode(message).decode())
        except ConnectionClosed as error:
            raise _lost(error) from error
        except trio.TooSlowError as error:
            raise FeedLost("the server takes nothing any more") from error

    async def _read(self, socket: WebSocketConnection) -> None:
        while True:
            try:
                frame = await socket.get_message()
            except ConnectionClosed as error:
                raise _lost(error) from error
            self._heard_at = trio.current_time()
            try:
                self._accept(msgspec.json.decode(frame))
            except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
                raise FeedLost(f"the server says what cannot be understood: {error!r}") from error

    def _accept(self, message: dict[str, Any]) -> None:
        if message.get("type") == "result":
            asked = self._asked.get(message["id"])
            if asked is not None:
                asked.result = message
                asked.answered.set()
            return
        names = {key: message[key] for key in ("view", "window", "zone") if message.get(key)}
        view = self._views.get(tuple(sorted(names.items())))
        if view is None:
            return
        kind = message.get("type")
        if kind == "error":
            problem = message.get("problem") or {}
            self._answer(view)
            self._refuse(view, str(problem.get("detail") or problem.get("code") or "refused"))
        elif kind in ("snapshot", "change") and isinstance(message.get("data"), dict):
            kept = self._data.get(view) if kind == "change" else None
            self._data[view] = {**(kept or {}), **message["data"]}
            self._place[view] = message["revision"], message["epoch"]
            self._answer(view)
            self._show(view, self._data[view])

    def _answer(self, view: Watched) -> None:
        self._answered.add(view)
        if not self.connected and len(self._answered) == len(self._views):
            self._log.info("feed_back", views=len(self._views))
            self.gone = trio.Event()
            self.back.set()
            self._say("")

    def _lose(self, lost: FeedLost) -> None:
        if self.connected:
            self.lost_since = time.time()
            self.back = trio.Event()
            self.gone.set()
        self._say(str(lost))
        if lost.for_good:
            self._log.error("feed_refused", error=str(lost), again_in_s=REFUSED_PAUSE_S)
        else:
            self._log.warning("feed_lost", error=str(lost))

    async def watch(self, lost_after_s: float, tell: Callable[[float], None]) -> None:
        """Tell whenever the feed has been away for so long, with the Unix time since when."""
        while True:
            await self.gone.wait()
            with trio.move_on_after(lost_after_s):
                await self.back.wait()
            if not self.connected:
                tell(self.lost_since)
                await self.back.wait()


def _lost(error: ConnectionClosed) -> FeedLost:
    reason = error.reason
    if reason is None:
        return FeedLost("the connection broke")
    refused = reason.code in REFUSED_CODES
    words = f"{reason.code} {reason.reason or ''}".strip()
    return FeedLost(f"the server ended the feed: {words}", for_good=refused)
