"""The hall on one page, for whoever runs it: every window, clerk and queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.ticket import TicketState
from callq.views.devices import device_counts, device_rows
from callq.views.held import held_row
from callq.views.notices import notices_of
from callq.views.panel import clerk_options
from callq.views.queues import Memo, place_of, service_queues, waiting_count
from callq.views.ticket import window_out
from callq.views.ticketing import suspended_of, ticketing_of
from callq.views.tides import plan_of
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.state import HallState


def project_floor(state: HallState, now_ms: int, memo: Memo) -> dict[str, object]:
    """Data of the view ``floor``; `totals` count this business day (waiting and serving: now)."""
    services = [service.code for service in state.config.services]
    windows = [state.windows[config.id] for config in state.config.windows]
    days = state.clerk_days.values()
    return {
        "place": place_of(state, None),
        "windows": tuple(window_out(state, window) for window in windows),
        "clerks": clerk_options(state),
        "queues": tuple(row for code in services for row in service_queues(state, code, memo)),
        "services": tuple(
            m.ServiceNow(code=s.code, name=s.name, ticketing=ticketing_of(state, s, now_ms))
            for s in state.config.services
        ),
        "suspended": suspended_of(state),
        "day_closed": state.day_closed,
        "seconded": dict(sorted(state.seconded.items())),
        "held": tuple(held_row(state, state.tickets[ticket], None) for ticket in state.held),
        "help": tuple(
            m.HelpCall(
                window=config.id,
                label=config.label,
                zone=config.zone,
                clerk=asked.clerk,
                reason=asked.reason,
                since_ms=asked.since_ms,
            )
            for config in state.config.windows
            if (asked := state.help_asked.get(config.id)) is not None
        ),
        "plan": plan_of(state),
        "devices": device_rows(state),
        "device_counts": device_counts(state),
        "totals": {
            "waiting": sum(waiting_count(state, code, memo) for code in services),
            "serving": sum(w.ticket is not None and w.ticket.state is TicketState.SERVING for w in windows),
            "done": sum(day.done for day in days),
            "missed": sum(day.missed for day in days),
        },
        "notices": notices_of(state, None),
    }
