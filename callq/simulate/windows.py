"""Windows and clerks of a simulated day: who is free, who calls when, breaks and absences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.routing import eligible_lanes, idle_windows
from callq.simulate.draws import MIN_MS
from callq.simulate.halls import minute_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from callq.domain.ticket import Ticket
    from callq.domain.window import Window
    from callq.simulate.engine import SimulatedDay

MIDNIGHT_MS: Final = 24 * 60 * MIN_MS
"""When the day ends: who still waits is left waiting."""

ASKS_AGAIN_MS: Final = 15_000
"""After which a free clerk tries again, where tickets wait that the hall does not give to that window."""


class Windows:
    """The staffed windows of a hall.

    Args:
      day: that they are open on; its scenario and hall are there already.
    """

    def __init__(self, day: SimulatedDay) -> None:
        self.pace: dict[str, float] = {}
        """By window: how long its clerk takes against others."""
        self.idle: dict[str, int] = {}
        """Windows that could call, and since when."""
        self.reactions: Final[dict[type, Callable[[Any], None]]] = {
            ev.WindowOpened: self._opened,
            ev.WindowOpening: self._opening,
            ev.WindowOpeningDropped: self._closed,
            ev.WindowClosed: self._shut,
            ev.WindowUnpaused: self._unpaused,
            ev.WindowPaused: self._closed,
            ev.SkillsSet: self._other_skills,
            ev.ClerkSignedIn: self._other_clerk,
            ev.ClerkSignedOut: self._other_clerk,
        }
        """What follows from events."""
        self._day = day
        self._state = day.state
        self._record = day.record
        self._seats = day.hall.seats
        self._closed_at_first = day.hall.closed
        self._in_use = dict(day.hall.in_use)
        self._serves: dict[str, list[str]] = {}
        """Windows by service."""
        self._away: dict[str, set[str]] = {}
        """Why clerks are away, by window."""
        self._opens_late: set[str] = set()
        """Windows that should have begun while their clerk was away."""
        self._asks_again: set[str] = set()
        self._reacts_ms = int(day.scenario.clerks.react_s * 1000)

    # Before and at the opening --------------------------------------------------------------------

    def sign_in(self, chance: Random) -> None:
        """Clerks come, each with a pace of their own.

        Args:
          chance: that paces are drawn from, in the order of the windows.
        """
        speed = self._day.scenario.clerks.speed_cv
        for window, clerk in self._seats:
            self.pace[window] = chance.lognormvariate(-(speed**2) / 2, speed) if speed else 1.0
            self._day.do(cmd.SignIn(window=window, clerk=clerk))

    def plan_absences(self) -> None:
        """Lunch in turns, and who falls ill."""
        self._breaks()
        for absence in self._day.scenario.absences:
            self._absent(absence.hours, absence.windows)

    def open(self) -> None:
        """Open all that the tides do not open, each when it begins to serve."""
        serving = dict(self._day.hall.serving)
        for window, _ in self._seats:
            if window in self._closed_at_first:
                continue
            first_ms = serving[window][0][0] if window in serving else self._day.now_ms
            if first_ms > self._day.now_ms:
                self._day.plan(first_ms, self._begins, window)
            else:
                self._begins(window)

    def _begins(self, window: str) -> None:
        if self._away.get(window):
            self._opens_late.add(window)
        else:
            self._day.do(cmd.Open(window=window))

    def _breaks(self) -> None:
        clerks = self._day.scenario.clerks
        if not clerks.lunch_min:
            return
        begins, ends = minute_of(clerks.lunch_from), minute_of(clerks.lunch_to)
        turns = max(1, int((ends - begins) // clerks.lunch_min))
        for number, (window, _) in enumerate(self._seats):
            at_ms = int((begins + number % turns * clerks.lunch_min) * MIN_MS)
            self._day.plan(at_ms, self._leaves, window, "lunch")
            self._day.plan(at_ms + int(clerks.lunch_min * MIN_MS), self._is_back, window, "lunch")

    def _absent(self, hours: str, count: int) -> None:
        flexible = sorted(
            (window for window, _ in self._seats if window not in self._closed_at_first),
            key=lambda window: len(self._state.services_at(self._state.windows[window])) == 1,
        )
        for window in flexible[:count]:
            # Who is ill before anybody signs in is missed from then on.
            begins_ms, ends_ms = (
                max(minute_of(h) * MIN_MS, self._day.setup_ms) for h in (hours[:5], hours[6:])
            )
            self._day.plan(begins_ms, self._leaves, window, "ill")
            self._day.plan(ends_ms, self._is_back, window, "ill")

    def _leaves(self, window: str, reason: str) -> None:
        """An open window pauses, at a closed one nobody sits: so nothing opens it."""
        self._away.setdefault(window, set()).add(reason)
        found = self._state.windows[window]
        if not found.open:
            self._signs_out(found)
        elif not found.paused and not found.pause_after:
            self._day.do(cmd.Pause(window=window, reason=reason))

    def _signs_out(self, found: Window) -> None:
        if found.clerk is not None:
            self._day.do(cmd.SignOut(window=found.id))
            # What was about to open is not: it is not paid for any more.
            self._record.closed(found.id, self._day.now_ms)

    def _is_back(self, window: str, reason: str) -> None:
        """Whoever is away for two reasons is back when both are over."""
        away = self._away[window]
        away.discard(reason)
        found = self._state.windows[window]
        if away:
            return
        if found.paused or found.pause_after:
            self._day.do(cmd.Unpause(window=window))
        elif found.clerk is None and not self._day.is_over:
            self._day.do(cmd.SignIn(window=window, clerk=dict(self._seats)[window]))
            if window in self._in_use:
                self._day.do(cmd.SetSkills(window=window, skills=self._in_use[window]))
            if window in self._opens_late:
                self._record.resumed(window, self._day.now_ms)
                self._opens_late.discard(window)
                self._day.do(cmd.Open(window=window))

    # Who serves what ------------------------------------------------------------------------------

    def serving(self, service: str) -> list[str]:
        """Windows whose clerks serve a service now, open or not."""
        if not self._serves:
            for window, _ in self._seats:
                for code in self._state.services_at(self._state.windows[window]):
                    self._serves.setdefault(code, []).append(window)
        return self._serves.get(service, [])

    def length(self, service: str, windows: int) -> tuple[float, int]:
        """How long a line would be with one more, for each of its windows; 0 where somebody is free.

        Lines of different groups that the same windows serve are one line.
        """
        served = self.serving(service)
        if any(window in self.idle for window in served):
            return 0.0, windows
        together = {code for code, others in self._serves.items() if others == served}
        waiting = sum(len(lane) for key, lane in self._state.lanes.items() if key.service in together)
        return ((waiting + 1) / windows if windows else math.inf, windows)

    # What happens to windows ----------------------------------------------------------------------

    def _other_clerk(self, event: ev.ClerkSignedIn | ev.ClerkSignedOut) -> None:
        self._serves.clear()

    def _other_skills(self, event: ev.SkillsSet) -> None:
        self._serves.clear()
        if event.window in self.idle:
            self._call_next(event.window)

    def _opened(self, event: ev.WindowOpened) -> None:
        self._record.opened(event.window, self._day.now_ms)
        self.after(event.window)

    def _unpaused(self, event: ev.WindowUnpaused) -> None:
        self._record.resumed(event.window, self._day.now_ms)
        self.after(event.window)

    def _opening(self, event: ev.WindowOpening) -> None:
        self._record.opened(event.window, self._day.now_ms)

    def _closed(self, event: ev.WindowClosed | ev.WindowOpeningDropped | ev.WindowPaused) -> None:
        self.idle.pop(event.window, None)
        self._record.closed(event.window, self._day.now_ms)

    def _shut(self, event: ev.WindowClosed) -> None:
        self._closed(event)
        if self._away.get(event.window):
            self._signs_out(self._state.windows[event.window])

    # Calling --------------------------------------------------------------------------------------

    def after(self, window: str) -> None:
        """Something ended at a window: if it is free, it calls the next, once the clerk has drawn breath."""
        found: Window = self._state.windows[window]
        if not found.open or found.paused or found.ticket is not None:
            return
        if self._reacts_ms:
            self._day.plan(self._day.now_ms + self._reacts_ms, self._call_next, window)
        else:
            self._call_next(window)

    def taken(self, window: str) -> None:
        """A window has a ticket."""
        self.idle.pop(window, None)

    def find(self, ticket: Ticket) -> None:
        """A ticket that finds windows idle goes to the one that should take it first."""
        idle = self.idle
        if not any(window in idle for window in self.serving(ticket.service)):
            return
        for window in idle_windows(self._state, ticket.service, ticket.cls):
            if window.id in idle:
                self._call_next(window.id)
                # Whoever waits for one window alone, or for a better clerk, is left by the others.
                if window.id not in idle:
                    return

    def _call_next(self, window: str) -> None:
        found, day = self._state.windows[window], self._day
        if not found.open or found.paused or found.ticket is not None or day.is_over:
            return
        if day.do(cmd.CallNext(window=window)).events:
            return
        self.idle.setdefault(window, day.now_ms)
        if window not in self._asks_again and eligible_lanes(self._state, found):
            # Somebody waits whom the hall leaves to another window for now.
            self._asks_again.add(window)
            day.plan(day.now_ms + ASKS_AGAIN_MS, self._call_again, window)

    def _call_again(self, window: str) -> None:
        self._asks_again.discard(window)
        if window in self.idle:
            self._call_next(window)
