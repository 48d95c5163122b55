"""智能导办 at the door: where to go, and going there, exactly once.

A decision is made from the state in memory, without the store: it is advice, and a moment makes it old.
What it offers is in its id, which any node can read. A commit is an ordinary command; what makes it act once
is that the id of its ticket or booking follows from the decision: whoever comes second finds the first.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import msgspec
import trio

from callq.domain import commands as cmd
from callq.domain.errors import CallqError, Code, Rejected
from callq.domain.rules.guards import ticket_of
from callq.domain.state import same_person
from callq.guide.facts import Facts
from callq.guide.question import Question
from callq.guide.route import route
from callq.views.bookings import booking_out
from callq.views.ticket import ticket_out
from callq.web import bodies, decisions, problems
from callq.web.persons import known_person
from callq.web.roles import Permission, Role
from callq.wire import messages as m
from callq.wire.codec import shaped

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.hall import Item
    from callq.domain.state import Booking, HallState
    from callq.domain.ticket import Ticket
    from callq.guide.route import Routed
    from callq.runtime.actor import HallActor, Outcome
    from callq.web.api import Api, Call
    from callq.web.decisions import Sealed
    from callq.web.queries import ItemsQuery

T = TypeVar("T")

VALID_MS: Final = 10 * 60_000
"""So long a decision can be committed, but not past its business day."""

TURN: Final = 16
"""Requests of a batch that are answered before others have their turn."""

_CHANNEL: Final[dict[Role, tuple[cmd.Channel, cmd.Channel]]] = {Role.GUIDE: ("guide", "web")}
"""How a ticket and a booking were taken when the body does not say."""


class RouteRefusal(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="refusal"):
    """A request of a batch that has no answer; the others have theirs."""

    index: int
    """Which one, from 0."""
    problem: problems.Problem


class RouteBatch(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="batch"):
    """Answers in the order of the requests."""

    decisions: tuple[m.RouteDecision | RouteRefusal, ...]


async def ask(api: Api, call: Call, body: bodies.RouteBody) -> m.RouteDecision | RouteBatch:
    """Answer one request, or each of a batch by itself.

    Raises:
      Rejected: of a single request, as it is refused; of a batch only where it is both.
      StoreUnavailable: the hall is being restarted, or this node may not know how it stands.
    """
    actor = api.actor(call, Permission.ROUTE)
    if (refusal := actor.refusal()) is not None:
        raise refusal
    if body.requests is msgspec.UNSET:
        single = msgspec.convert(body, bodies.RouteRequest, from_attributes=True)
        return await _commit_at_once(api, actor, call, single) if body.commit else _decide(api, actor, single)
    if any(getattr(body, name) != default for name, default in _SINGLE):
        raise Rejected(Code.INVALID, "a request beside `requests`", "put it into the list")
    found: list[m.RouteDecision | RouteRefusal] = []
    facts: Facts | None = None
    for number, plain in enumerate(body.requests):
        if number % TURN == 0:
            if number:
                await trio.lowlevel.checkpoint()
            facts = actor.glance(lambda state: Facts(state, actor.now()))
        try:
            request = shaped(plain, bodies.RouteRequest)
            if request.commit:
                raise Rejected(
                    Code.INVALID, "`commit` in a batch", "commit each decision by a request of its own"
                )
            found.append(_decide(api, actor, request, facts))
        except Rejected as error:
            found.append(RouteRefusal(index=number, problem=problems.explain(error)[0]))
    return RouteBatch(decisions=tuple(found))


_SINGLE: Final = tuple((field.name, field.default) for field in msgspec.structs.fields(bodies.RouteRequest))
"""Members of a single request, and what they are where they are not sent."""


def _decide(
    api: Api,
    actor: HallActor,
    request: bodies.RouteRequest,
    facts: Facts | None = None,
    nonce: bytes | None = None,
) -> m.RouteDecision:
    """Answer a request, from what this node has decided so far."""
    return _decided(api, actor, request, facts, nonce)[0]


def _decided(
    api: Api,
    actor: HallActor,
    request: bodies.RouteRequest,
    facts: Facts | None = None,
    nonce: bytes | None = None,
) -> tuple[m.RouteDecision, Sealed]:
    question = Question(
        [(one.item, one.confidence) for one in request.items],
        frozenset(request.traits),
        request.arrive_ms,
        None if request.accept is None else frozenset(request.accept),
        request.class_,
    )

    def look(state: HallState) -> tuple[Routed, int, int]:
        seen = facts or Facts(state, actor.now())
        return route(seen, question), seen.now_ms, state.day_ends_ms

    routed, now_ms, day_ends_ms = actor.glance(look)
    held = decisions.sealed(
        routed.options,
        traits=request.traits,
        nonce=nonce or decisions.new_nonce(),
        made_ms=now_ms,
        valid_until_ms=min(now_ms + VALID_MS, day_ends_ms),
    )
    decision = m.RouteDecision(
        decision=decisions.seal(api.secret, actor.hall, held),
        options=routed.options,
        unavailable=routed.unavailable,
        revision=actor.revision,
        valid_until_ms=held.valid_until_ms,
    )
    return decision, held


# Committing ---------------------------------------------------------------------------------------


class _Committed(CallqError):
    """An option of the decision has become something already: the answer is that."""

    def __init__(self, answer: object) -> None:
        super().__init__("committed before")
        self.answer = answer


class _Made(NamedTuple):
    """What a decision has become, and the state that tells it."""

    state: HallState
    ticket: Ticket | None
    booking: Booking | None
    revision: int
    now_ms: int


async def commit(api: Api, call: Call, decision: str, body: bodies.CommitBody) -> m.RouteCommit:
    """Issue the ticket or the booking of an option; asked again, by whomever and anywhere, the same one.

    Raises:
      Rejected: `INVALID`, no such decision or nothing to issue; `EXPIRED`; `IDEMPOTENCY_CONFLICT`, another
        option was committed, or this one for another person; and as tickets and bookings are refused.
      StoreUnavailable: the same again, at any node.
    """
    actor = api.actor(call, Permission.ROUTE)
    held = decisions.unseal(api.secret, call.hall, decision)
    command = _command(api, call, held, body.option, body)

    def told(made: _Made) -> m.RouteCommit:
        return m.RouteCommit(
            decision=decision,
            option=body.option,
            ticket=_ticket(api, made),
            booking=_booking(made),
            revision=made.revision,
        )

    guard = partial(_still_free, api, actor, held, body.option, command.person, told)
    return await _commit(api, actor, call, command, held, guard, told)


async def _commit_at_once(
    api: Api, actor: HallActor, call: Call, request: bodies.RouteRequest
) -> m.RouteDecision:
    """Decide, and commit the best option that gives a ticket, or a booking where the person is known."""
    nonce = None
    if call.key is not None:
        nonce = decisions.derived_nonce(api.secret, call.principal.id, call.key, call.digest)
    decision, held = _decided(api, actor, request, nonce=nonce)
    able = ("ticket", "booking") if request.person is not None else ("ticket",)
    best = next((one for one in decision.options if one.commit in able), None)
    # What the key did before counts, even where nothing can be issued any more.
    rank = best.rank if best is not None else 0
    command = _command(api, call, held, rank, request) if rank else cmd.Issue(ticket="", service="")

    def told(made: _Made) -> m.RouteDecision:
        return msgspec.structs.replace(
            decision,
            committed=_rank_of(decision, made),
            ticket=_ticket(api, made),
            booking=_booking(made),
            revision=made.revision,
        )

    return await _commit(api, actor, call, command, held, None if rank else _nothing_to_issue, told)


async def _commit(
    api: Api,
    actor: HallActor,
    call: Call,
    command: cmd.Issue | cmd.Book,
    held: Sealed,
    guard: Callable[[HallState], None] | None,
    told: Callable[[_Made], T],
) -> T:
    def render(state: HallState, outcome: Outcome, now_ms: int) -> T:
        ticket = ticket_of(state, outcome.ticket) if outcome.ticket else None
        ids = (decisions.booking_id(api.secret, call.hall, held, rank) for rank in held.ranks())
        booking = next((state.bookings[each] for each in ids if each in state.bookings), None)
        return told(_Made(state, ticket, None if ticket else booking, outcome.revision, now_ms))

    try:
        return await api.decided(actor, call, command, render, guard)
    except _Committed as before:
        return before.answer  # type: ignore[return-value]  # what `told` made


def _command(
    api: Api, call: Call, held: Sealed, rank: int, body: bodies.CommitBody | bodies.RouteRequest
) -> cmd.Issue | cmd.Book:
    """What an option of a decision asks of the hall."""
    offer = held.offer(rank)
    call.principal.require(Permission.BOOK if offer.slot_ms else Permission.ISSUE)
    given = body.person
    person = (
        known_person(api.secret, call.hall, id_no=given.id_no, name=given.name, phone=given.phone)
        if given is not None
        else None
    )
    ticket_channel, booking_channel = _CHANNEL.get(call.principal.role, ("counter", "counter"))
    if offer.slot_ms:
        if person is None:
            raise Rejected(Code.INVALID, "a booking needs a person", "send an id number or a phone")
        return cmd.Book(
            booking=decisions.booking_id(api.secret, call.hall, held, rank),
            service=offer.service,
            slot_ms=offer.slot_ms,
            person=person,
            channel=body.channel or booking_channel,
        )
    if body.class_ == "priority":
        call.principal.require(Permission.ISSUE_PRIORITY)
    return cmd.Issue(
        ticket=decisions.ticket_id(api.secret, call.hall, held, rank),
        service=offer.service,
        services=offer.services,
        item=offer.item,
        cls=body.class_,
        channel=body.channel or ticket_channel,
        person=person,
        traits=tuple(dict.fromkeys((*held.traits, *body.traits))),
        party=body.party,
    )


def _still_free(
    api: Api,
    actor: HallActor,
    held: Sealed,
    rank: int,
    person: cmd.Person | None,
    told: Callable[[_Made], object],
    state: HallState,
) -> None:
    """Let a decision become something once, while it is valid; on the very state that it is decided on.

    Raises:
      _Committed: it has become this before.
      Rejected: `IDEMPOTENCY_CONFLICT`, something else; `EXPIRED`.
    """
    now_ms = actor.now()
    for other in held.ranks():
        ticket = state.tickets.get(decisions.ticket_id(api.secret, actor.hall, held, other))
        booking = state.bookings.get(decisions.booking_id(api.secret, actor.hall, held, other))
        made = ticket or booking
        if made is None:
            continue
        # Who asks again may know less, or more, than who asked first.
        unknown = person is None or made.person is None
        if other == rank and (unknown or same_person(made.person, person)):
            raise _Committed(told(_Made(state, ticket, booking, state.revision, now_ms)))
        raise Rejected(
            Code.IDEMPOTENCY_CONFLICT,
            f"option {other} of the decision was committed"
            + (", for somebody else" if other == rank else ""),
            "use what it became, or ask for a new decision",
            **{"ticket" if ticket else "booking": made.id},
        )
    if now_ms >= held.valid_until_ms:
        raise Rejected(
            Code.EXPIRED,
            f"the decision was valid until {_minutes(now_ms - held.valid_until_ms)} ago",
            "ask for a new one: the queues have moved on",
            state="expired",
        )


def _nothing_to_issue(state: HallState) -> None:
    raise Rejected(
        Code.SERVICE_CLOSED,
        "no option gives a ticket now, or a booking for a person who is known",
        "ask without `commit` and read the options",
        state="closed",
    )


def _minutes(length_ms: int) -> str:
    return f"{length_ms // 60_000} min" if length_ms >= 60_000 else f"{length_ms // 1000} s"


def _rank_of(decision: m.RouteDecision, made: _Made) -> int | None:
    """Which option something came of; when a request is repeated the options may be others."""
    for option in decision.options:
        if made.ticket is not None and (option.commit, option.service) == ("ticket", made.ticket.service):
            return option.rank
        if made.booking is not None and (option.commit, option.service) == ("booking", made.booking.service):
            return option.rank
    return None


def _ticket(api: Api, made: _Made) -> m.Ticket | None:
    """The ticket, with the citizen's key: whoever holds the decision has asked for it."""
    if made.ticket is None:
        return None
    link = api.citizen_link(made.state.hall, made.ticket.id)
    return ticket_out(made.state, made.ticket, made.now_ms, link)


def _booking(made: _Made) -> m.Booking | None:
    return booking_out(made.state, made.booking) if made.booking is not None else None


# Matters ------------------------------------------------------------------------------------------


async def items(api: Api, call: Call, query: ItemsQuery) -> m.ItemPage:
    """Matters of the hall whose name or code has what is looked for."""
    actor = api.actor(call, Permission.READ_HALL)
    wanted = (query.q or "").casefold()

    def fits(item: Item) -> bool:
        named = any(wanted in text.casefold() for text in (item.name, item.name_en, item.code))
        return named and query.service in (None, item.service)

    def look(state: HallState, _: int) -> m.ItemPage:
        listed = enumerate(state.config.items)
        after = -1 if query.after is None else query.after
        found = [(place, item) for place, item in listed if place > after and fits(item)]
        page = found[: query.limit]
        return m.ItemPage(
            items=tuple(
                m.ItemInfo(
                    code=item.code,
                    name=item.name,
                    name_en=item.name_en,
                    service=item.service,
                    channels=item.channels,
                )
                for _, item in page
            ),
            next=str(page[-1][0]) if len(found) > len(page) else None,
            revision=state.revision,
        )

    return await actor.read(look)
