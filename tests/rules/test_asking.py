"""What clerks ask for at their windows: help, and ratings."""

from __future__ import annotations

import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from tests.rules.scene import MIN, Scene, refused, rule
from tests.unit.viewing import shown


@rule("A-help")
def test_help_is_on_the_floor_until_it_is_ended(hall: Scene) -> None:
    hall.do(cmd.Help(window="w1", reason="来人不适"))
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Help(window="w1"))
    [call] = shown(hall, "floor")["help"]
    assert (call["window"], call["clerk"], call["reason"]) == ("w1", "c1", "来人不适")
    assert shown(hall, "panel", window="w1")["help"]["since_ms"] == call["since_ms"]
    hall.do(cmd.HelpDone(window="w1"), who=cmd.Actor(role="supervisor", id="s1"))
    assert shown(hall, "floor")["help"] == []
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.HelpDone(window="w1"))
    with refused(hall, Code.WINDOW_UNSTAFFED):
        hall.do(cmd.Help(window="w2"))


@rule("A-help-any-time")
def test_help_does_not_wait_for_hall_or_window(hall: Scene) -> None:
    hall.issue()
    hall.serve()
    hall.do(cmd.Help(window="w1"))
    hall.do(cmd.HelpDone(window="w1"))
    hall.complete()
    hall.do(cmd.Close(window="w1"))
    hall.do(cmd.Suspend(reason="停电"))
    hall.do(cmd.Help(window="w1"))
    assert "w1" in hall.state.help_asked


@rule("A-rating")
def test_who_was_completed_last_is_asked_in_time(hall: Scene) -> None:
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.RequestRating(window="w1"))
    ticket = hall.issue()
    hall.serve()
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.RequestRating(window="w1"))
    hall.complete()
    hall.do(cmd.RequestRating(window="w1"))
    hall.do(cmd.RequestRating(window="w1"))
    asked = shown(hall, "strip", window="w1")["rating"]
    assert (asked["ticket"], asked["number"], asked["step"]) == (ticket.id, ticket.number, 0)
    assert shown(hall, "panel", window="w1")["rating"]["number"] == ticket.number
    hall.later(hall.state.config.rules.rate_window_min * MIN + 1)
    with refused(hall, Code.EXPIRED):
        hall.do(cmd.RequestRating(window="w1"))


@rule("A-rating-ends")
@pytest.mark.parametrize("how", ["rated", "next", "undone"])
def test_a_rating_is_asked_no_more(hall: Scene, how: str) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.complete()
    hall.do(cmd.RequestRating(window="w1"))
    if how == "rated":
        before = shown(hall, "panel", window="w1")
        hall.do(cmd.Rate(ticket=ticket.id, level=5))
        assert shown(hall, "panel", window="w1") == before, "the clerk sees that it is rated"
        hall.do(cmd.RequestRating(window="w1"))
        assert shown(hall, "panel", window="w1")["rating"] is not None
    elif how == "next":
        hall.issue()
        hall.call()
        with refused(hall, Code.WRONG_STATE):
            hall.do(cmd.RequestRating(window="w1"))
    else:
        hall.do(cmd.Undo(window="w1"))
    assert shown(hall, "strip", window="w1")["rating"] is None
    assert (shown(hall, "panel", window="w1")["rating"] is None) == (how != "rated")


@rule("A-new-day")
def test_a_new_day_begins_with_nothing_asked(hall: Scene) -> None:
    hall.issue()
    hall.serve()
    hall.complete()
    hall.do(cmd.RequestRating(window="w1"))
    hall.do(cmd.Help(window="w1"))
    hall.next_day()
    assert (hall.state.help_asked, hall.state.ratings_asked) == ({}, {})
