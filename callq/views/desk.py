"""What the desk and the helpers see: services with their lists, the share of priority, who goes along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from callq.domain.desk import checks_of, companion_of, share_of
from callq.domain.ticket import AT_WINDOW
from callq.views.board import working
from callq.views.entrance import entrance_service
from callq.views.panel import clerk_options
from callq.views.printers import project_printers
from callq.views.queues import Memo, place_of
from callq.views.ticket import companion_out, precheck_out, rejoin_of, ticket_out
from callq.views.ticketing import suspended_of
from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from callq.domain.hall import Check
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket


def project_desk(state: HallState, now_ms: int, memo: Memo) -> dict[str, object]:
    """Data of the view ``desk``: nothing in it is about a person.

    Args:
      state: the hall.
      now_ms: Unix milliseconds, for expected waits and for whether tickets are given.
      memo: shared by the projections of this state.
    """
    config = state.config
    at_work = working(state)
    return {
        "place": place_of(state, None),
        "services": tuple(
            m.DeskService(
                **msgspec.structs.asdict(entrance_service(state, s, at_work[s.code], now_ms, memo)),
                checks=checks_out(checks_of(state, s.code)),
            )
            for s in config.services
        ),
        "windows": tuple(_window(state, window.id) for window in config.windows),
        "clerks": clerk_options(state),
        "priority_share": share_out(state, memo),
        "prechecks": prechecks_out(state),
        "accompanied": accompanied_rows(state),
        "printers": project_printers(state)["printers"],
        "items": bool(config.items),
        "rejoin": rejoin_of(state),
        "suspended": suspended_of(state),
        "day_closed": state.day_closed,
        "config_digest": state.digest,
    }


def _window(state: HallState, window: str) -> m.DeskWindow:
    config = state.index.windows[window]
    seat = state.windows[window]
    return m.DeskWindow(
        id=window,
        label=config.label,
        zone=config.zone,
        state=seat.state.value,
        staffed=seat.clerk is not None,
        services=state.services_at(seat) if seat.clerk is not None else state.index.equipped(window),
    )


def checks_out(checks: Iterable[Check]) -> tuple[m.Check, ...]:
    """What is looked at before a number, as the hall file has it."""
    return tuple(
        m.Check(text=one.text, text_en=one.text_en, hint=one.hint, hint_en=one.hint_en) for one in checks
    )


def share_out(state: HallState, memo: Memo) -> m.PriorityShare:
    """The day's share of priority; every ticket is looked at, once per state."""
    key = ("priority_share", "")
    if key not in memo:
        share = share_of(state)
        desk = state.config.desk
        memo[key] = m.PriorityShare(
            granted=share.granted,
            issued=share.issued,
            limit_percent=desk.priority_share or None,
            most=share.most,
            most_next=share.most_next,
            over=desk.over_share,
        )
    found: m.PriorityShare = memo[key]
    return found


def prechecks_out(state: HallState) -> m.Prechecks:
    """The day's pre-checks."""
    rows = tuple(
        m.PrecheckCount(service=s.code, passed=count.passed, lacking=count.lacking)
        for s in state.config.services
        if (count := state.precheck_counts.get(s.code)) is not None
    )
    counts = state.precheck_counts.values()
    return m.Prechecks(
        passed=sum(count.passed for count in counts),
        lacking=sum(count.lacking for count in counts),
        services=rows,
    )


def accompanied_rows(state: HallState) -> tuple[m.Accompanied, ...]:
    """Tickets that somebody goes along with, longest first."""
    found = [
        (companion, ticket)
        for ticket in map(state.tickets.__getitem__, state.companions)
        if (companion := companion_of(state, ticket)) is not None
    ]
    return tuple(
        m.Accompanied(
            ticket=ticket.id,
            number=ticket.number,
            service=ticket.service,
            state=ticket.state.value,
            window=ticket.window if ticket.state in AT_WINDOW else None,
            by=companion.by,
            helper=companion.helper,
            since_ms=companion.since_ms,
        )
        for companion, ticket in sorted(found, key=lambda each: (each[0].since_ms, each[1].seq))
    )


def found_ticket(
    state: HallState, ticket: Ticket, now_ms: int, links: Mapping[str, str] | None = None
) -> m.FoundTicket:
    """A ticket as the desk sees it: of its person, what helps to ask for the rest; `links`: further ones."""
    person = ticket.person
    return m.FoundTicket(
        ticket=ticket_out(state, ticket, now_ms, links),
        person=m.FoundPerson(name=person.name, id_last4=person.id_last4, phone_last4=person.phone_last4)
        if person
        else None,
        companion=companion_out(state, ticket),
        precheck=precheck_out(state, ticket),
        checks=checks_out(checks_of(state, ticket.service, ticket.matter))
        if ticket.service in state.index.services
        else (),
        granted=ticket.granted_by != "",
    )
