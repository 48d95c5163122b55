"""The window machine: five states, one table.

The state of a window is derived, never stored: closed unless open; then calling or serving by the
ticket that stands there; else paused or idle. A missing clerk is not a state (an open window
without one is a 空岗 warning). `TRANSITIONS` says for each state which acts are possible and which
states they may end in; where there are several, the flags decide: after a ticket leaves, a draining
window closes, one with a pending pause pauses, any other is idle.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal, NamedTuple

import msgspec

from callq.domain.ticket import Ticket


class WindowState(StrEnum):
    """What a window does now."""

    CLOSED = "closed"
    IDLE = "idle"
    CALLING = "calling"
    SERVING = "serving"
    PAUSED = "paused"


class WindowAct(StrEnum):
    """What can be done at a window."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    OPEN = "open"
    CLOSE = "close"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    CALL_NEXT = "call_next"
    RECALL = "recall"
    START = "start"
    COMPLETE = "complete"
    MISS = "miss"
    CALL_THIS = "call_ticket"
    HOLD = "hold"
    RESUME = "resume"
    TRANSFER = "transfer"
    ABANDON = "abandon"
    HAND_OVER = "hand_over"
    TAKE_OVER = "take_over"
    UNDO = "undo"
    SET_SKILLS = "set_skills"
    TAKE_BACK = "take_back"
    """A ticket held with papers came back to it."""
    LOSE_TICKET = "lose_ticket"
    """The ticket at the window was cancelled, expired or ended by the clock."""


_W = WindowState
_A = WindowAct


def _to(*states: WindowState) -> frozenset[WindowState]:
    return frozenset(states)


_KEEP: Final = (_A.HAND_OVER, _A.TAKE_OVER, _A.SET_SKILLS)
"""Possible in every state, and leaves it as it is: the clerk changes, not the window."""

_FREE: Final = _to(_W.IDLE, _W.PAUSED, _W.CLOSED)

TRANSITIONS: Final[dict[tuple[WindowState, WindowAct], frozenset[WindowState]]] = {
    (_W.CLOSED, _A.SIGN_IN): _to(_W.CLOSED),
    (_W.CLOSED, _A.SIGN_OUT): _to(_W.CLOSED),
    (_W.CLOSED, _A.OPEN): _to(_W.IDLE),
    # Takes back an opening that was to come; refused where there is none.
    (_W.CLOSED, _A.CLOSE): _to(_W.CLOSED),
    (_W.IDLE, _A.SIGN_IN): _to(_W.IDLE),
    (_W.IDLE, _A.SIGN_OUT): _to(_W.IDLE),
    (_W.IDLE, _A.CLOSE): _to(_W.CLOSED),
    (_W.IDLE, _A.PAUSE): _to(_W.PAUSED),
    (_W.IDLE, _A.CALL_NEXT): _to(_W.IDLE, _W.CALLING),
    (_W.IDLE, _A.CALL_THIS): _to(_W.CALLING),
    (_W.IDLE, _A.TAKE_BACK): _to(_W.CALLING),
    (_W.IDLE, _A.RESUME): _to(_W.SERVING),
    (_W.IDLE, _A.UNDO): _to(_W.CALLING, _W.SERVING),
    (_W.CALLING, _A.OPEN): _to(_W.CALLING),
    (_W.CALLING, _A.CLOSE): _to(_W.CALLING),
    (_W.CALLING, _A.PAUSE): _to(_W.CALLING),
    (_W.CALLING, _A.UNPAUSE): _to(_W.CALLING),
    (_W.CALLING, _A.RECALL): _to(_W.CALLING),
    (_W.CALLING, _A.START): _to(_W.SERVING),
    (_W.CALLING, _A.MISS): _FREE,
    (_W.CALLING, _A.ABANDON): _FREE,
    (_W.CALLING, _A.TRANSFER): _FREE,
    # A pause or close that was asked for meanwhile takes effect; "next" may have ended another ticket first.
    (_W.CALLING, _A.UNDO): _FREE | _to(_W.CALLING, _W.SERVING),
    # With `next_while_called = "miss"` only; the default refuses.
    (_W.CALLING, _A.CALL_NEXT): _FREE | _to(_W.CALLING),
    (_W.CALLING, _A.LOSE_TICKET): _FREE,
    (_W.SERVING, _A.OPEN): _to(_W.SERVING),
    (_W.SERVING, _A.CLOSE): _to(_W.SERVING),
    (_W.SERVING, _A.PAUSE): _to(_W.SERVING),
    (_W.SERVING, _A.UNPAUSE): _to(_W.SERVING),
    (_W.SERVING, _A.COMPLETE): _FREE,
    (_W.SERVING, _A.HOLD): _FREE,
    (_W.SERVING, _A.ABANDON): _FREE,
    (_W.SERVING, _A.TRANSFER): _FREE,
    (_W.SERVING, _A.LOSE_TICKET): _FREE,
    # With `next_while_serving = "complete"` only; the default refuses.
    (_W.SERVING, _A.CALL_NEXT): _FREE | _to(_W.CALLING),
    (_W.PAUSED, _A.SIGN_IN): _to(_W.PAUSED),
    (_W.PAUSED, _A.SIGN_OUT): _to(_W.PAUSED),
    (_W.PAUSED, _A.UNPAUSE): _to(_W.IDLE),
    (_W.PAUSED, _A.CLOSE): _to(_W.CLOSED),
    (_W.PAUSED, _A.UNDO): _to(_W.CALLING, _W.SERVING),
    (_W.CLOSED, _A.UNDO): _to(_W.CALLING, _W.SERVING),
    **{(state, act): _to(state) for state in WindowState for act in _KEEP},
}
"""(state, act) to the states it may end in. Open while busy takes back a close that drains;
unpause while busy takes back a pause that was to come; both are refused when there is none."""


