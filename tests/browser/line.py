"""A line between browser and server that a test can cut: what passes is lost at the moment that it says."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Loss = Literal["none", "up", "down"]
"""What is swallowed: nothing, what the browser says, or what the server answers."""


class Line:
    """Passes bytes between its own port and the server's.

    Attributes:
      port: where the browser connects.
      lost: bytes that were swallowed since `lose`.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.lost = 0
        self._loss: Loss = "none"
        self._up = True
        self._open: set[socket.socket] = set()
        self._ended: dict[socket.socket, int] = {}
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._something = threading.Condition(self._lock)
        self._begin(self._accept)

    @property
    def url(self) -> str:
        """For the browser."""
        return f"http://127.0.0.1:{self.port}"

    def lose(self, loss: Loss) -> None:
        """From now on swallow what goes in one direction; both ends believe that it passes."""
        with self._lock:
            self._loss, self.lost = loss, 0

    def await_loss(self, within_s: float) -> None:
        """Wait until something was swallowed."""
        with self._something:
            assert self._something.wait_for(lambda: self.lost > 0, within_s), "nothing was lost"

    def cut(self) -> None:
        """End every connection, and take no new ones."""
        with self._lock:
            self._up = False
            ends = list(self._open)
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self, loss: Loss = "none") -> None:
        """Take connections again."""
        with self._lock:
            self._up, self._loss, self.lost = True, loss, 0

    def close(self) -> None:
        """No more of it."""
        self.cut()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(5)

    def _begin(self, work: Callable[..., None], *about: object) -> None:
        thread = threading.Thread(target=work, args=about, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            with self._lock:
                up = self._up
            if not up:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._target))
            with self._lock:
                self._open |= {near, far}
            for source, sink, way in ((near, far, "up"), (far, near, "down")):
                self._begin(self._pass, source, sink, way)

    def _pass(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        near = source if way == "up" else sink
        with contextlib.suppress(OSError):
            while part := source.recv(65536):
                with self._something:
                    swallowed = self._loss == way
                    if swallowed:
                        self.lost += len(part)
                        self._something.notify_all()
                if not swallowed:
                    sink.sendall(part)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._ended[near] = self._ended.get(near, 0) + 1
            both = self._ended[near] == 2
            if both:
                del self._ended[near]
                self._open -= {source, sink}
        if both:
            source.close()
            sink.close()


@contextlib.contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A line to a server's port."""
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
