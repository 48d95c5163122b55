"""Random days in a hall: whatever is asked in whatever order, the invariants hold.

Two ways to make up days of the same acts: Hypothesis looks for small surprises and shortens them; dice
make long, busy days that it would hardly draw.
"""

from __future__ import annotations

import inspect
from collections import Counter
from functools import cache
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from callq.domain import commands as cmd
from callq.domain.state import canonical
from tests.property.acts_of_hall import Acts, acts
from tests.property.halls import NIGHTS, SEEDS, Night


class Machine(Acts, RuleBasedStateMachine):
    @initialize(seed=st.sampled_from(SEEDS), night=st.sampled_from(NIGHTS))
    def begins(self, seed: int, night: Night) -> None:
        self.opens(seed, night)

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "hall"):
            self.hall.ticks()
            self.hall.check()

    def teardown(self) -> None:
        if hasattr(self, "hall"):
            assert canonical(self.hall.replayed()) == canonical(self.hall.state)


def as_rule(act: Any) -> Any:
    """An act whose choices Hypothesis draws."""
    drawn = {name: st.sampled_from(choices) for name, choices in act.choices.items()}
    data = {"data": st.data()} if "data" in inspect.signature(act).parameters else {}
    return rule(**drawn, **data)(act)  # type: ignore[call-overload]


HallMachine = type("HallMachine", (Machine,), {name: as_rule(act) for name, act in acts().items()})
HallMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)  # type: ignore[attr-defined]
TestHallMachine = pytest.mark.timeout(300)(HallMachine.TestCase)  # type: ignore[attr-defined]


@cache
def busy_days(seed: int, steps: int) -> Acts:
    """So many acts, one after another, as the dice fall."""
    dice, hall = Random(seed), Acts()
    hall.opens(dice.choice(SEEDS), NIGHTS[seed % len(NIGHTS)])
    names = [name for name, act in sorted(acts().items()) for _ in range(act.often)]
    for _ in range(steps):
        name = dice.choice(names)
        act = acts()[name]
        arguments = {argument: dice.choice(choices) for argument, choices in act.choices.items()}
        if "data" in inspect.signature(act).parameters:
            arguments["data"] = dice
        act(hall, **arguments)
        hall.hall.ticks()
        hall.hall.check()
    return hall


DAYS = range(30)
STEPS = 270


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", DAYS)
def test_busy_days(seed: int) -> None:
    hall = busy_days(seed, STEPS).hall
    assert canonical(hall.replayed()) == canonical(hall.state)


SELDOM = {cmd.RaiseLevel: 1, cmd.AcceptPlan: 3, cmd.DeclinePlan: 3, cmd.Release: 15}
"""Levels only rise, and there are few; plans are proposed where a hall has tides and windows can be moved;
nobody is released whom no helper goes along with."""


@pytest.mark.timeout(300)
def test_the_busy_days_do_everything_often() -> None:
    accepted: Counter[type] = Counter()
    repeated: Counter[str] = Counter()
    for seed in DAYS:
        hall = busy_days(seed, STEPS).hall
        accepted += hall.accepted
        repeated += hall.repeated
    too_few = {c.__name__: accepted[c] for c in get_args(cmd.AnyCommand) if accepted[c] < SELDOM.get(c, 25)}
    assert too_few == {}, "what is hardly ever done is hardly tried"
    assert min(repeated[what] for what in ("kept", "another body", "forgotten")) >= 25
