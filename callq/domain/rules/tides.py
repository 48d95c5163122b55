"""潮汐: carrying out plans, proposing them, and leaving alone what people have moved.

A plan comes from outside and may be late: every move is looked at again on the very state that it
would change, and what is no longer possible is left out. Of several nodes that reckon the same minute
one is heard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from callq.domain import events as ev
from callq.domain.errors import Code, Rejected
from callq.domain.keeping import Keeps, keeps_open, promised
from callq.domain.rules.binding import let_go
from callq.domain.rules.decision import Decision
from callq.domain.rules.guards import flags_after
from callq.domain.tides import (
    LEVEL,
    RENEW_MS,
    VALID_MS,
    TidePlan,
    TideReason,
    controlled,
    left_alone,
    mode_of,
    opening_clock,
    reasons_left,
    unexplained,
)
from callq.domain.window import WindowState

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.state import HallState
    from callq.domain.window import Window

_MIN_MS: Final = 60_000
_BUSY: Final = (WindowState.CALLING, WindowState.SERVING)


def reckon(state: HallState, command: cmd.ReckonTides, now_ms: int, who: cmd.Actor) -> Decision:
    """Take in what a minute's reckoning comes to; nothing is written where it changes nothing."""
    tides, mode = state.tides, mode_of(state)
    late = command.minute_ms <= tides.minute_ms or command.config != state.digest
    if mode == "off" or late or state.day_closed or state.suspended_since is not None:
        return Decision(())
    if command.plan is not None and (kinds := unexplained(command.plan)):
        raise Rejected(
            Code.INVALID,
            f"the plan gives no reason for what it does: {', '.join(kinds)}",
            "say with each kind of move why",
            hall=state.hall,
        )
    plan = _possible(state, command.plan, now_ms) if command.plan else None
    events: list[ev.Event] = []
    if mode == "automatic" and plan is not None:
        events = _applied(state, replace(plan, id=_new_id(state)), now_ms, "")
    elif mode == "advise":
        events = _proposed(state, plan, command.minute_ms)
    learned = command.memory != tides.memory or command.ahead is not None
    if events or learned:
        told = ev.TidesReckoned(minute_ms=command.minute_ms, memory=command.memory, ahead=command.ahead)
        events.insert(0, told)
    return Decision(tuple(events))


def set_tides(state: HallState, command: cmd.SetTides, now_ms: int, who: cmd.Actor) -> Decision:
    """Run the tides otherwise for the rest of the day."""
    config = state.config
    mode = command.mode or config.tides.mode
    knows = config.tides.profile and any(s.daily for s in config.services) and controlled(config)
    if mode != "off" and not knows:
        raise Rejected(
            Code.INVALID,
            "the hall file does not say when people come, or which windows may move",
            "add a profile, daily tickets and tidal windows: see docs/tides.md",
            hall=state.hall,
        )
    if (command.mode, command.beta) == (state.tides.mode, state.tides.beta):
        return Decision(())
    events: list[ev.Event] = [ev.TidesSet(mode=command.mode, beta=command.beta)]
    if mode == "off":
        events += [
            ev.WindowOpeningDropped(window=window, reason="tides_off")
            for window in state.windows
            if opening_clock(state, window) is not None
        ]
    return Decision(tuple(events))


def accept_plan(state: HallState, command: cmd.AcceptPlan, now_ms: int, who: cmd.Actor) -> Decision:
    """Carry out what is proposed, as far as it is still possible."""
    plan = _asked(state, command.plan, now_ms)
    possible = _possible(state, plan, now_ms)
    if possible is None:
        raise Rejected(
            Code.EXPIRED,
            "none of its windows can still be moved",
            "wait for the next proposal",
            state="outdated",
            plan=plan.id,
        )
    return Decision(tuple(_applied(state, possible, now_ms, who.id)))


def decline_plan(state: HallState, command: cmd.DeclinePlan, now_ms: int, who: cmd.Actor) -> Decision:
    """Do not, and do not propose it again until the need grows or some time has passed."""
    plan = _asked(state, command.plan, now_ms)
    until = state.clock(now_ms) + state.config.tides.override_min * _MIN_MS
    return Decision((ev.TidesDeclined(plan=plan.id, until_clock=until, reason=command.reason),))


def opening_due(state: HallState, window: Window, now_ms: int) -> list[ev.Event]:
    """A window was to open about now."""
    if window.open or window.clerk is None or state.day_closed or mode_of(state) == "off":
        return [ev.WindowOpeningDropped(window=window.id, reason="cannot_open")]
    return [ev.WindowOpened(window=window.id)]


def not_opening(state: HallState, window: Window, reason: str) -> list[ev.Event]:
    """Drop what was to open, if it was."""
    if opening_clock(state, window.id) is None:
        return []
    return [ev.WindowOpeningDropped(window=window.id, reason=reason)]


