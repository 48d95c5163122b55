"""What speaks for a call, in a few numbers: all that its sentence needs, and all that is kept of an old one.

The journal has the whole record of every call (`Why`, with each lane that was looked at); a ticket keeps
that of its present one. Of those before it keeps `PastCall`, so that a ticket that is called again and
again does not grow by a hall's lanes each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from callq.domain.events import Why
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket

PAST_CALLS_MAX: Final = 16
"""Calls that are over which a ticket keeps; of more the oldest are only in the journal."""


Ended = Literal["missed", "held", "transferred", "completed", "undone", "abandoned", "cancelled", "expired"]
"""How a call may end; the last three also end the ticket."""


class Call(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The present call of a ticket, beside its `Why`: what may change on the ticket while it lasts."""

    window: str
    clerk: str
    service: str
    clock_ms: int
    """When it was called, in the hall's own time."""
    began_ms: int
    """Its lateness clock then."""
    revision: int
    """Of the batch in which it was called."""


class Grounds(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was compared, in numbers."""

    rule: str
    by: str
    reason: str
    target_min: int
    """How long it should have waited at most; 0: not on record."""
    waited_s: int
    lanes: int
    """Lanes that took part in the choice, its own included."""
    longer: int
    """Lanes whose first had waited longer."""
    people: int
    """Waiting for its service in the lanes that were looked at."""
    left: int
    """Lanes that were left to a better clerk."""
    early: int
    """Lanes whose first came before its time."""


class PastCall(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A call as it is told later, and what became of it."""

    at_ms: int
    revision: int
    """Of the batch in which it was called; 0: from a state that did not record it."""
    window: str
    clerk: str
    service: str
    grounds: Grounds
    ended: Ended | Literal[""]
    """Empty: it goes on."""
    ended_ms: int | None


def grounds_of(why: Why, ticket: str, call: Call) -> Grounds:
    """The numbers of a record.

    Args:
      why: the record.
      ticket: id of who was called.
      call: when, and since when it had waited.
    """
    compared = longer = people = left = early = 0
    for at, lane in enumerate(why.lanes):
        own = lane.head == ticket
        if not own and why.terms and why.terms[at].note:
            left += 1
        elif not own and lane.clock_ms > call.clock_ms:
            early += 1
        else:
            compared += 1
        longer += not own and lane.clock_ms < call.began_ms
        if lane.service == call.service:
            people += lane.count
    waited_s = max(0, call.clock_ms - call.began_ms) // 1000
    return Grounds(
        why.rule, why.by, why.reason, why.target_min, waited_s, compared, longer, people, left, early
    )


def call_of(state: HallState, ticket: Ticket) -> Call | None:
    """The present call of a ticket; made up from what it shows where a state did not record it."""
    if ticket.call is not None or ticket.why is None or ticket.called_ms is None:
        return ticket.call
    clock_ms = state.clock(ticket.called_ms)
    return Call(ticket.window or "", ticket.clerk or "", ticket.service, clock_ms, ticket.clock_ms, 0)


_ENDED: Final[dict[str, tuple[Ended, str]]] = {
    "missed": ("missed", "missed_ms"),
    "held": ("held", "held_ms"),
    "done": ("completed", "done_ms"),
    "abandoned": ("abandoned", "done_ms"),
    "cancelled": ("cancelled", "done_ms"),
    "expired": ("expired", "done_ms"),
}
"""How a call ended by the state that its ticket is in since, and the field that says when."""


def record_of(state: HallState, ticket: Ticket, ended: tuple[Ended, int] | None = None) -> PastCall | None:
    """The present call of a ticket in the short form; None: it is not called.

    Args:
      state: the hall.
      ticket: of this hall.
      ended: how and when its call ends now; None: as its state says.
    """
    call, why = call_of(state, ticket), ticket.why
    if call is None or why is None or ticket.called_ms is None:
        return None
    by_state = _ENDED.get(ticket.state)
    end, end_ms = ended or ((by_state[0], getattr(ticket, by_state[1])) if by_state else ("", None))
    grounds = grounds_of(why, ticket.id, call)
    return PastCall(
        ticket.called_ms, call.revision, call.window, call.clerk, call.service, grounds, end, end_ms
    )
