"""callq's feed for programs that play people: views that are kept current, commands and their answers."""

from __future__ import annotations

import uuid
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import trio
from trio_websocket import (
    ConnectionClosed,
    DisconnectionTimeout,
    HandshakeError,
    WebSocketConnection,
    connect_websocket_url,
)

from callq.demo.client import ApiProblem, Unreachable
from callq.journal.redis.tasks import background

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Encoding = Literal["json", "msgpack"]

CONNECT_LIMIT_S: Final = 10.0
CLOSE_LIMIT_S: Final = 0.5
"""How long to wait for the server's goodbye; a client that leaves has no need of it."""

PING_S: Final = 15.0
"""The server takes a client that is silent for a minute for gone."""


class View:
    """A subscribed view, kept current.

    Attributes:
      data: the whole view now; None before its snapshot.
      revision, epoch: where in the hall's history it stands.
    """

    def __init__(self) -> None:
        self.data: dict[str, Any] | None = None
        self.revision = -1
        self.epoch = ""
        self._news = trio.Event()
        self._refusal: ApiProblem | None = None

    def accept(self, message: dict[str, Any]) -> None:
        """Take a snapshot or a change in."""
        if message["type"] == "snapshot" or self.data is None:
            self.data = message["data"]
        else:
            self.data = {**self.data, **message["data"]}
        self.revision, self.epoch = message["revision"], message["epoch"]
        self._tell()

    def refuse(self, problem: ApiProblem) -> None:
        """The server does not give this view, or no longer."""
        self._refusal = problem
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, trio.Event()
        news.set()

    async def changed(self) -> None:
        """Wait for the next snapshot or change; several in a row may count as one.

        Raises:
          ApiProblem: the server does not give this view, or no longer.
        """
        if self._refusal is None:
            await self._news.wait()
        if self._refusal is not None:
            raise self._refusal

    async def ready(self) -> dict[str, Any]:
        """The data, once there are any; raises like `changed`."""
        while self.data is None:
            await self.changed()
        return self.data


class Feed:
    """One WebSocket to a hall's feed; made by `open_feed`."""

    def __init__(self, socket: WebSocketConnection, encoding: Encoding) -> None:
        self._socket = socket
        self._encoding = encoding
        self._views: dict[tuple[str | None, ...], View] = {}
        self._waiting: dict[str, Result] = {}
        self._last_id = 0
        self._leaving = False

    async def subscribe(self, view: str, **where: str) -> View:
        """Subscribe to a view, with its `zone`, `window` or `ticket`, and wait for its snapshot.

        Raises:
          ApiProblem: refused.
          Unreachable: the connection ended.
        """
        message = {"type": "subscribe", "view": view, **where}
        kept = self._views[_named(message)] = View()
        await self._send(message)
        await kept.ready()
        return kept

    async def command(self, command: str, **rest: str) -> dict[str, Any]:
        """Give a command, with `window` or `ticket` and its arguments; the answer.

        Raises:
          ApiProblem: refused; nothing changed.
          Unreachable: the connection ended before the answer.
        """
        self._last_id += 1
        name = str(self._last_id)
        waiting = self._waiting[name] = Result()
        message = {"type": "command", "id": name, "command": command, "key": uuid.uuid4().hex, **rest}
        try:
            await self._send(message)
            answer = await waiting.get()
        finally:
            del self._waiting[name]
        if not answer.get("ok"):
            raise ApiProblem(0, answer.get("problem") or {})
        return answer

    async def ping(self) -> None:
        """Show now and then that this client is there, until cancelled."""
        while True:
            await trio.sleep(PING_S)
            await self._send({"type": "ping"})

    async def leave(self) -> None:
        """Say goodbye; that the connection then ends is no fault."""
        self._leaving = True
        with suppress(ConnectionClosed, DisconnectionTimeout):
            await self._socket.aclose()

    async def read(self) -> None:
        """Take in what the server sends until the connection ends.

        Raises:
          Unreachable: it ended.
        """
        while True:
            try:
                frame = await self._socket.get_message()
            except ConnectionClosed as error:
                if self._leaving:
                    return
                raise _closed(error) from error
            if isinstance(frame, str):
                self._accept(msgspec.json.decode(frame))
            else:
                self._accept(msgspec.msgpack.decode(frame))

    def _accept(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "result":
            if waiting := self._waiting.get(str(message["id"])):
                waiting.put(message)
        elif kind in {"snapshot", "change", "error"} and (view := self._views.get(_named(message))):
            if kind == "error":
                view.refuse(ApiProblem(0, message["problem"]))
            else:
                view.accept(message)

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            if self._encoding == "json":
                await self._socket.send_message(msgspec.json.encode(message).decode())
            else:
                await self._socket.send_message(msgspec.msgpack.encode(message))
        except ConnectionClosed as error:
            raise _closed(error) from error


def _named(message: dict[str, Any]) -> tuple[str | None, ...]:
    """What names a view in a message."""
    return tuple(message.get(member) for member in ("view", "zone", "window", "ticket"))


class Result:
    """An answer that is still to come."""

    def __init__(self) -> None:
        self._event = trio.Event()
        self._message: dict[str, Any] = {}

    def put(self, message: dict[str, Any]) -> None:
        """Give the answer to whoever waits."""
        self._message = message
        self._event.set()

    async def get(self) -> dict[str, Any]:
        """The answer, once it is there."""
        await self._event.wait()
        return self._message


@asynccontextmanager
async def open_feed(url: str, hall: str, token: str, *, encoding: Encoding = "json") -> AsyncIterator[Feed]:
    """A connection to a hall's feed for as long as the block runs.

    If the connection ends, the block is cancelled and `Unreachable` raised, in a group when the block
    fails at the same time: catch it with ``except*``.

    Args:
      url: of the server, ``http://...``.
      hall: hall id.
      token: of the principal that watches and commands.
      encoding: of the messages.

    Raises:
      Unreachable: no connection, or it ended.
    """
    address = f"{url.rstrip('/').replace('http', 'ws', 1)}/v1/halls/{hall}/feed"
    async with background() as connection:
        try:
            with trio.fail_after(CONNECT_LIMIT_S):
                socket = await connect_websocket_url(
                    connection,
                    address,
                    subprotocols=[f"callq.v1.{encoding}"],
                    extra_headers=[(b"Authorization", f"Bearer {token}".encode())],
                )
        except (HandshakeError, OSError, trio.TooSlowError) as error:
            raise Unreachable(f"the feed of {hall}: {error or type(error).__name__}") from error
        feed = Feed(socket, encoding)
        connection.start_soon(feed.read)
        connection.start_soon(feed.ping)
        try:
            yield feed
        finally:
            with trio.move_on_after(CLOSE_LIMIT_S, shield=True):
                await feed.leave()


def _closed(error: ConnectionClosed) -> Unreachable:
    reason = error.reason
    if reason is None:
        return Unreachable("the connection broke")
    return Unreachable(f"the feed was closed: {reason.code} {reason.reason or ''}".rstrip())
