"""What becomes of times and limits when the hall could not be used; and what nodes agree on."""

from __future__ import annotations

import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.domain.events import SCHEMA_VERSION, OutageRecorded
from callq.views.bookings import booking_out
from callq.views.ticket import held_until_ms
from callq.views.view import HALL, touched
from tests.harness import MONDAY_9H, Hall
from tests.rules.scene import ANN, BOB, HOUR, MIN, Scene, bookable, refused, rule, with_rules

TEN = MONDAY_9H + HOUR * 1000


def outage(hall: Scene, seconds: float) -> tuple[int, int] | None:
    """No node runs for a while; what the first one records, from and until, in ms after 9 o'clock."""
    since_ms = hall.now_ms
    hall.later(seconds)
    events = hall.do(cmd.RecordOutage(since_ms=since_ms, until_ms=hall.now_ms)).events
    if not events:
        return None
    (event,) = events
    assert isinstance(event, OutageRecorded)
    return event.since_ms - MONDAY_9H, event.until_ms - MONDAY_9H


@rule("H-outage-timers")
@pytest.mark.parametrize("how", ["missed", "held", "unbound", "started", "unconfirmed"])
def test_an_outage_makes_everything_due_later_by_its_length(how: str) -> None:
    hall = with_rules(auto_start_s=60 if how == "started" else 0)
    ticket = hall.issue()
    limit_s = {
        "missed": 30 * MIN,
        "held": 2 * HOUR,
        "unbound": 15 * MIN,
        "started": 60,
        "unconfirmed": 2 * HOUR,
    }
    if how == "held":
        hall.hold("without_papers")
    elif how == "unbound":
        hall.serve()
        hall.do(cmd.Transfer(window="w1", to_clerk="c2", wait=True))
    elif how == "unconfirmed":
        hall.serve()
        hall.do(cmd.CloseDay())
    else:
        hall.call()
    if how == "missed":
        hall.miss()
    before = (ticket.state, ticket.bound)
    hall.later(20)
    assert outage(hall, HOUR)
    hall.later(limit_s[how] - 21)
    hall.tick()
    assert (ticket.state, ticket.bound) == before
    hall.later(1)
    hall.tick()
    assert (ticket.state, ticket.bound) != before


