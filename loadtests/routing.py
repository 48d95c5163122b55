"""What it costs to choose the ticket that a free window calls, with what that grows, and a minute of tides.

In a hall of 84 windows, 12 services and 3 classes, every lane with somebody in it, by the index; the time is
of the decision with everything that goes on record of it, and of what the lane that was called from keeps
for the next one. Each baseline is the same decision where less waits, is eligible or is open, in the same
run; a beginner decides while all others serve, and looks for a better clerk who is free soon. A minute of
tides is timed on simulated days of the reference hall: to look, to reckon and to carry out what comes of it.
"""

from __future__ import annotations

import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.apply import apply
from callq.domain.decide import decide
from callq.domain.estimate import ahead
from callq.domain.hall import Clerk, HallConfig, Routing, Service, WindowConfig, Zone
from callq.domain.lanes import CLASSES
from callq.domain.routing import choose_lane, idle_windows
from callq.domain.state import HallState
from callq.domain.undo import NoUndo
from callq.simulate.draws import drawn
from callq.simulate.engine import SimulatedDay
from callq.simulate.halls import made
from callq.simulate.plan import Plan, planned
from callq.simulate.scenario import load
from loadtests.figures import Bound, Figure, Report, in_turns, percentile, report, shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from rich.progress import Progress

    from callq.domain.window import Window

