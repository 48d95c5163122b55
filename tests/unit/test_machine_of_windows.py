"""The window machine, cell by cell: what the table allows happens, the rest is refused and moves nothing."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import pytest

from callq.domain import commands as cmd
from callq.domain import window as windows
from callq.domain.errors import Code, Rejected
from callq.domain.hall import Rules, digest
from callq.domain.state import canonical
from callq.domain.tides import TideMemory, TidePlan
from callq.domain.window import WindowAct, WindowState
from tests.harness import MONDAY_9H, Hall, explained, small_hall, tidal_hall

W, A = WindowState, WindowAct
FIRST, SECOND = "t0001", "t0002"

OPEN, CLOSE = cmd.Open(window="w1"), cmd.Close(window="w1")
PAUSE, UNPAUSE = cmd.Pause(window="w1", reason="午休"), cmd.Unpause(window="w1")
SIGN_IN, SIGN_OUT = cmd.SignIn(window="w1", clerk="c1"), cmd.SignOut(window="w1")
CALL, START, MISS = cmd.CallNext(window="w1"), cmd.Start(window="w1"), cmd.Miss(window="w1")
RECALL, COMPLETE, UNDO = cmd.Recall(window="w1"), cmd.Complete(window="w1"), cmd.Undo(window="w1")
CANCEL, CLOSE_DAY = cmd.Cancel(ticket=FIRST), cmd.CloseDay()
TIDAL = tidal_hall()
OPENS = cmd.ReckonTides(
    minute_ms=MONDAY_9H + 60_000,
    config=digest(TIDAL),
    memory=TideMemory(),
    plan=explained(TidePlan(open=("w1",))),
)
"""A plan lets the window open in a few minutes."""
LATER = cmd.Tick()
"""Stands for: the time after which a service that outlives its day ends."""

SERVING = (CALL, START)
PAPERS = (*SERVING, cmd.Hold(window="w1", kind="with_papers"))
WAITS = (*SERVING, cmd.Hold(window="w1", kind="waiting"))
SEATED = (SIGN_IN, OPEN)

COMMANDS: dict[WindowAct, cmd.AnyCommand] = {
    A.SIGN_IN: cmd.SignIn(window="w1", clerk="c2"),
    A.SIGN_OUT: SIGN_OUT,
    A.OPEN: OPEN,
    A.CLOSE: CLOSE,
    A.PAUSE: PAUSE,
    A.UNPAUSE: UNPAUSE,
    A.CALL_NEXT: CALL,
    A.RECALL: RECALL,
    A.START: START,
    A.COMPLETE: COMPLETE,
    A.MISS: MISS,
    A.CALL_THIS: cmd.CallTicket(window="w1", ticket=FIRST, reason="赶火车"),
    A.HOLD: cmd.Hold(window="w1", kind="without_papers"),
    A.RESUME: cmd.Resume(window="w1", ticket=FIRST),
    A.TRANSFER: cmd.Transfer(window="w1", to_service="social"),
    A.ABANDON: cmd.Abandon(window="w1"),
    A.HAND_OVER: cmd.HandOver(window="w1", clerk="c2"),
    A.TAKE_OVER: cmd.TakeOver(window="w1", clerk="c2", reason="换岗"),
    A.UNDO: UNDO,
    A.SET_SKILLS: cmd.SetSkills(window="w1", skills=("general",)),
    A.TAKE_BACK: cmd.Returned(ticket=FIRST),
    A.LOSE_TICKET: CANCEL,
}

FREE_BY: dict[WindowState, tuple[cmd.AnyCommand, ...]] = {W.IDLE: (), W.PAUSED: (PAUSE,), W.CLOSED: (CLOSE,)}
"""The flag that decides where a window goes when its ticket leaves."""

PATHS: dict[WindowState, tuple[cmd.AnyCommand, ...]] = {
    W.CLOSED: (SIGN_IN,),
    W.IDLE: SEATED,
    W.PAUSED: (*SEATED, PAUSE),
    W.CALLING: (*SEATED, CALL),
    W.SERVING: (*SEATED, *SERVING),
}

POLICY = Rules(next_while_serving="complete", next_while_called="miss", min_calls_before_miss=1)


class Scene(NamedTuple):
    """One transition, shown."""

    state: WindowState
    act: WindowAct
    to: WindowState
    before: tuple[cmd.AnyCommand, ...]
    command: cmd.AnyCommand
    tickets: int = 1
    rules: Rules = Rules()
    tides: bool = False
    """Whether a plan may open the window."""


def _leaving() -> list[Scene]:
    """The ticket leaves; the flags say where the window goes."""
    found = []
    for to, flag in FREE_BY.items():
        for act in (A.ABANDON, A.TRANSFER):
            found.append(Scene(W.CALLING, act, to, (*SEATED, CALL, *flag), COMMANDS[act]))
        for act in (A.COMPLETE, A.HOLD, A.ABANDON, A.TRANSFER):
            found.append(Scene(W.SERVING, act, to, (*SEATED, *SERVING, *flag), COMMANDS[act]))
        found += [
            Scene(W.CALLING, A.MISS, to, (*SEATED, CALL, RECALL, *flag), MISS),
            Scene(W.CALLING, A.LOSE_TICKET, to, (*SEATED, CALL, *flag), CANCEL),
            Scene(W.CALLING, A.LOSE_TICKET, to, (*SEATED, CALL, *flag), CLOSE_DAY),
            Scene(W.SERVING, A.LOSE_TICKET, to, (*SEATED, *SERVING, *flag, CLOSE_DAY), LATER),
            Scene(W.CALLING, A.CALL_NEXT, to, (*SEATED, CALL, *flag), CALL, rules=POLICY),
            Scene(W.SERVING, A.CALL_NEXT, to, (*SEATED, *SERVING, *flag), CALL, rules=POLICY),
            Scene(W.CALLING, A.UNDO, to, (*SEATED, CALL, *flag), UNDO),
            Scene(to, A.UNDO, W.CALLING, (*SEATED, CALL, RECALL, *flag, MISS), UNDO),
            Scene(to, A.UNDO, W.SERVING, (*SEATED, *SERVING, *flag, COMPLETE), UNDO),
        ]
    return found


def scenes() -> list[Scene]:
    found = [
        *_leaving(),
        # "Next" was one key press: the ticket that it ended is at the window again.
        Scene(W.CALLING, A.UNDO, W.CALLING, (*SEATED, CALL, CALL), UNDO, tickets=2, rules=POLICY),
        Scene(W.CALLING, A.UNDO, W.SERVING, (*SEATED, *SERVING, CALL), UNDO, tickets=2, rules=POLICY),
        Scene(W.CALLING, A.CALL_NEXT, W.CALLING, (*SEATED, CALL), CALL, tickets=2, rules=POLICY),
        Scene(W.SERVING, A.CALL_NEXT, W.CALLING, (*SEATED, *SERVING), CALL, tickets=2, rules=POLICY),
        Scene(W.IDLE, A.CALL_NEXT, W.IDLE, SEATED, CALL, tickets=0),
        Scene(W.IDLE, A.CALL_NEXT, W.CALLING, SEATED, CALL),
        Scene(W.IDLE, A.TAKE_BACK, W.CALLING, (*SEATED, *PAPERS), COMMANDS[A.TAKE_BACK]),
        Scene(W.IDLE, A.RESUME, W.SERVING, (*SEATED, *WAITS), COMMANDS[A.RESUME]),
        # Legal while closed or busy, but only to take something back.
        Scene(W.CLOSED, A.CLOSE, W.CLOSED, (SIGN_IN, OPENS), CLOSE, tides=True),
        *(Scene(s, A.OPEN, s, (*PATHS[s], CLOSE), OPEN) for s in (W.CALLING, W.SERVING)),
        *(Scene(s, A.UNPAUSE, s, (*PATHS[s], PAUSE), UNPAUSE) for s in (W.CALLING, W.SERVING)),
        Scene(W.CLOSED, A.SIGN_IN, W.CLOSED, (), SIGN_IN),
        Scene(W.IDLE, A.SIGN_IN, W.IDLE, (OPEN,), SIGN_IN),
        Scene(W.PAUSED, A.SIGN_IN, W.PAUSED, (OPEN, PAUSE), SIGN_IN),
    ]
    shown = {(s.state, s.act) for s in found}
    for (state, act), targets in windows.TRANSITIONS.items():
        if (state, act) not in shown:
            found += [Scene(state, act, to, PATHS[state], COMMANDS[act]) for to in targets]
    return found


def play(
    commands: tuple[cmd.AnyCommand, ...], tickets: int = 1, rules: Rules | None = None, tides: bool = False
) -> Hall:
    """A hall in which some took a number for `general`, and then these were done, one second apart."""
    hall = Hall(TIDAL if tides else small_hall(rules=rules or Rules(recall_gap_s=1)))
    for _ in range(tickets):
        hall.issue()
    for command in commands:
        hall.later(1)
        hall.do(command)
    hall.later(1)
    return hall


@pytest.mark.parametrize("scene", scenes(), ids=lambda s: f"{s.state}-{s.act}-{s.to}")
def test_a_legal_act_ends_where_the_table_says(scene: Scene) -> None:
    rules = scene.rules if scene.rules != Rules() else None
    hall = play(scene.before, scene.tickets, rules, scene.tides)
    window = hall.state.windows["w1"]
    assert window.state == scene.state
    if scene.command is LATER:
        hall.later(2 * 3600)
        assert hall.ticks() == 1
    else:
        hall.do(scene.command)
    assert window.state == scene.to
    if window.ticket is None:
        assert not window.draining
        assert not window.pause_after


def test_every_transition_of_the_table_is_shown() -> None:
    shown = {(s.state, s.act, s.to) for s in scenes()}
    assert shown == {(s, a, to) for (s, a), targets in windows.TRANSITIONS.items() for to in targets}


NOTHING_TO_TAKE_BACK = {
    (W.CLOSED, A.CLOSE),
    (W.CALLING, A.OPEN),
    (W.SERVING, A.OPEN),
    (W.CALLING, A.UNPAUSE),
    (W.SERVING, A.UNPAUSE),
    *((state, A.UNDO) for state in (W.CLOSED, W.IDLE, W.PAUSED)),
}
BY_DEFAULT = {(W.CALLING, A.CALL_NEXT), (W.SERVING, A.CALL_NEXT)}
NEEDS_A_FREE_WINDOW = (A.CALL_NEXT, A.CALL_THIS, A.RESUME)
CODES = {
    **{(W.CLOSED, act): Code.WINDOW_CLOSED for act in NEEDS_A_FREE_WINDOW},
    **{(W.PAUSED, act): Code.WINDOW_PAUSED for act in NEEDS_A_FREE_WINDOW},
    **{(state, act): Code.WINDOW_BUSY for state in (W.CALLING, W.SERVING) for act in NEEDS_A_FREE_WINDOW},
    **{(state, A.SIGN_IN): Code.WINDOW_OCCUPIED for state in W},
    **{(state, A.SIGN_OUT): Code.WINDOW_BUSY for state in W},
}
NOT_REFUSED = (A.TAKE_BACK, A.LOSE_TICKET)
"""What happens to a ticket elsewhere is not refused; the window stays as it is."""

REFUSED = [
    pair
    for pair in itertools.product(W, A)
    if pair[1] not in NOT_REFUSED
    and (pair not in windows.TRANSITIONS or pair in NOTHING_TO_TAKE_BACK | BY_DEFAULT)
]


@pytest.mark.parametrize(("state", "act"), REFUSED)
def test_an_illegal_act_is_refused_and_changes_nothing(state: WindowState, act: WindowAct) -> None:
    hall = play(PATHS[state])
    assert hall.state.windows["w1"].state == state
    before = canonical(hall.state)
    with pytest.raises(Rejected) as refused:
        hall.do(COMMANDS[act])
    assert refused.value.code == CODES.get((state, act), Code.WRONG_STATE)
    assert refused.value.state == state
    assert refused.value.ids["window"] == "w1"
    assert canonical(hall.state) == before


@pytest.mark.parametrize("state", [s for s in W if s != W.IDLE])
def test_papers_come_back_to_a_window_that_is_not_free(state: WindowState) -> None:
    path = [step for step in PATHS[state] if step not in SEATED]
    hall = play((*SEATED, *PAPERS, *path) if state != W.CLOSED else (*SEATED, *PAPERS, CLOSE), tickets=2)
    hall.do(COMMANDS[A.TAKE_BACK])
    ticket = hall.state.tickets[FIRST]
    assert (hall.state.windows["w1"].state, ticket.state) == (state, "waiting")
    assert ticket.bound == ("" if state == W.CLOSED else "w:w1")


@pytest.mark.parametrize("state", [W.CLOSED, W.IDLE, W.PAUSED])
def test_a_window_without_a_ticket_loses_none(state: WindowState) -> None:
    hall = play(PATHS[state])
    hall.do(CANCEL)
    assert hall.state.windows["w1"].state == state


def test_every_pair_is_either_shown_or_refused() -> None:
    shown = {(s.state, s.act) for s in scenes()}
    elsewhere = set(itertools.product(W, NOT_REFUSED))
    assert shown | set(REFUSED) | elsewhere == set(itertools.product(W, A))


@pytest.mark.parametrize("state", [W.CLOSED, W.IDLE, W.PAUSED])
def test_an_unstaffed_window_calls_nobody(state: WindowState) -> None:
    hall = play(tuple(step for step in PATHS[state] if step != SIGN_IN))
    with pytest.raises(Rejected) as refused:
        hall.do(CALL)
    assert refused.value.code == (Code.WINDOW_CLOSED if state == W.CLOSED else Code.WINDOW_UNSTAFFED)
