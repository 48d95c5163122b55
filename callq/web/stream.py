"""The stream of an accepted connection: sends that end in time and never mix."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from typing import Final

import trio

SEND_WITHIN_S: Final = 20.0
"""A peer that has not taken the whole of a message after so long is dropped."""

STREAM: Final = "callq.stream"
"""Where an application finds the connection's `PatientStream` in the scope's ``state``."""

_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: what is still buffered is thrown away."""


class PeerTooSlow(trio.BrokenResourceError):
    """A message was not out after `SEND_WITHIN_S`, or its peer was not waited for any longer."""


class PatientStream:
    """A socket stream whose sends end in time, whoever shields them, and take turns, whoever sends.

    Args:
      stream: the accepted connection.
    """

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._turn = trio.Lock()
        self._sending: trio.CancelScope | None = None
        self._aborted = False
        self._ended = False
        """The last has been sent."""
        self._rest = memoryview(b"")
        """Of a message whose beginning is out, while nobody is sending."""
        self._claimed = False
        """Somebody is about to write, before anything else runs."""
        self.socket = stream.socket

    async def send_all(self, data: bytes, *, last: bool = False) -> None:
        """Send everything; a send that has begun is not cancelled, or half of `data` would be out.

        It does not wait at all, not even for other tasks to run, when the socket's buffer takes the whole:
        for most of what a server says that is the case, and half of what saying it costs.

        Args:
          data: goes behind what was given before.
          last: nothing goes behind it, though somebody waits to send.

        Raises:
          PeerTooSlow: the peer took too long, or the stream was aborted; it is closed.
          trio.BrokenResourceError: the peer is gone.
          trio.ClosedResourceError: the stream was closed, or its last has been sent.
        """
        begun = self.send_now(data)
        if begun is None:
            await self._turn.acquire()
        elif begun:
            self._ended = last
            return
        else:
            # Nobody else may come in between: no await before this.
            self._turn.acquire_nowait()
            data = b""
        try:
            await self._send_patiently(data)
            self._ended = last
        finally:
            self._turn.release()

    def send_now(self, data: bytes) -> bool | None:
        """Send what takes no waiting, for whoever cannot wait.

        Returns:
          Whether everything is out; if not, the rest is kept, goes before anything else, and somebody has to
          `flush` it. None: others are sending, and nothing was done.

        Raises:
          trio.BrokenResourceError, trio.ClosedResourceError: as `send_all`.
        """
        if not self.claim():
            return None
        try:
            sent = self.write(data)
        except BaseException:
            self.wrote(b"", 0)
            raise
        return self.wrote(data, sent)

    def claim(self) -> bool:
        """Have the next `write` to oneself, for whoever writes to many streams one right after the other.

        `wrote` has to follow before anything is waited for.

        Returns:
          Whether that can be; if not, others are sending.
        """
        if self._claimed or self._rest or self._turn.locked():
            return False
        self._claimed = True
        return True

    def wrote(self, data: bytes, sent: int) -> bool:
        """Say how much of `data` the `write` of a `claim` has taken; whether that is all, as `send_now`."""
        self._claimed = False
        if sent == len(data):
            return True
        # Not a copy: what is the same for many is there once, however many do not take it.
        self._rest = memoryview(data)[sent:]
        return False

    async def flush(self) -> None:
        """Send what `send_now` could not; see `send_all`."""
        await self._turn.acquire()
        try:
            await self._send_patiently(b"")
        finally:
            self._turn.release()

    def write(self, data: bytes) -> int:
        """How much of it the buffer took; for whoever has claimed it.

        Raises:
          trio.BrokenResourceError, trio.ClosedResourceError: as `send_all`.
        """
        if self._ended:
            raise trio.ClosedResourceError("the last has been sent")
        if self._aborted:
            return 0
        # Asked anew each time: the number of a closed socket may be somebody else's by now.
        descriptor = self.socket.fileno()
        if descriptor < 0:
            raise trio.ClosedResourceError("the stream was closed")
        try:
            return os.write(descriptor, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise trio.BrokenResourceError("the peer is gone") from error

    async def _send_patiently(self, data: bytes) -> None:
        if self._ended:
            raise trio.ClosedResourceError("the last has been sent")
        rest, self._rest = self._rest, memoryview(b"")
        if not self._aborted:
            with trio.move_on_after(SEND_WITHIN_S, shield=True) as scope:
                self._sending = scope
                try:
                    if rest:
                        await self._stream.send_all(rest)
                    if data:
                        await self._stream.send_all(data)
                finally:
                    self._sending = None
            if not scope.cancelled_caught:
                return
        self._reset()
        raise PeerTooSlow("the peer did not take the whole in time")

    @property
    def blocked(self) -> bool:
        """Whether a send is under way."""
        return self._sending is not None

    def abort(self) -> None:
        """Wait for the peer no more; a send that is under way fails."""
        self._aborted = True
        if self._sending is not None:
            self._sending.cancel()

    def _reset(self) -> None:
        if self.socket.fileno() >= 0:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.socket.close()

    async def receive_some(self, max_bytes: int) -> bytes:
        """Receive; see `trio.abc.ReceiveStream`."""
        return bytes(await self._stream.receive_some(max_bytes))

    def shut_down(self) -> None:
        """Say that nothing more comes, unless a message is out by half: then there is no end to say."""
        if not self._rest and not self.blocked and self.socket.fileno() >= 0:
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)

    async def aclose(self) -> None:
        """Close; a message that is out by half ends in a reset, not as if it were whole."""
        if self._rest:
            self._reset()
        await self._stream.aclose()
