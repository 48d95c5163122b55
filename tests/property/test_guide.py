"""Whatever state a hall is in and whatever is asked: the options are well-formed and can be gone by."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from callq.domain import commands as cmd
from callq.domain.decide import decide
from callq.domain.errors import Rejected
from callq.domain.hall import Routing
from callq.domain.routing import POLICIES
from callq.domain.rules.bookings import offered
from callq.guide.facts import OPEN, Facts
from callq.guide.question import Question, meaning
from callq.guide.route import MAX_OPTIONS, Routed, route
from callq.views.ticket import ticket_out
from tests.guided import ITEMS, guided_hall
from tests.harness import MONDAY_9H, Hall

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.wire.messages.guide import RouteOption

CHANNELS = ("window", "self_service", "remote", "online", "appointment", "phone", "doorstep", "agent")
CLASSES: tuple[cmd.TicketClass, ...] = ("ordinary", "ordinary", "priority")
TRAITS = ("elderly", "disabled", "wheelchair", "deaf", "digital_shy", "pregnant", "blind", "new_here")
SERVICES = ("general", "social", "estate", "desk", "video")
PLACES = (("w1", "c1"), ("w2", "c2"), ("w3", "c4"), ("w4", "c1"), ("w5", "c2"), ("w6", "c3"), ("w7", "c2"))

acts: Any = st.one_of(
    st.sampled_from(SERVICES).flatmap(
        lambda service: st.sampled_from(CLASSES).map(lambda cls: ("issue", service, cls))
    ),
    st.sampled_from(PLACES).map(lambda seat: ("open", *seat)),
    st.sampled_from([window for window, _ in PLACES]).flatmap(
        lambda window: st.sampled_from([("call", window), ("close", window), ("pause", window)])
    ),
    st.integers(1, 120).map(lambda minutes: ("later", minutes)),
    st.integers(0, 30).map(lambda minutes: ("book", "estate", minutes)),
    st.sampled_from(SERVICES).map(lambda service: ("stop", service)),
    st.just(("suspend",)),
    st.just(("close_day",)),
)
questions: Any = st.builds(
    Question,
    items=st.lists(st.tuples(st.sampled_from([one.code for one in ITEMS]), st.floats(0, 1)), max_size=5),
    traits=st.frozensets(st.sampled_from(TRAITS), max_size=3),
    arrive_ms=st.none() | st.integers(-30, 3000).map(lambda minutes: MONDAY_9H + minutes * 60_000),
    accept=st.none() | st.frozensets(st.sampled_from(CHANNELS)),
    cls=st.sampled_from(CLASSES),
)


def play(hall: Hall, act: tuple[Any, ...]) -> None:
    """Do it if the hall lets one."""
    match act:
        case ("issue", service, cls):
            ticket = f"t{hall.state.seq}"
            commands: list[cmd.AnyCommand] = [cmd.Issue(ticket=ticket, service=service, cls=cls)]
        case ("book", service, minutes):
            ids, person = f"b{hall.state.seq}", cmd.Person(phone_hash=f"p{hall.state.seq}")
            slots = offered(
                hall.state, hall.state.index.services[service], hall.state.day, hall.now_ms + minutes * 60_000
            )
            commands = [
                command
                for slot in slots[:1]
                for command in (
                    cmd.Book(booking=ids, service=service, slot_ms=slot.start_ms, person=person),
                    cmd.CheckIn(booking=ids, ticket=f"t{ids}"),
                )
            ]
        case ("open", window, clerk):
            commands = [cmd.SignIn(window=window, clerk=clerk), cmd.Open(window=window)]
        case ("call", window):
            commands = [cmd.CallNext(window=window)]
        case ("close", window):
            commands = [cmd.Close(window=window)]
        case ("pause", window):
            commands = [cmd.Pause(window=window)]
        case ("stop", service):
            commands = [cmd.StopIssuing(service=service, reason="故障")]
        case ("suspend",):
            commands = [cmd.Suspend()]
        case ("close_day",):
            commands = [cmd.CloseDay()]
        case ("later", minutes):
            hall.later(60 * minutes)
            return
        case _:
            raise AssertionError(act)
    for command in commands:
        try:
            hall.do(command)
        except Rejected:
            return


LATER = {"opens_at", "outlet_opens_at", "slot_free"}
"""Reasons of what is not possible at the time asked about."""

UNKNOWN = {"wait_unknown", "wait_unknown_then", "no_window_now"}
INSTEAD_OF_A_WAIT = UNKNOWN | {"window_free", "nobody_ahead", "no_queue", "slot_free"}
"""Reasons that say what an option without a known wait counts."""


def reckoned(one: RouteOption) -> float:
    """What an option counts by what its reader knows: its wait, and the minutes of its reasons."""
    return (one.wait.p50_s or 0) / 60 + sum(why.minutes for why in one.why)


def is_later(one: RouteOption) -> bool:
    return not LATER.isdisjoint(why.code for why in one.why)


def explained(state: HallState, question: Question, found: Routed) -> None:
    """Whoever knows the question, and reads waits and reasons, finds each option where it stands."""
    for one in found.options:
        codes = [why.code for why in one.why]
        assert len(set(codes)) == len(codes)
        assert one.wait.p50_s is not None or not INSTEAD_OF_A_WAIT.isdisjoint(codes)
        assert all(why.zh and why.en for why in one.why)
        assert is_later(one) == ((one.arrive_ms or 0) > max(question.arrive_ms or 0, state.now_ms)) or (
            one.channel == "appointment"
        )
        _shortest(state, one, found)
    place = _by_what_is_meant if meaning(state, question.items).certain else _by_what_may_be
    places = [place(state, question, one) for one in found.options]
    for before, after in pairwise(places):
        assert before[:-1] <= after[:-1]
        assert before[:-1] < after[:-1] or before[-1] <= after[-1] + 1e-6


def _by_what_is_meant(_: HallState, __: Question, one: RouteOption) -> tuple[float, ...]:
    """Now before later, more before fewer matters, fewer minutes; the desk, which settles none, last."""
    aside = any(why.code == "desk_meanwhile" for why in one.why)
    return (aside, is_later(one), -len(one.items), reckoned(one))


def _by_what_may_be(state: HallState, question: Question, one: RouteOption) -> tuple[float, ...]:
    """The best of each matter, the desk, the others; then now before later, more probable, fewer minutes."""
    codes = {why.code for why in one.why}
    if "not_sure" in codes:
        return (2, True, -2.0, 0, 0.0) if is_later(one) else (1, False, 0.0, 0, 0.0)
    service = state.index.items[one.items[0]].service
    believed: dict[str, float] = {}
    for code, confidence in question.items:
        if state.index.items[code].service == service:
            believed[code] = max(confidence, believed.get(code, 0.0))
    belief = min(1.0, sum(believed.values()))
    asked = next(place for place, (code, _) in enumerate(question.items) if code in believed)
    assert "likely" in codes
    return (2 if "other_way" in codes else 0, is_later(one), -belief, asked, reckoned(one))


def _shortest(state: HallState, one: RouteOption, found: Routed) -> None:
    """The shortest wait is that for each matter, of ways that all have one."""
    if not any(why.code == "shortest_wait" for why in one.why):
        return
    longer = False
    for code in one.items:
        for other in found.options:
            if code in other.items:
                known = other.wait.p50_s
                assert known is not None
                assert one.wait.p50_s is not None
                assert one.wait.p50_s <= known
                longer = longer or known > one.wait.p50_s
    assert longer


def accounted(state: HallState, question: Question, found: Routed) -> None:
    """There is a way or a word for every matter meant; what is said to do instead would."""
    assert found.options or found.unavailable
    settled = {code for one in found.options for code in one.items}
    told = {code for one in found.unavailable for code in one.items}
    meant = meaning(state, question.items)
    items = {item.code for matter in meant.matters for item in matter.items}
    assert items | {item.code for item in meant.others} <= settled | told
    _without_asking(state, question, found)
    for lack in found.unavailable:
        assert lack.zh
        assert lack.en
        assert question.accept is None or question.accept.isdisjoint(lack.instead)
        if lack.code == "not_accepted" and lack.instead:
            likely = [(code, 1.0) for code in lack.items]
            again = route(
                Facts(state, max(state.now_ms, MONDAY_9H)),
                question._replace(items=likely, accept=frozenset(lack.instead)),
            )
            assert {one.channel for one in again.options} == set(lack.instead)


def _without_asking(state: HallState, question: Question, found: Routed) -> None:
    """What is committed at once gives something, and is for what is wanted in any case, or the likeliest."""
    meant = meaning(state, question.items)
    best = max((matter.confidence for matter in meant.matters), default=0.0)
    likeliest = [matter.service for matter in meant.matters if matter.confidence == best]
    for rank in found.unasked:
        one = found.options[rank - 1]
        assert one.commit is not None
        assert one.items or not meant.certain
        if not meant.certain and one.items:
            assert [state.index.items[one.items[0]].service] == likeliest


@settings(max_examples=150, deadline=None)
@given(
    policy=st.sampled_from(sorted(POLICIES)),
    lived=st.lists(acts, max_size=20),
    service=st.sampled_from(SERVICES),
    cls=st.sampled_from(("ordinary", "priority")),
)
def test_a_newcomer_is_told_what_the_ticket_will_say(
    policy: Any, lived: list[Any], service: str, cls: cmd.TicketClass
) -> None:
    hall = Hall(guided_hall(routing=Routing(policy=policy)))
    for act in lived:
        play(hall, act)
    told = Facts(hall.state, hall.now_ms).queue(service, cls)
    try:
        hall.do(cmd.Issue(ticket="new", service=service, cls=cls))
    except Rejected:
        return
    ticket = hall.state.tickets["new"]
    if ticket.state == "waiting":
        shown = ticket_out(hall.state, ticket, hall.now_ms)
        assert (shown.ahead, shown.wait and shown.wait.p50_s) == (told.ahead, told.wait and told.wait.p50_s)


@settings(max_examples=150, deadline=None)
@given(
    hours=st.sampled_from(["", "08:00-17:00", "09:30-11:00"]),
    lived=st.lists(acts, max_size=14),
    asked=st.lists(questions, min_size=1, max_size=4),
)
def test_options_are_well_formed_and_can_be_gone_by(hours: str, lived: list[Any], asked: list[Any]) -> None:
    hall = Hall(guided_hall(hours=hours))
    for act in lived:
        play(hall, act)
    now_ms = max(hall.now_ms, hall.state.now_ms)
    facts = Facts(hall.state, now_ms)
    for question in asked:
        found = route(facts, question)
        # What one question made of the facts changes no other's answer.
        assert found == route(Facts(hall.state, now_ms), question)
        assert [one.rank for one in found.options] == list(range(1, len(found.options) + 1))
        assert len(found.options) <= MAX_OPTIONS
        assert len({(one.channel, one.service, one.services) for one in found.options}) == len(found.options)
        asked_ms = max(question.arrive_ms or 0, now_ms)
        explained(hall.state, question, found)
        accounted(hall.state, question, found)
        for one in found.options:
            assert question.accept is None or one.channel in question.accept
            waits = (one.wait.p50_s, one.wait.low_s, one.wait.high_s)
            assert waits == (None, None, None) or 0 <= one.wait.low_s <= one.wait.p50_s <= one.wait.high_s  # type: ignore[operator]
            # Outlets say what they usually take; of a queue unknown is null, never 0.
            assert waits == (None, None, None) or one.wait.p50_s != 0
            if one.channel in ("window", "remote"):
                opened = facts.opening(one.service, asked_ms)
                assert (opened is OPEN) or (one.arrive_ms or 0) > asked_ms
                assert opened is OPEN or one.commit is None
                kinds = {hall.state.index.windows[window].kind == "remote" for window in one.windows}
                assert kinds <= {one.channel == "remote"}
                for window in one.windows:
                    assert one.service in hall.state.services_at(hall.state.windows[window])
            if one.commit == "ticket":
                assert asked_ms - now_ms <= 15 * 60_000
                if asked_ms == now_ms:
                    issue = cmd.Issue(
                        ticket="new",
                        service=one.service,
                        services=one.services,
                        item=one.item or "",
                        cls=question.cls,
                    )
                    decide(hall.state, issue, now_ms)
            if one.commit == "booking":
                assert one.arrive_ms is not None
                person = cmd.Person(phone_hash="p")
                book = cmd.Book(booking="b", service=one.service, slot_ms=one.arrive_ms, person=person)
                decide(hall.state, book, now_ms)
        if found.options and found.options[0].channel == "window":
            first = found.options[0]
            usable = [one for one in found.options if (one.arrive_ms or asked_ms) <= asked_ms]
            assert facts.opening(first.service, asked_ms) is OPEN or all(
                one.service == facts.fallback for one in usable
            )
