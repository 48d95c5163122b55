"""One accepted connection: hypercorn's, with what it does for each message and each request made cheaper.

Hypercorn takes a lock, two cancel scopes and three trips through the scheduler to write some bytes, and
starts and cancels a task at each request to notice idle connections. What the kernel takes at once is written
at once here, and one task for each connection watches whether it is idle. The rest is hypercorn's own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import trio
from hypercorn.events import Closed, RawData
from hypercorn.trio.tcp_server import MAX_RECV, TCPServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    Receive = Callable[[], Awaitable[Any]]

    from hypercorn.config import Config
    from hypercorn.events import Event
    from hypercorn.trio.worker_context import WorkerContext
    from hypercorn.typing import AppWrapper, ConnectionState

    from callq.web.listener import PatientStream


class Connection(TCPServer):
    """A connection and its protocol.

    Args:
      app: wrapped for hypercorn.
      config: of hypercorn, without TLS and without a read timeout.
      context: shared by all connections of a listener.
      state: of ASGI.
      stream: accepted.
    """

    def __init__(
        self,
        app: AppWrapper,
        config: Config,
        context: WorkerContext,
        state: ConnectionState,
        stream: PatientStream,
    ) -> None:
        super().__init__(
            partial(self._served, app),
            config,
            context,
            state,
            stream,  # type: ignore[arg-type]  # it has what hypercorn uses of a stream
        )
        self._patient = stream
        self._watch = IdleWatch(context, config.keep_alive_timeout, self._end)
        self.idle_task = self._watch  # type: ignore[assignment]  # has what is used of it
        self._ignoring: trio.CancelScope | None = trio.CancelScope()
        """Of what comes for a socket whose app has ended; None: nothing comes any more."""

    async def _served(
        self,
        app: AppWrapper,
        scope: Any,  # noqa: ANN401 - ASGI
        receive: Receive,
        *more: Any,  # noqa: ANN401
    ) -> None:
        try:
            await app(scope, receive, *more)
        finally:
            if scope["type"] == "websocket" and self._ignoring is not None:
                # What still comes would fill hypercorn's queue for the app, and hypercorn wait for room
                # in it for good.
                self._task_group.spawn(_ignore, receive, self._ignoring)

    async def protocol_send(self, event: Event) -> None:
        """Write bytes; hypercorn does so when the kernel does not take them at once."""
        if isinstance(event, RawData) and not self.send_lock.locked():
            rest = self._patient.send_now(event.data)
            if not rest:
                return
            event = RawData(data=rest)
        await super().protocol_send(event)

    async def _read_data(self) -> None:
        try:
            data = b"."
            while data:
                data = await self._patient.receive_some(MAX_RECV)
                await self.protocol.handle(RawData(data=data))
        except (trio.ClosedResourceError, trio.BrokenResourceError):
            pass
        await self.protocol.handle(Closed())
        if self._ignoring is not None:
            self._ignoring.cancel()
            self._ignoring = None
        # Hypercorn would keep what is left of the connection for as long as an idle one.
        self._watch.end()

    async def _end(self) -> None:
        with trio.CancelScope(shield=True):
            await self._initiate_server_close()


async def _ignore(receive: Receive, scope: trio.CancelScope) -> None:
    with scope:
        while True:
            await receive()


class IdleWatch:
    """Ends a connection that has been idle for too long, or is when the server stops.

    It stands in for hypercorn's task of that kind.

    Args:
      context: tells that the server stops.
      patience_s: how long a connection may be idle.
      close: ends it.
    """

    def __init__(
        self, context: WorkerContext, patience_s: float, close: Callable[[], Awaitable[None]]
    ) -> None:
        self._context = context
        self._patience_s = patience_s
        self._close = close
        self._idle_since: float | None = None
        """None: a request is being answered, or this is a socket of the feed."""
        self._idle = trio.Event()
        """Set when the connection is idle again, if anybody waits for that."""
        self._scope: trio.CancelScope | None = None

    async def restart(self, tasks: Any, _: object) -> None:  # noqa: ANN401 - a task group of hypercorn's
        """The connection is idle from now on."""
        self._idle_since = trio.current_time()
        self._idle.set()
        if self._scope is None:
            self._scope = trio.CancelScope()
            tasks.spawn(self._run, self._scope)

    async def stop(self) -> None:
        """It is not."""
        self._idle_since = None

    def end(self) -> None:
        """The connection is over."""
        if self._scope is not None:
            self._scope.cancel()

    async def _run(self, scope: trio.CancelScope) -> None:
        with scope:
            while not self._context.terminated.is_set():
                if self._idle_since is None:
                    self._idle = trio.Event()
                    await self._idle.wait()
                    continue
                due = self._idle_since + self._patience_s
                if trio.current_time() >= due:
                    break
                with trio.move_on_at(due):
                    await self._context.terminated.wait()
            # A connection that is not idle when the server stops ends with its answer.
            if self._idle_since is not None:
                await self._close()
