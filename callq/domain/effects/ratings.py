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
    from callq.domain.undo import Undo

LEVELS = 5


def rated(state: HallState, event: ev.TicketRated, at: Moment, undo: Undo) -> None:
    """A rating of one step, which stands whatever becomes of the step: nobody's undo is ended by it."""
    ticket = state.tickets[event.ticket]
    done = event.about
    rating = Rating(
        step=event.step,
        level=event.level,
        reasons=event.reasons,
        text=event.text,
        at_ms=at.now_ms,
        service=done.service if done else "",
        clerk=done.clerk if done else "",
    )
    undo.set(ticket, "ratings", (*ticket.ratings, rating))
    if at.level < LEVEL:
        undo.set(ticket, "touched", state.revision + 1)
    if ticket.day == state.day:
        counts = list(state.ratings_today or (0,) * LEVELS)
        counts[event.level - 1] += 1
        undo.set(state, "ratings_today", tuple(counts))


def case_opened(state: HallState, event: ev.CaseOpened, at: Moment, undo: Undo) -> None:
    """A case of the rating just given."""
    ticket = state.tickets[event.ticket]
    step = ticket.steps[event.step]
    rating = next(rating for rating in reversed(ticket.ratings) if rating.step == event.step)
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
