"""Random days in a hall: whatever is asked in whatever order, the invariants hold.

Two ways to make up days of the same acts: Hypothesis looks for small surprises and shortens them; dice
make long, busy days that it would hardly draw.
"""

from __future__ import annotations

import inspect
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from callq.domain.state import canonical
from tests.property.acts_of_hall import Acts, acts
from tests.property.halls import INSTANTS, SEEDS


class Machine(Acts, RuleBasedStateMachine):
    @initialize(seed=st.sampled_from(SEEDS), now_ms=st.sampled_from(INSTANTS))
    def begins(self, seed: int, now_ms: int) -> None:
        self.opens(seed, now_ms)

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
    return rule(**drawn, **data)(act)


HallMachine = type("HallMachine", (Machine,), {name: as_rule(act) for name, act in acts().items()})
HallMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)  # type: ignore[attr-defined]
TestHallMachine = pytest.mark.timeout(300)(HallMachine.TestCase)  # type: ignore[attr-defined]


def busy_days(seed: int, steps: int) -> Acts:
    """So many acts, one after another, as the dice fall."""
    dice, hall = Random(seed), Acts()
    hall.opens(dice.choice(SEEDS), dice.choice(INSTANTS))
    names = sorted(acts())
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


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(24))
def test_busy_days(seed: int) -> None:
    hall = busy_days(seed, 250).hall
    assert canonical(hall.replayed()) == canonical(hall.state)
