"""A hall's panel that presses while strangers storm the doors: its answers, and whether the server grows.

Every run is a calm time and a storm of equal length on one server with room for 512 connections. The
storm opens and drops 1,000 connections a second: silent, in the middle of a request, after half a
handshake, after a whole one, in the middle of a large message or of its parts, with garbage. Beside them
520 without a token ask and never take an answer, and others never read a feed, send a byte now and then,
or flood. A panel presses all the while, and every half second a new one connects, waits for its first
view, and presses. After each calm and each storm the garbage collector looks at everything, and what is held
then is counted: a storm may leave no more than a calm time with as many entries. Descriptors and threads of
the later storms are held against those before. At last: how long the server takes to stop with clients that
never read.
"""

from __future__ import annotations

import functools
import os
import signal
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from loadtests.client import Api, Panel, frame, handshake, new_token, open_feed
from loadtests.figures import Report, report
from loadtests.looking import looks
from loadtests.servers import callq_server, scratch
from loadtests.storm import FEEDS_NOT_READ, FLOODS, SLOW, TAKE_NOTHING, Storm, blowing
from loadtests.weather import Found, Met, Size, Weather, figures

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from rich.progress import Progress

    from loadtests.servers import Server

HALL: Final = "county"
RUNS: Final = 9
A_SECOND: Final = 1_000
"""Connections that a storm opens and drops."""

SECONDS: Final = 6.0
"""Of each storm, and of the calm before it."""

PLACES: Final = 512
"""Connections that the server has room for: fewer than those who take no answer."""

DESCRIPTORS: Final = PLACES + 128
"""That it may have open; it keeps the rest for itself."""

PRESSES_A_SECOND: Final = 20.0
NEWCOMER_EVERY_S: Final = 0.5
NEVER_READING: Final = 20

SETTLED_S: Final = 14.0
"""After so long the last stranger's connection has run out of time."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scenario's options."""
    parser.set_defaults(runs=RUNS)
    parser.add_argument(
        "--rate", type=int, default=A_SECOND, metavar="N", help="connections a second (default 1,000)"
    )
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, metavar="S", help="of each calm and storm (default 6)"
    )


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Measure, and judge."""
    runs = max(3, args.runs)
    task = progress.add_task("calm and storm", total=runs)
    found = measure(runs, args.rate, args.seconds, told=functools.partial(progress.advance, task))
    return report(
        "hardness",
        figures(found),
        f"A panel presses {PRESSES_A_SECOND:g} times a second over its feed, and every "
        f"{NEWCOMER_EVERY_S:g} s a new one comes; the server has room for {PLACES} connections.",
        f"In each of {runs} storms of {args.seconds:g} s {TAKE_NOTHING} without a token take no answer, "
        f"{FEEDS_NOT_READ} read no feed, {SLOW} send a byte now and then, {FLOODS} flood.",
        "What is held is counted after the garbage collector has looked at everything. A storm leaves what "
        "it adds beyond what as many entries of the hall add in a calm time: the median of the slopes "
        "between any two of the later storms, and the last third of them beside the middle one.",
    )


def measure(runs: int, rate: int, seconds: float, *, told: Callable[[], None] = lambda: None) -> Found:
    """Calm and storm, so often, on one server.

    Args:
      runs: at least 3, since thirds of them are compared.
      rate: connections opened and dropped a second.
      seconds: of each calm and of each storm.
      told: after each run.
    """
    with (
        scratch() as place,
        callq_server(place / "data", HALL, module="loadtests.looking", descriptors=DESCRIPTORS) as server,
    ):
        screen, clerk, kiosk = (
            new_token(server.port, role, hall=HALL) for role in ("screen", "clerk", "kiosk")
        )
        with Panel(server.port, HALL, clerk, "w1") as panel:
            panel.do("sign_in", clerk="c01")
            panel.do("open")
            meet = functools.partial(_meet, panel, server.port, clerk, kiosk)
            meet(seconds)
            before = _settled(server)
            found = []
            for _ in range(runs):
                calm = meet(seconds)
                between = _settled(server)
                with blowing(Storm(server.port, HALL, screen, rate, seconds)) as blown:
                    storm = meet(seconds)
                found.append(Weather(calm, storm, blown, seconds, between, _settled(server)))
                told()
        peak_mb = int(_status(server, "VmHWM")) / 1e3
        strangers = [_never_reading(server.port, screen) for _ in range(NEVER_READING)]
        _fill(server.port)
        stop_s = server.stop()
        for stranger in strangers:
            stranger.close()
        log = server.log()
        crowded, traces = log.count("no_room_for_connections"), log.count("Traceback")
        return Found(found, before, peak_mb, crowded, traces, stop_s)


def _status(server: Server, name: str) -> str:
    return Path(f"/proc/{server.pid}/status").read_text().partition(f"{name}:")[2].split()[0]


def _settled(server: Server) -> Size:
    """Wait until the strangers' connections are closed, have garbage collected, and look."""
    with Api(server.port) as api:
        entries = int(api.get(f"/v1/halls/{HALL}")["revision"])

    def descriptors() -> int:
        return len(os.listdir(f"/proc/{server.pid}/fd"))

    until, same = time.monotonic() + SETTLED_S, 0
    while same < 10 and time.monotonic() < until:
        before = descriptors()
        time.sleep(0.1)
        same = same + 1 if descriptors() == before else 0
    looked = len(looks(server.log()))
    os.kill(server.pid, signal.SIGUSR2)
    until = time.monotonic() + SETTLED_S
    while len(found := looks(server.log())) == looked:
        if time.monotonic() > until:
            raise RuntimeError("the server does not look for garbage")
        time.sleep(0.05)
    memory_mb = server.memory_bytes() / 1e6
    return Size(memory_mb, *found[-1], entries, descriptors(), int(_status(server, "Threads")))


