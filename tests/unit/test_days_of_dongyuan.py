"""Two days of a county hall of 84 windows at full volume."""

from __future__ import annotations

import pytest

from callq.domain.apply import apply
from callq.domain.events import decode_batch
from callq.domain.state import HallState, canonical
from callq.domain.undo import Undo
from tests.harness import check_invariants
from tests.restored import goes_on_the_same
from tests.unit.dongyuan import ARRIVALS, Days, seats

NO_ORDINARY_DAYS = {
    "Suspend": 2,
    "ResumeHall": 2,
    "StopIssuing": 2,
    "StartIssuing": 2,
    "Configure": 5,
    "auto_call": 20,
    "HandOver": 3,
    "CallTicket": 20,
    "Undo": 40,
    "CloseDay": 1,
}
"""What has to happen at least so often."""


@pytest.mark.timeout(120)
def test_two_full_days_replay_to_the_state_they_left() -> None:
    hall = Days(seed=20261123)
    assert len(seats(hall.state)) > 75, "the hall is hardly staffed"
    for by_hand in (False, True):
        before = hall.state.seq
        hall.day(closes_by_hand=by_hand)
        check_invariants(hall.state)
        assert hall.state.seq - before >= ARRIVALS * 0.98
        assert hall.state.held == {}
        assert not any(lane for lane in hall.state.lanes.values()), "somebody still waits for yesterday"
    assert hall.refused.total() < hall.asked.total() / 10
    seldom = {
        name: hall.accepted[name] for name, least in NO_ORDINARY_DAYS.items() if hall.accepted[name] < least
    }
    assert seldom == {}, "nothing out of the ordinary happened"

    replayed = HallState("dongyuan")
    for payload in hall.payloads:
        apply(replayed, decode_batch(payload), Undo())
    assert canonical(replayed) == canonical(hall.state)
    again = goes_on_the_same("dongyuan", hall.payloads, every=997)
    assert canonical(again) == canonical(hall.state)
