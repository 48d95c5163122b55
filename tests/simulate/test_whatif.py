"""What managers ask: skills, windows, the slider of the tides."""

from __future__ import annotations

import json
from collections import Counter
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from callq.cli import main
from callq.config import load_hall
from callq.simulate.draws import drawn
from callq.simulate.of_hall import scenario_of
from callq.simulate.runs import Run, hall_for
from callq.simulate.scenario import load
from callq.simulate.whatif import BETAS, QUESTIONS, answers, bound, handling_cv, skills, windows
from tests.simulate.small import SMALL, with_

if TYPE_CHECKING:
    from pathlib import Path


def county(days: int = 2) -> Run:
    return Run(load("county-84"), 2600, days, 1)


def test_each_clerk_keeps_so_many_skills_and_every_service_its_clerks() -> None:
    tried = {each.what: hall_for(each.run) for each in skills(county())}
    assert list(tried) == ["2 skills", "3 skills", "4 skills", "6 skills", "8 skills", "12 skills"]
    for what, hall in tried.items():
        most = int(what.split()[0])
        flexible = [clerk.skills for clerk in hall.config.clerks if len(clerk.skills) > 1]
        assert {len(held) for held in flexible} == {most}
        per_service = [sum(code in held for held in flexible) for code in flexible[0]]
        assert max(per_service) - min(per_service) <= 1
        # Not the same few sets again and again, which would be as many halls side by side.
        assert len({frozenset(held) for held in flexible}) == (1 if most == 12 else 12)
    assert [each.is_today for each in skills(county())] == [False] * 5 + [True]


def test_six_skills_of_twelve_are_nearly_as_good_as_all() -> None:
    """1.05 times in the reference, 2.7 times for two."""
    tried = skills(county(6))
    two, six, all_of_them = (
        answer.mean_wait_min for answer in answers([tried[0], tried[3], tried[-1]], jobs=1)
    )
    assert six < 1.25 * all_of_them
    assert two > 2 * all_of_them


def test_where_clerks_have_spare_skills_those_in_use_are_kept_first() -> None:
    run = Run(load("county-84-spare"), 300, 1, 1)
    today = dict(hall_for(run).in_use)
    tried = skills(run)
    assert [each.what for each in tried] == ["2 skills", "3 skills", "4 skills", "6 skills"]
    for each in tried:
        hall = hall_for(each.run)
        held = {clerk.id: set(clerk.skills) for clerk in hall.config.clerks}
        used = {window: set(dict(hall.in_use).get(window, held[clerk])) for window, clerk in hall.seats}
        assert {window: used[window] for window in today} == {w: set(codes) for w, codes in today.items()}
        assert {len(held[dict(hall.seats)[window]]) for window in today} == {int(each.what.split()[0])}
    rows = answers([tried[0], tried[-1]], jobs=1)
    # Spare skills that nothing brings into use change nothing.
    assert rows[0].difference_min.mean == 0


def test_a_window_that_is_added_uses_as_many_skills_as_the_one_it_is_like() -> None:
    hall = hall_for(windows(Run(load("county-84-spare"), 2600, 1, 1))[-1].run)
    in_use = dict(hall.in_use)
    assert [in_use[f"more-{number}"] for number in range(3)] == [in_use["w84"]] * 3


def test_windows_come_and_go_with_their_clerks() -> None:
    tried = {each.what: hall_for(each.run) for each in windows(county())}
    assert [len(hall.seats) for hall in tried.values()] == [81, 82, 83, 84, 85, 86, 87]
    for hall in tried.values():
        known = {window.id for window in hall.config.windows}
        assert {window for window, _ in hall.seats} <= known
        assert len({clerk for _, clerk in hall.seats}) == len(hall.seats)


def test_fewer_windows_wait_longer_on_the_same_days() -> None:
    less, today = windows(county(3))[0], windows(county(3))[3]
    found = answers([less, today], jobs=1)
    assert found[0].mean_wait_min > found[1].mean_wait_min
    assert found[0].difference_min.mean > 0
    assert (found[1].difference_min.mean, found[1].is_today) == (0.0, True)
    assert found[0].staff_hours == pytest.approx(found[1].staff_hours - 3 * 8, abs=1)


