"""好差评: what people think of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.web.roles import ALLOWED, Permission, Role
from tests.rules.scene import HOUR, MIN, Scene, refused, rule, settle, with_rules

if TYPE_CHECKING:
    from callq.domain.ticket import Ticket


def done(hall: Scene, **visit: object) -> Ticket:
    ticket = hall.issue(**visit)  # type: ignore[arg-type]
    hall.serve()
    hall.complete()
    return ticket


@rule("R-levels")
@pytest.mark.parametrize("level", [0, 6])
def test_there_are_five_levels(hall: Scene, level: int) -> None:
    ticket = done(hall)
    with refused(hall, Code.INVALID):
        hall.do(cmd.Rate(ticket=ticket.id, level=level))
    hall.do(cmd.Rate(ticket=ticket.id, level=5, reasons=("热情",), text="谢谢"))
    assert [(r.step, r.level, r.reasons) for r in ticket.ratings] == [(0, 5, ("热情",))]


@rule("R-once")
def test_one_rating_for_one_service(hall: Scene) -> None:
    ticket = done(hall)
    hall.do(cmd.Rate(ticket=ticket.id, level=1))
    with refused(hall, Code.LIMIT_REACHED):
        hall.do(cmd.Rate(ticket=ticket.id, level=5))


@rule("R-per-step")
def test_each_step_of_a_visit_has_its_own_rating(hall: Scene) -> None:
    ticket = done(hall, services=("social",))
    hall.do(cmd.Rate(ticket=ticket.id, level=4))
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Rate(ticket=ticket.id, level=4, step=1))
    hall.serve()
    hall.complete()
    hall.do(cmd.Rate(ticket=ticket.id, level=2))
    assert [(r.step, r.level) for r in ticket.ratings] == [(0, 4), (1, 2)]


@rule("R-window-time")
def test_at_the_window_within_ten_minutes(hall: Scene) -> None:
    ticket = done(hall)
    hall.later(10 * MIN + 1)
    with refused(hall, Code.EXPIRED):
        hall.do(cmd.Rate(ticket=ticket.id, level=5))
    hall.now_ms -= 1000
    hall.do(cmd.Rate(ticket=ticket.id, level=5))


@rule("R-phone-time")
def test_by_phone_within_a_day_even_after_the_day_has_closed(hall: Scene) -> None:
    ticket = done(hall)
    hall.next_day()
    hall.later(5 * HOUR)
    hall.now_ms = (ticket.done_ms or 0) + 24 * HOUR * 1000 + 1
    with refused(hall, Code.EXPIRED):
        hall.do(cmd.Rate(ticket=ticket.id, level=3, by_phone=True))
    hall.now_ms -= 1
    hall.do(cmd.Rate(ticket=ticket.id, level=3, by_phone=True))


@rule("R-phone-time")
@pytest.mark.parametrize("end", ["expired", "cancelled"])
def test_a_done_step_is_rated_as_long_as_the_hall_says_however_the_visit_ended(end: str) -> None:
    hall = with_rules(rate_phone_h=168)
    ticket = done(hall, services=("social",))
    if end == "cancelled":
        hall.do(cmd.Cancel(ticket=ticket.id))
    done_ms = ticket.steps[0].done_ms or 0
    for _ in range(6):
        hall.next_day()
    assert ticket.state == end
    hall.now_ms = done_ms + 168 * HOUR * 1000
    hall.do(cmd.Rate(ticket=ticket.id, level=1, step=0, by_phone=True))
    assert [(r.step, r.level) for r in hall.state.tickets[ticket.id].ratings] == [(0, 1)]
    for _ in range(3):
        hall.next_day()
    assert ticket.id not in hall.state.tickets, "kept for ever"
    settle(hall)


@rule("R-completed-only")
def test_only_a_completed_service_is_rated(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Rate(ticket=ticket.id, level=1))
    hall.do(cmd.Abandon(window="w1"))
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Rate(ticket=ticket.id, level=1))


@rule("R-voluntary")
def test_nobody_has_to(hall: Scene) -> None:
    ticket = done(hall)
    hall.next_day()
    hall.next_day()
    assert ticket.ratings == ()
    assert ticket.id not in hall.state.tickets


@rule("R-earlier-step-counts")
def test_an_unconfirmed_end_leaves_earlier_steps_to_be_rated(hall: Scene) -> None:
    ticket = done(hall, services=("social",))
    hall.serve()
    hall.do(cmd.CloseDay())
    hall.later(2 * HOUR)
    hall.tick()
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Rate(ticket=ticket.id, level=5))
    hall.do(cmd.Rate(ticket=ticket.id, level=5, step=0, by_phone=True))


@rule("R-never-a-clerk")
def test_a_clerks_token_never_rates() -> None:
    assert Role.CLERK not in ALLOWED[Permission.RATE]
