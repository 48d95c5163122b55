"""Screens and panels as one lean process: what every screen heard, and when, for each press of a panel.

Sockets by hand, because nothing here may be slower than what is measured. While
presses go on, bytes are only stamped and kept; they are understood afterwards.
"""

from __future__ import annotations

import bisect
import gc
import os
import select
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from loadtests.client import BINARY, CLOSE, TEXT, frame, frames, handshake, open_feed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WITHIN_S: Final = 20.0
"""For whatever is waited for."""

QUIET_S: Final = 0.5
"""A run is over when nothing was heard for so long after the last press."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A screen, or a panel that is pressed.

    Attributes:
      hall: id.
      zone: of a screen; None: the whole hall.
      window: of a panel; None: a screen.
      wire: what it speaks.
      reads: false: it takes nothing after its snapshot, and is not judged.
    """

    hall: str
    zone: str | None = None
    window: str | None = None
    wire: Literal["json", "msgpack"] = "json"
    reads: bool = True

    def shows(self) -> dict[str, str]:
        """What names its view."""
        if self.window is not None:
            return {"view": "panel", "window": self.window}
        return {"view": "board", **({"zone": self.zone} if self.zone else {})}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Who watches, and how panels are pressed.

    Attributes:
      port: of the server, on loopback.
      pid: of the server, for its memory.
      token: that may do everything.
      screens: in the order in which they connect.
      panels: pressed in turns.
      cycle: commands that each panel presses, over and over.
      presses: in all.
      per_s: how many a second; 0: each when the one before was seen by all.
      marks: the server's memory is read when so many screens are connected.
    """

    port: int
    pid: int
    token: str
    screens: tuple[Place, ...]
    panels: tuple[Place, ...]
    cycle: tuple[str, ...] = ("call_next",)
    presses: int
    per_s: float
    marks: tuple[int, ...] = ()


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a plan.

    Attributes:
      each_ms: from a press until a screen has a frame that shows it, for each pair of both.
      last_ms: from each press until the last screen has it.
      frame_bytes: the middle size of a change that a screen got, by wire.
      frames: how many screens got in all.
      memory: resident memory of the server in bytes at each mark.
    """

    each_ms: list[float]
    last_ms: list[float]
    frame_bytes: dict[str, int]
    frames: int
    memory: list[int]


class _Head(msgspec.Struct):
    type: str
    revision: int = -1
    id: int = -1
    ok: bool = True


_HEADS: Final[dict[str, Callable[[bytes], _Head]]] = {
    "json": msgspec.json.Decoder(_Head).decode,
    "msgpack": msgspec.msgpack.Decoder(_Head).decode,
}


class _Peer:
    """One socket of the feed."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.heard: list[tuple[int, bytes]] = []
        """Monotonic ns and bytes, as they came."""
        self.socket = socket.socket()
        if not place.reads:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._encode = msgspec.json.encode if place.wire == "json" else msgspec.msgpack.encode

    def connect(self, plan: Plan) -> None:
        """Follow the view; its snapshot has come when this returns."""
        self.socket.settimeout(WITHIN_S)
        self.socket.connect(("127.0.0.1", plan.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        heard = open_feed(self.socket, handshake(self.place.hall, plan.token, self.place.wire))
        self.say({"type": "subscribe", **self.place.shows()})
        while next(frames(heard), None) is None:
            part = self.socket.recv(65536)
            if not part:
                raise ConnectionError("the server has closed a socket")
            heard += part
        self.socket.setblocking(False)

    def say(self, message: dict[str, object]) -> None:
        """Send a message."""
        self.socket.send(frame(self._encode(message), TEXT if self.place.wire == "json" else BINARY))

    def messages(self) -> Iterator[tuple[int, _Head, bytes]]:
        """All that was heard: when it was there, what it is, and its content."""
        decode = _HEADS[self.place.wire]
        heard = bytearray()
        for at_ns, chunk in self.heard:
            heard += chunk
            for opcode, content in frames(heard):
                if opcode == CLOSE:
                    raise ConnectionError(f"the server has closed a socket: {content!r}")
                yield at_ns, decode(content), content


def watch(plan: Plan) -> Seen:
    """Connect, press, and tell what was seen; for a process of its own.

    Raises:
      RuntimeError: a press was refused, or a screen never saw it.
    """
    screens = [_Peer(place) for place in plan.screens]
    panels = [_Peer(place) for place in plan.panels]
    memory = list(_connected(plan, screens))
    for panel in panels:
        panel.connect(plan)
    gc.disable()
    gc.freeze()
    try:
        sent = _press(plan, screens, panels)
        reading = [screen for screen in screens if screen.place.reads]
        return _understood(reading, panels, sent, memory)
    finally:
        gc.enable()
        for peer in (*screens, *panels):
            peer.socket.close()


def _connected(plan: Plan, screens: list[_Peer]) -> Iterator[int]:
    """Connect screens, a few at a time; the server's memory at each mark."""
    for first in range(0, len(screens), 50):
        some = screens[first : first + 50]
        for screen in some:
            screen.connect(plan)
        if first + len(some) in plan.marks:
            time.sleep(QUIET_S)
            resident = Path(f"/proc/{plan.pid}/statm").read_text().split()[1]
            yield int(resident) * os.sysconf("SC_PAGE_SIZE")


