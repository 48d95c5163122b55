"""`callq doctor`: whether this installation can keep its promises."""

from __future__ import annotations

import shutil
import sys
import tempfile
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

    from callq.journal.redis.endpoint import Endpoint

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
        description="Check Redis, durability, clock, voice, disk and port, as `callq serve` would use them. "
        "Of a store that is not running the files are looked at, and the settings on a server without data.",
        epilog="Exit status 1 if callq could not run. It changes nothing, and starts nothing on data.",
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
    say(_voice(args.data))
    await _store(args, say)
    say(_port(*args.listen))
    return worst


def format_check(check: Check, *, colour: bool) -> str:
    """One line, and the hint in a second one."""
    code = {"ok": "32", "warning": "33", "error": "31"}[check.verdict] if colour else ""
    mark = f"\x1b[{code}m{check.verdict:7}\x1b[0m" if code else f"{check.verdict:7}"
    return f"{mark} {check.what}: {check.found}" + (f"\n        hint: {check.hint}" if check.hint else "")


def _voice(data: Path | None) -> Check:
    """Whether calls can be spoken: made, not only looked for."""
    from callq.domain.hall import Voice
    from callq.voice.clips import Clips, VoiceMissing
    from callq.voice.text import Told, spoken

    clips = Clips(data / "voice" if data is not None else None)
    try:
        made = clips.make(spoken(Voice(), Told("A012", "3", {}, False)))
    except VoiceMissing as missing:
        return Check("warning", "voice", missing.detail, missing.hint)
    recorded = sum(1 for clip in made.clips if clip is not None)
    return Check("ok", "voice", f"a call is spoken, {recorded} of {len(made.clips)} pieces from recordings")


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

    try:
        if args.redis is not None:
            await _look_at_url(args, say)
        else:
            await _look_at_directory(args, say)
    except (StoreRefused, StoreUnavailable) as error:
        say(Check("error", "store", str(error), "mend this, then run `callq doctor` again"))


async def _look_at_url(args: argparse.Namespace, say: Callable[[Check], None]) -> None:
    from callq.journal.redis.endpoint import Endpoint

    endpoint = Endpoint.from_url(args.redis)
    await _look_at(endpoint, f"the Redis at {endpoint.shown}", args, say)


async def _look_at_directory(args: argparse.Namespace, say: Callable[[Check], None]) -> None:
    """The server that runs in the directory; else its files, and settings on a server of no account."""
    from callq.journal.redis.identity import (
        STORE_FILE,
        look_at_data_files,
        read_store_file,
        refuse_elsewhere,
    )
    from callq.journal.redis.look import running_in
    from callq.journal.redis.process import choose_program
    from callq.journal.redis.store import open_store

    data: Path | None = args.data
    written_by = None
    if data is not None:
        refuse_elsewhere(data)
        if (running := await running_in(data)) is not None:
            endpoint, is_held = running
            left = "" if is_held else ", left behind by an earlier callq: the next one takes it over"
            await _look_at(endpoint, f"the redis-server that runs in {data}{left}", args, say)
            return
        file = read_store_file(data / STORE_FILE)
        written_by = file.server if file else None
    program = choose_program(None, written_by)
    say(Check("ok", "redis-server", f"{program.version}, {program.path}"))
    if data is not None and (file := look_at_data_files(data, data / "redis", program.version)):
        found = f"{file.store}, created {file.created}; this redis-server can read its files"
        say(Check("ok", "store", found))
    with tempfile.TemporaryDirectory(prefix="callq-doctor-") as scratch:
        async with open_store(
            Path(scratch), durability=args.durability, purpose="tool", program=program.path
        ) as store:
            endpoint = store.journal.endpoint
            await _look_at(endpoint, "a redis-server started for this, on no data", args, say, scratch=True)


async def _look_at(
    endpoint: Endpoint,
    what: str,
    args: argparse.Namespace,
    say: Callable[[Check], None],
    *,
    scratch: bool = False,
) -> None:
    """Look at a server and say what is there; of a `scratch` one only how it is set up."""
    import structlog

    from callq.journal.redis.look import look_at

    say(Check("ok", "looked at", what))
    log = structlog.get_logger("callq.store")
    sight = await look_at(endpoint, args.durability, data_dir=None if scratch else args.data, log=log)
    for finding in sight.findings:
        say(Check(finding.severity, finding.what, finding.found, finding.hint))
    if sight.missing_right:
        hint = "docs/redis.md has a line with all rights that its user needs"
        say(Check("error", "rights", f"callq may not use {sight.missing_right}", hint))
    else:
        say(Check("ok", "rights", "all that callq needs"))
    if sight.refused:
        say(Check("error", "store", sight.refused, "mend this, then run `callq doctor` again"))
    elif sight.identity and not scratch:
        say(Check("ok", "store", f"{sight.identity.store}, created {sight.identity.created}"))
    elif not scratch:
        say(Check("ok", "store", "none yet: the first `callq serve` creates it"))
    if abs(sight.off_ms) <= CLOCK_LIMIT_MS:
        say(Check("ok", "clock", f"{sight.off_ms} ms from the one of Redis"))
    else:
        hint = "set both clocks by NTP (`timedatectl set-ntp true`)"
        say(Check("error", "clock", f"{sight.off_ms} ms from the one of Redis", hint))


def _port(host: str, port: int) -> Check:
    try:
        refuse_taken(host, port)
    except UserError as error:
        return Check(
            "warning", f"port {port}", str(error), f"if that is callq itself, all is well; {error.hint}"
        )
    return Check("ok", f"port {port}", "free")
