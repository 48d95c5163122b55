"""Whether tickets are given: for screens, kiosks and whoever wonders when to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import opening
from callq.domain.rules.visits import next_open_ms
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.hall import Service
    from callq.domain.state import HallState


def ticketing_of(state: HallState, service: Service, now_ms: int) -> m.Ticketing:
    """Whether a service gives tickets now, and when that changes by the clock.

    Args:
      state: the hall.
      service: of the configuration in force.
      now_ms: Unix ms; the answer is as of then, and a client goes on from `until_ms` and `next_ms`.
    """
    if state.suspended_since is not None:
        return m.Ticketing(
            open=False,
            closed="hall_suspended",
            reason=state.suspended_reason,
            reason_en=state.suspended_reason_en,
        )
    if service.code in state.stopped:
        return m.Ticketing(
            open=False,
            closed="service_closed",
            reason=state.stopped[service.code],
            reason_en=state.stopped_en.get(service.code, ""),
        )
    session = opening.ticketing(state, service.code, now_ms, booked=False)
    if session is None or state.day_closed:
        next_ms = next_open_ms(state, service.code, now_ms)
        return m.Ticketing(open=False, closed="outside_session", next_ms=next_ms)
    if service.quota is not None and state.issued.get(service.code, 0) >= service.quota:
        next_ms = opening.next_ticketing(state, service.code, state.day_ends_ms)
        return m.Ticketing(open=False, closed="quota_exhausted", next_ms=next_ms)
    return m.Ticketing(open=True, until_ms=session.ticketing_to_ms if state.config.sessions else None)


def suspended_of(state: HallState) -> m.Suspended | None:
    """Since when and why the hall stands still; None while it does not."""
    if state.suspended_since is None:
        return None
    return m.Suspended(
        reason=state.suspended_reason, since_ms=state.suspended_since, reason_en=state.suspended_reason_en
    )
