"""From the press of a panel to the screens: many screens of one hall, and many halls of few.

A baseline that pushes prepared frames of the same size through the same listener is measured in turns.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from callq.config import load_hall
from callq.config.export import export_hall
from loadtests.client import Api
from loadtests.crowd import Place, Plan, Seen, watch
from loadtests.figures import Bound, Figure, Report, in_turns, percentile, report
from loadtests.servers import ADMIN_TOKEN, Server, callq_server, free_port, scratch

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from rich.progress import Progress

GOAL_RATIO: Final = 1.3
GOAL_MS: Final = 50.0
GOAL_ALL_MS: Final = 500.0

PER_S: Final = 10.0
HALLS: Final = 100
HALLS_PER_S: Final = 100.0
SCREENS_EACH: Final = 5

WINDOWS: Final = ("w1", "w2", "w3", "w4")
"""Of the sample hall's zone `hall`, whose calls every screen here shows."""

STUCK_S: Final = 8.0
"""The buffers of a screen that takes nothing are full after two thirds of that."""

SIDE_RUNS: Final = 2
"""Of rows that are only recorded."""

SERVED: Final = ("call_next", "start", "complete")

ISSUERS: Final = 16
"""Tickets that are asked for at once."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scenario's options."""
    parser.add_argument("--screens", type=int, default=500, metavar="N", help="of one hall (default 500)")
    parser.add_argument("--many", type=int, default=2000, metavar="N", help="of one call (default 2,000)")
    parser.add_argument("--seconds", type=float, default=5.0, metavar="S", help="of each run (default 5)")


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Measure one hall with many screens, then many halls with few."""
    _allow_files(2 * args.many + 2000)
    with scratch() as place:
        figures = [*_one_hall(args, place, progress), *_many_halls(args, place, progress)]
    return report(
        "screens",
        figures,
        "`callq serve` with its embedded Redis (`appendfsync always`); screens follow a board over "
        "WebSockets, half of them in msgpack; every press is a `call_next` on a panel's socket.",
        "Times are from sending the press until a screen has the frame, over all pairs of press and screen, "
        "taken by one process that only stamps what it receives; beside it the same listener pushes prepared "
        "frames of the same size to as many sockets, at the same rate, each time it is told to.",
    )


def _one_hall(args: argparse.Namespace, place: Path, progress: Progress) -> Iterator[Figure]:
    hall = _hall_file(place, "county")
    panels = tuple(Place(hall="county", window=window) for window in WINDOWS)
    with callq_server(place / "one", str(hall)) as server, _crowd() as crowd:
        _staff(server, "county", WINDOWS)
        presses = int(args.seconds * PER_S)
        _issue(
            server, ["county"], presses * (args.runs + SIDE_RUNS) + int(2 * SIDE_RUNS * STUCK_S * PER_S) + 50
        )
        plan = Plan(
            port=server.port,
            pid=server.pid,
            token=ADMIN_TOKEN,
            screens=_screens("county", args.screens),
            panels=panels,
            presses=presses,
            per_s=PER_S,
        )
        first = crowd(msgspec.structs.replace(plan, presses=10))
        with _prepared(place, first.frame_bytes) as bare:
            ours, beside = _compared(args.runs, crowd, plan, bare, progress, "one hall")
            told = f"{PER_S:g} calls/s, {args.screens:,} screens of one hall"
            yield from _figures(told, ours, beside, Bound(of="ratio", at="most", limit=GOAL_RATIO))
            yield from _side_rows(args, plan, bare, crowd, progress)
            many = msgspec.structs.replace(
                plan,
                screens=_screens("county", args.many),
                presses=4,
                per_s=1.0,
                marks=(args.screens, args.many),
            )
            yield from _many_screens(args, crowd(many), crowd(_to(bare, many)))


def _side_rows(
    args: argparse.Namespace, plan: Plan, bare: Bare, crowd: Callable[[Plan], Seen], progress: Progress
) -> Iterator[Figure]:
    """Recorded: each call is also started and completed; and what stuck screens are to the others."""

    def p99(plan: Plan) -> float:
        return percentile(crowd(plan).each_ms, 0.99)

    def row(what: str, plan: Plan, beside: Plan, baseline: str) -> Figure:
        runs = min(args.runs, SIDE_RUNS)
        values, baselines = in_turns(runs, partial(p99, plan), partial(p99, beside), progress, "side rows")
        return Figure(
            what=what,
            unit="ms",
            values=_rounded(values),
            baseline=baseline,
            baselines=_rounded(baselines),
        )

    # Each window's cycle to its end, or the next run begins in the middle of one.
    rounds = plan.presses // len(plan.panels)
    presses = max(1, rounds) * len(plan.panels) * len(SERVED)
    served = msgspec.structs.replace(plan, cycle=SERVED, presses=presses, per_s=len(SERVED) * PER_S)
    told = f"{PER_S:g} calls/s, each also started and completed, {args.screens:,} screens: p99"
    yield row(told, served, _to(bare, served), "prepared frames")
    longer = msgspec.structs.replace(plan, presses=int(STUCK_S * PER_S))
    some = tuple(
        msgspec.structs.replace(screen, reads=number % 100 != 0) for number, screen in enumerate(plan.screens)
    )
    stuck = msgspec.structs.replace(longer, screens=some)
    told = f"{PER_S:g} calls/s for {STUCK_S:g} s, one screen in a hundred takes nothing: p99 of the others"
    yield row(told, stuck, longer, "all read")


def _many_screens(args: argparse.Namespace, ours: Seen, beside: Seen) -> Iterator[Figure]:
    """One call for thousands, and what each of them takes in memory."""
    yield Figure(
        what=f"one call until the last of {args.many:,} screens has it",
        unit="ms",
        values=_rounded(ours.last_ms),
        baseline="prepared frames",
        baselines=_rounded(beside.last_ms),
        bound=Bound(of="value", at="most", limit=GOAL_ALL_MS),
    )
    more = args.many - args.screens
    yield Figure(
        what=f"memory of the server for each further screen, {args.screens:,} to {args.many:,}",
        unit="kB",
        values=_rounded([(ours.memory[1] - ours.memory[0]) / more / 1e3]),
        baseline="a socket of the same stack",
        baselines=_rounded([(beside.memory[1] - beside.memory[0]) / more / 1e3]),
    )


def _many_halls(args: argparse.Namespace, place: Path, progress: Progress) -> Iterator[Figure]:
    names = [f"hall-{number}" for number in range(HALLS)]
    files = [str(_hall_file(place, name)) for name in names]
    with callq_server(place / "many", *files) as server, _crowd() as crowd:
        for name in names:
            _staff(server, name, WINDOWS[:1])
        presses = int(args.seconds * HALLS_PER_S)
        _issue(server, names, (presses * (args.runs + 1)) // HALLS + 5)
        plan = Plan(
            port=server.port,
            pid=server.pid,
            token=ADMIN_TOKEN,
            screens=tuple(screen for name in names for screen in _screens(name, SCREENS_EACH)),
            panels=tuple(Place(hall=name, window=WINDOWS[0]) for name in names),
            presses=presses,
            per_s=HALLS_PER_S,
        )
        first = crowd(msgspec.structs.replace(plan, presses=HALLS))
        with _prepared(place, first.frame_bytes) as bare:
            ours, beside = _compared(args.runs, crowd, plan, bare, progress, "many halls")
        told = f"{HALLS_PER_S:g} calls/s over {HALLS} halls of {SCREENS_EACH} screens"
        yield from _figures(told, ours, beside, Bound(of="value", at="most", limit=GOAL_MS))


# Measuring ------------------------------------------------------------------------------------------


class Bare(NamedTuple):
    """A process that pushes prepared frames."""

    port: int
    pid: int


def _compared(
    runs: int, crowd: Callable[[Plan], Seen], plan: Plan, bare: Bare, progress: Progress, what: str
) -> tuple[list[Seen], list[Seen]]:
    ours: list[Seen] = []
    beside: list[Seen] = []

    def measure(plan: Plan, kept: list[Seen]) -> float:
        kept.append(crowd(plan))
        return percentile(kept[-1].each_ms, 0.99)

    in_turns(runs, partial(measure, plan, ours), partial(measure, _to(bare, plan), beside), progress, what)
    return ours, beside


def _to(bare: Bare, plan: Plan) -> Plan:
    return msgspec.structs.replace(plan, port=bare.port, pid=bare.pid)


def _figures(told: str, ours: list[Seen], beside: list[Seen], bound: Bound) -> Iterator[Figure]:
    """The p99 that is judged, the middle, and the last screen of each press."""
    looks: list[tuple[str, Callable[[Seen], float], Bound | None]] = [
        ("p99", lambda seen: percentile(seen.each_ms, 0.99), bound),
        ("p50", lambda seen: percentile(seen.each_ms, 0.50), None),
        ("the last screen, p50", lambda seen: percentile(seen.last_ms, 0.50), None),
    ]
    for name, look, limit in looks:
        yield Figure(
            what=f"press to screen, {told}: {name}",
            unit="ms",
            values=_rounded([look(seen) for seen in ours]),
            baseline="prepared frames",
            baselines=_rounded([look(seen) for seen in beside]),
            bound=limit,
        )


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(each, 2) for each in values)


@contextmanager
def _crowd() -> Iterator[Callable[[Plan], Seen]]:
    """`watch` in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield lambda plan: pool.submit(watch, plan).result()


