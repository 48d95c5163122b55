"""A small hall under arrivals made to starve somebody, simulated through the domain.

The same arrivals and service times are served by two policies; what matters is how long ordinary tickets
wait under each, and who was called past whom.
"""

from __future__ import annotations

import math
from random import Random
from typing import Final, NamedTuple

import msgspec

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.apply import apply
from callq.domain.decide import decide
from callq.domain.hall import Booking, Clerk, HallConfig, Routing, Service, WindowConfig, Zone
from callq.domain.state import HallState
from callq.domain.undo import NoUndo

BEGINS_MS: Final = 1_795_395_600_000
"""2026-11-23 09:00 in Shanghai."""

HALF_HOUR: Final = 1800

SERVICES: Final = ("a", "b", "c")

TARGET_MIN: Final = 20
"""That of ordinary tickets."""

GUARD: Final = 2.0
"""So many times its target, and a ticket goes first."""

CLASSES: Final = ("ordinary", "appointment", "priority")


class Arrival(NamedTuple):
    """Somebody comes."""

    at_s: int
    """Since the hall opened."""
    service: str
    cls: str
    takes_s: int
    """How long serving takes, whoever does it."""


class Pattern(NamedTuple):
    """A day made to be difficult."""

    skills: tuple[tuple[str, ...], ...]
    """What each window serves; the first services of all have somebody."""
    arrivals: tuple[Arrival, ...]


class Waited(NamedTuple):
    """How a day went."""

    waits: tuple[float, ...]
    """Of all, in the order of arrival, minutes."""
    passed: tuple[str, ...]
    """Calls past an ordinary one that was beyond twice its target, but not by the guard's order."""


def hall_of(pattern: Pattern, policy: str, pressure: float | None = None, guard: float = GUARD) -> HallConfig:
    """The hall of a pattern under a policy."""
    return HallConfig(
        id="test",
        name="测试大厅",
        zones=(Zone(code="hall", name="大厅"),),
        services=tuple(
            Service(code=code, name=code, prefix=code.upper(), booking=Booking(), target_wait_min=TARGET_MIN)
            for code in SERVICES
        ),
        windows=tuple(
            WindowConfig(id=f"w{n}", label=str(n), zone="hall", services=skills)
            for n, skills in enumerate(pattern.skills)
        ),
        clerks=tuple(
            Clerk(id=f"c{n}", name="李敏", skills=dict.fromkeys(SERVICES, 2))
            for n in range(len(pattern.skills))
        ),
        routing=Routing(policy=policy, better_soon_s=0, pressure=pressure, guard=guard),  # type: ignore[arg-type]
    )


class Day:
    """One day, served by hand: whenever a window is free it calls the next."""

    def __init__(
        self, pattern: Pattern, policy: str, pressure: float | None = None, guard: float = GUARD
    ) -> None:
        self.state = HallState("test")
        self.now_ms = BEGINS_MS
        self.pattern = pattern
        self.arrived: dict[str, Arrival] = {}
        self.waits: dict[str, float] = {}
        self.passed: list[str] = []
        self.free_at: dict[str, int] = {}
        """When a window's service ends, Unix ms; windows that are free are not there."""
        self._do(cmd.Configure(config=hall_of(pattern, policy, pressure, guard)))
        for n in range(len(pattern.skills)):
            self._do(cmd.SignIn(window=f"w{n}", clerk=f"c{n}"))
            self._do(cmd.Open(window=f"w{n}"))

    def _do(self, *commands: cmd.AnyCommand) -> None:
        for command in commands:
            state = self.state
            decision = decide(state, command, self.now_ms, cmd.SYSTEM)
            if decision.events:
                self._apply(decision.events)

    def _apply(self, events: tuple[ev.Event, ...]) -> None:
        batch = ev.Batch(
            v=ev.SCHEMA_VERSION,
            at_ms=self.now_ms,
            who=cmd.SYSTEM,
            key=f"~{self.state.revision}",
            command=msgspec.Raw(b"\xc0"),
            events=events,
            body=b"",
        )
        apply(self.state, batch, NoUndo())

    def run(self) -> Waited:
        """The whole day."""
        coming = sorted(self.pattern.arrivals)
        while coming or self.free_at or self.state.waiting.total:
            times = [*self.free_at.values()]
            if coming:
                times.append(BEGINS_MS + coming[0].at_s * 1000)
            self.now_ms = min(times)
            for window in [w for w, at in self.free_at.items() if at <= self.now_ms]:
                del self.free_at[window]
                self._do(cmd.Complete(window=window))
            while coming and BEGINS_MS + coming[0].at_s * 1000 <= self.now_ms:
                self._arrives(coming.pop(0))
            for window in [w for w in self.state.windows if w not in self.free_at]:
                self._calls(window)
        waits = tuple(self.waits[ticket] for ticket in self.arrived)
        return Waited(waits, tuple(self.passed))

    def _arrives(self, one: Arrival) -> None:
        ticket = f"t{len(self.arrived):04d}"
        self.arrived[ticket] = one
        number = self.state.counters.get(one.service.upper(), 0) + 1
        issued = ev.TicketIssued(
            ticket=ticket,
            number=f"{one.service.upper()}{number:03d}",
            counter=number,
            prefix=one.service.upper(),
            service=one.service,
            cls=one.cls,  # type: ignore[arg-type]
            zone="hall",
            channel="kiosk",
        )
        # As its check-in would: an appointment has no command of its own.
        self._apply((issued,))

    def _calls(self, window: str) -> None:
        decision = decide(self.state, cmd.CallNext(window=window), self.now_ms, cmd.SYSTEM)
        if decision.ticket is None:
            return
        self._look(decision.ticket, decision.events)
        self._apply(decision.events)
        ticket = self.state.tickets[decision.ticket]
        self.waits[ticket.id] = (self.now_ms - ticket.clock_ms) / 60_000
        self._do(cmd.Start(window=window))
        self.free_at[window] = self.now_ms + self.arrived[ticket.id].takes_s * 1000

    def _look(self, called: str, events: tuple[ev.Event, ...]) -> None:
        """Note who of those the window could serve was passed beyond twice their target."""
        (event,) = (event for event in events if isinstance(event, ev.TicketCalled))
        ticket = self.state.tickets[called]
        if event.why.by == "guard":
            return
        for lane in event.why.lanes:
            target_ms = self.state.index.target_ms(lane.service, lane.cls)
            late = self.now_ms - lane.clock_ms > 2 * target_ms
            if lane.cls == "ordinary" and late and lane.clock_ms < ticket.clock_ms:
                self.passed.append(f"{lane.head} by {called}")


