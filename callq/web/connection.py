"""One accepted connection: HTTP/1.1 and WebSockets, every step of it bounded in time and size.

Hypercorn's protocols do the work. What is different here, each because a peer could hold memory,
descriptors or the server's time without it:

- a connection that is over is closed whatever its application does, and one that waits for a request
  is closed in time; both are said by plain calls that no cancellation can come between;
- what a peer sends after its end was decided is thrown away for `LINGER_S`, since a connection that is
  closed with bytes unread is reset, and the peer never learns why;
- an application that has ended, or takes nothing, does not keep the reader waiting;
- requests begin a few at a time, so that a crowd of them does not hold up who is connected already;
- a message that grows beyond its limit ends its socket; a flood of tiny frames lets others run;
- a handshake and a request that cannot be understood are answered with a problem document;
- HTTP/2 is not spoken: nothing of ours needs it, and it multiplies what has to be bounded.
"""

from __future__ import annotations

import contextlib
import re
import sys
from typing import TYPE_CHECKING, Any, Final

import h11
import trio
from hypercorn.events import Closed, RawData, Updated
from hypercorn.protocol.events import Body, Data, EndBody, Request, Response, StreamClosed
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol, H11WSConnection
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.protocol.ws_stream import ASGIWebsocketState, WSStream
from hypercorn.trio.task_group import TaskGroup
from hypercorn.typing import ConnectionState
from hypercorn.utils import parse_socket_addr
from wsproto import connection as websocket
from wsproto.events import CloseConnection, Message, Ping

from callq.domain.errors import Code
from callq.web import problems
from callq.web.session import MALFORMED, TOO_LARGE
from callq.web.stream import STREAM
from callq.wire.codec import to_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hypercorn.config import Config
    from hypercorn.events import Event
    from hypercorn.protocol.events import Event as StreamEvent
    from hypercorn.trio.worker_context import WorkerContext

    from callq.web.pace import Pace
    from callq.web.stream import PatientStream

    AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]
    Put = Callable[[Any], Awaitable[None]]

FIRST_REQUEST_WITHIN_S: Final = 10.0
"""The first request's headers have to be there so long after the connection."""

KEEP_ALIVE_S: Final = 30.0
"""Those of the next after an answer."""

LINGER_S: Final = 1.0
"""What arrives after the end is thrown away for so long."""

MAX_RECEIVE: Final = 64 * 1024

MAX_HEAD: Final = 16 * 1024
"""Bytes of a request before its body, from the method to the empty line."""

FRAMES_AT_ONCE: Final = 16
"""WebSocket frames of one connection that are read before others get their turn: about 0.3 ms."""

MAX_FRAMES: Final = 1_000
"""Frames without a whole message before a socket is closed: pings, pongs, parts of a message."""

_KEY: Final = re.compile(rb"[A-Za-z0-9+/]{22}==")
"""Sixteen bytes in base64, RFC 6455 section 4.1."""

_ONCE: Final = (b"sec-websocket-key", b"sec-websocket-version")
"""Headers of a handshake that nobody could choose between if there were two."""

_ABSOLUTE: Final = re.compile(rb"(?i:https?)://[^/?#]*(?P<rest>.*)")

_CODE: Final = {429: Code.TOO_MANY_REQUESTS, 500: Code.INTERNAL}

_TOLD: Final = {
    400: ("not a request that can be understood", "send HTTP/1.1"),
    429: ("as many connections are open as the server takes", "come again in some seconds"),
    431: ("the request's headers are too large", "send less than 16 KiB of them"),
    500: ("an unexpected error", "tell whoever runs this server"),
    501: ("a transfer encoding that is not known here", "send the body as it is, or chunked"),
    505: ("another version of HTTP", "send HTTP/1.1"),
}
"""Detail and hint by status, for what is refused before it is a request."""


