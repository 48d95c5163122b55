"""Both machines, cell by cell: what the tables allow happens, the rest is refused and moves nothing."""

from __future__ import annotations

import itertools

import pytest

from callq.domain import commands as cmd
from callq.domain import ticket as tickets
from callq.domain import window as windows
from callq.domain.errors import Code, Rejected
from callq.domain.state import canonical
from callq.domain.ticket import TicketAct, TicketState
from callq.domain.window import WindowAct, WindowState
from tests.harness import Hall


def hall_with_ticket(state: TicketState) -> tuple[Hall, str]:
    """A hall whose first ticket is in `state`; window w1 is staffed and open."""
    hall = Hall()
    hall.staff("w1", "c1")
    ticket = hall.issue()
    steps: dict[TicketState, list[cmd.AnyCommand]] = {
        TicketState.WAITING: [],
        TicketState.CALLED: [cmd.CallNext(window="w1")],
        TicketState.SERVING: [cmd.CallNext(window="w1"), cmd.Start(window="w1")],
        TicketState.MISSED: [cmd.CallNext(window="w1"), cmd.Recall(window="w1"), cmd.Miss(window="w1")],
        TicketState.DONE: [cmd.CallNext(window="w1"), cmd.Start(window="w1"), cmd.Complete(window="w1")],
        TicketState.CANCELLED: [cmd.Cancel(ticket=ticket.id)],
    }
    if state == TicketState.EXPIRED:
        hall.later(86_400)
        hall.do(cmd.Tick())
        assert ticket.state == TicketState.EXPIRED
        return hall, ticket.id
    for step in steps[state]:
        hall.later(11)
        hall.do(step)
    assert hall.state.tickets[ticket.id].state == state
    return hall, ticket.id


def act_on_ticket(hall: Hall, ticket: str, act: TicketAct) -> None:
    hall.later(11)
    by_act: dict[TicketAct, cmd.AnyCommand] = {
        TicketAct.CALL: cmd.CallNext(window="w1"),
        TicketAct.RECALL: cmd.Recall(window="w1"),
        TicketAct.START: cmd.Start(window="w1"),
        TicketAct.COMPLETE: cmd.Complete(window="w1"),
        TicketAct.MISS: cmd.Miss(window="w1"),
        TicketAct.CANCEL: cmd.Cancel(ticket=ticket),
    }
    hall.do(by_act[act])


LIVE_STATES = list(TicketState)
ASKED_ACTS = [a for a in TicketAct if a not in (TicketAct.ISSUE, TicketAct.CLOSE_DAY)]


@pytest.mark.parametrize(("state", "act"), list(itertools.product(LIVE_STATES, ASKED_ACTS)))
def test_every_ticket_cell(state: TicketState, act: TicketAct) -> None:
    hall, ticket = hall_with_ticket(state)
    legal = (state, act) in tickets.TRANSITIONS
    if act == TicketAct.MISS and legal:
        hall.later(11)
        hall.do(cmd.Recall(window="w1"))
    before = canonical(hall.state)
    if legal:
        act_on_ticket(hall, ticket, act)
        assert hall.state.tickets[ticket].state == tickets.TRANSITIONS[state, act]
        return
    if act == TicketAct.CALL and hall.state.windows["w1"].ticket is None:
        act_on_ticket(hall, ticket, act)  # nothing waits: no refusal, and nothing happens
    else:
        with pytest.raises(Rejected) as refused:
            act_on_ticket(hall, ticket, act)
        assert refused.value.code in (Code.WRONG_STATE, Code.WINDOW_BUSY)
        assert refused.value.state is not None
    assert canonical(hall.state) == before


@pytest.mark.parametrize("state", LIVE_STATES)
def test_the_day_closes_over_what_the_table_says(state: TicketState) -> None:
    hall, ticket = hall_with_ticket(state)
    hall.later(86_400)
    decision = hall.do(cmd.Tick())
    expired = [e.ticket for e in decision.events if type(e).__name__ == "TicketExpired"]
    assert expired == ([ticket] if (state, TicketAct.CLOSE_DAY) in tickets.TRANSITIONS else [])
    if state != TicketState.EXPIRED:  # that one is a day older
        assert ticket in hall.state.tickets, "a repeated key may still ask for it"
    hall.later(86_400)
    hall.do(cmd.Tick())
    kept = hall.state.tickets.get(ticket)
    assert (kept is not None) == (state == TicketState.SERVING), "only an unfinished service goes on"


def test_final_states_have_no_way_out() -> None:
    leaving = {state for state, _ in tickets.TRANSITIONS if state is not None}
    assert leaving.isdisjoint(tickets.FINAL)
    assert set(TicketState) == leaving | tickets.FINAL


def test_an_illegal_ticket_transition_raises() -> None:
    with pytest.raises(tickets.IllegalTransition):
        tickets.following(TicketState.DONE, TicketAct.CALL)


