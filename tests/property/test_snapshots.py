"""A hall that is read back from a snapshot now and then, on random days: it decides as if it had not been."""

from __future__ import annotations

from random import Random

import pytest

from callq.domain.state import canonical
from tests.property.test_hall_machine import busy_days
from tests.restored import goes_on_the_same


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(100, 112))
def test_busy_days_go_on_the_same_after_any_restart(seed: int) -> None:
    hall = busy_days(seed, 200).hall
    again = goes_on_the_same("test", hall.payloads, every=Random(seed).choice([1, 2, 5]))
    assert canonical(again) == canonical(hall.state)
