"""The hall: its configuration, the store it lives in, and what time makes due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.calendar import business_day, day_after, day_end_ms
from callq.domain.check import problems
from callq.domain.errors import Code, Rejected
from callq.domain.hall import digest
from callq.domain.rules.decision import Decision
from callq.domain.rules.guards import after_ticket, conflict
from callq.domain.ticket import FINAL, TicketAct, TicketState, allowed

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.hall import HallConfig
    from callq.domain.state import HallState


def configure(state: HallState, command: cmd.Configure, now_ms: int) -> Decision:
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
        raise Rejected(Code.INVALID, f"{found[0].path}: {found[0].message}", found[0].hint, hall=state.hall)
    fingerprint = digest(config)
    if fingerprint == state.digest:
        return Decision(())
    windows = {w.id for w in config.windows}
    services = {s.code for s in config.services}
    for window in state.windows.values():
        if window.id not in windows and (window.ticket or window.clerk):
            raise conflict(
                Code.WINDOW_BUSY, window, "it cannot be removed while in use", "close it and sign out first"
            )
    for ticket in state.tickets.values():
        if ticket.service not in services and ticket.state not in FINAL:
            raise Rejected(
                Code.WRONG_STATE,
                f"service {ticket.service} has live tickets",
                "serve or cancel them before removing the service",
                state=ticket.state,
                ticket=ticket.id,
                service=ticket.service,
            )
    for clerk, window_id in state.clerk_at.items():
        if all(c.id != clerk for c in config.clerks):
            raise Rejected(
                Code.CLERK_BUSY,
                f"clerk {clerk} is signed in",
                "sign the clerk out first",
                clerk=clerk,
                window=window_id,
            )
    events: list[ev.Event] = [ev.HallConfigured(config=config, digest=fingerprint)]
    if not state.created:
        events.append(_opened(business_day(now_ms, config.timezone, config.day_starts), config))
    return Decision(tuple(events))


def open_epoch(state: HallState, command: cmd.OpenEpoch, now_ms: int) -> Decision:
    """Record a new lineage of the store."""
    if command.epoch == state.epoch:
        return Decision(())
    return Decision((ev.EpochOpened(epoch=command.epoch),))


def tick(state: HallState, command: cmd.Tick, now_ms: int) -> Decision:
    """Open the business day that has begun: what still waits, is called or was missed expires."""
    if now_ms < state.day_ends_ms:
        return Decision(())
    expired = [
        ev.TicketExpired(ticket=t.id, reason="day_closed")
        for t in sorted(state.tickets.values(), key=lambda t: t.seq)
        if allowed(t.state, TicketAct.CLOSE_DAY)
    ]
    rest = [
        event
        for w in state.windows.values()
        if w.ticket and w.ticket.state == TicketState.CALLED
        for event in after_ticket(w)
    ]
    # Other hours take effect here, and must not open a day that has been: its numbers would repeat.
    config = state.config
    day = max(business_day(now_ms, config.timezone, config.day_starts), day_after(state.day))
    return Decision((*expired, *rest, _opened(day, config)))


def _opened(day: str, config: HallConfig) -> ev.DayOpened:
    return ev.DayOpened(day=day, ends_ms=day_end_ms(day, config.timezone, config.day_starts))
