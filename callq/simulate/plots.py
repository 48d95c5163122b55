"""Results as pages to look at: PNG for documents, SVG for printing. Nothing else imports matplotlib.

Figures are made without pyplot, so that no window system and no global state is touched.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from callq.simulate.plan import VARIANTS
from callq.simulate.record import BIN_MIN
from callq.simulate.results import HISTOGRAM_MIN, paired

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from callq.simulate.results import Paired, Result, Waits

FONTS: Final = (
    "Noto Sans CJK SC",
    "Noto Sans CJK",
    "Source Han Sans",
    "WenQuanYi",
    "Microsoft YaHei",
    "SimHei",
    "PingFang",
    "Unifont",
)
"""Beginnings of the names of fonts that have Chinese characters, the best first."""

COLOURS: Final = ("#4477aa", "#cc6677", "#44aa99", "#aa4499", "#999933", "#332288", "#777777")
"""Of the results, in order; calm, and told apart by colour-blind people too (Tol's bright and muted)."""

INK: Final = "#333333"
PALE: Final = "#c9ced6"
DOTS: Final = (0, (1.5, 1.2))

LABELS: Final[dict[str, tuple[str, str]]] = {
    "waits": ("各时段等候（按到达时间）", "Waits by time of arrival"),
    "mean": ("平均", "mean"),
    "p90": ("90% 不超过", "p90"),
    "minutes": ("分钟", "minutes"),
    "classes": ("各类别等候", "Waits by class"),
    "groups": ("各业务等候", "Waits by group"),
    "ordinary": ("普通", "ordinary"),
    "appointment": ("预约", "appointment"),
    "priority": ("优先", "priority"),
    "windows": ("开放窗口与需要窗口", "Windows open against needed"),
    "counters": ("窗口", "windows"),
    "open": ("开放", "open"),
    "planned": ("计划所需", "needed as planned"),
    "offered": ("负荷所需", "needed by load"),
    "people": ("每刻钟到达人数", "people a quarter of an hour"),
    "short": ("不足", "short"),
    "spread": ("至少等候这么久的人", "People who wait at least so long"),
    "share": ("占比", "share of people, %"),
    "waited": ("等候（分钟）", "wait, minutes"),
    "against": ("同一批人，以 {} 为 1（95%）", "the same days, {} as 1"),
    "days": ("各天的平均等候", "Mean wait of each day"),
    "of_days": ("天数", "days"),
    "ratio": ("比值", "ratio"),
    "mean_wait_min": ("平均等候", "mean wait"),
    "p90_wait_min": ("90% 等候", "p90 wait"),
    "p99_wait_min": ("99% 等候", "p99 wait"),
    "priority_p99_min": ("优先 99% 等候", "priority p99"),
    "given_up": ("未获办理", "not served"),
    "staff_hours": ("窗口工时", "staff-hours"),
    "whose": ("等候只计被叫到的人；未叫到的：", "Waits are of people who were called; the others: "),
    "left": ("放弃", "gave up"),
    "no_shows": ("未到", "not there"),
    "unserved": ("未办", "not served"),
    "turned_away": ("未取到号", "turned away"),
    "guided": ("导办分流", "guided elsewhere"),
    "title": ("{} · 每天 {:,.0f} 人 · {} 天 · 种子 {}", "{} · {:,.0f} people a day · {} days · seed {}"),
}
"""Chinese and English. Without a Chinese font the English is used alone: boxes help nobody."""

DPI: Final = 110
SIZE_IN: Final = (15.0, 11.0)
MOST_HOURS: Final = 12
"""Times of day that stand beside each other without touching."""
MAX_GROUPS: Final = 14
"""Groups that are shown, those with the longest waits first; more cannot be read."""


def chinese_font(names: Sequence[str] | None = None) -> str | None:
    """A font with Chinese characters; None: there is none.

    Args:
      names: of the fonts that there are; None: those of this computer.
    """
    there = sorted({font.name for font in fontManager.ttflist}) if names is None else names
    for beginning in FONTS:
        for name in there:
            if name.startswith(beginning):
                return name
    return None


def plot(results: Sequence[Result], folder: Path) -> list[Path]:
    """Draw a page for each result, and one that lays them side by side if there are several.

    Args:
      results: at least one; several have to be of the same days, and the others are held against the first.
      folder: where to; made if it is missing. Files of the same names are replaced.

    Returns:
      What was written: a PNG and an SVG for each page.

    Raises:
      ValueError: there is no result, or they are not of the same days; nothing is written.
      OSError: the folder cannot be written.
    """
    if not results:
        raise ValueError("there is nothing to draw")
    ratios = [paired(results[0], other) for other in results[1:]]
    names = _names(results)
    font = chinese_font()
    style: Any = {
        "font.size": 10,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "axes.edgecolor": "#8a8f98",
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "legend.frameon": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "axes.axisbelow": True,
        "svg.hashsalt": "callq",
    }
    if font is not None:
        style["font.sans-serif"] = [font, "DejaVu Sans"]
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Path] = []
    with mpl.rc_context(style):
        words = _Words(chinese=font is not None)
        for result, name in zip(results, names, strict=True):
            found += _written(_page([result], [name], [], words), folder / _file(name))
        if len(results) > 1:
            found += _written(_page(results, names, ratios, words), folder / "side-by-side")
    return found


