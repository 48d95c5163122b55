"""Rows about queues and places that several views show; each is made once per state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from callq.domain.errors import Code, Rejected
from callq.domain.lanes import CLASSES
from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callq.domain.hall import Service, Zone
    from callq.domain.lanes import Lane, LaneKey
    from callq.domain.state import HallState

Memo = dict[Any, Any]
"""What projections of one state share, by (kind, code). Never used for two states."""


def zone_in(state: HallState, zone: str) -> Zone:
    """A zone of the configuration in force.

    Raises:
      Rejected: `INVALID`; zones have no code of their own in the API.
    """
    found = state.index.zones.get(zone)
    if found is None:
        known = ", ".join(state.index.zones)
        raise Rejected(Code.INVALID, "no such zone", f"one of: {known}", zone=zone)
    return found


def services_of(state: HallState, zone: str | None) -> list[Service]:
    """Services whose people wait in a zone, in the hall's order; None: all.

    A service that names no zone belongs to every zone with a window equipped for it.
    """
    if zone is None:
        return list(state.config.services)
    equipped = [w.services for w in state.config.windows if w.zone == zone]
    return [
        s
        for s in state.config.services
        if s.zone == zone or (not s.zone and any(not codes or s.code in codes for codes in equipped))
    ]


def service_queues(state: HallState, service: str, memo: Memo) -> tuple[m.Queue, ...]:
    """The lanes of a service: the ordinary one always, the others while somebody waits in them."""
    key = ("queues", service)
    if key not in memo:
        lanes = lanes_by_service(state, memo).get(service, [])
        memo[key] = tuple(
            _queue(state, service, cls, [(to, lane) for (_, its, to), lane in lanes if its == cls])
            for cls in CLASSES
            if cls == "ordinary" or any(its.cls == cls for its, _ in lanes)
        )
    rows: tuple[m.Queue, ...] = memo[key]
    return rows


def lanes_by_service(state: HallState, memo: Memo) -> dict[str, list[tuple[LaneKey, Lane]]]:
    """Non-empty lanes by service, those for one window or clerk included; looked for once per state."""
    key = ("lanes", "")
    if key not in memo:
        found: dict[str, list[tuple[LaneKey, Lane]]] = {}
        for lane_key, lane in state.lanes.items():
            if lane:
                found.setdefault(lane_key.service, []).append((lane_key, lane))
        memo[key] = found
    lanes: dict[str, list[tuple[LaneKey, Lane]]] = memo[key]
    return lanes


def _queue(state: HallState, code: str, cls: str, lanes: list[tuple[str, Lane]]) -> m.Queue:
    service = state.index.services[code]
    head = min((lane.head for _, lane in lanes if lane.head), default=None)
    return m.Queue(
        service=service.code,
        name=service.name,
        name_en=service.name_en,
        prefix=service.prefix,
        class_=cls,
        count=sum(len(lane) for _, lane in lanes),
        bound=sum(len(lane) for to, lane in lanes if to),
        head=state.tickets[head.ticket].number if head else None,
        head_since_ms=head.clock_ms + state.frozen_ms if head else None,
        target_s=service.target_min(cls) * 60,
    )


def waiting_count(state: HallState, service: str, memo: Memo) -> int:
    """Tickets that wait for a service, of all classes, those for one window or clerk included."""
    return sum(len(lane) for _, lane in lanes_by_service(state, memo).get(service, ()))


def place_of(state: HallState, zone: str | None) -> m.Place:
    """Header of a screen for a zone, or for the whole hall."""
    config = state.config
    here = zone_in(state, zone) if zone is not None else None
    return m.Place(
        hall=state.hall,
        name=config.name,
        name_en=config.name_en,
        timezone=state.today.timezone,
        zone=zone,
        zone_name=here.name if here else "",
        zone_name_en=here.name_en if here else "",
        zone_place=here.place if here else "",
        zone_place_en=here.place_en if here else "",
        windows=label_ranges(w.label for w in config.windows if zone in (None, w.zone)),
    )


def label_ranges(labels: Iterable[str]) -> str:
    """Window labels as people write them: ``1–4、6、贵宾``; runs of numbers are drawn together."""
    runs: list[list[str]] = []
    for label in labels:
        last = runs[-1][-1] if runs else ""
        if label.isdecimal() and last.isdecimal() and int(label) == int(last) + 1:
            runs[-1].append(label)
        else:
            runs.append([label])
    return "、".join(run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def names_of(state: HallState, services: Iterable[str]) -> str:
    """Service names in one line: ``综合受理、社会保险``."""
    return "、".join(state.index.services[code].name for code in services)


def english_names_of(state: HallState, services: Iterable[str]) -> str:
    """The same in English; a service without an English name keeps its own."""
    found = (state.index.services[code] for code in services)
    return ", ".join(service.name_en or service.name for service in found)
