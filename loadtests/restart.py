"""From process start to `/readyz`, with a day of 100,000 tickets in the stream and Redis running.

The starts of an empty hall, the baseline, are measured between the others.
"""

from __future__ import annotations

import time
import uuid
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import trio

from callq.config import load_hall
from callq.domain import commands as cmd
from callq.domain.apply import apply
from callq.domain.decide import decide
from callq.domain.events import SCHEMA_VERSION, Batch, decode_batch, encode_batch, encode_command
from callq.domain.levels import required_level
from callq.domain.snapshot import encode_state
from callq.domain.state import HallState
from callq.domain.undo import NoUndo
from callq.journal.port import GENESIS, Entry, Snapshot, chained
from callq.journal.redis import keys
from callq.journal.redis.connection import Client
from callq.journal.redis.journal import open_redis
from callq.journal.redis.store import open_store
from callq.runtime.ids import new_ticket_id
from callq.runtime.loading import packed_state
from callq.web.persons import known_person
from loadtests.figures import Bound, Figure, Report, in_turns, report
from loadtests.servers import callq_server, durable_redis, scratch

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.progress import Progress

    from callq.domain.commands import Person
    from callq.domain.hall import HallConfig
    from callq.journal.redis.endpoint import Endpoint

HALL: Final = "county"

GOAL_WITHOUT_S: Final = 5.0
GOAL_WITH_S: Final = 1.0

BEHIND: Final = 2_500
"""Entries after the snapshot: on average half of what a node leaves between two."""

GROUP: Final = 500
CLERK: Final = cmd.Actor(role="clerk", id="clerk")
KIOSK: Final = cmd.Actor(role="kiosk", id="kiosk")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scenario's options."""
    parser.add_argument(
        "--tickets", type=int, default=100_000, metavar="N", help="of the day (default 100,000)"
    )


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Measure starts with all tickets waiting and with all served, without a snapshot and with one.

    The goals are stated for the default number of tickets.
    """
    figures: list[Figure] = []
    with filled_hall(0, False, progress) as empty:
        for served in (False, True):
            with filled_hall(args.tickets, served, progress) as hall:
                for snapshot in (False, True):
                    size = trio.run(keep_snapshot, hall.endpoint, hall.kept) if snapshot else 0
                    taken, base = in_turns(
                        args.runs,
                        partial(_start, hall, keep_snapshots=snapshot),
                        partial(_start, empty),
                        progress,
                        "starts",
                    )
                    figures.append(_figure(hall, size, taken, base))
    return report(
        "restart",
        figures,
        "From the start of the process `callq serve` until `/readyz` answers 200, with Redis running and the "
        "tickets of a day in the stream of one hall. Each is of a person with an identity and a telephone.",
    )


def _figure(hall: Filled, size: int, taken: tuple[float, ...], base: tuple[float, ...]) -> Figure:
    lives = "issued, called, started, completed" if hall.served else "issued"
    snapshot = f"a snapshot of {size / 1e6:.1f} MB and {BEHIND:,} entries" if size else "no snapshot"
    return Figure(
        what=f"{hall.tickets:,} tickets {lives}: {hall.entries:,} entries, {snapshot}",
        unit="s",
        values=tuple(round(each, 3) for each in taken),
        baseline="an empty hall",
        baselines=tuple(round(each, 3) for each in base),
        bound=Bound(of="value", at="most", limit=GOAL_WITH_S if size else GOAL_WITHOUT_S),
    )


class Filled(NamedTuple):
    """A Redis that holds a hall's day."""

    endpoint: Endpoint
    place: Path
    tickets: int
    served: bool
    entries: int
    kept: Snapshot | None
    """The state so many entries before the end."""


@contextmanager
def filled_hall(tickets: int, served: bool, progress: Progress, *, named: bool = True) -> Iterator[Filled]:
    """A Redis with a day in it, for as long as the block runs; `named`: tickets are of persons."""
    with scratch() as place, durable_redis(place) as endpoint:
        task = progress.add_task(f"a day of {tickets:,} tickets", total=max(1, tickets))
        told = partial(progress.update, task)
        entries, kept = trio.run(_fill, endpoint, place, Day(tickets, served, named), told)
        progress.update(task, completed=max(1, tickets))
        yield Filled(endpoint, place, tickets, served, entries, kept)


class Day(NamedTuple):
    """What happened in it."""

    tickets: int
    served: bool
    """Each was called, started and completed, too."""
    named: bool
    """Each is of a person: an identity and a telephone as the doors keep them, and a masked name."""


