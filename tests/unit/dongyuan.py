"""Days of the sample hall `dongyuan`, driven through decide and apply under a clock of their own."""

from __future__ import annotations

import heapq
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

from callq.config import load_hall
from callq.domain import commands as cmd
from callq.domain.apply import apply
from callq.domain.calendar import day_after
from callq.domain.decide import Decision, decide, next_deadline_ms
from callq.domain.errors import Rejected
from callq.domain.events import (
    SCHEMA_VERSION,
    Batch,
    TicketCalled,
    decode_batch,
    encode_batch,
    encode_command,
)
from callq.domain.hours import sessions_on, slots_on
from callq.domain.lanes import LaneKey
from callq.domain.state import HallState
from callq.domain.ticket import TicketState
from callq.domain.undo import Undo
from tests.harness import MONDAY_9H, check_invariants
from tests.unit.dongyuan_events import out_of_the_ordinary

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.ticket import Ticket

MINUTE = 60_000
ARRIVALS = 2_600
BOOKINGS = 90
CHECK_EVERY = 400
CROWDS = {"general": 30, "social": 8, "medical": 8, "household": 10, "traffic": 8, "tax": 8}
"""Weights of the services that most people come for; any other has 2."""


class Days:
    """A hall and the people in it: everything happens at a time, in the order of time."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.state = HallState("dongyuan")
        self.now_ms = MONDAY_9H - 3 * 60 * MINUTE
        self.payloads: list[bytes] = []
        self.refused: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        """How often each command did something; ``auto_call``: how often the clock called."""
        self.asked: Counter[str] = Counter()
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._counted = 0
        self._minted = 0
        self.do(cmd.Configure(config=load_hall("dongyuan")))

    def at(self, at_ms: int, act: Callable[[], None]) -> None:
        """Have something done at a time."""
        self._counted += 1
        heapq.heappush(self._agenda, (at_ms, self._counted, act))

    def after(self, minutes: float, act: Callable[[], None]) -> None:
        """Have something done after a while, some sooner and some later."""
        self.at(self.now_ms + round(minutes * MINUTE * self.random.uniform(0.5, 1.5)), act)

    def run(self, until_ms: int) -> None:
        """Let time pass: what is due by itself comes first, as in the runtime."""
        while self._agenda and self._agenda[0][0] <= until_ms:
            at_ms, _, act = heapq.heappop(self._agenda)
            self._pass(at_ms)
            act()
        self._pass(until_ms)

    def _pass(self, at_ms: int) -> None:
        while (deadline := next_deadline_ms(self.state)) is not None and deadline <= at_ms:
            self.now_ms = max(self.now_ms, deadline)
            decision = self.do(cmd.Tick())
            assert decision is not None
            assert decision.events, "a tick was due and did nothing"
            for event in decision.events:
                if isinstance(event, TicketCalled):
                    self.accepted["auto_call"] += 1
                    self._waits_for(event.window)
        self.now_ms = max(self.now_ms, at_ms)

    def do(self, command: cmd.AnyCommand) -> Decision | None:
        """Decide and apply; None where a rule refuses."""
        self.asked[type(command).__name__] += 1
        try:
            decision = decide(self.state, command, self.now_ms)
        except Rejected as refusal:
            self.refused[refusal.code] += 1
            return None
        if decision.events:
            self.accepted[type(command).__name__] += 1
            payload = encode_batch(
                Batch(
                    v=SCHEMA_VERSION,
                    at_ms=self.now_ms,
                    who=cmd.SYSTEM,
                    key=f"~{self.state.revision}",
                    command=encode_command(command),
                    events=decision.events,
                    ticket=decision.ticket,
                    window=decision.window,
                )
            )
            self.payloads.append(payload)
            apply(self.state, decode_batch(payload), Undo())
            if len(self.payloads) % CHECK_EVERY == 0:
                check_invariants(self.state)
        return decision

    def mint(self, kind: str) -> str:
        """A new id."""
        self._minted += 1
        return f"{kind}{self._minted:05d}"

    # A day

    def day(self, *, closes_by_hand: bool = False) -> None:
        """One business day, from the first clerk to the tick that opens the next."""
        state, config = self.state, self.state.config
        sessions = [s for s in sessions_on(config, state.day) if s.kind != "booked_only"]
        opens = min(s.serving_from_ms for s in sessions)
        closes = max(s.serving_to_ms for s in sessions)
        self._book()
        for window, clerk in seats(state):
            self.at(opens - 10 * MINUTE, lambda w=window, c=clerk: self._sits_down(w, c))
            self.at(opens, lambda w=window: self._works(w))
            self.at(closes, lambda w=window: self._leaves(w))
        for _ in range(ARRIVALS):
            session = self.random.choice(sessions)
            spread = self.random.randrange(session.ticketing_from_ms, session.ticketing_to_ms)
            self.at(spread, lambda s=session.services: self._arrives(s))
        out_of_the_ordinary(self, opens, closes)
        if closes_by_hand:
            self.at(closes + 30 * MINUTE, lambda: self._tell(cmd.CloseDay(reason="提前下班")))
        self.run(state.day_ends_ms)

    def _book(self) -> None:
        state = self.state
        bookable = [s.code for s in state.config.services if s.booking]
        for _ in range(BOOKINGS):
            service = self.random.choice(bookable)
            day = day_after(state.day, self.random.choice([0, 0, 1]))
            slots = slots_on(state.config, service, day)
            booking, person = self.mint("b"), cmd.Person(phone_hash=f"p{self.random.randrange(4000)}")
            slot_ms = self.random.choice(slots).start_ms
            if self.do(cmd.Book(booking=booking, service=service, slot_ms=slot_ms, person=person)):
                self._keeps(booking, slot_ms)

    def _keeps(self, booking: str, slot_ms: int) -> None:
        what = self.random.random()
        if what < 0.05:
            self.at(slot_ms - 150 * MINUTE, lambda: self._tell(cmd.CancelBooking(booking=booking)))
        elif what < 0.9:
            comes = slot_ms + self.random.randrange(-25, 25) * MINUTE
            self.at(comes, lambda: self._tell(cmd.CheckIn(booking=booking, ticket=self.mint("t"))))

    def _tell(self, command: cmd.AnyCommand) -> None:
        self.do(command)

    def _arrives(self, services: tuple[str, ...]) -> None:
        weights = [CROWDS.get(s, 2) for s in services]
        first, second = self.random.choices(services, weights, k=2)
        known = self.random.random() < 0.5
        issue = cmd.Issue(
            ticket=self.mint("t"),
            service=first,
            cls="priority" if self.random.random() < 0.04 else "ordinary",
            channel=self.random.choice(("kiosk", "kiosk", "counter", "web", "phone")),
            person=cmd.Person(id_hash=f"i{self.random.randrange(50_000)}") if known else None,
            services=(second,) if self.random.random() < 0.03 and first != second else (),
            party=self.random.choice((1, 1, 1, 2)),
        )
        if self.do(issue) is None:
            self.do(cmd.Issue(ticket=self.mint("t"), service="general"))

    # A window

    def _sits_down(self, window: str, clerk: str) -> None:
        self.do(cmd.SignIn(window=window, clerk=clerk))
        self.do(cmd.Open(window=window))

    def _works(self, window: str) -> None:
        seat = self.state.windows[window]
        if not seat.open or seat.ticket is not None:
            return
        decision = self.do(self._chosen(window))
        if decision is None or decision.ticket is None:
            self.after(1, lambda: self._works(window))
        elif self.random.random() < 0.01:
            self.at(self.now_ms + 5_000, lambda: self._takes_back(window))
        else:
            self._waits_for(window)

    def _chosen(self, window: str) -> cmd.AnyCommand:
        """The next one as a rule; now and then somebody who has waited longest but one."""
        if self.random.random() < 0.01:
            for service in self.state.services_at(self.state.windows[window]):
                for ticket in self.state.lanes[LaneKey(service, "ordinary")].ids()[1:2]:
                    return cmd.CallTicket(window=window, ticket=ticket, reason="赶火车")
        return cmd.CallNext(window=window)

    def _takes_back(self, window: str) -> None:
        if self.do(cmd.Undo(window=window)) is None:
            self._waits_for(window)
        elif self.state.windows[window].ticket is None:
            self.after(1, lambda: self._works(window))
        else:
            self.after(2, lambda: self._ends(window))

    def _waits_for(self, window: str) -> None:
        if self.random.random() < 0.93:
            self.after(0.5, lambda: self._serves(window))
        else:
            self.at(self.now_ms + 11_000, lambda: self._tell(cmd.Recall(window=window)))
            self.at(self.now_ms + 30_000, lambda: self._gives_up(window))

    def _gives_up(self, window: str) -> None:
        decision = self.do(cmd.Miss(window=window))
        if decision is None and self.state.suspended_since is not None:
            self.after(2, lambda: self._gives_up(window))
        elif decision is not None and decision.ticket is not None and self.random.random() < 0.6:
            rejoin = cmd.Rejoin(ticket=decision.ticket)
            self.after(8, lambda: self._tell(rejoin))
        self._works(window)

    def _serves(self, window: str) -> None:
        self.do(cmd.Start(window=window))
        self.after(7, lambda: self._ends(window))

    def _ends(self, window: str) -> None:
        ticket, what = self.state.windows[window].ticket, self.random.random()
        if ticket is None:
            return
        if what < 0.04:
            self._puts_aside(window, ticket)
        elif what < 0.07:
            other = self.random.choice(self.state.config.services).code
            if self.do(cmd.Transfer(window=window, to_service=other)) is None:
                self.do(cmd.Complete(window=window))
        else:
            self.do(cmd.Complete(window=window))
            if 0.1 < what < 0.11:
                self.at(self.now_ms + 4_000, lambda: self._takes_back(window))
                return
            if what > 0.7:
                self.do(cmd.Rate(ticket=ticket.id, level=self.random.choice((5, 5, 5, 4, 1))))
        self._works(window)

    def _puts_aside(self, window: str, ticket: Ticket) -> None:
        kind = self.random.choice(("without_papers", "with_papers", "waiting"))
        self.do(cmd.Hold(window=window, kind=kind))  # type: ignore[arg-type]
        if kind == "waiting":
            self.after(10, lambda: self._resumes(window, ticket.id))
        elif self.random.random() < 0.9:
            self.after(25, lambda: self._comes_back(ticket.id))

    def _comes_back(self, ticket: str) -> None:
        decision = self.do(cmd.Returned(ticket=ticket))
        if decision is None and self.state.suspended_since is not None:
            self.after(5, lambda: self._comes_back(ticket))
        elif decision is not None and decision.window is not None:
            self._waits_for(decision.window)

    def _resumes(self, window: str, ticket: str) -> None:
        seat = self.state.windows[window]
        if self.do(cmd.Resume(window=window, ticket=ticket)) is not None:
            self.after(4, lambda: self._ends(window))
        elif seat.open and self.state.tickets[ticket].state == TicketState.HELD:
            self.after(2, lambda: self._resumes(window, ticket))

    def _leaves(self, window: str) -> None:
        self.do(cmd.Close(window=window))
        self.after(40, lambda: self._tell(cmd.SignOut(window=window)))


def seats(state: HallState) -> list[tuple[str, str]]:
    """Who sits where: the windows that fewest can serve choose first."""
    index = state.index

    def able(window: str) -> list[str]:
        return [clerk for clerk in index.clerks if index.serving(window, clerk, state.day)]

    taken: dict[str, str] = {}
    for window in sorted(index.windows, key=lambda w: len(able(w))):
        free = [clerk for clerk in able(window) if clerk not in taken.values()]
        if free:
            taken[window] = free[0]
    return list(taken.items())
