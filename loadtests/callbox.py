"""Call boxes: from a hub's frame to its answer, and from a press to the confirmed number at the box.

`callq serve` and `callq callbox run` as processes; the lines are pseudo-terminals, whose boxes poll every
second as real ones do while others are pressed. Beside it stands a process that sends back whatever it
reads from a line of as many boxes, and does nothing else. The boxes here do nothing but that, either.
"""

from __future__ import annotations

import gc
import os
import pty
import subprocess
import sys
import tty
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import trio

from callq.demo.client import open_api
from loadtests.figures import Bound, Figure, Report, percentile, report
from loadtests.servers import ADMIN_TOKEN, callq_agent, callq_server, scratch
from loadtests.staffing import hall_of, stand_ready
from panels.callbox.codecs import hub95

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rich.progress import Progress

HALL: Final = "county"
LINES: Final = 12
BOXES: Final = 7
WINDOWS: Final = LINES * BOXES
PER_S: Final = 2.0
"""Numbers a second that are called, started and completed: ten times what such a hall has at its peak."""

STAY_S: Final = 1.5
"""Between the presses of one number: longer than a poll, so that what the first did is seen."""

POLL_S: Final = 1.0
DEADLINE_MS: Final = 5.0
"""So long a box waits for its answer."""

START_LIMIT_S: Final = 30.0

ECHO: Final = """
import sys, trio, os
async def main():
    stream = trio.lowlevel.FdStream(os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY))
    while data := await stream.receive_some(4096):
        await stream.send_all(data)
trio.run(main)
"""


@dataclass
class HubLine:
    """The boxes' end of a line, as a pseudo-terminal."""

    path: str
    end: trio.lowlevel.FdStream
    sent: dict[tuple[int, int], float] = field(default_factory=dict)
    """When each box made a request that is not yet answered."""
    shown: dict[int, int] = field(default_factory=dict)
    answers_ms: list[float] = field(default_factory=list)
    news: trio.Event = field(default_factory=trio.Event)

    def say(self, kind: int, address: int, request: int = 0) -> None:
        """A frame of a box."""
        frame = hub95.Frame(kind, address, request).encode()
        if kind != hub95.CONFIRMED:
            self.sent[address, request] = trio.current_time()
        os.write(self.end.fileno(), frame)

    async def listen(self) -> None:
        """Take answers, each frame of which is whole or is waited for."""
        rest = b""
        while True:
            rest += bytes(await self.end.receive_some(4096))
            now = trio.current_time()
            while len(rest) >= hub95.LENGTH:
                frame, rest = rest[: hub95.LENGTH], rest[hub95.LENGTH :]
                if (began := self.sent.pop((frame[2], frame[3]), None)) is not None:
                    self.answers_ms.append((now - began) * 1000)
                self.shown[frame[2]] = int.from_bytes(frame[4:6], "little")
                news, self.news = self.news, trio.Event()
                news.set()


