"""Windows: who sits there, and whether it is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.errors import Code, Rejected
from callq.domain.rules.binding import let_go
from callq.domain.rules.decision import Decision
from callq.domain.rules.guards import clerk_of, conflict, reasoned, require_window, staffed, window_of
from callq.domain.rules.tides import by_hand, not_opening, skills_in_use
from callq.domain.window import WindowAct

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.state import HallState
    from callq.domain.window import Window


def sign_in(state: HallState, command: cmd.SignIn, now_ms: int, who: cmd.Actor) -> Decision:
    """Seat a clerk where there is something the clerk can serve; a trainee beside the mentor."""
    window = window_of(state, command.window)
    clerk = clerk_of(state, command.clerk)
    config = state.index.clerks[clerk]
    if clerk in (window.clerk, state.trainees.get(window.id)):
        raise conflict(Code.WRONG_STATE, window, "this clerk is signed in already", "go on working")
    _nowhere_else(state, clerk)
    if window.clerk is not None and config.mentor == window.clerk:
        if window.id in state.trainees:
            raise conflict(
                Code.WINDOW_OCCUPIED, window, "a trainee sits there already", "wait until the seat is free"
            )
        return Decision((ev.TraineeSeated(window=window.id, clerk=clerk),), window=window.id)
    if window.clerk is not None:
        raise conflict(
            Code.WINDOW_OCCUPIED,
            window,
            f"{window.clerk} is signed in",
            "let that clerk sign out, or use another window",
        )
    require_window(window, WindowAct.SIGN_IN)
    _useful(state, window, clerk)
    serving = state.index.serving(window.id, clerk, state.day)
    freed = let_go(state, "not_served", {f"c:{clerk}": serving, f"w:{window.id}": serving})
    return Decision((ev.ClerkSignedIn(window=window.id, clerk=clerk), *freed), window=window.id)


def _nowhere_else(state: HallState, clerk: str) -> None:
    """Refuse a clerk who sits at a window or serves another hall, with `clerk_busy`."""
    elsewhere = state.clerk_at.get(clerk)
    if elsewhere is not None:
        raise Rejected(
            Code.CLERK_BUSY,
            f"{clerk} is signed in at window {elsewhere}",
            "sign out there first",
            state=state.windows[elsewhere].state,
            clerk=clerk,
            window=elsewhere,
        )
    if clerk in state.seconded:
        raise Rejected(
            Code.CLERK_BUSY,
            f"{clerk} serves hall {state.seconded[clerk]}",
            "end the secondment first",
            state="seconded",
            clerk=clerk,
        )


def _useful(state: HallState, window: Window, clerk: str) -> None:
    if not state.index.serving(window.id, clerk, state.day):
        raise Rejected(
            Code.NOT_ELIGIBLE,
            f"{clerk} has no valid skill that window {window.id} can serve",
            "use a window for this clerk's services",
            state=window.state,
            clerk=clerk,
            window=window.id,
        )


def sign_out(state: HallState, command: cmd.SignOut, now_ms: int, who: cmd.Actor) -> Decision:
    """Let the clerk leave a window that has no ticket; it stays open, unstaffed."""
    window = window_of(state, command.window)
    trainee = state.trainees.get(window.id)
    if command.clerk and command.clerk == trainee:
        freed = let_go(state, "clerk_left", {f"c:{trainee}": ()})
        return Decision((ev.TraineeLeft(window=window.id, clerk=trainee), *freed), window=window.id)
    clerk = staffed(window)
    if command.clerk and command.clerk != clerk:
        raise conflict(Code.WRONG_STATE, window, f"{command.clerk} is not signed in", "name who is")
    require_window(window, WindowAct.SIGN_OUT)
    left = ev.ClerkSignedOut(window=window.id, clerk=clerk)
    events: list[ev.Event] = [*not_opening(state, window, "clerk_left"), left]
    gone: dict[str, tuple[str, ...]] = {f"c:{clerk}": (), f"w:{window.id}": ()}
    if trainee is not None:
        events.insert(0, ev.TraineeLeft(window=window.id, clerk=trainee))
        gone[f"c:{trainee}"] = ()
    events += let_go(state, "clerk_left", gone)
    return Decision(tuple(events), window=window.id)


def hand_over(state: HallState, command: cmd.HandOver, now_ms: int, who: cmd.Actor) -> Decision:
    """交接: window and ticket go to another clerk."""
    return _replace(state, command.window, command.clerk, WindowAct.HAND_OVER, "")


def take_over(state: HallState, command: cmd.TakeOver, now_ms: int, who: cmd.Actor) -> Decision:
    """A supervisor seats another clerk at an occupied window, for a reason that is kept."""
    reasoned(window_of(state, command.window), command.reason, "a take-over")
    return _replace(state, command.window, command.clerk, WindowAct.TAKE_OVER, command.reason)


def _replace(state: HallState, window_id: str, clerk: str, act: WindowAct, reason: str) -> Decision:
    window = window_of(state, window_id)
    before = staffed(window)
    clerk_of(state, clerk)
    if clerk == before:
        raise conflict(Code.WRONG_STATE, window, "this clerk has the window already", "name another one")
    leaving: list[ev.TraineeLeft] = []
    trainee = state.trainees.get(window.id)
    if trainee is not None and (trainee == clerk or state.index.clerks[trainee].mentor != clerk):
        leaving.append(ev.TraineeLeft(window=window.id, clerk=trainee))
    if trainee != clerk:
        _nowhere_else(state, clerk)
    require_window(window, act)
    _useful(state, window, clerk)
    if window.ticket is not None:
        service = window.ticket.service
        if service not in state.index.serving(window.id, clerk, state.day):
            raise conflict(
                Code.NOT_ELIGIBLE, window, f"{clerk} does not serve {service}", "name a clerk who does"
            )
    handed = ev.WindowHandedOver(window=window.id, before=before, clerk=clerk, reason=reason)
    serving = state.index.serving(window.id, clerk, state.day)
    left = {f"c:{gone.clerk}": () for gone in leaving}
    staying = {f"c:{clerk}": serving, f"w:{window.id}": serving}
    freed = let_go(state, "clerk_left", {f"c:{before}": (), **left, **staying})
    return Decision(
        (*leaving, handed, *freed), window=window.id, ticket=window.ticket.id if window.ticket else None
    )


def set_skills(state: HallState, command: cmd.SetSkills, now_ms: int, who: cmd.Actor) -> Decision:
    """Narrow the skills in use at a window to some of its clerk's; None: all again."""
    window = window_of(state, command.window)
    clerk = state.index.clerks[staffed(window)]
    require_window(window, WindowAct.SET_SKILLS)
    for skill in command.skills or ():
        if clerk.level(skill, state.day) == 0:
            raise conflict(Code.NOT_ELIGIBLE, window, f"{clerk.id} has no skill {skill!r}", "name others")
    widened = window.id in state.tides.widened
    if command.skills == window.active and not widened:
        return Decision((), window=window.id)
    events = [] if command.skills == window.active else skills_in_use(state, window, command.skills)
    return Decision((*events, *by_hand(state, window, now_ms, skills=True)), window=window.id)


