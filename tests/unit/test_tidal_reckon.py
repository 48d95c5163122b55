"""From a hall to its plan: what is seen, what bounds it, what is said of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.hall import Booking, HallConfig, Minimum, ProfileSlot, Resource, Session
from callq.domain.tides import TidePlan, TideReason, unexplained
from callq.tidal.reckon import _rounded_up, reckon
from callq.tidal.sight import Days, Sight, awake, look
from callq.views.tides import plan_of as view_of
from tests.harness import MONDAY_9H, Hall, tidal_hall

replace = msgspec.structs.replace


def config(daily: float = 96.0, **changes: Any) -> HallConfig:
    """Three windows that may move; `tides` and `services` change what the small hall has of them."""
    hall = tidal_hall()
    tides = replace(hall.tides, **changes.pop("tides", {}))
    more = changes.pop("services", {})
    services = tuple(replace(s, **{"daily": daily, **more.get(s.code, {})}) for s in hall.services)
    return replace(hall, tides=tides, services=services, **changes)


def staffed(hall: HallConfig | None = None, *opened: str) -> Hall:
    """Clerks at all windows; these are open."""
    found = Hall(hall or config())
    for window, clerk in (("w1", "c1"), ("w2", "c2"), ("w3", "c4")):
        found.do(cmd.SignIn(window=window, clerk=clerk))
    for window in opened:
        found.do(cmd.Open(window=window))
    found.later(3600)
    return found


def seen(hall: Hall) -> Sight:
    return look(hall.state, Days(), hall.now_ms)


def plan_of(hall: Hall) -> TidePlan | None:
    return reckon(seen(hall)).plan


# What is seen --------------------------------------------------------------------------------------------


def test_windows_are_seen_with_what_their_clerks_serve() -> None:
    hall = staffed(None, "w1")
    hall.do(cmd.SignOut(window="w3"))
    hall.do(cmd.SetSkills(window="w1", skills=("general", "social")))
    seats = {seat.id: seat for seat in seen(hall).seats}
    assert seats["w1"].services == (0, 1)
    assert seats["w2"].services == (0,)
    assert "w3" not in seats
    assert (seats["w1"].counts, seats["w1"].idle, seats["w2"].counts) == (True, True, False)
    assert seats["w1"].movable, "an hour after a person opened it"


def test_a_window_that_a_person_has_just_moved_is_not_movable() -> None:
    hall = staffed()
    hall.do(cmd.Open(window="w1"))
    assert not {s.id: s for s in seen(hall).seats}["w1"].movable


def test_a_short_pause_counts_and_a_long_one_does_not() -> None:
    hall = staffed(None, "w1")
    hall.do(cmd.Pause(window="w1", reason="午休"))
    (seat,) = (s for s in seen(hall).seats if s.id == "w1")
    assert (seat.counts, seat.movable) == (True, False)
    hall.later(601)
    (seat,) = (s for s in seen(hall).seats if s.id == "w1")
    assert not seat.counts


def test_a_window_that_somebody_waits_for_is_not_closed() -> None:
    hall = staffed(None, "w1", "w2")
    hall.issue()
    hall.do(cmd.CallNext(window="w2"))
    hall.do(cmd.Start(window="w2"))
    hall.do(cmd.Transfer(window="w2", to_window="w1"))
    assert not {s.id: s for s in seen(hall).seats}["w1"].movable


def test_who_waits_is_served_and_has_come_is_seen() -> None:
    hall = staffed(None, "w1")
    for _ in range(3):
        hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Start(window="w1"))
    hall.later(240)
    general = seen(hall).groups[0]
    assert general.waiting == 2
    assert list(general.ages) == [pytest.approx(4.0)]
    assert seen(hall).factors[0] > seen(hall).factors[1], "three came for it, and none for the other"


def test_held_time_is_no_handling() -> None:
    hall = staffed(None, "w1")
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Start(window="w1"))
    hall.later(120)
    hall.do(cmd.Hold(window="w1", kind="waiting"))
    hall.later(600)
    hall.do(cmd.Resume(window="w1", ticket="t0001"))
    hall.later(60)
    assert list(seen(hall).groups[0].ages) == [pytest.approx(3.0)]


def test_bookings_are_known_arrivals_and_not_forecast_twice() -> None:
    booking = Booking(slot_min=30, capacity=40)
    hall = staffed(config(services={"general": {"booking": booking}}))
    before = seen(hall)
    slot_ms = MONDAY_9H + 2 * 3_600_000
    for number in range(24):
        person = cmd.Person(id_hash=f"p{number}")
        hall.do(cmd.Book(booking=f"b{number}", service="general", slot_ms=slot_ms, person=person))
    hall.do(cmd.CancelBooking(booking="b0", by_staff=True))
    hall.do(cmd.Issue(ticket="walks-in", service="general"))
    after = seen(hall)
    assert after.groups[0].booked == (60.0,) * 23
    assert sum(after.groups[0].coming) < 0.95 * sum(before.groups[0].coming)
    hall.later(80 * 60)
    assert seen(hall).groups[0].booked == (), "who is late by more than the grace does not come"


def booked(count: int, slot_ms: int) -> Hall:
    """An hour after nine, with so many bookings of general business for one slot."""
    terms = Booking(slot_min=30, capacity=40, grace_min=15)
    hall = staffed(config(services={"general": {"booking": terms}}))
    for number in range(count):
        person = cmd.Person(id_hash=f"p{number}")
        hall.do(cmd.Book(booking=f"b{number}", service="general", slot_ms=slot_ms, person=person))
    return hall


def test_bookings_that_have_come_do_not_make_it_a_busy_day() -> None:
    hall = booked(24, MONDAY_9H + 2 * 3_600_000)
    hall.later(3600)
    before = seen(hall)
    for number in range(24):
        hall.do(cmd.CheckIn(booking=f"b{number}", ticket=f"k{number}"))
    after = seen(hall)
    assert (after.groups[0].waiting, after.groups[0].booked) == (24, ())
    assert after.factors == before.factors
    hall.issue()
    assert seen(hall).factors[0] > before.factors[0], "one without a booking does"


def test_a_booking_is_awaited_until_its_grace_is_over() -> None:
    slot_ms = MONDAY_9H + 2 * 3_600_000
    hall = booked(1, slot_ms)
    hall.now_ms = slot_ms + 15 * 60_000 - 1
    assert seen(hall).groups[0].booked == (0.0,)
    hall.now_ms += 1
    assert seen(hall).groups[0].booked == ()


def test_a_stopped_service_expects_nobody() -> None:
    hall = staffed()
    assert sum(seen(hall).groups[1].coming) > 0
    hall.do(cmd.StopIssuing(service="social", reason="上级系统故障"))
    assert sum(seen(hall).groups[1].coming) == 0


# When --------------------------------------------------------------------------------------------------


MORNING = Session(code="am", name="上午", ticketing="08:30-11:30", serving="09:00-12:00")


def test_tides_sleep_where_there_is_nothing_to_do() -> None:
    hall = staffed(config(sessions=(MORNING,)))
    hall.now_ms = MONDAY_9H - 6 * 60_000
    assert not awake(hall.state, hall.now_ms)
    hall.now_ms = MONDAY_9H - 4 * 60_000
    assert awake(hall.state, hall.now_ms)
    hall.now_ms = MONDAY_9H + 3 * 3_600_000
    assert not awake(hall.state, hall.now_ms)


def test_they_wake_for_windows_that_are_open_after_hours() -> None:
    hall = staffed(config(sessions=(MORNING,)), "w1")
    assert awake(hall.state, MONDAY_9H + 4 * 3_600_000)
    hall.do(cmd.Suspend(reason="停电"))
    assert not awake(hall.state, hall.now_ms)


@pytest.mark.parametrize("change", [{"mode": "off"}, {"mode": "advise"}])
def test_they_wake_only_where_they_are_run(change: dict[str, Any]) -> None:
    hall = staffed(config(tides=change))
    assert awake(hall.state, hall.now_ms) is (change["mode"] != "off")


# Bounds --------------------------------------------------------------------------------------------------


def test_a_busy_hall_opens_what_it_has() -> None:
    plan = plan_of(staffed(config(daily=600.0)))
    assert plan is not None
    assert set(plan.open) == {"w1", "w2", "w3"}
    assert plan.wanted == 3
    assert set(plan.serves) == {"general", "social", "estate"}
    assert plan.short_before is not None
    assert plan.short_after is not None
    assert plan.short_after < plan.short_before
    assert plan.wait_before_min is None, "no window serves them"
    assert plan.wait_after_min is not None
    assert plan.wait_after_min > 0
    assert unexplained(plan) == []


def test_a_quiet_hall_opens_nothing() -> None:
    hall = staffed(config(daily=1.0), "w1")
    assert plan_of(hall) is None


def test_nothing_opens_when_serving_is_nearly_over() -> None:
    hall = staffed(config(daily=600.0, sessions=(MORNING,)))
    hall.now_ms = MONDAY_9H + 175 * 60_000
    assert plan_of(hall) is None
    hall.now_ms = MONDAY_9H + 30 * 60_000
    assert plan_of(hall) is not None


def test_windows_open_for_services_whose_own_hours_go_on() -> None:
    all_day = replace(MORNING, code="day", serving="09:00-17:00", services=("general", "social"))
    hall = staffed(config(sessions=(all_day, replace(MORNING, services=("estate",)))))
    for service in ("general", "social", "estate") * 10:
        hall.issue(service)
    hall.now_ms = MONDAY_9H + 3 * 3_600_000 - 5 * 60_000 - 1
    assert seen(hall).served == (True, True, True)
    assert (plan := plan_of(hall)) is not None
    assert set(plan.open) == {"w1", "w2", "w3"}
    hall.now_ms += 1
    assert seen(hall).served == (True, True, False), "at noon, when a window could be open"
    assert (plan := plan_of(hall)) is not None
    assert set(plan.open) == {"w1", "w2"}


def test_minima_are_kept_over_lunch() -> None:
    minima = (Minimum(hours="12:00-13:00", service="estate", least=2),)
    hall = staffed(config(daily=1.0, tides={"minima": minima}), "w1")
    hall.now_ms = MONDAY_9H + 174 * 60_000
    assert plan_of(hall) is None
    hall.now_ms = MONDAY_9H + 175 * 60_000
    plan = plan_of(hall)
    assert plan is not None
    assert plan.open == ("w3",)
    (reason,) = plan.reasons
    assert (reason.code, reason.service, reason.needed, reason.there) == ("minimum", "estate", 2.0, 1.0)


def test_what_a_resource_bounds_opens_no_windows_in_vain() -> None:
    scarce = {code: {"resource": "net"} for code in ("general", "social", "estate")}
    resources = (Resource(code="net", name="专网账号", capacity=1),)
    hall = staffed(config(daily=600.0, resources=resources, services=scarce), "w1")
    assert plan_of(hall) is None
    free = staffed(config(daily=600.0), "w1")
    assert plan_of(free) is not None


def test_idle_windows_close_when_they_have_not_been_needed_for_a_while() -> None:
    hall = staffed(config(daily=1.0, tides={"close_margin": 0}), "w1", "w2", "w3")
    first = reckon(seen(hall))
    assert first.plan is None
    assert first.memory.below_clock is not None
    for _ in range(5):
        hall.do(reckon(seen(hall)), who=cmd.SYSTEM)
        hall.later(60)
    plan = plan_of(hall)
    assert plan is not None
    assert set(plan.close) == {"w2", "w3"}, "one stays while anybody may come"
    assert {(reason.code, reason.service) for reason in plan.reasons} == {
        ("spare", "general"),
        ("spare", "estate"),
    }
    until_min = (24 + 4 - 9) * 60 - 65
    assert plan.cost_h == pytest.approx(-2 * until_min / 60, abs=0.02), "no half hour of the day needs them"


def test_an_empty_hall_closes_when_serving_is_over() -> None:
    hall = staffed(config(daily=50.0, sessions=(MORNING,)), "w1", "w2", "w3")
    hall.now_ms = MONDAY_9H + 181 * 60_000
    for _ in range(6):
        assert awake(hall.state, hall.now_ms)
        hall.do(reckon(seen(hall)), who=cmd.SYSTEM)
        hall.later(60)
    assert not any(window.open for window in hall.state.windows.values())
    assert not awake(hall.state, hall.now_ms)


# What becomes of it --------------------------------------------------------------------------------------


def plan_for(hall: Hall) -> TidePlan:
    """What moves after so many minutes as closing takes."""
    for _ in range(6):
        plan = plan_of(hall)
        if plan is not None:
            return plan
        hall.do(reckon(seen(hall)), who=cmd.SYSTEM)
        hall.later(60)
    raise AssertionError("nothing moves")


def test_the_effect_is_of_the_tickets_that_the_window_would_serve() -> None:
    """Free windows of other services take nobody's wait away: pooled over the hall there would be none."""
    services = {"estate": {"daily": 300.0}, "general": {"daily": 1.0}, "social": {"daily": 1.0}}
    hall = staffed(config(services=services), "w2")
    hall.do(cmd.SetSkills(window="w1", skills=("general", "social")))
    hall.do(cmd.Open(window="w1"))
    hall.later(1800)
    for _ in range(4):
        hall.issue("estate")
    plan = plan_of(hall)
    assert plan is not None
    assert plan.open == ("w3",)
    assert plan.serves == ("estate",)
    assert plan.short_before is not None
    assert plan.short_after is not None
    assert plan.short_before > plan.short_after > 1
    assert plan.wait_before_min is None, "nobody serves it now"
    assert plan.wait_after_min is not None
    assert plan.wait_after_min > 10


