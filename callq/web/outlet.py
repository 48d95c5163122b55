"""Where a feed's messages leave: past hypercorn, straight to the connection.

A message costs several times as much in hypercorn as in the kernel: events, locks, scopes and copies for
what is a header and a write. A server's frames are not masked, so the bytes of one are the same for every
socket that it is for, and are made once. The handshake, pings and closing stay hypercorn's; its sends and
these take turns on the stream, frame by frame.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from callq.web.feed_wire import Wire
    from callq.web.stream import PatientStream

_OPCODES: Final = {"text": 0x1, "bytes": 0x2}
_FINAL: Final = 0x80
"""The only frame of its message."""


class Outlet:
    """The sending half of one socket. Extensions must be off, as the listener sees to.

    Args:
      wire: the subprotocol.
      stream: of a connection that carries this socket alone, as it is over HTTP/1.1.
    """

    def __init__(self, wire: Wire, stream: PatientStream) -> None:
        self.wire = wire.name
        """Outlets of one wire pack a message alike."""
        self._wire = wire
        self.send = stream.send_all
        self.claim = stream.claim
        self.write = stream.write
        self.wrote = stream.wrote
        self.flush = stream.flush

    def pack(self, message: object) -> bytes:
        """A whole frame, for any outlet of this wire."""
        content = self._wire.encode(message)
        return frame_head(_OPCODES[self._wire.field], len(content)) + content


def frame_head(opcode: int, size: int) -> bytes:
    """What stands before `size` bytes of content in a frame from a server, RFC 6455 section 5.2."""
    if size < 126:
        return struct.pack("!BB", _FINAL | opcode, size)
    if size < 1 << 16:
        return struct.pack("!BBH", _FINAL | opcode, 126, size)
    return struct.pack("!BBQ", _FINAL | opcode, 127, size)
