"""The client's half of the doors: requests, handshakes and frames, lean for whatever measures them."""

from __future__ import annotations

import http.client
import json
import socket
import struct
from typing import TYPE_CHECKING, Any, Final

from loadtests.servers import ADMIN_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTINUED: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PONG: Final = 0xA
"""Opcodes, RFC 6455 section 5.2."""


class Api:
    """Requests with JSON, one after the other on one connection.

    Args:
      port: of loopback.
      token: that may do what is asked.
    """

    def __init__(self, port: int, token: str = ADMIN_TOKEN) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """What is there.

        Raises:
          RuntimeError: it was refused.
        """
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: object, *, key: str = "") -> Any:  # noqa: ANN401 - JSON
        """The answer to a POST, with an idempotency key if there is one; raises as `get` does."""
        return self._ask("POST", path, json.dumps(body).encode(), {"Idempotency-Key": key} if key else {})

    def _ask(self, method: str, path: str, content: bytes | None, more: dict[str, str]) -> Any:  # noqa: ANN401
        self._line.request(method, path, content, self._headers | more)
        answer = self._line.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{path}: {answer.status} {said.decode(errors='replace')}")
        return json.loads(said)


def new_token(port: int, role: str, **bound: str) -> str:
    """A token of that role, bound to a hall or to more."""
    with Api(port) as api:
        return str(api.post("/v1/tokens", {"role": role, **bound})["token"])


def handshake(hall: str, token: str, wire: str = "json") -> bytes:
    """What opens a feed."""
    lines = [
        f"GET /v1/halls/{hall}/feed HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        f"Sec-WebSocket-Protocol: callq.v1.{wire}, bearer.{token}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def open_feed(connection: socket.socket, request: bytes) -> bytearray:
    """Shake hands, blocking; what came after the answer's head.

    Raises:
      RuntimeError: it was refused, or the server hung up.
    """
    connection.sendall(request)
    heard = bytearray()
    while b"\r\n\r\n" not in heard:
        part = connection.recv(65536)
        if not part:
            raise RuntimeError(f"the server hung up: {bytes(heard)!r}")
        heard += part
    if not heard.startswith(b"HTTP/1.1 101"):
        raise RuntimeError(f"no feed: {bytes(heard)!r}")
    return heard.partition(b"\r\n\r\n")[2]


def frame(content: bytes, opcode: int = TEXT, *, last: bool = True) -> bytes:
    """A client's frame of less than 64 KiB; its mask is zero, which costs nothing.

    Args:
      content: of the frame.
      opcode: of RFC 6455.
      last: of its message.
    """
    size = len(content)
    length = bytes([0x80 | size]) if size < 126 else struct.pack(">BH", 0xFE, size)
    return bytes([0x80 * last | opcode]) + length + bytes(4) + content


def frames(heard: bytearray) -> Iterator[tuple[int, bytes]]:
    """Take a server's whole frames out of what was heard: opcode and content."""
    while len(heard) >= 2:
        size, start = heard[1], 2
        if size >= 126:
            start = 4 if size == 126 else 10
            if len(heard) < start:
                return
            size = int.from_bytes(heard[2:start], "big")
        end = start + size
        if len(heard) < end:
            return
        opcode, content = heard[0] & 15, bytes(heard[start:end])
        del heard[:end]
        yield opcode, content


class Panel:
    """A feed in JSON whose owner looks at one window, presses, and waits for each answer.

    Args:
      port: of loopback.
      hall: id.
      token: of a clerk.
      window: id; its view is there when this returns.
      within_s: for whatever is waited for.

    Raises:
      RuntimeError: the server refused something or hung up.
      OSError: there is no connection, or nothing came in time.
    """

    def __init__(self, port: int, hall: str, token: str, window: str, *, within_s: float = 30.0) -> None:
        self._window = window
        self._said = 0
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=within_s)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._heard = open_feed(self._socket, handshake(hall, token))
            self._say(type="subscribe", view="panel", window=window)
            self._hear(type="snapshot")
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Panel:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def do(self, command: str, **more: str) -> dict[str, Any]:
        """Press; the answer, once it is there.

        Raises:
          RuntimeError, OSError: as at first.
        """
        self._said += 1
        self._say(type="command", id=self._said, window=self._window, command=command, **more)
        answer = self._hear(type="result", id=self._said)
        if not answer["ok"]:
            raise RuntimeError(f"{command}: {answer['problem']}")
        return answer

    def _say(self, **message: object) -> None:
        self._socket.sendall(frame(json.dumps(message).encode()))

    def _hear(self, **wanted: object) -> dict[str, Any]:
        """The next message with these members; others are passed over."""
        while True:
            for opcode, content in frames(self._heard):
                if opcode != TEXT:
                    raise RuntimeError(f"the panel's socket was closed: {content!r}")
                message: dict[str, Any] = json.loads(content)
                if message["type"] == "error":
                    raise RuntimeError(f"the panel was refused: {message}")
                if wanted.items() <= message.items():
                    return message
            part = self._socket.recv(65536)
            if not part:
                raise RuntimeError("the panel's socket ended")
            self._heard += part