def by_hand(state: HallState, window: Window, now_ms: int, *, skills: bool = False) -> list[ev.Event]:
    """Let the plan keep away from a window that a person moves, where it would move it.

    Args:
      state: the hall.
      window: opened, closed, or with other skills in use.
      now_ms: Unix ms.
      skills: whether it is its skills that were set.
    """
    tides = state.config.tides
    moves = tides.widening if skills else window.id in controlled(state.config)
    clock = state.clock(now_ms)
    if not moves or not tides.override_min or mode_of(state) == "off" or state.level < LEVEL:
        # What a plan has widened is not for it to take back any more: a person has said what holds.
        over = skills and window.id in state.tides.widened
        return [ev.WindowLeftAlone(window=window.id, until_clock=clock)] if over else []
    return [ev.WindowLeftAlone(window=window.id, until_clock=clock + tides.override_min * _MIN_MS)]


# Plans ------------------------------------------------------------------------------------------------


def _new_id(state: HallState) -> str:
    """Names the plan by the entry that records it: no two of a hall are the same."""
    return f"p{state.revision + 1}"


def _asked(state: HallState, plan_id: str, now_ms: int) -> TidePlan:
    """The proposal with an id, or `expired`: it was replaced, withdrawn, or its time is over."""
    plan = state.tides.proposal
    if plan is None or plan.id != plan_id:
        what = f"now it is {plan.id}" if plan else "nothing is proposed now"
        raise Rejected(
            Code.EXPIRED,
            f"{plan_id} is not proposed any more: {what}",
            "look at the floor's `plan` and go on from there",
            state="replaced" if plan else "none",
            plan=plan_id,
        )
    if now_ms >= plan.until_ms:
        raise Rejected(
            Code.EXPIRED,
            f"{plan_id} could be accepted for {VALID_MS // _MIN_MS} minutes",
            "wait for the next proposal",
            state="outdated",
            plan=plan_id,
        )
    return plan


def _possible(state: HallState, plan: TidePlan, now_ms: int) -> TidePlan | None:
    """The plan without what cannot be done any more; None: nothing is left to do.

    What is left keeps its own reasons; of less than was reckoned the effect is not known.
    """
    may = controlled(state.config)
    names = promised(state)
    gone: list[str] = []

    def among(
        names: tuple[str, ...], wanted: tuple[WindowState, ...], *, draining: bool = False
    ) -> tuple[str, ...]:
        return tuple(
            name
            for name in names
            if name in may
            and (window := state.windows.get(name)) is not None
            and window.clerk is not None
            and window.state in wanted
            and window.draining is draining
            and opening_clock(state, name) is None
            and not left_alone(state, name, now_ms)
        )

    def sparing(windows: tuple[str, ...]) -> tuple[str, ...]:
        """Those that may close, one after another."""
        for name in windows:
            if keeps_open(state, state.windows[name], now_ms, gone, names) is None:
                gone.append(name)
        return tuple(name for name in windows if name in gone)

    leaving = tuple(window for window in among(plan.leaving, _BUSY) if window not in names)
    leave = min(max(0, state.tides.leave + plan.leave), len(leaving)) - state.tides.leave
    found = replace(
        plan,
        open=among(plan.open, (WindowState.CLOSED,)),
        stay=among(plan.stay, _BUSY, draining=True),
        close=sparing(among(plan.close, (WindowState.IDLE,))),
        drain=sparing(among(plan.drain, _BUSY)),
        leaving=leaving,
        leave=leave,
        skills=tuple(
            change
            for change in plan.skills
            if (window := state.windows.get(change.window)) is not None
            and window.clerk is not None
            and window.active != change.skills
            and not left_alone(state, change.window, now_ms)
            and all(state.index.clerks[window.clerk].level(s, state.day) for s in change.skills or ())
        ),
    )
    if not any(found.moves):
        return None
    if found.moves == plan.moves:
        return found
    why = plan.reasons
    if leave < min(0, plan.leave):
        asked = float(state.tides.leave + plan.leave)
        why = (*why, TideReason(code="cannot_close", needed=asked, there=float(state.tides.leave + leave)))
    return replace(
        found,
        reasons=reasons_left(replace(found, reasons=why)),
        wanted=plan.wanted - plan.more + found.more,
        short_before=None,
        short_after=None,
        wait_before_min=None,
        wait_after_min=None,
        cost_h=round(plan.cost_h * found.more / plan.more, 2) if plan.more else plan.cost_h,
    )


def _proposed(state: HallState, plan: TidePlan | None, minute_ms: int) -> list[ev.Event]:
    """Ask a supervisor, unless that was asked already, or was declined."""
    asked = state.tides.proposal
    if plan is None or _unwanted(state, plan, minute_ms):
        return [ev.TidesWithdrawn(plan=asked.id)] if asked else []
    same = asked is not None and asked.moves == plan.moves
    if asked is not None and same and asked.until_ms - minute_ms > RENEW_MS:
        return []
    name = asked.id if asked is not None and same else _new_id(state)
    return [ev.TidesProposed(plan=replace(plan, id=name, made_ms=minute_ms, until_ms=minute_ms + VALID_MS))]


