"""Recorded days: those that callq has archived, and minute snapshots of other offices' queues.

An archived day says who came when, for what and in which class. The snapshots are CSV, plain or gzip,
with a row for each queue and moment: `office`, `date` (ISO), `time` (HH:MM), `queue_id`, `queue_name`,
`open_counters`, `waiting`, `now_serving` (the number on the screen, may be empty),
`service_estimate_min`. People who came between two moments are the change of `waiting` and the numbers
called meanwhile; within that time they are spread by chance. Rows may be in any order. Nobody knows how
long they were served: the office's own estimate is taken as the mean. Nor is it known which counters were
whose; windows are as many as the fullest hour needs.
"""

from __future__ import annotations

import csv
import gzip
import math
import re
from collections import Counter
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from callq.config import Problem
from callq.domain.calendar import business_day, local_ms
from callq.domain.check_values import code, nearest, parse_date
from callq.domain.errors import BadBytes
from callq.domain.events import (
    ClassGranted,
    StepBegun,
    TicketIssued,
    TicketReassigned,
    TicketTransferred,
    decode_batch,
)
from callq.domain.hall import ProfileSlot
from callq.journal.records import unpacked
from callq.simulate.check import RANGES
from callq.simulate.draws import Came
from callq.simulate.halls import minute_of
from callq.simulate.scenario import NOT_UTF8, Day, Group, Layout, Scenario, ScenarioError, handling_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from callq.domain.hall import HallConfig

COLUMNS: Final = (
    "office",
    "date",
    "time",
    "queue_id",
    "queue_name",
    "open_counters",
    "waiting",
    "now_serving",
    "service_estimate_min",
)
MOST_AT_ONCE: Final = 60
"""More people of one queue between two moments are a slip of the recording: numbers that began again."""

LEAST_A_DAY: Final = 5.0
"""Queues with fewer people are left out: nobody would keep a window for them."""

NOT_KNOWN_MIN: Final = 10.0
"""Mean handling where the office estimates none."""

BUSY: Final = 0.9
"""Part of the time that windows are busy in the fullest hour."""

_NUMBER: Final = re.compile(r"(\d{1,9})$")
_COUNT: Final = re.compile(r"[0-9]{1,6}")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class Snapshot(NamedTuple):
    """A queue at a moment."""

    minute: int
    """Since midnight."""
    waiting: int
    number: int | None
    """The digits of the number that was called last."""
    estimate_min: float


class Recorded(NamedTuple):
    """Days of one office.

    Attributes:
      scenario: groups are its queues, windows what the fullest hour needs.
      days: who came on each.
      dates: of the days.
    """

    scenario: Scenario
    days: tuple[tuple[Came, ...], ...]
    dates: tuple[str, ...]


class Archived(NamedTuple):
    """A business day of the hall itself.

    Attributes:
      came: who took a ticket, with the class that it had in the end.
      left_out: people by service of which the scenario has no load.
      further: how many went on to another service, by a visit or a transfer; that is not lived again.
    """

    came: tuple[Came, ...]
    left_out: dict[str, int]
    further: int


def recorded(path: Path, office: str) -> Recorded:
    """Read the days of an office.

    Args:
      path: of the snapshots.
      office: whose; empty: of the only one that the file has.

    Raises:
      ScenarioError: the file cannot be read, a line is wrong, or there is no such office.
    """
    found: dict[str, dict[str, dict[str, list[Snapshot]]]] = {}
    for row in _rows(path):
        days = found.setdefault(row["office"], {})
        if office in ("", row["office"]):
            days.setdefault(row["date"], {}).setdefault(row["queue_id"], []).append(_snapshot(row))
    if not found:
        raise _wrong(path, 0, "has no rows", "write a row for each queue and moment")
    if not office and len(found) == 1:
        office = next(iter(found))
    if office not in found:
        guess = nearest(office, found)
        hint = f"did you mean {guess!r}?" if guess else f"name one by --office: {', '.join(found)}"
        message = f"there is no office {office!r}" if office else f"has {len(found)} offices"
        raise _wrong(path, 0, message, hint)
    return _of(path, office, found[office])


def date_of(path: Path, config: HallConfig) -> str:
    """The business day of a file that callq has archived, YYYY-MM-DD; see `archived`.

    Raises:
      ScenarioError: it is no such file, or nobody came.
    """
    with _told(path):
        for entry in unpacked(gzip.decompress(path.read_bytes())).entries:
            batch = decode_batch(entry.payload)
            if any(isinstance(event, TicketIssued) for event in batch.events):
                return business_day(batch.at_ms, config.timezone, config.day_starts)
    raise _nobody(path)


