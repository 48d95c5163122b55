"""What is kept beside a hall to check it by: who stands where, what time it is, who is owed what."""

from __future__ import annotations

import hashlib
from collections import Counter
from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.decide import next_deadline_ms
from callq.domain.state import HallState, KeyRecord, canonical, person_keys
from callq.domain.ticket import FINAL, TicketState
from tests.harness import Hall, check_invariants

if TYPE_CHECKING:
    from callq.domain.lanes import LaneKey
    from callq.domain.ticket import Ticket

MOVED_BY_RULE = (
    ev.TicketRejoined,
    ev.TicketReturned,
    ev.TicketTransferred,
    ev.TicketUnbound,
    ev.TicketReassigned,
    ev.ClassGranted,
    ev.StepBegun,
    ev.Undone,
)
"""What may change a waiting ticket's place; each is on record."""


def expected_choice(state: HallState, window: str, now_ms: int) -> str | None:
    """The rules of calling said again, by looking at every ticket instead of at lanes."""
    seat, config = state.windows[window], state.config
    clerk = next(c for c in config.clerks if c.id == seat.clerk)
    equipment = next(w for w in config.windows if w.id == window).services
    services = {s.code: s for s in config.services}
    capacity = {r.code: r.capacity for r in config.resources}
    in_use = [services[w.ticket.service].resource for w in state.windows.values() if w.ticket]
    clock = state.clock(now_ms)

    def eligible(code: str) -> bool:
        service = services[code]
        return (
            clerk.level(service.needs, state.day) >= service.min_level
            and (not equipment or code in equipment)
            and (seat.active is None or service.needs in seat.active)
            and (not service.resource or in_use.count(service.resource) < capacity[service.resource])
        )

    waiting = [
        t
        for t in state.tickets.values()
        if t.state == TicketState.WAITING
        and eligible(t.service)
        and t.bound in ("", f"w:{window}", f"c:{seat.clerk}")
    ]
    # Who came back from a hold is before their lane, not before the hall.
    heads = [
        t
        for t in waiting
        if all(
            (o.rank, o.clock_ms, o.order) >= (t.rank, t.clock_ms, t.order)
            for o in waiting
            if o.lane == t.lane
        )
    ]
    if not heads:
        return None
    papers = [t for t in heads if t.bound.startswith("w:") and t.rank == 0]
    mine = [t for t in heads if not left(state, window, t, since(t, waiting), clock)]
    due = papers or [t for t in mine if since(t, waiting) <= clock] or mine
    if not due:
        return None
    routing = config.routing
    if routing is None:
        return min(due, key=lambda t: (since(t, waiting), t.order)).id
    late = {t.id: (clock - since(t, waiting)) / 60_000 / services[t.service].target_min(t.cls) for t in heads}
    guarded = [t for t in due if not papers and late[t.id] > routing.guard]
    index = late if guarded else {t.id: late[t.id] + pressure(state, window, t.service) for t in heads}
    return min(guarded or due, key=lambda t: (-round(index[t.id], 9), since(t, waiting), t.order)).id


def left(state: HallState, window: str, ticket: Ticket, since_ms: int, clock: int) -> bool:
    """Whether a beginner leaves a ticket to a better clerk who is ready, not for long, or should be soon."""
    routing, services = state.config.routing, {s.code: s for s in state.config.services}
    if routing is None or not routing.better_soon_s or ticket.bound:
        return False
    soon_ms = routing.better_soon_s * 1000
    service = services[ticket.service]
    skills = {c.id: c.level(service.needs, state.day) for c in state.config.clerks}
    own = state.windows[window].clerk
    if own is None or skills[own] != 1 or clock - since_ms > service.target_min(ticket.cls) * 60_000:
        return False
    for other in state.windows.values():
        if not other.open or other.clerk is None or skills[other.clerk] < 2:
            continue
        if ticket.service not in state.services_at(other) or other.draining or other.pause_after:
            continue
        at = other.ticket
        if at is None and not other.paused and clock - other.ready_clock < soon_ms:
            return True
        if at is not None and at.state == TicketState.SERVING and at.started_clock is not None:
            ends_ms = at.started_clock - at.handled_ms + round(services[at.service].service_min * 60_000)
            if -soon_ms <= clock - ends_ms < soon_ms:
                return True
    return False


