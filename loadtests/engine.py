"""Commands decided, committed with ``appendfsync always``, acknowledged; what one costs in time and memory.

The baseline of the rates is one Lua script a command that does the whole transition itself
(`transition.lua`), sent by redis-benchmark with one client and pipeline 32 to the same durable Redis.
"""

from __future__ import annotations

import gc
import logging
import statistics
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import structlog
import trio

from callq.config import load_hall
from callq.domain import commands as cmd
from callq.journal.memory import MemoryJournal
from callq.journal.redis.connection import Client
from callq.journal.redis.store import open_store
from callq.runtime import garbage
from callq.runtime.home import DiskHome, MemoryHome
from callq.runtime.ids import new_ticket_id
from callq.runtime.node import Node
from callq.views.view import View
from loadtests.figures import Bound, Figure, Report, in_turns, percentile, report, singly
from loadtests.restart import CLERK, KIOSK, filled_hall, keep_snapshot
from loadtests.servers import callq_server, durable_redis, scratch, sync_ms

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator

    from rich.progress import Progress

    from callq.domain.state import HallState
    from callq.journal.redis.endpoint import Endpoint
    from callq.runtime.actor import HallActor
    from callq.runtime.group import Outcome
    from loadtests.restart import Filled

HALL: Final = "county"
HALLS: Final = 100
IN_FLIGHT: Final = 1_000
PIPELINE: Final = 32
SCRIPT: Final = Path(__file__).with_name("transition.lua")
WARM_UP: Final = 2_000

REST_S: Final = 0.003
"""Before each that is done alone: hints, timers and the other thread go on after an acknowledgement."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scenario's options."""
    parser.add_argument(
        "--commands", type=int, default=30_000, metavar="N", help="in each measurement (default 30,000)"
    )
    parser.add_argument(
        "--waiting", type=int, default=100_000, metavar="N", help="in the long queue (default 100,000)"
    )
    parser.add_argument(
        "--only", metavar="WORD", default="", help="only the parts that have it in their name"
    )


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Measure the rates, the time of one command, of a call in a long queue, and the memory of a ticket."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    parts = {
        "one hall": partial(_one_hall, args, progress),
        "many halls": partial(_many_halls, args, progress),
        "loop": partial(_loop, args, progress),
        "single": partial(_single, args, progress),
        "calls": partial(_calls, args, progress),
        "memory": partial(_memory, args, progress),
    }
    found = {name: part() for name, part in parts.items() if args.only in name}
    one_hall = found.get("one hall")
    told = report(
        "engine",
        [figure for figures in found.values() for figure in figures],
        f"Redis with `appendfsync always` on a socket; {args.commands:,} tickets issued in each measurement, "
        f"{IN_FLIGHT:,} callers, each with a key; redis-benchmark with one client and pipeline {PIPELINE}.",
        f"A sync of this disk took {sync_ms():.2f} ms.",
    )
    return msgspec.structs.replace(told, commands_per_s=one_hall[0].value if one_hall else None)


# Rates --------------------------------------------------------------------------------------------


def _one_hall(args: argparse.Namespace, progress: Progress) -> list[Figure]:
    ours = partial(_rate, 1, args.commands)
    beside = partial(_scripts, args.commands)
    values, baselines = in_turns(args.runs, ours, beside, progress, "one hall")
    return [
        Figure(
            what=f"tickets issued, one hall, {IN_FLIGHT:,} in flight",
            unit="/s",
            values=values,
            baseline="one script a command",
            baselines=baselines,
            bound=Bound(of="ratio", at="least", limit=1.0),
        )
    ]


def _many_halls(args: argparse.Namespace, progress: Progress) -> list[Figure]:
    ours = partial(_rate, HALLS, args.commands)
    beside = partial(_scripts, args.commands)
    values, baselines = in_turns(args.runs, ours, beside, progress, f"{HALLS} halls")
    return [
        Figure(
            what=f"tickets issued, {HALLS} halls, {IN_FLIGHT:,} in flight",
            unit="/s",
            values=values,
            baseline="one script a command",
            baselines=baselines,
            bound=Bound(of="ratio", at="least", limit=0.8),
        )
    ]


