"""One simulated day: the real domain decides and applies; people and clerks act under a virtual clock.

Everything that happens to the hall is a command that `decide` accepts, and the simulation goes on from the
events that follow: so automatic calls, timers and plans work as they do in a live hall. Clerks call as
soon as they are free. No clock, no network, no store.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import msgspec

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.apply import apply
from callq.domain.calendar import local_ms
from callq.domain.decide import decide
from callq.domain.state import HallState
from callq.domain.undo import NoUndo
from callq.simulate.draws import MIN_MS
from callq.simulate.halls import minute_of
from callq.simulate.people import People
from callq.simulate.record import DayRecord
from callq.simulate.windows import MIDNIGHT_MS, Windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.decide import Decision
    from callq.simulate.draws import DayDraws
    from callq.simulate.halls import SimulatedHall
    from callq.simulate.scenario import Scenario

WHO: Final = cmd.Actor(role="clerk", id="simulated")

SETUP_MIN: Final = 30
"""Before opening: clerks sign in."""


class Controller(Protocol):
    """Opens and closes windows."""

    def begin(self, day: SimulatedDay) -> None:
        """Called once, when the clerks are there."""

    def tick(self, day: SimulatedDay) -> None:
        """Called every minute while the hall is open; acts through `SimulatedDay.do`."""


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
        self.midnight_ms = local_ms(hall.date, 0, hall.config.timezone)
        self.now_ms = 0
        """Since midnight."""
        self.opens_ms = minute_of(scenario.day.opens) * MIN_MS
        self.closes_ms = minute_of(scenario.day.closes) * MIN_MS
        begins_ms = min(minute_of(hall.config.day_starts) * MIN_MS, self.opens_ms)
        self.setup_ms = max(begins_ms, self.opens_ms - SETUP_MIN * MIN_MS)
        """When clerks sign in; not before the business day begins."""
        self.record = DayRecord(
            len(scenario.groups), self.opens_ms, self.closes_ms, serving=dict(hall.serving)
        )
        self.commands: list[tuple[int, cmd.AnyCommand]] | None = [] if keep else None
        """What was accepted and when, Unix ms; the hall's own ticks are not among them."""
        self._controller = controller
        self._heap: list[Planned] = []
        self._planned = 0
        self._pace = draws.pace
        self._windows = Windows(self)
        self._people = People(self, draws.people, self._windows)
        self._on: dict[type, Callable[[Any], None]] = {
            **self._windows.reactions,
            ev.TicketCalled: self._people.called,
        }

    @property
    def is_over(self) -> bool:
        """Whether it is past midnight: what has begun is ended, and nobody is called any more."""
        return self.now_ms >= MIDNIGHT_MS

    # The clock ------------------------------------------------------------------------------------

    def run(self) -> DayRecord:
        """Live through the day, until everybody has left; from midnight on nobody is called."""
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

    def issue_appointment(self, command: cmd.Issue) -> None:
        """Issue a ticket for somebody whose appointment was made in another system.

        There is no command for it: the hall hears of it when the person comes.

        Raises:
          Rejected: a rule refuses the ticket.
        """
        if self.commands is not None:
            self.do(command)
            return
        at_ms = self.midnight_ms + self.now_ms
        decision = decide(self.state, command, at_ms, WHO)
        events = tuple(
            msgspec.structs.replace(event, cls="appointment") if isinstance(event, ev.TicketIssued) else event
            for event in decision.events
        )
        self._apply(decision._replace(events=events), at_ms)

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
        self.now_ms = self.setup_ms
        self.do(cmd.Configure(config=self.hall.config))
        self._windows.sign_in(self._pace)
        self._people.expect()
        self.plan(self.opens_ms, self._doors_open)
        self._windows.plan_absences()

    def _doors_open(self) -> None:
        self._windows.open()
        if self._controller is not None:
            self._controller.begin(self)
            self._minute()

    def _minute(self) -> None:
        assert self._controller is not None
        self._controller.tick(self)
        waiting = self._people.to_come or any(self.state.lanes.values())
        if self.now_ms < self.closes_ms or (waiting and self.now_ms < MIDNIGHT_MS):
            self.plan(self.now_ms + MIN_MS, self._minute)


_NO_COMMAND: Final = ev.encode_command(cmd.Tick())
_NO_UNDO: Final = NoUndo()
