"""Tickets issued over HTTP, beside a POST on the same server that does nothing.

`callq serve` with its embedded Redis (a sync for each group), a kiosk's token, an idempotency key for each
ticket. Beside it the same listener with one POST that reads its body and answers, by quart-trio and without a
framework, in turns.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final

from loadtests.callers import Job, Post, call
from loadtests.client import new_token
from loadtests.figures import Bound, Figure, Report, report
from loadtests.plain import plain_server
from loadtests.servers import callq_server, scratch

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from rich.progress import Progress

    from loadtests.callers import Outcome

HALL: Final = "county"
GOAL: Final = 0.8

CALLERS: Final = (64, 256)
"""Connections that each ask again as soon as they are answered."""

MODERATE: Final = 200.0
"""Tickets a second at which the time of one is looked at: several busy halls' worth."""

BODY: Final = b'{"service":"general"}'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scenario's options."""
    parser.add_argument(
        "--seconds", type=float, default=2.0, metavar="S", help="of each measurement (default 2)"
    )


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Measure, in turns; every ticket must have its own number, and no number may be missing."""
    numbers: list[str] = []
    with scratch() as place, ExitStack() as stack:
        server = stack.enter_context(callq_server(place / "data", HALL))
        token = new_token(server.port, "kiosk")
        plain, pid = stack.enter_context(plain_server("quart"))
        bare, bare_pid = stack.enter_context(plain_server("asgi"))
        path = f"/v1/halls/{HALL}/tickets"

        def issue(callers: int, rate: float) -> Outcome:
            what = Post(path=path, token=token, body=BODY)
            found = _call(args.seconds, server.port, server.pid, what, callers, rate, len(numbers))
            numbers.extend(found.numbers)
            return found

        def nothing(port: int, process: int, callers: int, rate: float) -> Outcome:
            what = Post(path="/", token=token, body=BODY)
            return _call(args.seconds, port, process, what, callers, rate, 0)

        kinds = (issue, partial(nothing, plain, pid), partial(nothing, bare, bare_pid))
        figures: list[Figure] = []
        for callers in CALLERS:
            found = rounds(args.runs, [partial(kind, callers, 0.0) for kind in kinds], progress)
            figures += _throughput(
                f"tickets issued over HTTP, {callers} at once", found, whole=callers == CALLERS[0]
            )
        found = rounds(args.runs, [partial(kind, 16, MODERATE) for kind in kinds[:2]], progress)
        figures += _latency(found)
    check_numbers(numbers)
    return report(
        "http",
        figures,
        f"{len(numbers):,} tickets were issued and synced to disk; their numbers are unique, without a gap.",
        "The callers have a process of their own.",
    )


def _call(
    seconds: float, port: int, process: int, what: Post, callers: int, rate: float, before: int
) -> Outcome:
    job = Job(
        port=port,
        what=what,
        run=f"run{before}",
        connections=callers,
        rate=rate,
        seconds=seconds,
        processes=(process,),
    )
    found = call(job)
    if found.refused:
        raise RuntimeError(f"{found.refused} requests were refused")
    return found


def rounds(
    runs: int, kinds: Sequence[Callable[[], Outcome]], progress: Progress
) -> tuple[tuple[Outcome, ...], ...]:
    """Measure several things in turns, each round beginning with another; outcomes of each, one a run."""
    found: list[list[Outcome]] = [[] for _ in kinds]
    task = progress.add_task("runs", total=runs * len(kinds))
    for run in range(runs):
        for turn in range(len(kinds)):
            which = (run + turn) % len(kinds)
            found[which].append(kinds[which]())
            progress.advance(task)
    return tuple(tuple(each) for each in found)


def rates(outcomes: Sequence[Outcome]) -> tuple[float, ...]:
    """Answers a second of each run."""
    return tuple(round(each.rate, 1) for each in outcomes)


def cpu_us(outcomes: Sequence[Outcome]) -> tuple[float, ...]:
    """The server's processor time for one answer, of each run."""
    return tuple(round(each.cpu_us, 1) for each in outcomes)


def own_share(outcomes: Sequence[Outcome]) -> tuple[float, ...]:
    """What share of a core the callers took, percent, of each run."""
    return tuple(round(100 * each.own_cpu_s / each.seconds, 1) for each in outcomes)


def _throughput(what: str, found: Sequence[Sequence[Outcome]], *, whole: bool) -> list[Figure]:
    ours, quart, bare = found
    bound = Bound(of="ratio", at="least", limit=GOAL)
    rows = [
        Figure(
            what=what,
            unit="/s",
            values=rates(ours),
            baseline="a POST by quart-trio that does nothing",
            baselines=rates(quart),
        ),
        Figure(
            what=what,
            unit="/s",
            values=rates(ours),
            baseline="the same without a framework, as the API is",
            baselines=rates(bare),
            bound=bound,
        ),
        Figure(
            what=f"{what}: processor time of the server for one",
            unit="µs",
            values=cpu_us(ours),
            baseline="a POST by quart-trio that does nothing",
            baselines=cpu_us(quart),
        ),
    ]
    if whole:
        rows.append(
            Figure(
                what=f"{what}: a core's share that the callers took",
                unit="%",
                values=own_share(ours),
                baseline="calling the POST that does nothing",
                baselines=own_share(quart),
            )
        )
    return rows


def _latency(found: Sequence[Sequence[Outcome]]) -> list[Figure]:
    ours, quart = found
    beside = "a POST by quart-trio that does nothing"
    return [
        Figure(
            what=f"a ticket at {MODERATE:.0f} a second, {name}",
            unit="ms",
            values=tuple(round(getattr(each, field), 2) for each in ours),
            baseline=beside,
            baselines=tuple(round(getattr(each, field), 2) for each in quart),
        )
        for name, field in (("p50", "p50_ms"), ("p99", "p99_ms"))
    ]


def check_numbers(numbers: Sequence[str]) -> None:
    """Insist on unique numbers of one series from 1 without a gap.

    Raises:
      RuntimeError: it is not so.
    """
    places = sorted(int(number.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) for number in numbers)
    if places != list(range(1, len(places) + 1)):
        raise RuntimeError(f"{len(places)} tickets, but numbers from {places[:1]} to {places[-1:]}")
