"""Whatever state a hall is in and whatever is asked: the options are well-formed and can be gone by."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from callq.domain import commands as cmd
from callq.domain.decide import decide
from callq.domain.errors import Rejected
from callq.guide.facts import OPEN, Facts
from callq.guide.question import Question
from callq.guide.route import MAX_OPTIONS, route
from tests.guided import ITEMS, guided_hall
from tests.harness import MONDAY_9H, Hall

CHANNELS = ("window", "self_service", "remote", "online", "appointment", "phone", "doorstep", "agent")
TRAITS = ("elderly", "disabled", "wheelchair", "deaf", "digital_shy", "pregnant", "blind", "new_here")
SERVICES = ("general", "social", "estate", "desk")
PLACES = (("w1", "c1"), ("w2", "c2"), ("w3", "c4"), ("w4", "c1"), ("w5", "c2"), ("w6", "c3"), ("w7", "c2"))

acts: Any = st.one_of(
    st.sampled_from(SERVICES).map(lambda service: ("issue", service)),
    st.sampled_from(PLACES).map(lambda seat: ("open", *seat)),
    st.sampled_from([window for window, _ in PLACES]).flatmap(
        lambda window: st.sampled_from([("call", window), ("close", window), ("pause", window)])
    ),
    st.integers(1, 120).map(lambda minutes: ("later", minutes)),
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
)


def play(hall: Hall, act: tuple[Any, ...]) -> None:
    """Do it if the hall lets one."""
    match act:
        case ("issue", service):
            commands: list[cmd.AnyCommand] = [cmd.Issue(ticket=f"t{hall.state.seq}", service=service)]
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
                        ticket="new", service=one.service, services=one.services, item=one.item or ""
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
