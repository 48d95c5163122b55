"""How a state changes: each event has one effect, and nothing else writes.

`apply` trusts its events (what is allowed was settled by `decide`) and makes every change through
the undo log, so that speculation can be taken back exactly.
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Any, Final

from callq.domain import events as ev
from callq.domain.effects import (
    asks,
    bookings,
    calls,
    desk,
    devices,
    hall,
    notices,
    printing,
    ratings,
    store,
    tickets,
    tides,
    windows,
)
from callq.domain.effects.tools import Moment
from callq.domain.state import KeyRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.state import HallState
    from callq.domain.undo import Undo


def apply(state: HallState, batch: ev.Batch, undo: Undo) -> None:
    """Bring a batch into force; on an exception the caller rolls `undo` back.

    Raises:
      IllegalTransition, KeyError: the batch does not fit this state (never for decided batches).
    """
    at = Moment(batch.at_ms, batch.who, max(state.level, batch.v))
    for event in batch.events:
        _APPLY[type(event)](state, event, at, undo)
    undo.set(state, "revision", state.revision + 1)
    undo.set(state, "now_ms", batch.at_ms)
    if type(batch.events[0]) not in _OF_NODES:
        undo.set(state, "known_ms", batch.at_ms)
    if batch.v > state.level:
        undo.set(state, "level", batch.v)
    if not batch.key.startswith("~"):
        day = state.keys.get(state.day)
        if day is None:
            day = {}
            undo.put(state.keys, state.day, day)
        # Its id is there already: a hundred thousand more of them would be memory for nothing.
        ticket = state.tickets.get(batch.ticket) if batch.ticket is not None else None
        named = batch.ticket if ticket is None else ticket.id
        record = KeyRecord(batch.body, state.revision, named, batch.window)
        undo.put(day, (intern(batch.who.id), batch.key), record)


_OF_NODES: Final = frozenset({ev.EpochOpened, ev.OutageRecorded, ev.FeatureLevelRaised})
"""What happens without anybody in the hall: it shows nothing about when the hall was in use."""

_APPLY: Final[dict[type, Callable[[HallState, Any, Moment, Undo], None]]] = {
    ev.TidesSet: tides.set_mode,
    ev.TidesReckoned: tides.reckoned,
    ev.TidesProposed: tides.proposed,
    ev.TidesWithdrawn: tides.withdrawn,
    ev.TidesDeclined: tides.declined,
    ev.TidesApplied: tides.applied,
    ev.WindowOpening: tides.opening,
    ev.WindowOpeningDropped: tides.opening_dropped,
    ev.WindowLeftAlone: tides.left_alone,
    ev.HallConfigured: hall.configured,
    ev.EpochOpened: store.epoch_opened,
    ev.OutageRecorded: store.outage_recorded,
    ev.FeatureLevelRaised: store.level_raised,
    ev.DayOpened: hall.day_opened,
    ev.DayClosed: hall.day_closed,
    ev.HallSuspended: hall.suspended,
    ev.HallResumed: hall.hall_resumed,
    ev.IssuingStopped: hall.issuing_stopped,
    ev.IssuingStarted: hall.issuing_started,
    ev.TicketIssued: tickets.issued,
    ev.TicketRejoined: tickets.rejoined,
    ev.TicketReturned: tickets.returned,
    ev.TicketTransferred: tickets.transferred,
    ev.TicketUnbound: tickets.unbound,
    ev.TicketReassigned: tickets.reassigned,
    ev.ClassGranted: tickets.class_granted,
    ev.TicketAbandoned: tickets.abandoned,
    ev.TicketCancelled: tickets.cancelled,
    ev.TicketExpired: tickets.expired,
    ev.StepBegun: tickets.step_begun,
    ev.StepDeferred: tickets.step_deferred,
    ev.TicketRated: ratings.rated,
    ev.TicketCalled: calls.called,
    ev.TicketRecalled: calls.recalled,
    ev.TicketStarted: calls.started,
    ev.TicketCompleted: calls.completed,
    ev.TicketMissed: calls.missed,
    ev.TicketHeld: calls.held,
    ev.TicketResumed: calls.resumed,
    ev.Undone: calls.undone,
    ev.ClerkSignedIn: windows.signed_in,
    ev.ClerkSignedOut: windows.signed_out,
    ev.WindowHandedOver: windows.handed_over,
    ev.TraineeSeated: windows.trainee_seated,
    ev.TraineeLeft: windows.trainee_left,
    ev.SkillsSet: windows.skills_set,
    ev.WindowOpened: windows.opened,
    ev.WindowDraining: windows.draining,
    ev.WindowClosed: windows.closed,
    ev.PauseRequested: windows.pause_requested,
    ev.WindowPaused: windows.paused,
    ev.WindowUnpaused: windows.unpaused,
    ev.ClerkSeconded: windows.seconded,
    ev.ClerkReturned: windows.clerk_returned,
    ev.Booked: bookings.booked,
    ev.BookingArrived: bookings.arrived,
    ev.BookingMoved: bookings.moved,
    ev.BookingCancelled: bookings.cancelled,
    ev.NoShow: bookings.no_show,
    ev.DeviceHeard: devices.heard,
    ev.DeviceVersionChanged: devices.version_changed,
    ev.DeviceFaultBegan: devices.fault_began,
    ev.DeviceFaultEnded: devices.fault_ended,
    ev.DeviceSilent: devices.silent,
    ev.DeviceOrdered: devices.ordered,
    ev.DeviceOrderEnded: devices.order_ended,
    ev.DeviceOrderLapsed: devices.order_lapsed,
    ev.NoticePosted: notices.posted,
    ev.NoticeWithdrawn: notices.withdrawn,
    ev.HelpRequested: asks.help_requested,
    ev.HelpEnded: asks.help_ended,
    ev.RatingRequested: asks.rating_requested,
    ev.PrintRequested: printing.requested,
    ev.PrintTaken: printing.taken,
    ev.PrintEnded: printing.ended,
    ev.PrinterReported: printing.reported,
    ev.HelperJoined: desk.helper_joined,
    ev.HelperLeft: desk.helper_left,
    ev.TicketPrechecked: desk.prechecked,
    ev.SentHome: desk.sent_home,
    ev.CaseOpened: ratings.case_opened,
    ev.CaseTaken: ratings.case_taken,
    ev.RatingTakenBack: ratings.rating_taken_back,
    ev.CaseCalledBack: ratings.case_called_back,
    ev.CaseClosed: ratings.case_closed,
    ev.CaseReopened: ratings.case_reopened,
}
