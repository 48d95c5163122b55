"""Many callers in one lean process: raw sockets, one epoll, requests put together from bytes.

`python -m loadtests.callers` reads a `Job` from standard input and writes an `Outcome`. It has a process of
its own so that what it costs is not taken for the server's, and it says what share of a core it took.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from loadtests.client import BINARY, frame, frames, handshake, open_feed
from loadtests.figures import percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")

LAST_ANSWERS_S: Final = 10.0
"""How long answers may take when nothing more is asked."""


class Post(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The same POST again and again, each with an idempotency key of its own."""

    path: str
    token: str
    body: bytes


class Commands(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Commands over a hall's feed: each socket has its window and goes round the commands."""

    hall: str
    token: str
    windows: tuple[str, ...]
    commands: tuple[str, ...]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What the callers shall do.

    Attributes:
      port: of loopback.
      what: is asked.
      run: names the run; keys begin with it.
      connections: sockets.
      depth: requests of one socket that wait for answers.
      rate: requests a second, evenly; 0: each socket asks as soon as it may.
      seconds: that are measured.
      warm_s: before that.
      processes: whose processor time is measured.
      ends_with: each socket stops after a multiple of so many requests.
    """

    port: int
    what: Post | Commands
    run: str
    connections: int
    depth: int = 1
    rate: float = 0.0
    seconds: float = 3.0
    warm_s: float = 0.5
    processes: tuple[int, ...] = ()
    ends_with: int = 1


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it.

    Attributes:
      answered: within the measured time.
      seconds: of that.
      p50_ms: from the moment when a request was due to its answer.
      p99_ms: likewise.
      own_cpu_s: processor time of the callers.
      cpu_s: of each process that was named.
      refused: answers that were no success, of all.
      numbers: of tickets, of all answers.
    """

    answered: int
    seconds: float
    p50_ms: float
    p99_ms: float
    own_cpu_s: float
    cpu_s: tuple[float, ...]
    refused: int
    numbers: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds

    @property
    def cpu_us(self) -> float:
        """Processor time of the first process for one answer, microseconds."""
        return 1e6 * self.cpu_s[0] / self.answered


def call(job: Job) -> Outcome:
    """Have callers do a job, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "loadtests.callers"],
        input=msgspec.json.encode(job),
        stdout=subprocess.PIPE,
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=Outcome)


# In the callers' process --------------------------------------------------------------------------


class _Talk(Protocol):
    """How requests and answers look."""

    def open(self, connection: socket.socket) -> None:
        """Shake hands, blocking."""
        ...

    def request(self, number: int, caller: int, turn: int) -> bytes:
        """The next request of a caller: the `number`-th of all, its own `turn`-th."""
        ...

    def answers(self, buffer: bytearray) -> Iterator[bool]:
        """Take whole answers out of the buffer: whether each was a success."""
        ...


class _Posting:
    def __init__(self, job: Job, post: Post) -> None:
        head = (
            f"POST {post.path} HTTP/1.1\r\nHost: 127.0.0.1:{job.port}\r\n"
            f"Authorization: Bearer {post.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(post.body)}\r\n"
            f"Idempotency-Key: {job.run}-"
        )
        self._head = head.encode()
        self._tail = b"\r\n\r\n" + post.body
        self.bodies: list[bytes] = []

    def open(self, connection: socket.socket) -> None:
        pass

    def request(self, number: int, caller: int, turn: int) -> bytes:
        return b"%b%d%b" % (self._head, number, self._tail)

    def answers(self, buffer: bytearray) -> Iterator[bool]:
        while (end := buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(buffer[:end]).lower()
            at = head.find(b"\r\ncontent-length:")
            length = int(head[at + 17 :].split(b"\r\n", 1)[0])
            if len(buffer) < end + 4 + length:
                return
            self.bodies.append(bytes(buffer[end + 4 : end + 4 + length]))
            del buffer[: end + 4 + length]
            yield head[9:10] == b"2"


class _Commanding:
    def __init__(self, job: Job, commands: Commands) -> None:
        self._job = job
        self._commands = commands
        self._rest = [
            [
                msgspec.msgpack.encode({"window": window, "command": command})[1:]
                for command in commands.commands
            ]
            for window in commands.windows
        ]

    def open(self, connection: socket.socket) -> None:
        open_feed(connection, handshake(self._commands.hall, self._commands.token, "msgpack"))

    def request(self, number: int, caller: int, turn: int) -> bytes:
        mine = self._rest[caller % len(self._rest)]
        # A map of five: the two that differ each time, and what is encoded already.
        key = f"{self._job.run}-{number}".encode()
        head = b"\x85\xa4type\xa7command\xa2id\xce" + number.to_bytes(4, "big")
        content = head + b"\xa3key" + bytes((0xA0 | len(key),)) + key + mine[turn % len(mine)]
        return frame(content, BINARY)

    def answers(self, buffer: bytearray) -> Iterator[bool]:
        for opcode, content in frames(buffer):
            if opcode != BINARY:
                raise RuntimeError(f"an answer that is none: {content[:80]!r}")
            # The member `ok` of a result; what an echo sends back is the command itself.
            yield b"\xa2ok\xc3" in content[:60] or b"\xa7command" in content[:20]


class _Callers:
    """All sockets, and what has been asked and answered."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.talk: _Talk = (
            _Posting(job, job.what) if isinstance(job.what, Post) else _Commanding(job, job.what)
        )
        self._poll = select.epoll()
        self._sockets: list[socket.socket] = []
        self._by_file: dict[int, int] = {}
        self._buffers = [bytearray() for _ in range(job.connections)]
        self._due: list[deque[float]] = [deque() for _ in range(job.connections)]
        """When the requests of each socket that are not answered yet were due."""
        self._turns = [0] * job.connections
        self._number = 0
        self.refused = 0
        for caller in range(job.connections):
            connection = socket.create_connection(("127.0.0.1", job.port), timeout=20)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.talk.open(connection)
            connection.setblocking(False)
            self._sockets.append(connection)
            self._by_file[connection.fileno()] = caller
            self._poll.register(connection, select.EPOLLIN)

    def ask(self, caller: int, due: float) -> None:
        """Send the next request of a caller."""
        self._number += 1
        request = self.talk.request(self._number, caller, self._turns[caller])
        self._turns[caller] += 1
        self._due[caller].append(due)
        if self._sockets[caller].send(request) != len(request):
            raise RuntimeError("the server does not read")

    def free(self) -> list[int]:
        """Callers that may ask, once for each time that they may."""
        return [
            caller for caller, due in enumerate(self._due) for _ in range(max(0, self._job.depth - len(due)))
        ]

    def heard(self, wait_s: float) -> list[tuple[int, float]]:
        """Callers that were answered, and when that had been due."""
        found = []
        for file, _ in self._poll.poll(wait_s):
            caller = self._by_file[file]
            data = self._sockets[caller].recv(1 << 18)
            if not data:
                raise RuntimeError("the server hung up")
            buffer = self._buffers[caller]
            buffer += data
            for good in self.talk.answers(buffer):
                self.refused += not good
                found.append((caller, self._due[caller].popleft()))
        return found

    def finish(self, *callers: int) -> None:
        """Let callers (all, if none is named) that have nothing under way go on to the end of a round."""
        for caller in callers or range(len(self._due)):
            if not self._due[caller] and self._turns[caller] % self._job.ends_with:
                self.ask(caller, time.perf_counter())

    @property
    def waiting(self) -> bool:
        """Whether anything is not answered yet."""
        return any(self._due)


