"""A hall for tests: decides and applies like the runtime does, without one, and checks as it goes."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING, Final

import msgspec

from callq.domain import commands as cmd
from callq.domain.apply import apply
from callq.domain.decide import Decision, decide, next_deadline_ms
from callq.domain.events import (
    SCHEMA_VERSION,
    Batch,
    Booked,
    BookingMoved,
    DayOpened,
    EpochOpened,
    TicketCalled,
    TicketIssued,
    TicketReassigned,
    decode_batch,
    encode_batch,
    encode_command,
)
from callq.domain.hall import Clerk, HallConfig, ProfileSlot, Rules, Service, Tides, WindowConfig, Zone
from callq.domain.lanes import Lane
from callq.domain.levels import required_level
from callq.domain.routing.lanes import of_lane
from callq.domain.routing.staffing import staffing_of
from callq.domain.state import HallState, canonical
from callq.domain.ticket import AT_WINDOW, FINAL, TicketState
from callq.domain.tides import TidePlan, TideReason, unexplained
from callq.domain.undo import NoUndo, Undo

if TYPE_CHECKING:
    from callq.domain.ticket import Ticket

WHY: Final = {"more": "load", "fewer": "spare", "widens": "long_queue", "narrows": "short_queue"}


def explained(plan: TidePlan) -> TidePlan:
    """The same plan with a reason for each kind of move that has none."""
    why = tuple(TideReason(code=WHY[kind]) for kind in unexplained(plan))  # type: ignore[arg-type]
    return msgspec.structs.replace(plan, reasons=(*plan.reasons, *why))


ANN = cmd.Actor(role="clerk", id="t1")
"""Who does everything, unless a test says otherwise."""

BOB = cmd.Actor(role="clerk", id="t2")
"""Somebody else."""

MONDAY_9H = 1_795_395_600_000
"""2026-11-23 09:00 in Shanghai."""


def small_hall(**changes: object) -> HallConfig:
    """Three windows, three services, four clerks with different skills."""
    fields: dict[str, object] = {
        "id": "test",
        "name": "测试大厅",
        "zones": (Zone(code="hall", name="大厅"), Zone(code="upstairs", name="二楼")),
        "services": (
            Service(code="general", name="综合受理", prefix="A"),
            Service(code="social", name="社会保险", prefix="E"),
            Service(code="estate", name="不动产登记", prefix="G", zone="upstairs"),
        ),
        "windows": (
            WindowConfig(id="w1", label="1", zone="hall"),
            WindowConfig(id="w2", label="2", zone="hall", services=("general", "social")),
            WindowConfig(id="w3", label="3", zone="upstairs", services=("estate",), kind="domain"),
        ),
        "clerks": (
            Clerk(id="c1", name="李敏", skills={"general": 3, "social": 2, "estate": 1}),
            Clerk(id="c2", name="王芳", skills={"general": 2}),
            Clerk(id="c3", name="赵强", skills={"social": 2, "estate": 2}),
            Clerk(id="c4", name="陈静", skills={"estate": 3}),
        ),
        "rules": Rules(),
    }
    return HallConfig(**{**fields, **changes})  # type: ignore[arg-type]


def tidal_hall(**changes: object) -> HallConfig:
    """The same with tides that are automatic: people come from nine to five, and every window may move."""
    services = small_hall().services
    fields: dict[str, object] = {
        "services": tuple(msgspec.structs.replace(service, daily=96.0) for service in services),
        "tides": Tides(
            mode="automatic",
            windows=("w1", "w2", "w3"),
            profile=(ProfileSlot(hours="09:00-17:00", rate=1.0),),
        ),
    }
    return small_hall(**{**fields, **changes})


class Hall:
    """One hall driven directly; every accepted command is undone and redone on the way."""

    def __init__(
        self, config: HallConfig | None = None, now_ms: int = MONDAY_9H, *, level: int = SCHEMA_VERSION
    ) -> None:
        config = config or small_hall()
        self.state = HallState(config.id)
        self.level = level
        """Schema of the first batches; 0: what they need, until the level is raised."""
        self.now_ms = now_ms
        self.payloads: list[bytes] = []
        self.numbers: dict[str, list[int]] = {}
        self._minted = 0
        self.taken_as_it_stands()
        self.do(cmd.Configure(config=config))

    def taken_as_it_stands(self) -> None:
        """Go on from a state that a test has changed by hand."""
        self._left = canonical(self.state)

    def do(self, command: cmd.AnyCommand, key: str | None = None, who: cmd.Actor = ANN) -> Decision:
        """Decide and apply a command; refusals pass through, having changed nothing."""
        state, before = self.state, self._left
        try:
            decision = decide(state, command, max(self.now_ms, state.now_ms), who)
        finally:
            assert canonical(state) == before, "decide changed the state, or whoever looked at it before"
        if not decision.events:
            return decision
        batch = Batch(
            v=max(self.level, state.level, required_level(decision.events)),
            at_ms=max(self.now_ms, state.now_ms),
            who=who,
            key=key or f"~{state.revision}",
            command=encode_command(command),
            events=decision.events,
            body=self.body_of(command) if key else b"",
            ticket=decision.ticket,
            window=decision.window,
        )
        payload = encode_batch(batch)
        batch = decode_batch(payload)
        undo = Undo()
        apply(state, batch, undo)
        after = canonical(state)
        undo.rollback()
        assert canonical(state) == before, "apply then undo is not the identity"
        apply(state, batch, Undo())
        self._left = canonical(state)
        assert self._left == after, "applying again gives another state"
        self.payloads.append(payload)
        self._observe(batch)
        return decision

    def body_of(self, command: cmd.AnyCommand) -> bytes:
        """What tells one request from another under the same idempotency key: here nothing does."""
        return b"b" * 16

    def _observe(self, batch: Batch) -> None:
        for event in batch.events:
            if isinstance(event, TicketIssued):
                self._numbered(event.series or event.prefix, event.counter)
            elif isinstance(event, Booked | BookingMoved):
                self._reserved(event.booking)
            elif isinstance(event, TicketReassigned) and event.number:
                self._numbered(event.series, event.counter)
            elif isinstance(event, EpochOpened | DayOpened):
                for skipped in event.skipped:
                    for counter in range(skipped.first, skipped.last + 1):
                        self._numbered(skipped.series, counter)
            elif isinstance(event, TicketCalled):
                why = event.why
                chosen = any(lane.head == event.ticket for lane in why.lanes)
                by_hand = bool(why.rule == "called_by_name" and why.reason)
                assert chosen or by_hand or why.rule == "papers_back", "a call without its reason"

    def _reserved(self, booking: str) -> None:
        """No more than fit; a capacity that is lowered afterwards takes nobody's place away."""
        booked = self.state.bookings[booking]
        terms = self.state.index.services[booked.service].booking
        assert terms is not None
        assert self.state.slots[booked.service, booked.slot_ms] <= terms.capacity, (
            "a slot is over its capacity"
        )

    def _numbered(self, series: str, counter: int) -> None:
        given = self.numbers.setdefault(f"{self.state.day}{series}", [])
        assert not given or counter == given[-1] + 1, "numbers have a gap or repeat"
        assert given or counter == int(series.lstrip(ascii_uppercase) or 1), "numbers begin late"
        given.append(counter)

    def ticks(self) -> int:
        """Do what time has made due, like the runtime before it decides anything; how many ticks it took."""
        done = 0
        while (deadline := next_deadline_ms(self.state)) is not None and deadline <= self.now_ms:
            assert self.do(cmd.Tick(), who=cmd.SYSTEM).events, "a tick was due and did nothing"
            done += 1
            assert done < 10_000, "ticks without an end"
        return done

    def issue(self, service: str = "general", **more: object) -> Ticket:
        """Take a number."""
        self._minted += 1
        decision = self.do(cmd.Issue(ticket=f"t{self._minted:04d}", service=service, **more))  # type: ignore[arg-type]
        assert decision.ticket is not None
        return self.state.tickets[decision.ticket]

    def staff(self, window: str = "w1", clerk: str = "c1") -> None:
        """Sign in and open."""
        self.do(cmd.SignIn(window=window, clerk=clerk))
        self.do(cmd.Open(window=window))

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ms += round(seconds * 1000)

    def replayed(self) -> HallState:
        """A fresh state from the stored bytes alone."""
        state = HallState(self.state.hall)
        for payload in self.payloads:
            apply(state, decode_batch(payload), NoUndo())
        return state


