"""Simulated days go by the rules: what holds in every hall holds in them, and everybody ends somewhere."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.domain import events as ev
from callq.domain.apply import apply
from callq.domain.hall import Outlet, ProfileSlot, Routing, Tides
from callq.domain.state import HallState, canonical
from callq.domain.undo import NoUndo
from callq.simulate import engine
from callq.simulate.draws import MIN_MS, drawn
from callq.simulate.engine import SimulatedDay
from callq.simulate.halls import made
from callq.simulate.scenario import Absence, Burst, Scenario
from callq.simulate.tides import RULES
from callq.simulate.windows import Windows
from tests.harness import check_invariants
from tests.simulate.small import SMALL, simulated, with_

if TYPE_CHECKING:
    from callq.domain.ticket import Ticket
    from callq.domain.undo import Undo

BUSY = with_(
    day={"volume": 220.0},
    handling={"walk_s": 20.0},
    people={
        "no_show": 0.1,
        "patience_min": 40.0,
        "hold": 0.1,
        "hold_min": 20.0,
        "transfer": 0.1,
        "booked": 0.5,
        "guided": 0.5,
    },
    groups=tuple(msgspec.structs.replace(g, channels=("window", "self_service")) for g in SMALL.groups),
    outlets=(Outlet(channel="self_service", name="自助"),),
    clerks={"speed_cv": 0.2, "lunch_min": 30.0, "react_s": 10.0},
    layout={"level_one": 0.5, "base": 1},
    bursts=(Burst(at="10:00", people=15),),
    absences=(Absence(hours="14:00-15:00", windows=1),),
)
"""Everything at once."""

POLICIES = (
    "default",
    "longest_wait",
    "fixed_queue_ratio",
    "strict_priority",
    "kiosk_shorter_line",
    "kiosk_fixed_line",
    "group_lines",
    "pooled",
)


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[ev.Batch]:
    """Everything that is applied, checked as it goes."""
    found: list[ev.Batch] = []

    def checked(state: HallState, batch: ev.Batch, undo: Undo) -> None:
        apply(state, batch, undo)
        found.append(batch)
        if len(found) % 5 == 0:
            check_invariants(state)

    monkeypatch.setattr(engine, "apply", checked)
    return found


@pytest.mark.parametrize("scenario", [SMALL, BUSY], ids=["plain", "everything"])
@pytest.mark.parametrize("policy", POLICIES)
def test_a_day_keeps_the_rules_and_replays_to_the_same_hall(
    policy: str, scenario: Scenario, batches: list[ev.Batch]
) -> None:
    day, record = simulated(scenario, policy)
    check_invariants(day.state)
    again = HallState(day.state.hall)
    for batch in batches:
        apply(again, batch, NoUndo())
    assert canonical(again) == canonical(day.state)
    assert "waiting" not in {outcome.end for outcome in record.outcomes}
    assert not any(day.state.lanes.values())
    assert not any(window.ticket for window in day.state.windows.values())


def test_everything_happens_on_a_day_with_everything(batches: list[ev.Batch]) -> None:
    ends = Counter(o.end for d in range(3) for o in simulated(BUSY, day=d)[1].outcomes)
    assert set(ends) == {"done", "left", "no_show", "guided"}
    happened = {type(event) for batch in batches for event in batch.events}
    assert happened >= {
        ev.TicketMissed,
        ev.TicketRejoined,
        ev.TicketHeld,
        ev.TicketReturned,
        ev.TicketTransferred,
        ev.TicketCancelled,
        ev.BookingArrived,
        ev.WindowPaused,
        ev.WindowUnpaused,
    }


def test_the_same_day_is_the_same_again() -> None:
    def lived() -> list[tuple[int, int | None, int | None]]:
        return [(o.arrived_ms, o.called_ms, o.done_ms) for o in simulated(BUSY)[1].outcomes]

    assert lived() == lived()


def test_nobody_waits_while_a_window_that_serves_them_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """After every step of a plain day: clerks press at once, and a ticket finds idle windows."""
    found: list[str] = []
    find = Windows.find

    def looked(self: Windows, ticket: Ticket) -> None:
        find(self, ticket)
        state = self._state
        for key, lane in state.lanes.items():
            for window in self.idle if lane else ():
                if key.service in state.services_at(state.windows[window]):
                    found.append(window)

    monkeypatch.setattr(Windows, "find", looked)
    assert len(simulated()[1].outcomes) > 100
    assert found == []


def test_a_flexible_window_gets_a_ticket_only_if_no_dedicated_one_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flexible: list[str] = []

    def looked(state: HallState, batch: ev.Batch, undo: Undo) -> None:
        for event in batch.events:
            if isinstance(event, ev.TicketCalled) and len(state.services_at(state.windows[event.window])) > 1:
                flexible.append(event.ticket)
                service = state.tickets[event.ticket].service
                own = [w for w in state.windows.values() if state.services_at(w) == (service,)]
                assert own
                assert all(window.ticket is not None for window in own)
        apply(state, batch, undo)

    monkeypatch.setattr(engine, "apply", looked)
    simulated()
    assert len(flexible) > 20


def of_level_one(batches: list[ev.Batch], better_soon_s: int) -> tuple[int, int]:
    """Calls for `social` at windows 1 and 2, whose clerks have level 1 in it, and of all four windows."""
    scenario = with_(
        layout={"level_one": 0.5, "domain": 0, "comprehensive": 4},
        routing=Routing(policy="index", better_soon_s=better_soon_s),
        day={"volume": 110.0, "volume_cv": 0.0},
    )
    batches.clear()
    day, record = simulated(scenario, "default")
    assert {o.end for o in record.outcomes} == {"done"}
    levels = [clerk.level("social", day.hall.date) for clerk in day.hall.config.clerks]
    assert levels == [1, 1, 2, 2]
    calls = [
        event.window
        for batch in batches
        for event in batch.events
        if isinstance(event, ev.TicketCalled) and day.state.tickets[event.ticket].service == "social"
    ]
    return sum(window in ("w1", "w2") for window in calls), len(calls)


def test_a_clerk_of_level_one_takes_what_nobody_better_takes_soon(batches: list[ev.Batch]) -> None:
    at_once, all_ = of_level_one(batches, 0)
    soon, all_again = of_level_one(batches, 600)
    assert all_ == all_again
    assert 0 < soon < 0.6 * at_once


def test_who_went_without_a_word_is_called_in_vain_and_has_no_wait(batches: list[ev.Batch]) -> None:
    scenario = with_(day={"volume": 320.0}, people={"patience_min": 5.0, "tells": 0.0})
    _, record = simulated(scenario)
    left = [outcome for outcome in record.outcomes if outcome.end == "left"]
    assert len(left) > 20
    missed = sum(isinstance(event, ev.TicketMissed) for batch in batches for event in batch.events)
    assert missed == len(left)
    assert all(outcome.called_ms is None for outcome in left)


def test_staff_hours_end_with_the_last_service_that_begins() -> None:
    _, record = simulated(with_(day={"volume": 20.0, "volume_cv": 0.0}))
    assert record.staff_hours == 5 * 8
    _, busy = simulated(with_(day={"volume": 320.0, "volume_cv": 0.0}))
    assert busy.staff_hours > 5 * 8


def test_lunch_and_illness_cost_staff_hours_and_are_no_openings() -> None:
    _, record = simulated(
        with_(
            day={"volume": 20.0, "volume_cv": 0.0},
            clerks={"lunch_min": 30.0},
            absences=(Absence(hours="14:00-15:00", windows=1),),
        )
    )
    assert record.openings == 0
    assert record.staff_hours == pytest.approx(5 * 8 - 5 * 0.5 - 1, abs=0.7)


@pytest.mark.parametrize("rule", RULES)
def test_tides_open_and_close_windows_and_nobody_is_cut_off(rule: str, batches: list[ev.Batch]) -> None:
    scenario = with_(
        day={"volume": 180.0, "volume_cv": 0.0},
        layout={"base": 0},
        profile=(
            ProfileSlot(hours="09:00-10:00", rate=0.5),
            ProfileSlot(hours="10:00-12:00", rate=1.2),
            ProfileSlot(hours="12:00-16:30", rate=0.6),
        ),
        tides=Tides(opening_min=5, min_open_min=20),
    )
    hall = made(scenario, "longest_wait", 180, tidal=True)
    assert len(hall.closed) == 2
    record = SimulatedDay(scenario, hall, drawn(scenario, 180, 1, 0), RULES[rule]()).run()
    assert {outcome.end for outcome in record.outcomes} == {"done"}
    assert record.openings >= 2
    assert 3 * 8 < record.staff_hours < 5 * 8 + 3
    assert {window for window, _, _ in record.spans} > set(hall.closed)
    for window, begun, to in record.spans:
        if window in hall.closed and rule == "threshold" and to < record.closes_ms:
            assert to - begun >= 20 * MIN_MS


def test_a_hall_whose_windows_all_stay_closed_ends_at_midnight() -> None:
    scenario = with_(layout={"domain": 0, "comprehensive": 2, "base": 0})
    hall = made(scenario, "longest_wait", 150, tidal=True)

    class Nobody:
        def begin(self, day: SimulatedDay) -> None: ...

        def tick(self, day: SimulatedDay) -> None: ...

    record = SimulatedDay(scenario, hall, drawn(scenario, 150, 1, 0), Nobody()).run()
    assert {outcome.end for outcome in record.outcomes} == {"waiting"}
    assert record.staff_hours == 0


def test_nobody_is_called_after_midnight_and_who_waits_then_was_not_served(batches: list[ev.Batch]) -> None:
    scenario = with_(
        BUSY,
        layout={"domain": 0, "comprehensive": 1, "base": None, "level_one": 0.0},
        day={"volume": 150.0, "volume_cv": 0.0},
        people={"patience_min": 900.0, "no_show": 0.3, "hold": 0.3, "back_min": 60.0},
        bursts=(Burst(at="16:59", people=100, within_min=480.0),),
        absences=(),
    )
    day, record = simulated(scenario, "longest_wait")
    midnight_ms = 24 * 60 * MIN_MS
    ends = Counter(outcome.end for outcome in record.outcomes)
    assert ends["waiting"] > 20
    assert ends["done"] > 20
    assert all((o.called_ms or 0) < midnight_ms and o.arrived_ms < midnight_ms for o in record.outcomes)
    late = [batch for batch in batches if batch.at_ms >= day.midnight_ms + midnight_ms]
    happened = {type(event) for batch in late for event in batch.events}
    assert not happened & {ev.TicketCalled, ev.TicketIssued, ev.TicketCancelled, ev.TicketRejoined}
    assert record.until_ms < midnight_ms
    # Whoever was at the window at midnight was served to the end.
    assert not any(window.ticket for window in day.state.windows.values())
