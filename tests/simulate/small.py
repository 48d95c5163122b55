"""A small scenario for tests, and days of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from callq.domain.hall import ProfileSlot
from callq.simulate.draws import drawn
from callq.simulate.engine import SimulatedDay
from callq.simulate.halls import made
from callq.simulate.scenario import Classes, Day, Group, Layout, Scenario

if TYPE_CHECKING:
    from callq.simulate.record import DayRecord

SMALL = Scenario(
    name="small",
    day=Day(volume=150, volume_cv=0.1, mix_cv=0.2),
    groups=(
        Group(code="estate", share=3, service_min=12),
        Group(code="social", share=2, service_min=8),
        Group(code="tax", share=1, service_min=6),
    ),
    profile=(
        ProfileSlot(hours="09:00-12:00", rate=1.2),
        ProfileSlot(hours="12:00-13:30", rate=0.3),
        ProfileSlot(hours="13:30-16:30", rate=1.0),
    ),
    layout=Layout(domain=3, comprehensive=2),
    classes=Classes(ordinary=0.8, appointment=0.15, priority=0.05),
)


def with_(scenario: Scenario = SMALL, **parts: Any) -> Scenario:
    """The scenario with some of its tables changed: a table as a dictionary of what is changed in it."""
    changes = {
        name: msgspec.structs.replace(getattr(scenario, name), **part) if isinstance(part, dict) else part
        for name, part in parts.items()
    }
    return msgspec.structs.replace(scenario, **changes)


def simulated(
    scenario: Scenario = SMALL, policy: str = "longest_wait", *, seed: int = 1, day: int = 0
) -> tuple[SimulatedDay, DayRecord]:
    """A day that was lived through, and its record."""
    hall = made(scenario, policy, scenario.day.volume)
    found = SimulatedDay(scenario, hall, drawn(scenario, scenario.day.volume, seed, day))
    return found, found.run()