class _Words(dict[str, str]):
    """Labels by key: Chinese with English where a font has it, else English alone."""

    def __init__(self, *, chinese: bool) -> None:
        super().__init__(
            (key, f"{zh} {en}" if chinese else en) for key, (zh, en) in LABELS.items() if key != "title"
        )
        self["title"] = LABELS["title"][0 if chinese else 1]


def _names(results: Sequence[Result]) -> list[str]:
    """What each is called: its policy and tides; with a number where that is not unique."""
    plain = [r.policy if r.tidal == "none" else f"{r.policy}+{r.tidal}" for r in results]
    return [f"{i}-{name}" if plain.count(name) > 1 else name for i, name in enumerate(plain, 1)]


def _file(name: str) -> str:
    """A name that every file system takes."""
    return re.sub(r"[^\w+.-]+", "-", name)


def _written(figure: Figure, path: Path) -> list[Path]:
    found = []
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
        target = path.with_name(f"{path.name}.{kind}")
        figure.savefig(target, dpi=DPI, metadata=metadata)
        found.append(target)
    return found


def _page(
    results: Sequence[Result], names: Sequence[str], ratios: Sequence[Sequence[Paired]], words: _Words
) -> Figure:
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    FigureCanvasAgg(figure)
    first = results[0]
    title = words["title"].format(first.scenario, first.volume, first.summary.days, first.seed)
    figure.suptitle(f"{' / '.join(names)} · {title}", fontsize=14, fontweight="bold", color=INK)
    figure.supxlabel(_whose(results, names, words), fontsize=9, color="#666666")
    grid = figure.add_gridspec(3, 2)
    _by_time(figure.add_subplot(grid[0, 0]), results, names, words)
    _windows(figure.add_subplot(grid[0, 1]), results, names, words)
    classes = {key: words[key] for key, waits in first.classes.items() if waits.people}
    _bars(figure.add_subplot(grid[1, 0]), [r.classes for r in results], classes, names, words, "classes")
    groups = sorted(first.groups, key=lambda key: _worst_first(first.groups[key]))[:MAX_GROUPS]
    shown = {key: key for key in first.groups if key in groups}
    _bars(figure.add_subplot(grid[1, 1]), [r.groups for r in results], shown, names, words, "groups")
    _spread(figure.add_subplot(grid[2, 0]), results, names, words)
    last = figure.add_subplot(grid[2, 1])
    if ratios:
        _ratios(last, ratios, names, words)
    else:
        _days(last, first, words)
    return figure


OTHERS: Final = ("left", "no_shows", "unserved", "turned_away", "guided")
"""Counts of a summary that tell who was not served to the end."""


def _whose(results: Sequence[Result], names: Sequence[str], words: _Words) -> str:
    """Whose waits these are, and what became of the others."""
    told = []
    for result, name in zip(results, names, strict=True):
        summary = result.summary
        parts = [
            f"{words[key]} {100 * getattr(summary, key) / max(1, summary.people):.1f}%"
            for key in OTHERS
            if getattr(summary, key)
        ]
        told.append(f"{f'{name}: ' if len(results) > 1 else ''}{', '.join(parts) or '0%'}")
    return f"{words['whose']}{'  ·  '.join(told)}"


def _legend(axes: Axes) -> None:
    """A legend in a band above what is drawn, so that it hides nothing."""
    labels = len(axes.get_legend_handles_labels()[0])
    axes.set_ylim(0, _with_legend(labels) * max(axes.get_ylim()[1], 0.01))
    if labels:
        axes.legend(fontsize=8 if labels < 4 else 7, loc="upper left", ncols=min(2, labels))


