"""Which views there are, what they show, and which changes they depend on.

A view is projected again only if a batch touched one of its topics. So the two tables here must
agree: whatever `project` reads for a view, a change of it must be among what `touched` names and
what `topics` asks for. A property test holds them together: a view whose topics were not touched
has not changed (at the same `now_ms`; what ages by time alone is the client's to age).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from callq.domain import events as ev
from callq.domain.cases import LEVEL as CASES_LEVEL
from callq.domain.errors import Code, Rejected
from callq.domain.routing import eligible_lanes
from callq.domain.rules.guards import ticket_of, window_of
from callq.views.announcements import project_announcements
from callq.views.board import project_board
from callq.views.desk import project_desk
from callq.views.devices import project_orders
from callq.views.entrance import project_entrance
from callq.views.floor import project_floor
from callq.views.held import held_at
from callq.views.panel import project_panel
from callq.views.printers import project_printers
from callq.views.queues import Memo, services_of, zone_in
from callq.views.ratings import project_cases
from callq.views.strip import project_strip, services_shown
from callq.views.ticket import project_ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from callq.domain.state import HallState

__all__ = [
    "FLOOR",
    "HALL",
    "VIEWS",
    "Memo",
    "Topic",
    "View",
    "project",
    "tells_of_ratings",
    "topics",
    "touched",
]

Topic = tuple[str, str]
"""What a change is about: a kind and a code, e.g. ``("window", "w1")``."""

HALL: Final[Topic] = ("hall", "")
"""The configuration or the business day: every view depends on it."""

FLOOR: Final[Topic] = ("floor", "")
"""Anything that happens on the floor."""

SEATS: Final[Topic] = ("seats", "")
"""Which windows serve what: seldom, where `FLOOR` is everything."""

CALLS: Final[Topic] = ("calls", "")
"""What becomes of tickets that were called: one that is taken back leaves no trace of where it was told."""

CLERKS: Final[Topic] = ("clerks", "")
"""Who is signed in where."""

MISSED: Final[Topic] = ("missed", "")
"""The list of missed numbers, which is one for all zones: a miss in one can push out that of another."""


DEVICES: Final[Topic] = ("devices", "")
"""How the devices are, and what they are told."""

PRINTERS: Final[Topic] = ("printers", "")
"""What is to be printed, and whether it can be."""

CASES: Final[Topic] = ("cases", "")
"""Bad ratings and what becomes of them."""

RATINGS: Final[Topic] = ("ratings", "")
"""That somebody rated: never asked for by what those may follow who must not learn of it."""


class View(NamedTuple):
    """A named view and its argument: a zone, a window or a ticket.

    A discreet one is for those who must not learn whether a service was rated: the keys that tell are null.
    """

    name: str
    zone: str | None = None
    window: str | None = None
    ticket: str | None = None
    discreet: bool = False


_OF_RATINGS: Final[dict[str, tuple[str, ...]]] = {
    "floor": ("ratings", "cases"),
    "strip": ("rating",),
    "ticket": ("rating",),
}
"""Views that tell live whether somebody rated, and the keys that do."""


class _Kind(NamedTuple):
    takes: tuple[str, ...]
    """Arguments that the view has; any other is refused, or one view would have many names."""
    project: Callable[[View, HallState, int, Memo], dict[str, object]]
    topics: Callable[[View, HallState], Iterator[Topic]]


def project(view: View, state: HallState, now_ms: int, memo: Memo) -> dict[str, object]:
    """Data of a view, by top-level key, without `server_ms`.

    Args:
      view: which.
      state: the hall; only read.
      now_ms: Unix milliseconds, at least ``state.now_ms``.
      memo: shared by all projections of this state, dropped with it: a row that many views show is
        made once.

    Raises:
      Rejected: `INVALID` for an unknown view or zone, `UNKNOWN_WINDOW`, `UNKNOWN_TICKET`.
    """
    data = _kind(view).project(view, state, now_ms, memo)
    if view.discreet:
        data.update(dict.fromkeys(_OF_RATINGS.get(view.name, ())))
    return data


def tells_of_ratings(name: str) -> bool:
    """Whether a view has keys that a discreet one leaves out."""
    return name in _OF_RATINGS


def topics(view: View, state: HallState) -> frozenset[Topic]:
    """What the view's data depends on at this state; ask again whenever it is projected.

    Raises:
      Rejected: as `project`.
    """
    return frozenset(_kind(view).topics(view, state))


def touched(events: Iterable[ev.Event], state: HallState) -> set[Topic]:
    """What a batch changed.

    Args:
      events: of one batch, or of several in order.
      state: after them.
    """
    found: set[Topic] = set()
    for event in events:
        about = _ABOUT.get(type(event))
        if about is not None:
            found.update(about(event, state))
    return found


def _kind(view: View) -> _Kind:
    kind = VIEWS.get(view.name)
    if kind is None:
        raise Rejected(Code.INVALID, "no such view", f"one of: {', '.join(VIEWS)}")
    for name in ("zone", "window", "ticket"):
        if name not in kind.takes and getattr(view, name) is not None:
            raise Rejected(Code.INVALID, f"view {view.name} has no `{name}`", f"leave `{name}` out")
    return kind


def _board_topics(view: View, state: HallState) -> Iterator[Topic]:
    yield HALL
    yield MISSED
    if view.zone is not None:
        yield "zone", zone_in(state, view.zone).code
    else:
        yield from (("zone", zone) for zone in state.index.zones)
    yield from (("service", service.code) for service in services_of(state, view.zone))


def _announcement_topics(view: View, state: HallState) -> Iterator[Topic]:
    yield HALL
    yield CALLS


def _strip_topics(view: View, state: HallState) -> Iterator[Topic]:
    yield HALL
    window = window_of(state, view.window or "")
    yield "window", window.id
    # Whom it asks for a rating may give it elsewhere.
    if window.last is not None and not view.discreet:
        yield "rated", window.last


def _panel_topics(view: View, state: HallState) -> Iterator[Topic]:
    window = window_of(state, view.window or "")
    yield HALL
    yield "window", window.id
    # Papers are called with skills not in use, too.
    services = dict.fromkeys((*services_shown(state, window), *state.mastered_at(window)))
    yield from (("service", code) for code in services)
    # Who would be next also hangs on what others take up of a scarce resource.
    scarce = {state.index.services[code].resource for code in services} - {""}
    yield from (("service", s.code) for s in state.config.services if s.resource in scarce)
    if window.ticket is None and window.clerk is not None and eligible_lanes(state, window):
        # Whom the policy would choose, and why, hangs on how many wait in all and who serves them.
        yield FLOOR
    # What the window did last, and what is held there, may go on elsewhere.
    yield from (("ticket", ticket.id) for ticket in held_at(state, window))
    if window.last is not None:
        yield "ticket", window.last
    yield from (("ticket", act.ticket) for act in (window.acted.all if window.acted else ()))
    yield CLERKS


def _entrance_topics(view: View, state: HallState) -> Iterator[Topic]:
    yield HALL
    yield FLOOR


def _floor_topics(view: View, state: HallState) -> Iterator[Topic]:
    yield HALL
    yield FLOOR
    yield DEVICES
    if not view.discreet:
        yield RATINGS
        yield CASES


def _order_topics(view: View, state: HallState) -> Iterator[Topic]:
    yield HALL
    yield DEVICES


def _ticket_topics(view: View, state: HallState) -> Iterator[Topic]:
    ticket = ticket_of(state, view.ticket or "")
    yield HALL
    yield "ticket", ticket.id
    if not view.discreet:
        yield "rated", ticket.id
    if ticket.state == "waiting":
        yield "service", ticket.service
        # Its wait is counted by the windows that serve it.
        yield SEATS
    if ticket.deferred is not None:
        yield "slots", ticket.steps[ticket.deferred].service


def _case_topics(view: View, state: HallState) -> Iterator[Topic]:
    yield HALL
    yield CASES
    yield RATINGS
    # How many services were completed of which so many were rated.
    yield FLOOR


def _printer_topics(view: View, state: HallState) -> Iterator[Topic]:
    yield HALL
    yield PRINTERS


def _desk_topics(view: View, state: HallState) -> Iterator[Topic]:
    yield HALL
    yield FLOOR
    yield PRINTERS


VIEWS: Final[dict[str, _Kind]] = {
    "board": _Kind(("zone",), lambda v, s, now, memo: project_board(s, v.zone, now, memo), _board_topics),
    "announcements": _Kind(
        ("zone",), lambda v, s, now, memo: project_announcements(s, v.zone, now), _announcement_topics
    ),
    "strip": _Kind(("window",), lambda v, s, now, memo: project_strip(s, v.window or ""), _strip_topics),
    "panel": _Kind(
        ("window",), lambda v, s, now, memo: project_panel(s, v.window or "", now, memo), _panel_topics
    ),
    "entrance": _Kind((), lambda v, s, now, memo: project_entrance(s, now, memo), _entrance_topics),
    "floor": _Kind((), lambda v, s, now, memo: project_floor(s, now, memo), _floor_topics),
    "ticket": _Kind(
        ("ticket",), lambda v, s, now, memo: project_ticket(s, v.ticket or "", now), _ticket_topics
    ),
    "orders": _Kind((), lambda v, s, now, memo: project_orders(s, now), _order_topics),
    "printers": _Kind((), lambda v, s, now, memo: project_printers(s), _printer_topics),
    "desk": _Kind((), lambda v, s, now, memo: project_desk(s, now, memo), _desk_topics),
    "cases": _Kind((), lambda v, s, now, memo: project_cases(s), _case_topics),
}
"""How each view is made, and what it depends on."""


def _whole(event: ev.Event, state: HallState) -> Iterator[Topic]:
    yield HALL


def _zone_of_window(window: str, state: HallState) -> Iterator[Topic]:
    config = state.index.windows.get(window)
    if config is not None:
        yield "zone", config.zone


def _of_window(event: ev.WindowOpened, state: HallState) -> Iterator[Topic]:
    yield FLOOR
    yield SEATS
    yield "window", event.window
    yield from _zone_of_window(event.window, state)


def _of_clerk(
    event: ev.ClerkSignedIn | ev.ClerkSignedOut | ev.WindowHandedOver, state: HallState
) -> Iterator[Topic]:
    yield CLERKS
    yield FLOOR
    yield SEATS
    yield "window", event.window
    yield from _zone_of_window(event.window, state)


def _of_ticket(event: ev.TicketCalled, state: HallState) -> Iterator[Topic]:
    """The ticket, where it waits or waited, and the window that called it last."""
    yield FLOOR
    yield CALLS
    yield "ticket", event.ticket
    ticket = state.tickets.get(event.ticket)
    if ticket is None:
        # Ended and forgotten by a later event of the same group: the day changed, all is touched.
        yield HALL
        return
    yield "zone", ticket.zone
    # Its call stays listed where it was announced, also when it has gone on to another zone.
    yield from (("zone", zone) for zone, calls in state.recent.items() if ticket.id in calls)
    if ticket.window is not None:
        yield "window", ticket.window
        yield from _zone_of_window(ticket.window, state)


def _of_queue(event: ev.TicketCalled, state: HallState) -> Iterator[Topic]:
    yield from _of_ticket(event, state)
    ticket = state.tickets.get(event.ticket)
    if ticket is not None:
        yield "service", ticket.service
        if ticket.missed_ms is not None:
            yield MISSED


def _of_cancelled(event: ev.TicketCancelled, state: HallState) -> Iterator[Topic]:
    """The queue that it leaves, and the service that gives another ticket if the hall returns its place."""
    yield from _of_queue(event, state)  # type: ignore[arg-type]  # it names its ticket like the others
    ticket = state.tickets.get(event.ticket)
    if ticket is not None and ticket.quota_of:
        yield "service", ticket.quota_of


def _of_transfer(event: ev.TicketTransferred, state: HallState) -> Iterator[Topic]:
    """The queue that it joins, and the service that it leaves: what that needs may be free for others."""
    yield from _of_queue(event, state)  # type: ignore[arg-type]  # it names its ticket like the others
    ticket = state.tickets.get(event.ticket)
    if ticket is not None and ticket.origin is not None:
        yield "service", ticket.origin.service


def _of_step(event: ev.StepBegun, state: HallState) -> Iterator[Topic]:
    """The queue of the next step, and the service of the one before."""
    yield from _of_queue(event, state)  # type: ignore[arg-type]  # it names its ticket like the others
    ticket = state.tickets.get(event.ticket)
    yield from (("service", step.service) for step in (ticket.steps if ticket else ()))


def _of_issue(event: ev.TicketIssued, state: HallState) -> Iterator[Topic]:
    yield FLOOR
    yield "ticket", event.ticket
    yield "zone", event.zone
    yield "service", event.service
    if event.credit:
        yield "ticket", event.credit.partition("/")[0]


def _of_hand_over(event: ev.WindowHandedOver, state: HallState) -> Iterator[Topic]:
    """The seat, and the ticket there: it is with another clerk now."""
    yield from _of_clerk(event, state)
    window = state.windows.get(event.window)
    if window is not None and window.ticket is not None:
        yield "ticket", window.ticket.id


def _of_undo(event: ev.Undone, state: HallState) -> Iterator[Topic]:
    """The ticket goes back to where it was, and the window's own fields with it."""
    yield from _of_queue(event, state)  # type: ignore[arg-type]  # it names its ticket like the others
    ticket = state.tickets.get(event.ticket)
    # It may have waited for the next step of its visit already.
    yield from (("service", step.service) for step in (ticket.steps if ticket else ()))
    yield MISSED
    yield SEATS
    yield "window", event.window
    yield from _zone_of_window(event.window, state)