def allowed(state: WindowState, act: WindowAct) -> bool:
    """Whether the table has the pair."""
    return (state, act) in TRANSITIONS


class TideEnd(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the end of a ticket did of what a plan had wanted of its window: what an undo takes back."""

    wish: Literal["drain", "leave"]
    """To close after the ticket, or to be one of those of which some do."""
    others: tuple[str, ...] = ()
    """Those of whom some were still to close when this one stayed instead."""


class Acted(NamedTuple):
    """An act that can be undone, and what things were like before it."""

    act: str
    """``call``, ``miss`` or ``complete``."""
    at_ms: int
    who: str
    """Principal that did it."""
    ticket: str
    revision: int
    before: tuple[tuple[str, object], ...]
    """The ticket's fields that changed, as they were."""
    window: tuple[tuple[str, object], ...]
    """The window's."""
    due_ms: int | None
    """When the timer of the ticket's state was due, in the hall's own time."""
    previous: Acted | None = None
    """What the same key press did before: "next" ends one ticket and calls another."""
    absent: bool = False
    """Whether the ticket waited for a window or clerk that was not there."""

    @property
    def all(self) -> tuple[Acted, ...]:
        """What one undo takes back, the last first."""
        return (self,) if self.previous is None else (self, self.previous)


class Window(msgspec.Struct, eq=False):
    """A counter now. Written only by `apply`."""

    id: str
    open: bool = False
    draining: bool = False
    """Closes when the present ticket ends."""
    paused: bool = False
    pause_after: bool = False
    """Pauses when the present ticket ends."""
    pause_reason: str | None = None
    clerk: str | None = None
    ticket: Ticket | None = None
    """The one ticket called to or served at this window."""
    last: str | None = None
    """Id of the ticket that left last."""
    active: tuple[str, ...] | None = None
    """Skills in use, if narrower than what the clerk brings; None: all."""
    acted: Acted | None = None
    """The last call, miss or completion, as long as nothing else happened here."""
    since_ms: int = 0
    """When the present state began."""
    ready_clock: int = 0
    """Since when whoever sits here could have called, in the hall's own time: automatic calls wait by it.

    Later than the state's begin where another clerk took the seat since, or an undo freed the window.
    """

    opened_clock: int | None = None
    """Since when it is open, or was last, in the hall's own time; None: longer than that is recorded."""
    tide_end: TideEnd | None = None
    """Of the last miss or completion: the window closed with it as a plan wanted, or stayed all the same.

    None: no plan had a part in it.
    """

    @property
    def state(self) -> WindowState:
        """Derived state."""
        if not self.open:
            return WindowState.CLOSED
        if self.ticket is not None:
            return WindowState.SERVING if self.ticket.state == "serving" else WindowState.CALLING
        return WindowState.PAUSED if self.paused else WindowState.IDLE