def _with_legend(labels: int) -> float:
    """Height of a chart with the band for a legend in two columns, more would not fit; 1 is without."""
    return 1 + 0.14 * max(2, math.ceil(labels / 2))


def _clock(axes: Axes, results: Sequence[Result]) -> None:
    """The same hours on all pages of a hall: from its opening until the last window closes."""
    at = [part.from_min for result in results for part in result.by_time]
    hours = 1
    if at:
        axes.set_xlim(min(at), max(at) + BIN_MIN)
        hours = math.ceil((max(at) + BIN_MIN - min(at)) / 60 / MOST_HOURS)
    axes.xaxis.set_major_locator(MultipleLocator(60 * hours))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda minute, _: f"{int(minute) // 60}:00"))


def _by_time(axes: Axes, results: Sequence[Result], names: Sequence[str], words: _Words) -> None:
    for result, name, colour in zip(results, names, _colours(results), strict=True):
        at = [part.from_min + BIN_MIN / 2 for part in result.by_time]
        before = f"{name}: " if len(results) > 1 else ""
        # Where nobody came there is no wait, not one of 0.
        mean = [p.mean_wait_min if p.people else math.nan for p in result.by_time]
        p90 = [p.p90_wait_min if p.people else math.nan for p in result.by_time]
        axes.plot(at, mean, color=colour, lw=2, label=before + words["mean"])
        axes.plot(at, p90, color=colour, lw=1.2, ls="--", label=before + words["p90"])
    axes.set(title=words["waits"], ylabel=words["minutes"])
    _clock(axes, results)
    _legend(axes)


def _windows(axes: Axes, results: Sequence[Result], names: Sequence[str], words: _Words) -> None:
    """What is open as a line, what is needed as a dotted one, who comes as bars behind them."""
    first = results[0]
    people = axes.twinx()
    at = [part.from_min for part in first.by_time]
    come = [part.people for part in first.by_time]
    people.bar(at, come, width=BIN_MIN, align="edge", color=PALE, alpha=0.55)
    people.set_ylabel(words["people"], color="#777777")
    people.tick_params(axis="y", colors="#777777")
    people.grid(visible=False)
    people.set_ylim(0, _with_legend(2 * len(results)) * max([*come, 1.0]))
    for result, name, colour in zip(results, names, _colours(results), strict=True):
        edges = [*(part.from_min for part in result.by_time), *_end(result)]
        open_ = [part.windows_open for part in result.by_time]
        needed = [part.windows_needed for part in result.by_time]
        before = f"{name}: " if len(results) > 1 else ""
        needed_in = colour if len(results) > 1 else COLOURS[1]
        if not result.by_time:
            continue
        # The plan's need and the offered load are different numbers: in one chart they have different names.
        need = words["planned" if result.tidal in VARIANTS else "offered"]
        axes.stairs(open_, edges, baseline=None, color=colour, lw=2, label=before + words["open"])
        axes.stairs(*(needed, edges), baseline=None, color=needed_in, lw=1.8, ls=DOTS, label=before + need)
        if len(results) == 1 and any(n > o for n, o in zip(needed, open_, strict=True)):
            short = [max(n, o) for n, o in zip(needed, open_, strict=True)]
            axes.stairs(
                *(short, edges), baseline=open_, fill=True, color=needed_in, alpha=0.22, label=words["short"]
            )
    # The lines are in front of the bars, although the bars' axes were added later.
    axes.set_zorder(people.get_zorder() + 1)
    axes.patch.set_visible(False)
    axes.set(title=words["windows"], ylabel=words["counters"])
    axes.set_ylim(bottom=0)
    _clock(axes, results)
    _legend(axes)


def _end(result: Result) -> list[int]:
    """Where the last part of the day ends, minutes."""
    return [part.from_min + BIN_MIN for part in result.by_time[-1:]]


def _worst_first(waits: Waits) -> tuple[bool, float]:
    """Groups of which nobody was called come before all others."""
    return waits.people > 0, -waits.mean_wait_min


