"""Servers that do the least on callq's own listener: what an API or a feed could cost at best.

`python -m loadtests.plain APP PORT`. Nothing of this is in callq itself.
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import trio
from quart import Response, request
from quart_trio import QuartTrio

from callq.runtime import garbage
from callq.web.listener import Listener, open_socket
from loadtests.servers import free_port, is_ready

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from callq.web.listener import AsgiApp

SAID: Final = b'{"ok":true}'


def quart() -> AsgiApp:
    """A POST that is read and answered, by quart-trio."""
    app = QuartTrio("plain", static_folder=None)

    async def nothing() -> Response:
        await request.get_data()
        return Response(SAID, 200, {"Content-Type": "application/json"})

    app.add_url_rule("/readyz", "ready", nothing, methods=["GET"])
    app.add_url_rule("/", "nothing", nothing, methods=["POST"])
    return app


def asgi() -> AsgiApp:
    """The same without a framework."""

    async def nothing(scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:  # noqa: ANN401 - ASGI
        while (await receive()).get("more_body"):
            pass
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(SAID))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": SAID})

    return nothing


def echo() -> AsgiApp:
    """A WebSocket that sends back what comes; anything else as `asgi`."""
    nothing = asgi()

    async def echoing(scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:  # noqa: ANN401 - ASGI
        if scope["type"] != "websocket":
            await nothing(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][0]})
        while (event := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "bytes": event["bytes"]})

    return echoing


APPS: Final = {"quart": quart, "asgi": asgi, "echo": echo}


async def serve(app: AsgiApp, port: int) -> None:
    """Serve an app until the process is ended."""
    with open_socket("127.0.0.1", port) as listening:
        await Listener(app, listening, max_message=256 * 1024).run(trio.Event())


@contextmanager
def plain_server(app: str) -> Iterator[tuple[int, int]]:
    """One of `APPS` in a process of its own: its port and process id."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "loadtests.plain", app, str(port)])
    try:
        while not is_ready(port):
            if process.poll() is not None:
                raise RuntimeError(f"the plain server {app} has ended")
            time.sleep(0.01)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    garbage.begin()
    trio.run(serve, APPS[sys.argv[1]](), int(sys.argv[2]))
