"""One minute of the tides: from what is seen of a hall to the command that says what should move."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

from callq.domain.commands import ReckonTides
from callq.domain.tides import (
    SkillsOf,
    TideMemory,
    TideNeed,
    TidePlan,
    TideReason,
    TideSlot,
    TideStreak,
)
from callq.tidal.laws import Moments, excess
from callq.tidal.plan import Floor
from callq.tidal.sight import SLOT_MIN
from callq.tidal.spare import Streak, pressure_min, widen
from callq.tidal.staffing import SOON, load_at, load_forecast, need, scarce

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.tidal.plan import Moves, Outlook
    from callq.tidal.sight import Sight
    from callq.tidal.staffing import Load

Variant = Literal["default", "forecast", "newsvendor"]
"""Which numbers decide: those of the live state; the forecast alone; the chance that one more is needed."""

_MIN_MS: Final = 60_000


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
    more = len(moves.open) + len(moves.stay) - len(moves.close) - len(moves.drain) - leave
    worst = max(loads, key=lambda load: sum(m.mean for m in load.services))
    before, after = (_short(worst, windows) for windows in (there, there + more))
    return TidePlan(
        made_ms=sight.minute_ms,
        open=moves.open,
        stay=moves.stay,
        close=moves.close,
        drain=moves.drain,
        leaving=moves.leaving,
        leave=leave,
        skills=skills,
        reasons=(*_reasons(sight, outlook, moves, leave), *why),
        wanted=there + more,
        short_before=before,
        short_after=after,
        cost_h=round(more * (sight.tides.opening_min + sight.tides.min_open_min) / 60, 2),
    )


def _short(load: Load, windows: int) -> float:
    """People of a load who find no window, on average, if any window could serve them."""
    total = Moments(sum(m.mean for m in load.services), sum(m.variance for m in load.services))
    return round(excess(total, windows).mean, 2)


def _reasons(sight: Sight, outlook: Outlook, moves: Moves, leave: int) -> list[TideReason]:
    found: list[TideReason] = []
    largest: Callable[[int], float] = lambda look: outlook.needs[look].flexible  # noqa: E731
    if moves.open or moves.stay or leave < 0:
        look = max(range(SOON), key=largest)
        if outlook.wanted > outlook.there:
            lead = outlook.needs[look].lead_min
            found.append(
                TideReason(
                    code="load", lead_min=lead, needed=round(largest(look), 2), there=float(outlook.there)
                )
            )
        for service in outlook.short:
            minimum = next((one.windows for one in sight.least if one.service == service), 0)
            there = sum(seat.counts and service in seat.services for seat in sight.seats)
            code: Literal["minimum", "service_load"] = "minimum" if minimum > there else "service_load"
            wanted = max(n.services[service] for n in outlook.needs[:SOON])
            found.append(
                TideReason(
                    code=code,
                    service=sight.services[service],
                    needed=float(minimum) if code == "minimum" else round(wanted, 2),
                    there=float(there),
                )
            )
    if moves.close or moves.drain or leave > 0:
        look = max(range(len(outlook.needs)), key=largest)
        found.append(
            TideReason(
                code="spare",
                lead_min=outlook.needs[look].lead_min,
                needed=round(largest(look), 2),
                there=float(outlook.there),
            )
        )
    return found


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
        kept = {sight.skills[s] for s in spare.mastered if s not in narrow} | set(base)
        skills = [skill for skill in skills if skill in kept]
        if tuple(skills) != spare.active:
            widens = len(skills) > len(spare.active)
            changes.append(SkillsOf(window=spare.window, skills=tuple(skills), widens=widens))
    codes: tuple[tuple[set[int], Literal["long_queue", "short_queue"]], ...] = (
        (wide, "long_queue"),
        (narrow, "short_queue"),
    )
    moved = {skill for change in changes for skill in change.skills or ()} | {
        skill for spare in sight.spares for skill in spare.active
    }
    for asked_of, reason in codes if changes else ():
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


def _ahead(sight: Sight, dedicated_now: int) -> tuple[TideSlot, ...] | None:
    """Windows that the rest of the day is expected to need, part by part; None: as it was reckoned last."""
    begun_ms = sight.minute_ms - SLOT_MIN * _MIN_MS
    left = [(from_ms, load) for from_ms, load in sight.day.slots if from_ms > begun_ms]
    if [slot.from_ms for slot in sight.state.ahead] == [from_ms for from_ms, _ in left]:
        return None
    dedicated = [0] * len(sight.services)
    for seat in sight.seats:
        if seat.counts and len(seat.services) == 1:
            dedicated[seat.services[0]] += 1
    slots = []
    for from_ms, load in left:
        corrected = load._replace(
            services=tuple(
                Moments(m.mean * f, m.variance * f) for m, f in zip(load.services, sight.factors, strict=True)
            )
        )
        wanted = need(scarce(corrected, sight.resources), dedicated, sight.settings.beta)
        slots.append(TideSlot(from_ms, math.ceil(wanted.flexible - 1e-9) + dedicated_now))
    return tuple(slots)
