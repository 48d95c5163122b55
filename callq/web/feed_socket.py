"""A WebSocket as hypercorn and wsproto have it, with bounds of ours.

A message that grows beyond its limit ends its socket, a flood of tiny frames lets others run, and a handshake
that cannot be understood is answered with a problem document.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import trio
from hypercorn.protocol.events import Body, Data, EndBody, Request, Response, StreamClosed
from hypercorn.protocol.ws_stream import ASGIWebsocketState, WSStream
from wsproto import connection as websocket
from wsproto.events import CloseConnection, Message, Ping

from callq.web.refusals import refusal
from callq.web.session import MALFORMED, TOO_LARGE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hypercorn.protocol.events import Event as StreamEvent

FRAMES_AT_ONCE: Final = 16
"""WebSocket frames of one connection that are read before others get their turn: about 0.3 ms."""

MAX_FRAMES: Final = 1_000
"""Frames without a whole message before a socket is closed: pings, pongs, parts of a message."""

_KEY: Final = re.compile(rb"[A-Za-z0-9+/]{22}==")
"""Sixteen bytes in base64, RFC 6455 section 4.1."""

_ONCE: Final = (b"sec-websocket-key", b"sec-websocket-version")
"""Headers of a handshake that nobody could choose between if there were two."""


class FeedSocket(WSStream):
    """A WebSocket whose messages, frames and handshake are bounded."""

    send: Callable[[StreamEvent], Awaitable[None]]

    def __init__(self, *args: Any) -> None:  # noqa: ANN401 - hypercorn's
        super().__init__(*args)
        self._decided = trio.Event()
        """Set when the application has accepted the handshake, or refused it, or is gone."""
        self._frames = 0
        """Since the last whole message."""
        self._size = 0
        """Bytes of the message that is arriving."""

    async def handle(self, event: StreamEvent) -> None:
        """Take in what happened; frames that come before the handshake is decided wait for that."""
        match event:
            case Request():
                if not _is_handshake(event):
                    await self._send_error_response(400)
                    return
                try:
                    await super().handle(event)
                except UnicodeDecodeError:
                    await self._send_error_response(400)
            case Data():
                await self._decided.wait()
                if self.handshake.accepted:
                    await super().handle(event)
            case StreamClosed():
                self._decided.set()
                await super().handle(event)
                self._let_go()
            case _:
                await super().handle(event)

    async def app_send(self, message: Any) -> None:  # noqa: ANN401 - ASGI
        """Send what the application wants sent."""
        await super().app_send(message)
        if message is None or self.state is not ASGIWebsocketState.HANDSHAKE:
            self._decided.set()

    async def _handle_events(self) -> None:
        for event in self.connection.events():
            if self.closed:
                # While the message before was handed on.
                return
            self._frames += 1
            if self._frames % FRAMES_AT_ONCE == 0:
                await trio.lowlevel.checkpoint()
            if self._frames > MAX_FRAMES:
                await self._close(MALFORMED.code, MALFORMED.reason)
                return
            if isinstance(event, Message):
                # What has come of a message counts, not the message once it is whole: it may never be.
                self._size += _bytes_of(event.data)
                if self._size > self.config.websocket_max_message_size:
                    await self._close(TOO_LARGE.code, TOO_LARGE.reason)
                    return
                self.buffer.extend(event)
                if event.message_finished:
                    self._frames = self._size = 0
                    message = self.buffer.to_message()
                    self.buffer.clear()
                    await self.app_put(message)  # type: ignore[misc]  # there is one since the handshake
            elif isinstance(event, Ping):
                await self._send_wsproto_event(event.response())
            elif isinstance(event, CloseConnection):
                if self.connection.state is websocket.ConnectionState.REMOTE_CLOSING:
                    await self._send_wsproto_event(event.response())
                    await self.send(StreamClosed(stream_id=self.stream_id))
                else:
                    # Not the peer's: wsproto says so what is wrong with its frames.
                    await self._close(int(event.code), event.reason)
                return

    def _let_go(self) -> None:
        """Forget what has come of a message: who was served here may take time to end.

        wsproto's parser is a generator that holds its owner, and the last piece that it read: a cycle.
        """
        self.buffer.clear()
        parser: websocket.Connection | None = vars(self).pop("connection", None)
        if parser is not None:
            parser._proto._parse_more.close()

    async def _close(self, code: int, reason: str | None) -> None:
        await self._send_wsproto_event(CloseConnection(code=code, reason=reason))
        await self.app_put({"type": "websocket.disconnect", "code": code})  # type: ignore[misc]
        await self.send(StreamClosed(stream_id=self.stream_id))

    async def _send_error_response(self, status_code: int) -> None:
        """Refuse the handshake; the connection is closed."""
        detail = "not a WebSocket handshake that can be understood" if status_code == 400 else ""
        headers, content = refusal(status_code, detail, "send that of RFC 6455, version 13" if detail else "")
        await self.send(Response(stream_id=self.stream_id, status_code=status_code, headers=headers))
        await self.send(Body(stream_id=self.stream_id, data=content))
        await self.send(EndBody(stream_id=self.stream_id))
        await self.send(StreamClosed(stream_id=self.stream_id))


def _is_handshake(request: Request) -> bool:
    """Whether what hypercorn does not look at is as RFC 6455 wants it: headers once, a key, no body."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in request.headers:
        found.setdefault(name, []).append(value)
    return (
        all(len(found.get(name, ())) == 1 for name in _ONCE)
        and _KEY.fullmatch(found[b"sec-websocket-key"][0]) is not None
        and b"transfer-encoding" not in found
        and found.get(b"content-length", [b"0"]) == [b"0"]
    )


def _bytes_of(data: str | bytes | bytearray) -> int:
    """The size of a message's part as it was sent."""
    if isinstance(data, str) and not data.isascii():
        return len(data.encode())
    return len(data)