def _scripts(commands: int) -> float:
    """Transitions a second that redis-benchmark reaches."""
    with scratch() as place, durable_redis(place) as endpoint:
        sha = trio.run(_load_script, endpoint)
        told = subprocess.run(
            [
                *("redis-benchmark", "-s", str(place / "s"), "-c", "1", "-P", str(PIPELINE)),
                *("-n", str(commands), "--csv"),
                *("EVALSHA", sha, "4", "bench:number", "bench:lane", "bench:ticket:", "bench:log"),
                *("A", "1790000000000", "x" * 200),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        made = trio.run(_count, endpoint)
    # It sends whole pipelines.
    if not commands <= made < commands + PIPELINE:
        raise RuntimeError(f"{made} of {commands} transitions were made")
    return float(told.splitlines()[-1].split(",")[1].strip('"'))


async def _load_script(endpoint: Endpoint) -> str:
    client = Client(endpoint)
    (sha,) = await client.ask(("SCRIPT", "LOAD", SCRIPT.read_text(encoding="utf-8")))
    client.close()
    return bytes(sha).decode()


async def _count(endpoint: Endpoint) -> int:
    client = Client(endpoint)
    (length,) = await client.ask(("XLEN", "bench:log"))
    client.close()
    return int(length)


def _rate(halls: int, commands: int) -> float:
    """Commands a second that the engine acknowledges."""
    with scratch() as place, durable_redis(place) as endpoint:
        return trio.run(_issue_many, endpoint, place, halls, commands)


async def _issue_many(endpoint: Endpoint, place: Path, halls: int, commands: int) -> float:
    async with _node(endpoint, place, halls) as node:
        actors = [node.actor(hall) for hall in node.halls()]
        gc.unfreeze()
        gc.collect()
        garbage.begin()
        await _issue(actors, min(WARM_UP, commands))
        began = time.perf_counter()
        await _issue(actors, commands)
        taken = time.perf_counter() - began
        issued = sum(actor.glance(_tickets) for actor in actors)
        if issued != commands + min(WARM_UP, commands):
            raise RuntimeError(f"{issued} tickets were issued")
        return commands / taken


async def _issue(actors: list[HallActor], commands: int) -> None:
    """Issue `commands` tickets, `IN_FLIGHT` at a time, spread over the halls."""
    left = iter(range(commands))
    run = new_ticket_id()

    async def caller(number: int) -> None:
        actor = actors[number % len(actors)]
        services = actor.config.services
        for each in left:
            await _issue_one(actor, services[each % len(services)].code, f"{run}-{each}")

    async with trio.open_nursery() as nursery:
        for number in range(min(IN_FLIGHT, commands)):
            nursery.start_soon(caller, number)


async def _issue_one(actor: HallActor, service: str, key: str) -> None:
    command = cmd.Issue(ticket=new_ticket_id(), service=service)
    await actor.command(command, who=KIOSK, render=_rendered, key=key, body=bytes(16))


def _rendered(state: HallState, outcome: Outcome, now_ms: int) -> tuple[str | None, int]:
    return outcome.ticket, outcome.revision


def _tickets(state: HallState) -> int:
    return len(state.tickets)


@asynccontextmanager
async def _node(endpoint: Endpoint, place: Path, halls: int) -> AsyncIterator[Node]:
    """A node with so many halls on a Redis, with a disk of its own."""
    county = load_hall(HALL)
    configs = [msgspec.structs.replace(county, id=f"h{number:03d}") for number in range(halls)]
    data = place / f"data-{new_ticket_id()}"
    async with (
        open_store(data, redis_url=endpoint.shown) as store,
        trio.open_nursery() as nursery,
    ):
        home = DiskHome(data, store.identity.store)
        yield await nursery.start(Node(store.journal, store.journal, configs, home=home).run)
        nursery.cancel_scope.cancel()


# The loop -----------------------------------------------------------------------------------------


class _Steps(trio.abc.Instrument):
    """How long each step of a task holds the loop, s."""

    def __init__(self) -> None:
        self.found: list[float] = []
        self._began = time.perf_counter()

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._began = time.perf_counter()

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        self.found.append(time.perf_counter() - self._began)


def _loop(args: argparse.Namespace, progress: Progress) -> list[Figure]:
    """What a busy hall does to whatever else waits for the loop, and what a command leaves in memory."""
    longest: list[float] = []
    late: list[float] = []
    blocks: list[float] = []
    task = progress.add_task("the loop", total=args.runs)
    for _ in range(args.runs):
        with scratch() as place, durable_redis(place) as endpoint:
            found = trio.run(_busy_loop, endpoint, place, args.commands)
        for values, value in zip((longest, late, blocks), found, strict=True):
            values.append(value)
        progress.advance(task)
    busy = f"one hall, {IN_FLIGHT:,} in flight"
    return [
        Figure(
            what=f"the loop is held by one step of a task at the longest, {busy}",
            unit="ms",
            values=tuple(longest),
        ),
        Figure(
            what=f"a task that sleeps 5 ms meanwhile wakes late by, p99, {busy}",
            unit="ms",
            values=tuple(late),
        ),
        Figure(what="blocks of memory that a ticket issued keeps", unit="", values=tuple(blocks)),
    ]


async def _busy_loop(endpoint: Endpoint, place: Path, commands: int) -> tuple[float, float, float]:
    """The longest step, ms; how late a sleeper wakes, p99, ms; and blocks kept a command."""
    late: list[float] = []

    async def sleeper() -> None:
        while True:
            due = trio.current_time() + 0.005
            await trio.sleep_until(due)
            late.append(trio.current_time() - due)

    async with _node(endpoint, place, 1) as node, trio.open_nursery() as nursery:
        actors = [node.actor(node.halls()[0])]
        await _issue(actors, min(WARM_UP, commands))
        gc.collect()
        before = sys.getallocatedblocks()
        # By itself: what counts the steps keeps a number for each of them.
        await _issue(actors, commands)
        gc.collect()
        kept = sys.getallocatedblocks() - before
        garbage.begin()
        nursery.start_soon(sleeper)
        steps = _Steps()
        trio.lowlevel.add_instrument(steps)
        await _issue(actors, commands)
        trio.lowlevel.remove_instrument(steps)
        nursery.cancel_scope.cancel()
    return max(steps.found) * 1000, percentile(late, 0.99) * 1000, kept / commands


# One at a time ------------------------------------------------------------------------------------


def _single(args: argparse.Namespace, progress: Progress) -> list[Figure]:
    """A command alone beside a durable XADD alone, by turns, each with the node at rest."""
    commands, appends = [], []
    task = progress.add_task("one at a time", total=args.runs)
    for _ in range(args.runs):
        with scratch() as place, durable_redis(place) as endpoint:
            ours, beside = trio.run(_one_at_a_time, endpoint, place, max(20, args.commands // 60))
        commands.append(ours)
        appends.append(beside)
        progress.advance(task)
    return [
        Figure(
            what="one ticket issued at a time, p50",
            unit="ms",
            values=tuple(commands),
            baseline="XADD through the same adapter",
            baselines=tuple(appends),
            bound=Bound(of="ratio", at="most", limit=1.5),
        )
    ]


async def _one_at_a_time(endpoint: Endpoint, place: Path, times: int) -> tuple[float, float]:
    """Medians of a command and of an append, ms."""
    client = Client(endpoint)
    async with _node(endpoint, place, 1) as node:
        actor = node.actor(node.halls()[0])
        service = actor.config.services[0].code
        await _issue([actor], 100)

        async def command(each: int) -> None:
            await _issue_one(actor, service, f"single-{each}")

        async def append(each: int) -> None:
            await client.ask(("XADD", "bench:log", "*", "b", b"x" * 350))

        ours, beside = await singly(times, command, append, rest_s=REST_S)
    client.close()
    return statistics.median(ours) * 1000, statistics.median(beside) * 1000


# A long queue -------------------------------------------------------------------------------------


def _calls(args: argparse.Namespace, progress: Progress) -> list[Figure]:
    """A call with everything that it causes in the process, from a long queue beside a short one."""
    values, baselines, looks = trio.run(_call_in_both, args.runs, args.waiting, progress)
    return [
        Figure(
            what=f"call_next with {args.waiting:,} waiting, views included",
            unit="µs",
            values=values,
            baseline="with 100 waiting",
            baselines=baselines,
            bound=Bound(of="ratio", at="most", limit=1.3),
        ),
        Figure(
            what=f"a look for garbage among everything, {args.waiting:,} waiting", unit="ms", values=looks
        ),
    ]


async def _call_in_both(
    runs: int, waiting: int, progress: Progress
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Times of a call with many waiting and with few, µs, and of a look for garbage after them, ms."""
    county = load_hall(HALL)
    configs = [msgspec.structs.replace(county, id=name) for name in ("long", "short")]
    long, short, looks = [], [], []
    async with trio.open_nursery() as nursery:
        journal = MemoryJournal()
        node = await nursery.start(Node(journal, journal, configs, home=MemoryHome()).run)
        halls = [node.actor("long"), node.actor("short")]
        task = progress.add_task("a long queue", total=waiting)
        for actor, tickets in zip(halls, (waiting, 100), strict=True):
            for begun in range(0, tickets, 10_000):
                await _issue([actor], min(10_000, tickets - begun))
                progress.update(task, completed=begun)
            await _open_windows(actor)
        progress.update(task, completed=waiting)
        views = [View("board", county.zones[0].code), View("panel", window=county.windows[0].id)]
        subscriptions = [actor.subscribe(view, None, None) for actor in halls for view in views]
        for _ in range(runs):
            taken = [await _call(actor, 300) for actor in halls]
            long.append(taken[0])
            short.append(taken[1])
            began = time.perf_counter()
            gc.collect()
            looks.append((time.perf_counter() - began) * 1000)
        for subscription in subscriptions:
            subscription.close()
        nursery.cancel_scope.cancel()
    return tuple(long), tuple(short), tuple(looks)


async def _open_windows(actor: HallActor) -> None:
    config = actor.config
    for window, clerk in zip(config.windows, config.clerks, strict=False):
        await _press(actor, cmd.SignIn(window=window.id, clerk=clerk.id))
        await _press(actor, cmd.Open(window=window.id))


async def _press(actor: HallActor, command: cmd.AnyCommand) -> None:
    await actor.command(command, who=CLERK, render=_rendered)


async def _call(actor: HallActor, times: int) -> float:
    """Median time of a call at the first window, µs; the ticket is served and another one takes its place."""
    window = actor.config.windows[0].id
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await _press(actor, cmd.CallNext(window=window))
        taken.append(time.perf_counter() - began)
        await _press(actor, cmd.Start(window=window))
        await _press(actor, cmd.Complete(window=window))
        await _issue([actor], 1)
    return statistics.median(taken) * 1e6


# Memory -------------------------------------------------------------------------------------------


def _memory(args: argparse.Namespace, progress: Progress) -> list[Figure]:
    """Resident memory of a server for each ticket that waits, and what follows from how it got them."""
    waiting = f"memory for each of {args.waiting:,} waiting tickets"
    anonymous = partial(filled_hall, args.waiting, False, progress, named=False)
    named = partial(filled_hall, args.waiting, False, progress)
    bound = Bound(of="value", at="most", limit=2048)
    figures = []
    with filled_hall(0, False, progress) as empty:
        for what, filled in ((f"{waiting}, no person", anonymous), (f"{waiting}, of a person each", named)):
            with filled() as hall:
                sizes = _sizes(args, hall, empty)
                figures.append(Figure(what=what, unit="bytes", values=sizes, bound=bound))
                if filled is named:
                    trio.run(keep_snapshot, hall.endpoint, hall.kept)
                    sizes = _sizes(args, hall, empty)
                    what = f"{what}, read from a snapshot"
                    figures.append(Figure(what=what, unit="bytes", values=sizes, bound=bound))
    return figures


def _sizes(args: argparse.Namespace, hall: Filled, empty: Filled) -> tuple[float, ...]:
    """By how much a server with the hall is larger than one with an empty hall, bytes a ticket."""
    sizes = []
    for _ in range(args.runs):
        found = []
        for each in (hall, empty):
            redis = ("--redis", each.endpoint.shown)
            with callq_server(each.place / "data", HALL, arguments=redis) as server:
                time.sleep(1)
                found.append(server.memory_bytes())
        sizes.append((found[0] - found[1]) / args.waiting)
    return tuple(sizes)
