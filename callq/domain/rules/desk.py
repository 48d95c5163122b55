"""At the desk: pre-checks, going along with somebody, and how much priority may be granted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.desk import (
    CHECKING,
    LEVEL,
    above_share,
    checks_of,
    companion_of,
    passed_for,
    share_of,
)
from callq.domain.errors import Code, Rejected
from callq.domain.rules.decision import Decision
from callq.domain.rules.guards import item_of, service_of, ticket_of, wrong_state
from callq.domain.ticket import FINAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.domain import commands as cmd
    from callq.domain.hall import Service
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket


def accompany(state: HallState, command: cmd.Accompany, now_ms: int, who: cmd.Actor) -> Decision:
    """陪同: go along with the holder of a ticket; the window is told."""
    ticket = _live(state, command.ticket)
    companion = companion_of(state, ticket)
    if companion is not None:
        if companion.by == who.id:
            raise wrong_state(ticket, "you go along with it already", "go on")
        raise wrong_state(ticket, "another helper goes along with it", "release it first")
    return Decision((ev.HelperJoined(ticket=ticket.id, helper=who.name),), ticket=ticket.id)


def release(state: HallState, command: cmd.Release, now_ms: int, who: cmd.Actor) -> Decision:
    """Go along no more; whoever may go along may say so of others as well, and it is on record."""
    ticket = ticket_of(state, command.ticket)
    if companion_of(state, ticket) is None:
        raise wrong_state(ticket, "nobody goes along with it", "go on")
    return Decision((ev.HelperLeft(ticket=ticket.id),), ticket=ticket.id)


def precheck(state: HallState, command: cmd.PrecheckTicket, now_ms: int, who: cmd.Actor) -> Decision:
    """预审 of somebody who has a number: passed, or what is missing; the ticket waits on in either case."""
    ticket = _live(state, command.ticket)
    missing = _listed(state, (ticket.service,), ticket.matter, command.missing)
    checked = ev.TicketPrechecked(ticket=ticket.id, service=ticket.service, missing=missing, helper=who.name)
    return Decision((checked,), ticket=ticket.id)


def send_home(state: HallState, command: cmd.SendHome, now_ms: int, who: cmd.Actor) -> Decision:
    """预审 of somebody without a number who lacks something: what, is on record; who, is not."""
    item = item_of(state, command.item) if command.item else None
    service = service_of(state, command.service or (item.service if item else ""))
    if item is not None and item.service != service.code:
        raise Rejected(
            Code.INVALID,
            f"{command.item!r} is no matter of {service.name}",
            f"name {item.service}, or leave the service out",
            item=command.item,
            service=service.code,
        )
    if not command.missing:
        raise Rejected(
            Code.INVALID,
            "nothing is missing",
            "take a ticket with `prechecked`; that it was passed is recorded with it",
            service=service.code,
        )
    missing = _listed(state, (service.code,), command.item, command.missing)
    _able(state)
    sent = ev.SentHome(service=service.code, missing=missing, item=command.item)
    return Decision((sent,))


def passed_with(
    state: HallState, command: cmd.Issue, services: Sequence[str], who: cmd.Actor, *, owed: bool
) -> tuple[ev.Event, ...]:
    """What goes with an issue of which somebody says that a pre-check was passed.

    Args:
      state: the hall.
      command: the issue.
      services: codes of the visit, in order.
      who: asks.
      owed: whether the first is a come-back's, whose papers were looked at before.

    Raises:
      Rejected: `PRECHECK_NEEDED`; `INVALID`, there is nothing to look at.
    """
    if not command.prechecked:
        needing = [code for code in services[int(owed) :] if state.index.services[code].needs_precheck]
        if needing:
            service = state.index.services[needing[0]]
            raise Rejected(
                Code.PRECHECK_NEEDED,
                f"for {service.name} the papers are looked at before a number is given",
                "send them to the desk; staff there take the number with `prechecked`",
                state="unchecked",
                service=service.code,
            )
        return ()
    _listed(state, services, command.item, ())
    if state.level < LEVEL:
        return ()
    return tuple(
        ev.TicketPrechecked(ticket=command.ticket, service=code, helper=who.name)
        for code in dict.fromkeys(services)
        if checks_of(state, code, command.item)
    )


def may_move(state: HallState, ticket: Ticket, service: Service, who: cmd.Actor) -> None:
    """Refuse to let a ticket wait for a service whose papers nobody has looked at.

    Whoever looks at papers may move it: they have it before them.

    Raises:
      Rejected: `PRECHECK_NEEDED`.
    """
    if not service.needs_precheck or who.role in CHECKING or passed_for(state, ticket, service.code):
        return
    raise Rejected(
        Code.PRECHECK_NEEDED,
        f"for {service.name} the papers of {ticket.number} are looked at first",
        "send them to the desk, which reassigns it; or start it, look at them, and transfer it then",
        state="unchecked",
        ticket=ticket.id,
        service=service.code,
    )


def within_share(state: HallState, who: cmd.Actor, *, issued: bool, ticket: str = "") -> None:
    """Refuse priority that would exceed the day's share, unless whoever asks may grant more.

    Args:
      state: the hall.
      who: grants it.
      issued: whether the ticket is new, and so one more of the day.
      ticket: the one that it is for, if there is one.

    Raises:
      Rejected: `LIMIT_REACHED`.
    """
    if not state.config.desk.priority_share or above_share(state, who):
        return
    share = share_of(state)
    most = share.most_next if issued else share.most
    if most is None or share.granted < most:
        return
    supervisor = state.config.desk.over_share == "supervisor"
    raise Rejected(
        Code.LIMIT_REACHED,
        f"{share.granted} of {share.issued} tickets of the day are priority, which is the hall's share",
        "a supervisor may grant it" if supervisor else "serve them in turn, or call them out of turn",
        state="share_used",
        **({"ticket": ticket} if ticket else {}),
    )


def _live(state: HallState, ticket: str) -> Ticket:
    found = ticket_of(state, ticket)
    if found.state in FINAL:
        raise wrong_state(found, "it is over", "take a new number")
    _able(state)
    return found


def _able(state: HallState) -> None:
    """Refuse while an older node serves the hall, which could not read what is to be recorded."""
    if state.level < LEVEL:
        raise Rejected(
            Code.WRONG_STATE,
            "an older node serves this hall",
            "do it when all nodes are upgraded",
            state="older_node",
        )


def _listed(
    state: HallState, services: Sequence[str], item: str, missing: tuple[str, ...]
) -> tuple[str, ...]:
    """What is missing, in the order of the lists and each once.

    Raises:
      Rejected: `INVALID`; none of them has a list, or something is on none of them.
    """
    listed = {check.text: None for code in services for check in checks_of(state, code, item)}
    if not listed:
        raise Rejected(
            Code.INVALID,
            "there is nothing to look at before a number",
            "give the service a `precheck` list in the hall file",
            service=services[0],
        )
    unknown = [one for one in missing if one not in listed]
    if unknown:
        raise Rejected(
            Code.INVALID,
            f"{len(unknown)} of what is missing is not on the list",
            "send the texts as the list has them",
            service=services[0],
        )
    return tuple(one for one in listed if one in missing)