def few_privileged(pattern: Pattern) -> bool:
    """Whether priority and appointments are under a fifth of every half hour that has any of them.

    Of every one that begins or ends with an arrival, which is every one with most of them.
    """
    for one in pattern.arrivals:
        for begins_s in (one.at_s, one.at_s - HALF_HOUR + 1):
            within = [other.cls for other in pattern.arrivals if 0 <= other.at_s - begins_s < HALF_HOUR]
            few = sum(cls != "ordinary" for cls in within)
            if few and 5 * few >= len(within):
                return False
    return True


def bound(pattern: Pattern) -> float:
    """How much longer than by the longest wait an ordinary ticket may wait, minutes.

    The guard, one service, and one more for each round of those with a shorter target who come meanwhile.

    Once a ticket has waited a guard of its target nobody who came later goes before it but those with a
    shorter target, in the guard's order: as many as come while it waits, by as many at a time as windows
    serve it. Every window turns to it and to those before it when its service ends; from then on it waits
    no longer than by the longest wait.
    """
    service_s = max((one.takes_s for one in pattern.arrivals), default=0)
    privileged = [one.at_s for one in pattern.arrivals if one.cls != "ordinary"]
    meanwhile_s = GUARD * TARGET_MIN * 60 + service_s
    most = max((sum(0 <= at - first < meanwhile_s for at in privileged) for first in privileged), default=0)
    at_once = min(sum(code in skills for skills in pattern.skills) for code in SERVICES)
    return GUARD * TARGET_MIN + (1 + math.ceil(most / at_once)) * service_s / 60


def excess(pattern: Pattern, pressure: float | None = None, guard: float = GUARD) -> float | None:
    """By how many minutes an ordinary ticket waits longer by the index than by the longest wait, at most.

    Returns:
      None where the promise does not hold for the pattern.
    """
    if not few_privileged(pattern):
        return None
    longest = Day(pattern, "longest_wait").run()
    if max(longest.waits, default=0.0) >= 40:
        return None
    found = Day(pattern, "index", pressure, guard).run()
    assert not guard or not found.passed, found.passed
    return max(
        (
            wait - before
            for one, wait, before in zip(sorted(pattern.arrivals), found.waits, longest.waits, strict=True)
            if one.cls == "ordinary"
        ),
        default=0.0,
    )


# Made by hand ---------------------------------------------------------------------------------------


def one_alone(windows: int, takes_s: int) -> Pattern:
    """One who is alone for a service comes as all windows become free, with three rounds of another.

    Each further round of those comes as the windows become free again; everybody takes equally long.
    """
    free_s = takes_s + 2
    come = [Arrival(2, "b", "ordinary", takes_s)] * windows + [Arrival(free_s, "a", "ordinary", takes_s)]
    for turn, rounds in enumerate((3, 1, 1, 1, 1)):
        at_s = free_s + turn * takes_s
        come += [Arrival(at_s, "b", "ordinary", takes_s)] * (rounds * windows)
    return Pattern((SERVICES,) * windows, tuple(sorted(come)))


