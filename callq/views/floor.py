"""The hall on one page, for whoever runs it: every window, clerk and queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.ticket import TicketState
from callq.views.panel import clerk_options
from callq.views.queues import Memo, place_of, service_queues, waiting_count
from callq.views.ticket import window_out

if TYPE_CHECKING:
    from callq.domain.state import HallState


def project_floor(state: HallState, memo: Memo) -> dict[str, object]:
    """Data of the view ``floor``; `totals` count this business day (waiting and serving: now)."""
    services = [service.code for service in state.config.services]
    windows = [state.windows[config.id] for config in state.config.windows]
    days = state.clerk_days.values()
    return {
        "place": place_of(state, None),
        "windows": tuple(window_out(state, window) for window in windows),
        "clerks": clerk_options(state),
        "queues": tuple(row for code in services for row in service_queues(state, code, memo)),
        "totals": {
            "waiting": sum(waiting_count(state, code) for code in services),
            "serving": sum(w.ticket is not None and w.ticket.state is TicketState.SERVING for w in windows),
            "done": sum(day.done for day in days),
            "missed": sum(day.missed for day in days),
        },
    }
