"""A proxy before a redis-server that can lose, hold back or cut short what passes, and lead elsewhere."""

from __future__ import annotations

import contextlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import trio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@dataclass
class Proxy:
    """Passes bytes on.

    Attributes:
      port: where it listens on 127.0.0.1.
      target: socket of the server that new connections lead to.
      swallow: drop what the server answers from now on.
      questions_left, answers_left: bytes that still pass in each direction, all later ones are lost.
      gate: answers wait until this is set.
      connections: how many were accepted.
    """

    port: int
    target: Path
    swallow: bool = False
    questions_left: float = float("inf")
    answers_left: float = float("inf")
    gate: trio.Event = field(default_factory=trio.Event)
    connections: int = 0
    scopes: set[trio.CancelScope] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    async def lead_to(self, target: Path) -> None:
        """Lead new connections to another server, and cut those there are; they are cut when this returns."""
        self.target = target
        cut = {*self.scopes}
        for scope in cut:
            scope.cancel()
        while cut & self.scopes:
            await trio.lowlevel.checkpoint()

    def mend(self) -> None:
        """Let everything pass again."""
        self.swallow = False
        self.questions_left = self.answers_left = float("inf")


@asynccontextmanager
async def proxied(target: Path) -> AsyncIterator[Proxy]:
    """A proxy on TCP before the server at a Unix socket, its gate open."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    proxy = Proxy(listener.socket.getsockname()[1], target)
    proxy.gate.set()

    async def ask(client: trio.SocketStream, server: trio.SocketStream) -> None:
        async for chunk in client:
            passed = chunk[: int(min(len(chunk), proxy.questions_left))]
            proxy.questions_left -= len(passed)
            await server.send_all(passed)

    async def answer(client: trio.SocketStream, server: trio.SocketStream) -> None:
        async for chunk in server:
            await proxy.gate.wait()
            passed = b"" if proxy.swallow else chunk[: int(min(len(chunk), proxy.answers_left))]
            proxy.answers_left -= len(passed)
            await client.send_all(passed)

    async def serve(client: trio.SocketStream) -> None:
        proxy.connections += 1
        server = await trio.open_unix_socket(str(proxy.target))
        with trio.CancelScope() as scope:
            proxy.scopes.add(scope)

            async def until_closed(copy: Any) -> None:
                with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError, OSError):
                    await copy(client, server)
                scope.cancel()

            async with client, server, trio.open_nursery() as nursery:
                nursery.start_soon(until_closed, ask)
                nursery.start_soon(until_closed, answer)
        proxy.scopes.discard(scope)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        yield proxy
        nursery.cancel_scope.cancel()
