"""The node's clock: when the wall is followed, when it is doubted, and when the node must not decide."""

from __future__ import annotations

import pytest

from callq.domain.errors import StoreUnavailable
from callq.runtime.clock import DOUBT_S, NodeClock

NOON = 1_795_406_400_000
HOUR_MS = 3_600_000


class Machine:
    """A machine whose wall clock can be set."""

    def __init__(self, *, witness: bool = False) -> None:
        self.wall_ms = NOON
        self.elapsed_s = 1000.0
        self.clock = NodeClock(lambda: self.wall_ms, lambda: self.elapsed_s, witness=witness)

    def pass_s(self, seconds: float) -> None:
        self.wall_ms += round(seconds * 1000)
        self.elapsed_s += seconds


def test_it_shows_the_wall() -> None:
    machine = Machine()
    machine.pass_s(90)
    assert machine.clock() == NOON + 90_000
    assert not machine.clock.doubtful


def test_a_small_step_is_followed_at_once() -> None:
    machine = Machine()
    machine.wall_ms += 59_000
    assert machine.clock() == NOON + 59_000
    machine.wall_ms -= 40_000
    assert machine.clock() == NOON + 19_000


@pytest.mark.parametrize("by_ms", [HOUR_MS, -HOUR_MS])
def test_a_jump_is_not_followed_for_ten_minutes(by_ms: int) -> None:
    machine = Machine()
    machine.wall_ms += by_ms
    assert machine.clock() == NOON
    assert machine.clock.doubtful
    machine.pass_s(DOUBT_S - 1)
    assert machine.clock() == NOON + round((DOUBT_S - 1) * 1000)
    machine.pass_s(1)
    machine.clock()
    assert machine.clock() == machine.wall_ms
    assert not machine.clock.doubtful


def test_a_wall_that_comes_back_is_believed_again() -> None:
    machine = Machine()
    machine.wall_ms += HOUR_MS
    machine.clock()
    machine.pass_s(5)
    machine.wall_ms -= HOUR_MS
    assert machine.clock() == machine.wall_ms
    assert not machine.clock.doubtful


def test_a_sleeping_machine_has_not_jumped() -> None:
    machine = Machine()
    machine.pass_s(8 * 3600)
    assert machine.clock() == machine.wall_ms
    assert not machine.clock.doubtful


def test_a_node_that_is_off_the_stores_clock_does_not_decide() -> None:
    machine = Machine(witness=True)
    machine.clock.heard(NOON + 1_900, machine.elapsed_s)
    machine.clock.check()
    machine.clock.heard(NOON + 2_100, machine.elapsed_s)
    with pytest.raises(StoreUnavailable, match=r"2\.1 s off"):
        machine.clock.check()
    machine.wall_ms += 2_100
    machine.clock.heard(NOON + 2_100, machine.elapsed_s)
    machine.clock.check()


def test_a_slow_answer_is_no_reason_to_stop() -> None:
    machine = Machine(witness=True)
    sent_s = machine.elapsed_s
    machine.pass_s(9)
    machine.clock.heard(NOON + 500, sent_s)
    machine.clock.check()
    machine.clock.heard(NOON - 2_500, sent_s)
    with pytest.raises(StoreUnavailable):
        machine.clock.check()


def test_a_store_elsewhere_settles_a_doubt() -> None:
    machine = Machine(witness=True)
    machine.wall_ms += HOUR_MS
    assert machine.clock() == NOON
    machine.clock.heard(NOON, machine.elapsed_s)
    machine.clock.check()
    assert machine.clock.doubtful, "the store agrees with what was believed: the wall is wrong"
    machine.clock.heard(NOON + HOUR_MS, machine.elapsed_s)
    machine.clock.check()
    assert machine.clock() == NOON + HOUR_MS
    assert not machine.clock.doubtful


def test_where_the_store_is_a_witness_time_alone_proves_nothing() -> None:
    machine = Machine(witness=True)
    machine.wall_ms += HOUR_MS
    for _ in range(5):
        machine.pass_s(DOUBT_S)
        assert machine.clock() == machine.wall_ms - HOUR_MS
        assert machine.clock.doubtful


def test_a_wall_that_jumps_again_is_doubted_anew() -> None:
    machine = Machine()
    machine.wall_ms += HOUR_MS
    machine.clock()
    machine.pass_s(DOUBT_S - 1)
    machine.wall_ms += HOUR_MS
    machine.clock()
    machine.pass_s(DOUBT_S - 1)
    assert machine.clock() == machine.wall_ms - 2 * HOUR_MS, "it has stood there for less than ten minutes"
    machine.pass_s(1)
    machine.clock()
    assert machine.clock() == machine.wall_ms


def test_an_embedded_store_is_no_witness() -> None:
    machine = Machine()
    machine.clock.heard(NOON + HOUR_MS, machine.elapsed_s)
    machine.clock.check()
