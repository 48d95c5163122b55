"""One minute of the tides: from what is seen of a hall to the command that says what should move."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from msgspec.structs import replace

from callq.domain.commands import ReckonTides
from callq.domain.tides import (
    SkillsOf,
    TideMemory,
    TideNeed,
    TidePlan,
    TideReason,
    TideSlot,
    TideStreak,
    reasons_left,
    unexplained,
)
from callq.tidal.effect import effect
from callq.tidal.laws import Moments
from callq.tidal.plan import Floor
from callq.tidal.sight import SLOT_MIN
from callq.tidal.spare import Streak, pressure_min, widen
from callq.tidal.staffing import load_at, load_forecast, need, scarce

if TYPE_CHECKING:
    from callq.tidal.plan import Cause, Moves, Outlook
    from callq.tidal.sight import Sight
    from callq.tidal.staffing import Load

Variant = Literal["default", "forecast", "newsvendor"]
"""Which numbers decide: those of the live state; the forecast alone; the chance that one more is needed."""

_MIN_MS: Final = 60_000
HOUR_MS: Final = 3_600_000


def reckon(sight: Sight, variant: Variant = "default") -> ReckonTides:
    """What this minute's numbers come to; takes milliseconds, and may run beside the hall's work."""
    loads = _loads(sight, variant)
    settings = sight.settings._replace(newsvendor=variant == "newsvendor")
    floor = Floor(
        loads,
        sight.seats,
        settings,
        leave=sight.state.leave,
        least=sight.least,
        served=sight.served.__getitem__,
        waiting=[group.waiting for group in sight.groups],
        anybody=sight.anybody,
    )
    outlook = floor.outlook()
    below = sight.state.memory.below_clock
    moves = floor.move(None if below is None else below / _MIN_MS, sight.clock_ms / _MIN_MS)
    streaks, skills, why = _widening(sight)
    there = sum(seat.counts for seat in sight.seats) - sight.state.leave
    dedicated = there - outlook.there
    memory = TideMemory(
        needs=tuple(TideNeed(n.lead_min, math.ceil(n.flexible - 1e-9) + dedicated) for n in outlook.needs),
        there=there,
        below_clock=None if moves.below_since is None else round(moves.below_since * _MIN_MS),
        streaks=streaks,
    )
    return ReckonTides(
        minute_ms=sight.minute_ms,
        config=sight.config,
        memory=memory,
        plan=_plan(sight, loads, outlook, moves, there, skills, why),
        ahead=_ahead(sight, dedicated),
    )


def _loads(sight: Sight, variant: Variant) -> list[Load]:
    if variant == "forecast":
        day = sight.day.forecast
        loads = [load_forecast(sight.laws, day, sight.minute, lead) for lead in sight.leads]
    else:
        loads = [load_at(sight.groups, lead) for lead in sight.leads]
    return [scarce(load, sight.resources) for load in loads]


def _plan(
    sight: Sight,
    loads: list[Load],
    outlook: Outlook,
    moves: Moves,
    there: int,
    skills: tuple[SkillsOf, ...],
    why: list[TideReason],
) -> TidePlan | None:
    """What should move, with reasons, effect and cost; None: nothing."""
    leave = moves.leave - sight.state.leave
    if not (moves.open or moves.stay or moves.close or moves.drain or leave or skills):
        return None
    plan = TidePlan(
        made_ms=sight.minute_ms,
        open=moves.open,
        stay=moves.stay,
        close=moves.close,
        drain=moves.drain,
        leaving=moves.leaving,
        leave=leave,
        skills=skills,
        reasons=(*(_reason(sight, cause) for cause in moves.causes), *why),
    )
    # What caused a move that another took back is no reason for what is left.
    plan = replace(plan, reasons=reasons_left(plan))
    assert not unexplained(plan), f"{unexplained(plan)} without a reason: {plan}"
    return replace(
        plan,
        wanted=there + plan.more,
        cost_h=_window_hours(sight, outlook.there, plan),
        **_effect(sight, loads, plan),
    )


def _reason(sight: Sight, cause: Cause) -> TideReason:
    return TideReason(
        code=cause.code,
        service="" if cause.service is None else sight.services[cause.service],
        lead_min=cause.lead_min,
        needed=_rounded_up(cause.needed),
        there=cause.there,
    )


def _rounded_up(windows: float) -> float:
    """To hundredths: what is a little more than there is stays more."""
    return math.ceil(round(windows * 100, 7)) / 100


def _effect(sight: Sight, loads: list[Load], plan: TidePlan) -> dict[str, Any]:
    """What becomes of the tickets that the plan is about, as fields of it."""
    place = {code: index for index, code in enumerate(sight.services)}
    by_id = {seat.id: seat for seat in sight.seats}
    stay = {seat.id for seat in sight.seats if seat.counts}
    before = stay - _first(sight.state.leaving, sight.state.leave, stay)
    after = stay - _first(plan.leaving or sight.state.leaving, sight.state.leave + plan.leave, stay)
    after = (after | {*plan.open, *plan.stay}) - {*plan.close, *plan.drain}
    serves = {seat.id: seat.services for seat in sight.seats}
    skilled = {change.window: change.skills or () for change in plan.skills}
    then = {
        spare.window: tuple(s for s in spare.mastered if sight.skills[s] in skilled[spare.window])
        for spare in sight.spares
        if spare.window in skilled
    }
    moved = (before ^ after) | {window for window in then if window in by_id}
    named = {place[reason.service] for reason in plan.reasons if reason.service}
    if not named or not all(reason.service for reason in plan.reasons):
        named |= {s for window in moved for s in (*serves[window], *then.get(window, ()))}
    if not named:
        return {}
    found = effect(
        loads,
        sight.means_min,
        named,
        [serves[window] for window in sorted(before)],
        [then.get(window, serves[window]) for window in sorted(after)],
    )
    return {
        "serves": tuple(sight.services[s] for s in sorted(named)),
        "short_before": round(found.before.short, 2),
        "short_after": round(found.after.short, 2),
        "wait_before_min": _rounded(found.before.wait_min),
        "wait_after_min": _rounded(found.after.wait_min),
    }


def _first(leaving: tuple[str, ...], leave: int, there: set[str]) -> set[str]:
    """So many of the windows that close after their ticket, of which it is not known yet which do."""
    return set([window for window in leaving if window in there][: max(0, leave)])


def _rounded(minutes: float | None) -> float | None:
    return None if minutes is None else round(minutes, 2)


def _window_hours(sight: Sight, flexible: int, plan: TidePlan) -> float:
    """Window-hours that a plan adds, negative: saves, until its windows would be moved back.

    One that opens stays open for its least time, and until a half hour of the rest of the day begins that is
    forecast not to need it; one that closes, until one begins that does, or until the last of them ends.

    Args:
      sight: of the hall.
      flexible: windows with several services that are there without it.
      plan: with its windows.
    """
    services = {seat.id: seat.services for seat in sight.seats}
    dedicated = _dedicated(sight)
    level: dict[int | None, int] = {None: flexible, **dict(enumerate(dedicated))}
    change: dict[int | None, int] = {None: -plan.leave}
    for windows, by in ((plan.open + plan.stay, 1), (plan.close + plan.drain, -1)):
        for window in windows:
            of = services[window][0] if len(services[window]) == 1 else None
            change[of] = change.get(of, 0) + by
            if of is not None:
                dedicated[of] += by
    now_ms = sight.minute_ms
    ahead = [slot for slot in _day_ahead(sight, dedicated) if slot.from_ms > now_ms]
    ends_ms = ahead[-1].from_ms + SLOT_MIN * _MIN_MS if ahead else now_ms
    least_ms = (sight.tides.opening_min + sight.tides.min_open_min) * _MIN_MS
    total_ms = 0
    for of, by in change.items():
        wanted = [(slot.from_ms, slot.flexible if of is None else slot.own[of]) for slot in ahead]
        there = level[of]
        for number in range(there + 1, there + by + 1):
            idle = (from_ms for from_ms, needed in wanted if needed < number)
            total_ms += max(least_ms, next(idle, ends_ms) - now_ms)
        for number in range(there + by + 1, there + 1):
            again = (from_ms for from_ms, needed in wanted if needed >= number)
            total_ms -= next(again, ends_ms) - now_ms
    return round(total_ms / HOUR_MS, 2)


# Spare skills ------------------------------------------------------------------------------------------


def _widening(sight: Sight) -> tuple[dict[str, TideStreak], tuple[SkillsOf, ...], list[TideReason]]:
    """What long and short queues ask of spare skills."""
    if not sight.tides.widening:
        return {}, (), []
    streaks: dict[str, TideStreak] = {}
    wide: set[int] = set()
    narrow: set[int] = set()
    why: list[TideReason] = []
    now_min = sight.clock_ms // _MIN_MS
    for s, code in enumerate(sight.services):
        windows = sum(seat.counts and seat.services == (s,) for seat in sight.seats)
        pressure = pressure_min(sight.groups[s].waiting, sight.means_min[s], windows)
        last = sight.state.memory.streaks.get(code, TideStreak())
        asked = widen(Streak(*(None if at is None else at // _MIN_MS for at in last)), pressure, now_min)
        if asked.streak != Streak():
            streaks[code] = TideStreak(
                *(None if since is None else round(since) * _MIN_MS for since in asked.streak)
            )
        if asked.widen:
            wide.add(s)
        if asked.release:
            narrow.add(s)
    changes = []
    for spare in sight.spares:
        base = sight.state.widened.get(spare.window, spare.active)
        skills = list(spare.active)
        for s in spare.mastered:
            skill = sight.skills[s]
            if s in wide and skill not in skills:
                skills.append(skill)
        released = {sight.skills[s] for s in spare.mastered if s in narrow}
        wanted = {sight.skills[s] for s in spare.mastered if s not in narrow}
        kept = set(spare.active) - (released - wanted) | wanted | set(base)
        skills = [skill for skill in skills if skill in kept]
        if tuple(skills) != spare.active:
            widens = any(skill not in spare.active for skill in skills)
            changes.append(SkillsOf(window=spare.window, skills=tuple(skills), widens=widens))
    active = {spare.window: set(spare.active) for spare in sight.spares}
    added = {skill for c in changes for skill in c.skills or () if skill not in active[c.window]}
    dropped = {skill for c in changes for skill in active[c.window].difference(c.skills or ())}
    codes: tuple[tuple[set[int], set[str], Literal["long_queue", "short_queue"]], ...] = (
        (wide, added, "long_queue"),
        (narrow, dropped, "short_queue"),
    )
    for asked_of, moved, reason in codes:
        for s in sorted(asked_of):
            if sight.skills[s] in moved:
                windows = sum(seat.counts and seat.services == (s,) for seat in sight.seats)
                pressure = pressure_min(sight.groups[s].waiting, sight.means_min[s], windows)
                why.append(
                    TideReason(
                        code=reason,
                        service=sight.services[s],
                        needed=round(pressure, 2),
                        there=float(windows),
                    )
                )
    return streaks, tuple(changes), why


# The rest of the day -------------------------------------------------------------------------------------


class PartOfDay(NamedTuple):
    """What a half hour of the rest of the day is forecast to need, as the day has gone so far."""

    from_ms: int
    flexible: int
    """Windows with several services."""
    own: tuple[int, ...]
    """Windows that each service's own load takes; half a window's load is carried by whoever is free."""


def _ahead(sight: Sight, dedicated_now: int) -> tuple[TideSlot, ...] | None:
    """Windows that the rest of the day is expected to need, part by part; None: as it was reckoned last."""
    if [slot.from_ms for slot in sight.state.ahead] == [from_ms for from_ms, _ in _left_of_the_day(sight)]:
        return None
    parts = _day_ahead(sight, _dedicated(sight))
    return tuple(TideSlot(part.from_ms, part.flexible + dedicated_now) for part in parts)


def _left_of_the_day(sight: Sight) -> list[tuple[int, Load]]:
    begun_ms = sight.minute_ms - SLOT_MIN * _MIN_MS
    return [(from_ms, load) for from_ms, load in sight.day.slots if from_ms > begun_ms]


def _dedicated(sight: Sight) -> list[int]:
    """Windows with one service that are open to stay, by service."""
    found = [0] * len(sight.services)
    for seat in sight.seats:
        if seat.counts and len(seat.services) == 1:
            found[seat.services[0]] += 1
    return found


def _day_ahead(sight: Sight, dedicated: list[int]) -> list[PartOfDay]:
    """The half hours of the rest of the day, with so many windows of one service each."""
    parts = []
    for from_ms, load in _left_of_the_day(sight):
        corrected = load._replace(
            services=tuple(
                Moments(m.mean * f, m.variance * f) for m, f in zip(load.services, sight.factors, strict=True)
            )
        )
        bounded = scarce(corrected, sight.resources)
        wanted = need(bounded, dedicated, sight.settings.beta)
        own = tuple(max(0, math.ceil(m.mean - 0.5)) for m in bounded.services)
        parts.append(PartOfDay(from_ms, math.ceil(wanted.flexible - 1e-9), own))
    return parts
