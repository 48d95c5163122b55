"""The guide's door: routing decisions in batches and one by one, while a large hall works at its peak.

`callq serve` with the sample hall `dongyuan`, open all day: 84 windows staffed, hundreds waiting, and a crowd
that takes tickets and calls them. Beside it the same listener with a POST that reads its body and answers.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

import msgspec

from callq.config import export_hall, load_hall
from callq.domain.state import Index
from loadtests.callers import Commands, Job, Post, call
from loadtests.client import Api, new_token
from loadtests.doors_http import cpu_us, rates, rounds
from loadtests.figures import Bound, Figure, Report, report
from loadtests.plain import plain_server
from loadtests.servers import ADMIN_TOKEN, callq_server, scratch

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from rich.progress import Progress

    from callq.domain.hall import HallConfig
    from loadtests.callers import Outcome
    from loadtests.servers import Server

HALL: Final = "dongyuan"
WAITING: Final = 800
"""Tickets that wait when the measurements begin; as many are taken as are called meanwhile."""

BATCH: Final = 100
DECISIONS_GOAL: Final = 500
SINGLE_GOAL_MS: Final = 20

SINGLE_RATE: Final = 50.0
"""Single requests a second at which the time of one is looked at."""

CALLS_RATE: Final = 20.0
"""Commands a second at the windows: some fifty times what 2,600 tickets a day bring at the peak."""

DAY: Final = "2026-11-23"
"""A day on which all certificates of the sample are valid."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scenario's options."""
    parser.add_argument(
        "--seconds", type=float, default=3.0, metavar="S", help="of each measurement (default 3)"
    )


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Measure, in turns; no request may be refused."""
    config = _all_day(load_hall(HALL))
    random = Random(1)
    with scratch() as place, plain_server("asgi") as (plain, plain_pid):
        file = place / "hall.toml"
        file.write_text(export_hall(config), encoding="utf-8")
        with callq_server(place / "data", str(file)) as server:
            _fill(server, config, random)
            token = new_token(server.port, "guide")
            batch = json.dumps({"requests": [_question(config, random) for _ in range(BATCH)]}).encode()
            single = json.dumps(_question(config, random)).encode()

            def decide(body: bytes, callers: int, rate: float) -> Outcome:
                what = Post(path=f"/v1/halls/{HALL}/route", token=token, body=body)
                with _crowd(server, args.seconds):
                    return _call(args.seconds, server.port, server.pid, what, callers, rate)

            def nothing(callers: int, rate: float) -> Outcome:
                what = Post(path="/", token=token, body=single)
                return _call(args.seconds, plain, plain_pid, what, callers, rate)

            kinds = (partial(decide, batch, 2, 0.0), partial(nothing, 64, 0.0))
            batches = rounds(args.runs, kinds, progress)
            kinds = (partial(decide, single, 8, SINGLE_RATE), partial(nothing, 8, SINGLE_RATE))
            singles = rounds(args.runs, kinds, progress)
            waiting = _waiting(server)
    return report(
        "guide",
        [*_throughput(*batches), *_latency(*singles)],
        f"{len(config.windows)} windows, {len(config.items)} matters; {WAITING} tickets waited at first, "
        f"{waiting} at last; {CALLS_RATE:.0f} commands a second at the windows and {CALLS_RATE / 3:.0f} new "
        "tickets, each synced to disk.",
        f"A batch has {BATCH} requests of one to three matters. The callers have processes of their own.",
    )


def _call(seconds: float, port: int, pid: int, what: Post, callers: int, rate: float) -> Outcome:
    found = call(
        Job(
            port=port,
            what=what,
            run="guide",
            connections=callers,
            rate=rate,
            seconds=seconds,
            processes=(pid,),
        )
    )
    if found.refused:
        raise RuntimeError(f"{found.refused} requests were refused")
    return found


def _all_day(config: HallConfig) -> HallConfig:
    """The hall without hours and quotas, so that it is at its peak whenever this runs."""
    services = tuple(msgspec.structs.replace(one, sessions=(), quota=None) for one in config.services)
    return msgspec.structs.replace(
        config, sessions=(), holidays=(), moved_workdays=(), services=services, tides=type(config.tides)()
    )


def _question(config: HallConfig, random: Random) -> dict[str, Any]:
    codes = random.sample([item.code for item in config.items], random.choice((1, 1, 2, 3)))
    items = [{"item": code, "confidence": round(random.uniform(0.2, 1), 2)} for code in codes]
    return {"items": items, "traits": random.choice(([], [], ["elderly"], ["wheelchair"]))}


# The hall -----------------------------------------------------------------------------------------


def _fill(server: Server, config: HallConfig, random: Random) -> None:
    """Seat clerks at all windows, let people wait, and have every window serve somebody."""
    hall = f"/v1/halls/{HALL}"
    with Api(server.port) as api:
        for window, clerk in seats(config).items():
            api.post(f"{hall}/windows/{window}/commands", {"command": "sign_in", "clerk": clerk})
            api.post(f"{hall}/windows/{window}/commands", {"command": "open"})
        for _ in range(WAITING):
            api.post(f"{hall}/tickets", {"item": random.choice(config.items).code})
        for window in seats(config):
            api.post(f"{hall}/windows/{window}/commands", {"command": "call_next"})


def seats(config: HallConfig) -> dict[str, str]:
    """A clerk for each window: those that fewest can serve choose first."""
    index = Index(config)
    able = {w: [c for c in index.clerks if index.serving(w, c, DAY)] for w in index.windows}
    taken: dict[str, str] = {}
    for window in sorted(able, key=lambda window: len(able[window])):
        free = [clerk for clerk in able[window] if clerk not in taken.values()]
        if free:
            taken[window] = free[0]
    return taken


def _waiting(server: Server) -> int:
    with Api(server.port) as api:
        return int(api.get(f"/v1/halls/{HALL}/floor")["data"]["totals"]["waiting"])


@contextmanager
def _crowd(server: Server, seconds: float) -> Iterator[None]:
    """Windows that call, start and complete, and people who take tickets, while something is measured."""
    windows = tuple(seats(load_hall(HALL)))
    feed = Commands(
        hall=HALL,
        token=ADMIN_TOKEN,
        windows=windows,
        commands=("start", "complete", "call_next"),
    )
    kiosk = Post(path=f"/v1/halls/{HALL}/tickets", token=ADMIN_TOKEN, body=b'{"service":"general"}')
    jobs = [
        Job(port=server.port, what=what, run=f"crowd{Path('/proc/uptime').read_text().split()[0]}",
            connections=connections, rate=rate, seconds=seconds + 1, ends_with=ends_with)
        for what, connections, rate, ends_with in (
            (feed, len(windows), CALLS_RATE, 3),
            (kiosk, 4, CALLS_RATE / 3, 1),
        )
    ]  # fmt: skip
    threads = [threading.Thread(target=call, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()


# Figures ------------------------------------------------------------------------------------------


def _throughput(ours: Sequence[Outcome], plain: Sequence[Outcome]) -> list[Figure]:
    what = f"decisions in batches of {BATCH}"
    beside = "POSTs that do nothing"
    return [
        Figure(
            what=what,
            unit="/s",
            values=tuple(round(each * BATCH, 1) for each in rates(ours)),
            baseline=beside,
            baselines=rates(plain),
            bound=Bound(of="value", at="least", limit=DECISIONS_GOAL),
        ),
        Figure(
            what=f"{what}: processor time of the server for one",
            unit="µs",
            values=tuple(round(each / BATCH, 1) for each in cpu_us(ours)),
            baseline=f"{beside}, for one",
            baselines=cpu_us(plain),
        ),
    ]


def _latency(ours: Sequence[Outcome], plain: Sequence[Outcome]) -> list[Figure]:
    bounds = {"p99_ms": Bound(of="value", at="most", limit=SINGLE_GOAL_MS)}
    return [
        Figure(
            what=f"a single request at {SINGLE_RATE:.0f} a second, {field[:3]}",
            unit="ms",
            values=tuple(round(getattr(each, field), 2) for each in ours),
            baseline="a POST that does nothing",
            baselines=tuple(round(getattr(each, field), 2) for each in plain),
            bound=bounds.get(field),
        )
        for field in ("p50_ms", "p99_ms")
    ]