def _spent(process: int) -> float:
    """Processor time of a process so far, s."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def work(job: Job) -> Outcome:
    """Do a job in this process."""
    callers = _Callers(job)
    began = time.perf_counter()
    start, end = began + job.warm_s, began + job.warm_s + job.seconds
    idle, asked, measured = deque(callers.free()), 0, False
    taken: list[float] = []
    own, before, started = time.process_time(), [_spent(each) for each in job.processes], began
    while (now := time.perf_counter()) < end:
        if not measured and now >= start:
            taken, measured, started = [], True, now
            own, before = time.process_time(), [_spent(each) for each in job.processes]
        wait_s = end - now
        while idle:
            due = began + asked / job.rate if job.rate else now
            if due > now:
                wait_s = min(wait_s, due - now)
                break
            asked += 1
            callers.ask(idle.popleft(), due)
        for caller, due in callers.heard(wait_s):
            taken.append(time.perf_counter() - due)
            idle.append(caller)
    seconds = time.perf_counter() - started
    cpu_s = tuple(_spent(each) - spent for each, spent in zip(job.processes, before, strict=True))
    own = time.process_time() - own
    callers.finish()
    while callers.waiting:
        for caller, _ in callers.heard(LAST_ANSWERS_S):
            callers.finish(caller)
        if time.perf_counter() > end + LAST_ANSWERS_S:
            raise RuntimeError("some answers did not come")
    talk = callers.talk
    return Outcome(
        answered=len(taken),
        seconds=seconds,
        p50_ms=1e3 * percentile(taken, 0.5),
        p99_ms=1e3 * percentile(taken, 0.99),
        own_cpu_s=own,
        cpu_s=cpu_s,
        refused=callers.refused,
        numbers=_numbers(talk.bodies) if isinstance(talk, _Posting) else (),
    )


class _Ticket(msgspec.Struct):
    number: str = ""


class _Answer(msgspec.Struct):
    ticket: _Ticket | None = None


def _numbers(bodies: list[bytes]) -> tuple[str, ...]:
    answers = (msgspec.json.decode(body, type=_Answer) for body in bodies)
    return tuple(answer.ticket.number for answer in answers if answer.ticket is not None)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(work(msgspec.json.decode(sys.stdin.buffer.read(), type=Job))))
