"""潮汐: what a hall knows of its tides: the plan in force, the one proposed, and what was learned.

The plan is reckoned outside (`callq.tidal`), every minute, and comes in with a command; what it leaves
behind is state, so that any node goes on with it and a restart forgets nothing. Times named `_clock` are
in the hall's own time, which stands still while the hall is suspended.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState

TideMode = Literal["off", "advise", "automatic"]

OPENING: Final = "opening"
"""Kind of what is due when a window opens."""

VALID_MS: Final = 180_000
"""How long a proposal can be accepted, unless it is made anew."""

RENEW_MS: Final = 90_000
"""One that is still right is made valid anew when no more than this is left."""

PART_MS: Final = 900_000
"""How long the parts are in which the day so far is remembered."""

LEVEL: Final = 4
"""Schema that can say what the tides do."""


class _Part(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """Base of what plans are made of."""


class TideReason(_Part, frozen=True, kw_only=True):
    """Why a plan moves windows, in numbers."""

    code: Literal[
        "load",
        "service_load",
        "minimum",
        "unserved",
        "waited_for",
        "last",
        "cannot_close",
        "spare",
        "long_queue",
        "short_queue",
    ]
    """More load than windows, in all or for a service; a minimum; somebody waits for a service that no
    window serves; somebody waits for the window by name; it alone serves what somebody waits for; of the
    windows that were to close so many cannot; fewer are needed; a spare skill is wanted, or no longer."""
    service: str = ""
    """Empty: the hall's load."""
    lead_min: int = 0
    """Minutes ahead at which it is so; 0: now."""
    needed: float = 0.0
    """Windows; minutes of work a window for queues; people who wait for a service that no window serves."""
    there: float = 0.0
    """Windows there would be without the plan."""
    window: str = ""
    """The one that stays, where it is about one."""


class SkillsOf(_Part, frozen=True, kw_only=True):
    """Skills to be in use at a window."""

    window: str
    skills: tuple[str, ...] | None
    """None: all of its clerk's."""
    widens: bool
    """Spare skills come into use, while others may go; else they only go again."""


class TidePlan(_Part, frozen=True, kw_only=True):
    """Which windows move, why, and what comes of it."""

    id: str = ""
    made_ms: int = 0
    """Minute it was reckoned for, Unix ms."""
    until_ms: int = 0
    """Until when it can be accepted, Unix ms."""
    open: tuple[str, ...] = ()
    """Windows to open, after the hall's delay."""
    stay: tuple[str, ...] = ()
    """Draining windows that are to stay open."""
    close: tuple[str, ...] = ()
    """Free windows to close."""
    drain: tuple[str, ...] = ()
    """Busy windows to close after their ticket."""
    leaving: tuple[str, ...] = ()
    """Busy windows of which `leave` close after their ticket, whichever finish first."""
    leave: int = 0
    """Beyond what earlier plans asked for; negative: so many of those stay."""
    skills: tuple[SkillsOf, ...] = ()
    reasons: tuple[TideReason, ...] = ()
    wanted: int = 0
    """Windows that there will be when it is done."""
    serves: tuple[str, ...] = ()
    """Services whose tickets the effect is of: those that the reasons name, else what its windows serve."""
    short_before: float | None = None
    """Of these, people who would find no window free at the worst moment looked at, on average, without the
    plan; None: not known."""
    short_after: float | None = None
    """And with it."""
    wait_before_min: float | None = None
    """What they would wait then, minutes; None: not known, or nobody serves them."""
    wait_after_min: float | None = None
    """And with it."""
    cost_h: float = 0.0
    """Window-hours that it adds until, as the rest of the day is forecast, its windows would be moved back;
    negative: that it saves."""

    @property
    def opens(self) -> bool:
        """Whether it makes more of the hall's windows."""
        return bool(self.open or self.stay or self.leave < 0)

    @property
    def closes(self) -> bool:
        """Whether it makes fewer of the hall's windows."""
        return bool(self.close or self.drain or self.leave > 0)

    @property
    def more(self) -> int:
        """Windows that it adds; negative: takes away."""
        return len(self.open) + len(self.stay) - len(self.close) - len(self.drain) - self.leave

    @property
    def only_keeps(self) -> bool:
        """Whether it does no more than to take back closings that may not be any more."""
        return bool(self.reasons) and all(reason.code in _KEEPING for reason in self.reasons)

    @property
    def moves(self) -> tuple[object, ...]:
        """What it does, whatever it says about it: equal moves are the same proposal."""
        return self.open, self.stay, self.close, self.drain, self.leave, self.skills


_KEEPING: Final = ("minimum", "waited_for", "last")

_OF_WINDOWS: Final = ("load", "service_load", "minimum")
"""What is needed are windows: a part of one more is no greater need, and people who wait come and go."""

_EXPLAINS: Final[dict[str, tuple[str, ...]]] = {
    "more": ("load", "service_load", "minimum", "unserved", "waited_for", "last", "cannot_close"),
    "fewer": ("spare",),
    # Where one skill comes another may go.
    "widens": ("long_queue", "short_queue"),
    "narrows": ("short_queue",),
}
"""Which reasons there may be for each kind of move."""


