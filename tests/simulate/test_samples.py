"""The sample halls as the simulation sees them: as many come as those who sit there can serve."""

from __future__ import annotations

import pytest

from callq.config import load_hall, samples
from callq.domain.state import Index
from callq.simulate.halls import peak_load
from callq.simulate.of_hall import scenario_of
from callq.simulate.runs import Run, hall_for, simulate

FULL = 0.85
"""Of the windows that serve something so many are busy at the fullest time at most."""


def run_of(sample: str, days: int = 1) -> Run:
    """Usual days of a sample."""
    config = load_hall(sample)
    scenario = scenario_of(config)
    return Run(scenario, scenario.day.volume, days, 1, hall=config)


@pytest.mark.parametrize("sample", samples())
def test_the_load_of_each_service_fits_the_windows_that_serve_it(sample: str) -> None:
    run = run_of(sample)
    hall = hall_for(run)
    index = Index(hall.config)
    served = [index.serving(window, clerk, hall.date) for window, clerk in hall.seats]
    codes = [group.code for group in run.scenario.groups]
    load = dict(zip(codes, peak_load(run.scenario, run.volume), strict=True))
    windows = {code: sum(code in at for at in served) for code in codes}
    assert {code: (load[code], n) for code, n in windows.items() if load[code] > FULL * n} == {}
    assert sum(load.values()) <= FULL * len(served)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("sample", samples())
def test_nobody_waits_half_a_day_in_a_sample(sample: str) -> None:
    """Nor does any service take much longer than people are used to: some 25 minutes on average."""
    found = simulate(run_of(sample), jobs=1)
    assert found.summary.mean_wait_min < 6
    assert found.summary.max_wait_min < 120
    means = {code: group.mean_wait_min for code, group in found.groups.items()}
    assert {code: mean for code, mean in means.items() if mean > 25} == {}