def _unwanted(state: HallState, plan: TidePlan, now_ms: int) -> bool:
    """Whether a supervisor has declined as much for the same reasons, and not long ago."""
    declined = state.tides.declined
    return declined is not None and declined.until_clock > state.clock(now_ms) and declined.covers(plan)


def _applied(state: HallState, plan: TidePlan, now_ms: int, by: str) -> list[ev.Event]:
    """Move the windows: openings take their time, busy windows close after their ticket."""
    delay_ms = state.config.tides.opening_min * _MIN_MS
    opens_clock = state.clock(now_ms) + delay_ms
    closing = {f"w:{window}": () for window in (*plan.close, *plan.drain)}
    events: list[ev.Event] = [ev.TidesApplied(plan=plan, by=by)]
    for window in plan.open:
        if delay_ms:
            events.append(ev.WindowOpening(window=window, opens_clock=opens_clock))
        else:
            events.append(ev.WindowOpened(window=window))
    events += [ev.WindowOpened(window=window) for window in plan.stay]
    events += [ev.WindowClosed(window=window) for window in plan.close]
    events += [ev.WindowDraining(window=window) for window in plan.drain]
    for change in plan.skills:
        events += skills_in_use(state, state.windows[change.window], change.skills)
    return [*events, *let_go(state, "window_closed", closing)]


def skills_in_use(state: HallState, window: Window, skills: tuple[str, ...] | None) -> list[ev.Event]:
    """Let a staffed window use these skills, None: all of its clerk's; who waits in vain then is let go."""
    assert window.clerk is not None
    serving = state.index.in_use(window.id, window.clerk, skills, state.day)
    freed = let_go(
        state,
        "not_served",
        {f"c:{window.clerk}": serving, f"w:{window.id}": serving},
        mastered={f"w:{window.id}": state.mastered_at(window)},
    )
    return [ev.SkillsSet(window=window.id, skills=skills), *freed]


def after_ticket(
    state: HallState, window: Window, now_ms: int, *, comes_back: bool = False, then: str = ""
) -> list[ev.Event]:
    """What becomes of a window whose ticket has just left.

    Its flags say so; or it is the first to finish of those of which the plan wants some to close.

    Args:
      state: the hall, with the ticket still there.
      window: that had it.
      now_ms: Unix ms.
      comes_back: whether that ticket is to come back to the window.
      then: service that it waits for next, at any window; empty: none.
    """
    tides = state.tides
    flagged = after_flags(state, window, now_ms, comes_back=comes_back, then=then)
    if flagged or not tides.leave or window.id not in tides.leaving or mode_of(state) == "off":
        return flagged
    return _closes(state, window, now_ms, comes_back=comes_back, then=then, drains=False)


def after_flags(
    state: HallState, window: Window, now_ms: int, *, comes_back: bool, then: str = ""
) -> list[ev.Event]:
    """What its flags make of a window whose ticket has just left; what a plan has set is looked at again."""
    if window.draining and window.id in state.tides.draining:
        return _closes(state, window, now_ms, comes_back=comes_back, then=then, drains=True)
    return flags_after(window)


def _closes(
    state: HallState, window: Window, now_ms: int, *, comes_back: bool, then: str, drains: bool
) -> list[ev.Event]:
    """Close a window as a plan wants, unless it may not be any more."""
    keeps = Keeps("waited_for") if comes_back else keeps_open(state, window, now_ms, then=then)
    if keeps is not None:
        return _stays(state, window, keeps, now_ms, drains=drains)
    return [ev.WindowClosed(window=window.id), *let_go(state, "window_closed", {f"w:{window.id}": ()})]


def _stays(state: HallState, window: Window, keeps: Keeps, now_ms: int, *, drains: bool) -> list[ev.Event]:
    """Take back that a window closes after its ticket, with the reason; a pause that was to come comes."""
    tides = state.tides
    reason = TideReason(
        code=keeps.code,
        service=keeps.service,
        needed=float(keeps.needed),
        there=float(keeps.there),
        window=window.id,
    )
    plan = TidePlan(
        id=_new_id(state),
        made_ms=now_ms - now_ms % _MIN_MS,
        stay=(window.id,) if drains else (),
        leaving=tides.leaving if drains else tuple(w for w in tides.leaving if w != window.id),
        leave=0 if drains else -1,
        reasons=(reason,),
        wanted=tides.memory.there + 1,
    )
    events: list[ev.Event] = [ev.TidesApplied(plan=plan)]
    if drains:
        events.append(ev.WindowOpened(window=window.id))
        if window.pause_after:
            events.append(ev.WindowPaused(window=window.id, reason=window.pause_reason or ""))
    return events