@dataclass
class Found:
    """Milliseconds of one run."""

    answers: list[float]
    echoes: list[float]
    numbers: list[float]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scenario's options."""
    parser.add_argument("--seconds", type=float, default=20.0, metavar="S", help="of each run (default 20)")


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Measure; every press must bring its number to its box."""
    with scratch() as place:
        hall = hall_of(place, HALL, WINDOWS)
        with callq_server(place / "data", str(hall)) as server:
            found = trio.run(_measure, args, f"http://127.0.0.1:{server.port}", place, progress)
    figures = [
        _figure("a hub's frame to its answer", share, found, DEADLINE_MS if share == "p99" else None)
        for share in ("p50", "p99")
    ]
    figures += [
        Figure(
            what=f"{what} later than {DEADLINE_MS:g} ms",
            unit="%",
            values=tuple(round(100 * sum(ms > DEADLINE_MS for ms in each) / len(each), 3) for each in taken),
        )
        for what, taken in (
            ("answers", [one.answers for one in found]),
            ("echoes", [one.echoes for one in found]),
        )
    ]
    figures += [
        Figure(
            what=f"a press to the confirmed number at its next poll, {name}",
            unit="ms",
            values=tuple(round(percentile(one.numbers, share), 2) for one in found),
        )
        for name, share in (("p50", 0.5), ("p99", 0.99))
    ]
    return report(
        "callbox",
        figures,
        f"{LINES} lines with {BOXES} boxes each, all of which poll once a second; {PER_S:g} numbers a "
        "second, each called, started and completed by a key; `appendfsync always`.",
        "Times are from the whole frame to the whole answer; at 9,600 baud each takes 11.5 ms more.",
    )


def _figure(what: str, name: str, found: list[Found], limit: float | None) -> Figure:
    share = {"p50": 0.5, "p99": 0.99}[name]
    return Figure(
        what=f"{what}, {name}",
        unit="ms",
        values=tuple(round(percentile(one.answers, share), 3) for one in found),
        baseline="an echo",
        baselines=tuple(round(percentile(one.echoes, share), 3) for one in found),
        bound=None if limit is None else Bound(of="value", at="most", limit=limit),
    )


async def _measure(args: argparse.Namespace, url: str, place: Path, progress: Progress) -> list[Found]:
    turns = int(args.seconds * PER_S)
    with _terminals(LINES + 1) as lines:
        async with open_api(url, ADMIN_TOKEN) as api, trio.open_nursery() as nursery:
            await stand_ready(api, HALL, WINDOWS, turns * args.runs)
            token = str((await api.post("/v1/tokens", {"role": "clerk", "hall": HALL}))["token"])
            for line in lines:
                nursery.start_soon(line.listen)
            echo, hubs = lines[-1], lines[:-1]
            with _agent(place, url, token, hubs), _echo(echo):
                await _until_known(hubs)
                found = []
                for _ in progress.track(range(args.runs), description="call boxes"):
                    found.append(await _one_run(hubs, echo, turns))
            nursery.cancel_scope.cancel()
    return found


@contextmanager
def _terminals(count: int) -> Iterator[list[HubLine]]:
    lines, theirs = [], []
    for _ in range(count):
        ours, other = pty.openpty()
        tty.setraw(other)
        theirs.append(other)
        lines.append(HubLine(os.ttyname(other), trio.lowlevel.FdStream(ours)))
    try:
        yield lines
    finally:
        for other in theirs:
            os.close(other)


def _agent(place: Path, url: str, token: str, lines: list[HubLine]) -> AbstractContextManager[None]:
    """`callq callbox run` with these lines."""
    content = [f'server = "{url}"', f'hall = "{HALL}"']
    for index, line in enumerate(lines):
        content += ["[[lines]]", f'name = "l{index}"', 'protocol = "95h"', f'address = "{line.path}"']
        for address in range(BOXES):
            number = index * BOXES + address
            content += ["[[lines.boxes]]", f'name = "b{number}"', f'window = "w{number}"']
            content += [f"address = {address}"]
    return callq_agent(place, "callbox", content, token)


@contextmanager
def _echo(line: HubLine) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", ECHO, line.path])
    try:
        yield
    finally:
        process.terminate()
        process.wait()


async def _until_known(lines: list[HubLine]) -> None:
    """Poll until each box is told of its window."""
    with trio.fail_after(START_LIMIT_S):
        while not all(line.shown.get(a) == hub95.NOBODY for line in lines for a in range(BOXES)):
            for line in lines:
                for address in range(BOXES):
                    line.say(hub95.POLL, address)
            await trio.sleep(0.5)


async def _one_run(hubs: list[HubLine], echo: HubLine, turns: int) -> Found:
    for line in (*hubs, echo):
        line.answers_ms.clear()
    numbers: list[float] = []
    gc.collect()
    gc.freeze()
    async with trio.open_nursery() as polls:
        for index, line in enumerate((*hubs, echo)):
            polls.start_soon(_poll, line, index / len(hubs) * POLL_S / BOXES)
        async with trio.open_nursery() as nursery:
            begin = trio.current_time()
            for number in range(turns):
                await trio.sleep_until(begin + number / PER_S)
                nursery.start_soon(_turn, hubs, number % WINDOWS, numbers)
        polls.cancel_scope.cancel()
    return Found([ms for line in hubs for ms in line.answers_ms], list(echo.answers_ms), numbers)


async def _poll(line: HubLine, wait_s: float) -> None:
    """Boxes of a line poll one after the other, as they must."""
    await trio.sleep(wait_s)
    while True:
        for address in range(BOXES):
            await trio.sleep(POLL_S / BOXES)
            line.say(hub95.POLL, address)


async def _turn(hubs: list[HubLine], number: int, found: list[float]) -> None:
    """A number at a window, by its box alone: called, started, completed."""
    line, address = hubs[number // BOXES], number % BOXES
    began = trio.current_time()
    await _press(line, address)
    await _until_shown(line, address, nobody=False)
    found.append((trio.current_time() - began) * 1000)
    while line.shown[address] != hub95.NOBODY:
        await _press(line, address)
        with trio.move_on_after(STAY_S):
            await _until_shown(line, address, nobody=True)


async def _press(line: HubLine, address: int) -> None:
    line.say(hub95.PRESSED, address, hub95.CALL)
    with trio.fail_after(START_LIMIT_S):
        while (address, hub95.CALL) in line.sent:
            await line.news.wait()
    line.say(hub95.CONFIRMED, address, hub95.CALL)


async def _until_shown(line: HubLine, address: int, *, nobody: bool) -> None:
    with trio.fail_after(START_LIMIT_S):
        while (line.shown[address] == hub95.NOBODY) is not nobody:
            await line.news.wait()