def _press(plan: Plan, screens: list[_Peer], panels: list[_Peer]) -> list[int]:
    """Press as planned and keep what is heard; when each press was sent, monotonic ns."""
    poll = select.epoll()
    peers = {peer.socket.fileno(): peer for peer in (*screens, *panels)}
    for fd, peer in peers.items():
        if peer.place.reads:
            poll.register(fd, select.EPOLLIN)
    now_ns = time.monotonic_ns
    step_ns = int(1e9 / plan.per_s) if plan.per_s else 0
    began = now_ns() + 100_000_000
    sent: list[int] = []
    last_ns = began
    while True:
        done = len(sent) == plan.presses
        quiet_ns = last_ns + int(QUIET_S * 1e9) - now_ns()
        if done and quiet_ns <= 0:
            return sent
        wait_ns = quiet_ns if done or not step_ns else began + len(sent) * step_ns - now_ns()
        if not done and wait_ns <= 0:
            panel = panels[len(sent) % len(panels)]
            command = plan.cycle[len(sent) // len(panels) % len(plan.cycle)]
            said: dict[str, object] = {"type": "command", "id": len(sent), "command": command}
            last_ns = now_ns()
            sent.append(last_ns)
            panel.say({**said, "window": panel.place.window or ""})
            continue
        for fd, _ in poll.poll(wait_ns / 1e9):
            peer = peers[fd]
            chunk = peer.socket.recv(65536)
            last_ns = now_ns()
            if not chunk:
                raise ConnectionError("the server has closed a socket")
            peer.heard.append((last_ns, chunk))


def _understood(screens: list[_Peer], panels: list[_Peer], sent: list[int], memory: list[int]) -> Seen:
    """When each screen had a frame that shows each press: the first of its revision or a later one."""
    revisions: dict[int, int] = {}
    where: dict[int, _Peer] = {}
    for panel in panels:
        for _, head, content in panel.messages():
            if head.type == "result":
                if not head.ok:
                    raise RuntimeError(f"a press was refused: {content!r}")
                revisions[head.id] = head.revision
                where[head.id] = panel
    if len(revisions) != len(sent):
        raise RuntimeError(f"{len(sent) - len(revisions)} presses were not answered")
    sizes: dict[str, list[int]] = {}
    each: list[list[float]] = [[] for _ in sent]
    frames = 0
    for screen in screens:
        had: list[tuple[int, int]] = []
        for at_ns, head, content in screen.messages():
            if head.type == "change":
                had.append((head.revision, at_ns))
                sizes.setdefault(screen.place.wire, []).append(len(content))
        frames += len(had)
        for press, at_ns in enumerate(sent):
            if where[press].place.hall != screen.place.hall:
                continue
            found = bisect.bisect_left(had, (revisions[press], 0))
            if found == len(had):
                raise RuntimeError(f"a screen never saw press {press}")
            each[press].append((had[found][1] - at_ns) / 1e6)
    return Seen(
        each_ms=[ms for press in each for ms in press],
        last_ms=[max(press) for press in each],
        frame_bytes={wire: sorted(some)[len(some) // 2] for wire, some in sizes.items()},
        frames=frames,
        memory=memory,
    )