def test_the_effect_of_a_window_that_opens_for_one_service_is_of_that_one() -> None:
    minima = (Minimum(hours="17:00-20:00", service="social", least=1),)
    hall = staffed(config(tides={"minima": minima}), "w2")
    hall.now_ms = MONDAY_9H + 9 * 3_600_000  # When nobody comes any more.
    plan = plan_of(hall)
    assert plan is not None
    assert plan.open == ("w1",), "which serves others as well"
    assert plan.serves == ("social",)
    assert plan.wait_before_min is None
    assert plan.wait_after_min is not None


def test_the_effect_of_a_closing_is_what_it_makes_people_wait() -> None:
    hall = staffed(config(daily=1.0, tides={"close_margin": 0}), "w1", "w2", "w3")
    plan = plan_for(hall)
    assert plan.close
    assert plan.wait_before_min is not None
    assert plan.wait_after_min is not None
    assert 0 <= plan.wait_before_min <= plan.wait_after_min


def lunch_profile() -> tuple[ProfileSlot, ...]:
    """A morning with many, then nearly nobody, then many again."""
    return (
        ProfileSlot(hours="09:00-11:00", rate=1.0),
        ProfileSlot(hours="11:00-14:00", rate=0.01),
        ProfileSlot(hours="14:00-17:00", rate=1.0),
    )


