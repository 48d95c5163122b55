"""HTTP/1.1 as hypercorn and h11 have it, with bounds of ours.

A head that is too large and a request that cannot be understood are answered with a problem document,
requests begin a few at a time so that a crowd of them does not hold up who is connected already, and HTTP/2
is not spoken: nothing of ours needs it, and it multiplies what has to be bounded.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import h11
import trio
from hypercorn.events import Closed, RawData
from hypercorn.events import Event as ServerEvent
from hypercorn.protocol.events import Request
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol, H11WSConnection
from hypercorn.protocol.http_stream import HTTPStream

from callq.web.feed_socket import FeedSocket
from callq.web.refusals import refusal

if TYPE_CHECKING:
    from callq.web.pace import Pace

MAX_HEAD: Final = 16 * 1024
"""Bytes of a request before its body, from the method to the empty line."""

BEGUN_WITHIN_S: Final = 10.0
"""A request that could not begin for so long is refused."""

_ABSOLUTE: Final = re.compile(rb"(?i:https?)://[^/?#]*(?P<rest>.*)")


@dataclass(frozen=True)
class Queues(ServerEvent):
    """A whole request waits for its turn, or has got it."""

    waits: bool


class HttpProtocol(H11Protocol):
    """HTTP/1.1, with the answers of ours where a request cannot be understood."""

    stream: Any
    connection: Any

    def __init__(self, pace: Pace, *args: Any) -> None:  # noqa: ANN401 - hypercorn's
        super().__init__(*args)
        self._pace = pace
        self._got = 0
        """Bytes of the peer."""
        self._begun = 0
        """How many of them had come before this request."""

    @property
    def upgraded(self) -> bool:
        """Whether this is a WebSocket now."""
        return isinstance(self.connection, H11WSConnection)

    @property
    def awaits_body(self) -> bool:
        """Whether a request has begun whose body is not there."""
        return self.connection.their_state is h11.SEND_BODY

    async def handle(self, event: ServerEvent) -> None:
        """Take in what happened."""
        if isinstance(event, RawData):
            self._got += len(event.data)
        await super().handle(event)

    async def _maybe_recycle(self) -> None:
        await super()._maybe_recycle()
        self._begun = self._taken()

    def _taken(self) -> int:
        """Bytes that have been understood."""
        return self._got - len(self.connection.trailing_data[0])

    async def _check_protocol(self, event: h11.Request) -> None:
        """Upgrades to HTTP/2 are ignored, as whoever asks for one has to expect."""

    async def _create_stream(self, request: h11.Request) -> None:
        if request.http_version not in (b"1.0", b"1.1"):
            await self._refuse(request, 505)
            return
        if self._taken() - self._begun > MAX_HEAD:
            # Hypercorn has h11 look at the size of what is incomplete only.
            await self._refuse(request, 431)
            return
        target = request.target
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is not None:
            target = absolute["rest"] if absolute["rest"].startswith(b"/") else b"/" + absolute["rest"]
        if not target.startswith(b"/"):
            await self._refuse(
                request, 400, "the address does not begin with /", "/v1/openapi.json lists the API"
            )
            return
        if not await self._begins():
            detail = "more requests have come at once than the server begins"
            await self._refuse(request, 429, detail, "come again in some seconds")
            return
        upgraded = _is_upgrade(request)
        kind = FeedSocket if upgraded else HTTPStream
        self.stream = kind(
            self.app,
            self.config,
            self.context,
            self.task_group,
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            STREAM_ID,
        )
        if upgraded:
            self.connection = H11WSConnection(self.connection)
        await self.stream.handle(
            Request(
                stream_id=STREAM_ID,
                headers=list(request.headers),
                http_version=request.http_version.decode(),
                method=request.method.decode("ascii").upper(),
                raw_path=target,
                state=self.connection_state,
            )
        )
        self.keep_alive_requests += 1

    async def _begins(self) -> bool:
        """Wait for the request's turn; whether it came in time.

        Meanwhile the connection makes way as if it asked for nothing, but is not closed for that.
        """
        waits = not self._pace.free
        if waits:
            await self.send(Queues(True))
        with trio.move_on_after(BEGUN_WITHIN_S) as scope:
            await self._pace.turn(new=self.keep_alive_requests == 0)
        if waits:
            await self.send(Queues(False))
        return not scope.cancelled_caught

    async def _send_error_response(self, status_code: int) -> None:
        error = sys.exc_info()[1]
        if error is not None:
            # h11 raises it again under another name, and its frames would hold each other for the collector.
            error.__traceback__ = None
        headers, content = refusal(status_code)
        await self._send_h11_event(h11.Response(status_code=status_code, headers=headers))
        await self._send_h11_event(h11.Data(data=content))
        await self._send_h11_event(h11.EndOfMessage())

    async def _refuse(self, request: h11.Request, status: int, detail: str = "", hint: str = "") -> None:
        headers, content = refusal(status, detail, hint)
        await self._send_h11_event(h11.Response(status_code=status, headers=headers))
        if request.method != b"HEAD":
            await self._send_h11_event(h11.Data(data=content))
        await self._send_h11_event(h11.EndOfMessage())
        await self.send(Closed())


def _is_upgrade(request: h11.Request) -> bool:
    """Whether a WebSocket is wanted."""
    words: dict[bytes, set[bytes]] = {b"connection": set(), b"upgrade": set()}
    for name, value in request.headers:
        if name in words:
            words[name] |= {word.strip().lower() for word in value.split(b",")}
    return (
        request.method == b"GET" and b"upgrade" in words[b"connection"] and b"websocket" in words[b"upgrade"]
    )
