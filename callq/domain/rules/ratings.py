"""好差评: rating what was completed, and looking after what was rated badly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.cases import ACTS_MAX, LEVEL, due_ms
from callq.domain.errors import Code, Rejected
from callq.domain.rules.decision import Decision
from callq.domain.rules.guards import ticket_of, wrong_state
from callq.domain.ticket import TicketState

if TYPE_CHECKING:
    from callq.domain import commands as cmd
    from callq.domain.cases import Case
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket


def rate(state: HallState, command: cmd.Rate, now_ms: int, who: cmd.Actor) -> Decision:
    """Once per completed service, in time, never by a clerk (that is the door's matter).

    A bad one opens a case.
    """
    ticket = ticket_of(state, command.ticket)
    if not 1 <= command.level <= 5:
        raise Rejected(Code.INVALID, "a level is 1 to 5", "5 is very satisfied", ticket=ticket.id)
    done = [i for i, s in enumerate(ticket.steps) if s.state == "done"]
    step = command.step if command.step is not None else ticket.last_done
    if step not in done or (ticket.unconfirmed and step == ticket.step):
        raise wrong_state(ticket, "no completed service to rate", "rate when the service is done")
    if command.before not in (None, ticket.rated_before(step)):
        raise wrong_state(ticket, "what was rated was taken back, and completed anew", "look, and rate anew")
    if ticket.is_rated(step):
        raise Rejected(
            Code.LIMIT_REACHED,
            f"{ticket.number} is rated already",
            "one rating a service",
            state=ticket.state,
            ticket=ticket.id,
        )
    _in_time(state, ticket, step, command, now_ms)
    rated = ev.TicketRated(
        ticket=ticket.id,
        step=step,
        level=command.level,
        reasons=tuple(dict.fromkeys(command.reasons)),
        text=command.text,
        about=_about(ticket, step, by_phone=command.by_phone),
    )
    if command.level > state.config.ratings.bad_level or state.level < LEVEL:
        return Decision((rated,), ticket=ticket.id)
    opened = ev.CaseOpened(
        case=f"r{state.revision + 1}",
        ticket=ticket.id,
        step=step,
        due_ms=due_ms(state, now_ms),
        rated_at="phone" if command.by_phone else "window",
    )
    return Decision((rated, opened), ticket=ticket.id)


def _in_time(state: HallState, ticket: Ticket, step: int, command: cmd.Rate, now_ms: int) -> None:
    """Refuse what comes too late: by the clock, or at a window that serves somebody else by now."""
    rules = state.config.rules
    within_ms = rules.rate_phone_h * 3_600_000 if command.by_phone else rules.rate_window_min * 60_000
    late = f"{ticket.number} was done more than {within_ms // 60_000} min ago"
    at = state.windows.get(ticket.steps[step].window)
    other = at.ticket if at is not None and not command.by_phone else None
    if other is not None and other.state is TicketState.SERVING and other is not ticket:
        late = f"{other.number} is being served there by now"
    elif now_ms - (ticket.steps[step].done_ms or 0) <= within_ms:
        return
    raise Rejected(
        Code.EXPIRED,
        late,
        "on the phone there is more time" if not command.by_phone else "rate it sooner the next time",
        state=ticket.state,
        ticket=ticket.id,
    )


def _about(ticket: Ticket, step: int, *, by_phone: bool) -> ev.RatedService:
    """The service as it was, so that the record tells it when the ticket is long forgotten."""
    done = ticket.steps[step]
    return ev.RatedService(
        number=ticket.number,
        day=ticket.day,
        service=done.service,
        item=ticket.item if step == 0 else "",
        window=done.window,
        clerk=done.clerk,
        cls=ticket.cls,
        channel=ticket.channel,
        issued_ms=ticket.issued_ms,
        done_ms=done.done_ms or 0,
        by_phone=by_phone,
    )


def take(state: HallState, command: cmd.CaseTake, now_ms: int, who: cmd.Actor) -> Decision:
    """Be the one who calls back, for a while; once more: for as long again."""
    case = _to_call_back(state, command.case, now_ms, who)
    return Decision((ev.CaseTaken(case=case.id),))


def call_back(state: HallState, command: cmd.CaseCallBack, now_ms: int, who: cmd.Actor) -> Decision:
    """回访: what came of it, or that nobody answered; as often as it takes."""
    case = _to_call_back(state, command.case, now_ms, who)
    if command.reached and not command.result.strip():
        raise Rejected(Code.INVALID, "the result is empty", "say what they said", state=case.state)
    event = ev.CaseCalledBack(case=case.id, reached=command.reached, result=command.result)
    return Decision((event,))


def close(state: HallState, command: cmd.CaseClose, now_ms: int, who: cmd.Actor) -> Decision:
    """销号: after somebody was talked with, could not be reached so often, or as many acts as are kept."""
    case = _case_of(state, command.case)
    if case.state == "closed":
        raise _wrong(case, "it is closed already", "reopen it to go on")
    _not_anothers(case, now_ms, who)
    attempts = state.config.ratings.attempts
    if case.state == "open" and case.tried < attempts and len(case.acts) < ACTS_MAX:
        raise _wrong(
            case,
            f"nobody was called back yet; tried {case.tried} of {attempts} times",
            "call back first, or try as often as the hall asks for",
        )
    if not command.outcome.strip():
        raise Rejected(Code.INVALID, "the outcome is empty", "say what was done about it", state=case.state)
    return Decision((ev.CaseClosed(case=case.id, outcome=command.outcome),))


def reopen(state: HallState, command: cmd.CaseReopen, now_ms: int, who: cmd.Actor) -> Decision:
    """It was closed too soon; it is due anew."""
    case = _case_of(state, command.case)
    if case.state != "closed":
        raise _wrong(case, "it is not closed", "go on with it")
    _acts_left(case)
    if not command.reason.strip():
        raise Rejected(Code.INVALID, "reopening needs a reason", "say why", state=case.state)
    event = ev.CaseReopened(case=case.id, reason=command.reason, due_ms=due_ms(state, now_ms))
    return Decision((event,))


def _case_of(state: HallState, case: str) -> Case:
    found = state.cases.get(case)
    if found is None:
        raise Rejected(
            Code.UNKNOWN_CASE,
            f"no case {case!r}",
            "it may have been closed and forgotten",
            case=case,
        )
    return found


def _to_call_back(state: HallState, case: str, now_ms: int, who: cmd.Actor) -> Case:
    """A case whose call-back is for whoever asks.

    Raises:
      Rejected: `UNKNOWN_CASE`; `WRONG_STATE`, it is closed; `CASE_TAKEN`; `LIMIT_REACHED`.
    """
    found = _case_of(state, case)
    if found.state == "closed":
        raise _wrong(found, "it is closed", "reopen it first")
    _not_anothers(found, now_ms, who)
    _acts_left(found)
    return found


def _not_anothers(case: Case, now_ms: int, who: cmd.Actor) -> None:
    taken = case.taken
    if taken is None or taken.by == who.id or now_ms >= taken.until_ms:
        return
    raise Rejected(
        Code.CASE_TAKEN,
        f"{taken.name or taken.by} is calling back",
        "wait for what comes of it",
        state=case.state,
        case=case.id,
    ).having(retry_ms=taken.until_ms - now_ms)


def _wrong(case: Case, what: str, hint: str) -> Rejected:
    return Rejected(Code.WRONG_STATE, f"case {case.id}: {what}", hint, state=case.state, case=case.id)


def _acts_left(case: Case) -> None:
    """Refuse an act beyond what a case remembers; closing it is always possible."""
    if len(case.acts) >= ACTS_MAX:
        raise Rejected(
            Code.LIMIT_REACHED,
            f"case {case.id} has {ACTS_MAX} acts on record",
            "close it",
            state=case.state,
            case=case.id,
        )
