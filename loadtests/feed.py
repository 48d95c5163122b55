"""Commands over the feed in msgpack, beside a socket on the same server that sends back what comes.

`callq serve` with its embedded Redis (a sync for each group), a hall of 64 windows with as many clerks and
enough tickets waiting. Each socket is a panel: it calls, starts and completes, each command with an
idempotency key. Beside it a plain ASGI app on the same listener sends back the same bytes, in turns.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
import trio

from callq.config import load_hall
from callq.config.export import export_hall
from callq.journal.port import GENESIS
from callq.journal.redis.store import open_store
from loadtests.callers import Commands, Job, call
from loadtests.client import new_token
from loadtests.doors_http import cpu_us, own_share, rates, rounds
from loadtests.figures import Bound, Figure, Report, report
from loadtests.plain import plain_server
from loadtests.restart import Day, day
from loadtests.servers import callq_server, scratch

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from rich.progress import Progress

    from callq.domain.hall import HallConfig
    from callq.journal.port import Entry
    from loadtests.callers import Outcome

GOAL: Final = 0.5
WINDOWS: Final = 64
HALL: Final = "county"
COMMANDS: Final = ("call_next", "start", "complete")

LOADS: Final = ((64, 1), (8, 16))
"""Sockets, and commands of one that wait for their answers."""

FASTEST: Final = 1_500
"""Tickets a second that are kept ready."""

MODERATE: Final = 500.0
"""Commands a second at which the time of one is looked at."""

GROUP: Final = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scenario's options."""
    parser.add_argument(
        "--seconds", type=float, default=2.0, metavar="S", help="of each measurement (default 2)"
    )


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Measure, in turns; no command may be refused."""
    tickets = int(FASTEST * (args.seconds + 0.5) * args.runs * (len(LOADS) + 1))
    with scratch() as place, ExitStack() as stack:
        config = many_windows(load_hall(HALL), WINDOWS)
        file = place / f"{HALL}.toml"
        file.write_text(export_hall(config), encoding="utf-8")
        trio.run(fill, place / "data", config, tickets)
        server = stack.enter_context(callq_server(place / "data", str(file)))
        token = new_token(server.port, "supervisor")
        plain, pid = stack.enter_context(plain_server("echo"))
        figures: list[Figure] = []
        done = 0

        def command(port: int, process: int, sockets: int, depth: int, rate: float) -> Outcome:
            nonlocal done
            done += 1
            windows = tuple(f"w{number}" for number in range(sockets))
            job = Job(
                port=port,
                what=Commands(hall=HALL, token=token, windows=windows, commands=COMMANDS),
                run=f"run{done}",
                connections=sockets,
                depth=depth,
                rate=rate,
                seconds=args.seconds,
                processes=(process,),
                ends_with=len(COMMANDS),
            )
            found = call(job)
            if found.refused:
                raise RuntimeError(f"{found.refused} commands were refused")
            return found

        kinds = (partial(command, server.port, server.pid), partial(command, plain, pid))
        for sockets, depth in LOADS:
            found = rounds(args.runs, [partial(kind, sockets, depth, 0.0) for kind in kinds], progress)
            figures += _throughput(sockets, depth, found)
        found = rounds(args.runs, [partial(kind, WINDOWS, 1, MODERATE) for kind in kinds], progress)
        figures += _latency(found)
    return report(
        "feed",
        figures,
        f"{tickets:,} tickets waited at first; `call_next`, `start`, `complete` at {WINDOWS} windows.",
        "The callers have a process of their own.",
    )


def _throughput(sockets: int, depth: int, found: Sequence[Sequence[Outcome]]) -> list[Figure]:
    ours, echo = found
    what = f"commands over the feed, {sockets} sockets with {depth} at once"
    first = (sockets, depth) == LOADS[0]
    rows = [
        Figure(
            what=what,
            unit="/s",
            values=rates(ours),
            baseline="an echo of the same bytes",
            baselines=rates(echo),
            bound=Bound(of="ratio", at="least", limit=GOAL) if first else None,
        ),
        Figure(
            what=f"{what}: processor time of the server for one",
            unit="µs",
            values=cpu_us(ours),
            baseline="an echo of the same bytes",
            baselines=cpu_us(echo),
        ),
    ]
    if first:
        rows.append(
            Figure(
                what=f"{what}: a core's share that the callers took",
                unit="%",
                values=own_share(ours),
                baseline="calling the echo",
                baselines=own_share(echo),
            )
        )
    return rows


def _latency(found: Sequence[Sequence[Outcome]]) -> list[Figure]:
    ours, echo = found
    return [
        Figure(
            what=f"a command at {MODERATE:.0f} a second, {name}",
            unit="ms",
            values=tuple(round(getattr(each, field), 2) for each in ours),
            baseline="an echo of the same bytes",
            baselines=tuple(round(getattr(each, field), 2) for each in echo),
        )
        for name, field in (("p50", "p50_ms"), ("p99", "p99_ms"))
    ]


def many_windows(config: HallConfig, count: int) -> HallConfig:
    """A hall with so many windows and clerks, all of them for everything."""
    skills = {service.skill or service.code: 2 for service in config.services}
    return msgspec.structs.replace(
        config,
        windows=tuple(
            msgspec.structs.replace(config.windows[0], id=f"w{number}", label=f"{number + 1}")
            for number in range(count)
        ),
        clerks=tuple(
            msgspec.structs.replace(config.clerks[0], id=f"c{number}", skills=skills)
            for number in range(count)
        ),
    )


async def fill(data: Path, config: HallConfig, tickets: int) -> None:
    """A hall with clerks at all windows and tickets that wait, in an embedded store."""
    group: list[Entry] = []
    tip = GENESIS
    async with open_store(data) as store:
        for entry, _ in day(config, Day(tickets, served=False, named=True)):
            group.append(entry)
            if len(group) >= GROUP:
                await store.journal.append(HALL, tip, group)
                tip, group = group[-1].id, []
        await store.journal.append(HALL, tip, group)
