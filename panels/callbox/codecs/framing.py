"""Frames out of whatever comes on a line: in pieces, after garbage, broken off by silence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

F = TypeVar("F")


class Framer(ABC, Generic[F]):
    """What has come and is not yet a frame.

    Args:
      start: the byte that every frame begins with.
      silence_s: what has not ended after so long a silence never will.

    Attributes:
      garbage: bytes passed over so far.
    """

    def __init__(self, start: int, silence_s: float) -> None:
        self._start, self._silence_s = start, silence_s
        self._buffer = b""
        self._fed_s = 0.0
        self.garbage = 0

    @abstractmethod
    def length(self, buffer: bytes) -> int | None:
        """Bytes of the frame that begins here, or as many as it takes to know; None: no frame begins here."""

    @abstractmethod
    def read(self, frame: bytes) -> F | None:
        """What so many bytes say; None: they are no frame."""

    def feed(self, data: bytes, now_s: float) -> list[F]:
        """What came, and when; answers the frames that are whole now."""
        if now_s - self._fed_s > self._silence_s:
            self._drop(len(self._buffer))
        self._fed_s = now_s
        self._buffer += data
        found: list[F] = []
        while (start := self._buffer.find(self._start)) >= 0:
            self._drop(start)
            length = self.length(self._buffer)
            if length is not None and len(self._buffer) < length:
                return found
            frame = None if length is None else self.read(self._buffer[:length])
            if frame is None:
                self._drop(1)
                continue
            self._buffer = self._buffer[length:]
            found.append(frame)
        self._drop(len(self._buffer))
        return found

    def _drop(self, count: int) -> None:
        self.garbage += count
        self._buffer = self._buffer[count:]
