"""The hall on one page, for whoever runs it: every window, clerk and queue, and what calls for attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.ticket import TicketState
from callq.views.board import working
from callq.views.desk import accompanied_rows, prechecks_out, share_out
from callq.views.devices import device_counts, device_rows
from callq.views.held import held_row
from callq.views.notices import notices_of
from callq.views.panel import clerk_options
from callq.views.queues import Memo, place_of, service_queues
from callq.views.ratings import cases_now, ratings_now
from callq.views.ticket import window_out
from callq.views.ticketing import suspended_of, ticketing_of
from callq.views.tides import plan_of
from callq.views.warnings import thresholds_of, warnings_of
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.state import HallState


def project_floor(state: HallState, now_ms: int, memo: Memo) -> dict[str, object]:
    """Data of the view ``floor``; `totals` count this business day (waiting, late and serving: now)."""
    config = state.config
    services = [service.code for service in config.services]
    windows = [state.windows[window.id] for window in config.windows]
    at_work = working(state)
    return {
        "place": place_of(state, None),
        "windows": tuple(window_out(state, window) for window in windows),
        "clerks": clerk_options(state),
        "queues": tuple(row for code in services for row in service_queues(state, code, memo)),
        "services": tuple(
            m.ServiceNow(
                code=s.code,
                name=s.name,
                name_en=s.name_en,
                prefix=s.prefix,
                working=at_work[s.code],
                ticketing=ticketing_of(state, s, now_ms),
            )
            for s in config.services
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
        "notices": notices_of(state, None),
        "totals": _totals(state, now_ms),
        "zones": tuple(
            m.ZoneInfo(code=z.code, name=z.name, name_en=z.name_en, place=z.place, place_en=z.place_en)
            for z in config.zones
        ),
        "warnings": warnings_of(state, memo),
        "thresholds": thresholds_of(state),
        "config_digest": state.digest,
        "priority_share": share_out(state, memo),
        "prechecks": prechecks_out(state),
        "accompanied": accompanied_rows(state),
        "ratings": ratings_now(state),
        "cases": cases_now(state),
    }


def _totals(state: HallState, now_ms: int) -> dict[str, int | None]:
    clock, waited, late, people = state.clock(now_ms), 0, 0, 0
    for key, lane in state.lanes.items():
        if not lane:
            continue
        since = [place.clock_ms for place in lane.places()]
        by_ms = clock - state.index.target_min(key.service, key.cls) * 60_000
        people += len(since)
        waited += sum(since)
        late += sum(one < by_ms for one in since)
    issued = priority = 0
    for ticket in state.tickets.values():
        if ticket.day == state.day:
            issued += 1
            priority += ticket.cls == "priority"
    days = state.clerk_days.values()
    return {
        "waiting": people,
        "late": late,
        "mean_since_ms": waited // people + state.frozen_ms if people else None,
        "serving": sum(
            window.ticket is not None and window.ticket.state is TicketState.SERVING
            for window in state.windows.values()
        ),
        "issued": issued,
        "priority": priority,
        "done": sum(day.done for day in days),
        "missed": sum(day.missed for day in days),
    }
