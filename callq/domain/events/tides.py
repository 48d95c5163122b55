"""What the tides did: plans that were reckoned, proposed and carried out, and windows that follow them."""

from __future__ import annotations

from callq.domain.events.base import _Event
from callq.domain.tides import TideMemory, TideMode, TidePlan, TideSlot


class TidesSet(_Event, frozen=True, kw_only=True, tag="tides_set"):
    """The tides are run otherwise for the rest of the day."""

    mode: TideMode | None
    """None: as the hall file has it."""
    beta: float | None = None
    """Between cost and comfort; None: likewise."""


class TidesReckoned(_Event, frozen=True, kw_only=True, tag="tides_reckoned"):
    """What a minute's reckoning leaves to the next."""

    minute_ms: int
    memory: TideMemory
    ahead: tuple[TideSlot, ...] | None = None
    """The rest of the day as forecast, where that was reckoned anew."""


class TidesProposed(_Event, frozen=True, kw_only=True, tag="tides_proposed"):
    """A supervisor is asked; whatever was proposed before is no longer."""

    plan: TidePlan


class TidesWithdrawn(_Event, frozen=True, kw_only=True, tag="tides_withdrawn"):
    """What was proposed is not needed any more."""

    plan: str


class TidesDeclined(_Event, frozen=True, kw_only=True, tag="tides_declined"):
    """A supervisor does not want what was proposed."""

    plan: str
    until_clock: int
    """Until when it is not proposed again, unless the need grows; in the hall's own time."""
    reason: str = ""


class TidesApplied(_Event, frozen=True, kw_only=True, tag="tides_applied"):
    """A plan is carried out, by the events that follow."""

    plan: TidePlan
    by: str = ""
    """Who accepted it; empty: nobody had to."""


class WindowOpening(_Event, frozen=True, kw_only=True, tag="window_opening"):
    """A window is about to open."""

    window: str
    opens_clock: int
    """When, in the hall's own time."""


class WindowOpeningDropped(_Event, frozen=True, kw_only=True, tag="window_opening_dropped"):
    """It is not any more."""

    window: str
    reason: str
    """``clerk_left``, ``closed_by_hand``, ``tides_off`` or ``cannot_open``."""


class WindowLeftAlone(_Event, frozen=True, kw_only=True, tag="window_left_alone"):
    """People moved a window: the plan keeps away from it for a while."""

    window: str
    until_clock: int
    """In the hall's own time."""