BEGINS_MS: Final = 1_795_395_600_000
PREFIXES: Final = "ABCDEFGHJKLM"
DEDICATED: Final = 49
"""Windows of one service each; the others serve all."""
WINDOWS: Final = 84
BEGINNER: Final = "w80"
"""The window of whoever is one, where anybody is."""
A_LANE: Final = 20
"""Tickets in each lane."""
REPEATS: Final = 50
DECISION_US: Final = 30
"""What a decision may take."""
TICK_MS: Final = 20
"""What a minute of tides may take."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scenario's options."""
    parser.add_argument(
        "--decisions", type=int, default=200, metavar="N", help="in each measurement (default 200)"
    )
    parser.add_argument(
        "--waiting", type=int, default=72_000, metavar="N", help="tickets of a long queue (default 72,000)"
    )


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Measure a decision, and how it grows with lanes, tickets and windows."""
    each = args.waiting // (len(PREFIXES) * len(CLASSES))
    hall, long, narrow, small = _hall(), _hall(a_lane=each), _hall(narrow=True), _hall(windows=12)
    measured = partial(_us, args.decisions)
    decision = partial(measured, _choice(hall, "w80"))
    turns = partial(in_turns, args.runs, progress=progress)
    nine = turns(decision, partial(measured, _choice(narrow, "w80")), what="lanes")
    few = turns(partial(measured, _choice(long, "w80")), decision, what="tickets")
    twelve = turns(decision, partial(measured, _choice(small, "w11")), what="windows")
    one = turns(partial(measured, _choice(hall, "w1")), decision, what="dedicated")
    hall_busy, twice = _busy(WINDOWS), _busy(2 * WINDOWS)
    beginner = partial(measured, _choice(hall_busy, BEGINNER))
    new = turns(beginner, decision, what="beginner")
    many = turns(partial(measured, _choice(twice, BEGINNER)), beginner, what="beginner's windows")
    figures = [
        Figure(
            what="a decision among 36 lanes, 84 windows open, 720 wait",
            unit="µs",
            values=nine[0],
            baseline="among 9 lanes",
            baselines=nine[1],
            bound=Bound(of="value", at="most", limit=DECISION_US),
        ),
        Figure(
            what="its growth from 9 lanes to 36",
            unit="µs",
            values=nine[0],
            baseline="among 9 lanes",
            baselines=nine[1],
            bound=Bound(of="ratio", at="most", limit=4),
        ),
        Figure(
            what=f"the same where {each * 36:,} wait",
            unit="µs",
            values=few[0],
            bound=Bound(of="value", at="most", limit=DECISION_US),
        ),
        Figure(
            what="its growth with who waits",
            unit="µs",
            values=few[0],
            baseline="720 wait",
            baselines=few[1],
            bound=Bound(of="ratio", at="most", limit=1.25),
        ),
        Figure(
            what="its growth with the windows",
            unit="µs",
            values=twelve[0],
            baseline="12 windows open",
            baselines=twelve[1],
            bound=Bound(of="ratio", at="most", limit=1.25),
        ),
        Figure(
            what="a decision of a window of one service, 3 lanes",
            unit="µs",
            values=one[0],
            baseline="of one of all",
            baselines=one[1],
        ),
        Figure(
            what="a beginner's, 83 windows serve",
            unit="µs",
            values=new[0],
            baseline="a skilled clerk's",
            baselines=new[1],
            bound=Bound(of="value", at="most", limit=DECISION_US),
        ),
        Figure(
            what="a beginner's, 167 windows serve",
            unit="µs",
            values=many[0],
            baseline="83 windows",
            baselines=many[1],
            bound=Bound(of="ratio", at="most", limit=1.5),
        ),
        *_beside(hall, measured, args.runs),
        *_tides(args.runs, progress),
    ]
    return report(
        "routing",
        figures,
        f"{args.decisions:,} decisions in each measurement, the fastest of {REPEATS}; "
        f"{DEDICATED} windows serve one service, the others all; {A_LANE} tickets in each lane.",
        f"By run a decision took {_spread(nine[0])}, where {each * 36:,} wait {_spread(few[0])}, "
        f"a beginner's {_spread(new[0])}.",
    )


def _spread(values: Sequence[float]) -> str:
    return f"{shown(min(values))} to {shown(max(values))} µs"


def _beside(hall: HallState, measured: Callable[[Callable[[], object]], float], runs: int) -> list[Figure]:
    """What is worked out besides: the windows after a change, idle ones, how many are before somebody."""
    ticket, window, now_ms = next(iter(hall.tickets.values())), hall.windows["w80"], hall.now_ms

    def after_a_change() -> None:
        hall.staffing = None
        choose_lane(hall, window, now_ms)

    parts: dict[str, Callable[[], object]] = {
        "the first decision after a window changed": after_a_change,
        "the idle windows of a service, in their order": lambda: idle_windows(hall, "s0"),
        "how many are before a ticket": lambda: ahead(hall, ticket, now_ms),
    }
    return [
        Figure(what=what, unit="µs", values=tuple(measured(part) for _ in range(runs)))
        for what, part in parts.items()
    ]


class _Timed(Plan):
    """The tides, with what each minute takes."""

    def __init__(self) -> None:
        super().__init__("default")
        self.took_ms: list[float] = []

    def tick(self, day: SimulatedDay) -> None:
        """Reckon the minute, and let the hall carry it out."""
        began = time.perf_counter()
        super().tick(day)
        self.took_ms.append((time.perf_counter() - began) * 1e3)


def _tides(runs: int, progress: Progress) -> list[Figure]:
    """Minutes of a day of the reference hall, as many days as there are runs: the usual one and the first."""
    task = progress.add_task("tides", total=runs)
    days = []
    for day in range(runs):
        days.append(_minutes_of(day))
        progress.advance(task)
    return [
        Figure(
            what="a minute of tides, 84 windows, 2,600 people a day",
            unit="ms",
            values=tuple(statistics.median(took) for took in days),
            bound=Bound(of="value", at="most", limit=TICK_MS),
        ),
        Figure(
            what="the first of a day, which forecasts all of it",
            unit="ms",
            values=tuple(took[0] for took in days),
            bound=Bound(of="value", at="most", limit=TICK_MS),
        ),
        Figure(
            what="99 of 100 minutes of a day",
            unit="ms",
            values=tuple(percentile(took, 0.99) for took in days),
            bound=Bound(of="value", at="most", limit=TICK_MS),
        ),
    ]


def _minutes_of(day: int) -> list[float]:
    """What each minute of one day takes, ms."""
    scenario = load("county-84")
    hall = planned(made(scenario, "default", scenario.day.volume, tidal=True), scenario)
    timed = _Timed()
    SimulatedDay(scenario, hall, drawn(scenario, scenario.day.volume, 1, day), timed).run()
    return timed.took_ms


def _choice(state: HallState, window: str) -> Callable[[], object]:
    """A window's decision; what the lane it calls from has kept is forgotten, as by a call."""
    found: Window = state.windows[window]
    choice = choose_lane(state, found, state.now_ms)
    assert choice is not None, "nobody could be called"
    lane = state.lanes[choice.ticket.lane]

    def choose() -> None:
        choose_lane(state, found, state.now_ms)
        lane.asked = None

    return choose


