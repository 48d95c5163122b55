"""A proxy before a redis-server that can lose or hold back what the server answers."""

from __future__ import annotations

import contextlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@dataclass
class Proxy:
    """Passes bytes on.

    Attributes:
      port: where it listens on 127.0.0.1.
      swallow: drop what the server answers from now on.
      gate: answers wait until this is set.
      connections: how many were accepted.
    """

    port: int
    swallow: bool = False
    gate: trio.Event = field(default_factory=trio.Event)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"


@asynccontextmanager
async def proxied(target: Path) -> AsyncIterator[Proxy]:
    """A proxy on TCP before the server at a Unix socket, its gate open."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    proxy = Proxy(listener.socket.getsockname()[1])
    proxy.gate.set()

    async def ask(client: trio.SocketStream, server: trio.SocketStream) -> None:
        async for chunk in client:
            await server.send_all(chunk)

    async def answer(client: trio.SocketStream, server: trio.SocketStream) -> None:
        async for chunk in server:
            await proxy.gate.wait()
            if not proxy.swallow:
                await client.send_all(chunk)

    async def serve(client: trio.SocketStream) -> None:
        proxy.connections += 1
        server = await trio.open_unix_socket(str(target))
        async with client, server, trio.open_nursery() as nursery:

            async def until_closed(copy) -> None:
                with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError, OSError):
                    await copy(client, server)
                nursery.cancel_scope.cancel()

            nursery.start_soon(until_closed, ask)
            nursery.start_soon(until_closed, answer)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        yield proxy
        nursery.cancel_scope.cancel()
