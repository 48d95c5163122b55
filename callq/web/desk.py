"""The desk at the doors: finding tickets, pre-checks without a number, and the list for paper."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.desk import checks_of
from callq.domain.errors import Code, Rejected
from callq.domain.events import decode_batch
from callq.domain.rules.guards import item_of, service_of
from callq.domain.state import person_keys, same_person
from callq.domain.ticket import FINAL
from callq.views.desk import checks_out, found_ticket
from callq.views.queuelist import queue_list
from callq.web.answers import Content
from callq.web.keys import checked_key
from callq.web.persons import known_person
from callq.web.queue_sheet import sheet
from callq.web.roles import Permission
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.runtime.actor import HallActor, Outcome
    from callq.web import bodies
    from callq.web.api import Api, Call
    from callq.web.queries import SheetQuery

NEAR_MS: Final = 20 * 60_000
"""So far from the time that somebody remembers a ticket is looked for."""


_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


async def find(api: Api, call: Call, body: bodies.FindTicketsBody) -> m.FoundTickets:
    """Tickets of today, and live ones of days before, that fit all that is said.

    By the number as printed or its digits alone; the person's document or telephone, of which only the hash
    is compared; the last characters of either; about when it was taken; its service; or the idempotency key
    of the caller's own press, which tells what became of it: of one that took a number with the holder's
    links, as its own answer would have.

    Raises:
      Rejected: `INVALID`, nothing is said that tells tickets apart; `UNKNOWN_SERVICE`.
    """
    actor = api.actor(call, Permission.FIND_TICKETS)
    person: cmd.Person | None = None
    if body.person is not None:
        given = body.person
        person = known_person(api.secret, call.hall, id_no=given.id_no, name=None, phone=given.phone)
        if person is None or not person_keys(person):
            raise Rejected(
                Code.INVALID, "a name finds nobody", "send an id number or a phone; names are kept masked"
            )
    tail = _plain(body.tail or "")
    number = _plain(body.number or "")
    key = checked_key(body.key)
    issued = await _issued_with(actor, call.principal.id, key) if key is not None else ""
    if not (person or tail or number or body.issued_near_ms or body.service or key):
        raise Rejected(Code.INVALID, "nothing to look for", "send a number, a person, a time or a service")

    def wanted(state: HallState, ticket: Ticket) -> bool:
        whose = ticket.person
        return (
            (ticket.day == state.day or ticket.state not in FINAL)
            and (not number or _is_number(ticket.number, number))
            and (person is None or same_person(whose, person))
            and (not tail or (whose is not None and _ends(tail, whose)))
            and (body.issued_near_ms is None or abs(ticket.issued_ms - body.issued_near_ms) <= NEAR_MS)
            and body.service in (None, ticket.service)
        )

    def likeliest(ticket: Ticket) -> tuple[int, int, int]:
        near = 0 if body.issued_near_ms is None else abs(ticket.issued_ms - body.issued_near_ms)
        return near, ticket.state in FINAL, -ticket.seq

    def look(state: HallState, now_ms: int) -> m.FoundTickets:
        if body.service is not None:
            service_of(state, body.service)
        tickets = list(state.tickets.values())
        if key is not None:
            record = state.remembered(call.principal.id, key)
            named = state.tickets.get(record.ticket or "") if record is not None else None
            tickets = [named] if named is not None else []
        found = sorted((one for one in tickets if wanted(state, one)), key=likeliest)
        return m.FoundTickets(
            tickets=tuple(
                found_ticket(
                    state, one, now_ms, api.citizen_link(state, one.id) if one.id == issued else None
                )
                for one in found[: body.limit]
            ),
            more=len(found) > body.limit,
            revision=state.revision,
        )

    return await actor.read(look)


async def _issued_with(actor: HallActor, principal: str, key: str) -> str:
    """Id of the ticket that a press took; empty: it did something else, or nothing that is known."""
    record = await actor.read(lambda state, _: state.remembered(principal, key))
    if record is None or record.ticket is None:
        return ""
    entries = await actor.kept(record.revision - 1, 1)
    events = decode_batch(entries[0].payload).events if entries else ()
    took = any(isinstance(event, ev.TicketIssued) and event.ticket == record.ticket for event in events)
    return record.ticket if took else ""


def _plain(text: str) -> str:
    """Full-width characters, as Chinese input methods type them, mean the plain ones."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def _is_number(number: str, typed: str) -> bool:
    """Whether somebody who typed this meant the number: ``a12`` and ``12`` are A012."""
    prefix = number.rstrip("0123456789")
    letters = typed.rstrip("0123456789")
    digits = typed[len(letters) :]
    if letters not in ("", prefix):
        return False
    return digits.isascii() and digits.isdigit() and int(digits) == int(number[len(prefix) :])


def _ends(tail: str, person: cmd.Person) -> bool:
    return any(known.endswith(tail) for known in (person.phone_last4, person.id_last4) if known)


async def send_home(api: Api, call: Call, body: bodies.PrecheckBody) -> m.SentHomeAnswer:
    """预审 of somebody without a number who lacks something; answers what to bring, for them to take along.

    Raises:
      Rejected: as the rule refuses.
      StoreUnavailable: repeat with the same key.
    """
    actor = api.actor(call, Permission.PRECHECK)
    if (body.service is None) is (body.item is None):
        raise Rejected(Code.INVALID, "give `service` or `item`", "exactly one of them")
    command = cmd.SendHome(service=body.service or "", item=body.item or "", missing=body.missing)

    def render(state: HallState, outcome: Outcome, now_ms: int) -> m.SentHomeAnswer:
        service = body.service or item_of(state, body.item or "").service
        listed = checks_of(state, service, body.item or "")
        return m.SentHomeAnswer(
            service=service,
            item=body.item,
            missing=checks_out(one for one in listed if one.text in body.missing),
            revision=outcome.revision,
        )

    return await api.decided(actor, call, command, render)


async def queue(api: Api, call: Call) -> m.QueueList:
    """The list of the queue, for paper."""
    actor = api.actor(call, Permission.LIST_TICKETS)
    return await actor.read(queue_list)


async def queue_sheet(api: Api, call: Call, query: SheetQuery) -> Content:
    """The same as a page that needs nothing else, to be printed."""
    content = sheet(await queue(api, call), query.lang)
    return Content(content.encode(), {"Content-Security-Policy": _POLICY})
