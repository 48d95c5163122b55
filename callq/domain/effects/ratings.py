"""Effects of ratings on what the hall remembers of them: the day's counts, and cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from callq.domain.cases import LEVEL, Case, CaseAct, CaseActKind, Taken, forgotten
from callq.domain.ticket import Rating

if TYPE_CHECKING:
    from callq.domain import events as ev
    from callq.domain.effects.tools import Moment
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.undo import Undo

LEVELS = 5


def rated(state: HallState, event: ev.TicketRated, at: Moment, undo: Undo) -> None:
    """A rating of one completion, by which nobody's undo is ended."""
    ticket = state.tickets[event.ticket]
    rating = Rating(event.step, event.level, event.reasons, event.text, at.now_ms)
    undo.set(ticket, "ratings", (*ticket.ratings, rating))
    if at.level < LEVEL:
        undo.set(ticket, "touched", state.revision + 1)
    _count(state, ticket, rating, 1, undo)


def rating_taken_back(state: HallState, event: ev.RatingTakenBack, at: Moment, undo: Undo) -> None:
    """The completion that was rated never was: the rating is kept, counts no more, and its case says so."""
    ticket = state.tickets[event.ticket]
    rating = next(one for one in ticket.ratings if one.step == event.step)
    undo.set(ticket, "ratings", tuple(one for one in ticket.ratings if one is not rating))
    undo.set(ticket, "ratings_taken_back", (*ticket.ratings_taken_back, rating))
    _count(state, ticket, rating, -1, undo)
    for case in state.cases.values():
        if (case.ticket, case.step, case.undone_ms) == (ticket.id, event.step, None):
            undo.put(state.cases, case.id, replace(case, undone_ms=at.now_ms))
            return


def _count(state: HallState, ticket: Ticket, rating: Rating, by: int, undo: Undo) -> None:
    """Change the day's counts; what is rated of a day before is not in them."""
    if ticket.day == state.day:
        counts = list(state.ratings_today or (0,) * LEVELS)
        counts[rating.level - 1] += by
        undo.set(state, "ratings_today", tuple(counts) if any(counts) else ())


def case_opened(state: HallState, event: ev.CaseOpened, at: Moment, undo: Undo) -> None:
    """A case of the rating just given."""
    ticket = state.tickets[event.ticket]
    step = ticket.steps[event.step]
    rating = next(rating for rating in ticket.ratings if rating.step == event.step)
    case = Case(
        id=event.case,
        ticket=ticket.id,
        number=ticket.number,
        day=ticket.day,
        step=event.step,
        service=step.service,
        level=rating.level,
        opened_ms=at.now_ms,
        due_ms=event.due_ms,
        window=step.window,
        clerk=step.clerk,
        reasons=rating.reasons,
        text=rating.text,
        rated_at=event.rated_at,
    )
    undo.put(state.cases, case.id, case)


def case_taken(state: HallState, event: ev.CaseTaken, at: Moment, undo: Undo) -> None:
    """Nobody else calls back for a while."""
    taken = Taken(by=at.who, name=at.actor.name, at_ms=at.now_ms)
    undo.put(state.cases, event.case, replace(state.cases[event.case], taken=taken))


def case_called_back(state: HallState, event: ev.CaseCalledBack, at: Moment, undo: Undo) -> None:
    """Somebody talked with them, or tried to."""
    _acted(state, event.case, "reached" if event.reached else "not_reached", event.result, at, undo)
    if event.reached:
        undo.put(state.cases, event.case, replace(state.cases[event.case], state="called_back"))


def case_closed(state: HallState, event: ev.CaseClosed, at: Moment, undo: Undo) -> None:
    """Nothing more is to be done."""
    _acted(state, event.case, "closed", event.outcome, at, undo)
    undo.put(state.cases, event.case, replace(state.cases[event.case], state="closed"))


def case_reopened(state: HallState, event: ev.CaseReopened, at: Moment, undo: Undo) -> None:
    """All begins again, with another time."""
    _acted(state, event.case, "reopened", event.reason, at, undo)
    case = replace(state.cases[event.case], state="open", due_ms=event.due_ms)
    undo.put(state.cases, event.case, case)


def _acted(state: HallState, case: str, kind: CaseActKind, text: str, at: Moment, undo: Undo) -> None:
    before = state.cases[case]
    act = CaseAct(kind=kind, at_ms=at.now_ms, by=at.who, text=text, name=at.actor.name)
    undo.put(state.cases, case, replace(before, acts=(*before.acts, act), taken=None))


def day_begins(state: HallState, at: Moment, undo: Undo) -> None:
    """Counts begin again, and cases that were closed long ago are forgotten."""
    undo.set(state, "ratings_today", ())
    for gone in forgotten(state, at.now_ms):
        undo.drop(state.cases, gone)