def archived(path: Path, config: HallConfig, scenario: Scenario) -> Archived:
    """Who came on a business day that callq has archived, to services that the scenario knows.

    Args:
      path: ``archive/HALL/DATE.gz`` of a node's data directory.
      config: the hall, for its time zone.
      scenario: of the hall; its groups are services.

    Raises:
      ScenarioError: it is no such file, or nobody came.
    """
    place = {group.code: number for number, group in enumerate(scenario.groups)}
    found: dict[str, Came] = {}
    services: dict[str, str] = {}
    left_out: Counter[str] = Counter()
    further = 0
    midnight_ms = local_ms(date_of(path, config), 0, config.timezone)
    with _told(path):
        entries = unpacked(gzip.decompress(path.read_bytes())).entries
        for entry in entries:
            batch = decode_batch(entry.payload)
            for event in batch.events:
                match event:
                    case TicketIssued(service=service) if service in place:
                        at_ms = batch.at_ms - midnight_ms
                        found[event.ticket] = Came(at_ms, at_ms, place[service], event.cls)
                        services[event.ticket] = service
                    case TicketIssued(service=service):
                        left_out[service] += 1
                    case ClassGranted(ticket=ticket) if ticket in found:
                        found[ticket] = found[ticket]._replace(cls=event.cls)
                    case TicketReassigned(ticket=ticket, service=service) if ticket in found:
                        services[ticket] = service
                        if service in place:
                            found[ticket] = found[ticket]._replace(group=place[service])
                        else:
                            del found[ticket]
                            left_out[service] += 1
                    case TicketTransferred(ticket=ticket, service=service) if ticket in found:
                        further += service != services[ticket]
                        services[ticket] = service
                    case StepBegun(ticket=ticket) if ticket in found:
                        further += 1
    if not found:
        raise _nobody(path)
    return Archived(tuple(found.values()), dict(left_out), further)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell of bytes that are no archived day as of a mistake in a file."""
    try:
        yield
    except (OSError, EOFError, BadBytes) as error:
        problem = Problem(0, None, "", f"is no archived day: {error}", "name a DATE.gz of callq's archive")
        raise ScenarioError(str(path), [problem]) from error


def _nobody(path: Path) -> ScenarioError:
    problem = Problem(0, None, "", "nobody came to the hall's services", "choose another day")
    return ScenarioError(str(path), [problem])


def _wrong(path: Path, line: int, message: str, hint: str, column: str = "") -> ScenarioError:
    return ScenarioError(str(path), [Problem(line, None, column, message, hint)])


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows with every column, numbers and times looked at; the first mistake ends it."""
    line = 1
    try:
        with (gzip.open if path.suffix == ".gz" else open)(
            *(path, "rt"), encoding="utf-8-sig", newline=""
        ) as file:
            reader = csv.DictReader(file)
            _check_columns(path, list(reader.fieldnames or ()))
            for row in reader:
                line = reader.line_num
                if None in row or None in row.values():
                    message, hint = (
                        "another number of columns than the first line",
                        "look for a comma or a quote",
                    )
                    raise _wrong(path, line, message, hint)
                for column, judge in _JUDGES.items():
                    told = judge(row[column])
                    if told is not None:
                        raise _wrong(path, line, f"{row[column][:40]!r} {told[0]}", told[1], column)
                yield row
    except UnicodeDecodeError as error:
        if path.suffix == ".gz":
            raise _wrong(path, 0, "is no CSV file", "for an archived day add --hall") from error
        raise _wrong(path, 0, "the file is not UTF-8 text", NOT_UTF8) from error
    except csv.Error as error:
        raise _wrong(path, line + 1, f"is no CSV: {error}", "look for a quote that is not closed") from error
    except (OSError, EOFError) as error:
        why = getattr(error, "strerror", None) or error
        raise _wrong(
            path, 0, f"cannot be read: {why}", "give the path of a CSV file, plain or gzip"
        ) from error


def _check_columns(path: Path, names: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in names]
    if not names:
        raise _wrong(path, 0, "the file is empty", f"its first line names the columns: {','.join(COLUMNS)}")
    if not missing:
        return
    for mark, called in (("\t", "tabs"), (";", "semicolons"), ("|", "bars")):
        if len(names) == 1 and mark in names[0]:
            raise _wrong(path, 1, f"columns are divided by {called}", "save it with commas")
    guess = nearest(missing[0].strip(), [name for name in names if name not in COLUMNS])
    hint = f"write it for {guess!r}" if guess else f"columns: {', '.join(COLUMNS)}"
    raise _wrong(path, 1, f"no column {missing[0]!r}", hint)


_Told = tuple[str, str] | None
"""What is wrong with a value and what to write instead; None: nothing."""


