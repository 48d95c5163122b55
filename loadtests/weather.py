"""What panels met with in storms, and whether that is good enough and the server holds on to nothing."""

from __future__ import annotations

import statistics
from itertools import accumulate, combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from loadtests.figures import Bound, Figure, percentile
from loadtests.storm import LARGE, OPENED, UNTAKEN

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Sequence

MAX_P99_MS: Final = 250.0
MAX_PRESS_MS: Final = 1_000.0
MAX_VIEW_MS: Final = 2_000.0
MAX_PEAK_MB: Final = 256.0
MAX_BLOCKS: Final = 50.0
"""Left by 1,000 strangers: one small object kept for each of them is twenty times that."""

MAX_HEAP_KB: Final = 60.0
"""Left by 1,000 strangers: a buffer that grows by 60 bytes for each; blocks do not tell of it."""

MAX_STOP_S: Final = 3.0
MAX_MORE: Final = 0.3
"""Descriptors, and threads, a storm: one that stays each time is three times that."""


class Met(NamedTuple):
    """What panels met with for some time, milliseconds.

    Attributes:
      presses: from each press to its answer.
      views: from before a newcomer's connection until its first view was there.
      signed: from the newcomer's first press to its answer.
      failed: what newcomers and the kiosk were told that got nothing.
    """

    presses: list[float]
    views: list[float]
    signed: list[float]
    failed: list[str]


class Size(NamedTuple):
    """Of the server.

    Attributes:
      memory_mb: resident, of what is not garbage.
      blocks: held, see `loadtests.looking`.
      heap_bytes: in use, see there.
      entries: that the hall has written.
      descriptors: open.
      threads: of the process.
    """

    memory_mb: float
    blocks: int
    heap_bytes: int
    entries: int
    descriptors: int
    threads: int


class Weather(NamedTuple):
    """One run.

    Attributes:
      calm: before the storm.
      storm: in it.
      blown: what the storm did, counted as `loadtests.storm` says.
      seconds: that it took.
      between: the server after the calm.
      after: after the storm.
    """

    calm: Met
    storm: Met
    blown: Counter[str]
    seconds: float
    between: Size
    after: Size

    @property
    def strangers(self) -> int:
        """Connections of those who mean harm."""
        return self.blown[OPENED] + self.blown[UNTAKEN]


class Found(NamedTuple):
    """All that was measured.

    Attributes:
      runs: calm and storm.
      before: the first of them.
      peak_mb: the most memory that was resident at any time.
      crowded: lines of the log that say that there was no room.
      tracebacks: in the log.
      stop_s: until the server had ended, with clients that never read.
    """

    runs: list[Weather]
    before: Size
    peak_mb: float
    crowded: int
    tracebacks: int
    stop_s: float


def level(values: Sequence[float]) -> float:
    """How much higher the last third of the values lies than the middle one."""
    third = len(values) // 3
    return statistics.mean(values[-third:]) - statistics.mean(values[-2 * third : -third])


