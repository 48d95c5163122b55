"""The screen at the entrance: what is done where, how long that takes, and every window's state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.estimate import newcomer
from callq.domain.hall import unresolved_desk
from callq.views.board import window_row, working
from callq.views.notices import layout_of, notices_of
from callq.views.queues import Memo, label_ranges, place_of, waiting_count
from callq.views.ticket import rejoin_of, wait_out
from callq.views.ticketing import suspended_of, ticketing_of
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.hall import Service
    from callq.domain.state import HallState


def project_entrance(state: HallState, now_ms: int, memo: Memo) -> dict[str, object]:
    """Data of the view ``entrance``: counts and states only, never a number or a name.

    Args:
      state: the hall.
      now_ms: Unix milliseconds, for expected waits and for whether tickets are given.
      memo: shared by the projections of this state.
    """
    config = state.config
    at_work = working(state)
    return {
        "place": place_of(state, None),
        "services": tuple(entrance_service(state, s, at_work[s.code], now_ms, memo) for s in config.services),
        "zones": tuple(
            m.EntranceZone(
                code=zone.code,
                name=zone.name,
                name_en=zone.name_en,
                place=zone.place,
                place_en=zone.place_en,
                windows=tuple(
                    window_row(state, state.windows[w.id], memo)
                    for w in config.windows
                    if w.zone == zone.code
                ),
            )
            for zone in config.zones
        ),
        "suspended": suspended_of(state),
        "notices": notices_of(state, None),
        "screen": layout_of(state, None),
        "rejoin": rejoin_of(state),
        "contact": m.ContactInfo(phone=config.contact.phone, address=config.contact.address),
        "unresolved": _unresolved(state),
    }


def _unresolved(state: HallState) -> m.UnresolvedDesk | None:
    desk = unresolved_desk(state.config)
    if desk is None:
        return None
    zone = state.index.zones[desk.zone]
    beside = (w for w in state.config.windows if (w.kind, w.zone) == (desk.kind, desk.zone))
    return m.UnresolvedDesk(
        service=desk.services[0] if desk.services else "",
        windows=label_ranges(window.label for window in beside),
        zone_name=zone.name,
        zone_name_en=zone.name_en,
        zone_place=zone.place,
        zone_place_en=zone.place_en,
        directions=desk.directions,
        directions_en=desk.directions_en,
    )


def entrance_service(
    state: HallState, service: Service, working: int, now_ms: int, memo: Memo
) -> m.EntranceService:
    """One service; `working`: how many windows are at work on it."""
    equipped = [w for w in state.config.windows if not w.services or service.code in w.services]
    zone = state.index.zones.get(service.zone or (equipped[0].zone if equipped else ""))
    near = [w for w in equipped if zone is not None and w.zone == zone.code]
    return m.EntranceService(
        service=service.code,
        name=service.name,
        name_en=service.name_en,
        prefix=service.prefix,
        zone=zone.code if zone else "",
        zone_name=zone.name if zone else "",
        zone_name_en=zone.name_en if zone else "",
        zone_place=zone.place if zone else "",
        zone_place_en=zone.place_en if zone else "",
        windows=label_ranges(w.label for w in near or equipped),
        working=working,
        count=waiting_count(state, service.code, memo),
        wait=wait_out(state, newcomer(state, service.code, "ordinary", now_ms), now_ms),
        ticketing=ticketing_of(state, service, now_ms),
        examples=service.examples,
        theme=service.theme,
        theme_en=service.theme_en,
        everyday=service.everyday,
        bookable=service.booking is not None,
        needs_precheck=service.needs_precheck,
    )
