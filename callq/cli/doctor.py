"""`callq doctor`: whether this installation can keep its promises."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from callq import __version__
from callq.cli.errors import UserError
from callq.cli.hall import wants_colour
from callq.cli.logs import configure_logs
from callq.cli.ports import address, refuse_taken

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from callq.journal.redis.store import Store

CLOCK_LIMIT_MS: Final = 2000
"""Beyond this a node and its Redis disagree about the time; numbers and waits would be wrong."""

DISK_MIN_BYTES: Final = 1 << 30


class Check(NamedTuple):
    """One thing that was looked at; `verdict` is ``ok``, ``warning`` or ``error``."""

    verdict: str
    what: str
    found: str
    hint: str = ""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `doctor`."""
    doctor = commands.add_parser(
        "doctor",
        help="check this installation",
        description="Check Redis, durability, clock, disk and port, as `callq serve` would use them.",
        epilog="Exit status 1 if callq could not run. It changes nothing.",
    )
    doctor.add_argument("--data", metavar="DIR", type=Path, help="data directory of the server")
    doctor.add_argument("--redis", metavar="URL", help="the running Redis that the server uses")
    doctor.add_argument("--listen", metavar="HOST:PORT", type=address, default=("127.0.0.1", 8080))
    doctor.add_argument("--durability", choices=("fsync", "everysec"), default="fsync")
    doctor.set_defaults(run=run_doctor)


def run_doctor(args: argparse.Namespace) -> int:
    """Print one line for each check; exit status 1 if one of them is an error."""
    # What the parts log on the way would only hide the list.
    configure_logs("console", "error")
    import trio

    return trio.run(_examine, args)


async def _examine(args: argparse.Namespace) -> int:
    colour = wants_colour(sys.stdout)
    worst = 0

    def say(check: Check) -> None:
        nonlocal worst
        worst = max(worst, check.verdict == "error")
        print(format_check(check, colour=colour), flush=True)

    say(Check("ok", "callq", f"{__version__} on Python {sys.version.split()[0]}"))
    for check in _local(args.data):
        say(check)
    await _store(args, say)
    say(_port(*args.listen))
    return worst


def format_check(check: Check, *, colour: bool) -> str:
    """One line, and the hint in a second one."""
    code = {"ok": "32", "warning": "33", "error": "31"}[check.verdict] if colour else ""
    mark = f"\x1b[{code}m{check.verdict:7}\x1b[0m" if code else f"{check.verdict:7}"
    return f"{mark} {check.what}: {check.found}" + (f"\n        hint: {check.hint}" if check.hint else "")


def _local(data: Path | None) -> Iterator[Check]:
    """Time zones and disk."""
    try:
        zoneinfo.ZoneInfo("Asia/Shanghai")
        yield Check("ok", "time zones", "known")
    except zoneinfo.ZoneInfoNotFoundError:
        yield Check("error", "time zones", "the system has none", "`apt-get install tzdata`")
    if data is None:
        return
    # The nearest directory that exists: `callq serve` makes the rest.
    place = next(each for each in (data.absolute(), *data.absolute().parents) if each.exists())
    try:
        # Trying is surer than asking: root may write anywhere, except where nobody may.
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        found = f"{place} cannot be written: {error.strerror}"
        yield Check("error", "data directory", found, "change its owner, or choose another")
        return
    yield Check("ok", "data directory", f"{data} can be written")
    free = shutil.disk_usage(place).free
    verdict = "ok" if free >= DISK_MIN_BYTES else "warning"
    hint = "" if verdict == "ok" else "redis-server ends when the disk is full: make room"
    yield Check(verdict, "disk", f"{free / (1 << 30):.1f} GiB free", hint)
    if alarms := sorted((data / "alarms").glob("*.json")):
        yield Check(
            "warning",
            "alarms",
            f"{len(alarms)} in {data / 'alarms'}, the newest {alarms[-1].name}",
            "acknowledged entries were lost: put right what the files list, then delete them",
        )


async def _store(args: argparse.Namespace, say: Callable[[Check], None]) -> None:
    """Redis: the one named, the one of the data directory, or one that is started only for this."""
    from callq.domain.errors import StoreUnavailable
    from callq.journal.port import StoreRefused
    from callq.journal.redis.identity import STORE_FILE
    from callq.journal.redis.process import choose_program
    from callq.journal.redis.store import open_store

    if args.redis is None:
        try:
            program = choose_program(None, None)
        except StoreRefused as error:
            say(Check("error", "redis-server", "none that callq can run", str(error)))
            return
        say(Check("ok", "redis-server", f"{program.version}, {program.path}"))
    with tempfile.TemporaryDirectory(prefix="callq-doctor-") as scratch:
        used = args.data is not None and (args.data / STORE_FILE).exists()
        where = args.data if used else Path(scratch)
        try:
            async with open_store(
                where, redis_url=args.redis, durability=args.durability, purpose="tool"
            ) as store:
                for check in await _of_store(store):
                    say(check)
        except (StoreRefused, StoreUnavailable) as error:
            say(Check("error", "store", str(error), "mend this, then run `callq doctor` again"))


async def _of_store(store: Store) -> list[Check]:
    from callq.journal.redis.connection import Client

    shown = {finding.what: finding for finding in store.findings}
    checks = [Check(finding.severity, what, finding.found, finding.hint) for what, finding in shown.items()]
    client = Client(store.journal.endpoint)
    try:
        before = time.time()
        (reply,) = await client.ask(("TIME",))
        # The server's moment lies between asking and hearing: compare with the middle.
        here_ms = (before + time.time()) * 500
    finally:
        client.close()
    seconds, microseconds = (int(part) for part in reply)
    off_ms = round(here_ms - (seconds * 1000 + microseconds / 1000))
    if abs(off_ms) <= CLOCK_LIMIT_MS:
        checks.append(Check("ok", "clock", f"{off_ms} ms from the one of Redis"))
    else:
        hint = "set both clocks by NTP (`timedatectl set-ntp true`)"
        checks.append(Check("error", "clock", f"{off_ms} ms from the one of Redis", hint))
    return checks


def _port(host: str, port: int) -> Check:
    try:
        refuse_taken(host, port)
    except UserError as error:
        return Check(
            "warning", f"port {port}", str(error), f"if that is callq itself, all is well; {error.hint}"
        )
    return Check("ok", f"port {port}", "free")
