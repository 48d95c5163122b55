"""What a hall's state says about its services now, looked up once for all questions of a moment."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain import estimate, opening
from callq.domain.calendar import WEEKDAYS, business_day, day_after, local_ms, parse_hours
from callq.domain.hall import remote_only, unresolved_desk
from callq.domain.routing.staffing import staffing_of
from callq.domain.rules.bookings import first_free
from callq.domain.rules.guards import zone_for
from callq.domain.rules.visits import next_open_ms
from callq.domain.window import WindowState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callq.domain.commands import TicketClass
    from callq.domain.estimate import WaitRange
    from callq.domain.hall import Outlet, WindowConfig
    from callq.domain.hours import Slot
    from callq.domain.state import HallState
    from callq.wire.messages.guide import ClosedCode

HORIZON_MS: Final = 3_600_000
"""So far ahead the present queue still says something about the wait of who comes then."""


class Opening(NamedTuple):
    """Whether a service gives tickets at some time.

    Attributes:
      closed: None where it does, else the code that a request would be refused with.
      next_ms: when it does again, Unix ms, if known.
      reason: what staff said who stopped it.
      reason_en: the same in English; empty where they did not.
    """

    closed: ClosedCode | None = None
    next_ms: int | None = None
    reason: str = ""
    reason_en: str = ""


OPEN: Final = Opening()


class Queue(NamedTuple):
    """How it would go for one who takes a ticket of a service now.

    Attributes:
      ahead: whom the policy is estimated to call earlier, as the ticket will say.
      wait: likewise; None: nobody ahead tells anything.
    """

    ahead: int
    wait: WaitRange | None


class Facts:
    """A hall at a moment.

    Args:
      state: only read; everything is looked up as it is asked for, and kept.
      now_ms: Unix ms.
    """

    def __init__(self, state: HallState, now_ms: int) -> None:
        self.state = state
        self.now_ms = now_ms
        self.outlets: dict[str, Outlet] = {outlet.channel: outlet for outlet in state.config.outlets}
        desk = unresolved_desk(state.config)
        self.fallback = desk.services[0] if desk is not None and desk.services else ""
        """Service of the desk for what fits nowhere (办不成事); empty: the hall has none."""
        self.remote = remote_only(state.config)
        """Services of windows that serve by video, and of no others: a ticket of theirs is called there."""
        self._openings: dict[tuple[str, int], Opening] = {}
        self._queues: dict[tuple[str, TicketClass], Queue] = {}
        self._slots: dict[tuple[str, int], Slot | None] = {}
        self._outlets: dict[tuple[str, int], int | None] = {}
        self._zones: dict[str, str] = {}

    def serving(self, service: str) -> list[WindowConfig]:
        """Windows that serve it now, in the hall's order: open, staffed, not paused nor about to be."""
        windows = staffing_of(self.state).serving.get(service, ())
        return [self.state.index.windows[window] for window in windows]

    def zone(self, service: str) -> str:
        """Where people wait for it."""
        if service not in self._zones:
            self._zones[service] = zone_for(self.state, service)
        return self._zones[service]

    def opening(self, service: str, at_ms: int) -> Opening:
        """Whether it gives tickets at a time that is not in the past."""
        key = (service, at_ms)
        if key not in self._openings:
            self._openings[key] = self._open_at(service, at_ms)
        return self._openings[key]

    def _open_at(self, service: str, at_ms: int) -> Opening:
        state = self.state
        today = at_ms < state.day_ends_ms
        if state.suspended_since is not None:
            return Opening(
                "hall_suspended", reason=state.suspended_reason, reason_en=state.suspended_reason_en
            )
        if service in state.stopped:
            return Opening(
                "service_closed",
                reason=state.stopped[service],
                reason_en=state.stopped_en.get(service, ""),
            )
        if today and state.day_closed:
            return Opening("outside_session", next_open_ms(state, service, at_ms))
        next_ms = opening.next_ticketing(state, service, at_ms)
        if next_ms != at_ms:
            return Opening("outside_session", next_ms)
        wanted = state.index.services[service]
        if today and wanted.quota is not None and state.issued.get(service, 0) >= wanted.quota:
            return Opening("quota_exhausted", opening.next_ticketing(state, service, state.day_ends_ms))
        return Opening("precheck_needed") if wanted.needs_precheck else OPEN

    def queue(self, service: str, cls: TicketClass) -> Queue:
        """How it would go for one who takes a ticket of it and of a class now."""
        key = (service, cls)
        if key not in self._queues:
            one = estimate.newcomer(self.state, service, cls, self.now_ms)
            self._queues[key] = Queue(
                estimate.ahead(self.state, one, self.now_ms),
                estimate.expected_wait(self.state, one, self.now_ms),
            )
        return self._queues[key]

    def idle(self, service: str, windows: Iterable[WindowConfig]) -> bool:
        """Whether one of some windows that serve it could call at once."""
        seats = (self.state.windows[window.id] for window in windows)
        return any(
            seat.state is WindowState.IDLE and self.state.resource_free(service, seat) for seat in seats
        )

    def tells_of(self, at_ms: int) -> bool:
        """Whether the present queues say anything about a time."""
        return at_ms - self.now_ms < HORIZON_MS

    def wait_at(self, service: str, cls: TicketClass, at_ms: int) -> WaitRange | None:
        """The wait of one who comes at a time: the present one, less certain by the minute, then unknown."""
        wait = self.queue(service, cls).wait
        if wait is None or not self.tells_of(at_ms):
            return None
        lead = max(0, at_ms - self.now_ms) / HORIZON_MS
        return wait._replace(low_s=round(wait.low_s * (1 - lead)), high_s=round(wait.high_s * (1 + lead)))

    def outlet_opens(self, outlet: Outlet, at_ms: int) -> int | None:
        """When an outlet is open from a time on, Unix ms; None: not within a week, or nobody knows when.

        What stands in a zone of the hall stands still with it.
        """
        if outlet.zone and self.state.suspended_since is not None:
            return None
        key = (outlet.channel, at_ms)
        if key not in self._outlets:
            self._outlets[key] = _opens(outlet, at_ms, self.state.today.timezone)
        return self._outlets[key]

    def slot(self, service: str, at_ms: int) -> Slot | None:
        """The first slot from a time on that has a place left; None: none, or it takes no bookings."""
        key = (service, at_ms)
        if key not in self._slots:
            self._slots[key] = first_free(self.state, self.state.index.services[service], at_ms)
        return self._slots[key]


def _opens(outlet: Outlet, at_ms: int, timezone: str) -> int | None:
    hours = parse_hours(outlet.hours)
    assert hours, f"{outlet.hours!r}: not checked before it came into force"
    first = business_day(at_ms, timezone, "00:00")
    for ahead in range(8):
        day = day_after(first, ahead)
        if WEEKDAYS[date.fromisoformat(day).weekday()] in outlet.days:
            begins_ms, ends_ms = (local_ms(day, minute, timezone) for minute in hours)
            if at_ms < ends_ms:
                return max(at_ms, begins_ms)
    return None
