"""Pages of results: what is on them, and that nothing is written where nothing can be drawn."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import pytest
from matplotlib.collections import LineCollection
from matplotlib.image import imread
from matplotlib.patches import StepPatch

from callq.simulate import plots
from callq.simulate.plots import LABELS, chinese_font, plot
from callq.simulate.results import PAIRED, Result, paired, waits
from callq.simulate.runs import Run, simulate
from tests.simulate.small import SMALL, with_

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return [simulate(Run(SMALL, 150, 3, 1, policy), jobs=1) for policy in ("longest_wait", "index")]


def test_a_result_is_a_page(results: list[Result], tmp_path: Path) -> None:
    found = plot(results[:1], tmp_path / "new" / "folder")
    assert [path.name for path in found] == ["longest_wait.png", "longest_wait.svg"]
    picture = imread(found[0])
    height, width = picture.shape[:2]
    assert (width, height) == tuple(round(plots.DPI * side) for side in plots.SIZE_IN)
    assert float(picture.min()) < 0.3
    assert "</svg>" in found[1].read_text(encoding="utf-8")


def test_several_are_laid_side_by_side(results: list[Result], tmp_path: Path) -> None:
    names = {path.name for path in plot(results, tmp_path)}
    pages = ("longest_wait", "index", "side-by-side")
    assert names == {f"{page}.{kind}" for page in pages for kind in ("png", "svg")}
    assert names == {path.name for path in tmp_path.iterdir()}


def test_two_of_one_policy_have_pages_of_their_own(results: list[Result], tmp_path: Path) -> None:
    names = {path.name for path in plot([results[0], results[0]], tmp_path)}
    assert {"1-longest_wait.png", "2-longest_wait.png", "side-by-side.png"} < names


def test_the_same_result_is_the_same_picture(results: list[Result], tmp_path: Path) -> None:
    one, two = plot(results[:1], tmp_path / "a"), plot(results[:1], tmp_path / "b")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_without_a_chinese_font_the_labels_are_english(
    results: list[Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plots, "chinese_font", lambda: None)
    # A character that no font has would be a warning, and warnings are errors in tests.
    plot(results, tmp_path)
    assert (tmp_path / "side-by-side.png").exists()


def test_chinese_fonts_are_found_by_preference() -> None:
    assert chinese_font(["DejaVu Sans"]) is None
    assert chinese_font(["DejaVu Sans", "WenQuanYi Zen Hei"]) == "WenQuanYi Zen Hei"
    assert chinese_font(["Unifont", "Noto Sans CJK JP"]) == "Noto Sans CJK JP"


def test_whatever_is_compared_has_a_label() -> None:
    assert set(PAIRED) <= set(LABELS)


def test_what_cannot_be_drawn_writes_nothing(results: list[Result], tmp_path: Path) -> None:
    other = simulate(Run(SMALL, 150, 3, 2), jobs=1)
    with pytest.raises(ValueError, match="not the same days"):
        plot([results[0], other], tmp_path)
    with pytest.raises(ValueError, match="nothing to draw"):
        plot([], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_day_on_which_nobody_waits_can_be_drawn(tmp_path: Path) -> None:
    run = Run(with_(layout={"domain": 60}), 150, 1, 1)
    one = simulate(run, jobs=1)
    assert one.summary.max_wait_min == 0
    nobody = msgspec.structs.replace(
        one, by_time=(), histogram=(0,) * len(one.histogram), classes=dict.fromkeys(one.classes, waits([]))
    )
    assert len(plot([one, one], tmp_path)) == 6
    assert len(plot([nobody], tmp_path)) == 2


def test_matplotlib_is_not_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, callq.cli, callq.cli.simulate, callq.simulate.runs; print('matplotlib' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


def test_windows_needed_are_drawn_beside_windows_open(results: list[Result]) -> None:
    words = plots._Words(chinese=False)
    figure = plots._page(results[:1], ["one"], [], words)
    axes = next(each for each in figure.axes if each.get_title() == words["windows"])
    drawn = {
        patch.get_label(): list(patch.get_data()[0]) for patch in axes.patches if isinstance(patch, StepPatch)
    }
    by_time = results[0].by_time
    assert drawn["open"] == [part.windows_open for part in by_time]
    assert drawn["needed by load"] == [part.windows_needed for part in by_time]
    assert max(drawn["needed by load"]) > 0


def test_the_need_of_a_plan_and_the_offered_load_have_different_names(results: list[Result]) -> None:
    words = plots._Words(chinese=False)
    planned = msgspec.structs.replace(results[0], tidal="default")
    figure = plots._page([results[0], planned], ["one", "two"], [], words)
    axes = next(each for each in figure.axes if each.get_title() == words["windows"])
    labels = axes.get_legend_handles_labels()[1]
    assert {"one: needed by load", "two: needed as planned"} <= set(labels)


@pytest.mark.parametrize(("opens", "closes"), [(9, 17), (8, 20), (5, 24), (0, 24)])
def test_times_of_day_do_not_touch(results: list[Result], opens: int, closes: int) -> None:
    part = results[0].by_time[0]
    quarters = tuple(
        msgspec.structs.replace(part, from_min=minute) for minute in range(opens * 60, closes * 60, 15)
    )
    result = msgspec.structs.replace(results[0], by_time=quarters)
    figure = plots._page([result], ["one"], [], plots._Words(chinese=False))
    figure.canvas.draw()
    for axes in figure.axes[:2]:
        begins_min, ends_min = axes.get_xlim()
        ticks = axes.xaxis.get_major_ticks()
        boxes = [
            tick.label1.get_window_extent()
            for tick in ticks
            if begins_min <= tick.get_loc() <= ends_min and tick.label1.get_text()
        ]
        assert len(boxes) >= 8
        assert all(one.x1 + 4 < other.x0 for one, other in pairwise(boxes))


@pytest.mark.parametrize("others", [1, 2, 3])
def test_no_line_goes_through_the_names_of_those_that_are_compared(
    results: list[Result], others: int
) -> None:
    words = plots._Words(chinese=False)
    names = ["base", *(f"policy-{number}" for number in range(others))]
    ratios = [paired(results[0], results[1])] * others
    figure = plots._page([results[0], *[results[1]] * others], names, ratios, words)
    figure.canvas.draw()
    axes = figure.axes[-1]
    legend = axes.get_legend()
    assert legend is not None
    assert legend.get_frame().get_alpha() == 1
    (line,) = (each for each in axes.collections if each.get_gid() == "no difference")
    assert isinstance(line, LineCollection)
    ends = [axes.transData.transform(point)[1] for segment in line.get_segments() for point in segment]
    assert max(ends) <= legend.get_window_extent().y0


@pytest.mark.parametrize("many", [1, 2, 3, 5])
def test_legends_stay_within_their_charts(results: list[Result], many: int) -> None:
    names = [f"longest_wait+default-{number}" for number in range(many)]
    ratios = [paired(results[0], results[1])] * (many - 1)
    figure = plots._page([results[0]] * many, names, ratios, plots._Words(chinese=False))
    figure.canvas.draw()
    for axes in figure.axes:
        legend = axes.get_legend()
        if legend is not None:
            assert legend.get_window_extent().x1 <= axes.get_window_extent().x1
