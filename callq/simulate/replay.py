"""Recorded days: those that callq has archived, and minute snapshots of other offices' queues.

An archived day says who came when and for what. The snapshots are CSV, plain or gzip, with a row for each
queue and moment: `office`, `date` (ISO), `time` (HH:MM), `queue_id`, `queue_name`, `open_counters`,
`waiting`, `now_serving` (the number on the screen, may be empty), `service_estimate_min`. People who came
between two moments are the change of `waiting` and the numbers called meanwhile; within that time they are
spread by chance. Nobody knows how long they were served: the office's own estimate is taken as the mean.
Nor is it known which counters were whose; windows are as many as the fullest hour needs.
"""

from __future__ import annotations

import csv
import gzip
import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from callq.config import Problem
from callq.domain.calendar import business_day, local_ms, parse_hours
from callq.domain.check_values import nearest
from callq.domain.errors import BadBytes
from callq.domain.events import TicketIssued, decode_batch
from callq.domain.hall import ProfileSlot
from callq.journal.records import unpacked
from callq.simulate.halls import minute_of
from callq.simulate.scenario import Day, Group, Handling, Layout, Scenario, ScenarioError

if TYPE_CHECKING:
    from collections.abc import Iterator
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

_NUMBER: Final = re.compile(r"(\d+)$")
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
      days: who came on each, as (from ms since midnight, to ms, group): somewhere between the two.
      dates: of the days.
    """

    scenario: Scenario
    days: tuple[tuple[tuple[int, int, int], ...], ...]
    dates: tuple[str, ...]


def recorded(path: Path, office: str) -> Recorded:
    """Read the days of an office.

    Raises:
      ScenarioError: the file cannot be read, a line is wrong, or there is no such office.
    """
    found: dict[str, dict[str, list[Snapshot]]] = {}
    names: dict[str, str] = {}
    offices: dict[str, None] = {}
    for row in _rows(path):
        offices.setdefault(row["office"])
        if row["office"] == office:
            names.setdefault(row["queue_id"], row["queue_name"])
            found.setdefault(row["date"], {}).setdefault(row["queue_id"], []).append(_snapshot(row))
    if not found:
        guess = nearest(office, offices)
        hint = f"did you mean {guess!r}?" if guess else f"one of: {', '.join(offices)}"
        raise ScenarioError(str(path), [Problem(0, None, "", f"there is no office {office!r}", hint)])
    return _of(path, office, found)


def archived(path: Path, config: HallConfig, scenario: Scenario) -> tuple[tuple[int, int, int], ...]:
    """Who came on a business day that callq has archived, to services that the scenario knows.

    Args:
      path: ``archive/HALL/DATE.gz`` of a node's data directory.
      config: the hall, for its time zone.
      scenario: of the hall; its groups are services.

    Raises:
      ScenarioError: it is no such file, or nobody came.
    """
    place = {group.code: number for number, group in enumerate(scenario.groups)}
    found: list[tuple[int, int, int]] = []
    day, midnight_ms = "", 0
    try:
        entries = unpacked(gzip.decompress(path.read_bytes())).entries
        for entry in entries:
            batch = decode_batch(entry.payload)
            for event in batch.events:
                if isinstance(event, TicketIssued) and event.service in place:
                    if not day:
                        day = business_day(batch.at_ms, config.timezone, config.day_starts)
                        midnight_ms = local_ms(day, 0, config.timezone)
                    at_ms = batch.at_ms - midnight_ms
                    found.append((at_ms, at_ms, place[event.service]))
    except (OSError, EOFError, BadBytes) as error:
        problem = Problem(0, None, "", f"is no archived day: {error}", "name a DATE.gz of callq's archive")
        raise ScenarioError(str(path), [problem]) from error
    if not found:
        problem = Problem(0, None, "", "nobody came to the hall's services", "choose another day")
        raise ScenarioError(str(path), [problem])
    return tuple(found)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows with every column, numbers and times looked at; the first mistake ends it."""

    def wrong(line: int, message: str, hint: str, column: str = "") -> ScenarioError:
        return ScenarioError(str(path), [Problem(line, None, column, message, hint)])

    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise wrong(1, f"no column {missing[0]!r}", f"columns: {', '.join(COLUMNS)}")
            for row in reader:
                line = reader.line_num
                if None in row or None in row.values():
                    raise wrong(line, "another number of columns than the first line", "look for a comma")
                for column in ("open_counters", "waiting"):
                    if not row[column].isdecimal():
                        raise wrong(line, f"{row[column]!r} is no number", "write digits", column)
                if not _is_number(row["service_estimate_min"]):
                    value = row["service_estimate_min"]
                    raise wrong(line, f"{value!r} is no number", "minutes", "service_estimate_min")
                if not _DATE.fullmatch(row["date"]):
                    raise wrong(line, f"{row['date']!r} is no date", "write it as YYYY-MM-DD", "date")
                if parse_hours(f"{row['time']}-24:00") is None:
                    raise wrong(line, f"{row['time']!r} is no time", "write it as HH:MM", "time")
                yield row
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise wrong(0, f"cannot be read: {error}", "give the path of a CSV file, plain or gzip") from error


def _is_number(text: str) -> bool:
    try:
        return 0 <= float(text) < math.inf
    except ValueError:
        return False


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
        tuple(sorted((begin, end, place[q]) for begin, end, q in day if q in place)) for day in arrivals
    )
    groups = tuple(
        Group(code=f"q{queue.lower()}", share=counts[queue], service_min=estimates[queue]) for queue in queues
    )
    return Recorded(_scenario(office, groups, days), days, tuple(dates))


def _scenario(
    office: str, groups: tuple[Group, ...], days: tuple[tuple[tuple[int, int, int], ...], ...]
) -> Scenario:
    volume = sum(len(day) for day in days) / len(days)
    mean = sum(g.share * g.service_min for g in groups) / sum(g.share for g in groups)
    begins = min(day[0][0] for day in days if day) // 3_600_000
    ends = max(end for day in days for _, end, _ in day) // 3_600_000 + 1
    hours = [0] * 24
    for day in days:
        for begin, _, _ in day:
            hours[begin // 3_600_000] += 1
    busiest = max(
        sum(begin // 3_600_000 == hour for begin, _, _ in day) for day in days for hour in range(24)
    )
    needed = max(len(groups) + 1, math.ceil(busiest / 60 * mean / BUSY))
    return Scenario(
        name=f"{office}, recorded",
        day=Day(volume=volume, opens=f"{begins:02}:00", closes=f"{min(ends, 24):02}:00"),
        groups=groups,
        profile=tuple(
            ProfileSlot(hours=f"{hour:02}:00-{hour + 1:02}:00", rate=count / len(days) / 60)
            for hour, count in enumerate(hours)
            if count
        ),
        handling=Handling(mean_min=mean),
        layout=Layout(domain=0, comprehensive=needed),
    )
