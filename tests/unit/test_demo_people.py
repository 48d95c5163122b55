"""The demo's people: lively, bounded, and no obstacle to a visitor."""

from __future__ import annotations

import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callq.config import load_hall
from callq.demo.clerks import Press, next_press
from callq.demo.pace import CYCLE_S, HARD_PER_WINDOW, NO_SHOW, REASONS, Pace, throttle, tide
from callq.demo.staff import Seat, seat_clerks

COUNTY = load_hall("county")
PACE = Pace(seed=7, speed=1.0, windows=5)
SEAT = Seat("w2", "c02")


def panel(state: str, *, clerk: str | None = "c02", **rest: object) -> dict[str, object]:
    """What a panel shows, as far as clerks look."""
    window = {"clerk": clerk, "state": state, "pause_reason": rest.pop("pause_reason", None), "ticket": None}
    return {"window": window, "current": None, "next": None, **rest}


def called(ticket: str, calls: int = 1, **rest: object) -> dict[str, object]:
    fields = {"may_recall_ms": 12_000, "calls_before_miss": 2 - calls, "target_s": 1200, **rest}
    return panel("calling", current={"ticket": {"id": ticket, "calls": calls}, **fields})


def ticket_with(fate: str) -> str:
    return next(f"t{n}" for n in range(1000) if PACE.fate(f"t{n}") == fate)


def press(shown: dict[str, object], round_: int = 0) -> Press | None:
    return next_press(shown, SEAT, PACE, round_=round_, now_ms=10_000)


def test_every_window_but_the_visitors_gets_somebody_useful() -> None:
    seating = seat_clerks(COUNTY)
    assert (seating.visitor_window, seating.visitor_clerk) == ("w1", "c01")
    assert [seat.window for seat in seating.seats] == ["w2", "w3", "w4", "w5", "w6"]
    assert len({seat.clerk for seat in seating.seats}) == 5
    masters = {clerk.id: clerk.skills for clerk in COUNTY.clerks}
    at = dict(seating.seats)
    assert "estate" in masters[at["w5"]]
    assert {"estate", "medical"} <= set(masters[at["w6"]])


def test_every_service_is_served_without_the_visitor() -> None:
    masters = {clerk.id: clerk.skills for clerk in COUNTY.clerks}
    windows = {window.id: window for window in COUNTY.windows}
    served = {
        service.code
        for seat in seat_clerks(COUNTY).seats
        for service in COUNTY.services
        if service.needs in masters[seat.clerk]
        and (not windows[seat.window].services or service.code in windows[seat.window].services)
    }
    assert served == {service.code for service in COUNTY.services}


@given(st.integers(0, 10_000), st.integers(1, 300))
def test_nobody_enters_a_full_hall(waiting: Any, windows: Any) -> None:
    share = throttle(waiting, windows)
    assert 0 <= share <= 1.6
    assert (share == 0) == (waiting >= HARD_PER_WINDOW * windows)


def test_a_hall_that_nobody_serves_fills_up_only_to_its_limit() -> None:
    dice, now, waiting = PACE.dice("arrivals"), 0.0, 0
    while (gap := PACE.arrival_gap_s(dice, now, waiting)) is not None:
        now, waiting = now + gap, waiting + 1
        assert waiting <= HARD_PER_WINDOW * PACE.windows
    assert waiting == HARD_PER_WINDOW * PACE.windows


def test_the_tide_has_two_waves_around_one() -> None:
    day = [tide(second) for second in range(int(CYCLE_S))]
    assert min(day) >= 0.5
    assert max(day) <= 1.65
    assert statistics.fmean(day) == pytest.approx(1.0, abs=0.1)
    assert day[int(0.22 * CYCLE_S)] > day[int(0.72 * CYCLE_S)] > day[int(0.47 * CYCLE_S)]


