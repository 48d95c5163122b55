"""Effects on the hall: its configuration, its days, and standing still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from callq.domain.cases import LEVEL as CASES_FROM
from callq.domain.effects import asks, desk, devices, notices, ratings, tides
from callq.domain.effects.printing import forget
from callq.domain.effects.tools import (
    WHOLE_UNDO,
    Moment,
    begin_timer,
    enter_lane,
    leave_lane,
    next_order,
    seats_changed,
)
from callq.domain.history import KEPT_FROM, recorded
from callq.domain.lanes import CLASSES, Lane, LaneKey
from callq.domain.state import ClerkDay, DayClock, Index, Numbering, Standstill
from callq.domain.ticket import FINAL, TicketState
from callq.domain.turns import turns_of
from callq.domain.window import Window

if TYPE_CHECKING:
    from callq.domain import events as ev
    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState
    from callq.domain.undo import Undo

_KEYS_KEPT_MS: Final = 24 * 3_600_000
"""How long past the close of their day keys are kept."""


def configured(state: HallState, event: ev.HallConfigured, at: Moment, undo: Undo) -> None:
    """A configuration comes into force."""
    index = Index(event.config)
    if at.level >= KEPT_FROM:
        versions = recorded(state, event.config, event.digest, at.now_ms, at.actor, event.reason)
        undo.set(state, "config_history", versions)
    undo.set(state, "config", event.config)
    if not state.day:
        undo.set(state, "day_clock", DayClock(event.config.timezone, event.config.day_starts))
    undo.set(state, "today", state.day_clock.today(event.config))
    undo.set(state, "index", index)
    seats_changed(state, undo)
    undo.set(state, "digest", event.digest)
    undo.set(state, "numbering", _numbering(state.numbering, event.config))
    for config in event.config.windows:
        if config.id not in state.windows:
            window = Window(config.id)
            window.since_ms, window.ready_clock = at.now_ms, state.clock(at.now_ms)
            undo.put(state.windows, config.id, window)
    for gone in [w for w in state.windows if w not in index.windows]:
        undo.drop(state.windows, gone)
    undo.set(state, "turns", turns_of(state))
    tides.configured(state, undo)
    notices.configured(state, undo)
    asks.configured(state, undo)
    for service in event.config.services:
        for cls in CLASSES:
            key = LaneKey(service.code, cls)
            if key not in state.lanes:
                undo.put(state.lanes, key, Lane())
    for gone_with in [k for k in state.lanes if k.service not in index.services]:
        undo.drop(state.lanes, gone_with)
    for lane in state.lanes.values():
        undo.set(lane, "asked", None)
    for code in [s for s in state.stopped if s not in index.services]:
        undo.drop(state.stopped, code)
        _told_in_english(state, code, "", undo)
        undo.drop(state.stopped_since, code)
    for window in state.windows.values():
        acts = window.acted.all if window.acted is not None else ()
        homeless = any(dict(act.before)["service"] not in index.services for act in acts)
        if homeless or state.level < WHOLE_UNDO:
            undo.set(window, "acted", None)


def _numbering(today: dict[str, Numbering], config: HallConfig) -> dict[str, Numbering]:
    """How services number their tickets, those of `today` as they did.

    A new service that takes over a prefix in use today goes on with its counters: none is given twice.
    """
    by_prefix = {numbering.prefix: numbering for numbering in today.values()}
    return today | {
        service.code: by_prefix.get(service.prefix, Numbering(service.prefix, service.ranges))
        for service in config.services
        if service.code not in today
    }


def day_opened(state: HallState, event: ev.DayOpened, at: Moment, undo: Undo) -> None:
    """Numbers start again, and what is no longer of use is forgotten."""
    config = state.config
    previous = state.day
    # One that ran into this day may still matter to its bookings.
    ends_ms = state.day_ends_ms
    undo.set(state, "standstills", tuple(s for s in state.standstills if s.until_ms > ends_ms))
    stops = {code: tuple(s for s in stops if s.until_ms > ends_ms) for code, stops in state.stops.items()}
    undo.set(state, "stops", {code: kept for code, kept in stops.items() if kept})
    undo.set(state, "day", event.day)
    seats_changed(state, undo)
    undo.set(state, "day_clock", DayClock(config.timezone, config.day_starts))
    undo.set(state, "today", config)
    undo.set(state, "day_closed", False)
    undo.set(state, "day_ends_ms", event.ends_ms)
    undo.set(state, "counters", {skipped.series: skipped.last for skipped in event.skipped})
    undo.set(state, "numbering", _numbering({}, config))
    undo.set(state, "issued", {})
    undo.set(state, "own_counts", event.own_counts)
    undo.set(state, "clerk_days", {c: ClerkDay(at.now_ms) for c in state.clerk_at})
    undo.set(state, "recent", {})
    undo.set(state, "announced", ())
    undo.set(state, "missed", ())
    _nothing_to_take_back(state, undo)
    tides.day_begins(state, undo)
    devices.day_begins(state, undo)
    asks.day_begins(state, undo)
    desk.day_begins(state, undo)
    ratings.day_begins(state, at, undo)
    _forget_keys(state, previous, ends_ms, at, undo)
    kept = (previous, event.day, *state.keys)
    rated_until = at.now_ms - config.rules.rate_phone_h * 3_600_000
    for ticket in list(state.tickets.values()):
        ratable = ticket.state == TicketState.DONE and (ticket.done_ms or 0) > rated_until
        if at.level >= CASES_FROM:
            # Also of a visit that ended otherwise afterwards.
            ratable |= any(s.state == "done" and (s.done_ms or 0) >= rated_until for s in ticket.steps)
        # What has ended stays as long as the keys that may ask for it again.
        if ticket.state in FINAL and not ratable and ticket.day not in kept:
            undo.drop(state.tickets, ticket.id)
            forget(state, ticket.id, undo)
            desk.forget(state, ticket.id, undo)
    for ticket_id, credit in list(state.credits.items()):
        if credit.until < event.day:
            undo.drop(state.credits, ticket_id)
    for booking in list(state.bookings.values()):
        if booking.day < previous:
            undo.drop(state.bookings, booking.id)
    wanted = {(booking.service, booking.slot_ms) for booking in state.bookings.values()}
    for slot in [s for s in state.slots if s not in wanted]:
        undo.drop(state.slots, slot)
    end_serving(state, at, undo)


def _forget_keys(state: HallState, over: str, ended_ms: int, at: Moment, undo: Undo) -> None:
    """Forget the keys of days that closed 24 hours ago, however long the days since were."""
    if over:
        undo.put(state.keys_until, over, ended_ms + _KEYS_KEPT_MS)
    for day in [d for d, until_ms in state.keys_until.items() if until_ms <= at.now_ms and d != over]:
        undo.drop(state.keys_until, day)
        if day in state.keys:
            undo.drop(state.keys, day)


def _nothing_to_take_back(state: HallState, undo: Undo) -> None:
    """Let no undo reach back into another day."""
    for window in state.windows.values():
        if window.acted is not None:
            undo.set(window, "acted", None)


def end_serving(state: HallState, at: Moment, undo: Undo) -> None:
    """Let the services that outlive their day end some hours from now, unless their clerks do it."""
    for window in state.windows.values():
        ticket = window.ticket
        if ticket and ticket.state == TicketState.SERVING and ("serving_end", ticket.id) not in state.due:
            begin_timer(state, ticket, at, undo)


def day_closed(state: HallState, event: ev.DayClosed, at: Moment, undo: Undo) -> None:
    """No more tickets until the next day."""
    undo.set(state, "day_closed", True)
    tides.day_ends(state, undo)
    end_serving(state, at, undo)


def suspended(state: HallState, event: ev.HallSuspended, at: Moment, undo: Undo) -> None:
    """Clocks stand still."""
    undo.set(state, "suspended_since", at.now_ms)
    undo.set(state, "suspended_reason", event.reason)
    undo.set(state, "suspended_reason_en", event.reason_en)


def hall_resumed(state: HallState, event: ev.HallResumed, at: Moment, undo: Undo) -> None:
    """Clocks go on, less the time they stood still."""
    assert state.suspended_since is not None
    stood_ms = at.now_ms - state.suspended_since
    if event.slots_kept:
        _keep_slots(state, state.clock(at.now_ms), stood_ms, undo)
    undo.set(state, "frozen_ms", state.frozen_ms + stood_ms)
    undo.set(state, "standstills", (*state.standstills, Standstill(state.suspended_since, at.now_ms)))
    undo.set(state, "suspended_since", None)
    undo.set(state, "suspended_reason", "")
    undo.set(state, "suspended_reason_en", "")


def _keep_slots(state: HallState, clock: int, stood_ms: int, undo: Undo) -> None:
    """Move clocks that are still to come, those of early appointments, by the time that the hall stood still.

    A slot is a time of the wall's clock; a clock that has begun to count stands still with the hall.
    """
    early = [t for t in state.tickets.values() if max(t.clock_ms, t.first_clock_ms) > clock]
    for ticket in sorted(early, key=lambda t: t.place):
        waits = ticket.state == TicketState.WAITING
        if waits:
            leave_lane(state, ticket, undo)
        for name in ("clock_ms", "first_clock_ms"):
            due_ms = getattr(ticket, name)
            if due_ms > clock:
                undo.set(ticket, name, max(clock, due_ms - stood_ms))
        if waits:
            undo.set(ticket, "order", next_order(state, undo))
            enter_lane(state, ticket, undo)


def issuing_stopped(state: HallState, event: ev.IssuingStopped, at: Moment, undo: Undo) -> None:
    """No tickets for a service."""
    undo.put(state.stopped, event.service, event.reason)
    _told_in_english(state, event.service, event.reason_en, undo)
    if event.service not in state.stopped_since:
        undo.put(state.stopped_since, event.service, at.now_ms)


def _told_in_english(state: HallState, service: str, reason: str, undo: Undo) -> None:
    if reason:
        undo.put(state.stopped_en, service, reason)
    elif service in state.stopped_en:
        undo.drop(state.stopped_en, service)


def issuing_started(state: HallState, event: ev.IssuingStarted, at: Moment, undo: Undo) -> None:
    """Tickets again."""
    undo.drop(state.stopped, event.service)
    _told_in_english(state, event.service, "", undo)
    stood = Standstill(state.stopped_since[event.service], at.now_ms)
    undo.drop(state.stopped_since, event.service)
    undo.put(state.stops, event.service, (*state.stops.get(event.service, ()), stood))
