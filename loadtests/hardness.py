"""A panel that presses while strangers storm the doors: its answers, and whether the server grows.

Every run is a calm time and a storm of equal length on one server: 1,000 connections opened and dropped a
second, silent, in the middle of a request, after half a handshake, right after a whole one, or with garbage;
beside them clients that never read, clients that send a byte now and then, and floods of frames. A panel
presses all the while. After each storm the server's memory and descriptors are looked at, at last how long it
takes to stop with clients that never read.
"""

from __future__ import annotations

import base64
import functools
import json
import multiprocessing
import os
import random
import socket
import struct
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import trio

from loadtests.figures import Bound, Figure, Report, percentile, report
from loadtests.servers import ADMIN_TOKEN, callq_server, scratch

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from multiprocessing.process import BaseProcess

    from rich.progress import Progress

    from loadtests.servers import Server

HALL: Final = "county"
A_SECOND: Final = 1_000
"""Connections that a storm opens and drops."""

SECONDS: Final = 6.0
"""Of each storm, and of the calm before it."""

PRESSES_A_SECOND: Final = 20.0
NEVER_READING: Final = 20
SLOW: Final = 40
FLOODS: Final = 2

SETTLED_S: Final = 14.0
"""After so long the last stranger's connection has run out of time."""

MAX_P99_MS: Final = 250.0
MAX_GROWTH_MB: Final = 24.0
"""From the first storm to the last: what the garbage collector has not looked at yet; it levels out."""

MAX_STOP_S: Final = 3.0
MAX_DESCRIPTORS: Final = 1.5
"""Of those before: the store keeps some connections of its own that were needed at once."""


class Weather(NamedTuple):
    """One run.

    Attributes:
      calm_ms: from each press to its answer, without a storm.
      storm_ms: the same in the storm.
      opened: connections that the storm opened and dropped.
      seconds: that the storm took.
      memory_mb: resident, after it.
      descriptors: open ones of the server, after it.
      threads: of the server, after it.
    """

    calm_ms: list[float]
    storm_ms: list[float]
    opened: int
    seconds: float
    memory_mb: float
    descriptors: int
    threads: int


class Found(NamedTuple):
    """All that was measured.

    Attributes:
      runs: calm and storm.
      memory_mb: before the first storm.
      descriptors: before the first storm.
      tracebacks: in the server's log.
      stop_s: until the server had ended, with clients that never read.
    """

    runs: list[Weather]
    memory_mb: float
    descriptors: int
    tracebacks: int
    stop_s: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scenario's options."""
    parser.add_argument(
        "--rate", type=int, default=A_SECOND, metavar="N", help="connections a second (default 1,000)"
    )
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, metavar="S", help="of each calm and storm (default 6)"
    )


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Measure, and judge."""
    task = progress.add_task("calm and storm", total=max(2, args.runs))
    found = measure(args.runs, args.rate, args.seconds, told=functools.partial(progress.advance, task))
    return report(
        "hardness",
        figures(found),
        f"A panel presses {PRESSES_A_SECOND:g} times a second over its feed.",
        f"In the storm {NEVER_READING} clients never read, {SLOW} send a byte now and then, {FLOODS} flood.",
    )


def figures(found: Found) -> list[Figure]:
    """What was found, as rows."""
    runs = found.runs
    first, last = runs[0], runs[-1]
    rate = tuple(run.opened / run.seconds for run in runs)
    growth = last.memory_mb - first.memory_mb
    left = last.descriptors - first.descriptors

    def press(what: str, share: float, bound: Bound | None) -> Figure:
        return Figure(
            what=what,
            unit="ms",
            values=tuple(percentile(run.storm_ms, share) for run in runs),
            baseline="without the storm",
            baselines=tuple(percentile(run.calm_ms, share) for run in runs),
            bound=bound,
        )

    def most(limit: float) -> Bound:
        return Bound(of="value", at="most", limit=limit)

    return [
        Figure(what="connections opened and dropped", unit="/s", values=rate),
        press("press to answer in the storm, p50", 0.5, None),
        press("press to answer in the storm, p99", 0.99, most(MAX_P99_MS)),
        Figure(
            what="memory after the first storm",
            unit="MB",
            values=(first.memory_mb,),
            baseline="before it",
            baselines=(found.memory_mb,),
        ),
        Figure(
            what="growth from then to the last storm", unit="MB", values=(growth,), bound=most(MAX_GROWTH_MB)
        ),
        Figure(
            what="descriptors after the first storm",
            unit="",
            values=(float(first.descriptors),),
            baseline="before it",
            baselines=(float(found.descriptors),),
            bound=Bound(of="ratio", at="most", limit=MAX_DESCRIPTORS),
        ),
        Figure(what="more after the last", unit="", values=(float(left),), bound=most(2)),
        Figure(what="threads", unit="", values=tuple(float(run.threads) for run in runs)),
        Figure(what="traces in the log", unit="", values=(float(found.tracebacks),), bound=most(0)),
        Figure(
            what="stop with clients that never read", unit="s", values=(found.stop_s,), bound=most(MAX_STOP_S)
        ),
    ]


def measure(runs: int, rate: int, seconds: float, *, told: Callable[[], None] = lambda: None) -> Found:
    """Calm and storm, so often, on one server.

    Args:
      runs: at least 2, since growth is between storms.
      rate: connections opened and dropped a second.
      seconds: of each calm and of each storm.
      told: after each run.
    """
    with scratch() as place, callq_server(place / "data", HALL) as server:
        screen = _token(server.port, "screen")
        with Panel(server.port, _token(server.port, "clerk"), _token(server.port, "kiosk")) as panel:
            panel.press_for(seconds / 2)
            memory_mb, descriptors, _ = _size(server)
            found = []
            for _ in range(max(2, runs)):
                calm = panel.press_for(seconds)
                with _storm(server.port, screen, rate, seconds) as opened:
                    storm = panel.press_for(seconds)
                panel.press_for(SETTLED_S)
                found.append(Weather(calm, storm, opened.value, seconds, *_size(server)))
                told()
        strangers = [_never_reading(server.port, screen) for _ in range(NEVER_READING)]
        _fill(server.port)
        stop_s = server.stop()
        for stranger in strangers:
            stranger.close()
        return Found(found, memory_mb, descriptors, server.log().count("Traceback"), stop_s)


def _size(server: Server) -> tuple[float, int, int]:
    """Resident memory in MB, open descriptors, threads."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    threads = int(status.partition("Threads:")[2].split()[0])
    return server.memory_bytes() / 1e6, len(os.listdir(f"/proc/{server.pid}/fd")), threads


