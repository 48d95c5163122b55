"""What people do at windows and with tickets on a random day, and what is compared after each act."""

from __future__ import annotations

import contextlib
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import pytest
from hypothesis import strategies as st

from callq.domain import commands as cmd
from callq.domain.effects.tools import WHOLE_UNDO
from callq.domain.errors import Rejected
from callq.domain.window import TRANSITIONS, WindowAct
from tests.harness import ANN, BOB
from tests.property.clients import ANN_ELSEWHERE, client
from tests.property.halls import CLERKS, PEOPLE, SERVICES, WINDOWS, Night, hall_of
from tests.property.model import Watched, but_for_traces, expected_choice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
Source = Random | st.DataObject
"""Where chance comes from."""

WHO = [ANN, ANN, ANN, BOB]
KINDS = ["without_papers", "with_papers", "waiting"]

AT_WINDOW = {
    cmd.Open: WindowAct.OPEN,
    cmd.Close: WindowAct.CLOSE,
    cmd.Pause: WindowAct.PAUSE,
    cmd.Unpause: WindowAct.UNPAUSE,
    cmd.CallNext: WindowAct.CALL_NEXT,
    cmd.Recall: WindowAct.RECALL,
    cmd.Start: WindowAct.START,
    cmd.Complete: WindowAct.COMPLETE,
    cmd.Miss: WindowAct.MISS,
    cmd.Abandon: WindowAct.ABANDON,
    cmd.Undo: WindowAct.UNDO,
    cmd.SignOut: WindowAct.SIGN_OUT,
}
ACTS = [*sorted(AT_WINDOW, key=lambda c: c.__name__), cmd.CallNext, cmd.CallNext, cmd.Start]
ON_TICKET = [cmd.Cancel, cmd.Rejoin, cmd.AbandonTicket, cmd.Returned, cmd.Returned]


def asked(often: int = 1, **choices: Sequence[Any]) -> Callable[[T], T]:
    """Mark something that people do, so much more often than others; each argument is one of its choices."""

    def mark(act: T) -> T:
        act.often, act.choices = often, choices  # type: ignore[attr-defined]
        return act

    return mark


def pick(data: Source, options: Sequence[T]) -> T:
    """One of several."""
    return data.choice(options) if isinstance(data, Random) else data.draw(st.sampled_from(options))