def _bars(
    axes: Axes,
    results: Sequence[Mapping[str, Waits]],
    shown: Mapping[str, str],
    names: Sequence[str],
    words: _Words,
    title: str,
) -> None:
    """Means as bars, p90 as a tick over each."""
    width = 0.8 / len(results)
    for index, (waits, name, colour) in enumerate(zip(results, names, _colours(results), strict=True)):
        at = [number - 0.4 + (index + 0.5) * width for number in range(len(shown))]
        found = [waits[key] for key in shown]
        label = name if len(results) > 1 else words["mean"]
        for place, each in zip(at, found, strict=True):
            if not each.people:
                axes.text(place, 0, "-", ha="center", va="bottom")
        axes.bar(at, [w.mean_wait_min for w in found], width * 0.92, color=colour, label=label)
        p90_label = words["p90"] if index == len(results) - 1 else None
        axes.plot(
            at,
            [w.p90_wait_min for w in found],
            ls="",
            marker="_",
            ms=9,
            mew=2,
            color=INK,
            label=p90_label,
        )
    axes.set_xticks(range(len(shown)), list(shown.values()))
    if len(shown) > 8 or max(map(len, shown.values()), default=0) > 24:
        axes.tick_params(axis="x", rotation=35, labelsize=8)
    axes.set(title=words[title], ylabel=words["minutes"])
    axes.grid(visible=False, axis="x")
    _legend(axes)


def _spread(axes: Axes, results: Sequence[Result], names: Sequence[str], words: _Words) -> None:
    """Who waits at least so many minutes; the tail, where complaints come from, needs a logarithm."""
    last = 1
    for result, name, colour in zip(results, names, _colours(results), strict=True):
        total = sum(result.histogram) or 1
        longer = [100 * sum(result.histogram[minute:]) / total for minute in range(len(result.histogram))]
        longer = [share for share in longer if share > 0]
        axes.step(range(len(longer)), longer, where="post", color=colour, lw=2, label=name)
        last = max(last, len(longer))
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:g}"))
    axes.set(title=words["spread"], xlabel=words["waited"], ylabel=words["share"])
    axes.set_xlim(0, min(last, HISTOGRAM_MIN))
    if len(results) > 1:
        axes.legend(fontsize=8)


def _ratios(axes: Axes, ratios: Sequence[Sequence[Paired]], names: Sequence[str], words: _Words) -> None:
    """Each figure against the base's, with its paired interval; 1 is no difference."""
    # Where the base is 0 there is no ratio: nobody waited, nobody of the class came, or nobody gave up.
    lines = [i for i, row in enumerate(ratios[0]) if math.isfinite(row.ratio.mean)]
    height = 0.7 / len(ratios)
    for index, (rows, name) in enumerate(zip(ratios, names[1:], strict=True)):
        colour = COLOURS[(index + 1) % len(COLOURS)]
        found = [rows[line].ratio for line in lines]
        at = [line - 0.35 + (index + 0.5) * height for line in range(len(lines))]
        middle = [ratio.mean for ratio in found]
        sides = [[ratio.mean - ratio.low for ratio in found], [ratio.high - ratio.mean for ratio in found]]
        axes.errorbar(middle, at, xerr=sides, fmt="o", ms=5, capsize=3, color=colour, label=name)
        for mean, height_at in zip(middle, at, strict=True):
            axes.annotate(f"{mean:.3f}", (mean, height_at), (0, 4), textcoords="offset points", fontsize=8)
    # It ends below the legend.
    axes.vlines(1, -0.4, len(lines) - 0.4, color=INK, lw=1).set_gid("no difference")
    axes.set_yticks(range(len(lines)), [words[ratios[0][line].figure] for line in lines])
    axes.set_ylim(len(lines) - 0.4, -1.0)  # Downwards, with room for the legend.
    axes.set(title=words["against"].replace("{}", names[0]), xlabel=words["ratio"])
    # The grid does not go through it.
    axes.legend(
        fontsize=8, loc="upper right", ncols=len(ratios), frameon=True, framealpha=1, edgecolor="none"
    )


def _days(axes: Axes, result: Result, words: _Words) -> None:
    axes.hist([day.mean_wait_min for day in result.days], bins="auto", color=COLOURS[0], edgecolor="white")
    whole = result.summary.mean_wait_ci_min
    axes.axvspan(whole.low, whole.high, color=COLOURS[1], alpha=0.15, lw=0, zorder=0, label="95%")
    axes.axvline(whole.mean, color=COLOURS[1], lw=2, label=words["mean"])
    axes.set(title=words["days"], xlabel=words["minutes"], ylabel=words["of_days"])
    axes.set_xlim(left=0)  # Of very few days the interval reaches below, where no wait is.
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    _legend(axes)


def _colours(results: Sequence[object]) -> list[str]:
    return [COLOURS[index % len(COLOURS)] for index in range(len(results))]
