"""The tides that ship, in a simulated hall: reckoned each minute, carried out by the hall's own command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from callq.simulate.draws import MIN_MS
from callq.tidal.reckon import reckon
from callq.tidal.sight import Days, look

if TYPE_CHECKING:
    from callq.simulate.engine import SimulatedDay
    from callq.simulate.halls import SimulatedHall
    from callq.simulate.scenario import Scenario
    from callq.tidal.reckon import Variant

VARIANTS: Final[tuple[Variant, ...]] = ("default", "forecast", "newsvendor")
"""By the name on the command line."""


def planned(hall: SimulatedHall, scenario: Scenario) -> SimulatedHall:
    """The same hall with tides that are automatic, and a forecast that errs as the scenario says.

    The forecast goes by the tides' own profile, and by that of the people where there is none.
    """
    config = hall.config
    profile = scenario.tides.profile or scenario.profile
    tides = replace(config.tides, beta=scenario.tides.beta, mode="automatic", profile=profile)
    services = tuple(
        replace(service, daily=service.daily * (1 + scenario.forecast_error)) for service in config.services
    )
    return hall._replace(config=replace(config, tides=tides, services=services))


class Plan:
    """Opens and closes windows as `callq.tidal` says.

    Args:
      variant: which numbers decide.
    """

    def __init__(self, variant: Variant) -> None:
        self._variant = variant
        self._days = Days()

    def begin(self, day: SimulatedDay) -> None:
        """Nothing is open beyond the base."""

    def tick(self, day: SimulatedDay) -> None:
        """Reckon the minute, as a node does."""
        sight = look(day.state, self._days, day.midnight_ms + day.now_ms)
        command = reckon(sight, self._variant)
        soonest = command.memory.needs[0]
        day.record.plans(day.now_ms + soonest.lead_min * MIN_MS, soonest.windows)
        day.do(command)
