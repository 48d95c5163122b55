"""潮汐: the plan of a hall as its staff see it."""

from __future__ import annotations

from callq.wire.messages.base import _Wire


class PlanReason(_Wire, frozen=True, kw_only=True):
    """Why windows move, in numbers and in a sentence."""

    code: str
    service: str | None
    window: str | None
    """The one that stays, where it is about one."""
    lead_min: int
    """Minutes ahead at which it is so; 0: now."""
    needed: float
    there: float
    text: str
    """Chinese."""
    text_en: str


class PlanSkills(_Wire, frozen=True, kw_only=True):
    """Skills to be in use at a window."""

    window: str
    skills: tuple[str, ...] | None
    """Null: all of its clerk's."""


class PlanEffect(_Wire, frozen=True, kw_only=True):
    """What becomes of it, and of the tickets that it is about; null where that is not known."""

    windows: int
    """Open when it is done."""
    services: tuple[str, ...]
    """Whose tickets: the services that the reasons name, else those that its windows serve."""
    short_before: float | None
    """Of them, people who would find no window free at the worst moment of the next half hour, on average."""
    short_after: float | None
    """The same with it."""
    wait_before_min: float | None
    """What they would wait then, minutes; null also where no window serves them."""
    wait_after_min: float | None
    """The same with it."""


class Plan(_Wire, frozen=True, kw_only=True):
    """Windows that move together."""

    id: str
    made_ms: int
    until_ms: int | None
    """Until when it can be accepted; null: nobody has to."""
    by: str | None
    """Who accepted it; null: nobody has, or had to."""
    open: tuple[str, ...]
    stay: tuple[str, ...]
    close: tuple[str, ...]
    drain: tuple[str, ...]
    leaving: tuple[str, ...]
    leave: int
    skills: tuple[PlanSkills, ...]
    reasons: tuple[PlanReason, ...]
    effect: PlanEffect
    cost_h: float
    """Window-hours that it adds until its windows would be moved back; negative: that it saves."""


class PlanNeed(_Wire, frozen=True, kw_only=True):
    """Windows needed some minutes ahead."""

    lead_min: int
    windows: int


class PlanSlot(_Wire, frozen=True, kw_only=True):
    """Windows that a part of the day is expected to need."""

    from_ms: int
    windows: int
    planned: int
    """Windows that would be open then, if the plan follows it: no fewer than those it may not move."""


class PlanPast(_Wire, frozen=True, kw_only=True):
    """A part of the day so far."""

    from_ms: int
    open: int
    """Windows open to stay or about to open, when it was last reckoned in it."""
    needed: int


class PlanOpening(_Wire, frozen=True, kw_only=True):
    """A window that is about to open."""

    window: str
    opens_ms: int


class PlanAlone(_Wire, frozen=True, kw_only=True):
    """A window that the plan leaves alone."""

    window: str
    until_ms: int


class Tides(_Wire, frozen=True, kw_only=True):
    """The tides of a hall."""

    mode: str
    """`off`, `advise` or `automatic`."""
    by_hand: bool
    """Whether that, or `beta`, was set for this day, whatever the hall file says."""
    beta: float
    """Between cost (less) and comfort (more)."""
    minute_ms: int | None
    """Minute of the last reckoning that changed anything."""
    there: int
    """Windows open to stay, or about to open, when it was reckoned."""
    needs: tuple[PlanNeed, ...]
    past: tuple[PlanPast, ...]
    """The day so far, in quarters of an hour in which anything was reckoned."""
    day: tuple[PlanSlot, ...]
    opening: tuple[PlanOpening, ...]
    leaving: tuple[str, ...]
    """Busy windows of which `leave` close after their ticket, whichever finish first."""
    leave: int
    alone: tuple[PlanAlone, ...]
    in_force: Plan | None
    """The last that was carried out."""
    proposal: Plan | None