def _post(port: int, path: str, body: object, token: str = ADMIN_TOKEN) -> Any:  # noqa: ANN401 - JSON
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def _token(port: int, role: str) -> str:
    return str(_post(port, "/v1/tokens", {"role": role, "hall": HALL})["token"])


def _fill(port: int) -> None:
    """Tickets enough that whoever follows the floor has more to read than its socket holds."""
    for _ in range(300):
        _post(port, f"/v1/halls/{HALL}/tickets", {"service": "general"})


# The panel ----------------------------------------------------------------------------------------


def _upgrade(token: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET /v1/halls/{HALL}/feed HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        f"Sec-WebSocket-Protocol: callq.v1.json, bearer.{token}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def _frame(payload: bytes, head: int = 0x81) -> bytes:
    """A client's frame of less than 64 KiB; its mask is zero."""
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
    return bytes([head]) + size + bytes(4) + payload


class Panel:
    """A window at which somebody presses, over a feed, and a kiosk that keeps people coming."""

    _ROUND: Final = ("call_next", "start", "complete")

    def __init__(self, port: int, clerk: str, kiosk: str) -> None:
        self._port = port
        self._kiosk = kiosk
        self._presses = 0
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(_upgrade(clerk))
        self._heard = b""
        while b"\r\n\r\n" not in self._heard:
            self._heard += self._socket.recv(65536)
        self._heard = self._heard.partition(b"\r\n\r\n")[2]
        self._say(type="subscribe", view="panel", window="w1")
        self._do("sign_in", clerk="c01")
        self._do("open")

    def __enter__(self) -> Panel:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def press_for(self, seconds: float) -> list[float]:
        """Press evenly for so long; milliseconds from each press to its answer."""
        taken = []
        end = time.monotonic() + seconds
        due = time.monotonic()
        while due < end:
            time.sleep(max(0.0, due - time.monotonic()))
            command = self._ROUND[self._presses % len(self._ROUND)]
            if command == "call_next":
                _post(self._port, f"/v1/halls/{HALL}/tickets", {"service": "general"}, self._kiosk)
            began = time.monotonic()
            self._do(command)
            taken.append((time.monotonic() - began) * 1000)
            self._presses += 1
            due = max(due + 1 / PRESSES_A_SECOND, time.monotonic() - 1)
        return taken

    def _do(self, command: str, **more: str) -> None:
        mark = os.urandom(6).hex()
        self._say(type="command", id=mark, key=mark, window="w1", command=command, **more)
        while True:
            message = self._hear()
            if message.get("id") == mark:
                if not message["ok"]:
                    raise RuntimeError(f"{command}: {message['problem']}")
                return

    def _say(self, **message: object) -> None:
        self._socket.sendall(_frame(json.dumps(message).encode()))

    def _hear(self) -> dict[str, Any]:
        head = self._take(2)
        size = head[1]
        if size == 126:
            size = int.from_bytes(self._take(2))
        elif size == 127:
            size = int.from_bytes(self._take(8))
        content = self._take(size)
        if head[0] != 0x81:
            raise RuntimeError(f"the panel's socket was closed: {content!r}")
        found: dict[str, Any] = json.loads(content)
        return found

    def _take(self, size: int) -> bytes:
        while len(self._heard) < size:
            part = self._socket.recv(65536)
            if not part:
                raise RuntimeError("the panel's socket ended")
            self._heard += part
        found, self._heard = self._heard[:size], self._heard[size:]
        return found


# The storm ----------------------------------------------------------------------------------------


@contextmanager
def _storm(port: int, token: str, rate: int, seconds: float) -> Iterator[Any]:
    """A storm in a process of its own; what it opened stands in the value once it is over."""
    context = multiprocessing.get_context("fork")
    opened = context.Value("q", 0)
    process: BaseProcess = context.Process(target=_blow, args=(port, token, rate, seconds, opened))
    process.start()
    try:
        yield opened
    finally:
        process.join(seconds + 30)
        if process.exitcode is None:
            process.kill()
            process.join()
        if process.exitcode:
            raise RuntimeError("the storm broke down")


def _blow(port: int, token: str, rate: int, seconds: float, opened: Any) -> None:  # noqa: ANN401 - ctypes
    counted: Counter[str] = Counter()

    async def main() -> None:
        with trio.move_on_after(seconds):
            async with trio.open_nursery() as nursery:
                for number in range(NEVER_READING):
                    nursery.start_soon(_takes_nothing, port, token, number)
                for number in range(SLOW):
                    nursery.start_soon(_slow, port, token, number)
                for number in range(FLOODS):
                    nursery.start_soon(_flood, port, token, number)
                nursery.start_soon(_drops, port, token, rate, counted)

    trio.run(main)
    opened.value = counted["opened"]


async def _drops(port: int, token: str, rate: int, counted: Counter[str]) -> None:
    """Open and drop connections, so many a second."""
    at_once = trio.CapacityLimiter(500)
    kinds = (b"", b"POST /v1/halls/county/tickets HT", _upgrade(token)[:60], _upgrade(token), os.urandom(400))

    async def one(number: int) -> None:
        # Whatever the server does, the storm goes on.
        async with at_once:
            with trio.move_on_after(2), suppress(OSError, trio.BrokenResourceError):
                stream = await trio.open_tcp_stream("127.0.0.1", port)
                counted["opened"] += 1
                try:
                    data = kinds[number % len(kinds)]
                    if data:
                        await stream.send_all(data)
                    if number % len(kinds) == 3:
                        await stream.receive_some(64)
                    if number % 2:
                        # Without a goodbye.
                        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                finally:
                    await trio.aclose_forcefully(stream)

    async with trio.open_nursery() as nursery:
        began, number = trio.current_time(), 0
        while True:
            due = int((trio.current_time() - began) * rate)
            while number < due:
                nursery.start_soon(one, number)
                number += 1
            await trio.sleep(0.005)


async def _takes_nothing(port: int, token: str, number: int) -> None:
    """Ask for views, or for commands, as often as it is taken, and never read."""
    ask = (
        b'{"type":"subscribe","view":"board"}',
        b'{"type":"command","id":1,"window":"w1","command":"start"}',
    )[number % 2]
    with suppress(OSError, trio.BrokenResourceError):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        async with stream:
            await stream.send_all(_upgrade(token))
            await stream.receive_some(1)
            for _ in range(200):
                await stream.send_all(_frame(ask) * 50)
            await trio.sleep_forever()


async def _slow(port: int, token: str, number: int) -> None:
    """Send what is right, a byte now and then: headers, a body, frames; again when dropped."""
    head = f"POST /v1/halls/{HALL}/tickets HTTP/1.1\r\nHost: x\r\n"
    body = f"{head}Authorization: Bearer {token}\r\nContent-Length: 60000\r\n\r\n"
    begin, rest = (
        (b"", head.encode()),
        (body.encode(), b" " * 60_000),
        (_upgrade(token), _frame(b" " * 60_000)),
    )[number % 3]
    while True:
        with suppress(OSError, trio.BrokenResourceError):
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            async with stream:
                await stream.send_all(begin)
                for place in range(len(rest)):
                    await stream.send_all(rest[place : place + 1])
                    await trio.sleep(random.uniform(0.05, 0.3))
        await trio.sleep(0.1)


async def _flood(port: int, token: str, number: int) -> None:
    """Frames as fast as they are taken: pongs that mean nothing, or messages that make no sense."""
    frames = (_frame(b"", 0x8A) * 5_000, _frame(b'{"type":"ping","x":1}') * 500)[number % 2]
    while True:
        with suppress(OSError, trio.BrokenResourceError):
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            async with stream:
                await stream.send_all(_upgrade(token))
                # Without reading what comes back: frames of others are refused until none is taken.
                while True:
                    await stream.send_all(frames)
        await trio.sleep(0.05)


def _never_reading(port: int, token: str) -> socket.socket:
    """An open feed whose client takes nothing from now on."""
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall(_upgrade(token))
    client.recv(4096)
    client.sendall(_frame(b'{"type":"subscribe","view":"board"}') * 200)
    return client