def refusal(status: int, detail: str = "", hint: str = "") -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and content of an answer after which the connection is closed."""
    said, advice = _TOLD.get(status, _TOLD[400])
    code = _CODE.get(status, Code.INVALID)
    content = to_json(problems.make_problem(code, detail or said, hint or advice, status=status))
    headers = [
        (b"content-type", problems.CONTENT_TYPE.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    return headers, content


def _turned_away() -> bytes:
    headers, content = refusal(429)
    lines = [b"HTTP/1.1 429 ", *(b": ".join(header) for header in headers), b"retry-after: 5", b""]
    return b"\r\n".join([*lines, content])


TURNED_AWAY: Final = _turned_away()
"""All that somebody reads for whom there is no room."""


class Connection:
    """An accepted connection until it is closed.

    Args:
      app: for ``http`` and ``websocket`` scopes.
      config: hypercorn's.
      context: hypercorn's; its `terminated` is set when the server stops.
      stream: of the peer.
      waiting: connections that wait for their peers, longest first; this one keeps its place there.
      pace: of requests, over all connections.
    """

    def __init__(
        self,
        app: AsgiApp,
        config: Config,
        context: WorkerContext,
        stream: PatientStream,
        waiting: dict[Connection, None],
        pace: Pace,
    ) -> None:
        self._app = app
        self._config = config
        self._context = context
        self._stream = stream
        self._waiting = waiting
        self._pace = pace
        self._whole = trio.CancelScope()
        self._reading = trio.CancelScope()
        """Around whatever reads; its deadline is how long the peer may take at present."""
        self._over = False
        self._protocol: _Http | None = None

    def drop(self) -> None:
        """End it at once."""
        self._waiting.pop(self, None)
        if self._stream.blocked:
            # It is shielded from what is cancelled.
            self._stream.abort()
        self._whole.cancel()

    async def run(self) -> None:
        """Serve the peer until either side ends the connection; it is closed then."""
        first = b""
        try:
            with self._whole:
                self._await_request(FIRST_REQUEST_WITHIN_S)
                with self._reading:
                    first = await self._receive()
                if first:
                    # Not before there is something to read: most that is thrown away at once is cheap.
                    await self._serve(first)
        finally:
            self._waiting.pop(self, None)
            # It points back: without this each connection's memory would wait for the garbage collector.
            self._protocol = None
            await self._stream.aclose()

    async def _serve(self, first: bytes) -> None:
        socket = self._stream.socket
        try:
            peer = parse_socket_addr(socket.family, socket.getpeername())
            here = parse_socket_addr(socket.family, socket.getsockname())
        except OSError:
            return  # They are gone.
        async with _Tasks() as tasks:
            protocol = self._protocol = _Http(
                self._pace,
                self._app,
                self._config,
                self._context,
                tasks,
                ConnectionState({STREAM: self._stream}),
                False,
                peer,
                here,
                self._send,
            )
            self._reading = trio.CancelScope(deadline=self._reading.deadline)
            with self._reading:
                data = first
                while data:
                    if not self._over:
                        await protocol.handle(RawData(data))
                    if protocol.awaits_body:
                        self._wait()
                    data = await self._receive()
            self._waiting.pop(self, None)
            await protocol.handle(Closed())

    async def _receive(self) -> bytes:
        """What the peer sends next; nothing when it has ended."""
        try:
            return await self._stream.receive_some(MAX_RECEIVE)
        except (trio.ClosedResourceError, trio.BrokenResourceError):
            return b""

    async def _send(self, event: Event) -> None:
        """What the protocol wants done.

        Beside sending, nothing here waits: the task that says so may be cancelled already, since an
        application is told of the end before the connection is.
        """
        match event:
            case RawData():
                await self._send_all(event.data)
            case Updated(idle=True):
                self._await_request(KEEP_ALIVE_S)
            case Updated():
                self._go_on()
                self._reading.deadline = float("inf")
            case Closed():
                await self._end()

    async def _send_all(self, data: bytes) -> None:
        waits = self not in self._waiting and self._protocol is not None and not self._protocol.upgraded
        if waits:
            self._wait()
        try:
            await self._stream.send_all(data)
            if waits and not self._over:
                self._go_on()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self._over = True
            self._reading.cancel()
            await self._close_protocol()

    async def _end(self) -> None:
        self._over = True
        # Who only has to go makes way like who asks for nothing.
        self._wait()
        stopping = self._context.terminated.is_set()
        self._reading.deadline = trio.current_time() + (0 if stopping else LINGER_S)
        self._stream.shut_down()
        await self._close_protocol()

    async def _close_protocol(self) -> None:
        if self._protocol is not None:
            await self._protocol.handle(Closed())

    def _await_request(self, within_s: float) -> None:
        self._wait()
        self._reading.deadline = trio.current_time() + within_s

    def _wait(self) -> None:
        """From now on it is the peer that has to do something."""
        self._waiting.pop(self, None)
        self._waiting[self] = None

    def _go_on(self) -> None:
        """It is the server's turn."""
        self._waiting.pop(self, None)


