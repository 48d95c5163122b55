"""Hypercorn's connection handling with bounded sends and a bounded stop.

Hypercorn's trio worker shields every send and gives it no deadline, so one client that never reads
keeps a server from stopping for good. Here each connection's stream has a deadline of its own
beneath that shield, and a stop ends whatever is still being sent. `TCP_USER_TIMEOUT` does the same
in the kernel for peers that vanished, and a small send buffer keeps a slow reader from being fed
minutes of stale messages that have left the process already.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
from typing import TYPE_CHECKING, Any, Final

import structlog
import trio
from hypercorn.config import Config
from hypercorn.protocol import ws_stream
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from hypercorn.utils import wrap_app

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

SEND_WITHIN_S: Final = 20.0
"""A peer that takes nothing for so long is dropped."""

DRAIN_S: Final = 0.8
"""How long open requests and closing handshakes may take when the server stops."""

KEEP_ALIVE_S: Final = 30.0
SEND_BUFFER: Final = 64 * 1024
BACKLOG: Final = 1024

STREAM: Final = "callq.stream"
"""Where an application finds the connection's `PatientStream` in the scope's ``state``."""

_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: what is still buffered is thrown away."""


def _no_extensions(*_: object) -> None:
    """Accept no WebSocket extension."""


# Hypercorn compresses for whoever offers to, and has no setting against it: a quarter megabyte for
# each socket, and 64 KiB that arrive can be 64 MiB before anybody looks at their size.
ws_stream.server_extensions_handshake = _no_extensions  # type: ignore[attr-defined, assignment]


def open_socket(host: str, port: int) -> socket.socket:
    """A listening TCP socket; `port` 0 takes a free one.

    Raises:
      OSError: the address cannot be used; nothing stays open.
    """
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit both.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(SEND_WITHIN_S * 1000))
        listening.setblocking(False)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


class PeerTooSlow(trio.BrokenResourceError):
    """A peer took nothing for `SEND_WITHIN_S`, or was not waited for any longer."""


class PatientStream:
    """A socket stream whose sends end in time, whoever shields them, and take turns, whoever sends.

    Args:
      stream: the accepted connection.
    """

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._turn = trio.Lock()
        self._sending: trio.CancelScope | None = None
        self._aborted = False
        self.socket = stream.socket

    async def send_all(self, data: bytes) -> None:
        """Send everything; a send that has begun is not cancelled, or half of `data` would be out.

        It does not wait at all, not even for other tasks to run, when the socket's buffer takes the whole:
        for most of what a server says that is the case, and half of what saying it costs.

        Raises:
          PeerTooSlow: the peer took too long, or the stream was aborted; it is closed.
          trio.BrokenResourceError: the peer is gone.
          trio.ClosedResourceError: the stream was closed.
        """
        if not self._turn.locked():
            sent = self._send_at_once(data)
            if sent == len(data):
                return
            data = data[sent:]
            # Nobody else may come in between: no await before this.
            self._turn.acquire_nowait()
        else:
            await self._turn.acquire()
        try:
            await self._send_patiently(data)
        finally:
            self._turn.release()

    def _send_at_once(self, data: bytes) -> int:
        """How much of it the buffer took."""
        if self._aborted:
            return 0
        if self.socket.fileno() < 0:
            raise trio.ClosedResourceError("the stream was closed")
        try:
            return os.write(self.socket.fileno(), data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise trio.BrokenResourceError("the peer is gone") from error

    async def _send_patiently(self, data: bytes) -> None:
        if not self._aborted:
            with trio.move_on_after(SEND_WITHIN_S, shield=True) as scope:
                self._sending = scope
                try:
                    await self._stream.send_all(data)
                finally:
                    self._sending = None
            if not scope.cancelled_caught:
                return
        self._reset()
        raise PeerTooSlow("the peer takes nothing")

    @property
    def blocked(self) -> bool:
        """Whether a send is under way."""
        return self._sending is not None

    def abort(self) -> None:
        """Wait for the peer no more; a send that is under way fails."""
        self._aborted = True
        if self._sending is not None:
            self._sending.cancel()

    def _reset(self) -> None:
        if self.socket.fileno() >= 0:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.socket.close()

    async def receive_some(self, max_bytes: int) -> bytes:
        """Receive; see `trio.abc.ReceiveStream`."""
        return bytes(await self._stream.receive_some(max_bytes))

    async def send_eof(self) -> None:
        """Half-close, unless a send is stuck: the connection is reset then, and there is no end to say."""
        if not self._aborted and not self.blocked:
            await self._stream.send_eof()

    async def aclose(self) -> None:
        """Close."""
        await self._stream.aclose()


class Listener:
    """Serves an ASGI application on one socket.

    Args:
      app: for ``http`` and ``websocket`` scopes; it needs no lifespan.
      listening: from `open_socket`.
      max_message: largest WebSocket message that reaches the app, bytes.
    """

    def __init__(self, app: AsgiApp, listening: socket.socket, *, max_message: int) -> None:
        self._config = Config()
        self._config.errorlog = logging.getLogger("callq.http")
        self._config.include_server_header = False
        self._config.keep_alive_timeout = KEEP_ALIVE_S
        self._config.websocket_max_message_size = max_message
        self._app = wrap_app(app, self._config.wsgi_max_body_size, "asgi")
        self._context = WorkerContext(None)
        self._listener = trio.SocketListener(trio.socket.from_stdlib_socket(listening))
        self._streams: set[PatientStream] = set()
        self._left = trio.Event()

    async def run(
        self, stopping: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve until `stopping` is set, then let requests end for `DRAIN_S` and drop the rest."""
        async with trio.open_nursery() as connections:
            try:
                async with trio.open_nursery() as accepting:
                    serve = trio.serve_listeners
                    accepting.start_soon(
                        lambda: serve(self._connection, [self._listener], handler_nursery=connections)
                    )
                    task_status.started()
                    await stopping.wait()
                    accepting.cancel_scope.cancel()
                await self._context.terminated.set()
                with trio.move_on_after(DRAIN_S):
                    while self._streams:
                        self._left = trio.Event()
                        await self._left.wait()
            finally:
                # Also when we are cancelled: a shielded send would keep us here.
                for stream in self._streams:
                    stream.abort()
                connections.cancel_scope.cancel()

    async def _connection(self, stream: trio.SocketStream) -> None:
        patient = PatientStream(stream)
        self._streams.add(patient)
        try:
            server = TCPServer(
                self._app,
                self._config,
                self._context,
                ConnectionState({STREAM: patient}),
                patient,  # type: ignore[arg-type]  # it has what hypercorn uses of a stream
            )
            await server.run()
        except* Exception as group:
            # What one peer sends must not end the server.
            structlog.get_logger().warning("connection failed", error=repr(group.exceptions[0]))
        finally:
            self._streams.discard(patient)
            self._left.set()
