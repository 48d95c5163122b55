"""A ticket printer: understands ESC/POS by its own reading of it, and fails as printers do."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import trio

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Slip:
    """A ticket that came out, cut."""

    lines: list[str] = field(default_factory=list)
    largest: dict[str, int] = field(default_factory=dict)
    """How large a line was, times."""
    inverted: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    modules: list[int] = field(default_factory=list)
    """Dots of a module of each code that it draws itself."""
    pictures: list[list[str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class SimulatedPrinter:
    """One printer; its state may be changed at any time."""

    def __init__(self) -> None:
        self.slips: list[Slip] = []
        self.paper_out = False
        self.cover_open = False
        self.silent = False
        """It takes bytes and says nothing."""
        self.dies_after: int | None = None
        """Bytes of a ticket after which the line goes dead and the paper stops."""
        self.runs_out_at: int | None = None
        """Bytes of a ticket after which there is no paper any more."""
        self.cut = trio.Event()
        """Set when a ticket has come out."""
        self.port = 0
        self._buffer = b""
        self._slip = Slip()
        self._line = b""
        self._size, self._inverted = 1, False
        self._symbol = b""
        self._printed = 0

    @property
    def left(self) -> list[str]:
        """Lines of a ticket that has not come out: they would, with the next roll."""
        return self._slip.lines

    async def serve(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Listen on a port of this machine until cancelled."""
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.port = listeners[0].socket.getsockname()[1]
        task_status.started()
        await trio.serve_listeners(self._talk, listeners)

    async def _talk(self, stream: trio.SocketStream) -> None:
        self._buffer = b""
        async with stream:
            with suppress(trio.BrokenResourceError):
                await self._hear(stream)

    async def _hear(self, stream: trio.SocketStream) -> None:
        while data := await stream.receive_some(64):
            for byte in data:
                answer = self.take(byte)
                if answer is None:
                    return
                if answer and not self.silent:
                    await stream.send_all(answer)

    def take(self, byte: int) -> bytes | None:
        """One byte; what is answered, None where the line goes dead."""
        self._buffer += bytes([byte])
        if self._buffer[:1] == b"\x10":
            return self._at_once()
        self._printed += 1
        if self.dies_after is not None and self._printed > self.dies_after:
            return None
        if self.runs_out_at is not None and self._printed > self.runs_out_at:
            self.paper_out = True
        if self.paper_out or self.cover_open:
            # What comes now stays in the buffer of the machine; here it is as good as lost.
            self._buffer = b""
            return b""
        return self._in_turn()

    def _at_once(self) -> bytes:
        command = self._buffer
        if len(command) < 3:
            return b""
        self._buffer = b""
        if command[:2] == b"\x10\x05":
            self._slip, self._line, self._printed = Slip(), b"", 0
            return b""
        offline = self.paper_out or self.cover_open
        return {
            1: bytes([0x12 | offline << 3]),
            2: bytes([0x12 | self.cover_open << 2 | self.paper_out << 5]),
            4: bytes([0x12 | (0x60 if self.paper_out else 0)]),
        }[command[2]]

    def _in_turn(self) -> bytes:
        got = self._buffer
        first, second = got[:1], got[1:2]
        if first in (b"\x1b", b"\x1c", b"\x1d"):
            done = self._command(got, (first + second).decode("latin-1")) if second else None
            if done is None:
                return b""
            self._buffer = b""
            return done
        self._buffer = b""
        if first == b"\n":
            self._feed()
        else:
            self._line += first
        return b""

    def _command(self, got: bytes, name: str) -> bytes | None:
        """What a whole command does and answers; None: more of it is to come."""
        match name:
            case "\x1b@":
                self._slip, self._line, self._size, self._inverted = Slip(), b"", 1, False
            case "\x1c&":
                pass
            case "\x1ba" | "\x1bE" | "\x1bJ" | "\x1bd" | "\x1d!" | "\x1dB" | "\x1dV" | "\x1dr" if (
                len(got) < 3
            ):
                return None
            case "\x1ba" | "\x1bE" | "\x1bJ" | "\x1bd":
                pass
            case "\x1d!":
                self._size = max(self._size, (got[2] >> 4) + 1) if self._line else (got[2] >> 4) + 1
            case "\x1dB":
                self._inverted = self._inverted or bool(got[2])
            case "\x1dV":
                self.slips.append(self._slip)
                self._slip, self._printed = Slip(), 0
                self.cut.set()
            case "\x1dr":
                return b"\x00"
            case "\x1d(":
                if len(got) < 5 or len(got) < 5 + got[3] + got[4] * 256:
                    return None
                self._code(got[5:])
            case "\x1dv":
                if len(got) < 8 or len(got) < 8 + (across := got[4] + got[5] * 256) * (got[6] + got[7] * 256):
                    return None
                rows = [got[8 + at : 8 + at + across] for at in range(0, len(got) - 8, across)]
                self._slip.pictures.append(["".join(f"{byte:08b}" for byte in row) for row in rows])
            case _:
                raise AssertionError(f"no printer knows {got!r}")
        return b""

    def _code(self, what: bytes) -> None:
        if what[:2] == b"1C":
            self._slip.modules.append(what[2])
        elif what[:3] == b"1P0":
            self._symbol = what[3:]
        elif what[:3] == b"1Q0":
            self._slip.codes.append(self._symbol.decode())

    def _feed(self) -> None:
        text = self._line.decode("gb18030")
        self._slip.lines.append(text)
        self._slip.largest[text] = self._size
        if self._inverted:
            self._slip.inverted.append(text.strip())
        self._line, self._inverted = b"", False


def fed(data: bytes, **state: Any) -> Iterator[Slip]:
    """What a printer makes of some bytes."""
    printer = SimulatedPrinter()
    for name, value in state.items():
        setattr(printer, name, value)
    for byte in data:
        printer.take(byte)
    yield from printer.slips