def check_invariants(state: HallState) -> None:
    """What must hold in every state of a hall, whatever led there."""
    at_windows = [w.ticket for w in state.windows.values() if w.ticket is not None]
    assert len({t.id for t in at_windows}) == len(at_windows), "a ticket is at two windows"
    active = {t.id for t in state.tickets.values() if t.state in AT_WINDOW}
    assert active == {t.id for t in at_windows}, "an active ticket is at no window"
    for window in state.windows.values():
        if window.ticket is not None:
            assert window.ticket.window == window.id
            assert window.open
            assert window.clerk is not None
    seated = [(w.clerk, w.id) for w in state.windows.values() if w.clerk is not None]
    seated += [(clerk, window) for window, clerk in state.trainees.items()]
    assert len(dict(seated)) == len(seated), "a clerk is at two windows"
    assert dict(seated) == state.clerk_at, "a seat and its clerk do not know each other"
    assert not set(state.clerk_at) & set(state.seconded), "a seconded clerk sits here"
    assert set(state.seconded) <= set(state.index.clerks), "who is not of this hall serves another one"
    here = {f"c:{c}" for c in state.index.clerks if c not in state.seconded} | {
        f"w:{w}" for w in state.windows
    }
    assert {key.to for key, lane in state.lanes.items() if lane and key.to} <= here, "somebody waits in vain"
    for resource in state.config.resources:
        using = [t for t in at_windows if state.index.services[t.service].resource == resource.code]
        assert len(using) <= resource.capacity, "a resource is over its capacity"
    held = {t.id for t in state.tickets.values() if t.state == TicketState.HELD}
    assert held == set(state.held)
    assert sorted((d.kind, d.entity, d.at_ms) for d in state.agenda.all()) == sorted(
        (kind, entity, at_ms) for (kind, entity), at_ms in state.due.items()
    ), "the agenda and its index differ"
    for (service, slot_ms), taken in state.slots.items():
        booked = [
            b
            for b in state.bookings.values()
            if b.service == service and b.slot_ms == slot_ms and b.state != "cancelled"
        ]
        assert taken >= len(booked)
    for plan in (state.tides.proposal, state.tides.in_force):
        assert plan is None or (plan.reasons and not unexplained(plan)), f"a plan without reasons: {plan}"
    rated = [(t.id, rating.step) for t in state.tickets.values() for rating in t.ratings]
    assert len(set(rated)) == len(rated), "a service is rated twice"
    back = [(t.id, rating.step) for t in state.tickets.values() for rating in t.ratings_taken_back]
    cases = [(case.ticket, case.step) for case in state.cases.values() if case.undone_ms is None]
    assert len(set(cases)) == len(cases), "a rating has two cases"
    for case in state.cases.values():
        about = state.tickets.get(case.ticket)
        # Tests give the id of a ticket that was forgotten to another one.
        known = (
            about is None
            or about.day != case.day
            or (case.ticket, case.step) in (rated if case.undone_ms is None else back)
        )
        assert known, "a case of nothing that was said"
    draining = {w.id for w in state.windows.values() if w.draining}
    assert set(state.tides.draining) <= draining, "a window that is not closing is to close by a plan"
    waiting = sorted(t.id for t in state.tickets.values() if t.state == TicketState.WAITING)
    in_lanes = sorted(ticket for lane in state.lanes.values() for ticket in lane.ids())
    assert waiting == in_lanes, "lanes and waiting tickets differ"
    kept = [repr(tally) for tally in (state.waiting, state.bound, state.at_windows, state.turns)]
    staffing = state.staffing
    state.count_again()
    again = [repr(tally) for tally in (state.waiting, state.bound, state.at_windows, state.turns)]
    assert kept == again, "what is counted as it comes and goes is counted wrongly"
    assert staffing is None or staffing == staffing_of(state), (
        "the windows have changed since they were looked at"
    )
    state.staffing = staffing
    for key, lane in state.lanes.items():
        tickets = [state.tickets[t] for t in lane.ids()]
        assert lane.head == lane.nth(0)
        assert lane.asked is None or lane.asked == of_lane(key, Lane(lane.places()), state), (
            "a lane has changed since it was asked"
        )
        assert all(t.lane == key for t in tickets)
        assert [t.place for t in tickets] == sorted(t.place for t in tickets)
    numbers = [(t.day, t.number) for t in state.tickets.values()]
    assert len(set(numbers)) == len(numbers), "two tickets of a day share a number"
    by_day = {t.day for t in state.tickets.values()}
    assert all(day <= state.day for day in by_day), "a ticket of a day that has not begun"
    for (person, service), ids in state.live.items():
        assert person
        for ticket in ids:
            assert state.tickets[ticket].state not in FINAL
            assert state.tickets[ticket].service == service
