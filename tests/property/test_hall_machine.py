"""Random days in a hall: whatever is asked in whatever order, the invariants hold."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from callq.domain import commands as cmd
from callq.domain.errors import Rejected
from callq.domain.state import HallState, canonical
from callq.domain.ticket import TicketState
from callq.domain.window import TRANSITIONS, WindowAct
from tests.harness import Hall, check_invariants, small_hall

WINDOWS = st.sampled_from(["w1", "w2", "w3", "w9"])
CLERKS = st.sampled_from(["c1", "c2", "c3", "c4", "c9"])
SERVICES = st.sampled_from(["general", "social", "estate", "nothing"])
PEOPLE = st.sampled_from([None, "ann", "bob"])

ACTS = {
    cmd.Open: WindowAct.OPEN,
    cmd.Close: WindowAct.CLOSE,
    cmd.Pause: WindowAct.PAUSE,
    cmd.Unpause: WindowAct.UNPAUSE,
    cmd.CallNext: WindowAct.CALL_NEXT,
    cmd.Recall: WindowAct.RECALL,
    cmd.Start: WindowAct.START,
    cmd.Complete: WindowAct.COMPLETE,
    cmd.Miss: WindowAct.MISS,
    cmd.SignOut: WindowAct.SIGN_OUT,
}


def oldest_eligible(state: HallState, window: str) -> str | None:
    """The rule said again, by looking at every ticket instead of at lanes."""
    seat = state.windows[window]
    clerk = next(c for c in state.config.clerks if c.id == seat.clerk)
    equipment = next(w for w in state.config.windows if w.id == window).services
    skills = {s.code: s.skill or s.code for s in state.config.services}
    waiting = [
        t
        for t in state.tickets.values()
        if t.state == TicketState.WAITING
        and skills[t.service] in clerk.skills
        and (not equipment or t.service in equipment)
    ]
    return min(waiting, key=lambda t: (t.clock_ms, t.seq)).id if waiting else None


class HallMachine(RuleBasedStateMachine):
    hall: Hall

    @initialize()
    def opens(self) -> None:
        self.hall = Hall()

    def do(self, command: cmd.AnyCommand) -> None:
        with contextlib.suppress(Rejected):
            self.hall.do(command)

    @rule(service=SERVICES, person=PEOPLE, cls=st.sampled_from(["ordinary", "priority"]))
    def takes_a_number(self, service: str, person: str | None, cls: cmd.TicketClass) -> None:
        self.hall._minted += 1
        who = cmd.Person(id_hash=person) if person else None
        self.do(cmd.Issue(ticket=f"t{self.hall._minted}", service=service, person=who, cls=cls))

    @rule(window=WINDOWS, clerk=CLERKS)
    def signs_in(self, window: str, clerk: str) -> None:
        self.do(cmd.SignIn(window=window, clerk=clerk))

    @rule(window=WINDOWS, act=st.sampled_from(sorted(ACTS, key=lambda c: c.__name__)))
    def acts(self, window: str, act: type[cmd.AnyCommand]) -> None:
        state = self.hall.state
        seat = state.windows.get(window)
        before = seat.state if seat else None
        expected = oldest_eligible(state, window) if act is cmd.CallNext and seat and seat.clerk else None
        try:
            decision = self.hall.do(act(window=window))  # type: ignore[call-arg]
        except Rejected:
            return
        assert seat is not None
        assert before is not None
        assert seat.state in TRANSITIONS[before, ACTS[act]], "a transition that is not in the table"
        if act is cmd.CallNext:
            assert decision.ticket == expected, "not the longest wait among what the clerk can serve"

    @rule(data=st.data())
    def cancels(self, data: st.DataObject) -> None:
        ids = [*self.hall.state.tickets, "unknown"]
        self.do(cmd.Cancel(ticket=data.draw(st.sampled_from(ids))))

    @rule(seconds=st.sampled_from([0, 1, 10, 11, 600, 3600, 7 * 3600, 86_400]))
    def time_passes(self, seconds: int) -> None:
        self.hall.later(seconds)
        self.do(cmd.Tick())

    @rule(epoch=st.sampled_from(["e1", "e2"]))
    def store_changes(self, epoch: str) -> None:
        self.do(cmd.OpenEpoch(epoch=epoch))

    @rule(less=st.sampled_from([0, 1, 2]))
    def is_configured(self, less: int) -> None:
        config = small_hall()
        self.do(
            cmd.Configure(
                config=small_hall(
                    windows=config.windows[: 3 - less],
                    services=config.services,
                    clerks=config.clerks[: 4 - less],
                )
            )
        )

    @invariant()
    def holds(self) -> None:
        check_invariants(self.hall.state)

    def teardown(self) -> None:
        if hasattr(self, "hall"):
            assert canonical(self.hall.replayed()) == canonical(self.hall.state)


HallMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestHallMachine = pytest.mark.timeout(300)(HallMachine.TestCase)