def _kinds(plan: TidePlan) -> set[str]:
    """What a plan does, of `_EXPLAINS`."""
    does = {
        "more": plan.opens,
        "fewer": plan.closes,
        "widens": any(change.widens for change in plan.skills),
        "narrows": any(not change.widens for change in plan.skills),
    }
    return {kind for kind, done in does.items() if done}


def unexplained(plan: TidePlan) -> list[str]:
    """Kinds of moves of a plan for which it has no reason: ``more``, ``fewer``, ``widens``, ``narrows``."""
    codes = {reason.code for reason in plan.reasons}
    return sorted(kind for kind in _kinds(plan) if codes.isdisjoint(_EXPLAINS[kind]))


def reasons_left(plan: TidePlan) -> tuple[TideReason, ...]:
    """Those of a plan's reasons that are of what it still does."""
    told = {code for kind in _kinds(plan) for code in _EXPLAINS[kind]}
    return tuple(reason for reason in plan.reasons if reason.code in told)


class TideNeed(NamedTuple):
    """How many windows are needed at a moment, those with one service included."""

    lead_min: int
    """Minutes after the reckoning."""
    windows: int


class TideSlot(NamedTuple):
    """How many windows a part of the day is expected to need."""

    from_ms: int
    windows: int


class TidePast(NamedTuple):
    """A part of the day that is over, as it was last reckoned in it."""

    from_ms: int
    open: int
    """Windows open to stay, or about to open."""
    needed: int
    """Windows that were needed next; those with one service included."""


class TideStreak(NamedTuple):
    """Since when a service's queue has been long or short, in the hall's own time."""

    long_clock: int | None = None
    short_clock: int | None = None


class TideMemory(_Part, frozen=True, kw_only=True):
    """What one minute leaves to the next, and to who looks."""

    needs: tuple[TideNeed, ...] = ()
    there: int = 0
    """Windows open to stay, or about to open."""
    below_clock: int | None = None
    """Since when fewer have been needed, margin included."""
    streaks: dict[str, TideStreak] = {}
    """By service, where there is one."""


class Declined(NamedTuple):
    """A proposal that a supervisor did not want."""

    plan: TidePlan
    until_clock: int

    def covers(self, plan: TidePlan) -> bool:
        """Whether a plan asks for no more than this: the same reasons, no greater need, no other skills."""
        no = self.plan
        needed = {(reason.code, reason.service): reason.needed for reason in no.reasons}
        for reason in plan.reasons:
            before = needed.get((reason.code, reason.service))
            if before is None:
                return False
            if reason.code in _OF_WINDOWS and math.ceil(reason.needed) > math.ceil(before):
                return False
        if any(change not in no.skills for change in plan.skills):
            return False
        if plan.opens:
            return plan.wanted <= no.wanted
        return plan.wanted >= no.wanted or not plan.closes


class Tide(msgspec.Struct, frozen=True, kw_only=True):
    """The tides of a hall today; replaced whole by whatever changes it."""

    mode: TideMode | None = None
    """Of this day; None: as the hall file has it."""
    beta: float | None = None
    """Likewise."""
    minute_ms: int = 0
    """Last minute whose reckoning left anything, Unix ms: of several nodes one does."""
    memory: TideMemory = TideMemory()
    ahead: tuple[TideSlot, ...] = ()
    """The rest of the day as forecast."""
    past: tuple[TidePast, ...] = ()
    """The day so far, in parts of `PART_MS`, oldest first."""
    alone: dict[str, int] = {}
    """Until when the plan leaves windows alone that people have moved, likewise."""
    leaving: tuple[str, ...] = ()
    leave: int = 0
    """So many of `leaving` close after their ticket."""
    draining: tuple[str, ...] = ()
    """Windows that close after their ticket because a plan says so, not a person."""
    widened: dict[str, tuple[str, ...]] = {}
    """Skills that were in use at windows before the plan widened them."""
    proposal: TidePlan | None = None
    declined: Declined | None = None
    in_force: TidePlan | None = None
    """The last plan that was carried out."""
    by: str = ""
    """Who accepted that; empty: nobody, it was automatic."""


def mode_of(state: HallState) -> TideMode:
    """Whether and how the hall's tides are run today."""
    return state.tides.mode or state.config.tides.mode


def beta_of(state: HallState) -> float:
    """Between cost and comfort today: standard deviations of the load that are kept ready."""
    own = state.tides.beta
    return state.config.tides.beta if own is None else own


def controlled(config: HallConfig) -> frozenset[str]:
    """Windows that the plan may open and close."""
    named = config.tides.windows
    return frozenset(named or (window.id for window in config.windows if window.kind == "tidal"))


def opening_clock(state: HallState, window: str) -> int | None:
    """When a window is about to open, in the hall's own time; None: it is not."""
    return state.due.get((OPENING, window))


def opening_ms(state: HallState, window: str) -> int | None:
    """The same as Unix ms, if the hall is not suspended until then."""
    clock = opening_clock(state, window)
    return None if clock is None else clock + state.frozen_ms


def left_alone(state: HallState, window: str, now_ms: int) -> bool:
    """Whether the plan leaves a window to the people who moved it."""
    return state.tides.alone.get(window, 0) > state.clock(now_ms)
