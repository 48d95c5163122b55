"""Accepting connections: bounded in number, with bounded sends and a bounded stop.

A send is shielded, since half a frame must not be followed by another, so one client that never reads
would keep a server from stopping for good. Here each connection's stream has a deadline of its own
beneath that shield, and a stop ends whatever is still being sent. `TCP_USER_TIMEOUT` does the same
in the kernel for peers that vanished, and a small send buffer keeps a slow reader from being fed
minutes of stale messages that have left the process already.

Where there is no room for one more connection, the one that has waited longest for its peer makes way: for
a request, for a body, for an answer to be taken; or for its turn, since a crowd of requests begins a few at
a time. It is closed without an answer; a request that cannot begin in time is refused with 429. Who opens
connections for nothing takes the place of their like, and a panel or a screen, which says at once what it
wants, always finds one.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import resource
import socket
from typing import TYPE_CHECKING, Any, Final

import structlog
import trio
from hypercorn.config import Config
from hypercorn.protocol import ws_stream
from hypercorn.trio.worker_context import WorkerContext

from callq.web import problems
from callq.web.connection import Connection
from callq.web.pace import Pace
from callq.web.refusals import TURNED_AWAY
from callq.web.stream import SEND_WITHIN_S, PatientStream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

DRAIN_S: Final = 0.8
"""How long open requests, until their answers are taken, and closing handshakes may take at a stop."""

MAX_CONNECTIONS: Final = 10_000
"""Open at the same time; fewer where the process may not have so many descriptors."""

RESERVED: Final = 128
"""Descriptors that are left for the store, files, and connections that are being turned away."""

TELL_AGAIN_S: Final = 60.0
"""At most so often the log says that there is no room."""

SEND_BUFFER: Final = 64 * 1024
BACKLOG: Final = 1024

ACCEPTED_AT_ONCE: Final = 4
"""Connections that are accepted in one round of the loop."""


def _no_extensions(*_: object) -> None:
    """Accept no WebSocket extension."""


# Hypercorn compresses for whoever offers to, and has no setting against it: a quarter megabyte for
# each socket, and 64 KiB that arrive can be 64 MiB before anybody looks at their size.
ws_stream.server_extensions_handshake = _no_extensions  # type: ignore[attr-defined, assignment]


_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What `accept` says when the process or the system has no room for one more."""


def room_for_connections() -> int:
    """How many connections the process may have open, after asking for as many descriptors as it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + RESERVED
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    return MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else min(MAX_CONNECTIONS, soft - RESERVED)


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


class Listener:
    """Serves an ASGI application on one socket.

    Args:
      app: for ``http`` and ``websocket`` scopes; it needs no lifespan.
      listening: from `open_socket`.
      max_message: largest WebSocket message that reaches the app, bytes.
      most: connections that may be open at the same time.
    """

    def __init__(
        self, app: AsgiApp, listening: socket.socket, *, max_message: int, most: int = MAX_CONNECTIONS
    ) -> None:
        self._config = Config()
        self._config.errorlog = logging.getLogger("callq.http")
        self._config.include_server_header = False
        self._config.websocket_max_message_size = max_message
        self._app = app
        self._most = most
        self._context = WorkerContext(None)
        self._listening = listening
        self._listener = trio.SocketListener(trio.socket.from_stdlib_socket(listening))
        self._streams: set[PatientStream] = set()
        self._waiting: dict[Connection, None] = {}
        self._pace = Pace()
        self._left = trio.Event()
        self._tell_again_at = float("-inf")

    async def run(
        self, stopping: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve until `stopping` is set, then drop who asks for nothing, and the rest after `DRAIN_S`."""
        async with trio.open_nursery() as connections:
            try:
                async with trio.open_nursery() as accepting:
                    accepting.start_soon(self._accept, connections)
                    task_status.started()
                    await stopping.wait()
                    accepting.cancel_scope.cancel()
                await self._listener.aclose()
                await self._context.terminated.set()
                for connection in list(self._waiting):
                    connection.stop()
                with trio.move_on_after(DRAIN_S):
                    while self._streams:
                        self._left = trio.Event()
                        await self._left.wait()
            finally:
                # Also when we are cancelled: a shielded send would keep us here.
                for stream in self._streams:
                    stream.abort()
                connections.cancel_scope.cancel()

    async def _accept(self, connections: trio.Nursery) -> None:
        while True:
            try:
                first = await self._listener.accept()
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                # Who waits in the backlog keeps the socket readable: without a pause this would spin.
                self._make_way(os.strerror(error.errno))
                await trio.sleep(0.1)
                continue
            for stream in (first, *self._others()):
                if len(self._streams) < self._most or self._make_way("as many connections as may be"):
                    patient = PatientStream(stream)
                    self._streams.add(patient)
                    connections.start_soon(self._connection, patient)
                else:
                    await self._turn_away(stream)

    def _others(self) -> Iterator[trio.SocketStream]:
        """Some more who wait at the door: with one in each round of the loop a crowd would stand there."""
        for _ in range(ACCEPTED_AT_ONCE - 1):
            try:
                accepted, _ = self._listening.accept()
            except OSError:
                # There are no more; or the next look says what is wrong.
                return
            yield trio.SocketStream(trio.socket.from_stdlib_socket(accepted))

    def _make_way(self, why: str) -> bool:
        """Drop the connection that has waited longest for a request; whether there was one."""
        if trio.current_time() >= self._tell_again_at:
            self._tell_again_at = trio.current_time() + TELL_AGAIN_S
            structlog.get_logger().warning(
                "no_room_for_connections", why=why, open=len(self._streams), waiting=len(self._waiting)
            )
        longest = next(iter(self._waiting), None)
        if longest is not None:
            longest.drop()
        return longest is not None

    async def _turn_away(self, stream: trio.SocketStream) -> None:
        """Say that there is no room, without waiting for anybody."""
        with trio.move_on_after(1), contextlib.suppress(OSError):
            await stream.socket.send(TURNED_AWAY)
        await trio.aclose_forcefully(stream)

    async def _connection(self, patient: PatientStream) -> None:
        try:
            await Connection(self._app, self._config, self._context, patient, self._waiting, self._pace).run()
        except* Exception as group:
            # What one peer sends must not end the server. Its text is not told: it can hold what was sent.
            problems.log_fault("connection_failed", group)
        finally:
            self._streams.discard(patient)
            self._left.set()
