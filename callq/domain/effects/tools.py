"""What effects share: the moment, and the few compound changes that many events make."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec.structs import replace

from callq.domain.grounds import PAST_CALLS_MAX, record_of
from callq.domain.lanes import Due, Lane
from callq.domain.seats import not_there
from callq.domain.state import Announced, person_keys, step_key
from callq.domain.ticket import (
    AT_WINDOW,
    FINAL,
    SHOWN_AS_CALL,
    Ticket,
    TicketAct,
    TicketState,
    following,
)
from callq.domain.turns import turn_of
from callq.domain.window import Acted

if TYPE_CHECKING:
    from callq.domain.commands import Actor
    from callq.domain.grounds import Ended, PastCall
    from callq.domain.state import HallState
    from callq.domain.undo import Undo
    from callq.domain.window import Window

RECENT_CALLS: Final = 24
"""Calls kept for the screens of each zone."""

ANNOUNCED_KEPT: Final = 200
"""Calls of the hall that the turns of its announcements are worked out from."""

RECENT_MISSED: Final = 24

WHOLE_UNDO: Final = 3
"""Level from which an undo takes back all that a key press did, whatever was asked or configured since."""

CALLS_KEPT: Final = 4
"""Level from which a ticket keeps what there was to its calls."""

UNDONE: Final = [
    "state",
    "rank",
    "clock_ms",
    "order",
    "bound",
    "returned",
    "hold_kind",
    "service",
    "zone",
    "window",
    "clerk",
    "calls",
    "called_ms",
    "last_call_ms",
    "started_ms",
    "started_clock",
    "handled_ms",
    "done_ms",
    "missed_ms",
    "held_ms",
    "steps",
    "step",
    "unconfirmed",
    "start_source",
    "why",
    "call",
    "past",
]
"""Fields of a ticket that a call, a miss or a completion changes."""

WINDOW_UNDONE: Final = ("pause_after", "pause_reason", "last", "since_ms")

_UNDONE: Final = attrgetter(*UNDONE)
_UNDONE_OF_OLD: Final = UNDONE[: UNDONE.index("call")]
"""Those below `CALLS_KEPT`."""
_WINDOW_UNDONE: Final = attrgetter(*WINDOW_UNDONE)

TIMERS: Final = {
    TicketState.CALLED: "auto_start",
    TicketState.SERVING: "serving_end",
    TicketState.MISSED: "missed",
    TicketState.HELD: "held",
    TicketState.WAITING: "unbind",
}
"""The timer that may run while a ticket is in a state; it begins and ends with the state."""


class Moment(NamedTuple):
    """When an event happened, and by whom."""

    now_ms: int
    actor: Actor
    level: int
    """Schema that is in force once the batch is."""

    @property
    def who(self) -> str:
        """Principal."""
        return self.actor.id


def set_timer(state: HallState, kind: str, entity: str, at_ms: int, undo: Undo) -> None:
    """Make something due at a time of the hall's own clock, instead of any earlier note of it."""
    drop_timer(state, kind, entity, undo)
    undo.put(state.due, (kind, entity), at_ms)
    undo.add(state.agenda, Due(at_ms, kind, entity))


def begin_timer(state: HallState, ticket: Ticket, at: Moment, undo: Undo) -> None:
    """Start the timer of the state that a ticket is in, if the rules in force give it one."""
    after_ms = _lasts_ms(state, ticket)
    if after_ms is not None:
        set_timer(state, TIMERS[ticket.state], ticket.id, state.clock(at.now_ms) + after_ms, undo)


def _lasts_ms(state: HallState, ticket: Ticket) -> int | None:
    """How long a ticket may be in its state; None: as long as it takes."""
    rules = state.config.rules
    match ticket.state:
        case TicketState.CALLED:
            return rules.auto_start_s * 1000 or None
        case TicketState.SERVING:
            outlived = state.day_closed or ticket.day != state.day
            return rules.serving_end_h * 3_600_000 if outlived else None
        case TicketState.MISSED:
            return rules.missed_abandon_min * 60_000
        case TicketState.HELD:
            return rules.hold_max_min * 60_000 if ticket.hold_kind != "waiting" else None
        case TicketState.WAITING:
            return _bound_ms(state, ticket) if ticket.bound else None
    return None


