"""Results as tables for a terminal."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from rich.table import Table

from callq.simulate.results import paired

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from callq.simulate.recovery import Recovery
    from callq.simulate.results import Interval, Result
    from callq.simulate.whatif import Answer


def _minutes(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


ROWS: Final[tuple[tuple[str, Callable[[Result], str]], ...]] = (
    ("people a day", lambda r: f"{r.summary.people / r.summary.days:,.0f}"),
    ("mean wait, min", lambda r: _minutes(r.summary.mean_wait_min)),
    ("mean of the days' means, min", lambda r: _ranged(r.summary.mean_wait_ci_min, r.summary.days)),
    ("p50, min", lambda r: _minutes(r.summary.p50_wait_min)),
    ("p90, min", lambda r: _minutes(r.summary.p90_wait_min)),
    ("p99, min", lambda r: _minutes(r.summary.p99_wait_min)),
    ("longest, min", lambda r: _minutes(r.summary.max_wait_min)),
    ("priority: mean / p99, min", lambda r: _class(r, "priority")),
    ("appointments: mean / p99, min", lambda r: _class(r, "appointment")),
    ("worst group, min", lambda r: _worst(r)),
    ("largest / smallest group", lambda r: _ratio(r.summary.max_to_min_group)),
    ("staff-hours a day", lambda r: f"{r.summary.staff_hours:.1f}"),
    ("openings a day", lambda r: f"{r.summary.openings:.1f}"),
    (
        "gave up / not there / not served, %",
        lambda r: _parts(r, r.summary.left, r.summary.no_shows, r.summary.unserved),
    ),
    (
        "turned away / guided elsewhere, %",
        lambda r: _parts(r, r.summary.turned_away, r.summary.guided),
    ),
)
"""What is told of a run: a name, and the text of it."""

WHOSE: Final = "Waits are of people who were called; the last two rows tell of those who were not."


RECOVERY: Final[tuple[tuple[str, Callable[[Recovery], str]], ...]] = (
    (
        "until no wait is over its target, min: mean / most",
        lambda r: _most(r.under_target_min, r.under_target_most_min),
    ),
    (
        "until the head waits no longer than without, min: mean / most",
        lambda r: _most(r.as_without_min, r.as_without_most_min),
    ),
    (
        "minutes with a wait over its target / without",
        lambda r: f"{r.above_target_min:.1f} / {r.above_target_without_min:.1f}",
    ),
)
"""What is told of a run on whose days something went wrong."""


def _most(mean: float, most: int) -> str:
    return f"{mean:.1f} / {most}"


def _rows(results: Sequence[Result]) -> list[tuple[str, list[str]]]:
    """What is told of some runs: a name, and a text for each."""
    found = [(name, [text(result) for result in results]) for name, text in ROWS]
    if any(result.recovery for result in results):
        found += [
            (name, [text(result.recovery) if result.recovery else "-" for result in results])
            for name, text in RECOVERY
        ]
    return found


def _ranged(interval: Interval, days: int) -> str:
    """A mean wait of the days with its interval, as far as that is a wait: of few days it reaches below 0."""
    spread = f"{_minutes(max(0.0, interval.low))} to {_minutes(interval.high)}" if days > 1 else "-"
    return f"{_minutes(interval.mean)} ({spread})"


def _told(interval: Interval, days: int, form: str) -> str:
    """A mean with its interval; one day has none."""
    if not isfinite(interval.mean):
        return "-"
    spread = f"{interval.low:{form}} to {interval.high:{form}}" if days > 1 else "-"
    return f"{interval.mean:{form}} ({spread})"


def _worst(result: Result) -> str:
    """The largest mean wait, and of which groups nobody was called."""
    never = [name for name, waits in result.groups.items() if not waits.people]
    worst = _minutes(result.summary.worst_group_min) if len(never) < len(result.groups) else "-"
    return f"{worst} ({', '.join(never)}: -)" if never else worst


def _ratio(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 100 else "over 100"


def _class(result: Result, name: str) -> str:
    waits = result.classes[name]
    return f"{_minutes(waits.mean_wait_min)} / {_minutes(waits.p99_wait_min)}" if waits.people else "-"


def _parts(result: Result, *counts: int) -> str:
    people = max(1, result.summary.people)
    return " / ".join(f"{100 * n / people:.1f}" for n in counts)


def table_of(result: Result) -> Table:
    """One run."""
    title = f"{result.scenario}: {result.policy}, tides {result.tidal}, {result.volume:,.0f} people"
    table = Table(
        title=f"{title}, {result.summary.days} days, seed {result.seed}",
        title_justify="left",
        caption=WHOSE,
        caption_justify="left",
    )
    table.add_column("figure")
    table.add_column("found", justify="right")
    for name, texts in _rows([result]):
        table.add_row(name, *texts)
    return table


def by_time(result: Result) -> Table:
    """One run, by the quarter of an hour in which people came."""
    table = Table(title="by time of day", title_justify="left", caption=_NEEDED, caption_justify="left")
    for name in ("from", "people", "mean wait, min", "p90, min", "windows open", "windows needed"):
        table.add_column(name, justify="right")
    for part in result.by_time:
        table.add_row(
            f"{part.from_min // 60:02}:{part.from_min % 60:02}",
            f"{part.people:.1f}",
            _minutes(part.mean_wait_min) if part.people else "-",
            _minutes(part.p90_wait_min) if part.people else "-",
            f"{part.windows_open:.1f}",
            f"{part.windows_needed:.1f}",
        )
    return table


_NEEDED: Final = (
    "Averages of the days. Needed: as the plan of the tides reckons; without one, windows busy if nobody "
    "waited, and safety."
)


def comparison(named: Sequence[tuple[str, Result]]) -> Table:
    """Several runs of the same days, the first being what the others are held against.

    Raises:
      ValueError: they are not of the same days.
    """
    (base_name, base), *others = named
    table = Table(
        title=f"against {base_name}: ratio with its 95% interval",
        title_justify="left",
        caption=WHOSE.replace("last two rows", "two rows above the line"),
        caption_justify="left",
    )
    table.add_column("figure")
    table.add_column(base_name, justify="right")
    for name, _ in others:
        table.add_column(name, justify="right")
    for title, texts in _rows([base, *(other for _, other in others)]):
        table.add_row(title, *texts)
    table.add_section()
    differences = [paired(base, other) for _, other in others]
    for rows in zip(*differences, strict=True):
        table.add_row(f"{rows[0].figure} by day", "1", *(_told(r.ratio, len(base.days), ".3f") for r in rows))
    return table


def question(title: str, found: Sequence[Answer], days: int) -> Table:
    """What would be on so many days, possibility by possibility."""
    table = Table(
        title=title,
        title_justify="left",
        caption="Waits are of people who were called. Elsewhere: guided to another way or day.",
        caption_justify="left",
    )
    names = (
        "",
        "mean wait, min",
        "against today, min",
        "p90, min",
        "worst group, min",
        "staff-hours a day",
        "not served / elsewhere, %",
    )
    for name in names:
        table.add_column(name, justify="right" if name else "left", no_wrap=name in {"", names[2]})
    for row in found:
        table.add_row(
            f"{row.what} (today)" if row.is_today else row.what,
            _minutes(row.mean_wait_min),
            "" if row.is_today else _told(row.difference_min, days, "+.2f"),
            _minutes(row.p90_wait_min),
            _minutes(row.worst_group_min),
            f"{row.staff_hours:.1f}",
            f"{100 * row.not_served:.1f} / {100 * row.guided:.1f}",
        )
    return table