def hall_with_window(state: WindowState, *, staffed: bool) -> Hall:
    hall = Hall()
    if staffed:
        hall.do(cmd.SignIn(window="w1", clerk="c1"))
    if state != WindowState.CLOSED:
        hall.do(cmd.Open(window="w1"))
    if state in (WindowState.CALLING, WindowState.SERVING):
        hall.issue()
        hall.do(cmd.CallNext(window="w1"))
    if state == WindowState.SERVING:
        hall.do(cmd.Start(window="w1"))
    if state == WindowState.PAUSED:
        hall.do(cmd.Pause(window="w1", reason="取材料"))
    assert hall.state.windows["w1"].state == state
    return hall


COMMANDS: dict[WindowAct, cmd.AnyCommand] = {
    WindowAct.SIGN_IN: cmd.SignIn(window="w1", clerk="c2"),
    WindowAct.SIGN_OUT: cmd.SignOut(window="w1"),
    WindowAct.OPEN: cmd.Open(window="w1"),
    WindowAct.CLOSE: cmd.Close(window="w1"),
    WindowAct.PAUSE: cmd.Pause(window="w1", reason="午休"),
    WindowAct.UNPAUSE: cmd.Unpause(window="w1"),
    WindowAct.CALL_NEXT: cmd.CallNext(window="w1"),
    WindowAct.RECALL: cmd.Recall(window="w1"),
    WindowAct.START: cmd.Start(window="w1"),
    WindowAct.COMPLETE: cmd.Complete(window="w1"),
    WindowAct.MISS: cmd.Miss(window="w1"),
}

ONLY_AFTER: dict[tuple[WindowState, WindowAct], cmd.AnyCommand] = {
    (WindowState.CALLING, WindowAct.OPEN): cmd.Close(window="w1"),
    (WindowState.SERVING, WindowAct.OPEN): cmd.Close(window="w1"),
    (WindowState.CALLING, WindowAct.UNPAUSE): cmd.Pause(window="w1"),
    (WindowState.SERVING, WindowAct.UNPAUSE): cmd.Pause(window="w1"),
}
"""Legal, but only to take something back."""

REFUSED_WITH = {
    (WindowState.CLOSED, WindowAct.CALL_NEXT): Code.WINDOW_CLOSED,
    (WindowState.PAUSED, WindowAct.CALL_NEXT): Code.WINDOW_PAUSED,
    (WindowState.CALLING, WindowAct.CALL_NEXT): Code.WINDOW_BUSY,
    (WindowState.SERVING, WindowAct.CALL_NEXT): Code.WINDOW_BUSY,
    (WindowState.CALLING, WindowAct.SIGN_IN): Code.WINDOW_OCCUPIED,
    (WindowState.SERVING, WindowAct.SIGN_IN): Code.WINDOW_OCCUPIED,
    (WindowState.CALLING, WindowAct.SIGN_OUT): Code.WINDOW_BUSY,
    (WindowState.SERVING, WindowAct.SIGN_OUT): Code.WINDOW_BUSY,
}


@pytest.mark.parametrize(("state", "act"), list(itertools.product(WindowState, COMMANDS)))
def test_every_window_cell(state: WindowState, act: WindowAct) -> None:
    legal = (state, act) in windows.TRANSITIONS
    hall = hall_with_window(state, staffed=not (act == WindowAct.SIGN_IN and legal))
    window = hall.state.windows["w1"]
    hall.later(11)
    if (state, act) in ONLY_AFTER:
        before = canonical(hall.state)
        with pytest.raises(Rejected, match=r"already|no pause"):
            hall.do(COMMANDS[act])
        assert canonical(hall.state) == before
        hall.do(ONLY_AFTER[state, act])
    if act == WindowAct.MISS and legal:
        hall.do(cmd.Recall(window="w1"))
    if legal:
        hall.do(COMMANDS[act])
        assert window.state in windows.TRANSITIONS[state, act]
        return
    before = canonical(hall.state)
    with pytest.raises(Rejected) as refused:
        hall.do(COMMANDS[act])
    assert refused.value.code == REFUSED_WITH.get((state, act), Code.WRONG_STATE)
    assert refused.value.state == window.state
    assert refused.value.ids["window"] == "w1"
    assert canonical(hall.state) == before


@pytest.mark.parametrize(
    ("flag", "then"), [(cmd.Close(window="w1"), "closed"), (cmd.Pause(window="w1", reason="午休"), "paused")]
)
@pytest.mark.parametrize("end", ["complete", "miss", "cancel", "day"])
def test_flags_take_effect_when_the_ticket_leaves(flag: cmd.AnyCommand, then: str, end: str) -> None:
    hall = hall_with_window(WindowState.SERVING if end == "complete" else WindowState.CALLING, staffed=True)
    window = hall.state.windows["w1"]
    hall.do(flag)
    assert window.state in (WindowState.SERVING, WindowState.CALLING)
    hall.later(11)
    if end == "complete":
        hall.do(cmd.Complete(window="w1"))
    elif end == "miss":
        hall.do(cmd.Recall(window="w1"))
        hall.do(cmd.Miss(window="w1"))
    elif end == "cancel":
        assert window.ticket is not None
        hall.do(cmd.Cancel(ticket=window.ticket.id))
    else:
        hall.later(86_400)
        hall.do(cmd.Tick())
    assert window.state == then
    assert not window.draining
    assert not window.pause_after