DAY = Session(code="day", name="全天", ticketing="09:00-17:00", serving="09:00-17:00")


def test_what_an_opening_costs_ends_when_the_day_is_forecast_to_need_less() -> None:
    hall = staffed(config(daily=300.0, sessions=(DAY,), tides={"profile": lunch_profile()}), "w1")
    hall.now_ms = MONDAY_9H + 70 * 60_000
    plan = plan_of(hall)
    assert plan is not None
    assert len(plan.open) == 2
    assert plan.cost_h == pytest.approx(2 * (130 - 70) / 60, abs=2 * 0.51)
    assert plan.cost_h >= 2 * 25 / 60


def test_what_a_closing_saves_ends_when_its_window_is_needed_again() -> None:
    tides = {"profile": lunch_profile(), "close_margin": 0}
    hall = staffed(config(daily=300.0, sessions=(DAY,), tides=tides), "w1", "w2", "w3")
    hall.now_ms = MONDAY_9H + 180 * 60_000
    plan = plan_for(hall)
    assert plan.more == -2
    until_min = 14 * 60 - 12 * 60 - 5
    assert plan.cost_h == pytest.approx(-2 * until_min / 60, abs=0.02)


# Spare skills --------------------------------------------------------------------------------------------


def test_spare_skills_follow_long_and_short_queues() -> None:
    hall = staffed(config(daily=1.0, tides={"widening": True, "windows": ("w3",)}), "w1", "w2")
    hall.do(cmd.SetSkills(window="w1", skills=("general",)))
    hall.later(1800)
    for _ in range(2):
        hall.issue("estate")
        hall.do(reckon(seen(hall)), who=cmd.SYSTEM)
        hall.later(60)
    hall.do(reckon(seen(hall)), who=cmd.SYSTEM)
    assert "estate" in (hall.state.windows["w1"].active or ())
    assert hall.state.tides.in_force is not None
    assert "long_queue" in {reason.code for reason in hall.state.tides.in_force.reasons}
    for ticket in ("t0001", "t0002"):
        hall.do(cmd.Cancel(ticket=ticket))
    for _ in range(4):
        hall.later(60)
        hall.do(reckon(seen(hall)), who=cmd.SYSTEM)
    assert hall.state.windows["w1"].active == ("general",)
    assert hall.state.tides.widened == {}