def _us(times: int, what: Callable[[], object]) -> float:
    """Time of one call, µs: the fastest of some measurements."""
    best = float("inf")
    for _ in range(REPEATS):
        began = time.perf_counter()
        for _ in range(times):
            what()
        best = min(best, time.perf_counter() - began)
    return best / times * 1e6


# Halls ----------------------------------------------------------------------------------------------


def _busy(windows: int) -> HallState:
    """A hall in which all windows serve, since any time within 12 min, but that of its one beginner."""
    state = _hall(windows, beginner=True)
    others = [window for window in state.windows if window != BEGINNER]
    for window in others:
        now_ms = state.now_ms + 12 * 60_000 // len(others)
        _do(state, cmd.CallNext(window=window), now_ms)
        _do(state, cmd.Start(window=window), now_ms)
    return state


def _hall(
    windows: int = WINDOWS, a_lane: int = A_LANE, *, narrow: bool = False, beginner: bool = False
) -> HallState:
    """A hall with all windows open and idle, and so many in every lane.

    Args:
      windows: of it.
      a_lane: tickets that wait in each lane.
      narrow: whether the windows that serve everything serve three services only.
      beginner: whether one clerk has all skills at level 1.
    """
    state = HallState("big")
    _do(state, cmd.Configure(config=_config(windows, narrow=narrow, beginner=beginner)), BEGINS_MS)
    for n in range(windows):
        _do(state, cmd.SignIn(window=f"w{n}", clerk=f"c{n}"), BEGINS_MS)
        _do(state, cmd.Open(window=f"w{n}"), BEGINS_MS)
    counters = dict.fromkeys(PREFIXES, 0)
    for _ in range(a_lane):
        for number, prefix in enumerate(PREFIXES):
            for cls in CLASSES:
                counters[prefix] += 1
                issued = ev.TicketIssued(
                    ticket=f"t{state.seq + 1}",
                    number=f"{prefix}{counters[prefix]:03d}",
                    counter=counters[prefix],
                    prefix=prefix,
                    service=f"s{number}",
                    cls=cls,
                    zone="hall",
                    channel="kiosk",
                )
                _apply(state, (issued,), state.now_ms + 100)
    return state


def _config(windows: int, *, narrow: bool, beginner: bool) -> HallConfig:
    services = [f"s{n}" for n in range(len(PREFIXES))]
    dedicated = min(DEDICATED, windows // 2)
    return HallConfig(
        id="big",
        name="大厅",
        zones=(Zone(code="hall", name="大厅"),),
        services=tuple(
            Service(code=code, name=code, prefix=prefix, daily=300 - 20 * n)
            for n, (code, prefix) in enumerate(zip(services, PREFIXES, strict=True))
        ),
        windows=tuple(
            WindowConfig(
                id=f"w{n}",
                label=str(n),
                zone="hall",
                services=(services[n % 12],) if n < dedicated else tuple(services[:3]) if narrow else (),
            )
            for n in range(windows)
        ),
        clerks=tuple(
            Clerk(
                id=f"c{n}",
                name="李敏",
                skills=dict.fromkeys(services, 1 if beginner and f"w{n}" == BEGINNER else 2),
            )
            for n in range(windows)
        ),
        routing=Routing(policy="index"),
    )


def _do(state: HallState, command: cmd.AnyCommand, now_ms: int) -> None:
    _apply(state, decide(state, command, now_ms, cmd.SYSTEM).events, now_ms)


def _apply(state: HallState, events: tuple[ev.Event, ...], now_ms: int) -> None:
    key = f"~{state.revision}"
    batch = ev.Batch(
        v=ev.SCHEMA_VERSION,
        at_ms=now_ms,
        who=cmd.SYSTEM,
        key=key,
        command=msgspec.Raw(b"\xc0"),
        events=events,
        body=b"",
    )
    apply(state, batch, NoUndo())
