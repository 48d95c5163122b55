"""Opening, closing and pausing: which flag wins, what is forgotten, and since when a window is as it is."""

from __future__ import annotations

import pytest

from callq.domain import commands as cmd
from tests.rules.scene import HOUR, Scene, rule, with_rules

LUNCH = cmd.Pause(window="w1", reason="午餐")
CLOSE, OPEN, UNPAUSE = cmd.Close(window="w1"), cmd.Open(window="w1"), cmd.Unpause(window="w1")


@rule("W-close-wins")
@pytest.mark.parametrize("order", [(LUNCH, CLOSE), (CLOSE, LUNCH)], ids=["pause first", "close first"])
def test_a_close_and_a_pause_to_come_close_the_window(
    hall: Scene, order: tuple[cmd.AnyCommand, cmd.AnyCommand]
) -> None:
    hall.issue()
    hall.serve()
    for flag in order:
        hall.do(flag)
    hall.complete()
    assert hall.state.windows["w1"].state == "closed"


@rule("W-close-forgets")
def test_a_window_that_opens_again_knows_nothing_of_the_pause_before(hall: Scene) -> None:
    hall.issue()
    hall.issue()
    hall.serve()
    for command in (LUNCH, CLOSE, cmd.Complete(window="w1"), OPEN):
        hall.do(command)
    window = hall.state.windows["w1"]
    assert (window.state, window.pause_reason) == ("idle", None)
    hall.serve()
    hall.complete()
    assert window.state == "idle", "the pause was for the ticket before"


@rule("W-close-forgets")
def test_a_paused_window_that_closes_forgets_its_reason(hall: Scene) -> None:
    for command in (LUNCH, CLOSE, OPEN):
        hall.do(command)
    window = hall.state.windows["w1"]
    assert (window.state, window.pause_reason) == ("idle", None)


@rule("W-since")
@pytest.mark.parametrize("away", [(LUNCH, UNPAUSE), (CLOSE, OPEN)], ids=["a pause", "closed"])
def test_who_is_back_begins_anew(away: tuple[cmd.AnyCommand, cmd.AnyCommand]) -> None:
    hall = with_rules(auto_call_s=20)
    leaves, is_back = away
    hall.do(leaves)
    hall.later(HOUR)
    ticket = hall.issue()
    hall.do(is_back)
    assert hall.state.windows["w1"].since_ms == hall.now_ms
    hall.later(19)
    hall.tick()
    assert ticket.state == "waiting", "nobody is called the moment that a clerk sits down again"
    hall.later(1)
    hall.tick()
    assert ticket.state == "called"