# The rest of the day ----------------------------------------------------------------------------------------


def test_the_rest_of_the_day_is_forecast_twice_an_hour() -> None:
    hall = staffed(config(daily=200.0, sessions=(MORNING,)), "w1")
    hall.now_ms = MONDAY_9H + 45 * 60_000
    command = reckon(seen(hall))
    assert command.ahead is not None
    starts = [(slot.from_ms - MONDAY_9H) // 60_000 for slot in command.ahead]
    assert starts == [30, 60, 90, 120, 150]
    hall.do(command, who=cmd.SYSTEM)
    hall.later(60)
    assert reckon(seen(hall)).ahead is None
    hall.later(20 * 60)
    assert reckon(seen(hall)).ahead is not None


def test_variants_differ_in_what_they_go_by() -> None:
    hall = staffed(config(daily=96.0), "w1")
    for _ in range(12):
        hall.issue()
    sight = seen(hall)
    live = reckon(sight).memory.needs[0].windows
    forecast = reckon(sight, "forecast").memory.needs[0].windows
    assert live > forecast, "a queue that nobody forecast"
    assert reckon(sight, "newsvendor").plan is not None


# What is said ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "one", "more"),
    [
        (
            {"code": "load", "lead_min": 6},
            "in 6 min 1 window of several services will be needed, 1 is there",
            "in 6 min 2 windows of several services will be needed, 2 are there",
        ),
        (
            {"code": "minimum", "service": "estate"},
            "不动产登记 needs at least 1 window at this time, 1 is there",
            "不动产登记 needs at least 2 windows at this time, 2 are there",
        ),
        (
            {"code": "unserved", "service": "estate"},
            "1 person waits for 不动产登记, which no window serves now",
            "2 people wait for 不动产登记, which no window serves now",
        ),
    ],
)
def test_sentences_agree_with_their_numbers(reason: dict[str, Any], one: str, more: str) -> None:
    for number, text in ((1.0, one), (2.0, more)):
        assert said(TideReason(**reason, needed=number, there=number)) == text


@pytest.mark.parametrize(("needed", "windows"), [(57.0, 57), (57.03, 58), (57.6, 58)])
def test_a_part_of_a_window_more_is_said_as_one(needed: float, windows: int) -> None:
    text = said(TideReason(code="load", lead_min=6, needed=needed, there=57.0))
    assert text == f"in 6 min {windows} windows of several services will be needed, 57 are there"


def said(reason: TideReason) -> str:
    """In English, as the floor page says it."""
    hall = staffed()
    command = cmd.ReckonTides(
        minute_ms=hall.now_ms,
        config=hall.state.digest,
        memory=hall.state.tides.memory,
        plan=TidePlan(open=("w1",), reasons=(reason,)),
    )
    hall.do(command, who=cmd.SYSTEM)
    told = view_of(hall.state).in_force
    assert told is not None
    (text,) = (reason.text_en for reason in told.reasons)
    return text


def test_a_need_a_little_above_what_is_there_is_not_rounded_down_to_it() -> None:
    numbers = (57.0, 57.004, 57.01, 2.2)
    assert [_rounded_up(number) for number in numbers] == [57.0, 57.01, 57.01, 2.2]