def _bound_ms(state: HallState, ticket: Ticket) -> int | None:
    """How long a ticket waits for one window or clerk alone; None: as long as they are there."""
    if ticket.returned == "transfer":
        return state.config.rules.transfer_wait_min * 60_000
    routing = state.config.routing
    if routing is not None and ticket.bound.startswith("c:"):
        return routing.first_contact_min * 60_000
    return None


def drop_timer(state: HallState, kind: str, entity: str, undo: Undo) -> None:
    """Forget a timer, if it runs."""
    at_ms = state.due.get((kind, entity))
    if at_ms is not None:
        undo.drop(state.due, (kind, entity))
        undo.remove(state.agenda, Due(at_ms, kind, entity))


def move(
    state: HallState, ticket: Ticket, act: TicketAct, at: Moment, undo: Undo, to: TicketState | None = None
) -> None:
    """Change a ticket's state along the table, with everything that goes by the state alone.

    It leaves its lane or its window, its timer stops and the next one begins, and its person may take
    another ticket when it is over. Fields that a timer goes by are set before.
    """
    before = ticket.state
    after = following(before, act, to)
    if before == TicketState.WAITING:
        leave_lane(state, ticket, undo)
    elif before == TicketState.HELD:
        undo.drop(state.held, ticket.id)
    if after != before:
        drop_timer(state, TIMERS.get(before, ""), ticket.id, undo)
    undo.set(ticket, "state", after)
    if after != before:
        begin_timer(state, ticket, at, undo)
    undo.set(ticket, "touched", state.revision + 1)
    if before == TicketState.CALLED and after == TicketState.SERVING:
        needless(state, ticket, at, undo)
    elif before in SHOWN_AS_CALL and after not in SHOWN_AS_CALL:
        hush(state, ticket, at, undo)
    if before in AT_WINDOW and after not in AT_WINDOW and ticket.window is not None:
        window = state.windows[ticket.window]
        put_at(state, window, None, undo)
        undo.set(window, "last", ticket.id)
        since(state, window, at, undo)
    if after == TicketState.HELD:
        undo.put(state.held, ticket.id, None)
    if after in FINAL:
        undo.set(ticket, "done_ms", at.now_ms)
        forget_person(state, ticket, undo)


def forget_person(state: HallState, ticket: Ticket, undo: Undo) -> None:
    """Let the ticket's person take another one for its service."""
    for known in person_keys(ticket.person):
        key = known, ticket.service
        others = tuple(t for t in state.live.get(key, ()) if t != ticket.id)
        if others:
            undo.put(state.live, key, others)
        elif key in state.live:
            undo.drop(state.live, key)


def know_person(state: HallState, ticket: Ticket, undo: Undo) -> None:
    """Note that a known person holds this ticket."""
    alone = (ticket.id,)
    for known in person_keys(ticket.person):
        key = known, ticket.service
        others = state.live.get(key)
        undo.put(state.live, key, tuple(sorted({*others, ticket.id})) if others else alone)


def set_step(ticket: Ticket, index: int, undo: Undo, **changes: Any) -> None:  # noqa: ANN401
    """Change one step of a visit."""
    steps = list(ticket.steps)
    steps[index] = replace(steps[index], **changes)
    undo.set(ticket, "steps", tuple(steps))


def drop_credit(state: HallState, ticket: Ticket, step: int, undo: Undo) -> None:
    """Owe nothing for a step any more."""
    if step_key(ticket, step) in state.credits:
        undo.drop(state.credits, step_key(ticket, step))


