"""Ratings and their cases as lists, for whoever runs or inspects a hall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.check_values import parse_date
from callq.domain.errors import Code, Rejected
from callq.runtime.rated import Given, Span, given
from callq.views.ratings import case_row, reason_rows
from callq.web.roles import Permission
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.cases import Case
    from callq.domain.state import HallState
    from callq.web.api import Api, Call
    from callq.web.queries import CasesQuery, RatingsQuery

MOST_DAYS = 366


async def cases(api: Api, call: Call, query: CasesQuery) -> m.CasePage:
    """Cases that are kept, oldest first."""
    actor = api.actor(call, Permission.LIST_RATINGS)
    after = -1 if query.after is None else query.after

    def look(state: HallState, now_ms: int) -> m.CasePage:
        def wanted(case: Case) -> bool:
            overdue = case.state != "closed" and now_ms > case.due_ms
            known = query.state in (None, case.state) or (query.state == "overdue" and overdue)
            return known and _order(case) > after

        found = sorted(filter(wanted, state.cases.values()), key=_order)
        page = found[: query.limit]
        return m.CasePage(
            cases=tuple(case_row(state, case) for case in page),
            next=str(_order(page[-1])) if len(found) > len(page) else None,
            revision=state.revision,
        )

    return await actor.read(look)


def _order(case: Case) -> int:
    """The revision at which it was opened, which its id is made of."""
    return int(case.id[1:])


async def listed(api: Api, call: Call, query: RatingsQuery) -> m.RatingPage:
    """Ratings given on some days, from the hall's record; no person is in them.

    Raises:
      Rejected: `INVALID`, no dates, or too many days.
      StoreUnavailable: try again.
    """
    actor = api.actor(call, Permission.LIST_RATINGS)
    first, last = parse_date(query.from_), parse_date(query.to)
    if first is None or last is None or last < first or (last - first).days >= MOST_DAYS:
        raise Rejected(
            Code.INVALID, "`from` and `to` are no span of days", f"two ISO dates, at most {MOST_DAYS} days"
        )
    config = await actor.read(lambda state, _: state.config)
    span = Span(query.from_, query.to, config.timezone, config.day_starts)
    found = await given(actor, api.node.home, span, query.after or 0, query.limit)
    return await actor.read(
        lambda state, _: m.RatingPage(
            ratings=tuple(_row(state, one) for one in found.ratings),
            next=str(found.next) if found.next is not None else None,
            days=found.days,
            hall=state.hall,
            hall_name=state.config.name,
            timezone=state.config.timezone,
        )
    )


def _row(state: HallState, one: Given) -> m.RatingRow:
    rated, about, index = one.event, one.event.about, state.index
    service = index.services.get(about.service) if about else None
    item = index.items.get(about.item) if about else None
    window = index.windows.get(about.window) if about else None
    clerk = index.clerks.get(about.clerk) if about else None
    return m.RatingRow(
        revision=one.revision,
        ticket=rated.ticket,
        step=rated.step,
        level=rated.level,
        reasons=reason_rows(state.config, rated.reasons),
        text=rated.text,
        rated_ms=one.at_ms,
        rated_at=("phone" if about.by_phone else "window") if about else None,
        number=about.number if about else None,
        day=about.day if about else None,
        service=about.service if about else None,
        service_name=service.name if service else None,
        item=(about.item or None) if about else None,
        item_name=item.name if item else None,
        window=(about.window or None) if about else None,
        window_label=window.label if window else None,
        clerk=(about.clerk or None) if about else None,
        clerk_name=clerk.name if clerk else None,
        class_=about.cls if about else None,
        channel=about.channel if about else None,
        issued_ms=about.issued_ms if about else None,
        done_ms=about.done_ms if about else None,
    )
