"""Which windows move: opening at once, closing late, and only what the plan may move.

More windows are opened as soon as the largest need of the next minutes is above what is open. Fewer
are kept only after the largest need of half an hour, with a margin, has stayed below for some minutes,
and a window that was opened stays open for a while: so that nothing opens and closes all day. Free
windows close first, then whoever finishes first; nobody is cut off.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from callq.tidal.staffing import SOON, Load, Need, need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

OPEN_CHANCE: Final = 0.6
"""Newsvendor: a window opens when it will be needed with this probability."""

CLOSE_CHANCE: Final = 0.06
"""Newsvendor: a window may close when it will be needed with less than this."""

_SLACK: Final = 1e-9
"""What rounding must not turn into another window."""


class Seat(NamedTuple):
    """A staffed window, as far as the plan is concerned."""

    id: str
    services: tuple[int, ...]
    """Those that it serves or would serve, by place in the hall's order."""
    counts: bool
    """Open to stay, or about to open."""
    movable: bool = False
    """Whether the plan may open or close it now."""
    draining: bool = False
    """Closes after its ticket."""
    idle: bool = False
    open_min: float = math.inf
    """How long it has been open; 0 for one that is about to."""


class Least(NamedTuple):
    """Windows that must be open for a service."""

    service: int
    windows: int


class Settings(NamedTuple):
    """What a hall sets for its tides."""

    beta: float = 0.0
    min_open_min: float = 20.0
    close_after_min: float = 5.0
    close_margin: int = 4
    newsvendor: bool = False


class Cause(NamedTuple):
    """What decided some of the moves, in the numbers that it was decided by."""

    code: Literal["load", "service_load", "minimum", "spare", "cannot_close"]
    service: int | None = None
    """None: windows with several services."""
    lead_min: int = 0
    needed: float = 0.0
    there: float = 0.0


class Moves(NamedTuple):
    """What to do with the windows this minute, and what to remember."""

    open: tuple[str, ...] = ()
    stay: tuple[str, ...] = ()
    """Draining ones that are to stay open."""
    close: tuple[str, ...] = ()
    """Free ones."""
    drain: tuple[str, ...] = ()
    """Busy ones that close after their ticket."""
    leaving: tuple[str, ...] = ()
    """Busy ones of which `leave` close after their ticket, whichever finish first."""
    leave: int = 0
    below_since: float | None = None
    """Since when fewer have been needed than are open; to be given to the next minute."""
    causes: tuple[Cause, ...] = ()
    """What decided them, in the order in which it did."""


class Outlook(NamedTuple):
    """What the moves were decided on, before them."""

    needs: tuple[Need, ...]
    wanted: int
    """Windows with several services that are needed soon."""
    kept: int
    """Windows with several services below which none is closed."""
    there: int
    """Those that are open to stay, or about to open."""
    short: tuple[int, ...]
    """Services that lack windows of their own, or their minimum."""


