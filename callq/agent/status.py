"""A gateway's status over HTTP: ``/`` as JSON, ``/metrics`` for Prometheus, ``/healthz`` good or not."""

from __future__ import annotations

from functools import partial
from typing import Final, Protocol

import trio

REQUEST_LIMIT_S: Final = 5.0
MAX_REQUEST: Final = 8192

JSON: Final = "application/json"
TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"


class Health(Protocol):
    """How a gateway and its devices are."""

    @property
    def good(self) -> bool:
        """Whether all is well."""

    def json(self) -> bytes:
        """All of it as one JSON object."""

    def exposition(self) -> bytes:
        """The metrics in Prometheus' text format."""


async def serve_status(
    health: Health, host: str, port: int, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED
) -> None:
    """Answer until cancelled; started with the port.

    Raises:
      OSError: the address cannot be listened on.
    """
    listeners = await trio.open_tcp_listeners(port, host=host)
    bound = listeners[0].socket.getsockname()[1]
    task_status.started(bound)
    await trio.serve_listeners(partial(_answer, health), listeners)


async def _answer(health: Health, stream: trio.SocketStream) -> None:
    try:
        with trio.move_on_after(REQUEST_LIMIT_S):
            request = b""
            while b"\r\n\r\n" not in request and len(request) < MAX_REQUEST:
                received = await stream.receive_some(4096)
                if not received:
                    return
                request += received
            await stream.send_all(_response(health, request.partition(b"\r\n")[0].split(b" ")))
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass  # whoever asked has gone
    finally:
        await trio.aclose_forcefully(stream)


def _response(health: Health, line: list[bytes]) -> bytes:
    status, kind, body = "404 Not Found", JSON, b'{"detail":"ask for /, /metrics or /healthz"}'
    path = line[1].partition(b"?")[0] if len(line) == 3 else b""
    if line[0] not in (b"GET", b"HEAD"):
        status, body = "405 Method Not Allowed", b'{"detail":"only GET"}'
    elif path == b"/":
        status, body = "200 OK", health.json()
    elif path == b"/healthz":
        status = "200 OK" if health.good else "503 Service Unavailable"
        body = b'{"ok":true}' if health.good else b'{"ok":false}'
    elif path == b"/metrics":
        status, kind, body = "200 OK", TEXT, health.exposition()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close"
    return f"{head}\r\n\r\n".encode("ascii") + (b"" if line[0] == b"HEAD" else body)
