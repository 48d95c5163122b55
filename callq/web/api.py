"""What the API does, whichever door it comes through.

Each function takes a `Call` (who asks, of which hall, with which idempotency key) and typed bodies,
checks the permission, and answers with a wire struct or raises a `CallqError`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec

from callq.domain import commands as cmd
from callq.domain.errors import Code, Rejected, StoreUnavailable
from callq.domain.events import decode_batch
from callq.domain.rules.guards import ticket_of, window_of
from callq.domain.ticket import FINAL
from callq.runtime.ids import new_ticket_id
from callq.views.devices import device_rows
from callq.views.hallinfo import hall_info, hall_name
from callq.views.left import left_by, left_of
from callq.views.ticket import ticket_out, window_out
from callq.views.view import View, project
from callq.views.why import calls_of, why_of
from callq.voice.clips import Clips
from callq.web import answers, orders
from callq.web.announcer import Announcer
from callq.web.persons import known_person
from callq.web.roles import Permission, Principal, Role
from callq.web.window_bodies import CallNextBody
from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket
    from callq.runtime.actor import HallActor, Outcome
    from callq.runtime.node import Node
    from callq.web import bodies
    from callq.web.queries import BoardQuery, EventsQuery, TicketsQuery
    from callq.web.tokens import Tokens
    from callq.web.window_bodies import WindowCommandBody

T = TypeVar("T")

_CHANNEL: Final[dict[Role, cmd.Channel]] = {Role.KIOSK: "kiosk", Role.GUIDE: "guide"}
"""How a ticket was taken when the body does not say; staff take it at a counter."""


class Call(NamedTuple):
    """One request, as far as every request is alike.

    Attributes:
      principal: who asks.
      hall: of the address.
      key: idempotency key, checked; None: the server mints one.
      digest: of the body, 16 bytes; empty for reads.
    """

    principal: Principal
    hall: str = ""
    key: str | None = None
    digest: bytes = b""


class Api:
    """The API over a node."""

    def __init__(self, node: Node, tokens: Tokens, secret: bytes, announcer: Announcer | None = None) -> None:
        self.node = node
        self.announcer = announcer or Announcer(Clips(None))
        self.tokens = tokens
        self.secret = secret

    def actor(self, call: Call, permission: Permission, **about: str | None) -> HallActor:
        """The actor of the hall that is asked, if the principal may.

        Raises:
          Rejected: `FORBIDDEN`, `UNKNOWN_HALL`.
          StoreUnavailable: the hall is being restarted.
        """
        call.principal.require(permission, hall=call.hall, **about)
        return self.node.actor(call.hall)

    # Reading --------------------------------------------------------------------------------------

    async def halls(self, call: Call) -> m.HallList:
        """The halls that the token may see; one that is being restarted is named by its id."""
        call.principal.require(Permission.READ_HALL)
        names = []
        for hall in self.node.halls():
            if call.principal.hall not in (None, hall):
                continue
            try:
                names.append(self.node.actor(hall).glance(hall_name))
            except StoreUnavailable:
                names.append(m.HallName(id=hall, name=hall, name_en=hall))
        return m.HallList(halls=tuple(names))

    async def hall(self, call: Call) -> m.HallInfo:
        """A hall's configuration in force."""
        actor = self.actor(call, Permission.READ_HALL)
        principal = call.principal
        staff = principal.may(Permission.READ_CLERKS)
        may = tuple(permission.value for permission in Permission if principal.may(permission))
        return await actor.read(
            lambda state, now: hall_info(
                state, now, staff=staff, token=principal.id, role=principal.role.value, may=may
            )
        )

    async def ticket(self, call: Call, ticket: str) -> m.TicketAnswer:
        """One ticket."""
        actor = self.actor(call, Permission.READ_TICKET, ticket=ticket)
        ratings = call.principal.may(Permission.READ_RATINGS)

        def look(state: HallState, now_ms: int) -> m.TicketAnswer:
            found = ticket_out(state, ticket_of(state, ticket), now_ms, ratings=ratings)
            return m.TicketAnswer(ticket=found, revision=state.revision)

        return await actor.read(look)

    async def why(self, call: Call, ticket: str) -> m.WhyAnswer:
        """Why a ticket was called, or that it was not yet."""
        actor = self.actor(call, Permission.READ_TICKET, ticket=ticket)
        ratings = call.principal.may(Permission.READ_RATINGS)
        clerks = call.principal.may(Permission.READ_CLERKS)

        def look(state: HallState, now_ms: int) -> m.WhyAnswer:
            found = ticket_of(state, ticket)
            shown = ticket_out(state, found, now_ms, ratings=ratings)
            left_to = left_of(state, found, now_ms) if shown.ahead is not None else None
            why, words = why_of(state, found, shown.ahead, left_to)
            return m.WhyAnswer(
                ticket=shown,
                why=why,
                text=words.zh,
                text_en=words.en,
                calls=calls_of(state, found, clerks=clerks),
                left_to=left_to,
                revision=state.revision,
            )

        return await actor.read(look)

    async def tickets(self, call: Call, query: TicketsQuery) -> m.TicketPage:
        """Tickets of today, and live ones of the days before, oldest first."""
        actor = self.actor(call, Permission.LIST_TICKETS)
        after = -1 if query.after is None else query.after

        def wanted(ticket: Ticket, today: str) -> bool:
            return (
                ticket.seq > after
                and (ticket.day == today or ticket.state not in FINAL)
                and query.number in (None, ticket.number)
                and query.state in (None, ticket.state)
                and query.service in (None, ticket.service)
            )

        def look(state: HallState, now_ms: int) -> m.TicketPage:
            listed = [t for t in state.tickets.values() if wanted(t, state.day)]
            found = sorted(listed, key=lambda t: t.seq)
            page = found[: query.limit]
            return m.TicketPage(
                tickets=tuple(ticket_out(state, ticket, now_ms) for ticket in page),
                next=str(page[-1].seq) if len(found) > len(page) else None,
                revision=state.revision,
            )

        return await actor.read(look)

    async def window(self, call: Call, window: str) -> m.WindowAnswer:
        """One window, and the ticket at it."""
        actor = self.actor(call, Permission.READ_WINDOW, window=window)

        def look(state: HallState, now_ms: int) -> m.WindowAnswer:
            found = window_of(state, window)
            ticket = found.ticket
            return m.WindowAnswer(
                window=window_out(state, found),
                ticket=ticket_out(state, ticket, now_ms) if ticket else None,
                revision=state.revision,
            )

        return await actor.read(look)

    async def board(self, call: Call, query: BoardQuery) -> answers.BoardAnswer:
        """A zone's screen."""
        actor = self.actor(call, Permission.READ_BOARD)

        def look(state: HallState, now_ms: int) -> answers.BoardAnswer:
            data: dict[str, Any] = project(View("board", zone=query.zone), state, now_ms, {})
            shown = answers.BoardData(**data, server_ms=now_ms)
            return answers.BoardAnswer(revision=state.revision, epoch=state.epoch, data=shown)

        return await actor.read(look)

    async def floor(self, call: Call) -> answers.FloorAnswer:
        """The hall on one page."""
        actor = self.actor(call, Permission.READ_FLOOR)
        watch = self.node.devices(call.hall)
        view = View("floor", discreet=not call.principal.may(Permission.READ_RATINGS))

        def look(state: HallState, now_ms: int) -> answers.FloorAnswer:
            data: dict[str, Any] = project(view, state, now_ms, {})
            data["devices"] = device_rows(state, watch.seen)
            totals = answers.FloorTotals(**data.pop("totals"))
            shown = answers.FloorData(**data, totals=totals, server_ms=now_ms)
            return answers.FloorAnswer(revision=state.revision, epoch=state.epoch, data=shown)

        return await actor.read(look)

    async def events(self, call: Call, query: EventsQuery) -> m.EventPage:
        """Recorded changes, with the names of tokens; persons are for whoever may read them."""
        actor = self.actor(call, Permission.READ_EVENTS)
        persons = call.principal.may(Permission.READ_PERSONS)
        entries = await actor.events(query.since, query.limit)
        found = []
        for entry in entries:
            batch = decode_batch(entry.payload)
            who: dict[str, str] = msgspec.to_builtins(batch.who)
            for index, event in enumerate(batch.events):
                data: dict[str, object] = msgspec.to_builtins(event)
                kind = str(data.pop("e"))
                if not persons:
                    data.pop("person", None)
                found.append(
                    m.Event(
                        revision=entry.id.revision,
                        index=index,
                        at_ms=batch.at_ms,
                        kind=kind,
                        who=who,
                        data=data,
                    )
                )
        epoch = await actor.read(lambda state, _: state.epoch)
        last = entries[-1].id.revision if entries else query.since
        return m.EventPage(events=tuple(found), next=last, epoch=epoch)

    # Commanding -----------------------------------------------------------------------------------

    async def issue(self, call: Call, body: bodies.IssueBody) -> m.TicketAnswer:
        """取号: the answer carries the citizen's key, which is in no later one and in none to a clerk."""
        actor = self.actor(call, Permission.ISSUE)
        if body.class_ == "priority":
            call.principal.require(Permission.ISSUE_PRIORITY)
        if body.prechecked:
            call.principal.require(Permission.PRECHECK)
        if (body.service is None) is (body.item is None):
            raise Rejected(Code.INVALID, "give `service` or `item`", "exactly one of them")
        person = body.person
        command = cmd.Issue(
            ticket=new_ticket_id(),
            service=body.service or "",
            item=body.item or "",
            cls=body.class_,
            channel=body.channel or _CHANNEL.get(call.principal.role, "counter"),
            person=known_person(
                self.secret, call.hall, id_no=person.id_no, name=person.name, phone=person.phone
            )
            if person
            else None,
            traits=body.traits,
            party=body.party,
            cases=body.cases,
            prefer_clerk=body.prefer_clerk or "",
            services=body.services,
            come_back=body.come_back or "",
            printer=body.printer or "",
            prechecked=body.prechecked,
            class_reason=orders.said(body.class_reason),
        )

        def render(state: HallState, outcome: Outcome, now_ms: int) -> m.TicketAnswer:
            ticket = ticket_of(state, outcome.ticket or "")
            links = self.link_for(call, state, ticket.id)
            return m.TicketAnswer(ticket=ticket_out(state, ticket, now_ms, links), revision=outcome.revision)

        return await self.decided(actor, call, command, render)

    def link_for(self, call: Call, state: HallState, ticket: str) -> dict[str, str]:
        """The citizen's links for whoever took the ticket; none for a clerk, who could rate with them."""
        return {} if call.principal.role is Role.CLERK else self.citizen_link(state, ticket)

    def citizen_link(self, state: HallState, ticket: str) -> dict[str, str]:
        """Links that hold the citizen's key: for the answer that issues the ticket, and for its paper.

        `citizen` is the ticket's address in the API, `page` the one that people open on a phone, at the
        hall's `public_url` where it has one.
        """
        hall = state.hall
        key = self.tokens.citizen_key(hall, ticket)
        return {
            "citizen": f"/v1/halls/{hall}/tickets/{ticket}#token={key}",
            "page": f"{state.config.public_url}/t/{hall}/{ticket}#token={key}",
        }

    async def ticket_command(self, call: Call, ticket: str, body: bodies.TicketCommandBody) -> m.TicketAnswer:
        """A command to a ticket; a bound token's only where it is a matter of its window and clerk."""
        actor = self.actor(call, orders.TICKET_PERMISSION[type(body)], ticket=ticket)
        ratings = call.principal.may(Permission.READ_RATINGS)

        def render(state: HallState, outcome: Outcome, now_ms: int) -> m.TicketAnswer:
            found = ticket_of(state, ticket)
            shown = ticket_out(state, found, now_ms, ratings=ratings)
            return m.TicketAnswer(ticket=shown, revision=outcome.revision)

        principal = call.principal
        bound = principal.window is not None or principal.clerk is not None or principal.role is Role.RATING
        guard = partial(_own_ticket, call.principal, ticket, body) if bound else None
        command = orders.to_ticket(ticket, body, call.principal)
        return await self.decided(actor, call, command, render, guard)

    async def window_command(self, call: Call, window: str, body: WindowCommandBody) -> m.WindowAnswer:
        """A command to a window; a clerk's own token only where that clerk sits, or nobody does."""
        permission = orders.WINDOW_PERMISSION.get(type(body), Permission.COMMAND_WINDOW)
        actor = self.actor(call, permission, window=window)

        def render(state: HallState, outcome: Outcome, now_ms: int) -> m.WindowAnswer:
            ticket = state.tickets.get(outcome.ticket) if outcome.ticket else None
            found = window_of(state, window)
            nobody = ticket is None and isinstance(body, CallNextBody)
            return m.WindowAnswer(
                window=window_out(state, found),
                ticket=ticket_out(state, ticket, now_ms) if ticket else None,
                revision=outcome.revision,
                left_to=left_by(state, found, now_ms) if nobody else msgspec.UNSET,
            )

        bound = call.principal.clerk is not None or orders.says_what_is_meant(body)
        guard = partial(_own_window, call.principal.clerk, window, body) if bound else None
        return await self.decided(actor, call, orders.to_window(window, body), render, guard)

    async def hall_command(self, call: Call, body: bodies.HallCommandBody) -> m.RevisionAnswer:
        """A command to the hall."""
        actor = self.actor(call, orders.HALL_PERMISSION.get(type(body), Permission.COMMAND_HALL))

        def render(state: HallState, outcome: Outcome, now_ms: int) -> m.RevisionAnswer:
            return m.RevisionAnswer(revision=outcome.revision)

        return await self.decided(actor, call, orders.to_hall(body), render)

    async def decided(
        self,
        actor: HallActor,
        call: Call,
        command: cmd.AnyCommand,
        render: Callable[[HallState, Outcome, int], T],
        guard: Callable[[HallState], None] | None = None,
    ) -> T:
        """Decide a command for whoever asks, with the caller's idempotency key."""
        body = call.digest if call.key is not None else b""
        return await actor.command(
            command, who=call.principal.actor(), render=render, key=call.key, body=body, guard=guard
        )


def _own_window(mine: str | None, window: str, body: WindowCommandBody, state: HallState) -> None:
    window_of(state, window)
    if mine is not None:
        orders.own_window(state, mine, window, body)
    orders.meant(state, window, body)


def _own_ticket(principal: Principal, ticket: str, body: bodies.TicketCommandBody, state: HallState) -> None:
    orders.own_ticket(state, principal, ticket, body)
