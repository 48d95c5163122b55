"""Windows: who sits there, and whether it is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.errors import Code, Rejected
from callq.domain.rules.decision import Decision
from callq.domain.rules.guards import conflict, require_window, staffed, window_of
from callq.domain.window import WindowAct

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.state import HallState


def sign_in(state: HallState, command: cmd.SignIn, now_ms: int) -> Decision:
    """Seat a clerk at a window where there is something the clerk can serve."""
    window = window_of(state, command.window)
    if command.clerk not in state.index.clerks:
        raise Rejected(
            Code.UNKNOWN_CLERK,
            f"no clerk {command.clerk!r}",
            "check the clerk's number",
            clerk=command.clerk,
            window=window.id,
        )
    if window.clerk == command.clerk:
        raise conflict(Code.WRONG_STATE, window, "this clerk is signed in already", "go on working")
    if window.clerk is not None:
        raise conflict(
            Code.WINDOW_OCCUPIED,
            window,
            f"{window.clerk} is signed in",
            "let that clerk sign out, or use another window",
        )
    elsewhere = state.clerk_at.get(command.clerk)
    if elsewhere is not None:
        raise Rejected(
            Code.CLERK_BUSY,
            f"{command.clerk} is signed in at window {elsewhere}",
            "sign out there first",
            state=state.windows[elsewhere].state,
            clerk=command.clerk,
            window=elsewhere,
        )
    require_window(window, WindowAct.SIGN_IN)
    if not state.index.serving[window.id, command.clerk]:
        raise Rejected(
            Code.NOT_ELIGIBLE,
            f"{command.clerk} has no skill that window {window.id} can serve",
            "use a window for this clerk's services",
            state=window.state,
            clerk=command.clerk,
            window=window.id,
        )
    return Decision((ev.ClerkSignedIn(window=window.id, clerk=command.clerk),), window=window.id)


def sign_out(state: HallState, command: cmd.SignOut, now_ms: int) -> Decision:
    """Let the clerk leave a window that has no ticket; it stays open, unstaffed."""
    window = window_of(state, command.window)
    clerk = staffed(window)
    require_window(window, WindowAct.SIGN_OUT)
    return Decision((ev.ClerkSignedOut(window=window.id, clerk=clerk),), window=window.id)


def open(state: HallState, command: cmd.Open, now_ms: int) -> Decision:
    """Open the window, or take back a close that was to come."""
    window = window_of(state, command.window)
    require_window(window, WindowAct.OPEN)
    if window.open and not window.draining:
        raise conflict(Code.WRONG_STATE, window, "it is open already", "go on working")
    return Decision((ev.WindowOpened(window=window.id),), window=window.id)


def close(state: HallState, command: cmd.Close, now_ms: int) -> Decision:
    """Close the window, at once or after its ticket."""
    window = window_of(state, command.window)
    require_window(window, WindowAct.CLOSE)
    if window.ticket is None:
        return Decision((ev.WindowClosed(window=window.id),), window=window.id)
    if window.draining:
        raise conflict(
            Code.WRONG_STATE, window, "it closes after this ticket already", "open takes that back"
        )
    return Decision((ev.WindowDraining(window=window.id),), window=window.id)


def pause(state: HallState, command: cmd.Pause, now_ms: int) -> Decision:
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


def unpause(state: HallState, command: cmd.Unpause, now_ms: int) -> Decision:
    """Go on, or take back a pause that was to come."""
    window = window_of(state, command.window)
    require_window(window, WindowAct.UNPAUSE)
    if not window.paused and not window.pause_after:
        raise conflict(Code.WRONG_STATE, window, "no pause is to come", "go on working")
    return Decision((ev.WindowUnpaused(window=window.id),), window=window.id)