@pytest.mark.parametrize("policy", ["group_lines", "department_lines", "kiosk_shorter_line"])
def test_where_no_window_is_flexible_they_come_and_go_by_load(policy: str) -> None:
    run = Run(load("county-84"), 2600, 1, 1, policy)
    tried = {each.what: hall_for(each.run) for each in windows(run)}
    assert [len(hall.seats) for hall in tried.values()] == [81, 82, 83, 84, 85, 86, 87]
    today = tried["as today"]
    for hall in tried.values():
        windows_of = Counter(w.services for w in hall.config.windows if w.id in dict(hall.seats))
        assert set(windows_of) == {w.services for w in today.config.windows}, "each keeps one"
    if policy == "group_lines":
        assert all(": 1 g" in what for what in tried if what.startswith(("+1", "-1")))
        for hall in tried.values():
            own = {window.services: 0 for window in hall.config.windows}
            for window in hall.config.windows:
                own[window.services] += window.id in dict(hall.seats)
            assert [line.windows for (line,) in hall.lines] == [
                own[(line.service,)] for (line,) in hall.lines
            ]


def test_one_window_for_each_service_is_not_taken_away() -> None:
    few = with_(layout={"domain": 3, "comprehensive": 0}, day={"volume": 100.0})
    tried = windows(Run(few, 100, 1, 1))
    assert [each.what for each in tried][:2] == ["as today", "+1 windows: 1 estate"]
    assert len(tried) == 4
    today, more = answers([tried[0], tried[3]], jobs=1)
    assert more.difference_min.mean < 0
    assert more.staff_hours > today.staff_hours


def test_a_hall_file_is_asked_as_well() -> None:
    hall = load_hall("county")
    scenario = scenario_of(hall)
    run = Run(scenario, scenario.day.volume, 1, 1, hall=hall)
    assert [len(hall_for(each.run).seats) for each in windows(run)][3] == len(hall_for(run).seats)
    assert skills(run)[-1].is_today


def test_a_bound_is_what_pooled_windows_would_need() -> None:
    run = county()
    # 81.9 windows' worth of work comes at the fullest time.
    assert 82 <= bound(run, 10) <= bound(run, 5) <= bound(run, 1) <= 90


@pytest.mark.parametrize(
    ("mode", "beta", "today"),
    [("off", 0.0, "all windows open"), ("advise", 0.3, "beta 0.3"), ("automatic", 1.0, "beta 1")],
)
def test_the_slider_stands_today_where_the_hall_has_it(mode: Any, beta: float, today: str) -> None:
    run = county(1)
    tides = msgspec.structs.replace(run.scenario.tides, mode=mode, beta=beta)
    scenario = msgspec.structs.replace(run.scenario, tides=tides)
    tried = QUESTIONS["tides"](run._replace(scenario=scenario, beta=beta))
    assert [each.what for each in tried if each.is_today] == [today]
    betas = [each.run.beta for each in tried[1:]]
    assert betas == sorted({*BETAS, beta})


def test_the_bound_goes_by_the_spread_that_the_hall_file_states() -> None:
    hall = load_hall("county")

    def needed(cv: float) -> int:
        services = tuple(msgspec.structs.replace(s, service_cv=cv, daily=900.0) for s in hall.services)
        scenario = scenario_of(msgspec.structs.replace(hall, services=services))
        return bound(Run(scenario, scenario.day.volume, 1, 1, hall=hall), 1)

    assert needed(0.1) < needed(0.9) < needed(3.0)


def test_the_spread_of_all_is_that_within_the_groups_and_between_them() -> None:
    people = [p.service_ms / 60_000 for day in range(60) for p in drawn(SMALL, 150, 1, day).people]
    assert handling_cv(SMALL) == pytest.approx(stdev(people) / fmean(people), rel=0.05)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_answered_on_the_command_line(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    kept = tmp_path / "found.json"
    short = ["--days", "1", "--jobs", "1", "--volume", "200", "--json", str(kept)]
    assert main(["simulate", name, *short]) == 0
    assert "(today)" in capsys.readouterr().out
    rows = json.loads(kept.read_text())
    assert sum(row["is_today"] for row in rows) == 1
    assert {"what", "mean_wait_min", "staff_hours", "difference_min"} <= set(rows[0])
