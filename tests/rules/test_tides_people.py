"""潮汐: people who know better, spare skills, and what the state keeps."""

from __future__ import annotations

from typing import Any

import msgspec

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.errors import Code
from callq.domain.hall import Tides
from callq.domain.tides import (
    SkillsOf,
    opening_ms,
)
from callq.domain.window import WindowState
from tests.harness import small_hall, tidal_hall
from tests.rules.scene import HOUR, MIN, refused, rule, settle
from tests.rules.tidal import Tidal, tidal


@rule("T-by-hand")
def test_a_window_that_a_person_moved_is_left_alone(automatic: Tidal) -> None:
    automatic.do(cmd.Open(window="w1"))
    automatic.later(20 * MIN)
    assert not automatic.reckon(close=("w1",)).events
    automatic.do(cmd.Close(window="w1"))
    assert not automatic.reckon(open=("w1",)).events
    automatic.later(27 * MIN)
    assert not automatic.reckon(open=("w1",)).events
    assert automatic.reckon(open=("w1",)).events


@rule("T-by-hand")
def test_a_person_opens_at_once_what_was_to_open(automatic: Tidal) -> None:
    automatic.reckon(open=("w1",))
    automatic.do(cmd.Open(window="w1"))
    assert automatic.stands("w1") == ["idle"]
    automatic.later(5 * MIN)
    automatic.tick()
    assert opening_ms(automatic.state, "w1") is None


@rule("T-by-hand")
def test_a_person_takes_an_opening_back(automatic: Tidal) -> None:
    automatic.reckon(open=("w1",))
    automatic.do(cmd.Close(window="w1"))
    automatic.later(6 * MIN)
    automatic.tick()
    assert automatic.stands("w1") == ["closed"]
    with refused(automatic, Code.WRONG_STATE):
        automatic.do(cmd.Close(window="w1"))


@rule("T-by-hand")
def test_a_person_keeps_a_window_that_was_to_close(automatic: Tidal) -> None:
    automatic.staff_all()
    automatic.issue()
    automatic.serve("w1")
    automatic.later(HOUR)
    automatic.reckon(leaving=("w1",), leave=1)
    automatic.do(cmd.Close(window="w1"))
    automatic.do(cmd.Open(window="w1"))
    automatic.complete("w1")
    assert automatic.stands("w1") == ["idle"]


@rule("T-by-hand")
def test_windows_that_no_plan_moves_need_no_protection() -> None:
    hall = tidal(windows=("w2",))
    hall.do(cmd.Open(window="w1"))
    assert hall.state.tides.alone == {}
    settle(hall)


def wide(**tides: Any) -> Tidal:
    """A hall whose plan may widen skills; the clerk at w1 was told to do general matters alone."""
    scene = tidal(tidal_hall(), widening=True, override_min=0, **tides)
    scene.do(cmd.Open(window="w1"))
    scene.do(cmd.SetSkills(window="w1", skills=("general",)))
    return scene


def skills_at_w1(hall: Tidal) -> tuple[str, ...] | None:
    """In use there."""
    return hall.state.windows["w1"].active


@rule("T-widens")
def test_a_spare_skill_comes_into_use_and_goes_again() -> None:
    hall = wide()
    more = SkillsOf(window="w1", skills=("general", "estate"), widens=True)
    hall.reckon(skills=(more,))
    assert skills_at_w1(hall) == ("general", "estate")
    assert hall.state.tides.widened == {"w1": ("general",)}
    hall.reckon(skills=(SkillsOf(window="w1", skills=("general",), widens=False),))
    assert skills_at_w1(hall) == ("general",)
    assert hall.state.tides.widened == {}
    settle(hall)


@rule("T-widens")
def test_nobody_uses_a_skill_that_the_clerk_does_not_have() -> None:
    hall = wide()
    hall.do(cmd.SetSkills(window="w2", skills=("general",)))
    assert not hall.reckon(skills=(SkillsOf(window="w2", skills=("general", "estate"), widens=True),)).events
    settle(hall)


@rule("T-widens")
def test_another_clerk_begins_with_skills_of_their_own() -> None:
    hall = wide()
    hall.reckon(skills=(SkillsOf(window="w1", skills=("general", "estate"), widens=True),))
    hall.do(cmd.HandOver(window="w1", clerk="c3"))
    assert hall.state.tides.widened == {}
    settle(hall)


@rule("T-widens")
def test_skills_that_a_person_set_are_left_alone() -> None:
    hall = tidal(tidal_hall(), widening=True)
    hall.do(cmd.SetSkills(window="w1", skills=("general",)))
    more = SkillsOf(window="w1", skills=("general", "estate"), widens=True)
    assert not hall.reckon(skills=(more,)).events
    hall.later(30 * MIN)
    assert hall.reckon(skills=(more,)).events
    settle(hall)


@rule("T-forgets-nothing")
def test_an_outage_delays_an_opening_and_forgets_none(automatic: Tidal) -> None:
    automatic.reckon(open=("w1",))
    since = automatic.now_ms
    automatic.later(10 * MIN)
    automatic.do(cmd.RecordOutage(since_ms=since, until_ms=automatic.now_ms), who=cmd.SYSTEM)
    automatic.tick()
    assert automatic.stands("w1") == [WindowState.CLOSED]
    automatic.later(5 * MIN)
    automatic.tick()
    assert automatic.stands("w1") == [WindowState.IDLE]


@rule("T-forgets-nothing")
def test_a_window_that_is_removed_is_forgotten(automatic: Tidal) -> None:
    automatic.reckon(open=("w1",))
    automatic.do(cmd.Open(window="w3"))
    automatic.do(cmd.Close(window="w3"))
    automatic.do(cmd.SignOut(window="w3"))
    config = automatic.state.config
    windows = tuple(window for window in config.windows if window.id != "w3")
    tides = msgspec.structs.replace(config.tides, windows=("w1", "w2"))
    smaller = msgspec.structs.replace(config, windows=windows, tides=tides)
    automatic.do(cmd.Configure(config=smaller))
    assert "w3" not in automatic.state.tides.alone
    assert opening_ms(automatic.state, "w1") is not None


@rule("T-older-nodes")
def test_while_a_node_cannot_read_of_tides_people_move_windows_as_ever() -> None:
    hall = Tidal(small_hall(tides=Tides(windows=("w1",))), level=3)
    hall.staff("w1", "c1")
    assert [type(event) for event in hall.do(cmd.Close(window="w1")).events] == [ev.WindowClosed]
    settle(hall)