def _meet(panel: Panel, port: int, clerk: str, kiosk: str, seconds: float) -> Met:
    """Press for so long, evenly, while new panels come."""
    with _newcomers(port, clerk) as met:
        rounds = ("call_next", "start", "complete")
        began, presses = time.monotonic(), 0
        # Whole rounds: each time begins with nobody at the window.
        while time.monotonic() < began + seconds or presses % len(rounds):
            time.sleep(max(0.0, began + presses / PRESSES_A_SECOND - time.monotonic()))
            command = rounds[presses % len(rounds)]
            if command == "call_next":
                met.failed.extend(_take_number(port, kiosk))
            pressed = time.monotonic()
            panel.do(command)
            met.presses.append((time.monotonic() - pressed) * 1000)
            presses += 1
    return met


def _take_number(port: int, kiosk: str) -> list[str]:
    """Somebody comes; a kiosk asks again if it is not answered: why it had to.

    Raises:
      RuntimeError: it is never answered.
    """
    key, failed = os.urandom(8).hex(), list[str]()
    while len(failed) < 5:
        try:
            with Api(port, kiosk) as api:
                api.post(f"/v1/halls/{HALL}/tickets", {"service": "general"}, key=key)
                return failed
        except (RuntimeError, OSError) as error:
            failed.append(str(error))
    raise RuntimeError(f"no ticket: {failed}")


@contextmanager
def _newcomers(port: int, clerk: str) -> Iterator[Met]:
    """A new panel now and then while the block runs: somebody signs in at another window, and out."""
    met = Met([], [], [], [])
    over = threading.Event()

    def come() -> None:
        due = time.monotonic()
        while not over.wait(max(0.0, due - time.monotonic())):
            due = max(due + NEWCOMER_EVERY_S, time.monotonic())
            began = time.monotonic()
            try:
                with Panel(port, HALL, clerk, "w2", within_s=10) as panel:
                    seen = time.monotonic()
                    panel.do("sign_in", clerk="c02")
                    signed = time.monotonic()
                    panel.do("sign_out")
            except (RuntimeError, OSError) as error:
                met.failed.append(str(error))
                # Whoever got nothing has waited as well.
                seen, signed = time.monotonic(), 2 * time.monotonic() - began
            met.views.append((seen - began) * 1000)
            met.signed.append((signed - seen) * 1000)

    thread = threading.Thread(target=come)
    thread.start()
    try:
        yield met
    finally:
        over.set()
        thread.join()


def _fill(port: int) -> None:
    """Tickets enough that whoever follows the floor has more to read than its socket holds."""
    with Api(port) as api:
        for _ in range(300):
            api.post(f"/v1/halls/{HALL}/tickets", {"service": "general"})


def _never_reading(port: int, token: str) -> socket.socket:
    """An open feed whose client takes nothing from now on."""
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    open_feed(client, handshake(HALL, token))
    client.sendall(frame(b'{"type":"subscribe","view":"board"}') * 200)
    return client