def _of_ask(event: ev.HelpRequested, state: HallState) -> Iterator[Topic]:
    """The window, and the floor that is told."""
    yield FLOOR
    yield "window", event.window


def _of_booking(event: ev.Booked, state: HallState) -> Iterator[Topic]:
    yield FLOOR
    booking = state.bookings.get(event.booking)
    if booking is not None:
        yield "slots", booking.service


def _of_print(event: ev.PrintRequested | ev.PrintTaken | ev.PrintEnded, state: HallState) -> Iterator[Topic]:
    """The ticket, and the panels that show it: where it stands, or as whom they would call next."""
    yield PRINTERS
    yield "ticket", event.ticket
    ticket = state.tickets.get(event.ticket)
    if ticket is None:
        yield HALL
        return
    yield "service", ticket.service
    if ticket.window is not None:
        yield "window", ticket.window


def _of_printer(event: ev.PrinterReported, state: HallState) -> Iterator[Topic]:
    yield PRINTERS


def _of_desk(
    event: ev.HelperJoined | ev.HelperLeft | ev.TicketPrechecked, state: HallState
) -> Iterator[Topic]:
    """The floor and the ticket, and the panels that show it: where it stands, or would be called next."""
    yield FLOOR
    yield "ticket", event.ticket
    ticket = state.tickets.get(event.ticket)
    if ticket is None:
        yield HALL
        return
    yield "service", ticket.service
    if ticket.window is not None:
        yield "window", ticket.window