@lru_cache(maxsize=4096)
def _count(text: str) -> _Told:
    return None if _COUNT.fullmatch(text) else ("is no number of people or windows", "write up to 6 digits")


@lru_cache(maxsize=4096)
def _minutes(text: str) -> _Told:
    low, high = RANGES["mean_min"]
    try:
        minutes = float(text)
    except ValueError:
        return "is no number", "write minutes, 0 where nobody knows"
    good = minutes == 0 or low <= minutes <= high
    return None if good else ("is out of range", f"write minutes from {low:g} to {high:g}, or 0")


@lru_cache(maxsize=4096)
def _date(text: str) -> _Told:
    good = _DATE.fullmatch(text) and parse_date(text) is not None
    return None if good else ("is no date", "write it as YYYY-MM-DD")


@lru_cache(maxsize=4096)
def _time(text: str) -> _Told:
    return None if _TIME.fullmatch(text) else ("is no time", "write it as HH:MM")


_JUDGES: Final[dict[str, Callable[[str], _Told]]] = {
    "date": _date,
    "time": _time,
    "open_counters": _count,
    "waiting": _count,
    "service_estimate_min": _minutes,
}
"""By column."""


def _snapshot(row: dict[str, str]) -> Snapshot:
    digits = _NUMBER.search(row["now_serving"])
    return Snapshot(
        minute_of(row["time"]),
        int(row["waiting"]),
        int(digits[1]) if digits else None,
        float(row["service_estimate_min"]),
    )


def came(before: Snapshot, after: Snapshot) -> int:
    """How many people came to a queue between two moments."""
    called = 0
    if before.number is not None and after.number is not None and after.number > before.number:
        called = after.number - before.number
    elif before.number is None and after.number is not None:
        called = 1
    people = after.waiting - before.waiting + called
    return people if 0 < people <= MOST_AT_ONCE else 0


def _of(path: Path, office: str, found: dict[str, dict[str, list[Snapshot]]]) -> Recorded:
    dates = sorted(found)
    counts: dict[str, int] = {}
    estimates: dict[str, float] = {}
    arrivals: list[list[tuple[int, int, str]]] = []
    for date in dates:
        day: list[tuple[int, int, str]] = []
        for queue, snapshots in found[date].items():
            ordered = sorted(snapshots)
            known = [each.estimate_min for each in ordered if each.estimate_min]
            estimates.setdefault(queue, known[0] if known else NOT_KNOWN_MIN)
            for before, after in pairwise(ordered):
                day += [(before.minute * 60_000, after.minute * 60_000, queue)] * came(before, after)
        for _, _, queue in day:
            counts[queue] = counts.get(queue, 0) + 1
        arrivals.append(day)
    queues = [queue for queue, count in counts.items() if count >= LEAST_A_DAY * len(dates)]
    if not queues:
        problem = Problem(0, None, "", f"nobody came to {office!r}", "choose another office")
        raise ScenarioError(str(path), [problem])
    place = {queue: number for number, queue in enumerate(queues)}
    days = tuple(
        tuple(sorted(Came(begin, end, place[q]) for begin, end, q in day if q in place)) for day in arrivals
    )
    groups = tuple(
        Group(code=_code(queue, number), share=counts[queue], service_min=estimates[queue])
        for number, queue in enumerate(queues, 1)
    )
    return Recorded(_scenario(office, groups, days), days, tuple(dates))


def _code(queue: str, number: int) -> str:
    """A code for a queue: its own id, or its place where that cannot be one."""
    found = f"q{queue.lower()}"
    return found if not any(code("", found)) else f"queue-{number}"


def _scenario(office: str, groups: tuple[Group, ...], days: tuple[tuple[Came, ...], ...]) -> Scenario:
    volume = sum(len(day) for day in days) / len(days)
    handling = handling_of(groups)
    begins = min(day[0].from_ms for day in days if day) // 3_600_000
    ends = max(one.to_ms for day in days for one in day) // 3_600_000 + 1
    hours = [0] * 24
    for day in days:
        for one in day:
            hours[one.from_ms // 3_600_000] += 1
    busiest = max(sum(one.from_ms // 3_600_000 == hour for one in day) for day in days for hour in range(24))
    needed = max(len(groups) + 1, math.ceil(busiest / 60 * handling.mean_min / BUSY))
    return Scenario(
        name=f"{office}, recorded",
        day=Day(volume=volume, opens=f"{begins:02}:00", closes=f"{min(ends, 24):02}:00"),
        groups=groups,
        profile=tuple(
            ProfileSlot(hours=f"{hour:02}:00-{hour + 1:02}:00", rate=count / len(days) / 60)
            for hour, count in enumerate(hours)
            if count
        ),
        handling=handling,
        layout=Layout(domain=0, comprehensive=needed),
    )
