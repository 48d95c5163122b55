"""When the hall is open: weekdays, noon hours, nights, holidays, moved workdays, clock changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callq.domain.calendar import business_day, day_bounds, weekday_like
from callq.domain.hall import HallConfig, Holiday, MovedWorkday, Service, Session
from callq.domain.hours import next_ticketing, sessions_on, ticketing
from tests.unit.hours_seen import edges, serving

SHANGHAI = "Asia/Shanghai"

MORNING = Session(code="am", name="上午", ticketing="08:30-11:30", serving="08:30-12:00")
AFTERNOON = Session(code="pm", name="下午", kind="afternoon", ticketing="14:00-16:30", serving="14:00-17:30")
NOON = Session(
    code="noon",
    name="中午延时",
    kind="noon",
    ticketing="12:00-13:30",
    serving="12:00-14:00",
    services=("social",),
)
SATURDAY = Session(
    code="sat",
    name="周六",
    kind="weekend",
    ticketing="09:00-11:00",
    serving="09:00-12:00",
    days=("sat",),
    services=("company",),
)
BOOKED = Session(
    code="by-booking",
    name="预约专场",
    kind="booked_only",
    ticketing="09:00-11:30",
    serving="09:00-12:00",
    days=("sun",),
    services=("wedding",),
)
NIGHT = Session(
    code="night",
    name="夜间",
    kind="evening",
    ticketing="22:00-01:30",
    serving="22:00-03:30",
    days=("fri",),
    services=("police",),
)
GOLDEN_WEEK = Holiday(first="2026-10-01", last="2026-10-07", name="国庆节")
MOVED = (
    MovedWorkday(date="2026-09-20", like="wed", name="国庆节调休"),
    MovedWorkday(date="2026-10-10", like="wed", name="国庆节调休"),
)


def hall(*sessions: Session, timezone: str = SHANGHAI, **more: Any) -> HallConfig:
    codes = ("general", "social", "company", "wedding", "police")
    services = tuple(Service(code=code, name=code, prefix=code[0].upper()) for code in codes)
    return HallConfig(
        id="h",
        name="厅",
        zones=(),
        windows=(),
        clerks=(),
        services=services,
        sessions=sessions,
        timezone=timezone,
        **more,
    )


def ms(local: str, timezone: str = SHANGHAI, fold: int = 0) -> int:
    return round(
        datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(timezone), fold=fold).timestamp() * 1000
    )


def open_code(config: HallConfig, service: str, local: str, *, booked: bool = False) -> str | None:
    session = ticketing(config, service, ms(local, config.timezone), booked=booked)
    return session.code if session else None


ALL = hall(
    MORNING,
    AFTERNOON,
    NOON,
    SATURDAY,
    BOOKED,
    NIGHT,
    holidays=(GOLDEN_WEEK, Holiday(first="2027-01-01", last="2027-01-03", name="元旦")),
    moved_workdays=MOVED,
)


@pytest.mark.parametrize(
    ("service", "local", "session", "served"),
    [
        ("general", "2026-11-23T08:29:59", None, False),
        ("general", "2026-11-23T08:30:00", "am", True),
        ("general", "2026-11-23T11:29:59", "am", True),
        ("general", "2026-11-23T11:30:00", None, True),  # people inside are served after
        ("general", "2026-11-23T12:00:00", None, False),
        ("general", "2026-11-23T12:30:00", None, False),
        ("social", "2026-11-23T12:30:00", "noon", True),
        ("social", "2026-11-23T13:45:00", None, True),
        ("social", "2026-11-23T09:00:00", "am", True),
        ("general", "2026-11-23T16:29:59", "pm", True),
        ("general", "2026-11-23T17:29:59", None, True),
        ("general", "2026-11-23T17:30:00", None, False),
        ("general", "2026-11-28T09:30:00", None, False),  # a Saturday
        ("company", "2026-11-28T09:30:00", "sat", True),
        ("company", "2026-11-28T11:30:00", None, True),
        ("unknown", "2026-11-23T09:00:00", None, False),
    ],
)
def test_a_week_at_the_hall(service: str, local: str, session: str | None, served: bool) -> None:
    assert open_code(ALL, service, local) == session
    assert serving(ALL, service, ms(local)) is served


def test_a_day_lists_its_sessions_in_the_order_of_the_clock() -> None:
    monday = sessions_on(ALL, "2026-11-23")
    assert [session.code for session in monday] == ["am", "noon", "pm"]
    assert monday[0].services == ("general", "social", "company", "wedding", "police")
    assert monday[1].services == ("social",)
    assert (monday[1].kind, monday[1].name) == ("noon", "中午延时")
    assert monday[0].ticketing_from_ms == ms("2026-11-23T08:30")
    assert monday[0].serving_to_ms == ms("2026-11-23T12:00")
    hours = ("08:30", "11:30", "12:00", "13:30", "14:00", "16:30", "17:30")
    assert edges(ALL, "2026-11-23") == tuple(ms(f"2026-11-23T{hour}") for hour in hours)


def test_a_service_may_name_its_sessions_instead() -> None:
    services = (
        Service(code="short", name="短", prefix="S", sessions=("am",)),
        Service(code="general", name="综合", prefix="A"),
    )
    config = HallConfig(
        id="h", name="厅", zones=(), windows=(), clerks=(), services=services, sessions=(MORNING, AFTERNOON)
    )
    assert open_code(config, "short", "2026-11-23T09:00") == "am"
    assert open_code(config, "short", "2026-11-23T15:00") is None
    assert [session.services for session in sessions_on(config, "2026-11-23")] == [
        ("short", "general"),
        ("general",),
    ]


def test_a_booked_only_session_tickets_bookings_only() -> None:
    sunday = "2026-11-29T09:30"
    assert open_code(ALL, "wedding", sunday) is None
    assert open_code(ALL, "wedding", sunday, booked=True) == "by-booking"
    assert serving(ALL, "wedding", ms(sunday)), "whoever holds a ticket is served"
    assert open_code(ALL, "general", sunday, booked=True) is None
    assert next_ticketing(ALL, "wedding", ms("2026-11-28T12:00")) == ms("2026-11-30T08:30")
    booked = next_ticketing(ALL, "wedding", ms("2026-11-28T12:00"), booked=True)
    assert booked == ms("2026-11-29T09:00")


def test_a_booking_is_ticketed_in_an_ordinary_session_first() -> None:
    early = Session(
        code="early", name="预约", kind="booked_only", ticketing="08:00-09:30", serving="08:00-10:00"
    )
    config = hall(early, MORNING)
    assert open_code(config, "general", "2026-11-23T08:15", booked=True) == "early"
    assert open_code(config, "general", "2026-11-23T09:00", booked=True) == "am"


def test_the_golden_week_closes_and_moved_workdays_open() -> None:
    assert sessions_on(ALL, "2026-10-03") == (), "a Saturday in the holidays has no Saturday session"
    assert open_code(ALL, "general", "2026-10-07T09:00") is None
    assert open_code(ALL, "general", "2026-10-08T09:00") == "am"
    assert open_code(ALL, "general", "2026-09-20T09:00") == "am", "a Sunday that works"
    assert open_code(ALL, "company", "2026-10-10T09:30") == "am", "this Saturday is a Wednesday"
    assert [weekday_like(ALL, day) for day in ("2026-09-20", "2026-10-01", "2026-10-09")] == [
        "wed",
        None,
        "fri",
    ]


def test_a_moved_workday_counts_even_within_holidays() -> None:
    moved = MovedWorkday(date="2026-10-05", like="mon", name="值班")
    config = hall(MORNING, holidays=(GOLDEN_WEEK,), moved_workdays=(moved,))
    assert open_code(config, "general", "2026-10-05T09:00") == "am"


@pytest.mark.parametrize(
    ("service", "now", "again"),
    [
        ("general", "2026-11-23T03:30", "2026-11-23T08:30"),  # still Sunday's business day
        ("general", "2026-11-23T07:00", "2026-11-23T08:30"),
        ("general", "2026-11-23T09:00", "2026-11-23T09:00"),  # now
        ("general", "2026-11-23T11:30", "2026-11-23T14:00"),
        ("social", "2026-11-23T11:30", "2026-11-23T12:00"),
        ("general", "2026-11-27T16:30", "2026-11-30T08:30"),  # over the weekend
        ("company", "2026-11-27T16:30", "2026-11-28T09:00"),
        ("general", "2026-09-30T16:30", "2026-10-08T08:30"),  # over the golden week
        ("general", "2026-12-31T16:30", "2027-01-04T08:30"),  # over new year
    ],
)
def test_when_tickets_are_given_again(service: str, now: str, again: str) -> None:
    assert next_ticketing(ALL, service, ms(now)) == ms(again)


def test_no_tickets_within_the_days_looked_ahead() -> None:
    assert next_ticketing(ALL, "general", ms("2026-09-30T16:30"), within_days=7) is None
    assert next_ticketing(ALL, "general", ms("2026-09-30T16:30"), within_days=8) is not None
    assert next_ticketing(ALL, "unknown", ms("2026-11-23T07:00")) is None


def test_a_session_past_midnight_belongs_to_the_day_on_which_it_began() -> None:
    assert open_code(ALL, "police", "2026-11-27T23:00") == "night"
    assert open_code(ALL, "police", "2026-11-28T01:29") == "night"
    assert open_code(ALL, "police", "2026-11-28T01:30") is None
    assert serving(ALL, "police", ms("2026-11-28T03:29"))
    assert not serving(ALL, "police", ms("2026-11-28T03:30"))
    assert open_code(ALL, "police", "2026-11-27T01:00") is None, "Thursday's night"
    assert ms("2026-11-28T03:30") in edges(ALL, "2026-11-27")
    assert edges(ALL, "2026-11-28")[0] == ms("2026-11-28T09:00")


def test_hours_before_the_day_starts_are_those_of_the_night_after() -> None:
    late = Session(code="late", name="凌晨", ticketing="01:00-03:00", serving="01:00-03:30", days=("fri",))
    config = hall(late)
    assert open_code(config, "general", "2026-11-28T02:00") == "late"
    assert open_code(config, "general", "2026-11-27T02:00") is None


def test_a_hall_without_sessions_is_open_all_day_every_day() -> None:
    config = hall(holidays=(GOLDEN_WEEK,))
    for local in ("2026-10-01T00:00", "2026-11-29T03:59:59", "2026-11-29T04:00"):
        session = ticketing(config, "general", ms(local), booked=False)
        assert session is not None
        assert (session.code, session.kind) == ("", "all_day")
        assert serving(config, "general", ms(local))
        assert next_ticketing(config, "general", ms(local)) == ms(local)
    assert edges(config, "2026-11-29") == ()
    assert ticketing(config, "unknown", ms("2026-11-29T09:00"), booked=False) is None


def test_a_session_round_the_clock_is_the_whole_business_day() -> None:
    round_clock = Session(
        code="all", name="全天", ticketing="00:00-24:00", serving="00:00-24:00", days=("sat",)
    )
    config = hall(round_clock)
    assert open_code(config, "general", "2026-11-28T03:59") is None
    assert open_code(config, "general", "2026-11-28T04:00") == "all"
    assert open_code(config, "general", "2026-11-29T03:59") == "all"
    assert edges(config, "2026-11-28") == (ms("2026-11-28T04:00"), ms("2026-11-29T04:00"))


@pytest.mark.parametrize(
    ("timezone", "day", "hours"),
    [
        ("Europe/Warsaw", "2026-03-28", 23),  # the business day that holds the change of Sunday 02:00
        ("Europe/Warsaw", "2026-03-29", 24),
        ("Europe/Warsaw", "2026-10-24", 25),
        ("America/New_York", "2026-03-07", 23),
        ("America/New_York", "2026-10-31", 25),
        (SHANGHAI, "2026-12-31", 24),
    ],
)
def test_days_over_a_clock_change(timezone: str, day: str, hours: int) -> None:
    every_day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    night = Session(code="n", name="夜", ticketing="22:00-03:30", serving="22:00-04:00", days=every_day)  # type: ignore[arg-type]
    config = hall(night, timezone=timezone)
    begins, ends = day_bounds(day, timezone, "04:00")
    assert ends - begins == hours * 3_600_000
    [session] = sessions_on(config, day)
    assert session.serving_to_ms == ends
    assert session.serving_to_ms - session.serving_from_ms == (6 + hours - 24) * 3_600_000
    assert business_day(session.ticketing_to_ms, timezone, "04:00") == day


def test_hours_that_the_clock_skips_are_no_session() -> None:
    skipped = Session(code="s", name="夜", ticketing="02:00-03:00", serving="02:30-03:00", days=("sat",))
    config = hall(skipped, timezone="Europe/Warsaw")
    assert sessions_on(config, "2026-03-28") == ()
    assert edges(config, "2026-03-28") == ()
    [session] = sessions_on(config, "2026-10-24")
    assert session.ticketing_to_ms - session.ticketing_from_ms == 2 * 3_600_000, "02:00 came twice"


def test_morning_hours_follow_the_local_clock() -> None:
    config = hall(MORNING, timezone="America/New_York")
    before, after = ms("2026-03-06T08:30", config.timezone), ms("2026-03-09T08:30", config.timezone)
    assert after - before == (3 * 24 - 1) * 3_600_000
    assert next_ticketing(config, "general", ms("2026-03-06T12:00", config.timezone)) == after
