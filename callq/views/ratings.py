"""好差评 as the pages show it: what can be rated, the day's counts, and the cases of bad ratings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from callq.domain.asks import rating_now
from callq.domain.cases import ACTS_MAX, asks_reasons, reasons_of
from callq.views.queues import place_of
from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callq.domain.cases import Case
    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window

FEWEST: Final = 5
"""Fewer ratings are not told by level: somebody at the windows could tell who gave which."""

CLOSED_SHOWN: Final = 100
"""Closed cases that the page lists; the list over HTTP has all that are kept."""


def reason_rows(config: HallConfig, codes: Iterable[str] | None = None) -> tuple[m.RatingReason, ...]:
    """Reasons with their names: those of the hall, or these; words that are no code stand for themselves."""
    known = {one.code: one for one in reasons_of(config)}
    rows = []
    for code in known if codes is None else codes:
        found = known.get(code)
        rows.append(
            m.RatingReason(code=code, name=found.reason, name_en=found.reason_en)
            if found
            else m.RatingReason(code=code, name=code, name_en="")
        )
    return tuple(rows)


def rating_call(state: HallState, window: Window) -> m.RatingCall | None:
    """Who can rate at a window now."""
    now = rating_now(state, window)
    if now is None:
        return None
    config = state.config
    name, name_en = _service_names(state, now.ticket.steps[now.step].service)
    return m.RatingCall(
        ticket=now.ticket.id,
        number=now.ticket.number,
        step=now.step,
        before=now.ticket.rated_before(now.step),
        service_name=name,
        service_name_en=name_en,
        asked_ms=now.asked_ms,
        until_ms=now.until_ms,
        phone_h=config.rules.rate_phone_h,
        bad=asks_reasons(config),
        reasons=reason_rows(config),
    )


def ticket_rating(state: HallState, ticket: Ticket) -> m.TicketRating | None:
    """What a ticket's holder can rate on the phone; None: nothing was completed."""
    within_ms = state.config.rules.rate_phone_h * 3_600_000
    steps = []
    for index, step in enumerate(ticket.steps):
        unconfirmed = ticket.unconfirmed and index == ticket.step
        if step.state != "done" or unconfirmed or ticket.is_rated(index):
            continue
        name, name_en = _service_names(state, step.service)
        steps.append(
            m.RateableStep(
                step=index,
                before=ticket.rated_before(index),
                service_name=name,
                service_name_en=name_en,
                until_ms=(step.done_ms or 0) + within_ms,
            )
        )
    if not steps and not ticket.ratings:
        return None
    return m.TicketRating(
        steps=tuple(steps),
        rated=len(ticket.ratings),
        bad=asks_reasons(state.config),
        reasons=reason_rows(state.config),
    )


def ratings_now(state: HallState) -> m.RatingsNow:
    """The day's ratings; by level only where there are enough of them."""
    rated = sum(state.ratings_today)
    return m.RatingsNow(
        done=sum(day.done for day in state.clerk_days.values()),
        rated=rated,
        levels=state.ratings_today if rated >= FEWEST else None,
    )


def cases_now(state: HallState) -> m.CasesNow:
    """Cases that are not closed."""
    left = [case for case in state.cases.values() if case.state != "closed"]
    return m.CasesNow(
        open=sum(case.state == "open" for case in left),
        called_back=sum(case.state == "called_back" for case in left),
        due_ms=tuple(sorted(case.due_ms for case in left)),
    )


def project_cases(state: HallState) -> dict[str, object]:
    """Data of the view ``cases``: all that are not closed by `due_ms`, then those that were closed last."""
    cases = state.cases.values()
    left = sorted((case for case in cases if case.state != "closed"), key=lambda case: (case.due_ms, case.id))
    closed = sorted(
        (case for case in cases if case.state == "closed"), key=lambda case: -(case.closed_ms or 0)
    )
    ratings = state.config.ratings
    return {
        "place": place_of(state, None),
        "cases": tuple(case_row(state, case) for case in (*left, *closed[:CLOSED_SHOWN])),
        "closed": len(closed),
        "ratings": ratings_now(state),
        "rules": m.CaseRules(attempts=ratings.attempts, keep_days=ratings.keep_days, acts=ACTS_MAX),
    }


def case_row(state: HallState, case: Case) -> m.Case:
    """A case with names; what the hall no longer has is named by its code."""
    name, name_en = _service_names(state, case.service)
    window = state.index.windows.get(case.window)
    clerk = state.index.clerks.get(case.clerk)
    return m.Case(
        id=case.id,
        number=case.number,
        day=case.day,
        step=case.step,
        service=case.service,
        service_name=name,
        service_name_en=name_en,
        window=case.window,
        window_label=window.label if window else case.window,
        clerk=case.clerk,
        clerk_name=clerk.name if clerk else case.clerk,
        level=case.level,
        reasons=reason_rows(state.config, case.reasons),
        text=case.text,
        rated_at=case.rated_at,
        opened_ms=case.opened_ms,
        due_ms=case.due_ms,
        state=case.state,
        tried=case.tried,
        acts=tuple(
            m.CaseAct(kind=act.kind, at_ms=act.at_ms, by=act.by, by_name=act.name, text=act.text)
            for act in case.acts
        ),
        taken=_taken(case),
        undone_ms=case.undone_ms,
    )


def _taken(case: Case) -> m.CaseTaken | None:
    taken = case.taken
    if taken is None:
        return None
    return m.CaseTaken(by=taken.by, by_name=taken.name, at_ms=taken.at_ms, until_ms=taken.until_ms)


def _service_names(state: HallState, code: str) -> tuple[str, str]:
    service = state.index.services.get(code)
    return (service.name, service.name_en) if service else (code, "")