@contextmanager
def _prepared(place: Path, sizes: dict[str, int]) -> Iterator[Bare]:
    port = free_port()
    log = place / "prepared.log"
    with log.open("wb") as output:
        command = (sys.executable, "-m", "loadtests.prepared", port, sizes["json"], sizes["msgpack"])
        process = subprocess.Popen([str(word) for word in command], stdout=output, stderr=output)
        try:
            Server(port, process, log)
            yield Bare(port, process.pid)
        finally:
            process.kill()
            process.wait()


# A hall at work -------------------------------------------------------------------------------------


def _hall_file(place: Path, name: str) -> Path:
    """The sample hall under another id, where every press of "next" is a call.

    "Next" may follow on "next", and no clerk is a beginner who leaves people to others.
    """
    config = load_hall("county")
    clerks = tuple(
        msgspec.structs.replace(clerk, skills=dict.fromkeys(clerk.skills, 2)) for clerk in config.clerks
    )
    rules = msgspec.structs.replace(
        config.rules, next_while_called="miss", min_calls_before_miss=1, rejoin="void"
    )
    path = place / f"{name}.toml"
    path.write_text(
        export_hall(msgspec.structs.replace(config, id=name, rules=rules, clerks=clerks)), encoding="utf-8"
    )
    return path


def _screens(hall: str, count: int) -> tuple[Place, ...]:
    """Every second speaks msgpack, every fifth shows the whole hall."""
    wires: tuple[Literal["json"], Literal["msgpack"]] = ("json", "msgpack")
    return tuple(
        Place(hall=hall, zone=None if number % 5 == 0 else "hall", wire=wires[number % 2])
        for number in range(count)
    )


def _staff(server: Server, hall: str, windows: tuple[str, ...]) -> None:
    with Api(server.port) as api:
        for number, window in enumerate(windows, start=1):
            path = f"/v1/halls/{hall}/windows/{window}/commands"
            api.post(path, {"command": "sign_in", "clerk": f"c{number:02d}"})
            api.post(path, {"command": "open"})


def _issue(server: Server, halls: list[str], each: int) -> None:
    """Let so many people wait in each hall, for a service that every clerk here masters."""

    def issue(hall: str, count: int) -> None:
        with Api(server.port) as api:
            for _ in range(count):
                api.post(f"/v1/halls/{hall}/tickets", {"service": "social"})

    parts = [(hall, each) for hall in halls]
    if len(halls) == 1:
        parts = [(halls[0], -(-each // ISSUERS))] * ISSUERS
    with ThreadPoolExecutor(ISSUERS) as pool:
        list(pool.map(lambda part: issue(*part), parts))


def _allow_files(count: int) -> None:
    """Let this process and its children open so many files, as far as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