def day(config: HallConfig, of: Day) -> Iterator[tuple[Entry, HallState]]:
    """The entries of a day at a hall, as its actor would have written them, and the state after each.

    Ids and keys are as long and as random as those of a real day: they are most of what it weighs.
    """
    state, tip = HallState(config.id), GENESIS
    now_ms = time.time_ns() // 1_000_000 - 60_000

    def act(command: cmd.AnyCommand, who: cmd.Actor, key: str = "~") -> list[tuple[Entry, HallState]]:
        nonlocal tip
        decision = decide(state, command, now_ms, who)
        if not decision.events:
            return []
        batch = Batch(
            v=max(2, state.level, required_level(decision.events)),
            at_ms=now_ms,
            who=who,
            key=key,
            command=encode_command(command),
            events=decision.events,
            body=b"" if key == "~" else bytes(16),
            ticket=decision.ticket,
            window=decision.window,
        )
        entry = chained(tip, encode_batch(batch))
        apply(state, decode_batch(entry.payload), NoUndo())
        tip = entry.id
        return [(entry, state)]

    yield from act(cmd.Configure(config=config), cmd.SYSTEM)
    yield from act(cmd.RaiseLevel(level=SCHEMA_VERSION), cmd.SYSTEM)
    for window, clerk in zip(config.windows, config.clerks, strict=False):
        yield from act(cmd.SignIn(window=window.id, clerk=clerk.id), CLERK)
        yield from act(cmd.Open(window=window.id), CLERK)
    services = [service.code for service in config.services]
    for number in range(of.tickets):
        issue = cmd.Issue(
            ticket=new_ticket_id(),
            service=services[number % len(services)],
            person=_citizen(config.id, number) if of.named else None,
        )
        yield from act(issue, KIOSK, str(uuid.uuid4()))
        if of.served:
            for desk in config.windows:
                if called := act(cmd.CallNext(window=desk.id), CLERK):
                    yield from called
                    yield from act(cmd.Start(window=desk.id), CLERK)
                    yield from act(cmd.Complete(window=desk.id), CLERK)
                    break


def _citizen(hall: str, number: int) -> Person | None:
    """Somebody with an identity card and a telephone of their own, and one of some hundred surnames."""
    return known_person(
        b"benchmark",
        hall,
        id_no=f"110101{number:011d}X",
        name=chr(0x5F20 + number % 300),
        phone=f"138{number * 7 % 100_000_000:08d}",
    )


async def _fill(
    endpoint: Endpoint, place: Path, of: Day, told: Callable[..., None]
) -> tuple[int, Snapshot | None]:
    """Write a day; the number of entries, and the state `BEHIND` entries before the end."""
    config = load_hall(HALL)
    snapshot_at = of.tickets * (4 if of.served else 1) - BEHIND
    kept: Snapshot | None = None
    count = 0
    async with open_store(place / "fill", redis_url=endpoint.shown) as store:
        group: list[Entry] = []
        tip = GENESIS
        for entry, state in day(config, of):
            group.append(entry)
            count += 1
            if count == snapshot_at:
                kept = Snapshot(entry.id, packed_state(encode_state(state)))
            if len(group) >= GROUP:
                await store.journal.append(HALL, tip, group)
                tip, group = group[-1].id, []
                told(completed=min(of.tickets, count // (4 if of.served else 1)))
        if group:
            await store.journal.append(HALL, tip, group)
    return count, kept


async def keep_snapshot(endpoint: Endpoint, kept: Snapshot | None) -> int:
    """Let it be the hall's only snapshot; its size in bytes."""
    if kept is None:
        return 0
    await _forget_snapshots(endpoint)
    async with open_redis(endpoint) as journal:
        await journal.keep_snapshot(HALL, kept)
    return len(kept.body)


async def _forget_snapshots(endpoint: Endpoint) -> None:
    client = Client(endpoint)
    await client.ask(("DEL", keys.snapshots(HALL)))
    client.close()


def _start(hall: Filled, *, keep_snapshots: bool = False) -> float:
    """Seconds from the process's start until it is ready; it is stopped afterwards."""
    if not keep_snapshots:
        trio.run(_forget_snapshots, hall.endpoint)
    with callq_server(hall.place / "data", HALL, arguments=("--redis", hall.endpoint.shown)) as server:
        return server.started_s