def open(state: HallState, command: cmd.Open, now_ms: int, who: cmd.Actor) -> Decision:
    """Open the window, or take back a close that was to come."""
    window = window_of(state, command.window)
    require_window(window, WindowAct.OPEN)
    if window.open and not window.draining:
        raise conflict(Code.WRONG_STATE, window, "it is open already", "go on working")
    return Decision((ev.WindowOpened(window=window.id), *by_hand(state, window, now_ms)), window=window.id)


def close(state: HallState, command: cmd.Close, now_ms: int, who: cmd.Actor) -> Decision:
    """Close the window, at once or after its ticket; or take back an opening that was to come."""
    window = window_of(state, command.window)
    require_window(window, WindowAct.CLOSE)
    hands = by_hand(state, window, now_ms)
    if not window.open:
        dropped = not_opening(state, window, "closed_by_hand")
        if not dropped:
            raise conflict(Code.WRONG_STATE, window, "it is closed already", "open it when it is needed")
        return Decision((*dropped, *hands), window=window.id)
    back = let_go(state, "window_closed", {f"w:{window.id}": ()})
    if window.ticket is None:
        return Decision((ev.WindowClosed(window=window.id), *back, *hands), window=window.id)
    if window.draining:
        raise conflict(
            Code.WRONG_STATE, window, "it closes after this ticket already", "open takes that back"
        )
    return Decision((ev.WindowDraining(window=window.id), *back, *hands), window=window.id)


def pause(state: HallState, command: cmd.Pause, now_ms: int, who: cmd.Actor) -> Decision:
    """Pause the window, at once or after its ticket."""
    window = window_of(state, command.window)
    require_window(window, WindowAct.PAUSE)
    if window.ticket is None:
        return Decision((ev.WindowPaused(window=window.id, reason=command.reason),), window=window.id)
    if window.pause_after:
        raise conflict(
            Code.WRONG_STATE, window, "it pauses after this ticket already", "unpause takes that back"
        )
    return Decision((ev.PauseRequested(window=window.id, reason=command.reason),), window=window.id)


def unpause(state: HallState, command: cmd.Unpause, now_ms: int, who: cmd.Actor) -> Decision:
    """Go on, or take back a pause that was to come."""
    window = window_of(state, command.window)
    require_window(window, WindowAct.UNPAUSE)
    if not window.paused and not window.pause_after:
        raise conflict(Code.WRONG_STATE, window, "no pause is to come", "go on working")
    return Decision((ev.WindowUnpaused(window=window.id),), window=window.id)
