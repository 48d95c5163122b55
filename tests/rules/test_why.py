"""What somebody who waits again is told."""

from __future__ import annotations

from callq.domain import commands as cmd
from callq.views.why import why_of
from tests.rules.scene import MIN, Scene


def test_who_was_called_before_is_not_told_that_nobody_called() -> None:
    hall = Scene()
    hall.staff("w1", "c1")
    ticket = hall.issue("general")
    assert why_of(hall.state, ticket, 0)[1].zh == "还没有叫到：预计下一个就是您。"
    hall.call()
    hall.later(MIN)
    hall.do(cmd.Recall(window="w1"))
    hall.do(cmd.Miss(window="w1"))
    hall.do(cmd.Rejoin(ticket=ticket.id))
    told = why_of(hall.state, ticket, 2)[1]
    assert told.zh == "叫过号后重新排队：预计有 2 位先于您被叫到。"
    assert told.en == "Called before, and back in the queue: 2 are expected to be called before you."