def enter_lane(state: HallState, ticket: Ticket, undo: Undo) -> None:
    """Put a waiting ticket where its fields say."""
    key = ticket.lane
    lane = state.lanes.get(key)
    if lane is None:
        lane = Lane()
        undo.put(state.lanes, key, lane)
    undo.add(lane, ticket.place)
    undo.add(state.waiting, ticket.service)
    if ticket.bound:
        undo.add(state.bound, ticket.bound)


def leave_lane(state: HallState, ticket: Ticket, undo: Undo) -> None:
    """Take a waiting ticket out of its lane; call before changing the fields that say which."""
    lane = state.lanes[ticket.lane]
    undo.remove(lane, ticket.place)
    undo.remove(state.waiting, ticket.service)
    if ticket.bound:
        undo.remove(state.bound, ticket.bound)
        if not lane:
            undo.drop(state.lanes, ticket.lane)


def put_at(state: HallState, window: Window, ticket: Ticket | None, undo: Undo) -> None:
    """Let a window be at a ticket, or at none; while it is, the ticket's service stays the same."""
    if window.ticket is not None:
        undo.remove(state.at_windows, window.ticket.service)
    undo.set(window, "ticket", ticket)
    if ticket is not None:
        undo.add(state.at_windows, ticket.service)
    turn_changed(state, window, undo)


def seats_changed(state: HallState, undo: Undo) -> None:
    """Who serves what where is another: what the routing made of it has to be worked out again."""
    undo.set(state, "staffing", None)


def turn_changed(state: HallState, window: Window, undo: Undo) -> None:
    """When a window is free is another; call after what that goes by has changed."""
    if not state.index.beginners:
        return
    before, turn = state.turns.of(window.id), turn_of(state, window)
    if turn == before:
        return
    if before is not None:
        undo.remove(state.turns, before)
    if turn is not None:
        undo.add(state.turns, turn)


def next_order(state: HallState, undo: Undo) -> int:
    """A tie-break after everyone there is."""
    undo.set(state, "order", state.order + 1)
    return state.order


def since(state: HallState, window: Window, at: Moment, undo: Undo) -> None:
    """The window's state begins now."""
    undo.set(window, "since_ms", at.now_ms)
    ready(state, window, at, undo)


def ready(state: HallState, window: Window, at: Moment, undo: Undo) -> None:
    """Whoever sits at the window gets the whole delay of automatic calls from now."""
    undo.set(window, "ready_clock", state.clock(at.now_ms))
    turn_changed(state, window, undo)


def acted(state: HallState, act: str, ticket: Ticket, window: Window, at: Moment, undo: Undo) -> None:
    """Remember how things were before an act that can be undone; call before changing anything."""
    last = window.acted if state.level >= WHOLE_UNDO else None
    names = UNDONE if state.level >= CALLS_KEPT else _UNDONE_OF_OLD
    if act != "call" and window.tide_end is not None:
        undo.set(window, "tide_end", None)
    record = Acted(
        act,
        at.now_ms,
        at.who,
        ticket.id,
        state.revision + 1,
        tuple(zip(names, _UNDONE(ticket), strict=False)),
        tuple(zip(WINDOW_UNDONE, _WINDOW_UNDONE(window), strict=True)),
        state.due.get((TIMERS.get(ticket.state, ""), ticket.id)),
        last if last is not None and last.revision == state.revision + 1 else None,
        ticket.state == TicketState.WAITING and not_there(state, ticket.bound, ticket.service),
    )
    undo.set(window, "acted", record)


def settled(state: HallState, window: Window, undo: Undo) -> None:
    """Something else happened at the window: what was done before it can no longer be undone."""
    if window.acted is not None and window.acted.revision != state.revision + 1:
        undo.set(window, "acted", None)


def stop_handling(state: HallState, ticket: Ticket, at: Moment, undo: Undo) -> None:
    """End the present stretch of handling, and credit it to the clerk."""
    if ticket.started_clock is None:
        return
    stretch = state.clock(at.now_ms) - ticket.started_clock
    undo.set(ticket, "handled_ms", ticket.handled_ms + stretch)
    undo.set(ticket, "started_clock", None)
    count(state, ticket, ticket.clerk, undo, handling_ms=stretch)


