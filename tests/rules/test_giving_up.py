"""Giving up: by the clerk, by the clock, by the citizen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import commands as cmd
from callq.domain.errors import Code
from tests.rules.scene import MIN, refused, rule

if TYPE_CHECKING:
    from tests.rules.scene import Scene


@rule("T-abandon")
def test_a_clerk_gives_up_who_is_called_served_missed_or_held(hall: Scene) -> None:
    called = hall.issue()
    hall.call()
    hall.do(cmd.Abandon(window="w1", reason="人已离开"))
    served = hall.issue()
    hall.serve()
    hall.do(cmd.Abandon(window="w1"))
    missed = hall.issue()
    hall.call()
    hall.miss()
    hall.do(cmd.AbandonTicket(ticket=missed.id))
    held = hall.issue()
    hall.hold("waiting")
    hall.do(cmd.AbandonTicket(ticket=held.id))
    assert {t.state for t in (called, served, missed, held)} == {"abandoned"}
    for ticket in (called, served, missed, held):
        with refused(hall, Code.WRONG_STATE):
            hall.do(cmd.Rate(ticket=ticket.id, level=1))
    waiting = hall.issue()
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.AbandonTicket(ticket=waiting.id))


@rule("T-abandon-missed")
def test_a_missed_ticket_is_abandoned_after_half_an_hour(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    hall.miss()
    hall.later(30 * MIN - 1)
    hall.tick()
    assert ticket.state == "missed"
    hall.later(1)
    hall.tick()
    assert ticket.state == "abandoned"


@rule("T-cancel")
def test_whoever_waits_is_held_or_missed_may_cancel(hall: Scene) -> None:
    waiting = hall.issue()
    hall.do(cmd.Cancel(ticket=waiting.id))
    held = hall.issue()
    hall.hold("without_papers")
    hall.do(cmd.Cancel(ticket=held.id))
    missed = hall.issue()
    hall.call()
    hall.miss()
    hall.do(cmd.Cancel(ticket=missed.id))
    assert {t.state for t in (waiting, held, missed)} == {"cancelled"}
    served = hall.issue()
    hall.serve()
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Cancel(ticket=served.id))


@rule("T-cancel-called")
def test_a_cancel_of_the_called_ticket_frees_its_window(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    told = hall.do(cmd.Cancel(ticket=ticket.id))
    assert (hall.at_w1, told.window) == (None, "w1")
