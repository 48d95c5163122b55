"""智能导办 at the door: where to go, and going there, exactly once.

A decision is made from the state in memory, without the store: it is advice, and a moment makes it old.
What it offers is in its id, which any node can read. A commit is an ordinary command; what makes it act once
is that the id of its ticket or booking follows from the decision: whoever comes second finds the first.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar, get_args

import msgspec
import trio

from callq.domain import commands as cmd
from callq.domain.desk import checks_of
from callq.domain.errors import CallqError, Code, Rejected
from callq.domain.rules.guards import ticket_of
from callq.domain.state import same_person
from callq.guide.facts import Facts
from callq.guide.question import Question
from callq.guide.route import MAX_OPTIONS, route
from callq.views.bookings import booking_out
from callq.views.desk import checks_out
from callq.views.ticket import ticket_out
from callq.web import bodies, decisions, problems
from callq.web.persons import known_person
from callq.web.roles import Permission, Role
from callq.wire import messages as m
from callq.wire.codec import shaped
from callq.wire.messages.guide import ClosedCode

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

PAST_MS: Final = 5 * 60_000
"""An `arrive_ms` that is over for no longer is now: clocks differ, and requests are repeated."""

AHEAD_MS: Final = 366 * 24 * 3_600_000
"""Nobody says where they will go later than that."""

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
    api: Api, actor: HallActor, request: bodies.RouteRequest, facts: Facts | None = None
) -> m.RouteDecision:
    """Answer a request, from what this node has decided so far."""
    found = _decided(actor, request, decisions.new_nonce(), facts)
    return _sealed(api, actor, found)


class _Decided(NamedTuple):
    """An answer, and what its id is to hold."""

    routed: Routed
    held: Sealed


def _decided(
    actor: HallActor,
    request: bodies.RouteRequest,
    nonce: bytes,
    facts: Facts | None = None,
    *,
    again: bool = False,
) -> _Decided:
    """Look at the hall.

    Args:
      actor: of the hall.
      request: what is asked.
      nonce: what the ids of tickets and bookings follow from.
      facts: the hall as it was seen for others of a batch; None: as it is.
      again: the request was answered before, when its `arrive_ms` was still to come.

    Raises:
      Rejected: `UNKNOWN_ITEM`; `INVALID`, a time that nobody can come at.
    """

    def look(state: HallState) -> tuple[Routed, int, int]:
        seen = facts or Facts(state, actor.now())
        if not again:
            _possible(request.arrive_ms, seen.now_ms)
        return route(seen, question), seen.now_ms, state.day_ends_ms

    question = Question(
        [(one.item, one.confidence) for one in request.items],
        frozenset(request.traits),
        request.arrive_ms,
        None if request.accept is None else frozenset(request.accept),
        request.class_,
    )
    routed, now_ms, day_ends_ms = actor.glance(look)
    held = decisions.sealed(
        routed.options,
        traits=request.traits,
        nonce=nonce,
        valid_until_ms=min(now_ms + VALID_MS, day_ends_ms),
    )
    return _Decided(routed, held)


def _possible(arrive_ms: int | None, now_ms: int) -> None:
    """Refuse a time to come that is over, or further than anybody plans: it is a mistake, mostly of unit."""
    if arrive_ms is None or now_ms - PAST_MS <= arrive_ms <= now_ms + AHEAD_MS:
        return
    if abs(arrive_ms * 1000 - now_ms) < AHEAD_MS:
        hint = "it is in milliseconds since 1970; these are seconds"
    else:
        hint = f"it is in milliseconds since 1970, now {now_ms}; leave it out for who is here"
    detail = "is over" if arrive_ms < now_ms else "is more than a year ahead"
    raise Rejected(Code.INVALID, f"`arrive_ms` {detail}", hint)


def _sealed(api: Api, actor: HallActor, found: _Decided) -> m.RouteDecision:
    return m.RouteDecision(
        decision=decisions.seal(api.secret, actor.hall, found.held),
        options=found.routed.options,
        unavailable=found.routed.unavailable,
        revision=actor.revision,
        valid_until_ms=found.held.valid_until_ms,
    )


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
    before: bool = False
    """By an earlier request than the one that is answered."""


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
            ticket=_ticket(api, call, made),
            booking=_booking(made),
            revision=made.revision,
        )

    guard = partial(_still_free, api, actor, held, body.option, command.person, told)
    return await _commit(api, actor, call, command, held, guard, told)


async def _commit_at_once(
    api: Api, actor: HallActor, call: Call, request: bodies.RouteRequest
) -> m.RouteDecision:
    """Decide, and commit the best option that needs no choice; a booking where the person is known."""
    nonce = decisions.new_nonce()
    again = False
    if call.key is not None:
        who, key = call.principal.actor().id, call.key
        nonce = decisions.derived_nonce(api.secret, who, key, call.digest)
        again = actor.glance(lambda state: state.remembered(who, key)) is not None
    found = _decided(actor, request, nonce, again=again)
    able = ("ticket", "booking") if request.person is not None else ("ticket",)
    options = {option.rank: option for option in found.routed.options}
    rank = next((rank for rank in found.routed.unasked if options[rank].commit in able), 0)
    # What the key did before counts, even where nothing can be issued any more.
    command = _command(api, call, found.held, rank, request) if rank else cmd.Issue(ticket="", service="")

    def told(made: _Made) -> m.RouteDecision:
        became = _rank_of(found.routed, made) if made.before else rank
        held = msgspec.structs.replace(found.held, became=became) if made.before else found.held
        return msgspec.structs.replace(
            _sealed(api, actor, found._replace(held=held)),
            committed=became or None,
            ticket=_ticket(api, call, made),
            booking=_booking(made),
            revision=made.revision,
        )

    def guard(state: HallState) -> None:
        if (became := _became(api, actor.hall, found.held, state)) is not None:
            _, ticket, booking = became
            raise _Committed(told(_Made(state, ticket, booking, state.revision, actor.now(), before=True)))
        if not rank:
            raise _why_nothing(found.routed)

    return await _commit(api, actor, call, command, found.held, guard, told)


async def _commit(
    api: Api,
    actor: HallActor,
    call: Call,
    command: cmd.Issue | cmd.Book,
    held: Sealed,
    guard: Callable[[HallState], None],
    told: Callable[[_Made], T],
) -> T:
    def render(state: HallState, outcome: Outcome, now_ms: int) -> T:
        ticket = ticket_of(state, outcome.ticket) if outcome.ticket else None
        became = None if ticket else _became(api, actor.hall, held, state)
        booking = became[2] if became is not None else None
        return told(_Made(state, ticket, booking, outcome.revision, now_ms, outcome.replayed))

    try:
        return await api.decided(actor, call, command, render, guard)
    except _Committed as before:
        return before.answer  # type: ignore[return-value]  # what `told` made


def _became(
    api: Api, hall: str, held: Sealed, state: HallState
) -> tuple[int, Ticket | None, Booking | None] | None:
    """What there is of a decision, with the rank that it was committed under; None: nothing yet."""
    for rank in range(1, MAX_OPTIONS + 1):
        ticket = state.tickets.get(decisions.ticket_id(api.secret, hall, held, rank))
        booking = state.bookings.get(decisions.booking_id(api.secret, hall, held, rank))
        if ticket is not None or booking is not None:
            return rank, ticket, booking
    return None


def _command(
    api: Api, call: Call, held: Sealed, rank: int, body: bodies.CommitBody | bodies.RouteRequest
) -> cmd.Issue | cmd.Book:
    """What an option of a decision asks of the hall."""
    offer = held.offer(rank)
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
    became = _became(api, actor.hall, held, state)
    if became is not None:
        number, ticket, booking = became
        # A repeated request may have its options in another order than the one that was committed.
        other = number if held.became is None else held.became
        made = ticket or booking
        assert made is not None
        # Who asks again may know less, or more, than who asked first.
        unknown = person is None or made.person is None
        if other == rank and (unknown or same_person(made.person, person)):
            raise _Committed(told(_Made(state, ticket, booking, state.revision, now_ms, before=True)))
        what = f"option {other}" if other else "an option that is not offered any more"
        raise Rejected(
            Code.IDEMPOTENCY_CONFLICT,
            f"{what} of the decision was committed" + (", for somebody else" if other == rank else ""),
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


def _why_nothing(routed: Routed) -> Rejected:
    """Why a request that was to be committed at once is not."""
    hint = "ask without `commit` and read the options"
    if routed.unasked:
        return Rejected(Code.INVALID, "a booking needs a person", "send an id number or a phone")
    if any(option.commit and option.items for option in routed.options):
        return Rejected(
            Code.CHOICE_NEEDED,
            "it is not clear enough which of the options is wanted",
            "ask without `commit`, let them choose, and commit that option",
            state="unsure",
        )
    lack = next((one for one in routed.unavailable if one.code in _CLOSED), None)
    if lack is not None:
        found = Rejected(_CLOSED[lack.code], lack.en, hint, state=lack.code, service=lack.service or "")
        return found.having(next_ms=lack.next_ms) if lack.next_ms is not None else found
    if routed.options:
        ways = ", ".join(dict.fromkeys(option.channel for option in routed.options))
        detail = f"there is nothing to issue now for what is offered: {ways}"
        return Rejected(Code.CHOICE_NEEDED, detail, hint, state="nothing_to_issue")
    lack = routed.unavailable[0]
    more = f"accept also: {', '.join(lack.instead)}" if lack.instead else hint
    code = Code.SERVICE_CLOSED if lack.code == "no_way" else Code.CHOICE_NEEDED
    return Rejected(code, lack.en, more, state=lack.code)


_CLOSED: Final[dict[str, Code]] = {code: Code(code) for code in get_args(ClosedCode)}
"""Codes of what gives no ticket, which are those of a refused request for one."""


def _minutes(length_ms: int) -> str:
    return f"{length_ms // 60_000} min" if length_ms >= 60_000 else f"{length_ms // 1000} s"


def _rank_of(routed: Routed, made: _Made) -> int:
    """Which option something is that came of an earlier request; 0: none, since the options may be others."""
    for option in routed.options:
        services = (option.service, *option.services)
        if made.ticket is not None and option.commit == "ticket":
            if services == tuple(step.service for step in made.ticket.steps):
                return option.rank
        elif made.booking is not None and option.commit == "booking":
            slot = (made.booking.service, made.booking.slot_ms)
            if slot == (option.service, option.arrive_ms):
                return option.rank
    return 0


def _ticket(api: Api, call: Call, made: _Made) -> m.Ticket | None:
    """The ticket, with the citizen's key, but to a clerk: whoever holds the decision has asked for it."""
    if made.ticket is None:
        return None
    link = api.link_for(call, made.state, made.ticket.id)
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
                    checks=checks_out(checks_of(state, item.service, item.code)),
                )
                for _, item in page
            ),
            next=str(page[-1][0]) if len(found) > len(page) else None,
            revision=state.revision,
        )

    return await actor.read(look)
