"""The bar over a window: two short lines, always whole, so that an LED driver needs no memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from callq.domain.rules.guards import window_of
from callq.domain.tides import opening_clock
from callq.domain.window import WindowState
from callq.views.board import public_state
from callq.views.queues import names_of

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.domain.window import Window

OPENS_SOON: Final = "即将开放"
"""A plan has it opened in a few minutes."""

WORDS: Final = {
    WindowState.CALLING: "请办理",
    WindowState.SERVING: "办理中",
    WindowState.IDLE: "等候叫号",
    WindowState.PAUSED: "暂停服务",
    WindowState.CLOSED: "未开放",
}

SUSPENDED: Final = "大厅暂停服务"


def project_strip(state: HallState, window: str) -> dict[str, object]:
    """Data of the view ``strip``: `line1` is the number and what it shall do, `line2` the services.

    A pause shows no reason: what a clerk notes for the supervisor is not for the public.

    Raises:
      Rejected: `UNKNOWN_WINDOW`.
    """
    found = window_of(state, window)
    shown = public_state(found)
    number, calls = (found.ticket.number, found.ticket.calls) if found.ticket else (None, 0)
    if state.suspended_since is not None:
        return {
            "window": found.id,
            "label": state.index.windows[found.id].label,
            "line1": SUSPENDED,
            "line2": state.suspended_reason,
            "number": number,
            "calls": calls,
            "state": shown.value,
        }
    words = OPENS_SOON if opening_clock(state, found.id) is not None else WORDS[shown]
    return {
        "window": found.id,
        "label": state.index.windows[found.id].label,
        "line1": f"{number} {words}" if number else words,
        "line2": names_of(state, services_shown(state, found)),
        "number": number,
        "calls": calls,
        "state": shown.value,
    }


def services_shown(state: HallState, window: Window) -> tuple[str, ...]:
    """What a window does: what its clerk can serve there; without a clerk, what it is equipped for."""
    if window.clerk is not None:
        return state.services_at(window)
    return state.index.windows[window.id].services or tuple(state.index.services)