def slope(values: Sequence[float]) -> float:
    """How much the values rise from one to the next: the median over all pairs of the last two thirds."""
    late = list(enumerate(values))[-2 * (len(values) // 3) :]
    return statistics.median((b - a) / (j - i) for (i, a), (j, b) in combinations(late, 2))


def most(limit: float) -> Bound:
    """The value may not be more."""
    return Bound(of="value", at="most", limit=limit)


def figures(found: Found) -> list[Figure]:
    """What was found, as rows."""
    return [*_strength(found), *_answers(found.runs), *_growth(found), *_end(found)]


def _strength(found: Found) -> Iterator[Figure]:
    for what, kind in (
        ("connections opened and dropped", OPENED),
        ("of them in the middle of a large message", LARGE),
        ("connections on which no answer is taken, opened", UNTAKEN),
    ):
        rates = tuple(run.blown[kind] / run.seconds for run in found.runs)
        yield Figure(what=what, unit="/s", values=rates)
    yield Figure(
        what="said in the log that there was no room",
        unit="",
        values=(float(found.crowded),),
        bound=Bound(of="value", at="least", limit=1),
    )


def _answers(runs: Sequence[Weather]) -> Iterator[Figure]:
    def row(what: str, look: Callable[[Met], float], bound: Bound | None = None) -> Figure:
        return Figure(
            what=what,
            unit="ms",
            values=tuple(look(run.storm) for run in runs),
            baseline="without the storm",
            baselines=tuple(look(run.calm) for run in runs),
            bound=bound,
        )

    press, new = "press to answer in the storm", "a new panel in the storm"
    yield row(f"{press}, p50", lambda met: percentile(met.presses, 0.5))
    yield row(f"{press}, p99", lambda met: percentile(met.presses, 0.99), most(MAX_P99_MS))
    yield row(f"{press}, the slowest", lambda met: max(met.presses), most(MAX_PRESS_MS))
    yield row(f"{new}: connection to first view, p50", lambda met: percentile(met.views, 0.5))
    yield row(f"{new}: first view, the slowest", lambda met: max(met.views), most(MAX_VIEW_MS))
    yield row(f"{new}: its first press, p50", lambda met: percentile(met.signed, 0.5))
    yield row(f"{new}: first press, the slowest", lambda met: max(met.signed), most(MAX_PRESS_MS))
    failed = [why for run in runs for met in (run.calm, run.storm) for why in met.failed]
    yield Figure(
        what="new panels, and requests of the kiosk, that failed",
        unit="",
        values=(float(len(failed)),),
        bound=most(0),
    )


def by_entry(found: Found, held: Callable[[Size], float]) -> float:
    """What an entry of the hall's day leaves, over all calm times."""
    calm = list(zip([found.before, *(run.after for run in found.runs)], found.runs, strict=False))
    entries = sum(run.between.entries - before.entries for before, run in calm)
    return sum(held(run.between) - held(before) for before, run in calm) / entries


def left(found: Found, held: Callable[[Size], float]) -> list[float]:
    """What storms left until after each of them, beyond what their entries leave."""
    entry = by_entry(found, held)
    return list(
        accumulate(
            held(run.after) - held(run.between) - entry * (run.after.entries - run.between.entries)
            for run in found.runs
        )
    )


def _growth(found: Found) -> Iterator[Figure]:
    sizes = [run.after for run in found.runs]
    memory = [size.memory_mb for size in sizes]
    yield _after("memory", "MB", memory, found.before.memory_mb)
    yield Figure(what="memory, more a storm", unit="MB", values=(slope(memory),))
    yield Figure(
        what="memory, the most at any time", unit="MB", values=(found.peak_mb,), bound=most(MAX_PEAK_MB)
    )
    yield from _held(found, "blocks held", "", lambda size: size.blocks, MAX_BLOCKS)
    yield from _held(found, "heap in use", "kB", lambda size: size.heap_bytes / 1e3, MAX_HEAP_KB)
    for what, look, before in (
        ("descriptors", [float(size.descriptors) for size in sizes], found.before.descriptors),
        ("threads", [float(size.threads) for size in sizes], found.before.threads),
    ):
        yield _after(what, "", look, before)
        yield Figure(what=f"{what}, more a storm", unit="", values=(slope(look),), bound=most(MAX_MORE))


def _after(what: str, unit: str, values: Sequence[float], before: float) -> Figure:
    return Figure(
        what=f"{what} after a storm",
        unit=unit,
        values=tuple(values),
        baseline="before the first",
        baselines=(float(before),) * len(values),
    )


def _held(
    found: Found, what: str, unit: str, held: Callable[[Size], float], limit: float
) -> Iterator[Figure]:
    yield _after(what, unit, [held(run.after) for run in found.runs], held(found.before))
    yield Figure(what=f"{what} for an entry of the day", unit=unit, values=(by_entry(found, held),))
    gone = left(found, held)
    thousands = statistics.mean(run.strangers for run in found.runs) / 1000
    yield Figure(
        what=f"{what} beyond the day for 1,000 strangers",
        unit=unit,
        values=(slope(gone) / thousands,),
        bound=most(limit),
    )
    yield Figure(
        what=f"{what} beyond the day for 1,000 strangers, from the middle storms to the last",
        unit=unit,
        values=(level(gone) / (len(gone) // 3) / thousands,),
        bound=most(limit),
    )


def _end(found: Found) -> Iterator[Figure]:
    yield Figure(what="traces in the log", unit="", values=(float(found.tracebacks),), bound=most(0))
    yield Figure(
        what="stop with clients that never read", unit="s", values=(found.stop_s,), bound=most(MAX_STOP_S)
    )
