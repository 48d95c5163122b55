"""A way to a server that can be cut, or made to lose what the server says."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Passing:
    """Passes connections on, and can cut them.

    Attributes:
      mute: what the server says is lost.
      closed: nobody gets through any more.
    """

    def __init__(self) -> None:
        self.url = ""
        self.secure_url = ""
        self.mute = self.closed = False
        self._scopes: set[trio.CancelScope] = set()

    def cut(self) -> None:
        for scope in self._scopes:
            scope.cancel()

    async def serve(self, target: int, near: trio.abc.Stream) -> None:
        async def pump(source: trio.abc.Stream, sink: trio.abc.Stream, scope: trio.CancelScope) -> None:
            with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                while data := await source.receive_some(65536):
                    if not (self.mute and sink is near):
                        await sink.send_all(data)
            scope.cancel()

        if self.closed:
            await trio.aclose_forcefully(near)
            return
        async with (
            await trio.open_tcp_stream("127.0.0.1", target) as far,
            near,
            trio.open_nursery() as nursery,
        ):
            self._scopes.add(nursery.cancel_scope)
            nursery.start_soon(pump, near, far, nursery.cancel_scope)
            nursery.start_soon(pump, far, near, nursery.cancel_scope)


@asynccontextmanager
async def passing(target: int, certificate: Path | None = None) -> AsyncIterator[Passing]:
    """Before a server; with a certificate and its key also by TLS."""
    proxy = Passing()
    async with trio.open_nursery() as nursery:
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            (inner,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
            secure = [trio.SSLListener(inner, context)]
            proxy.secure_url = f"https://localhost:{inner.socket.getsockname()[1]}"
            nursery.start_soon(trio.serve_listeners, partial(proxy.serve, target), secure)
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        proxy.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        nursery.start_soon(trio.serve_listeners, partial(proxy.serve, target), listeners)
        yield proxy
        nursery.cancel_scope.cancel()
