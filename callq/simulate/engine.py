"""One simulated day: the real domain decides and applies; people and clerks act under a virtual clock.

Everything that happens to the hall is a command that `decide` accepts, and the simulation goes on from the
events that follow: so automatic calls, timers and plans work as they do in a live hall. Clerks call as
soon as they are free. No clock, no network, no store.
"""

from __future__ import annotations

import heapq
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import msgspec

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.apply import apply
from callq.domain.calendar import local_ms
from callq.domain.decide import decide
from callq.domain.errors import Rejected
from callq.domain.opening import slots_on
from callq.domain.routing import eligible_lanes, idle_windows
from callq.domain.state import HallState
from callq.domain.undo import NoUndo
from callq.simulate.draws import MIN_MS
from callq.simulate.halls import minute_of
from callq.simulate.record import DayRecord, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.decide import Decision
    from callq.domain.ticket import Ticket
    from callq.domain.window import Window
    from callq.simulate.draws import DayDraws, Person
    from callq.simulate.halls import SimulatedHall
    from callq.simulate.scenario import Scenario

DATE: Final = "2026-11-23"
"""A Monday."""

WHO: Final = cmd.Actor(role="clerk", id="simulated")

SETUP_MIN: Final = 30
"""Before opening: clerks sign in."""


class Controller(Protocol):
    """Opens and closes windows."""

    def begin(self, day: SimulatedDay) -> None:
        """Called once, when the clerks are there."""

    def tick(self, day: SimulatedDay) -> None:
        """Called every minute while the hall is open; acts through `SimulatedDay.do`."""


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


class Planned(NamedTuple):
    """Something that happens at a time."""

    at_ms: int
    order: int
    what: Callable[..., None]
    of: tuple[Any, ...]


