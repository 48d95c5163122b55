"""People of a simulated day: they come, wait, are called and served, lose patience, are sent on.

What chance there is has been drawn before (`callq.simulate.draws`): here follows what comes of it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from callq.domain import commands as cmd
from callq.domain.errors import Rejected
from callq.domain.opening import slots_on
from callq.simulate.guided import Guide
from callq.simulate.record import Outcome
from callq.simulate.windows import MIDNIGHT_MS

if TYPE_CHECKING:
    from callq.domain import events as ev
    from callq.domain.ticket import Ticket
    from callq.simulate.draws import Person
    from callq.simulate.engine import SimulatedDay
    from callq.simulate.windows import Windows
    from callq.wire.messages.guide import RouteOption

NOBODY_COMES_MS: Final = 15_000
"""How long a clerk waits after each call for somebody who does not come; longer where the hall says so."""


class _Visit:
    """Somebody in the hall."""

    __slots__ = ("begun", "current", "left", "outcome", "person", "rest_ms", "ticket")

    def __init__(self, person: Person, ticket: str, outcome: Outcome) -> None:
        self.person = person
        self.ticket = ticket
        self.outcome = outcome
        self.rest_ms = person.service_ms
        """Handling that is left of the present business."""
        self.begun = False
        """Whether the first stretch of handling is over."""
        self.left = False
        """Went without a word."""
        self.current = 0
        """0 the first business, 1 the one that the person was sent on to."""


class People:
    """Everybody who comes.

    Args:
      day: that they come on; its scenario and hall are there already.
      people: in order of arrival; who would come after midnight does not.
      windows: where they are served.
    """

    def __init__(self, day: SimulatedDay, people: tuple[Person, ...], windows: Windows) -> None:
        people = tuple(person for person in people if person.at_ms < MIDNIGHT_MS)
        self.to_come = len(people)
        """How many are still to come."""
        self._day = day
        self._state = day.state
        self._record = day.record
        self._people = people
        self._windows = windows
        self._lines = day.hall.lines
        self._joins_shorter = day.hall.choice == "shorter"
        self._visits: dict[str, _Visit] = {}
        self._walk_ms = int(day.scenario.handling.walk_s * 1000)
        self._in_vain_ms = max(NOBODY_COMES_MS, day.hall.config.rules.recall_gap_s * 1000)
        groups = [group.code for group in day.scenario.groups]
        self._guide = Guide(day.hall.config, day.state, groups, day.scenario.people.accepts)

    def expect(self) -> None:
        """Book what is booked, and plan who comes when."""
        for person in self._people:
            if person.booked:
                self._book(person)
            self._day.plan(person.at_ms, self._arrives, person)

    def _book(self, person: Person) -> None:
        service = self._line(person)
        at_ms = self._day.midnight_ms + person.at_ms
        slots = slots_on(self._state, service, self._state.day)
        slot = next((slot for slot in slots if slot.start_ms <= at_ms < slot.end_ms), None)
        if slot is None:
            return
        with suppress(Rejected):  # The slot is full: the person comes without a booking.
            self._day.do(
                cmd.Book(
                    booking=_booking(person), service=service, slot_ms=slot.start_ms, person=_known(person)
                )
            )

    # Coming ---------------------------------------------------------------------------------------

    def _arrives(self, person: Person) -> None:
        service = self._line(person)
        option = None
        if person.is_guided and person.cls != "appointment":
            option = self._guide.way(person, service, self._day.midnight_ms + self._day.now_ms)
        outcome = Outcome(person.group, person.cls, self._day.now_ms)
        if option is None or option.commit == "ticket":
            self._comes(person, outcome, service, option)
        else:
            self._goes_elsewhere(person, outcome, option)

    def _goes_elsewhere(self, person: Person, outcome: Outcome, option: RouteOption) -> None:
        """Not to the queue now: to an outlet, or to a slot or the next opening of this day."""
        at_ms = (option.arrive_ms or 0) - self._day.midnight_ms
        if option.outlet is not None or not self._day.now_ms < at_ms < MIDNIGHT_MS:
            self.to_come -= 1
            outcome.end = "guided"
            self._record.add(outcome)
            return
        outcome.arrived_ms = at_ms
        if option.commit == "booking":
            outcome.cls = "appointment"
            self._day.do(
                cmd.Book(
                    booking=_booking(person),
                    service=option.service,
                    slot_ms=option.arrive_ms or 0,
                    person=_known(person),
                )
            )
        self._day.plan(at_ms, self._comes, person, outcome, option.service)

    def _comes(
        self, person: Person, outcome: Outcome, service: str, option: RouteOption | None = None
    ) -> None:
        """Take a ticket and wait."""
        self.to_come -= 1
        visit = _Visit(person, f"t{person.number}", outcome)
        self._visits[visit.ticket] = visit
        self._record.add(outcome)
        try:
            self._take_ticket(visit, service, option)
        except Rejected:
            outcome.end = "turned_away"
            return
        self._record.asks_for(self._day.now_ms, person.service_ms + self._walk_ms)
        if person.patience_ms is not None:
            self._day.plan(self._day.now_ms + person.patience_ms, self._loses_patience, visit)
        self._waits(visit)

    def _take_ticket(self, visit: _Visit, service: str, option: RouteOption | None) -> None:
        day, person = self._day, visit.person
        booking = _booking(person)
        if booking in self._state.bookings:
            day.do(cmd.CheckIn(booking=booking, ticket=visit.ticket))
        elif option is not None:
            day.do(
                cmd.Issue(
                    ticket=visit.ticket,
                    service=option.service,
                    services=option.services,
                    item=option.item or "",
                    cls="priority" if person.cls == "priority" else "ordinary",
                    channel="guide",
                )
            )
        elif person.cls == "priority":
            day.do(cmd.Issue(ticket=visit.ticket, service=service, cls="priority", channel="counter"))
        else:
            command = cmd.Issue(ticket=visit.ticket, service=service, cls="ordinary", channel="kiosk")
            (day.issue_appointment if person.cls == "appointment" else day.do)(command)

    def _line(self, person: Person) -> str:
        lines = self._lines[person.group]
        if self._joins_shorter and len(lines) > 1:
            return min(lines, key=lambda line: self._windows.length(line.service, line.windows)).service
        chance = person.line
        for line in lines[:-1]:
            if chance < line.weight:
                return line.service
            chance -= line.weight
        return lines[-1].service

    # Waiting --------------------------------------------------------------------------------------

    def _waits(self, visit: _Visit) -> None:
        self._windows.find(self._state.tickets[visit.ticket])

    def _loses_patience(self, visit: _Visit) -> None:
        ticket = self._state.tickets[visit.ticket]
        if self._day.is_over or ticket.state != "waiting" or visit.current or visit.begun:
            return
        visit.outcome.end = "left"
        if visit.person.tells:
            self._day.do(cmd.Cancel(ticket=ticket.id))
        else:
            visit.left = True

    # Being called ---------------------------------------------------------------------------------

    def called(self, event: ev.TicketCalled) -> None:
        """Go to the window, or do not hear it."""
        day = self._day
        self._windows.taken(event.window)
        visit = self._visits[event.ticket]
        if visit.outcome.called_ms is None and not visit.left:
            visit.outcome.called_ms = day.now_ms
            visit.outcome.by = event.why.by
        if visit.left or (visit.person.is_away and not visit.begun and not visit.outcome.missed):
            day.plan(day.now_ms + self._in_vain_ms, self._nobody_comes, visit, event.window)
        elif self._walk_ms:
            day.plan(day.now_ms + self._walk_ms, self._starts, visit, event.window)
        else:
            self._starts(visit, event.window)

    def _nobody_comes(self, visit: _Visit, window: str) -> None:
        """Call again as often as the hall wants, then call it missed."""
        day = self._day
        rules = self._state.config.rules
        if self._state.tickets[visit.ticket].calls < rules.min_calls_before_miss:
            day.do(cmd.Recall(window=window))
            day.plan(day.now_ms + self._in_vain_ms, self._nobody_comes, visit, window)
            return
        visit.outcome.missed = True
        day.do(cmd.Miss(window=window))
        back_ms = visit.person.back_ms
        if back_ms is not None and not visit.left:
            day.plan(day.now_ms + back_ms, self._rejoins, visit)
        else:
            visit.outcome.end = "left" if visit.left else "no_show"
        self._windows.after(window)

    def _rejoins(self, visit: _Visit) -> None:
        if self._day.is_over:
            visit.outcome.end = "no_show"
            return
        try:
            self._day.do(cmd.Rejoin(ticket=visit.ticket))
        except Rejected:
            visit.outcome.end = "no_show"
            return
        self._waits(visit)

    # Being served ---------------------------------------------------------------------------------

    def _starts(self, visit: _Visit, window: str) -> None:
        day = self._day
        day.do(cmd.Start(window=window))
        self._record.started(window, day.now_ms)
        pace = self._windows.pace[window]
        part = visit.person.hold_at if not visit.begun and not visit.current else None
        if part is not None:
            first = int(visit.rest_ms * part)
            visit.rest_ms -= first
            day.plan(day.now_ms + int(first * pace), self._holds, visit, window)
        else:
            day.plan(day.now_ms + int(visit.rest_ms * pace), self._ends, visit, window)

    def _holds(self, visit: _Visit, window: str) -> None:
        day = self._day
        visit.begun = True
        if day.is_over:  # Nobody is called back any more: what there is to do is done now.
            day.plan(day.now_ms + int(visit.rest_ms * self._windows.pace[window]), self._ends, visit, window)
            return
        day.do(cmd.Hold(window=window, kind="without_papers"))
        day.plan(day.now_ms + visit.person.held_ms, self._returns, visit)
        self._windows.after(window)

    def _returns(self, visit: _Visit) -> None:
        ticket: Ticket = self._state.tickets[visit.ticket]
        if self._day.is_over:
            return
        if ticket.state != "held":
            visit.outcome.end = "no_show"
            return
        self._day.do(cmd.Returned(ticket=ticket.id))
        self._waits(visit)

    def _ends(self, visit: _Visit, window: str) -> None:
        day, person = self._day, visit.person
        visit.begun = True
        if person.then is not None and not visit.current and not day.is_over:
            visit.current = 1
            visit.rest_ms = person.then_ms
            to = self._lines[person.then][-1].service
            if to == self._state.tickets[visit.ticket].service:
                # Where one line is for everything, the same clerk does it.
                self._record.asks_for(day.now_ms, person.then_ms)
                pace = self._windows.pace[window]
                day.plan(day.now_ms + int(visit.rest_ms * pace), self._ends, visit, window)
                return
            if self._sent_on(visit, window, to):
                return
        visit.outcome.end = "done"
        visit.outcome.done_ms = day.now_ms
        day.do(cmd.Complete(window=window))
        self._windows.after(window)

    def _sent_on(self, visit: _Visit, window: str, service: str) -> bool:
        """Whether the person could be sent to a service; where nobody serves it, the visit ends here."""
        try:
            self._day.do(cmd.Transfer(window=window, to_service=service))
        except Rejected:
            return False
        self._record.asks_for(self._day.now_ms, visit.person.then_ms + self._walk_ms)
        self._windows.after(window)
        self._waits(visit)
        return True


def _booking(person: Person) -> str:
    return f"b{person.number}"


def _known(person: Person) -> cmd.Person:
    return cmd.Person(id_hash=f"p{person.number}")