class Floor:
    """The staffed windows of a hall while the plan moves them."""

    def __init__(
        self,
        loads: Sequence[Load],
        seats: Sequence[Seat],
        settings: Settings,
        *,
        leave: int = 0,
        least: Sequence[Least] = (),
        served: Callable[[int], bool] = lambda service: True,
        waiting: Sequence[int] = (),
    ) -> None:
        """Take in what there is.

        Args:
          loads: of the looks ahead, the soonest first; at least `SOON`.
          seats: all staffed windows; of equal ones the first moves.
          settings: of the hall.
          leave: windows that are to close after their ticket, not known yet which.
          least: minima in force by the time a window could be open.
          served: whether a service is served by then: no window opens for others.
          waiting: tickets by service: the last window that serves what waits does not close.
        """
        self._loads = loads
        self._seats = seats
        self._settings = settings
        self._least = least
        self._served = served
        self._waiting = waiting
        self._causes: dict[tuple[str, int | None], Cause] = {}
        services = len(loads[0].services)
        self._dedicated = [0] * services
        self._serving = [0] * services
        self._flexible = -leave
        self._leave = leave
        self._needs: tuple[Need, ...] | None = None
        for seat in seats:
            if seat.counts:
                self._add(seat, 1)
        self._left = [seat for seat in seats if seat.movable]

    def outlook(self) -> Outlook:
        """What the windows are measured against now."""
        return Outlook(
            self._now_needs(), self._wanted(), self._kept(), self._flexible, tuple(self._short(SOON, 0))
        )

    def move(self, below_since: float | None, now_min: float) -> Moves:
        """Decide this minute's moves.

        Args:
          below_since: what the last minute remembered.
          now_min: the time, minutes of the clock that `below_since` goes by.

        Returns:
          Moves of movable windows alone.
        """
        opened, stayed = self._more()
        closed: list[str] = []
        drained: list[str] = []
        leaving: list[str] = []
        since: float | None = None
        if not opened and not stayed and self._spare():
            since = now_min if below_since is None else below_since
            if now_min - since >= self._settings.close_after_min:
                closed, drained = self._fewer()
        if self._leave:
            leaving = [seat.id for seat in self._busy() if len(seat.services) != 1]
            if len(leaving) < self._leave:
                asked = float(self._leave)
                self._because(Cause("cannot_close", needed=asked, there=float(len(leaving))))
                self._leave = len(leaving)
        return Moves(
            tuple(opened),
            tuple(stayed),
            tuple(closed),
            tuple(drained),
            tuple(leaving) if self._leave else (),
            self._leave,
            since,
            tuple(self._causes.values()),
        )

    def _because(self, cause: Cause) -> None:
        """Remember what decided a move; of equal causes the first, in the numbers before the moves."""
        self._causes.setdefault((cause.code, cause.service), cause)

    # More -------------------------------------------------------------------------------------------

    def _more(self) -> tuple[list[str], list[str]]:
        """Open windows until what is needed soon is there, as far as there are any."""
        opened: list[str] = []
        stayed: list[str] = []
        choices = [seat for seat in self._left if not seat.counts and any(map(self._served, seat.services))]
        while True:
            lacking = self._wanted() > self._flexible
            short = self._short(SOON, 0)
            if not lacking and not short:
                return opened, stayed
            if self._leave and lacking:
                self._because(self._load_cause(SOON, "load"))
                self._leave -= 1
                self._flexible += 1
                continue
            chosen = self._best(choices, short, lacking=lacking)
            if chosen is None:
                return opened, stayed
            choices.remove(chosen)
            self._because_of(chosen, short, lacking=lacking)
            self._add(chosen, 1)
            (stayed if chosen.draining else opened).append(chosen.id)

    def _best(self, choices: Sequence[Seat], short: Sequence[int], *, lacking: bool) -> Seat | None:
        """The window that helps most: draining ones first, they need no time to open."""
        needs = self._now_needs()
        best: tuple[bool, bool, float, Seat] | None = None
        for seat in choices:
            if not lacking and not any(service in short for service in seat.services):
                continue
            use = max(sum(n.services[s] for s in seat.services if self._served(s)) for n in needs[:SOON])
            one = len(seat.services) == 1
            if one and use <= 0.5 and seat.services[0] not in short:
                continue
            found = (seat.draining, not one, use, seat)
            if best is None or found[:3] > best[:3]:
                best = found
        return best[3] if best else None

    def _because_of(self, chosen: Seat, short: Sequence[int], *, lacking: bool) -> None:
        if lacking:
            self._because(self._load_cause(SOON, "load"))
        for service in short:
            if service not in chosen.services:
                continue
            there = self._dedicated[service] + self._serving[service]
            least = next((one.windows for one in self._least if one.service == service), 0)
            if least > there:
                self._because(Cause("minimum", service, needed=float(least), there=float(there)))
            else:
                worst = max(self._now_needs()[:SOON], key=lambda n: n.services[service])
                serving = float(self._serving[service])
                self._because(
                    Cause("service_load", service, worst.lead_min, worst.services[service], serving)
                )

    def _load_cause(self, looks: int, code: Literal["load", "spare"]) -> Cause:
        """Windows with several services: needed at the worst of some looks, and there."""
        needs = self._now_needs()[:looks]
        worst = max(needs, key=lambda n: n.flexible)
        needed = worst.flexible
        if self._settings.newsvendor:
            needed = float(newsvendor(needs, OPEN_CHANCE if code == "load" else CLOSE_CHANCE))
        return Cause(code, None, worst.lead_min, needed, float(self._flexible))

    def _spare_cause(self, service: int) -> Cause:
        """The whole load of a service at its largest, and the windows that serve it."""
        worst = max(self._loads, key=lambda load: load.services[service].mean)
        there = self._dedicated[service] + self._serving[service]
        return Cause("spare", service, worst.lead_min, worst.services[service].mean, float(there))

    # Fewer ------------------------------------------------------------------------------------------

    def _spare(self) -> bool:
        """Whether fewer windows would do for the next half hour, margin included."""
        if self._flexible > self._kept():
            return True
        return any(len(seat.services) == 1 and self._can_spare(seat) for seat in self._left if seat.counts)

    def _fewer(self) -> tuple[list[str], list[str]]:
        """Close what can be spared: free windows at once, busy ones after their ticket."""
        closed: list[str] = []
        drained: list[str] = []
        for seat in self._left:
            if seat.counts and seat.idle and self._old_enough(seat) and self._can_spare(seat):
                self._because(self._why_spare(seat))
                self._add(seat, -1)
                closed.append(seat.id)
        busy = self._busy()
        for seat in busy:
            if len(seat.services) == 1 and self._can_spare(seat):
                self._because(self._why_spare(seat))
                self._add(seat, -1)
                drained.append(seat.id)
        many = sum(1 for seat in busy if len(seat.services) != 1)
        more = min(self._flexible - self._kept(), many - self._leave)
        if more > 0:
            self._because(self._load_cause(len(self._loads), "spare"))
            self._leave += more
            self._flexible -= more
        return closed, drained

    def _why_spare(self, seat: Seat) -> Cause:
        if len(seat.services) == 1:
            return self._spare_cause(seat.services[0])
        return self._load_cause(len(self._loads), "spare")

    def _busy(self) -> list[Seat]:
        """Windows with a ticket that may close after it, each by itself."""
        return [
            seat
            for seat in self._left
            if seat.counts and not seat.idle and self._old_enough(seat) and not self._breaks(seat)
        ]

    def _old_enough(self, seat: Seat) -> bool:
        return seat.open_min >= self._settings.min_open_min

    def _can_spare(self, seat: Seat) -> bool:
        """Whether the hall does without a window, margins included."""
        self._add(seat, -1)
        spare = self._flexible >= self._kept() and not self._broken(seat)
        self._add(seat, 1)
        return spare

    def _breaks(self, seat: Seat) -> bool:
        """Whether a service would lack its own windows without this one."""
        self._add(seat, -1)
        broken = self._broken(seat)
        self._add(seat, 1)
        return broken

    def _broken(self, gone: Seat) -> bool:
        """Whether a service lacks windows now that one is gone, or nobody serves what waits."""
        alone = any(
            self._waiting[service] and not self._dedicated[service] + self._serving[service]
            for service in (gone.services if self._waiting else ())
        )
        return alone or bool(self._short(len(self._loads), 1))

    # What is needed ---------------------------------------------------------------------------------

    def _add(self, seat: Seat, by: int) -> None:
        if len(seat.services) == 1:
            self._dedicated[seat.services[0]] += by
            self._needs = None
            return
        self._flexible += by
        for service in seat.services:
            self._serving[service] += by

    def _now_needs(self) -> tuple[Need, ...]:
        if self._needs is None:
            self._needs = tuple(need(load, self._dedicated, self._settings.beta) for load in self._loads)
        return self._needs

    def _wanted(self) -> int:
        needs = self._now_needs()[:SOON]
        if self._settings.newsvendor:
            return newsvendor(needs, OPEN_CHANCE)
        return _ceil(max(n.flexible for n in needs))

    def _kept(self) -> int:
        if not any(moments.mean for load in self._loads for moments in load.services):
            return 0  # Nobody is there, nor to come: there is nothing to keep a margin for.
        needs = self._now_needs()
        if self._settings.newsvendor:
            return newsvendor(needs, CLOSE_CHANCE)
        return _ceil(max(n.flexible for n in needs) + self._settings.close_margin)

    def _short(self, looks: int, margin: int) -> list[int]:
        """Services that lack windows of their own for so many looks, or their minimum."""
        found = {
            least.service
            for least in self._least
            if self._dedicated[least.service] + self._serving[least.service] < least.windows
        }
        needs = self._now_needs()[:looks]
        for service, serving in enumerate(self._serving):
            # Where every window serves it, it is short only if all are.
            if serving < self._flexible + self._leave:
                wanted = max(n.services[service] for n in needs)
                # Half a window's load is carried by whoever is free.
                if wanted > 0.5 and _ceil(wanted) + margin > serving:
                    found.add(service)
        return sorted(found)


def newsvendor(needs: Sequence[Need], chance: float) -> int:
    """Windows such that yet another would be needed with less than `chance`, averaged over the looks."""
    windows = 0
    while sum(n.chance(windows + 0.5) for n in needs) / len(needs) >= chance:
        windows += 1
    return windows


def _ceil(windows: float) -> int:
    return math.ceil(windows - _SLACK)


def minima(least: Iterable[Least]) -> tuple[Least, ...]:
    """The largest minimum of each service."""
    largest: dict[int, int] = {}
    for one in least:
        largest[one.service] = max(one.windows, largest.get(one.service, 0))
    return tuple(Least(service, windows) for service, windows in sorted(largest.items()))
