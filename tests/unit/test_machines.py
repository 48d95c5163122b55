"""The ticket machine, cell by cell: what the table allows happens, the rest is refused and moves nothing."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import pytest

from callq.domain import commands as cmd
from callq.domain import ticket as tickets
from callq.domain.errors import Code, Rejected
from callq.domain.events import TicketCompleted, TicketExpired
from callq.domain.hall import Rules
from callq.domain.state import canonical
from callq.domain.ticket import TicketAct, TicketState
from tests.harness import Hall, small_hall

T, A = TicketState, TicketAct
IT = "t0001"
"""The ticket that the scenes are about: the first, for `general`; windows w1 and w2 are open for it."""

CALL, START, MISS = cmd.CallNext(window="w1"), cmd.Start(window="w1"), cmd.Miss(window="w1")
RECALL, COMPLETE, UNDO = cmd.Recall(window="w1"), cmd.Complete(window="w1"), cmd.Undo(window="w1")
BY_NAME = cmd.CallTicket(window="w1", ticket=IT, reason="赶火车")
RETURNED, CLOSE_DAY = cmd.Returned(ticket=IT), cmd.CloseDay()
RATE = cmd.Rate(ticket=IT, level=5, step=0)
SERVING = (CALL, START)
MISSED = (CALL, RECALL, MISS)
STOP = cmd.StopIssuing(service="social", reason="上级系统故障")
GO_ON = cmd.StartIssuing(service="social")


def hold(kind: cmd.HoldKind) -> tuple[cmd.AnyCommand, ...]:
    return (*SERVING, cmd.Hold(window="w1", kind=kind))


AWAY = hold("without_papers")
PATHS: dict[str, tuple[cmd.AnyCommand, ...]] = {
    "waiting": (),
    "called": (CALL,),
    "serving": SERVING,
    "held without_papers": AWAY,
    "held with_papers": hold("with_papers"),
    "held waiting": hold("waiting"),
    "missed": MISSED,
    "done": (*SERVING, COMPLETE),
    "abandoned": (CALL, cmd.Abandon(window="w1")),
    "cancelled": (cmd.Cancel(ticket=IT),),
    "expired": (CLOSE_DAY,),
}
"""How a ticket comes to stand somewhere."""

COMMANDS: dict[TicketAct, cmd.AnyCommand] = {
    A.ISSUE: cmd.Issue(ticket=IT, service="general"),
    A.CALL: CALL,
    A.CALL_THIS: BY_NAME,
    A.RECALL: RECALL,
    A.START: START,
    A.COMPLETE: COMPLETE,
    A.MISS: MISS,
    A.REJOIN: cmd.Rejoin(ticket=IT),
    A.ABANDON: cmd.AbandonTicket(ticket=IT),
    A.HOLD: cmd.Hold(window="w1", kind="without_papers"),
    A.RETURN: RETURNED,
    A.RESUME: cmd.Resume(window="w1", ticket=IT),
    A.TRANSFER: cmd.Transfer(ticket=IT, to_service="social"),
    A.REASSIGN: cmd.Reassign(ticket=IT, service="social"),
    A.GRANT_CLASS: cmd.GrantClass(ticket=IT, cls="priority", reason="孕妇"),
    A.CANCEL: cmd.Cancel(ticket=IT),
    A.NEXT_STEP: RETURNED,
    A.RATE: RATE,
    A.UNDO: UNDO,
}


class Scene(NamedTuple):
    """One transition, shown: what leads there, and the command that does it (None: the clock)."""

    state: TicketState
    act: TicketAct
    to: TicketState
    before: tuple[cmd.AnyCommand, ...]
    command: cmd.AnyCommand | None
    visit: bool = False


def scenes() -> list[Scene]:
    plain = {T(name.split()[0]): path for name, path in PATHS.items() if not name.startswith("held ")}
    plain[T.HELD] = AWAY
    special = [
        Scene(T.WAITING, A.UNDO, T.SERVING, (*SERVING, COMPLETE), UNDO, visit=True),
        Scene(T.CALLED, A.UNDO, T.WAITING, (CALL,), UNDO),
        Scene(T.CALLED, A.UNDO, T.MISSED, (*MISSED, BY_NAME), UNDO),
        Scene(T.CALLED, A.UNDO, T.HELD, (*AWAY, BY_NAME), UNDO),
        Scene(T.CALLED, A.MISS, T.MISSED, (CALL, RECALL), MISS),
        Scene(T.SERVING, A.END_UNCONFIRMED, T.DONE, (*SERVING, CLOSE_DAY), None),
        Scene(T.HELD, A.RETURN, T.WAITING, AWAY, RETURNED),
        Scene(T.HELD, A.RETURN, T.CALLED, hold("with_papers"), RETURNED),
        Scene(T.HELD, A.RESUME, T.SERVING, hold("waiting"), COMMANDS[A.RESUME]),
        Scene(T.DONE, A.NEXT_STEP, T.WAITING, (STOP, *SERVING, COMPLETE, GO_ON), RETURNED, visit=True),
    ]
    shown = {(s.state, s.act) for s in special}
    # The second step of a visit stands where the first ended.
    second = (*SERVING, COMPLETE)
    special += [Scene(s, A.RATE, s, (*second, *plain[s]), RATE, visit=True) for s in T]
    for (state, act), targets in tickets.TRANSITIONS.items():
        if state is not None and act != A.RATE and (state, act) not in shown:
            command = CLOSE_DAY if act == A.CLOSE_DAY else COMMANDS[act]
            special += [Scene(state, act, to, plain[state], command) for to in targets]
    return special


def play(commands: tuple[cmd.AnyCommand, ...], *, visit: bool = False, rules: Rules | None = None) -> Hall:
    """A hall in which these were done, 11 s apart, to the first ticket."""
    hall = Hall(small_hall(rules=rules or Rules()))
    hall.staff("w1", "c1")
    hall.staff("w2", "c2")
    hall.issue(services=("social",) if visit else ())
    for command in commands:
        hall.later(11)
        hall.do(command)
    hall.later(11)
    return hall


@pytest.mark.parametrize("scene", scenes(), ids=lambda s: f"{s.state}-{s.act}-{s.to}")
def test_a_legal_act_leads_where_the_table_says(scene: Scene) -> None:
    hall = play(scene.before, visit=scene.visit)
    ticket = hall.state.tickets[IT]
    assert ticket.state == scene.state
    if scene.command is None:
        hall.later(2 * 3600)
        assert hall.ticks() == 1
    else:
        hall.do(scene.command)
    assert ticket.state == scene.to


def test_every_transition_of_the_table_is_shown() -> None:
    shown = {(s.state, s.act, s.to) for s in scenes()}
    assert shown == {(s, a, to) for (s, a), targets in tickets.TRANSITIONS.items() for to in targets if s}


# Where the table has the pair, but something else about the ticket is in the way.
GUARDED = {
    ("held waiting", A.CALL_THIS),
    ("held waiting", A.RETURN),
    ("held with_papers", A.RESUME),
    ("held without_papers", A.RESUME),
    ("done", A.NEXT_STEP),
    *((name, A.RATE) for name in PATHS if name != "done"),
}
CODES = {
    A.ISSUE: Code.INVALID,
    **{
        (name, act): Code.WINDOW_BUSY
        for name in ("called", "serving")
        for act in (A.CALL, A.CALL_THIS, A.RESUME)
    },
    ("called", A.MISS): Code.TOO_SOON,
    ("waiting", A.UNDO): Code.WRONG_STATE,
}


def not_possible() -> list[tuple[str, TicketAct]]:
    found = []
    for name, act in itertools.product(PATHS, COMMANDS):
        same_command = act == A.NEXT_STEP and name.startswith("held")  # there it means: returned
        has = (T(name.split()[0]), act) in tickets.TRANSITIONS
        if not same_command and (not has or (name, act) in GUARDED | CODES.keys()):
            found.append((name, act))
    return found


@pytest.mark.parametrize(("name", "act"), not_possible())
def test_an_illegal_act_is_refused_and_changes_nothing(name: str, act: TicketAct) -> None:
    hall = play(PATHS[name])
    assert hall.state.tickets[IT].state == name.split()[0]
    before = canonical(hall.state)
    if act == A.CALL and name not in ("called", "serving"):
        assert not hall.do(CALL).events, "nothing waits: no refusal, and nothing happens"
    else:
        with pytest.raises(Rejected) as refused:
            hall.do(COMMANDS[act])
        assert refused.value.code == CODES.get((name, act), CODES.get(act, Code.WRONG_STATE))
        assert refused.value.state is not None or act == A.ISSUE
    assert canonical(hall.state) == before


def test_every_pair_is_either_shown_or_refused() -> None:
    shown = {(s.state, s.act) for s in scenes()}
    refused = {(T(name.split()[0]), act) for name, act in not_possible()}
    by_time = set(itertools.product(T, (A.CLOSE_DAY, A.END_UNCONFIRMED)))
    returns = {(T.HELD, A.NEXT_STEP)}
    assert shown | refused | by_time | returns == set(itertools.product(T, A))


@pytest.mark.parametrize("name", PATHS)
def test_the_days_end_expires_what_the_table_says(name: str) -> None:
    hall = play(PATHS[name])
    state = hall.state.tickets[IT].state
    hall.now_ms = hall.state.day_ends_ms
    decision = hall.do(cmd.Tick(), who=cmd.SYSTEM)
    expired = [e.ticket for e in decision.events if isinstance(e, TicketExpired)]
    assert expired == ([IT] if (state, A.CLOSE_DAY) in tickets.TRANSITIONS else [])
    assert IT in hall.state.tickets, "a repeated key may still ask for it"
    for _ in range(4):
        hall.now_ms = hall.state.day_ends_ms
        hall.do(cmd.Tick(), who=cmd.SYSTEM)
        hall.do(cmd.Tick(), who=cmd.SYSTEM)
    assert IT not in hall.state.tickets, "in the end all is forgotten"


@pytest.mark.parametrize("name", PATHS)
def test_only_a_service_is_ended_by_the_clock(name: str) -> None:
    hall = play(PATHS[name])
    state = hall.state.tickets[IT].state
    if not hall.state.day_closed:
        hall.do(CLOSE_DAY)
    ended = []
    hall.later(2 * 3600)
    for _ in range(3):
        events = hall.do(cmd.Tick(), who=cmd.SYSTEM).events
        ended += [e for e in events if isinstance(e, TicketCompleted) and e.unconfirmed]
    assert bool(ended) == ((state, A.END_UNCONFIRMED) in tickets.TRANSITIONS)


@pytest.mark.parametrize(
    ("before", "to", "minutes"),
    [
        (MISSED, T.ABANDONED, 30),
        (AWAY, T.ABANDONED, 120),
        (hold("with_papers"), T.ABANDONED, 120),
        (hold("waiting"), T.HELD, 120),
        ((CALL,), T.SERVING, 1),
    ],
    ids=["missed", "held without papers", "held with papers", "held waiting", "called"],
)
def test_what_time_alone_does(before: tuple[cmd.AnyCommand, ...], to: TicketState, minutes: int) -> None:
    hall = play(before, rules=Rules(auto_start_s=60))
    hall.later(minutes * 60)
    hall.ticks()
    assert hall.state.tickets[IT].state == to


def test_only_a_completion_or_its_next_step_leaves_a_final_state() -> None:
    leaving = {state for (state, _), targets in tickets.TRANSITIONS.items() if targets != {state}}
    assert leaving & tickets.FINAL == {T.DONE}
    assert set(T) == (leaving - {None}) | tickets.FINAL


def test_an_illegal_ticket_transition_raises() -> None:
    with pytest.raises(tickets.IllegalTransition):
        tickets.following(T.DONE, A.CALL)
    with pytest.raises(tickets.IllegalTransition):
        tickets.following(T.CALLED, A.UNDO)
