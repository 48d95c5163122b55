"""Who is one person, and what one person may hold at a time."""

from __future__ import annotations

import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from tests.harness import MONDAY_9H
from tests.rules.scene import ANN, HOUR, Scene, bookable, refused, rule, settle, with_rules


@rule("N-one-live-void")
@pytest.mark.parametrize("policy", [{"rejoin": "void"}, {"rejoin_max": 0}])
def test_a_missed_number_that_may_not_come_back_is_replaced(policy: dict[str, object]) -> None:
    hall = with_rules(**policy)
    void = hall.issue(person=ANN)
    hall.call()
    hall.miss()
    with refused(hall, Code.WRONG_STATE if policy.get("rejoin") else Code.LIMIT_REACHED) as refusal:
        hall.do(cmd.Rejoin(ticket=void.id))
    assert refusal.value.hint == "take a new number"
    fresh = hall.issue(person=ANN)
    with refused(hall, Code.DUPLICATE_TICKET):
        hall.call("w1", void)
    with refused(hall, Code.DUPLICATE_TICKET):
        hall.issue(person=ANN)
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Undo(window="w1"))
    assert hall.call() is fresh
    settle(hall)


@rule("N-one-live-phone")
def test_a_shared_telephone_is_no_identity(hall: Scene) -> None:
    mother = cmd.Person(id_hash="mother", phone_hash="home")
    father = cmd.Person(id_hash="father", phone_hash="home")
    hers, his = hall.issue(person=mother), hall.issue(person=father)
    for person in (mother, father, cmd.Person(phone_hash="home"), cmd.Person(id_hash="mother")):
        with refused(hall, Code.DUPLICATE_TICKET):
            hall.issue(person=person)
    hall.do(cmd.Cancel(ticket=hers.id))
    hall.issue(person=mother)
    hall.do(cmd.Cancel(ticket=his.id))
    hall.issue(person=father)


@rule("N-one-live-phone")
def test_nor_does_it_bar_from_booking_who_shares_it() -> None:
    hall = bookable()
    mother = cmd.Person(id_hash="mother", phone_hash="home")
    father = cmd.Person(id_hash="father", phone_hash="home")
    for day in range(3):
        slot_ms = MONDAY_9H + (24 * day + 1) * HOUR * 1000
        for booking, person in ((f"m{day}", mother), (f"f{day}", father)):
            hall.do(cmd.Book(booking=booking, service="general", slot_ms=slot_ms, person=person))
        hall.later(HOUR)
        hall.do(cmd.CheckIn(booking=f"m{day}", ticket=f"k{day}"))
        hall.next_day()
        hall.later(5 * HOUR)
    hall.do(cmd.Book(booking="m", service="general", slot_ms=hall.now_ms + HOUR * 1000, person=mother))
    with refused(hall, Code.LIMIT_REACHED):
        hall.do(cmd.Book(booking="f", service="general", slot_ms=hall.now_ms + HOUR * 1000, person=father))
