"""The applications of one connection, and what they receive."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import trio
from hypercorn.trio.task_group import TaskGroup

from callq.web import problems

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hypercorn.config import Config

    AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]
    Put = Callable[[Any], Awaitable[None]]


class Inbox:
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


class Tasks(TaskGroup):
    """The tasks of one connection."""

    async def spawn_app(self, app: Any, config: Config, scope: Any, send: Any) -> Put:  # noqa: ANN401
        """Run the application for one request; see hypercorn."""
        inbox = Inbox(config.max_app_queue_size)
        nursery: Any = self._nursery
        nursery.start_soon(_run, app, scope, inbox, send)
        return inbox.put


async def _run(app: AsgiApp, scope: Any, inbox: Inbox, send: Callable[[Any], Awaitable[None]]) -> None:  # noqa: ANN401
    """Run the application for a request; what it raises ends this connection only."""
    try:
        await app(scope, inbox.receive, send)
    except* Exception as group:
        problems.log_fault("door_failed", group)
    finally:
        inbox.close()
        await send(None)
