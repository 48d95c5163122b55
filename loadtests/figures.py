"""What a benchmark found: each figure beside its baseline of the same run, and whether it is good enough.

Absolute figures belong to a machine and an hour. A baseline that does the least that could do the same job
is measured in turns with what is judged, so that both meet the same neighbours; the ratio of each pair is
taken, and the median of these decides.
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec
import trio
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from rich.progress import Progress


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What a figure has to reach.

    Attributes:
      of: the ratio to the baseline, or the value itself in the figure's unit.
      at: which side of the limit is good.
      limit: the limit, which still counts as reached.
    """

    of: Literal["ratio", "value"]
    at: Literal["least", "most"]
    limit: float


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of a report.

    Attributes:
      what: was measured, in a few words.
      unit: of `values`, such as ``/s``, ``ms``, ``bytes``.
      values: one a run.
      baseline: what was measured beside it; empty: nothing.
      baselines: one a run, in `unit`.
      bound: what it has to reach; None: it is only recorded.
    """

    what: str
    unit: str
    values: tuple[float, ...]
    baseline: str = ""
    baselines: tuple[float, ...] = ()
    bound: Bound | None = None

    @property
    def value(self) -> float:
        """Median of the runs."""
        return statistics.median(self.values)

    @property
    def base(self) -> float | None:
        """Median of the baseline's runs."""
        return statistics.median(self.baselines) if self.baselines else None

    @property
    def ratio(self) -> float | None:
        """Median over the runs of value by baseline."""
        if not self.baselines:
            return None
        return statistics.median(v / b for v, b in zip(self.values, self.baselines, strict=True))

    @property
    def reached(self) -> bool | None:
        """Whether the bound is kept; None without one."""
        if self.bound is None:
            return None
        found = self.value if self.bound.of == "value" else self.ratio
        assert found is not None, "a bound on the ratio wants a baseline"
        return found >= self.bound.limit if self.bound.at == "least" else found <= self.bound.limit

    def cells(self) -> tuple[str, str, str, str, str]:
        """Words for a table: what, value, baseline, ratio, goal."""
        value = f"{shown(self.value)} {self.unit}"
        base = f"{shown(self.base)} {self.unit}: {self.baseline}" if self.base is not None else ""
        ratio = f"{self.ratio:.2f}" if self.ratio is not None else ""
        return self.what, value, base, ratio, self._goal()

    def _goal(self) -> str:
        if self.bound is None:
            return "recorded"
        side = "at least" if self.bound.at == "least" else "at most"
        limit = shown(self.bound.limit)
        wanted = f"{side} {limit} {self.unit}" if self.bound.of == "value" else f"{side} {limit} times"
        return f"{wanted}: {'reached' if self.reached else '**missed**'}"


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a scenario found.

    Attributes:
      name: of the scenario.
      when: UTC, ISO.
      machine: processor, cores, Python.
      source: the commit that was measured, see `source`; empty: it was not recorded.
      figures: rows.
      setting: what one has to know to read them, one sentence each.
      commands_per_s: that one hall committed and acknowledged; only of `engine`.
    """

    name: str
    when: str
    machine: str
    figures: tuple[Figure, ...]
    setting: tuple[str, ...] = ()
    source: str = ""
    commands_per_s: float | None = None

    @property
    def missed(self) -> list[str]:
        """Figures that did not reach their bound."""
        return [figure.what for figure in self.figures if figure.reached is False]

    def table(self) -> Table:
        """For a terminal."""
        table = Table("what", "value", "baseline", "ratio", "goal", title=f"{self.name}: {self.machine}")
        for figure in self.figures:
            table.add_row(*(cell.replace("*", "") for cell in figure.cells()))
        return table

    def told(self) -> str:
        """When, where and of which source; then the setting."""
        source = f"of {self.source}" if self.source else "of a commit that was not recorded"
        return " ".join((f"Measured {self.when[:10]} {source}, on {self.machine}.", *self.setting))

    def markdown(self) -> str:
        """The same as a table of a document."""
        rows = [("what", "measured", "beside it", "ratio", "goal"), ("---",) * 5]
        rows += [figure.cells() for figure in self.figures]
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        return "\n".join(lines)


def report(name: str, figures: list[Figure], *setting: str) -> Report:
    """A report of this machine and moment."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return Report(name=name, when=when, machine=machine(), figures=tuple(figures), setting=setting)


def source() -> str:
    """The commit that is checked out, and whether the tree differs from it, but for what benchmarks write.

    Returns:
      Such as ``commit 0123456789ab`` or ``commit 0123456789ab with changes``; empty where git does not tell.
    """
    written = (":(exclude,top)loadtests/results", ":(exclude,top)docs/performance.md")
    try:
        commit, changes = (
            subprocess.run(
                ["git", *arguments], cwd=Path(__file__).parent, check=True, capture_output=True, text=True
            ).stdout.strip()
            for arguments in (
                ("rev-parse", "--short=12", "HEAD"),
                ("status", "--porcelain", "--", ":(top)", *written),
            )
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f"commit {commit}{' with changes' if changes else ''}"


def machine() -> str:
    """Processor, cores and Python, as far as the system tells."""
    model, cores = platform.machine(), 0
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                name, _, value = line.partition(":")
                model = value.strip() if name.strip() == "model name" else model
                cores += name.strip() == "processor"
    except OSError:
        pass
    return f"{cores or 1} cores of {model}, Python {platform.python_version()}"


SIGNIFICANT: Final = 3


def shown(value: float | None) -> str:
    """A figure as people read it: three digits that mean something, thousands apart."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    text = f"{value:.{SIGNIFICANT}g}"
    return f"{float(text):g}"


def in_turns(
    runs: int,
    ours: Callable[[], float],
    beside: Callable[[], float],
    progress: Progress | None = None,
    what: str = "runs",
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Measure two things in turns, so that both meet the same neighbours.

    Returns:
      `runs` values of each; pairs stand at the same place. Every second pair begins with the other.
    """
    values, baselines = [], []
    task = progress.add_task(what, total=runs) if progress else None
    for run in range(runs):
        if run % 2:
            values.append(ours())
            baselines.append(beside())
        else:
            baselines.append(beside())
            values.append(ours())
        if progress is not None and task is not None:
            progress.advance(task)
    return tuple(values), tuple(baselines)


async def singly(
    times: int,
    ours: Callable[[int], Awaitable[None]],
    beside: Callable[[int], Awaitable[None]],
    *,
    rest_s: float,
) -> tuple[list[float], list[float]]:
    """Do two things by turns, one at a time, every second pair the other way round; seconds that each took.

    Args:
      times: how often each is done.
      ours: gets which time it is.
      beside: as `ours`.
      rest_s: nothing is done for so long before each.
    """
    taken: tuple[list[float], list[float]] = ([], [])
    turns = [(beside, taken[1]), (ours, taken[0])]
    for each in range(times):
        for do, kept in turns:
            await trio.sleep(rest_s)
            began = time.perf_counter()
            await do(each)
            kept.append(time.perf_counter() - began)
        turns.reverse()
    return taken


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of all do not exceed; nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
