"""Where a feed's messages leave: past hypercorn where that can be, else through it.

A message costs several times as much in hypercorn as in the kernel: events, locks, scopes and copies for
what is a header and a write. A server's frames are not masked, so the bytes of one are the same for every
socket that it is for, and are made once. The handshake, pings and closing stay hypercorn's; its sends and
these take turns on the stream, frame by frame.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final, Protocol

import trio

from callq.web.stream import SEND_WITHIN_S, STREAM, PatientStream, PeerTooSlow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from callq.web.feed_wire import Wire

_OPCODES: Final = {"text": 0x1, "bytes": 0x2}
_FINAL: Final = 0x80
"""The only frame of its message."""


class Outlet(Protocol):
    """The sending half of one socket.

    Attributes:
      kind: outlets of one kind pack a message alike.
    """

    kind: str

    def pack(self, message: object) -> bytes:
        """Make a message ready for any outlet of this kind."""

    async def send(self, packed: bytes) -> None:
        """Send it, behind whatever is being sent.

        Raises:
          PeerTooSlow: the client did not take it within `SEND_WITHIN_S`.
          trio.BrokenResourceError, trio.ClosedResourceError: the client is gone.
        """


class DirectOutlet:
    """Writes WebSocket frames to the connection itself. Extensions must be off, as the listener sees to."""

    def __init__(self, wire: Wire, stream: PatientStream) -> None:
        self.kind = f"frame of {wire.name}"
        self._wire = wire
        self._stream = stream

    def pack(self, message: object) -> bytes:
        """A whole frame."""
        content = self._wire.encode(message)
        return frame_head(_OPCODES[self._wire.field], len(content)) + content

    async def send(self, packed: bytes) -> None:
        """Write it; see `Outlet`."""
        await self._stream.send_all(packed)


class AsgiOutlet:
    """Sends ASGI events, for a server or a protocol whose sockets cannot be written to."""

    def __init__(self, wire: Wire, send: Callable[[Any], Awaitable[None]]) -> None:
        self.kind = f"content of {wire.name}"
        self._wire = wire
        self._send = send
        self._turn = trio.Lock()

    def pack(self, message: object) -> bytes:
        """What the event holds, where it is text as UTF-8."""
        return self._wire.encode(message)

    async def send(self, packed: bytes) -> None:
        """Send an event; see `Outlet`."""
        try:
            self._turn.acquire_nowait()
        except trio.WouldBlock:
            await self._turn.acquire()
        try:
            content = packed.decode() if self._wire.field == "text" else packed
            deadline = trio.current_time() + SEND_WITHIN_S
            with trio.move_on_at(deadline):
                await self._send({"type": "websocket.send", self._wire.field: content})
            # Not the scope's own verdict: the server shields its sends and lets them fail instead.
            if trio.current_time() >= deadline:
                raise PeerTooSlow("the client takes nothing")
        finally:
            self._turn.release()


def outlet_for(wire: Wire, scope: dict[str, Any], send: Callable[[Any], Awaitable[None]]) -> Outlet:
    """The best outlet for an ASGI connection that was accepted."""
    stream = scope.get("state", {}).get(STREAM)
    # Over HTTP/2 a connection carries more than one socket, each in frames of its own.
    if isinstance(stream, PatientStream) and scope["http_version"] == "1.1":
        return DirectOutlet(wire, stream)
    return AsgiOutlet(wire, send)


def frame_head(opcode: int, size: int) -> bytes:
    """What stands before `size` bytes of content in a frame from a server, RFC 6455 section 5.2."""
    if size < 126:
        return struct.pack("!BB", _FINAL | opcode, size)
    if size < 1 << 16:
        return struct.pack("!BBH", _FINAL | opcode, 126, size)
    return struct.pack("!BBQ", _FINAL | opcode, 127, size)
