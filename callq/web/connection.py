"""One accepted connection: HTTP/1.1 and WebSockets, every step of it bounded in time and size.

Hypercorn's protocols do the work. What is different here, each because a peer could hold memory,
descriptors or the server's time without it (see `http_protocol` and `feed_socket` for what they say):

- a connection that is over is closed whatever its application does, and one that waits for a request
  is closed in time; both are said by plain calls that no cancellation can come between;
- what a peer sends after its end was decided is thrown away for `LINGER_S`, since a connection that is
  closed with bytes unread is reset, and the peer never learns why;
- an application that has ended, or takes nothing, does not keep the reader waiting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio
from hypercorn.events import Closed, RawData, Updated
from hypercorn.typing import ConnectionState
from hypercorn.utils import parse_socket_addr

from callq.web.http_protocol import HttpProtocol, Queues
from callq.web.stream import STREAM
from callq.web.tasks import Tasks

if TYPE_CHECKING:
    from hypercorn.config import Config
    from hypercorn.events import Event
    from hypercorn.trio.worker_context import WorkerContext

    from callq.web.pace import Pace
    from callq.web.stream import PatientStream
    from callq.web.tasks import AsgiApp

FIRST_REQUEST_WITHIN_S: Final = 10.0
"""The first request's headers have to be there so long after the connection."""

KEEP_ALIVE_S: Final = 30.0
"""Those of the next after an answer."""

LINGER_S: Final = 1.0
"""What arrives after the end is thrown away for so long."""

MAX_RECEIVE: Final = 16 * 1024
"""At once. It is held twice, as it came and by the protocol, while a peer that asks on takes no answer."""


class Connection:
    """An accepted connection until it is closed.

    Args:
      app: for ``http`` and ``websocket`` scopes.
      config: hypercorn's.
      context: hypercorn's; its `terminated` is set when the server stops.
      stream: of the peer.
      waiting: connections that wait for their peers, longest first; this one keeps its place there, while
        its peer has to do something or does not take what is sent.
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
        self._asking = False
        """A request has begun, and is not answered."""
        self._owed = False
        """The peer has to do something before the server can: ask, send a body, wait for its turn, go."""
        self._taking = 0
        """Sends of an answer that wait for the peer."""
        self._protocol: HttpProtocol | None = None

    def stop(self) -> None:
        """End it at once if it asks for nothing, since the server stops; else it goes once it is answered."""
        if not self._asking:
            self.drop()

    def drop(self) -> None:
        """End it at once."""
        # What its application says on its way out, a fault for having been cancelled above all, is not told.
        self._over = True
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
        async with Tasks() as tasks:
            protocol = self._protocol = HttpProtocol(
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
                        await self._take_in(protocol, data)
                    data = await self._receive()
            self._waiting.pop(self, None)
            await protocol.handle(Closed())

    async def _take_in(self, protocol: HttpProtocol, data: bytes) -> None:
        if protocol.awaits_body:
            # Before, and not once it is taken in: where the rest of the body is among it the answer begins,
            # or is over, by then.
            self._go_on()
        await protocol.handle(RawData(data))
        if protocol.awaits_body:
            self._wait()

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
                if not self._over:
                    await self._send_all(event.data)
            case Queues(waits=True):
                self._wait()
            case Queues():
                self._go_on()
            case Updated(idle=True):
                self._asking = False
                self._await_request(KEEP_ALIVE_S)
            case Updated():
                self._asking = True
                self._go_on()
                self._reading.deadline = float("inf")
            case Closed():
                await self._end()

    async def _send_all(self, data: bytes) -> None:
        answer = self._protocol is not None and not self._protocol.upgraded
        if answer:
            self._taking += 1
            self._waiting.setdefault(self)
        try:
            await self._stream.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self._over = True
            self._reading.cancel()
            await self._close_protocol()
        finally:
            if answer:
                self._taking -= 1
                self._leave()

    async def _end(self) -> None:
        self._over = True
        self._asking = False
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
        self._owed = True
        self._waiting.pop(self, None)
        self._waiting[self] = None

    def _go_on(self) -> None:
        """It is the server's turn, as far as the peer takes what is sent."""
        self._owed = False
        self._leave()

    def _leave(self) -> None:
        if not self._owed and not self._taking:
            self._waiting.pop(self, None)
