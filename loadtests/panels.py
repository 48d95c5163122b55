"""From the press to its confirmation on the panel, beside a bare echo on the same listener.

`callq serve` with its embedded Redis, a hall of 84 windows, a panel at each that follows its view in JSON.
Five times a second one of them presses: `call_next`, `start`, `complete` in turn, each under an idempotency
key. A press is confirmed when its panel has the answer and the view of that revision, which is when the page
shows it. All panels read what every press changes for them.
"""

from __future__ import annotations

import json
import select
import socket
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import trio

from callq.config import load_hall
from callq.config.export import export_hall
from loadtests.client import BINARY, TEXT, frame, frames, handshake, new_token, open_feed
from loadtests.feed import HALL, fill, many_windows
from loadtests.figures import Bound, Figure, Report, in_turns, percentile, report
from loadtests.plain import plain_server
from loadtests.servers import callq_server, scratch

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from rich.progress import Progress

PANELS: Final = 84
PRESSES_PER_S: Final = 5.0
GOAL_MS: Final = 50.0
COMMANDS: Final = ("call_next", "start", "complete")
STAY_EVERY: Final = round(20 * PRESSES_PER_S)
"""Presses after which every panel says that it is there."""

ANSWER_WITHIN_S: Final = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scenario's options."""
    parser.add_argument(
        "--seconds", type=float, default=40.0, metavar="S", help="of each measurement (default 40)"
    )


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Measure, in turns; no press may be refused."""
    presses = round(args.seconds * PRESSES_PER_S)
    with scratch() as place, ExitStack() as stack:
        config = many_windows(load_hall(HALL), PANELS)
        file = place / f"{HALL}.toml"
        file.write_text(export_hall(config), encoding="utf-8")
        trio.run(fill, place / "data", config, presses * (args.runs + 1))
        server = stack.enter_context(callq_server(place / "data", str(file)))
        token = new_token(server.port, "supervisor")
        panels = stack.enter_context(_Desk(server.port, token, echo=False))
        plain, _ = stack.enter_context(plain_server("echo"))
        echoes = stack.enter_context(_Desk(plain, token, echo=True))
        median: dict[str, list[float]] = {"panels": [], "echo": []}

        def measure(name: str, desk: _Desk) -> Callable[[], float]:
            def once() -> float:
                taken = desk.work(presses, beside=(panels, echoes))
                median[name].append(round(percentile(taken, 0.5), 2))
                return round(percentile(taken, 0.99), 2)

            return once

        task = progress.add_task("presses", total=None)
        values, baselines = in_turns(args.runs, measure("panels", panels), measure("echo", echoes))
        progress.remove_task(task)
    what = f"press to confirmed, {PANELS} panels, {PRESSES_PER_S:.0f} presses/s"
    figures = [
        Figure(
            what=f"{what}: p99",
            unit="ms",
            values=values,
            baseline="an echo of the same bytes",
            baselines=baselines,
            bound=Bound(of="value", at="most", limit=GOAL_MS),
        ),
        Figure(
            what=f"{what}: p50",
            unit="ms",
            values=tuple(median["panels"]),
            baseline="an echo of the same bytes",
            baselines=tuple(median["echo"]),
        ),
    ]
    return report(
        "panels",
        figures,
        f"{presses} presses in each run, `{'`, `'.join(COMMANDS)}` in turn at each panel, synced to disk.",
        "All panels are read by the process that presses, before the next press.",
    )


class _Desk:
    """A socket for each panel, and whoever presses on them one after the other.

    Args:
      port: of loopback.
      token: that may do everything at all windows.
      echo: whether the other side sends back what it gets, and nothing else.
    """

    def __init__(self, port: int, token: str, *, echo: bool) -> None:
        self._echo = echo
        self._pressed = 0
        self._run = f"{time.time_ns():x}"
        self._panels: list[socket.socket] = []
        self._heard: list[bytearray] = []
        self._poll = select.epoll()
        for number in range(PANELS):
            panel = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_WITHIN_S)
            panel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._panels.append(panel)
            self._heard.append(open_feed(panel, handshake(HALL, token)))
            if not echo:
                self._say(number, {"type": "subscribe", "view": "panel", "window": f"w{number}"})
            self._poll.register(panel.fileno(), select.EPOLLIN)
        self._at = {panel.fileno(): number for number, panel in enumerate(self._panels)}

    def __enter__(self) -> _Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self._poll.close()
        for panel in self._panels:
            panel.close()

    def stay(self) -> None:
        """Say something at every panel, as pages do while nobody presses: a silent one is closed."""
        for number in range(PANELS):
            self._say(number, {"type": "ping"})

    def work(self, presses: int, *, beside: Sequence[_Desk]) -> list[float]:
        """Press so often, at the rate; ms from each press until it is confirmed.

        Args:
          presses: how many.
          beside: desks whose sockets stay open.

        Raises:
          RuntimeError: a press was refused or not answered, or a socket ended.
        """
        taken = []
        due = time.perf_counter()
        for number in range(presses):
            if number % STAY_EVERY == 0:
                for desk in beside:
                    desk.stay()
            due += 1 / PRESSES_PER_S
            self._idle(due)
            taken.append(self._press())
        return taken

    def _press(self) -> float:
        # Every panel presses once before the first presses again: the hall has people at all windows.
        which, turn = self._pressed % PANELS, self._pressed // PANELS
        command = COMMANDS[turn % len(COMMANDS)]
        self._pressed += 1
        message = {
            **{"type": "command", "id": str(self._pressed), "key": f"{self._run}-{self._pressed}"},
            **{"window": f"w{which}", "command": command},
        }
        began = time.perf_counter()
        self._say(which, message)
        answer: dict[str, Any] | None = None
        shown = -1
        while answer is None or shown < answer["revision"]:
            for number, said in self._listen(began + ANSWER_WITHIN_S):
                if number != which:
                    continue
                if self._echo and said.get("id") == message["id"]:
                    return (time.perf_counter() - began) * 1000
                if said["type"] == "result" and said["id"] == message["id"]:
                    if not said["ok"]:
                        raise RuntimeError(f"{command}: {said['problem']}")
                    answer = said
                elif said["type"] in ("snapshot", "change"):
                    shown = said["revision"]
        return (time.perf_counter() - began) * 1000

    def _idle(self, until: float) -> None:
        """Read what comes until a moment of `time.perf_counter`."""
        while (left := until - time.perf_counter()) > 0:
            self._read(left)

    def _listen(self, until: float) -> list[tuple[int, dict[str, Any]]]:
        left = until - time.perf_counter()
        if left <= 0:
            raise RuntimeError("a press was not confirmed")
        return self._read(left)

    def _read(self, within_s: float) -> list[tuple[int, dict[str, Any]]]:
        found = []
        for file, _ in self._poll.poll(within_s):
            number = self._at[file]
            part = self._panels[number].recv(1 << 18)
            if not part:
                raise RuntimeError(f"the socket of panel {number} ended")
            self._heard[number] += part
            for opcode, content in frames(self._heard[number]):
                if opcode not in (TEXT, BINARY):
                    raise RuntimeError(f"the socket of panel {number} was closed: {content!r}")
                found.append((number, json.loads(content)))
        return found

    def _say(self, number: int, message: dict[str, str]) -> None:
        opcode = BINARY if self._echo else TEXT
        self._panels[number].sendall(frame(json.dumps(message).encode(), opcode))