class AtWindows:
    """One hall, its windows and its tickets."""

    hall: Watched

    def opens(self, seed: int, night: Night) -> None:
        config = msgspec.structs.replace(hall_of(seed), timezone=night.timezone)
        self.hall = Watched(config, night.begins_ms, level=seed % 4)
        for window, clerk in (("w1", "c1"), ("w2", "c2")):
            self.do(cmd.SignIn(window=window, clerk=clerk))
            self.do(cmd.Open(window=window))

    def ready(self, window: str) -> None:
        """See to it that something can happen at a window: a clerk, no pause, somebody who waits."""
        if self.hall.state.suspended_since is not None:
            self.do(cmd.ResumeHall())
        for clerk in ("c1", "c2", "c3"):
            self.do(cmd.SignIn(window=window, clerk=clerk))
        self.do(cmd.Open(window=window))
        self.do(cmd.Unpause(window=window))
        self.hall._minted += 1
        service = ("general", "social", "estate")[self.hall._minted % 3]
        more = ("social", "general") if self.hall._minted % 5 == 0 else ()
        self.do(cmd.Issue(ticket=f"t{self.hall._minted}", service=service, services=more))

    def do(self, command: cmd.AnyCommand, who: cmd.Actor | None = None) -> bool:
        """What the runtime does: first what is due, then the command; whether it was accepted.

        Somebody who may asks, under a key of their own: each client counts its keys by itself.
        """
        self.hall.ticks()
        who = who or client(command, len(self.hall.payloads))
        with contextlib.suppress(Rejected):
            self.hall.do(command, f"press-{len(self.hall.payloads)}", who)
            return True
        return False

    def some(self, data: Source, *states: str) -> str:
        """A ticket, rather one in a state where something can be done."""
        tickets = self.hall.state.tickets
        ids = [t.id for t in tickets.values() if not states or t.state in states]
        return pick(data, [*ids, *ids, *ids, *list(tickets)[-2:], "unknown"])

    @asked(
        service=SERVICES,
        person=[None, *PEOPLE],
        cls=["ordinary", "ordinary", "priority"],
        channel=["kiosk", "kiosk", "web"],
        services=[(), (), ("social",), ("estate", "social"), ("general", "nothing")],
        party=[1, 1, 4, 0],
    )
    def takes_a_number(
        self,
        service: str,
        person: str | None,
        cls: cmd.TicketClass,
        channel: cmd.Channel,
        services: tuple[str, ...],
        party: int,
        data: Source,
    ) -> None:
        self.hall._minted += 1
        owed = list(self.hall.state.credits)
        self.do(
            cmd.Issue(
                ticket=f"t{self.hall._minted}",
                service=service,
                person=cmd.Person(id_hash=person, phone_hash=f"{person}-phone") if person else None,
                cls=cls,
                channel=channel,
                services=services,
                party=party,
                prefer_clerk="c1" if party == 4 else "",
                come_back=pick(data, owed) if owed else "",
                prechecked=party > 1 and "estate" in (service, *services),
            )
        )

    @asked(window=WINDOWS, act=ACTS, who=WHO)
    def works(self, window: str, act: type[cmd.AnyCommand], who: cmd.Actor) -> None:
        self.hall.ticks()
        state = self.hall.state
        seat = state.windows.get(window)
        before, free = (seat.state, seat.ticket is None) if seat else (None, False)
        expected = None
        if act is cmd.CallNext and seat and seat.clerk and free:
            expected = expected_choice(state, window, self.hall.now_ms)
        try:
            decision = self.hall.do(act(window=window), who=who)  # type: ignore[call-arg]
        except Rejected:
            return
        assert seat is not None
        assert before is not None
        assert seat.state in TRANSITIONS[before, AT_WINDOW[act]], "a transition that is not in the table"  # type: ignore[index]
        if act is cmd.CallNext and free:
            assert decision.ticket == expected, "not whom the policy chooses among what the clerk can serve"

    @asked(window=WINDOWS, kind=KINDS, seconds=[0, 1, 300])
    def serves_and_holds(self, window: str, kind: cmd.HoldKind, seconds: int) -> None:
        self.ready(window)
        for command in (cmd.CallNext(window=window), cmd.Start(window=window)):
            self.do(command)
        self.hall.later(seconds)
        self.do(cmd.Hold(window=window, kind=kind))

    @asked(
        window=WINDOWS,
        end=[cmd.Complete, cmd.Miss],
        flag=[None, cmd.Close, cmd.Pause],
    )
    def goes_through(
        self, window: str, end: type[cmd.Complete | cmd.Miss], flag: type[cmd.Close | cmd.Pause] | None
    ) -> None:
        self.ready(window)
        self.do(cmd.CallNext(window=window))
        self.hall.later(11)
        self.do(cmd.Recall(window=window) if end is cmd.Miss else cmd.Start(window=window))
        if flag is not None:
            self.do(flag(window=window))
        self.do(end(window=window))

    @asked(3, window=WINDOWS, act=[cmd.CallNext, cmd.Miss, cmd.Complete], seconds=[0, 1, 14])
    def changes_their_mind(self, window: str, act: type[cmd.AnyCommand], seconds: int, data: Source) -> None:
        if pick(data, [True, False]):
            self.ready(window)
        self.hall.ticks()
        state = self.hall.state
        seat = state.windows.get(window)
        before, free = but_for_traces(state), bool(seat and seat.ticket is None)
        named = pick(data, [True, False]) and act is cmd.CallNext
        command = (
            cmd.CallTicket(window=window, ticket=self.some(data, "missed", "held"), reason="赶火车")
            if named
            else act(window=window)  # type: ignore[call-arg]
        )
        try:
            events = self.hall.do(command, who=ANN).events
        except Rejected:
            return
        if not events or (act is cmd.CallNext and not free and state.level < WHOLE_UNDO):
            return  # For older readers, what "next" ended first stays.
        self.hall.later(seconds)
        if self.hall.ticks():
            return  # The clock has done something since.
        with pytest.raises(Rejected, match="forbidden"):
            self.hall.do(cmd.Undo(window=window), who=BOB)
        self.hall.do(cmd.Undo(window=window), who=ANN_ELSEWHERE)
        assert but_for_traces(state) == before, "not exactly as before"
        self.hall.ticks()
        seat = state.windows[window]
        assert not free or seat.ticket is None, "the clock makes the call that was taken back"

    @asked(act=ON_TICKET)
    def asks_for_a_ticket(self, act: type[cmd.AnyCommand], data: Source) -> None:
        wanted = {cmd.Rejoin: ("missed",), cmd.Returned: ("held", "done")}.get(act, ())  # type: ignore[arg-type]
        self.do(act(ticket=self.some(data, *wanted)))  # type: ignore[call-arg]

    @asked(
        service=SERVICES,
        cls=["ordinary", "priority", "appointment"],
        regrade=[True, False],
    )
    def goes_elsewhere(self, data: Source, service: str, cls: cmd.TicketClass, regrade: bool) -> None:
        ticket = self.some(data, "waiting")
        self.do(
            cmd.GrantClass(ticket=ticket, cls=cls)
            if regrade
            else cmd.Reassign(ticket=ticket, service=service),
            BOB,
        )

    @asked(
        level=[0, 1, 5],
        by_phone=[True, False],
        step=[None, 0, 1],
        before=[None, 0, 1],
    )
    def rates(self, data: Source, level: int, by_phone: bool, step: int | None, before: int | None) -> None:
        ticket = self.some(data, "done")
        self.do(cmd.Rate(ticket=ticket, level=level, by_phone=by_phone, step=step, before=before))

    @asked(window=WINDOWS, resume=[True, False])
    def calls_by_name(self, data: Source, window: str, resume: bool) -> None:
        ticket = self.some(data, "held", *(() if resume else ("waiting", "missed")))
        self.do(
            cmd.Resume(window=window, ticket=ticket)
            if resume
            else cmd.CallTicket(window=window, ticket=ticket, reason="赶火车")
        )

    @asked(
        service=SERVICES,
        window=WINDOWS,
        clerk=CLERKS,
        towards=["service", "window", "clerk"],
        wait=[True, False],
    )
    def transfers(
        self, data: Source, service: str, window: str, clerk: str, towards: str, wait: bool
    ) -> None:
        self.do(
            cmd.Transfer(
                ticket=self.some(data, "called", "serving", "held"),
                to_service=service if towards == "service" else "",
                to_window=window if towards == "window" else "",
                to_clerk=clerk if towards == "clerk" else "",
                wait=wait,
            )
        )

    @asked(
        window=WINDOWS,
        clerk=CLERKS,
        act=[cmd.SignIn, cmd.SignIn, cmd.HandOver, cmd.TakeOver],
    )
    def takes_a_seat(self, window: str, clerk: str, act: type[cmd.AnyCommand]) -> None:
        self.do(act(window=window, clerk=clerk))  # type: ignore[call-arg]

    @asked(window=WINDOWS, ends=[True, True, False])
    def asks(self, window: str, ends: bool) -> None:
        if not self.do(cmd.RequestRating(window=window)):
            self.ready(window)
            for act in (cmd.CallNext, cmd.Start, cmd.Complete, cmd.RequestRating):
                self.do(act(window=window))
        self.do(cmd.Help(window=window))
        if ends:
            self.do(cmd.HelpDone(window=window))

    @asked(window=WINDOWS, skills=[None, (), ("general",), ("social", "estate")])
    def narrows_the_skills(self, window: str, skills: tuple[str, ...] | None) -> None:
        self.do(cmd.SetSkills(window=window, skills=skills))
        self.do(cmd.SignOut(window=window, clerk="c5"))