@rule("H-outage-timers")
def test_a_timer_that_an_undo_gives_back_is_later_too(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    hall.miss()
    hall.call("w1", ticket)
    assert outage(hall, 12)
    hall.do(cmd.Undo(window="w1"))
    hall.later(30 * MIN - 1)
    hall.tick()
    assert ticket.state == "missed"
    hall.later(1)
    hall.tick()
    assert ticket.state == "abandoned"


@rule("H-outage-timers")
def test_who_was_sent_for_papers_is_shown_the_later_time(hall: Scene) -> None:
    hall.issue()
    ticket = hall.hold("without_papers")
    told_ms = held_until_ms(hall.state, ticket)
    assert told_ms is not None
    since_ms = hall.now_ms
    hall.later(HOUR)
    decision = hall.do(cmd.RecordOutage(since_ms=since_ms, until_ms=hall.now_ms))
    assert held_until_ms(hall.state, ticket) == told_ms + HOUR * 1000
    assert touched(decision.events, hall.state) == {HALL}, "every view that may show one"


@rule("H-outage-short")
def test_what_lasted_less_than_ten_seconds_is_none(hall: Scene) -> None:
    assert outage(hall, 9.999) is None
    hall.later(1)
    assert outage(hall, 10) == (10_999, 20_999)


@rule("H-outage-served")
def test_what_was_committed_meanwhile_shows_that_the_hall_was_served(hall: Scene) -> None:
    hall.later(60)
    hall.issue()
    hall.later(60)
    ask = cmd.RecordOutage(since_ms=MONDAY_9H, until_ms=hall.now_ms)
    (event,) = hall.do(ask).events
    assert event == OutageRecorded(since_ms=MONDAY_9H + 60_000, until_ms=MONDAY_9H + 120_000)
    assert hall.do(ask).events == (), "whichever node asks, once"
    hall.later(60)
    hall.do(cmd.OpenEpoch(epoch="e2"))
    (event,) = hall.do(cmd.RecordOutage(since_ms=MONDAY_9H, until_ms=hall.now_ms)).events
    assert event == OutageRecorded(since_ms=MONDAY_9H + 120_000, until_ms=MONDAY_9H + 180_000), (
        "that the store had to be started again shows nothing"
    )
    hall.later(5)
    late = cmd.RecordOutage(since_ms=MONDAY_9H, until_ms=hall.now_ms + HOUR * 1000)
    assert hall.do(late).events == (), "what is to come is no outage yet"


@rule("H-outage-suspended")
def test_a_suspended_hall_stood_still_anyway(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    hall.miss()
    hall.do(cmd.Suspend(reason="停电"))
    hall.later(10 * MIN)
    assert outage(hall, HOUR)
    hall.later(10 * MIN)
    hall.do(cmd.ResumeHall())
    hall.later(30 * MIN - 1)
    hall.tick()
    assert ticket.state == "missed"
    hall.later(1)
    hall.tick()
    assert ticket.state == "abandoned"


@rule("H-outage-people")
def test_people_waited_and_were_served_meanwhile(hall: Scene) -> None:
    served = hall.issue()
    hall.serve()
    waiting = hall.issue()
    assert outage(hall, HOUR)
    assert hall.state.clock(hall.now_ms) - waiting.clock_ms == HOUR * 1000
    hall.complete()
    assert served.handled_ms == HOUR * 1000


@rule("H-outage-day")
def test_the_days_end_comes_when_it_would_have(hall: Scene) -> None:
    ends_ms = hall.state.day_ends_ms
    assert outage(hall, HOUR)
    assert hall.state.day_ends_ms == ends_ms
    hall.next_day()
    assert (hall.state.day, hall.state.standstills) == ("2026-11-24", ())


@rule("B-grace-stands-still")
@pytest.mark.parametrize("how", ["suspended", "outage", "both"])
def test_the_grace_of_a_booking_does_not_run_while_nobody_can_check_in(how: str) -> None:
    hall = bookable(grace_min=15)
    for name, person in (("b1", ANN), ("b2", BOB)):
        hall.do(cmd.Book(booking=name, service="general", slot_ms=TEN, person=person))
    hall.later(HOUR + 10 * MIN)
    if how == "outage":
        assert outage(hall, 20 * MIN)
    else:
        hall.do(cmd.Suspend())
        hall.later(10 * MIN)
        assert how == "suspended" or outage(hall, 9 * MIN)
        hall.now_ms = TEN + 30 * MIN * 1000
        hall.do(cmd.ResumeHall())
    until_ms = TEN + 35 * MIN * 1000
    assert booking_out(hall.state, hall.state.bookings["b1"]).on_time_until_ms == until_ms
    hall.now_ms = until_ms
    hall.do(cmd.CheckIn(booking="b1", ticket="k1"))
    hall.later(0.001)
    hall.do(cmd.CheckIn(booking="b2", ticket="k2"))
    assert [hall.state.tickets[t].cls for t in ("k1", "k2")] == ["appointment", "ordinary"]


@rule("B-grace-stands-still")
@pytest.mark.parametrize(
    ("begins", "ends", "longer"),
    [(-20, -10, 0), (-10, 5, 5), (0, 5, 5), (5, 15, 10), (14, 44, 30), (15, 25, 0)],
)
def test_only_what_overlaps_the_grace_makes_it_longer(begins: int, ends: int, longer: int) -> None:
    hall = bookable(grace_min=15)
    hall.do(cmd.Book(booking="b1", service="general", slot_ms=TEN, person=ANN))
    hall.now_ms = TEN + begins * MIN * 1000
    assert outage(hall, (ends - begins) * MIN)
    assert hall.state.grace_until("general", TEN, 15 * MIN * 1000) == TEN + (15 + longer) * MIN * 1000


@rule("B-grace-stands-still")
def test_one_standstill_after_another_makes_it_longer_still() -> None:
    hall = bookable(grace_min=15)
    hall.now_ms = TEN + 10 * MIN * 1000
    assert outage(hall, 10 * MIN)
    hall.later(4 * MIN)
    hall.do(cmd.Suspend())
    hall.later(6 * MIN)
    hall.do(cmd.ResumeHall())
    assert hall.state.grace_until("general", TEN, 15 * MIN * 1000) == TEN + 31 * MIN * 1000


@rule("B-grace-stands-still")
def test_one_that_ran_into_a_new_day_counts_for_its_first_slots() -> None:
    hall = bookable(grace_min=15)
    four_ms = hall.state.day_ends_ms
    hall.now_ms = four_ms - 10 * MIN * 1000
    assert outage(hall, 20 * MIN)
    hall.tick()
    assert hall.state.grace_until("general", four_ms, 15 * MIN * 1000) == four_ms + 25 * MIN * 1000


@rule("H-level")
def test_the_level_of_a_hall_only_rises_and_never_above_what_is_read_here() -> None:
    hall = Hall(level=0)
    assert hall.state.level == 1, "what its first batch needed"
    for level in (2, SCHEMA_VERSION + 1):
        with refused(hall, Code.INVALID) as refusal:
            hall.do(cmd.RaiseLevel(level=level))
        assert refusal.value.state == "1"
    hall.do(cmd.RaiseLevel(level=SCHEMA_VERSION))
    assert hall.state.level == SCHEMA_VERSION
    assert hall.do(cmd.RaiseLevel(level=SCHEMA_VERSION)).events == ()


@rule("H-level")
def test_a_level_that_a_later_version_raised_is_not_lowered(hall: Scene) -> None:
    hall.state.level = SCHEMA_VERSION + 1
    hall.taken_as_it_stands()
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.RaiseLevel(level=SCHEMA_VERSION))
    hall.state.level = SCHEMA_VERSION


@rule("H-level")
def test_batches_show_the_level_of_a_hall_that_never_recorded_one() -> None:
    hall = Hall(level=2)
    hall.issue()
    assert hall.replayed().level == 2


@rule("B-grace-stands-still")
def test_nor_while_its_service_is_stopped_and_no_minute_counts_twice() -> None:
    hall = bookable(grace_min=15)
    hall.do(cmd.Book(booking="b1", service="general", slot_ms=TEN, person=ANN))
    hall.later(HOUR + 5 * MIN)
    hall.do(cmd.StopIssuing(service="general", reason="上级系统故障"))
    hall.do(cmd.StopIssuing(service="social", reason="上级系统故障"))
    hall.later(20 * MIN)
    hall.do(cmd.Suspend())
    hall.later(10 * MIN)
    hall.do(cmd.StopIssuing(service="general", reason="还没修好"))
    hall.do(cmd.StartIssuing(service="general"))
    hall.later(5 * MIN)
    hall.do(cmd.ResumeHall())
    assert booking_out(hall.state, hall.state.bookings["b1"]).on_time_until_ms == TEN + 50 * MIN * 1000
    hall.now_ms = TEN + 50 * MIN * 1000
    hall.do(cmd.CheckIn(booking="b1", ticket="k1"))
    assert hall.state.tickets["k1"].cls == "appointment"
    hall.next_day()
    assert (hall.state.stops, list(hall.state.stopped_since)) == ({}, ["social"])


@rule("B-could-not-come")
@pytest.mark.parametrize("over", [True, False], ids=["over", "to the end"])
@pytest.mark.parametrize("how", ["suspended", "stopped", "outage"])
def test_nobody_stayed_away_whose_slot_stood_still(how: str, over: bool) -> None:
    hall = bookable()
    hours = {"before": 1, "in it": 2, "after": 3}
    for name, hour in hours.items():
        slot_ms = MONDAY_9H + hour * HOUR * 1000
        hall.do(cmd.Book(booking=name, service="general", slot_ms=slot_ms, person=cmd.Person(id_hash=name)))
    hall.later(2.9 * HOUR)
    if how == "outage":
        assert outage(hall, 0.1 * HOUR)
    else:
        stop = cmd.StopIssuing(service="general", reason="上级系统故障")
        hall.do(cmd.Suspend() if how == "suspended" else stop)
        hall.later(0.1 * HOUR)
        if over:
            hall.do(cmd.ResumeHall() if how == "suspended" else cmd.StartIssuing(service="general"))
    hall.next_day()
    after = "no_show" if over or how == "outage" else "cancelled"
    found = {name: hall.state.bookings[name].state for name in hours}
    assert found == {"before": "no_show", "in it": "cancelled", "after": after}
    assert "in it" not in hall.state.no_shows