def long_services(windows: int, more: int) -> Pattern:
    """The same with services that nearly reach the guard: passed twice, the second time just before it.

    Args:
      windows: all of which serve everything.
      more: than there are windows, come right after.
    """
    takes_s = 2338
    come = [Arrival(0, "b", "ordinary", 60)] * windows + [Arrival(1, "a", "ordinary", takes_s)]
    come += [Arrival(2, "b", "ordinary", takes_s)] * (windows + more - 1)
    come += [Arrival(2300, "b", "ordinary", takes_s)] * (windows - more)
    come += [Arrival(2397, "b", "ordinary", takes_s)] * more
    return Pattern((SERVICES,) * windows, tuple(sorted(come)))


def passed_at_the_guard(rounds: int = 20) -> Pattern:
    """One who is alone for a service is passed by the pressure until its guard, and then by a burst.

    Those of the burst have priority for the same service, and their guard falls in the very minute before.
    """
    takes_s = 240
    come = [Arrival(0, "a", "ordinary", takes_s)] + [Arrival(0, "b", "ordinary", takes_s)] * 6
    for turn in range(1, rounds + 1):
        come += [Arrival(takes_s * turn, "b", "ordinary", takes_s)] * 2
    come += [Arrival(1799, "a", "priority", takes_s)] * 5 + [Arrival(1799, "b", "ordinary", takes_s)] * 8
    return Pattern((SERVICES,) * 2, tuple(sorted(come)))


# Search ---------------------------------------------------------------------------------------------

LONGEST_S: Final = 2400


def drawn(dice: Random, takes_s: int | None = None) -> Pattern:
    """A pattern of one to seven windows and an hour or two of bursts and trickles.

    Args:
      dice: what is drawn with.
      takes_s: how long every service takes; None: anything up to `LONGEST_S`.
    """
    windows = dice.choice([1, 2, 3, 4, 7])
    skills = [dice.choice([SERVICES, SERVICES, SERVICES[:2], ("a",), ("b",), ("c",)]) for _ in range(windows)]
    arrivals: list[Arrival] = []
    for _ in range(dice.choice([1, 2, 3, 5])):
        begins, count = dice.randrange(0, 5400), dice.choice([1, 3, 6, 10, 20])
        apart, service = dice.choice([0, 20, 60, 150, 300]), dice.choice(SERVICES)
        cls = dice.choices(CLASSES, [6, 1, 1])[0]
        takes = takes_s or dice.choice([120, 300, 600, 900, LONGEST_S])
        arrivals += [Arrival(begins + n * apart, service, cls, takes) for n in range(count)]
    return _pattern(skills, arrivals)


def changed(pattern: Pattern, dice: Random, takes_s: int | None = None) -> Pattern:
    """The pattern with something different: a step of the search."""
    arrivals, skills = list(pattern.arrivals), list(pattern.skills)
    for _ in range(dice.choice([1, 1, 2, 4])):
        at = dice.randrange(len(arrivals))
        one = arrivals[at]
        match dice.randrange(7):
            case 0:
                moved = dice.choice([-900, -120, -20, 20, 120, 900])
                arrivals[at] = one._replace(at_s=max(0, one.at_s + moved))
            case 1:
                arrivals[at] = one._replace(takes_s=takes_s or dice.randrange(60, LONGEST_S + 1, 60))
            case 2:
                arrivals[at] = one._replace(service=dice.choice(SERVICES))
            case 3:
                arrivals[at] = one._replace(cls=dice.choice(CLASSES))
            case 4:
                arrivals.append(one._replace(at_s=max(0, one.at_s + dice.randrange(-600, 600))))
            case 5 if len(arrivals) > 2:
                del arrivals[at]
            case _:
                where = dice.randrange(len(skills))
                skills[where] = dice.choice([SERVICES, SERVICES[:2], SERVICES[1:], (one.service,)])
    return _pattern(skills, arrivals)


def _pattern(skills: list[tuple[str, ...]], arrivals: list[Arrival]) -> Pattern:
    """With somebody for every service, and not too much to try often."""
    return Pattern((SERVICES, *skills[1:]), tuple(sorted(arrivals[:80])))


def beyond(pattern: Pattern, pressure: float | None = None, guard: float = GUARD) -> float | None:
    """By how many minutes an ordinary ticket's excess is more than `bound`; negative: less."""
    found = excess(pattern, pressure, guard)
    return None if found is None else found - bound(pattern)


def searched(
    seed: int, steps: int, takes_s: int | None = None, pressure: float | None = None, guard: float = GUARD
) -> tuple[float, Pattern]:
    """The worst pattern found: climbs from a random one, keeping whatever is no better for its victim.

    Returns:
      How far it is beyond the bound, as `beyond`, and the pattern.
    """
    dice = Random(seed)
    found = None
    while found is None:
        pattern = drawn(dice, takes_s)
        found = beyond(pattern, pressure, guard)
    for _ in range(steps):
        other = changed(pattern, dice, takes_s)
        worse = beyond(other, pressure, guard)
        if worse is not None and worse >= found:
            found, pattern = worse, other
    return found, pattern