def since(head: Ticket, waiting: list[Ticket]) -> int:
    """The clock by which the lane of its first is compared: an older one counts behind who came back."""
    arrived = [t.clock_ms for t in waiting if t.lane == head.lane and t.rank]
    return min([head.clock_ms, *arrived])


def pressure(state: HallState, window: str, service: str) -> float:
    """What the index adds for a service at a window of several, counted anew."""
    routing = state.config.routing
    assert routing is not None
    assert routing.pressure is not None
    if len(state.services_at(state.windows[window])) == 1:
        return 0.0
    alone = Counter(
        served[0] for w in state.windows.values() if w.open and len(served := state.services_at(w)) == 1
    )
    roots = {s.code: sqrt(alone[s.code] + 0.5) for s in state.config.services}
    queue = Counter(t.service for t in state.tickets.values() if t.state == TicketState.WAITING)
    share = roots[service] / sum(roots.values())
    return routing.pressure * (queue[service] - share * queue.total())


def but_for_traces(state: HallState) -> dict[str, Any]:
    """The whole state, less what an act and its undo leave behind: that they happened."""
    found: dict[str, Any] = msgspec.msgpack.decode(canonical(state))
    for name in ("revision", "now_ms", "known_ms", "order", "clerk_days", "recent", "announced", "keys"):
        del found[name]
    for ticket in found["tickets"]:
        del ticket["touched"]
        ticket["past"] = [call for call in ticket["past"] if "undone" not in call]
    for window in found["windows"]:
        del window["acted"]
        # Who took a call back gets the whole delay of automatic calls.
        del window["ready_clock"]
    found["missed"] = sorted(found["missed"])
    # Who comes back to be called again gets the whole time to come.
    found["due"] = [due for due in found["due"] if due[0] != "auto_start"]
    found["agenda"] = [due for due in found["agenda"] if due[1] != "auto_start"]
    return found


KEPT_MS = 24 * 3_600_000
"""A key is kept so long past the close of its day, and through the whole of the next."""


class Press(NamedTuple):
    """A key that was accepted, and what it was told."""

    who: cmd.Actor
    key: str
    command: cmd.AnyCommand
    answer: KeyRecord
    day: str


