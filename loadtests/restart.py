"""From process start to `/readyz`, with a day of 100,000 tickets in the stream and Redis running.

Each figure is the median of several starts of `callq serve`; the baseline is the start of an empty hall.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import trio
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from callq.config import load_hall
from callq.domain import commands as cmd
from callq.domain.apply import apply
from callq.domain.decide import decide
from callq.domain.events import Batch, decode_batch, encode_batch, encode_command
from callq.domain.snapshot import encode_state
from callq.domain.state import HallState
from callq.domain.undo import NoUndo
from callq.journal.port import GENESIS, Entry, Snapshot, chained
from callq.journal.redis import keys
from callq.journal.redis.connection import Client
from callq.journal.redis.endpoint import Endpoint
from callq.journal.redis.journal import open_redis
from callq.journal.redis.process import find_programs
from callq.journal.redis.readiness import wait_ready
from callq.journal.redis.store import open_store
from callq.runtime.loading import load, packed_state

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from callq.domain.hall import HallConfig

GROUP: Final = 500
START_LIMIT_S: Final = 120.0
DAY_S: Final = 10 * 3600

CLERK: Final = cmd.Actor(role="clerk", id="clerk")
KIOSK: Final = cmd.Actor(role="kiosk", id="kiosk")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scenario's options."""
    parser.add_argument(
        "--tickets", type=int, default=100_000, metavar="N", help="of the day (default 100,000)"
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure starts with all tickets waiting, with all served, without a snapshot and with one."""
    console = Console(stderr=True)
    rows: list[dict[str, Any]] = []
    with Progress(console=console) as progress:
        for served in (False, True):
            for tickets in (0, args.tickets) if not served else (args.tickets,):
                rows += _measure(tickets, served, args.runs, progress)
    base = rows[0]["seconds"]
    table = Table("tickets", "lives", "entries", "snapshot", "seconds", "less an empty start")
    for row in rows:
        row["beyond_empty_s"] = round(row["seconds"] - base, 3)
        table.add_row(
            *(
                f"{row['tickets']:,}",
                row["lives"],
                f"{row['entries']:,}",
                row["snapshot"],
                f"{row['seconds']:.2f}",
            ),
            f"{row['beyond_empty_s']:.2f}",
        )
    Console().print(table)
    return {"runs": args.runs, "rows": rows}


def _measure(tickets: int, served: bool, runs: int, progress: Progress) -> list[dict[str, Any]]:
    lives = "issue, call, start, complete" if served else "issue"
    config = load_hall("county")
    rows = []
    with tempfile.TemporaryDirectory(prefix="callq-bench-") as place, _redis(Path(place)) as endpoint:
        task = progress.add_task(f"{tickets:,} tickets: {lives}", total=tickets + 2 * runs)
        entries = trio.run(
            _fill,
            endpoint,
            Path(place),
            config,
            tickets,
            served,
            lambda n: progress.update(task, completed=n),
        )
        for snapshot in ("no", "yes") if tickets else ("no",):
            size = trio.run(_keep_snapshot, endpoint, config.id) if snapshot == "yes" else 0
            taken = []
            for _ in range(runs):
                if snapshot == "no":
                    trio.run(_forget_snapshots, endpoint, config.id)
                taken.append(_start(endpoint, Path(place)))
                progress.advance(task)
            rows.append(
                {
                    "tickets": tickets,
                    "lives": lives if tickets else "",
                    "entries": entries,
                    "snapshot": f"{size / 1e6:.1f} MB" if size else "no",
                    "seconds": round(statistics.median(taken), 3),
                    "all": [round(each, 3) for each in taken],
                }
            )
        progress.update(task, completed=tickets + 2 * runs)
    return rows


@contextmanager
def _redis(place: Path) -> Iterator[Endpoint]:
    """A durable redis-server on a socket."""
    program = find_programs()[0]
    path = place / "s"
    server = subprocess.Popen(
        [
            *(program.path, "--port", "0", "--unixsocket", str(path), "--dir", str(place), "--save", ""),
            *("--appendonly", "yes", "--appendfsync", "always"),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        import structlog

        endpoint = Endpoint.from_socket(path)

        async def ready() -> None:
            await wait_ready(endpoint, structlog.get_logger(), answer_limit_s=10)

        trio.run(ready)
        yield endpoint
    finally:
        server.terminate()
        server.wait()


def day(config: HallConfig, tickets: int, served: bool) -> Iterator[Entry]:
    """The entries of a day at a hall, as its actor would have written them."""
    state, tip = HallState(config.id), GENESIS
    now_ms = time.time_ns() // 1_000_000 - 60_000

    def act(command: cmd.AnyCommand, who: cmd.Actor, key: str = "~") -> list[Entry]:
        nonlocal tip
        decision = decide(state, command, now_ms, who)
        if not decision.events:
            return []
        batch = Batch(
            v=2,
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
        return [entry]

    yield from act(cmd.Configure(config=config), cmd.SYSTEM)
    for window, clerk in zip(config.windows, config.clerks, strict=False):
        yield from act(cmd.SignIn(window=window.id, clerk=clerk.id), CLERK)
        yield from act(cmd.Open(window=window.id), CLERK)
    services = [service.code for service in config.services]
    desks = [window.id for window in config.windows]
    for number in range(tickets):
        issue = cmd.Issue(ticket=f"{number:026d}", service=services[number % len(services)])
        yield from act(issue, KIOSK, f"key-{number}")
        if served:
            for desk in desks:
                if called := act(cmd.CallNext(window=desk), CLERK):
                    yield from called
                    yield from act(cmd.Start(window=desk), CLERK)
                    yield from act(cmd.Complete(window=desk), CLERK)
                    break


async def _fill(
    endpoint: Endpoint,
    place: Path,
    config: HallConfig,
    tickets: int,
    served: bool,
    told: Callable[[int], None],
) -> int:
    count = 0
    async with open_store(place / "fill", redis_url=endpoint.shown) as store:
        journal = store.journal
        group: list[Entry] = []
        tip = GENESIS

        async def send() -> None:
            nonlocal tip, group, count
            await journal.append(config.id, tip, group)
            count += len(group)
            tip, group = group[-1].id, []
            told(min(tickets, count // (4 if served else 1)))

        for entry in day(config, tickets, served):
            group.append(entry)
            if len(group) >= GROUP:
                await send()
        await send()
    return count


async def _forget_snapshots(endpoint: Endpoint, hall: str) -> None:
    client = Client(endpoint)
    await client.ask(("DEL", keys.snapshots(hall)))
    client.close()


async def _keep_snapshot(endpoint: Endpoint, hall: str) -> int:
    async with open_redis(endpoint) as journal:
        state, last = await load(journal, hall)
        content = packed_state(encode_state(state))
        await journal.keep_snapshot(hall, Snapshot(last, content))
        return len(content)


def _start(endpoint: Endpoint, place: Path) -> float:
    """Seconds from the process's start until it is ready; it is stopped afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.monotonic()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "callq.cli", "serve", "--hall", "county"),
            *("--listen", f"127.0.0.1:{port}", "--data", str(place / "data")),
            *("--redis", endpoint.shown),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "CALLQ_ADMIN_TOKEN": "bench"},
    )
    try:
        while time.monotonic() - began < START_LIMIT_S:
            if server.poll() is not None:
                assert server.stderr is not None
                raise RuntimeError(f"the server ended:\n{server.stderr.read().decode()}")
            if _is_ready(port):
                return time.monotonic() - began
            time.sleep(0.005)
        raise RuntimeError("the server is not ready")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
        assert server.stderr is not None
        server.stderr.close()


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