def _of_rating(event: ev.TicketRated, state: HallState) -> Iterator[Topic]:
    """Nothing else: a view that came anew would tell whoever must not know of it."""
    yield RATINGS
    yield "rated", event.ticket
    if state.level < CASES_LEVEL:
        # It ends the undo there, which the panel shows.
        yield "ticket", event.ticket


def _of_rating_taken_back(event: ev.RatingTakenBack, state: HallState) -> Iterator[Topic]:
    """What shows ratings, and the case that says so."""
    yield RATINGS
    yield CASES
    yield "rated", event.ticket


def _of_case(event: ev.CaseOpened, state: HallState) -> Iterator[Topic]:
    yield CASES


def _of_floor(event: ev.ClerkSeconded, state: HallState) -> Iterator[Topic]:
    yield FLOOR


def _of_device(event: ev.DeviceHeard, state: HallState) -> Iterator[Topic]:
    yield DEVICES


_ABOUT: Final[dict[type, Callable[[Any, HallState], Iterator[Topic]]]] = {
    **dict.fromkeys(
        (
            ev.HallConfigured,
            ev.DayOpened,
            ev.DayClosed,
            ev.HallSuspended,
            ev.HallResumed,
            # Every held ticket comes back later than was told.
            ev.OutageRecorded,
            ev.IssuingStopped,
            ev.IssuingStarted,
            # The queue that it left is not told by the event, and it is rare.
            ev.TicketReassigned,
            # Of every zone at once, or of any of them.
            ev.NoticePosted,
            ev.NoticeWithdrawn,
        ),
        _whole,
    ),
    ev.TicketIssued: _of_issue,
    ev.WindowHandedOver: _of_hand_over,
    **dict.fromkeys(
        (
            ev.TicketCalled,
            ev.TicketMissed,
            ev.TicketRejoined,
            ev.TicketAbandoned,
            ev.TicketExpired,
            ev.TicketRecalled,
            ev.TicketStarted,
            ev.TicketCompleted,
            ev.TicketHeld,
            ev.TicketReturned,
            ev.TicketResumed,
            ev.TicketUnbound,
            ev.ClassGranted,
            ev.StepDeferred,
        ),
        _of_queue,
    ),
    ev.TicketRated: _of_rating,
    ev.RatingTakenBack: _of_rating_taken_back,
    ev.TicketCancelled: _of_cancelled,
    ev.TicketTransferred: _of_transfer,
    ev.StepBegun: _of_step,
    ev.Undone: _of_undo,
    **dict.fromkeys((ev.HelpRequested, ev.HelpEnded, ev.RatingRequested), _of_ask),
    **dict.fromkeys(
        (
            ev.ClerkSignedIn,
            ev.ClerkSignedOut,
            ev.TraineeSeated,
            ev.TraineeLeft,
        ),
        _of_clerk,
    ),
    **dict.fromkeys(
        (
            ev.SkillsSet,
            ev.WindowOpened,
            ev.WindowDraining,
            ev.WindowClosed,
            ev.PauseRequested,
            ev.WindowPaused,
            ev.WindowUnpaused,
            ev.WindowOpening,
            ev.WindowOpeningDropped,
        ),
        _of_window,
    ),
    **dict.fromkeys(
        (
            ev.Booked,
            ev.BookingArrived,
            ev.BookingMoved,
            ev.BookingCancelled,
            ev.NoShow,
        ),
        _of_booking,
    ),
    **dict.fromkeys((ev.PrintRequested, ev.PrintTaken, ev.PrintEnded), _of_print),
    ev.PrinterReported: _of_printer,
    **dict.fromkeys((ev.HelperJoined, ev.HelperLeft, ev.TicketPrechecked), _of_desk),
    ev.SentHome: _of_floor,
    **dict.fromkeys(
        (ev.CaseOpened, ev.CaseTaken, ev.CaseCalledBack, ev.CaseClosed, ev.CaseReopened), _of_case
    ),
    **dict.fromkeys(
        (
            ev.ClerkSeconded,
            ev.ClerkReturned,
            ev.TidesSet,
            ev.TidesReckoned,
            ev.TidesProposed,
            ev.TidesWithdrawn,
            ev.TidesDeclined,
            ev.TidesApplied,
            ev.WindowLeftAlone,
        ),
        _of_floor,
    ),
    **dict.fromkeys(
        (
            ev.DeviceHeard,
            ev.DeviceVersionChanged,
            ev.DeviceFaultBegan,
            ev.DeviceFaultEnded,
            ev.DeviceSilent,
            ev.DeviceOrdered,
            ev.DeviceOrderEnded,
            ev.DeviceOrderLapsed,
        ),
        _of_device,
    ),
}
"""What each event is about. An opened epoch is about no view (frames carry it
themselves), nor is a feature level."""