def count(state: HallState, ticket: Ticket, clerk: str | None, undo: Undo, **more: int) -> None:
    """Add to a clerk's counts of the day; what is left of the day before is none of its business."""
    if state.own_counts and ticket.day != state.day:
        return
    day = state.clerk_days.get(clerk) if clerk else None
    if clerk and day:
        changed = day._replace(**{name: getattr(day, name) + value for name, value in more.items()})
        undo.put(state.clerk_days, clerk, changed)


def announce(state: HallState, ticket: Ticket, at: Moment, undo: Undo) -> None:
    """Put a call on top of the lists of the window's zone and of the zone where the person waits."""
    assert ticket.window is not None
    zones = tuple(dict.fromkeys((state.index.windows[ticket.window].zone, ticket.zone)))
    for zone in zones:
        others = tuple(t for t in state.recent.get(zone, ()) if t != ticket.id)
        undo.put(state.recent, zone, (ticket.id, *others[: RECENT_CALLS - 1]))
    call = Announced(ticket.id, at.now_ms, ticket.calls, ticket.window, zones)
    undo.set(state, "announced", (call, *state.announced[: ANNOUNCED_KEPT - 1]))


def needless(state: HallState, ticket: Ticket, at: Moment, undo: Undo) -> None:
    """Nobody needs the announcement of a ticket's call any more; what is being said is said to its end.

    A call that was needless before stays so from then on: were it later, the turns after it would move.
    """
    calls = [c for c in _standing(state, ticket) if c.needless_ms is None]
    _changed(state, calls, undo, needless_ms=at.now_ms)


def hush(state: HallState, ticket: Ticket, at: Moment, undo: Undo) -> None:
    """The announcement of a ticket's call is over, in the middle of it if need be."""
    _changed(state, _standing(state, ticket), undo, over_ms=at.now_ms)


def _standing(state: HallState, ticket: Ticket) -> list[Announced]:
    return [call for call in state.announced if call.ticket == ticket.id and call.over_ms is None]


def stands_again(state: HallState, ticket: Ticket, undo: Undo) -> None:
    """The last call of a ticket was not taken back after all."""
    last = ticket.id, ticket.last_call_ms
    _changed(state, [c for c in state.announced if (c.ticket, c.at_ms) == last], undo, over_ms=None)


def _changed(state: HallState, calls: list[Announced], undo: Undo, **what: Any) -> None:  # noqa: ANN401
    if calls:
        changed = {call: call._replace(**what) for call in calls}
        undo.set(state, "announced", tuple(changed.get(call, call) for call in state.announced))


def withdraw(state: HallState, ticket: Ticket, undo: Undo) -> None:
    """Take a call off every list."""
    for zone, ids in list(state.recent.items()):
        if ticket.id in ids:
            undo.put(state.recent, zone, tuple(t for t in ids if t != ticket.id))


def past_calls(
    state: HallState, ticket: Ticket, ended: tuple[Ended, int] | None = None
) -> tuple[PastCall, ...]:
    """The past calls of a ticket with its present one, if there is any.

    Args:
      state: the hall.
      ticket: of this hall.
      ended: how and when the present one ends now; None: as the ticket's state says.
    """
    record = record_of(state, ticket, ended)
    return (*ticket.past, record)[-PAST_CALLS_MAX:] if record else ticket.past


def call_over(state: HallState, ticket: Ticket, at: Moment, undo: Undo) -> None:
    """Keep what there was to the call of a ticket that waits or is called again; before it does."""
    if ticket.why is not None and state.level >= CALLS_KEPT:
        ended: tuple[Ended, int] | None = ("transferred", at.now_ms) if ticket.state in AT_WINDOW else None
        undo.set(ticket, "past", past_calls(state, ticket, ended))