class Watched(Hall):
    """A hall in which every change is compared with what is kept beside it."""

    lines: dict[LaneKey, list[str]]
    stands_since: int | None = None
    """The hall's own time when it was suspended."""

    def __init__(self, *more: Any, **named: Any) -> None:
        self.accepted: Counter[type] = Counter()
        """How often a command did something."""
        self.pressed: list[Press] = []
        self.repeated: Counter[str] = Counter()
        """What became of keys that came again: ``kept``, ``another body`` or ``forgotten``."""
        self.closes: dict[str, int] = {}
        """When a business day ended, Unix ms."""
        super().__init__(*more, **named)

    def do(self, command: cmd.AnyCommand, key: str | None = None, who: cmd.Actor = cmd.SYSTEM) -> Any:
        suspended = self.state.suspended_since is not None
        due, known_ms = dict(self.state.due), self.state.known_ms
        day, ends_ms = self.state.day, self.state.day_ends_ms
        decision = super().do(command, key, who)
        if decision.events:
            self.accepted[type(command)] += 1
            if key is not None:
                answer = KeyRecord(
                    self.body_of(command), self.state.revision, decision.ticket, decision.window
                )
                self.pressed.append(Press(who, key, command, answer, self.state.day))
        if day and self.state.day != day:
            self.closes[day] = ends_ms
        self._nobody_overtaken(decision.events)
        if suspended:
            calls = (ev.TicketCalled, ev.TicketRecalled, ev.TicketResumed)
            assert not any(isinstance(e, calls) for e in decision.events), (
                "a call while the hall stands still"
            )
        for event in decision.events:
            if isinstance(event, ev.OutageRecorded):
                assert known_ms <= event.since_ms < event.until_ms <= self.now_ms
                longer = 0 if suspended else event.until_ms - event.since_ms
                assert self.state.due == {key: at_ms + longer for key, at_ms in due.items()}
        if isinstance(command, cmd.Suspend):
            self.stands_since = self.state.clock(self.now_ms)
        elif isinstance(command, cmd.ResumeHall):
            self.stands_since = None
        check_invariants(self.state)
        return decision

    def body_of(self, command: cmd.AnyCommand) -> bytes:
        return hashlib.blake2b(ev.encode_command(command), digest_size=16).digest()

    def pressed_again(self, press: Press, command: cmd.AnyCommand) -> bool:
        """A key that was accepted comes once more, as the runtime answers it: by what is kept, if it is.

        Returns:
          Whether it was kept: then it answers the same, or is refused with another body, and does not
          act. Else the same key may be used for something new.
        """
        known = self.state.remembered(press.who.id, press.key)
        if known is None:
            assert press.day in self.closes, "a key was forgotten on its own day"
            assert self.now_ms >= self.closes[press.day] + KEPT_MS, "or too soon after it"
            assert list(self.closes)[-1] != press.day, "or on the next"
            self.repeated["forgotten"] += 1
            return False
        assert known == press.answer, "another answer than the first time"
        same = command == press.command
        assert (known.body == self.body_of(command)) is same, "bodies that cannot be told apart"
        self.repeated["kept" if same else "another body"] += 1
        assert self.state.remembered("nobody", press.key) is None, "a key of somebody else"
        return True

    def _nobody_overtaken(self, events: tuple[ev.Event, ...]) -> None:
        before = getattr(self, "lines", {})
        self.lines = {key: lane.ids() for key, lane in self.state.lanes.items() if lane}
        moved = {e.ticket for e in events if isinstance(e, MOVED_BY_RULE)}
        for key, line in self.lines.items():
            stayed = [t for t in line if t not in moved and t in before.get(key, ())]
            assert stayed == [t for t in before.get(key, ()) if t in stayed], "somebody was overtaken"
        for event in events:
            if isinstance(event, ev.TicketIssued) and not event.credit and not event.booking:
                ticket = self.state.tickets[event.ticket]
                line = self.lines.get(ticket.lane, [])
                later = line[line.index(ticket.id) + 1 :] if ticket.id in line else []
                clocks = [self.state.tickets[t].clock_ms for t in later]
                assert all(c > ticket.clock_ms for c in clocks), "a new ticket is before older ones"

    def check(self) -> None:
        """What holds once the ticks that are due are done."""
        state, clock = self.state, self.state.clock(self.now_ms)
        stood = [moment for standstill in state.standstills for moment in standstill]
        assert stood == sorted(stood), "what stood still overlaps"
        deadline = next_deadline_ms(state)
        assert deadline is not None
        assert deadline > self.now_ms, "a deadline stays in the past"
        if self.stands_since is not None:
            assert clock == self.stands_since, "clocks go on while the hall stands still"
        else:
            assert all(due.at_ms > clock for due in state.agenda.all())
        live: set[tuple[str, str]] = set()
        known: dict[tuple[str, str], list[str]] = {}
        levels: Counter[int] = Counter()
        for ticket in state.tickets.values():
            yesterdays = ticket.day < state.day
            assert not yesterdays or ticket.state in FINAL | {TicketState.SERVING}, "it outlived its day"
            if ticket.state == TicketState.SERVING and (yesterdays or state.day_closed):
                assert ("serving_end", ticket.id) in state.due, "nothing will end it"
            rated = [rating.step for rating in ticket.ratings]
            assert len(set(rated)) == len(rated), "rated twice"
            assert all(ticket.steps[step].state == "done" for step in rated), "nothing was completed there"
            if ticket.day == state.day:
                levels.update(rating.level for rating in ticket.ratings)
            assert [s.state for s in ticket.steps].count("current") == (ticket.state != TicketState.DONE)
            if ticket.state in FINAL:
                continue
            held = {(key, ticket.service) for key in person_keys(ticket.person)}
            for key in held:
                known.setdefault(key, []).append(ticket.id)
            if ticket.state == TicketState.MISSED:
                continue  # Void perhaps, and replaced.
            assert held.isdisjoint(live), "one person holds two tickets of a service"
            live |= held
        assert {key: tuple(sorted(ids)) for key, ids in known.items()} == state.live
        assert dict(levels) == {n: count for n, count in enumerate(state.ratings_today, 1) if count}
