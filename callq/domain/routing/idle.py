"""Which window a ticket goes to that finds several idle: one for its service alone before a flexible one.

A flexible window that is kept free can serve whoever comes next. None is ever held back, though: the
last idle window takes whatever comes, which measured better than reserving.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.routing.staffing import staffing_of
from callq.domain.window import WindowState

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.domain.window import Window


def idle_windows(state: HallState, service: str, cls: str = "ordinary") -> list[Window]:
    """Staffed idle windows that can serve a service now, the one that should first.

    Priority tickets find green windows first, all others find them last, and remote ones last of all; among
    equals goes the window with the fewest services, then one whose clerk is no beginner in this one, then
    the one that has been ready longest, then by id.

    Args:
      state: the hall; only read.
      service: code.
      cls: class of the ticket.
    """
    idle = [
        window
        for window in state.windows.values()
        if window.clerk
        and window.state is WindowState.IDLE
        and service in state.services_at(window)
        and state.resource_free(service, window)
    ]
    beginners = staffing_of(state).beginners

    def order(window: Window) -> tuple[bool, bool, int, bool, int, str]:
        kind = state.index.windows[window.id].kind
        return (
            kind == "remote",
            (kind == "green") != (cls == "priority"),
            len(state.services_at(window)),
            service in beginners.get(window.id, ()),
            window.ready_clock,
            window.id,
        )

    return sorted(idle, key=order)
