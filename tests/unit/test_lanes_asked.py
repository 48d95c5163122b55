"""What a lane keeps of the last decision is never older than the lane, or the configuration."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.apply import apply
from callq.domain.decide import decide
from callq.domain.lanes import LaneKey, Place
from callq.domain.routing import eligible_lanes
from callq.domain.undo import Undo
from tests.harness import Hall, small_hall


@pytest.fixture
def hall() -> Hall:
    """One clerk, and one who waits and was looked at."""
    found = Hall()
    found.staff()
    found.issue("general")
    asked(found)
    return found


def asked(hall: Hall) -> tuple[str, int, int]:
    """Number of the first, how many wait and their target, as window 1 sees its only lane."""
    (one,) = eligible_lanes(hall.state, hall.state.windows["w1"])
    return hall.state.tickets[one.head.ticket].number, one.seen.count, one.target_min


def test_another_target_counts_at_once(hall: Hall) -> None:
    number, count, _ = asked(hall)
    services = tuple(replace(service, target_wait_min=7) for service in small_hall().services)
    hall.do(cmd.Configure(config=small_hall(services=services)))
    assert asked(hall) == (number, count, 7)


def test_a_target_that_was_taken_back_counts_no_longer(hall: Hall) -> None:
    """As where a command was decided ahead and its write failed."""
    before = asked(hall)
    services = tuple(replace(service, target_wait_min=7) for service in small_hall().services)
    configure = cmd.Configure(config=small_hall(services=services))
    events = decide(hall.state, configure, hall.now_ms, cmd.SYSTEM).events
    undo = Undo()
    apply(hall.state, batch(hall, events), undo)
    assert asked(hall)[2] == 7
    undo.rollback()
    assert asked(hall) == before


def test_whoever_joins_or_leaves_counts_at_once(hall: Hall) -> None:
    first, _, target_min = asked(hall)
    hall.issue("general")
    assert asked(hall) == (first, 2, target_min)
    hall.do(cmd.CallNext(window="w1"))
    second, count, _ = asked(hall)
    assert second != first
    assert count == 1


def test_a_lane_forgets_when_somebody_joins_or_leaves(hall: Hall) -> None:
    """By itself: what takes a step back goes through the same two verbs."""
    lane = hall.state.lanes[LaneKey("general", "ordinary")]
    for change in (lane.add, lane.remove):
        asked(hall)
        assert lane.asked is not None
        change(Place(1, hall.now_ms, 99, "t99"))
        assert lane.asked is None


def batch(hall: Hall, events: tuple[ev.Event, ...]) -> ev.Batch:
    """What the hall would write."""
    return ev.Batch(
        v=ev.SCHEMA_VERSION,
        at_ms=hall.now_ms,
        who=cmd.SYSTEM,
        key="k",
        command=msgspec.Raw(b"\xc0"),
        events=events,
        body=b"",
    )