class _Inbox:
    """What an application receives: a bounded queue, and at last that the peer is gone."""

    def __init__(self, size: int) -> None:
        self._in, self._out = trio.open_memory_channel[Any](size)
        self._last: Any = None

    async def put(self, event: Any) -> None:  # noqa: ANN401 - ASGI
        """Add an event; waits for room, but never after the end of either side."""
        if event["type"].endswith(".disconnect"):
            # The first says why.
            self._last = self._last or event
            self._in.close()
            return
        try:
            # Without a trip through the scheduler where there is room; the next read makes one.
            self._in.send_nowait(event)
        except trio.WouldBlock:
            with contextlib.suppress(trio.ClosedResourceError, trio.BrokenResourceError):
                await self._in.send(event)
        except (trio.ClosedResourceError, trio.BrokenResourceError):
            return

    async def receive(self) -> Any:  # noqa: ANN401
        """The next event; after the end always the last one."""
        try:
            return self._out.receive_nowait()
        except trio.WouldBlock:
            pass
        except trio.EndOfChannel:
            return self._last
        try:
            return await self._out.receive()
        except trio.EndOfChannel:
            return self._last

    def close(self) -> None:
        """The application has ended."""
        self._out.close()


class _Tasks(TaskGroup):
    """The tasks of one connection."""

    async def spawn_app(self, app: Any, config: Config, scope: Any, send: Any) -> Put:  # noqa: ANN401
        inbox = _Inbox(config.max_app_queue_size)
        nursery: Any = self._nursery
        nursery.start_soon(_run, app, scope, inbox, send)
        return inbox.put


async def _run(app: AsgiApp, scope: Any, inbox: _Inbox, send: Callable[[Any], Awaitable[None]]) -> None:  # noqa: ANN401
    """Run the application for a request; what it raises ends this connection only."""
    try:
        await app(scope, inbox.receive, send)
    except* Exception as group:
        problems.log_fault("door_failed", group)
    finally:
        inbox.close()
        await send(None)


class _Http(H11Protocol):
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

    async def handle(self, event: Event) -> None:
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
        await self._begin()
        upgraded = _is_upgrade(request)
        kind = _Feed if upgraded else HTTPStream
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

    async def _begin(self) -> None:
        """Wait for the request's turn; meanwhile the connection makes way as if there were no request."""
        waits = not self._pace.free
        if waits:
            await self.send(Updated(idle=True))
        await self._pace.turn(new=self.keep_alive_requests == 0)
        if waits:
            await self.send(Updated(idle=False))

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


class _Feed(WSStream):
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


def _bytes_of(data: str | bytes | bytearray) -> int:
    """The size of a message's part as it was sent."""
    if isinstance(data, str) and not data.isascii():
        return len(data.encode())
    return len(data)