def test_something_happens_every_few_seconds() -> None:
    dice = PACE.dice("test")
    gaps = [PACE.arrival_gap_s(dice, at, waiting=5) for at in range(0, int(CYCLE_S), 2)]
    each_ticket_is_issued_called_started_and_completed = 4
    assert 2 <= statistics.fmean(gaps) / each_ticket_is_issued_called_started_and_completed <= 5  # type: ignore[arg-type]


def test_the_clerks_can_keep_up_on_average() -> None:
    services = [
        PACE.service_s(f"t{n}", service.target_wait_min * 60)
        for n, service in enumerate(COUNTY.services * 200)
    ]
    walks = [PACE.walk_s(f"t{n}") for n in range(800)]
    each_s = statistics.fmean(services) + statistics.fmean(walks) + 3.2 + NO_SHOW * 10
    assert each_s / 5 < 60 / 5
    assert max(services) <= 150


def test_speed_divides_every_time_of_people() -> None:
    fast = Pace(PACE.seed, 20.0, PACE.windows)
    assert fast.walk_s("t1") == pytest.approx(PACE.walk_s("t1") / 20)
    assert fast.service_s("t1", 900) == pytest.approx(PACE.service_s("t1", 900) / 20)
    assert fast.arrival_gap_s(fast.dice("x"), 9, 3) == pytest.approx(
        PACE.arrival_gap_s(PACE.dice("x"), 9, 3) / 20  # type: ignore[operator]
    )


def test_about_one_in_twelve_does_not_come() -> None:
    fates = [PACE.fate(f"t{n}") for n in range(4000)]
    assert fates.count("no_show") / 4000 == pytest.approx(NO_SHOW, abs=0.02)
    assert fates == [PACE.fate(f"t{n}") for n in range(4000)], "and a restart does not change their minds"


def test_priority_is_asked_for_at_the_counter_where_it_can_be_checked() -> None:
    dice = PACE.dice("arrivals")
    arrivals = [PACE.arrival(dice, COUNTY) for _ in range(500)]
    assert {arrival.service for arrival in arrivals} == {service.code for service in COUNTY.services}
    assert {(a.cls, a.channel, bool(a.traits)) for a in arrivals} == {
        ("ordinary", "kiosk", False),
        ("priority", "counter", True),
    }


def test_a_clerk_signs_in_opens_and_calls() -> None:
    assert press(panel("closed", clerk=None)).command == "sign_in"
    assert press(panel("closed", clerk=None)).arguments == {"clerk": "c02"}
    assert press(panel("closed")).command == "open"
    assert press(panel("idle")) is None, "nobody waits"
    assert press(panel("idle", next={"ticket": {}})).command == "call_next"
    assert press(panel("serving", current={"ticket": {"id": "t1"}, "target_s": 900})).command == "complete"


def test_a_clerk_leaves_the_visitor_alone() -> None:
    assert press(panel("idle", clerk="c01", next={})) is None
    assert press(panel("paused", pause_reason="visitor went for tea")) is None
    assert press(panel("paused", pause_reason=REASONS[0])).command == "unpause"


def test_somebody_who_comes_is_served() -> None:
    assert press(called(ticket_with("comes"))).command == "start"


def test_somebody_who_comes_late_is_called_again_first() -> None:
    late = ticket_with("comes_late")
    again = press(called(late))
    assert again.command == "recall"
    assert again.after_s >= 2, "not before the server accepts it"
    assert press(called(late, calls=2)).command == "start"


def test_somebody_who_does_not_come_is_missed_as_the_rules_say() -> None:
    nobody = ticket_with("no_show")
    assert press(called(nobody)).command == "recall"
    assert press(called(nobody, calls=2)).command == "miss"
    stuck = called(nobody, calls=3, calls_before_miss=1, may_recall_ms=None)
    assert press(stuck).command == "start", "with rules that never let a ticket be missed the hall goes on"


def test_clerks_pause_now_and_then() -> None:
    commands = [press(panel("idle", next={"ticket": {}}), round_=n).command for n in range(1, 500)]
    assert 0 < commands.count("pause") < 50
