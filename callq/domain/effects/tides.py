"""Effects of the tides: what is remembered, proposed and in force, and windows that are about to open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from callq.domain.effects.tools import Moment, drop_timer, set_timer
from callq.domain.tides import LEVEL, OPENING, PART_MS, Declined, Tide, TidePast, controlled, mode_of
from callq.domain.tides import left_alone as is_left_alone
from callq.domain.window import TideEnd

if TYPE_CHECKING:
    from callq.domain import events as ev
    from callq.domain.state import HallState
    from callq.domain.tides import TidePlan
    from callq.domain.undo import Undo
    from callq.domain.window import Window


def _change(state: HallState, undo: Undo, **fields: Any) -> None:  # noqa: ANN401
    undo.set(state, "tides", msgspec.structs.replace(state.tides, **fields))


def _without(mapping: dict[str, Any], window: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key != window}


def set_mode(state: HallState, event: ev.TidesSet, at: Moment, undo: Undo) -> None:
    """The tides are run otherwise."""
    off = (event.mode or state.config.tides.mode) == "off"
    tides = state.tides
    _change(
        state,
        undo,
        mode=event.mode,
        beta=event.beta,
        proposal=None,
        leaving=() if off else tides.leaving,
        leave=0 if off else tides.leave,
        draining=() if off else tides.draining,
    )


def reckoned(state: HallState, event: ev.TidesReckoned, at: Moment, undo: Undo) -> None:
    """A minute leaves something to the next."""
    tides, memory = state.tides, event.memory
    ahead = tides.ahead if event.ahead is None else event.ahead
    past = tides.past
    if memory.needs:
        part_ms = event.minute_ms - event.minute_ms % PART_MS
        before = past[:-1] if past and past[-1].from_ms == part_ms else past
        past = (*before, TidePast(part_ms, memory.there, memory.needs[0].windows))
    _change(state, undo, minute_ms=event.minute_ms, memory=memory, ahead=ahead, past=past)


def proposed(state: HallState, event: ev.TidesProposed, at: Moment, undo: Undo) -> None:
    """A supervisor is asked."""
    _change(state, undo, proposal=event.plan)


def withdrawn(state: HallState, event: ev.TidesWithdrawn, at: Moment, undo: Undo) -> None:
    """Nobody is asked any more."""
    _change(state, undo, proposal=None)


def declined(state: HallState, event: ev.TidesDeclined, at: Moment, undo: Undo) -> None:
    """A supervisor does not want it."""
    plan = state.tides.proposal
    assert plan is not None
    _change(state, undo, proposal=None, declined=Declined(plan, event.until_clock))


def applied(state: HallState, event: ev.TidesApplied, at: Moment, undo: Undo) -> None:
    """A plan is in force; which windows close after their ticket is settled by whoever finishes first."""
    tides, plan = state.tides, event.plan
    leave = min(max(0, tides.leave + plan.leave), len(plan.leaving))
    widened = dict(tides.widened)
    for change in plan.skills:
        before = widened.get(change.window)
        active = state.windows[change.window].active
        if change.widens and before is None and active is not None:
            widened[change.window] = active
        elif before == change.skills:
            widened.pop(change.window, None)
    _change(
        state,
        undo,
        in_force=plan,
        by=event.by,
        proposal=tides.proposal if plan.only_keeps else None,
        leaving=tuple(sorted(plan.leaving)) if leave else (),
        leave=leave,
        draining=tuple(sorted({*tides.draining, *plan.drain} - {*plan.stay})),
        widened=widened,
    )
    _stayed(state, plan, undo)


def opening(state: HallState, event: ev.WindowOpening, at: Moment, undo: Undo) -> None:
    """A window is about to open."""
    set_timer(state, OPENING, event.window, event.opens_clock, undo)


def opening_dropped(state: HallState, event: ev.WindowOpeningDropped, at: Moment, undo: Undo) -> None:
    """It is not any more."""
    drop_timer(state, OPENING, event.window, undo)


def left_alone(state: HallState, event: ev.WindowLeftAlone, at: Moment, undo: Undo) -> None:
    """People moved a window, and what a plan wanted of it is over."""
    tides, clock = state.tides, state.clock(at.now_ms)
    alone = {window: until for window, until in tides.alone.items() if until > clock}
    leaving = tuple(window for window in tides.leaving if window != event.window)
    _change(
        state,
        undo,
        alone={**alone, event.window: event.until_clock},
        leaving=leaving,
        leave=min(tides.leave, len(leaving)),
        draining=tuple(window for window in tides.draining if window != event.window),
        widened=_without(tides.widened, event.window),
    )


# What other effects tell the tides -------------------------------------------------------------------


def window_opened(state: HallState, window: Window, at: Moment, undo: Undo) -> None:
    """A window that was closed is open: from now on it stays so for a while."""
    drop_timer(state, OPENING, window.id, undo)
    if state.level >= LEVEL:
        undo.set(window, "opened_clock", state.clock(at.now_ms))
        undo.set(window, "tide_end", None)


def not_draining(state: HallState, window: str, undo: Undo) -> None:
    """What a plan wanted of a window has been done, or is not wanted any more."""
    draining = state.tides.draining
    if window in draining:
        _change(state, undo, draining=tuple(one for one in draining if one != window))


def window_closed(state: HallState, window: Window, undo: Undo) -> None:
    """One that may have been to close after its ticket has done so."""
    tides = state.tides
    drained = window.id in tides.draining
    not_draining(state, window.id, undo)
    if left := tides.leave > 0 and window.id in tides.leaving:
        others = tuple(one for one in tides.leaving if one != window.id)
        _change(state, undo, leaving=others, leave=tides.leave - 1)
    ended = (drained or left) and _just_acted(state, window)
    end = TideEnd(wish="leave" if left else "drain") if ended else None
    if end != window.tide_end:
        undo.set(window, "tide_end", end)


def _stayed(state: HallState, plan: TidePlan, undo: Undo) -> None:
    """A window that was to close after its ticket stays, as somebody waits for it."""
    window = state.windows.get(plan.reasons[0].window) if plan.only_keeps else None
    if window is not None and _just_acted(state, window):
        drain = plan.stay == (window.id,)
        others = () if drain else plan.leaving
        undo.set(window, "tide_end", TideEnd(wish="drain" if drain else "leave", others=others))


def _just_acted(state: HallState, window: Window) -> bool:
    """Whether it is in the present batch that a ticket ended there, and an undo may take that back."""
    return window.acted is not None and window.acted.revision == state.revision + 1


def end_taken_back(state: HallState, window: Window, at: Moment, undo: Undo) -> None:
    """The ticket with whose end a window closed or stayed is back: a plan wants of it what it wanted before.

    Not where people have moved it since.
    """
    end, tides = window.tide_end, state.tides
    if end is None:
        return
    undo.set(window, "tide_end", None)
    if _moved_since(state, window.id, at):
        return
    if end.wish == "drain":
        undo.set(window, "draining", True)
        _change(state, undo, draining=tuple(sorted({*tides.draining, window.id})))
    elif window.id not in tides.leaving:
        others = tides.leaving or _still_busy(state, end.others, at)
        _change(state, undo, leaving=tuple(sorted({*others, window.id})), leave=tides.leave + 1)


def _still_busy(state: HallState, windows: tuple[str, ...], at: Moment) -> tuple[str, ...]:
    """Those that have a ticket, and that no person has moved."""
    return tuple(
        one
        for one in windows
        if one in state.windows
        and state.windows[one].ticket is not None
        and not is_left_alone(state, one, at.now_ms)
    )


def _moved_since(state: HallState, window: str, at: Moment) -> bool:
    """Whether no plan is to do anything with a window any more."""
    return mode_of(state) == "off" or is_left_alone(state, window, at.now_ms)


def clerk_changed(state: HallState, window: str, undo: Undo) -> None:
    """Skills that a plan had widened were those of another clerk."""
    if window in state.tides.widened:
        _change(state, undo, widened=_without(state.tides.widened, window))


def day_ends(state: HallState, undo: Undo) -> None:
    """Nothing opens any more, and nothing is to close."""
    for kind, window in [key for key in state.due if key[0] == OPENING]:
        drop_timer(state, kind, window, undo)
    tides = state.tides
    if tides.leave or tides.proposal or tides.draining:
        _change(state, undo, leaving=(), leave=0, draining=(), proposal=None)


def day_begins(state: HallState, undo: Undo) -> None:
    """The tides of the day before are forgotten."""
    day_ends(state, undo)
    if state.tides != Tide():
        undo.set(state, "tides", Tide())


def configured(state: HallState, undo: Undo) -> None:
    """Windows that are no more are forgotten, and what was proposed under other rules is not any more."""
    for kind, window in [key for key in state.due if key[0] == OPENING]:
        if window not in state.windows:
            drop_timer(state, kind, window, undo)
    tides = state.tides
    here = state.windows
    moved = controlled(state.config)
    leaving = tuple(w for w in tides.leaving if w in here and w in moved)
    kept = msgspec.structs.replace(
        tides,
        alone={w: until for w, until in tides.alone.items() if w in here},
        widened={w: skills for w, skills in tides.widened.items() if w in here},
        leaving=leaving,
        leave=min(tides.leave, len(leaving)),
        draining=tuple(w for w in tides.draining if w in here and w in moved),
        proposal=None,
    )
    if kept != tides:
        undo.set(state, "tides", kept)
