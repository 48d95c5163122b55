"""The bar over a window: two short lines, always whole, so that an LED driver needs no memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from callq.domain.rules.guards import window_of
from callq.domain.tides import opening_clock, opening_ms
from callq.domain.window import WindowState
from callq.views.board import public_state
from callq.views.notices import layout_of
from callq.views.queues import english_names_of, names_of
from callq.views.ratings import rating_call
from callq.views.ticketing import suspended_of

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
    ticket = found.ticket
    number = ticket.number if ticket else None
    service = state.index.services.get(ticket.service) if ticket else None
    suspended = suspended_of(state)
    line1, services = _line1(state, found), services_shown(state, found)
    return {
        "window": found.id,
        "label": state.index.windows[found.id].label,
        "line1": SUSPENDED if suspended else line1,
        "line2": suspended.reason if suspended else names_of(state, services),
        "line2_en": suspended.reason_en if suspended else english_names_of(state, services),
        "number": number,
        "service_name": service.name if service else "",
        "service_name_en": service.name_en if service else "",
        "calls": ticket.calls if ticket else 0,
        "state": shown.value,
        "opens_ms": opening_ms(state, found.id),
        "suspended": suspended,
        "timezone": state.today.timezone,
        "accent": layout_of(state, state.index.windows[found.id].zone).accent,
        "rating": rating_call(state, found),
    }


def _line1(state: HallState, window: Window) -> str:
    words = OPENS_SOON if opening_clock(state, window.id) is not None else WORDS[public_state(window)]
    return f"{window.ticket.number} {words}" if window.ticket else words


def services_shown(state: HallState, window: Window) -> tuple[str, ...]:
    """What a window does: what its clerk can serve there; without a clerk, what it is equipped for."""
    if window.clerk is not None:
        return state.services_at(window)
    return state.index.windows[window.id].services or tuple(state.index.services)
