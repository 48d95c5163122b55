"""A hall to learn in: a copy of a real one, and what its citizens do next.

The copy has another id, so that nothing done in it touches the real hall: its numbers, windows and
tokens are its own. It is open all day, and has no quotas, bookings or tides to wait for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from callq.domain import commands as cmd
from callq.domain.hall import Tides
from callq.domain.ticket import TicketState

if TYPE_CHECKING:
    from random import Random

    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket

SUFFIX: Final = "-practice"

WAITING_PER_WINDOW: Final = 4
"""So many people wait for each window that is open and staffed, before no more come."""

BACK_AFTER_MS: Final = 40_000
"""Who was put aside comes back so soon, and who was missed sees to it."""

TRAITS: Final = ("elderly", "deaf", "wheelchair", "foreign")


def practice_copy(config: HallConfig) -> HallConfig:
    """The hall to practise in beside a real one."""
    services = tuple(
        msgspec.structs.replace(service, quota=None, sessions=(), booking=None, needs_precheck=False)
        for service in config.services
    )
    return msgspec.structs.replace(
        config,
        id=f"{config.id}{SUFFIX}",
        name=f"{config.name}（练习）",
        name_en=f"{config.name_en} (practice)" if config.name_en else "",
        services=services,
        notices=(),
        sessions=(),
        holidays=(),
        moved_workdays=(),
        tides=Tides(),
        outlets=(),
        devices=(),
        printers=(),
        items=tuple(msgspec.structs.replace(item, channels=("window",)) for item in config.items),
        practice=True,
    )


def next_act(state: HallState, dice: Random, ticket: str, now_ms: int) -> cmd.AnyCommand | None:
    """What a simulated citizen does now; None: nothing. Where no clerk sits, nobody comes.

    Args:
      state: of a practice hall.
      dice: what they are like.
      ticket: an id for a new ticket.
      now_ms: Unix ms.
    """
    staffed = [window for window in state.windows.values() if window.open and window.clerk is not None]
    if not staffed or state.suspended_since is not None or state.day_closed:
        return None
    back = _comes_back(state, now_ms)
    if back is not None:
        return back
    services = sorted({code for window in staffed for code in state.services_at(window)} - set(state.stopped))
    waiting = sum(state.waiting.counts.get(code, 0) for code in services)
    if not services or waiting >= WAITING_PER_WINDOW * len(staffed):
        return None
    service = dice.choice(services)
    items = [item.code for item in state.config.items if item.service == service]
    priority = dice.random() < 0.12
    return cmd.Issue(
        ticket=ticket,
        service=service,
        item=dice.choice(items) if items and dice.random() < 0.7 else "",
        cls="priority" if priority else "ordinary",
        channel=dice.choice(("kiosk", "kiosk", "kiosk", "counter", "phone")),
        traits=(dice.choice(TRAITS),) if priority or dice.random() < 0.05 else (),
        party=2 if dice.random() < 0.1 else 1,
    )


def _comes_back(state: HallState, now_ms: int) -> cmd.AnyCommand | None:
    """Somebody who was put aside or missed long enough ago."""
    for held in state.held:
        ticket = state.tickets[held]
        if ticket.hold_kind != "waiting" and _ago(ticket.held_ms, now_ms):
            return cmd.Returned(ticket=ticket.id)
    for missed in state.missed:
        ticket = state.tickets[missed]
        if _could_rejoin(state, ticket) and _ago(ticket.missed_ms, now_ms):
            return cmd.Rejoin(ticket=ticket.id)
    return None


def _could_rejoin(state: HallState, ticket: Ticket) -> bool:
    return ticket.state is TicketState.MISSED and ticket.day == state.day and state.may_rejoin(ticket)


def _ago(at_ms: int | None, now_ms: int) -> bool:
    return at_ms is not None and now_ms - at_ms >= BACK_AFTER_MS
