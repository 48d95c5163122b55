"""Halls to practise in: copies of real ones, and the people who come there."""

from __future__ import annotations

from random import Random

import pytest

from callq.config import load_hall
from callq.domain import commands as cmd
from callq.domain.check import problems
from callq.domain.practice import BACK_AFTER_MS, WAITING_PER_WINDOW, next_act, practice_copy
from tests.harness import Hall, small_hall


@pytest.mark.parametrize("sample", ["county", "dongyuan", "taizhou"])
def test_a_copy_is_a_hall_of_its_own_that_is_always_open(sample: str) -> None:
    hall = load_hall(sample)
    copy = practice_copy(hall)
    assert copy.practice
    assert copy.id == f"{sample}-practice"
    assert problems(copy) == problems(hall)
    assert (copy.windows, copy.clerks) == (hall.windows, hall.clerks)
    assert not copy.sessions
    assert (copy.devices, copy.printers) == ((), ()), "the machines stand in the real hall"
    assert not any(service.needs_precheck for service in copy.services), "no desk is there to look at papers"
    assert not hall.practice


def acts(hall: Hall, count: int, seconds: float = 2.0) -> list[cmd.AnyCommand]:
    """What citizens do in so many turns."""
    dice, done = Random(7), []
    for turn in range(count):
        hall.later(seconds)
        command = next_act(hall.state, dice, f"p{hall.now_ms}-{turn}", hall.now_ms)
        if command is not None:
            hall.do(command)
            done.append(command)
    return done


def test_nobody_comes_where_nobody_practises() -> None:
    hall = Hall(practice_copy(small_hall()))
    assert acts(hall, 20) == []
    hall.do(cmd.SignIn(window="w1", clerk="c1"))
    assert acts(hall, 5) == []
    hall.do(cmd.Open(window="w1"))
    issued = acts(hall, 20)
    assert len(issued) == WAITING_PER_WINDOW
    assert {type(one) for one in issued} == {cmd.Issue}
    assert {one.service for one in issued if isinstance(one, cmd.Issue)} <= set(
        hall.state.services_at(hall.state.windows["w1"])
    )


def test_who_was_put_aside_or_missed_comes_back() -> None:
    hall = Hall(practice_copy(small_hall()))
    hall.do(cmd.SignIn(window="w1", clerk="c1"))
    hall.do(cmd.Open(window="w1"))
    acts(hall, 10)
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Hold(window="w1", kind="without_papers"))
    hall.do(cmd.CallNext(window="w1"))
    hall.later(11)
    hall.do(cmd.Recall(window="w1"))
    hall.do(cmd.Miss(window="w1"))
    back = acts(hall, 10, BACK_AFTER_MS / 1000)
    kinds = [type(one) for one in back]
    assert kinds.count(cmd.Returned) == 1
    assert kinds.count(cmd.Rejoin) == 1