class SimulatedDay:
    """A day of a hall.

    Args:
      scenario: what kind of day.
      hall: in which hall.
      draws: who comes.
      controller: who opens and closes windows; None: they stay as they are.
      keep: whether to keep every command for `callq.simulate.live`. Appointments that the hall did not know
        beforehand are then ordinary tickets: there is no command for them.
    """

    def __init__(
        self,
        scenario: Scenario,
        hall: SimulatedHall,
        draws: DayDraws,
        controller: Controller | None = None,
        *,
        keep: bool = False,
    ) -> None:
        self.scenario = scenario
        self.hall = hall
        self.state = HallState(hall.config.id)
        self.midnight_ms = local_ms(DATE, 0, hall.config.timezone)
        self.now_ms = 0
        """Since midnight."""
        self.opens_ms = minute_of(scenario.day.opens) * MIN_MS
        self.closes_ms = minute_of(scenario.day.closes) * MIN_MS
        self.record = DayRecord(len(scenario.groups), self.opens_ms, self.closes_ms)
        self.commands: list[tuple[int, cmd.AnyCommand]] | None = [] if keep else None
        """What was accepted and when, Unix ms; the hall's own ticks are not among them."""
        self._draws = draws
        self._controller = controller
        self._heap: list[Planned] = []
        self._planned = 0
        self._visits: dict[str, _Visit] = {}
        self._to_come = len(draws.people)
        self._idle: dict[str, int] = {}
        """Windows that could call, and since when."""
        self._serves: dict[str, list[str]] = {}
        """Windows by service, fewest services first."""
        self._pace: dict[str, float] = {}
        self._away: dict[str, set[str]] = {}
        """Why clerks are away, by window."""
        self._asks_again: set[str] = set()
        self._reacts_ms = int(scenario.clerks.react_s * 1000)
        self._walk_ms = int(scenario.handling.walk_s * 1000)
        self._on: Final[dict[type, Callable[[Any], None]]] = {
            ev.TicketCalled: self._called,
            ev.WindowOpened: self._opened,
            ev.WindowOpening: self._opening,
            ev.WindowOpeningDropped: self._closed,
            ev.WindowClosed: self._closed,
            ev.WindowUnpaused: self._unpaused,
            ev.WindowPaused: self._paused,
            ev.SkillsSet: self._other_skills,
        }

    # The clock ------------------------------------------------------------------------------------

    def run(self) -> DayRecord:
        """Live through the day, until everybody has left."""
        self._prepare()
        heap = self._heap
        while heap:
            at_ms, _, what, of = heapq.heappop(heap)
            self._timers(at_ms)
            self.now_ms = at_ms
            what(*of)
        self.record.end(self.now_ms)
        return self.record

    def plan(self, at_ms: int, what: Callable[..., None], *of: Any) -> None:  # noqa: ANN401 - its arguments
        """Let something happen at a time since midnight, ms; what is planned first happens first."""
        self._planned += 1
        heapq.heappush(self._heap, Planned(at_ms, self._planned, what, of))

    def _timers(self, until_ms: int) -> None:
        """Do what time alone makes due in the hall, before the clock goes on."""
        state = self.state
        while (first := state.agenda.first) is not None:
            due_ms = first.at_ms + state.frozen_ms - self.midnight_ms
            if due_ms > until_ms:
                break
            self.now_ms = max(self.now_ms, due_ms)
            if not self.do(cmd.Tick()).events:
                break

    def do(self, command: cmd.AnyCommand) -> Decision:
        """Decide and apply a command now, and go on from what happened.

        Raises:
          Rejected: a rule refuses it.
        """
        state, at_ms = self.state, self.midnight_ms + self.now_ms
        decision = decide(state, command, at_ms, WHO)
        if decision.events:
            if self.commands is not None and not isinstance(command, cmd.Tick):
                self.commands.append((at_ms, command))
            self._apply(decision, at_ms)
        return decision

    def _apply(self, decision: Decision, at_ms: int) -> None:
        batch = ev.Batch(
            v=ev.SCHEMA_VERSION, at_ms=at_ms, who=WHO, key="~", command=_NO_COMMAND, events=decision.events
        )
        apply(self.state, batch, _NO_UNDO)
        for event in decision.events:
            react = self._on.get(type(event))
            if react is not None:
                react(event)

    # Before the doors open ------------------------------------------------------------------------

    def _prepare(self) -> None:
        self.now_ms = self.opens_ms - SETUP_MIN * MIN_MS
        config = self.hall.config
        self.do(cmd.Configure(config=config))
        speed = self.scenario.clerks.speed_cv
        for window, clerk in self.hall.seats:
            self._pace[window] = self._draws.pace.lognormvariate(-(speed**2) / 2, speed) if speed else 1.0
            self.do(cmd.SignIn(window=window, clerk=clerk))
        for person in self._draws.people:
            if person.booked:
                self._book(person)
            self.plan(person.at_ms, self._arrives, person)
        self.plan(self.opens_ms, self._doors_open)
        self._breaks()
        for absence in self.scenario.absences:
            self._absent(absence.hours, absence.windows)

    def _book(self, person: Person) -> None:
        service = self._line(person)
        at_ms = self.midnight_ms + person.at_ms
        slots = slots_on(self.state, service, self.state.day)
        slot = next((slot for slot in slots if slot.start_ms <= at_ms < slot.end_ms), None)
        if slot is None:
            return
        booking = f"b{person.number}"
        whose = cmd.Person(id_hash=f"p{person.number}")
        with suppress(Rejected):  # The slot is full: the person comes without a booking.
            self.do(cmd.Book(booking=booking, service=service, slot_ms=slot.start_ms, person=whose))

    def _doors_open(self) -> None:
        for window, _ in self.hall.seats:
            if window not in self.hall.closed:
                self.do(cmd.Open(window=window))
        if self._controller is not None:
            self._controller.begin(self)
            self._minute()

    def _minute(self) -> None:
        assert self._controller is not None
        self._controller.tick(self)
        waiting = self._to_come or any(self.state.lanes.values())
        if self.now_ms < self.closes_ms or (waiting and self.now_ms < MIDNIGHT_MS):
            self.plan(self.now_ms + MIN_MS, self._minute)

    def _breaks(self) -> None:
        clerks = self.scenario.clerks
        if not clerks.lunch_min:
            return
        begins, ends = minute_of(clerks.lunch_from), minute_of(clerks.lunch_to)
        turns = max(1, int((ends - begins) // clerks.lunch_min))
        for number, (window, _) in enumerate(self.hall.seats):
            at_ms = int((begins + number % turns * clerks.lunch_min) * MIN_MS)
            self.plan(at_ms, self._pause, window, "lunch")
            self.plan(at_ms + int(clerks.lunch_min * MIN_MS), self._unpause, window, "lunch")

    def _absent(self, hours: str, count: int) -> None:
        flexible = sorted(
            (window for window, _ in self.hall.seats if window not in self.hall.closed),
            key=lambda window: len(self.state.services_at(self.state.windows[window])) == 1,
        )
        for window in flexible[:count]:
            self.plan(minute_of(hours[:5]) * MIN_MS, self._pause, window, "ill")
            self.plan(minute_of(hours[6:]) * MIN_MS, self._unpause, window, "ill")

    def _pause(self, window: str, reason: str) -> None:
        """Whoever is away for two reasons is back when both are over."""
        self._away.setdefault(window, set()).add(reason)
        found = self.state.windows[window]
        if found.open and not found.paused and not found.pause_after:
            self.do(cmd.Pause(window=window, reason=reason))

    def _unpause(self, window: str, reason: str) -> None:
        away = self._away[window]
        away.discard(reason)
        found = self.state.windows[window]
        if not away and (found.paused or found.pause_after):
            self.do(cmd.Unpause(window=window))

    # People ---------------------------------------------------------------------------------------

    def _arrives(self, person: Person) -> None:
        self._to_come -= 1
        outcome = Outcome(person.group, person.cls, self.now_ms)
        service = self._line(person)
        if person.is_guided and self._expected_min(service) > self.scenario.people.guided_max_min:
            outcome.end = "guided"
            self.record.add(outcome)
            return
        ticket = f"t{person.number}"
        visit = self._visits[ticket] = _Visit(person, ticket, outcome)
        self.record.add(outcome)
        try:
            self._take_ticket(visit, service)
        except Rejected:
            outcome.end = "turned_away"
            return
        if person.patience_ms is not None:
            self.plan(self.now_ms + person.patience_ms, self._loses_patience, visit)
        self._waits(visit)

    def _take_ticket(self, visit: _Visit, service: str) -> None:
        person = visit.person
        booking = f"b{person.number}"
        if booking in self.state.bookings:
            self.do(cmd.CheckIn(booking=booking, ticket=visit.ticket))
            return
        priority = person.cls == "priority"
        command = cmd.Issue(
            ticket=visit.ticket,
            service=service,
            cls="priority" if priority else "ordinary",
            channel="counter" if priority else "kiosk",
        )
        if person.cls != "appointment" or self.commands is not None:
            self.do(command)
            return
        # Booked in another system, which the hall hears of when the person comes.
        at_ms = self.midnight_ms + self.now_ms
        decision = decide(self.state, command, at_ms, WHO)
        events = tuple(
            msgspec.structs.replace(event, cls="appointment") if isinstance(event, ev.TicketIssued) else event
            for event in decision.events
        )
        self._apply(decision._replace(events=events), at_ms)

    def _line(self, person: Person) -> str:
        lines = self.hall.lines[person.group]
        if self.hall.choice == "shorter" and len(lines) > 1:
            return min(lines, key=lambda line: self._length(line.service, line.windows)).service
        chance = person.line
        for line in lines[:-1]:
            if chance < line.weight:
                return line.service
            chance -= line.weight
        return lines[-1].service

    def _length(self, service: str, windows: int) -> tuple[float, int]:
        """How long a line would be with one more, for each of its windows; 0 where somebody is free.

        Lines of different groups that the same windows serve are one line.
        """
        served = self._serving(service)
        if any(window in self._idle for window in served):
            return 0.0, windows
        together = {code for code, others in self._serves.items() if others == served}
        waiting = sum(len(lane) for key, lane in self.state.lanes.items() if key.service in together)
        return ((waiting + 1) / windows if windows else math.inf, windows)

    def _expected_min(self, service: str) -> float:
        """Wait that a guide would tell: work ahead, shared by the windows that are open for it."""
        open_windows = sum(1 for window in self._serving(service) if self.state.windows[window].open)
        waiting = sum(len(lane) for _, lane in self.state.lanes_of(service))
        return (waiting + 1) * self.state.index.services[service].service_min / max(1, open_windows)

    def _loses_patience(self, visit: _Visit) -> None:
        ticket = self.state.tickets[visit.ticket]
        if ticket.state != "waiting" or visit.current or visit.begun:
            return
        visit.outcome.end = "left"
        if visit.person.tells:
            self.do(cmd.Cancel(ticket=ticket.id))
        else:
            visit.left = True

    # Windows --------------------------------------------------------------------------------------

    def _serving(self, service: str) -> list[str]:
        """Windows whose clerks serve a service now."""
        if not self._serves:
            for window, _ in self.hall.seats:
                for code in self.state.services_at(self.state.windows[window]):
                    self._serves.setdefault(code, []).append(window)
        return self._serves.get(service, [])

    def _other_skills(self, event: ev.SkillsSet) -> None:
        self._serves.clear()
        if event.window in self._idle:
            self._call_next(event.window)

    def _opened(self, event: ev.WindowOpened) -> None:
        self.record.opened(event.window, self.now_ms)
        self._after(event.window)

    def _unpaused(self, event: ev.WindowUnpaused) -> None:
        self.record.resumed(event.window, self.now_ms)
        self._after(event.window)

    def _opening(self, event: ev.WindowOpening) -> None:
        self.record.opened(event.window, self.now_ms)

    def _closed(self, event: ev.WindowClosed | ev.WindowOpeningDropped) -> None:
        self._idle.pop(event.window, None)
        self.record.closed(event.window, self.now_ms)

    def _paused(self, event: ev.WindowPaused) -> None:
        self._idle.pop(event.window, None)
        self.record.closed(event.window, self.now_ms)

    def _free(self, window: str) -> None:
        """The window has no ticket: it calls the next, after the clerk's pause for breath."""
        if self._reacts_ms:
            self.plan(self.now_ms + self._reacts_ms, self._call_next, window)
        else:
            self._call_next(window)

    def _call_next(self, window: str) -> None:
        found = self.state.windows[window]
        if not found.open or found.paused or found.ticket is not None:
            return
        if self.do(cmd.CallNext(window=window)).events:
            return
        self._idle.setdefault(window, self.now_ms)
        if self.now_ms < MIDNIGHT_MS and window not in self._asks_again and eligible_lanes(self.state, found):
            # Somebody waits whom the hall leaves to another window for now.
            self._asks_again.add(window)
            self.plan(self.now_ms + ASKS_AGAIN_MS, self._call_again, window)

    def _call_again(self, window: str) -> None:
        self._asks_again.discard(window)
        if window in self._idle:
            self._call_next(window)

    def _waits(self, visit: _Visit) -> None:
        """A ticket that finds windows idle goes to the one that should take it first."""
        ticket = self.state.tickets[visit.ticket]
        if not any(window in self._idle for window in self._serving(ticket.service)):
            return
        for window in idle_windows(self.state, ticket.service, ticket.cls):
            if window.id in self._idle:
                self._call_next(window.id)
                # Whoever waits for one window alone, or for a better clerk, is left by the others.
                if window.id not in self._idle:
                    return

    # Calls ----------------------------------------------------------------------------------------

    def _called(self, event: ev.TicketCalled) -> None:
        self._idle.pop(event.window, None)
        visit = self._visits[event.ticket]
        if visit.outcome.called_ms is None:
            visit.outcome.called_ms = self.now_ms
            visit.outcome.by = event.why.by
        if visit.left or (visit.person.is_away and not visit.begun and not visit.outcome.missed):
            self.plan(self.now_ms + NOBODY_COMES_MS, self._nobody_comes, visit, event.window)
        elif self._walk_ms:
            self.plan(self.now_ms + self._walk_ms, self._starts, visit, event.window)
        else:
            self._starts(visit, event.window)

    def _nobody_comes(self, visit: _Visit, window: str) -> None:
        """Call again as often as the hall wants, then call it missed."""
        rules = self.state.config.rules
        if self.state.tickets[visit.ticket].calls < rules.min_calls_before_miss:
            self.do(cmd.Recall(window=window))
            self.plan(self.now_ms + NOBODY_COMES_MS, self._nobody_comes, visit, window)
            return
        visit.outcome.missed = True
        self.do(cmd.Miss(window=window))
        person = visit.person
        if person.back_ms is not None and not visit.left:
            self.plan(self.now_ms + person.back_ms, self._rejoins, visit)
        else:
            visit.outcome.end = "left" if visit.left else "no_show"
        self._after(window)

    def _rejoins(self, visit: _Visit) -> None:
        try:
            self.do(cmd.Rejoin(ticket=visit.ticket))
        except Rejected:
            visit.outcome.end = "no_show"
            return
        self._waits(visit)

    def _starts(self, visit: _Visit, window: str) -> None:
        self.do(cmd.Start(window=window))
        self.record.started(self.now_ms)
        pace = self._pace[window]
        part = visit.person.hold_at if not visit.begun and not visit.current else None
        if part is not None:
            first = int(visit.rest_ms * part)
            visit.rest_ms -= first
            self.plan(self.now_ms + int(first * pace), self._holds, visit, window)
        else:
            self.plan(self.now_ms + int(visit.rest_ms * pace), self._ends, visit, window)

    def _holds(self, visit: _Visit, window: str) -> None:
        visit.begun = True
        self.do(cmd.Hold(window=window, kind="without_papers"))
        self.plan(self.now_ms + visit.person.held_ms, self._returns, visit)
        self._after(window)

    def _returns(self, visit: _Visit) -> None:
        ticket: Ticket = self.state.tickets[visit.ticket]
        if ticket.state != "held":
            visit.outcome.end = "no_show"
            return
        self.do(cmd.Returned(ticket=ticket.id))
        self._waits(visit)

    def _ends(self, visit: _Visit, window: str) -> None:
        person = visit.person
        visit.begun = True
        if person.then is not None and not visit.current:
            visit.current = 1
            visit.rest_ms = person.then_ms
            to = self.hall.lines[person.then][-1].service
            if to == self.state.tickets[visit.ticket].service:
                # Where one line is for everything, the same clerk does it.
                self.plan(self.now_ms + int(visit.rest_ms * self._pace[window]), self._ends, visit, window)
                return
            if self._sent_on(visit, window, to):
                return
        visit.outcome.end = "done"
        visit.outcome.done_ms = self.now_ms
        self.do(cmd.Complete(window=window))
        self._after(window)

    def _sent_on(self, visit: _Visit, window: str, service: str) -> bool:
        """Whether the person could be sent to a service; where nobody serves it, the visit ends here."""
        try:
            self.do(cmd.Transfer(window=window, to_service=service))
        except Rejected:
            return False
        self._after(window)
        self._waits(visit)
        return True

    def _after(self, window: str) -> None:
        found: Window = self.state.windows[window]
        if found.open and not found.paused and found.ticket is None:
            self._free(window)


MIDNIGHT_MS: Final = 24 * 60 * MIN_MS
"""When who still waits, because no window opens for them any more, is left waiting."""

ASKS_AGAIN_MS: Final = 15_000
"""After which a free clerk tries again, where tickets wait that the hall does not give to that window."""

NOBODY_COMES_MS: Final = 15_000
"""How long a clerk waits after each call for somebody who does not come."""

_NO_COMMAND: Final = ev.encode_command(cmd.Tick())
_NO_UNDO: Final = NoUndo()
