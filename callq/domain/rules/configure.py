"""Putting a configuration in force without orphaning what lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.calendar import business_day
from callq.domain.check import problems
from callq.domain.errors import Code, Rejected
from callq.domain.hall import digest, lean
from callq.domain.levels import required_level
from callq.domain.rules.binding import let_go
from callq.domain.rules.decision import Decision
from callq.domain.rules.guards import conflict
from callq.domain.rules.hall import day_opened
from callq.domain.rules.store import FIRST_RAISED
from callq.domain.state import Index
from callq.domain.ticket import FINAL, TicketState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain import commands as cmd
    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket


def configure(state: HallState, command: cmd.Configure, now_ms: int, who: cmd.Actor) -> Decision:
    """Put a configuration in force, unless it would orphan what lives; the same again does nothing."""
    config = command.config
    if config.id != state.hall:
        raise Rejected(
            Code.INVALID,
            f"this is the configuration of {config.id}",
            f"send it to hall {config.id}",
            hall=state.hall,
        )
    found = problems(config)
    if found:
        first = found[0]
        raise Rejected(Code.INVALID, f"{first.path}: {first.message}", first.hint, hall=state.hall).having(
            problems=found
        )
    fingerprint = digest(config)
    if fingerprint == state.digest:
        return Decision(())
    if command.if_digest and command.if_digest != state.digest:
        raise Rejected(
            Code.WRONG_STATE,
            "another configuration has come into force meanwhile",
            "look at what changed, and send it with the digest in force",
            state="changed",
            hall=state.hall,
        ).having(digest=state.digest)
    for hindrance in hindrances(state, config):
        raise hindrance
    events: list[ev.Event] = [
        ev.HallConfigured(config=lean(config), digest=fingerprint, reason=command.reason)
    ]
    if not state.created:
        events.append(day_opened(business_day(now_ms, config.timezone, config.day_starts), config))
        if FIRST_RAISED <= required_level(events) <= command.level:
            # Else the node that creates it would have to wait until a hall exists that it may not write.
            events.append(ev.FeatureLevelRaised(level=command.level))
    index = Index(config)
    back = [ev.ClerkReturned(clerk=clerk) for clerk in state.seconded if clerk not in index.clerks]
    return Decision((*back, *events, *let_go_by(state, index)))


def hindrances(state: HallState, config: HallConfig) -> Iterator[Rejected]:
    """Everything that keeps a configuration without problems from coming into force now."""
    yield from _windows_kept(state, config)
    yield from _services_kept(state, config)
    yield from _zones_kept(state, config)
    yield from _resources_kept(state, config)
    for clerk, window_id in state.clerk_at.items():
        if all(c.id != clerk for c in config.clerks):
            yield Rejected(
                Code.CLERK_BUSY,
                f"clerk {clerk} is signed in",
                "sign the clerk out first",
                state="signed_in",
                clerk=clerk,
                window=window_id,
            )


def let_go_by(state: HallState, index: Index) -> list[ev.Event]:
    """What becomes of tickets that wait for a window or clerk which will not serve them any more."""
    mastered = {
        f"w:{window.id}": index.serving(window.id, window.clerk, state.day)
        for window in state.windows.values()
        if window.clerk is not None
    }
    return let_go(state, "not_served", _serving(state, index), mastered)


def _serving(state: HallState, index: Index) -> dict[str, tuple[str, ...]]:
    """What windows and clerks that somebody waits for will serve, there or not, by binding."""
    found: dict[str, tuple[str, ...]] = {}
    for to in {key.to for key in state.lanes if key.to}:
        kind, _, whom = to.partition(":")
        window = state.windows.get(whom if kind == "w" else state.clerk_at.get(whom, ""))
        if window is not None and window.clerk is not None and (kind == "w" or window.clerk == whom):
            found[to] = index.in_use(window.id, window.clerk, window.active, state.day)
        elif kind == "w":
            found[to] = index.equipped(whom)
        else:
            found[to] = index.mastered(whom, state.day) if whom in index.clerks else ()
    return found


def _windows_kept(state: HallState, config: HallConfig) -> Iterator[Rejected]:
    """Refuse to remove a window that is in use, that tickets wait for, or that keeps papers."""
    for window in state.windows.values():
        if any(w.id == window.id for w in config.windows):
            continue
        for there, code in ((window.ticket, Code.WINDOW_BUSY), (window.clerk, Code.WINDOW_OCCUPIED)):
            if there is not None:
                yield conflict(
                    code, window, "it cannot be removed while in use", "close it and sign out first"
                )
        for ticket in state.tickets.values():
            waits = ticket.state == TicketState.WAITING and ticket.bound == f"w:{window.id}"
            kept = ticket.state == TicketState.HELD and ticket.hold_kind != "without_papers"
            if waits or (kept and ticket.window == window.id):
                yield Rejected(
                    Code.WINDOW_BUSY,
                    f"{ticket.number} comes back to window {window.id}",
                    "serve or transfer it before removing the window",
                    state=ticket.state,
                    ticket=ticket.id,
                    window=window.id,
                )


def _services_kept(state: HallState, config: HallConfig) -> Iterator[Rejected]:
    """Refuse to remove a service with live tickets, steps to come or bookings."""
    services = {s.code: s for s in config.services}
    for ticket in state.tickets.values():
        open_steps = {s.service for s in ticket.steps if s.state in ("todo", "deferred")}
        wanted = open_steps if ticket.state == TicketState.DONE else open_steps | {ticket.service}
        gone = sorted(wanted - services.keys())
        if gone and (ticket.state not in FINAL or ticket.state == TicketState.DONE):
            yield Rejected(
                Code.WRONG_STATE,
                f"service {gone[0]} has live tickets",
                "serve or cancel them before removing the service",
                state=ticket.state,
                ticket=ticket.id,
                service=gone[0],
            )
    for booking in state.bookings.values():
        service = services.get(booking.service)
        if booking.state == "booked" and (service is None or service.booking is None):
            yield Rejected(
                Code.WRONG_STATE,
                f"service {booking.service} has bookings",
                "move or cancel them before the service takes none",
                state=booking.state,
                booking=booking.id,
                service=booking.service,
            )


def _zones_kept(state: HallState, config: HallConfig) -> Iterator[Rejected]:
    """Refuse to remove a zone where the holders of live tickets were told to wait."""
    removed = state.index.zones.keys() - {zone.code for zone in config.zones}
    found: dict[str, Ticket] = {}
    for ticket in state.tickets.values():
        if ticket.zone in removed and ticket.state not in FINAL:
            found.setdefault(ticket.zone, ticket)
    for code, ticket in found.items():
        yield Rejected(
            Code.WRONG_STATE,
            f"zone {code} has live tickets",
            "serve or cancel them before removing the zone; a zone that keeps its code may have another name",
            state=ticket.state,
            ticket=ticket.id,
            zone=code,
        )


def _resources_kept(state: HallState, config: HallConfig) -> Iterator[Rejected]:
    """Refuse a capacity below what is in use at this moment."""
    needs = {s.code: s.resource for s in config.services}
    used = [needs.get(w.ticket.service, "") for w in state.windows.values() if w.ticket is not None]
    for resource in config.resources:
        if used.count(resource.code) > resource.capacity:
            yield Rejected(
                Code.RESOURCE_BUSY,
                f"{used.count(resource.code)} windows use {resource.name} now",
                "wait until fewer do",
                state="in_use",
            )
