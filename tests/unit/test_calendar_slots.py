"""Slots for bookings, how hours are written, and what must hold of any calendar."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callq.domain.calendar import business_day, day_after, day_bounds, parse_hours, weekday_like
from callq.domain.hall import (
    Booking,
    HallConfig,
    Holiday,
    MovedWorkday,
    Service,
    Session,
    SessionKind,
    Weekday,
)
from callq.domain.hours import next_ticketing, sessions_on, slots_on, ticketing
from tests.unit.hours_seen import edges, serving

MORNING = Session(code="am", name="上午", ticketing="08:30-11:30", serving="08:30-12:00")
AFTERNOON = Session(code="pm", name="下午", ticketing="14:00-16:30", serving="14:00-17:30")
SUNDAY = Session(
    code="sun", name="预约", kind="booked_only", ticketing="09:00-11:00", serving="09:00-11:00", days=("sun",)
)
MONDAY = "2026-11-23"


def hall(
    *sessions: Session, booking: Booking | None, timezone: str = "Asia/Shanghai", **more: Any
) -> HallConfig:
    return HallConfig(
        id="h",
        name="厅",
        zones=(),
        windows=(),
        clerks=(),
        services=(Service(code="a", name="甲", prefix="A", booking=booking),),
        sessions=sessions,
        timezone=timezone,
        **more,
    )


def starts(config: HallConfig, day: str) -> list[str]:
    zone = ZoneInfo(config.timezone)
    return [
        datetime.fromtimestamp(slot.start_ms / 1000, zone).strftime("%H:%M")
        for slot in slots_on(config, "a", day)
    ]


def test_slots_fill_the_serving_hours() -> None:
    config = hall(MORNING, AFTERNOON, SUNDAY, booking=Booking(slot_min=60))
    assert starts(config, MONDAY) == ["08:30", "09:30", "10:30", "14:00", "15:00", "16:00"]
    assert starts(config, "2026-11-29") == ["09:00", "10:00"], "a booked-only day"
    assert starts(config, "2026-11-28") == []


def test_no_slot_begins_when_no_ticket_could_be_given_any_more() -> None:
    config = hall(AFTERNOON, booking=Booking(slot_min=30))
    assert starts(config, MONDAY) == ["14:00", "14:30", "15:00", "15:30", "16:00"]


def test_time_that_two_sessions_share_is_sold_once() -> None:
    extra = Session(code="x", name="加", ticketing="11:00-12:30", serving="11:00-13:30")
    config = hall(MORNING, extra, booking=Booking(slot_min=60))
    assert starts(config, MONDAY) == ["08:30", "09:30", "10:30", "11:30"]


def test_a_service_without_bookings_has_no_slots() -> None:
    config = hall(MORNING, booking=None)
    assert slots_on(config, "a", MONDAY) == ()
    assert slots_on(config, "unknown", MONDAY) == ()


def test_slots_are_as_long_as_the_service_says() -> None:
    config = hall(MORNING, booking=Booking(slot_min=15))
    for slot in slots_on(config, "a", MONDAY):
        assert slot.end_ms - slot.start_ms == 15 * 60_000


def test_slots_are_as_long_on_the_night_of_a_clock_change() -> None:
    config = hall(booking=Booking(slot_min=60), timezone="Europe/Warsaw")
    assert len(slots_on(config, "a", "2026-03-28")) == 23
    assert len(slots_on(config, "a", "2026-10-24")) == 25


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("08:30-16:30", (510, 990)),
        ("00:00-24:00", (0, 1440)),
        ("22:00-01:30", (1320, 1530)),
        ("22:00-00:00", (1320, 1440)),
        ("8:30-16:30", None),
        ("08:30-24:30", None),
        ("24:00-08:30", None),
        ("08:30–16:30", None),
        ("08:30", None),
        ("", None),
    ],
)
def test_hours_are_read(text: str, hours: tuple[int, int] | None) -> None:
    assert parse_hours(text) == hours


minutes = st.integers(0, 24 * 4 - 1).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
hours = st.tuples(minutes, minutes | st.just("24:00")).map("-".join)
weekdays = st.sampled_from(get_args(Weekday))
near = st.dates(datetime(2026, 3, 1).date(), datetime(2026, 4, 10).date()) | st.dates(
    datetime(2026, 10, 20).date(), datetime(2027, 1, 10).date()
)
timezones = st.sampled_from(["Asia/Shanghai", "Europe/Warsaw", "America/New_York", "Australia/Lord_Howe"])


@st.composite
def calendars(draw: st.DrawFn) -> HallConfig:
    """Any hours at all, also such as a check would refuse."""
    sessions = [
        Session(
            code=f"s{index}",
            name="时段",
            ticketing=draw(hours),
            serving=draw(hours),
            kind=draw(st.sampled_from(get_args(SessionKind))),
            days=tuple(draw(st.lists(weekdays, min_size=1, max_size=7, unique=True))),
            services=draw(st.sampled_from([(), ("a",), ("b",)])),
        )
        for index in range(draw(st.integers(0, 4)))
    ]
    first = draw(near)
    moved = draw(st.lists(near, max_size=3, unique=True))
    return hall(
        *sessions,
        booking=draw(st.none() | st.builds(Booking, slot_min=st.sampled_from([15, 20, 30, 60]))),
        timezone=draw(timezones),
        day_starts=draw(st.sampled_from(["00:00", "02:30", "04:00"])),
        holidays=(Holiday(first=first.isoformat(), last=day_after(first.isoformat(), 5)),),
        moved_workdays=tuple(MovedWorkday(date=day.isoformat(), like=draw(weekdays)) for day in moved),
    )


@given(config=calendars(), day=near.map(lambda day: day.isoformat()), data=st.data())
@settings(max_examples=300, deadline=None)
def test_nothing_changes_between_two_edges(config: HallConfig, day: str, data: st.DataObject) -> None:
    begins, ends = day_bounds(day, config.timezone, config.day_starts)
    marks = edges(config, day)
    assert list(marks) == sorted(set(marks))
    assert all(begins <= mark <= ends for mark in marks)

    def status(now_ms: int) -> tuple[object, ...]:
        return (
            ticketing(config, "a", now_ms, booked=False),
            ticketing(config, "a", now_ms, booked=True),
            serving(config, "a", now_ms),
        )

    bounds = sorted({begins, *marks, ends})
    for first, last in pairwise(bounds):
        now_ms = data.draw(st.integers(first, last - 1))
        assert business_day(now_ms, config.timezone, config.day_starts) == day
        assert status(now_ms) == status(first) == status(last - 1)


@given(config=calendars(), day=near.map(lambda day: day.isoformat()), offset=st.integers(0, 86_399_999))
@settings(max_examples=200, deadline=None)
def test_when_tickets_are_given_again_they_are(config: HallConfig, day: str, offset: int) -> None:
    now_ms = day_bounds(day, config.timezone, config.day_starts)[0] + offset
    again = next_ticketing(config, "a", now_ms, 9)
    if again is None:
        return
    assert again >= now_ms
    assert ticketing(config, "a", again, booked=False)
    assert again == now_ms or ticketing(config, "a", again - 1, booked=False) is None
    assert (again == now_ms) == (ticketing(config, "a", now_ms, booked=False) is not None)


@given(config=calendars(), day=near.map(lambda day: day.isoformat()))
@settings(max_examples=200, deadline=None)
def test_slots_are_disjoint_and_served(config: HallConfig, day: str) -> None:
    free_ms = 0
    for slot in slots_on(config, "a", day):
        assert slot.start_ms >= free_ms
        free_ms = slot.end_ms
        assert ticketing(config, "a", slot.start_ms, booked=True)
        assert serving(config, "a", slot.start_ms)
        assert serving(config, "a", slot.end_ms - 1)


@given(config=calendars(), day=near.map(lambda day: day.isoformat()))
@settings(max_examples=100, deadline=None)
def test_a_day_is_its_weekdays_sessions(config: HallConfig, day: str) -> None:
    like = weekday_like(config, day)
    days = {session.code: session.days for session in config.sessions}
    for session in sessions_on(config, day):
        assert not session.code or like in days[session.code]


def test_each_configuration_has_its_own_calendar() -> None:
    for minute in range(60):  # most of them have been let go when the next one comes
        opens = f"08:{minute:02}-11:30"
        config = hall(Session(code="am", name="上午", ticketing=opens, serving=opens), booking=None)
        eight = sessions_on(hall(MORNING, booking=None), MONDAY)[0].ticketing_from_ms - 30 * 60_000
        assert sessions_on(config, MONDAY)[0].ticketing_from_ms == eight + minute * 60_000
