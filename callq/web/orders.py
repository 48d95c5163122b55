"""From what is sent to what is decided: each body's command, and the permission that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from callq.domain import commands as cmd
from callq.domain.errors import Code, Rejected
from callq.domain.ticket import AT_WINDOW
from callq.web import bodies
from callq.web import window_bodies as wb
from callq.web.problems import without_numbers
from callq.web.roles import Permission, Role
from callq.web.typed import without_own_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.state import HallState
    from callq.web.roles import Principal


def said(text: str) -> str:
    """What somebody typed, without long numbers: no identity or telephone number gets into the journal."""
    return without_own_numbers(text)


def announced(text: str) -> str:
    """What staff tell the public: the telephone number of an office may be in it, no longer one."""
    return without_numbers(text)


def _target(to: bodies.Target) -> dict[str, str]:
    named = {"to_service": to.service, "to_window": to.window, "to_clerk": to.clerk}
    return {name: value for name, value in named.items() if value is not msgspec.UNSET}


TICKET_PERMISSION: Final[dict[type, Permission]] = {
    bodies.CancelBody: Permission.CANCEL_TICKET,
    bodies.RejoinBody: Permission.REJOIN_TICKET,
    bodies.AbandonTicketBody: Permission.ABANDON_TICKET,
    bodies.ReturnedBody: Permission.RETURN_TICKET,
    bodies.TransferBody: Permission.TRANSFER_TICKET,
    bodies.ReassignBody: Permission.REASSIGN_TICKET,
    bodies.GrantClassBody: Permission.GRANT_CLASS,
    bodies.RateBody: Permission.RATE,
    bodies.ReprintBody: Permission.REPRINT_TICKET,
    bodies.AccompanyBody: Permission.ACCOMPANY,
    bodies.ReleaseBody: Permission.ACCOMPANY,
    bodies.PrecheckTicketBody: Permission.PRECHECK,
}
"""What each command to a ticket needs beyond `COMMAND_TICKET`."""

WINDOW_PERMISSION: Final[dict[type, Permission]] = {
    wb.TakeOverBody: Permission.TAKE_OVER,
    wb.SetSkillsBody: Permission.SET_SKILLS,
}
"""What a command to a window needs, where that is not `COMMAND_WINDOW`."""

HALL_PERMISSION: Final[dict[type, Permission]] = {bodies.ConfigureBody: Permission.CONFIGURE}
"""What a command to the hall needs, where that is not `COMMAND_HALL`."""

BOOKING_PERMISSION: Final[dict[type, Permission]] = {
    bodies.CheckInBody: Permission.CHECK_IN,
    bodies.CancelBookingBody: Permission.CHANGE_BOOKING,
    bodies.MoveBookingBody: Permission.CHANGE_BOOKING,
}
"""What each command to a booking needs beyond `COMMAND_BOOKING`."""

_TO_TICKET: Final[dict[type, Callable[[str, Any, Principal], cmd.TicketCommand | cmd.Transfer]]] = {
    bodies.CancelBody: lambda t, body, _: cmd.Cancel(ticket=t, reason=said(body.reason)),
    bodies.RejoinBody: lambda t, body, _: cmd.Rejoin(ticket=t),
    bodies.AbandonTicketBody: lambda t, body, _: cmd.AbandonTicket(ticket=t, reason=said(body.reason)),
    bodies.ReturnedBody: lambda t, body, _: cmd.Returned(ticket=t),
    bodies.TransferBody: lambda t, body, _: cmd.Transfer(ticket=t, wait=body.wait, **_target(body.to)),
    bodies.ReassignBody: lambda t, body, _: cmd.Reassign(
        ticket=t, service=body.service or "", window=body.window or "", wait=body.wait
    ),
    bodies.GrantClassBody: lambda t, body, _: cmd.GrantClass(
        ticket=t, cls=body.class_, reason=said(body.reason)
    ),
    bodies.RateBody: lambda t, body, who: cmd.Rate(
        ticket=t,
        level=body.level,
        reasons=tuple(map(said, body.reasons)),
        text=said(body.text),
        step=body.step,
        before=body.before,
        by_phone=who.role is Role.CITIZEN,
    ),
    bodies.ReprintBody: lambda t, body, _: cmd.Reprint(ticket=t, printer=body.printer or ""),
    bodies.AccompanyBody: lambda t, body, _: cmd.Accompany(ticket=t),
    bodies.ReleaseBody: lambda t, body, _: cmd.Release(ticket=t),
    bodies.PrecheckTicketBody: lambda t, body, _: cmd.PrecheckTicket(ticket=t, missing=body.missing),
}

_TO_WINDOW: Final[dict[type, Callable[[str, Any], cmd.WindowCommand | cmd.Transfer]]] = {
    wb.SignInBody: lambda w, body: cmd.SignIn(window=w, clerk=body.clerk),
    wb.SignOutBody: lambda w, body: cmd.SignOut(window=w, clerk=body.clerk or ""),
    wb.HandOverBody: lambda w, body: cmd.HandOver(window=w, clerk=body.clerk),
    wb.TakeOverBody: lambda w, body: cmd.TakeOver(window=w, clerk=body.clerk, reason=said(body.reason)),
    wb.SetSkillsBody: lambda w, body: cmd.SetSkills(
        window=w, skills=None if body.skills is None else tuple(dict.fromkeys(body.skills))
    ),
    wb.OpenBody: lambda w, _: cmd.Open(window=w),
    wb.CloseBody: lambda w, _: cmd.Close(window=w),
    wb.PauseBody: lambda w, body: cmd.Pause(window=w, reason=said(body.reason)),
    wb.UnpauseBody: lambda w, _: cmd.Unpause(window=w),
    wb.CallNextBody: lambda w, _: cmd.CallNext(window=w),
    wb.CallTicketBody: lambda w, body: cmd.CallTicket(window=w, ticket=body.ticket, reason=said(body.reason)),
    wb.RecallBody: lambda w, _: cmd.Recall(window=w),
    wb.StartBody: lambda w, _: cmd.Start(window=w),
    wb.CompleteBody: lambda w, _: cmd.Complete(window=w),
    wb.MissBody: lambda w, _: cmd.Miss(window=w),
    wb.AbandonBody: lambda w, body: cmd.Abandon(window=w, reason=said(body.reason)),
    wb.HoldBody: lambda w, body: cmd.Hold(window=w, kind=body.kind),
    wb.ResumeBody: lambda w, body: cmd.Resume(window=w, ticket=body.ticket),
    wb.TransferHereBody: lambda w, body: cmd.Transfer(window=w, wait=body.wait, **_target(body.to)),
    wb.UndoBody: lambda w, _: cmd.Undo(window=w),
    wb.HelpBody: lambda w, body: cmd.Help(window=w, reason=said(body.reason)),
    wb.HelpDoneBody: lambda w, _: cmd.HelpDone(window=w),
    wb.RequestRatingBody: lambda w, _: cmd.RequestRating(window=w),
}

_TO_HALL: Final[dict[type, Callable[[Any], cmd.HallCommand | cmd.Configure]]] = {
    bodies.ConfigureBody: lambda body: cmd.Configure(
        config=body.config, if_digest=body.if_digest or "", reason=said(body.reason).strip()
    ),
    bodies.SuspendBody: lambda body: cmd.Suspend(
        reason=announced(body.reason), reason_en=announced(body.reason_en)
    ),
    bodies.ResumeHallBody: lambda _: cmd.ResumeHall(),
    bodies.StopIssuingBody: lambda body: cmd.StopIssuing(
        service=body.service, reason=announced(body.reason), reason_en=announced(body.reason_en)
    ),
    bodies.StartIssuingBody: lambda body: cmd.StartIssuing(service=body.service),
    bodies.CloseDayBody: lambda body: cmd.CloseDay(reason=said(body.reason)),
    bodies.SecondBody: lambda body: cmd.Second(clerk=body.clerk, hall=body.hall),
    bodies.UnsecondBody: lambda body: cmd.Unsecond(clerk=body.clerk),
    bodies.SetTidesBody: lambda body: cmd.SetTides(mode=body.mode, beta=body.beta),
    bodies.AcceptPlanBody: lambda body: cmd.AcceptPlan(plan=body.plan),
    bodies.OrderDeviceBody: lambda body: cmd.OrderDevice(device=body.device, order=body.order),
    bodies.DeclinePlanBody: lambda body: cmd.DeclinePlan(plan=body.plan, reason=said(body.reason)),
    bodies.NoticeBody: lambda body: cmd.PostNotice(
        text=body.text.strip(),
        text_en=body.text_en.strip(),
        kind=body.kind,
        zones=body.zones,
        until_ms=body.until_ms,
    ),
    bodies.WithdrawNoticeBody: lambda body: cmd.WithdrawNotice(notice=body.notice),
    bodies.CaseTakeBody: lambda body: cmd.CaseTake(case=body.case),
    bodies.CaseCallBackBody: lambda body: cmd.CaseCallBack(
        case=body.case, reached=body.reached, result=said(body.result.strip())
    ),
    bodies.CaseCloseBody: lambda body: cmd.CaseClose(case=body.case, outcome=said(body.outcome.strip())),
    bodies.CaseReopenBody: lambda body: cmd.CaseReopen(case=body.case, reason=said(body.reason)),
}


def to_ticket(
    ticket: str, body: bodies.TicketCommandBody, who: Principal
) -> cmd.TicketCommand | cmd.Transfer:
    """The command to a ticket; a citizen rates by phone, a rating device at the window."""
    return _TO_TICKET[type(body)](ticket, body, who)


def to_window(window: str, body: wb.WindowCommandBody) -> cmd.WindowCommand | cmd.Transfer:
    """The command to a window."""
    return _TO_WINDOW[type(body)](window, body)


def to_hall(body: bodies.HallCommandBody) -> cmd.HallCommand | cmd.Configure:
    """The command to the hall."""
    return _TO_HALL[type(body)](body)


def says_what_is_meant(body: wb.WindowCommandBody) -> bool:
    """Whether a command says what its presser saw at the window."""
    return bool(_seen(body))


_SEEN: Final = {
    "clerk": "clerk {} sits at the window",
    "ticket": "ticket {} is at the window",
    "last": "what was done last at the window was done to ticket {}",
    "act": "what was done last at the window is {}",
}
"""How a refusal names what is at the window instead."""


def _seen(body: wb.WindowCommandBody) -> dict[str, str | None]:
    """What a presser saw at the window, by the keys of `_SEEN`; None: nobody."""
    seen: dict[str, str | None] = {}
    if isinstance(body, wb.WindowBody) and body.seen_clerk is not msgspec.UNSET:
        seen["clerk"] = body.seen_clerk
    match body:
        case wb.CallNextBody() if body.ticket is not msgspec.UNSET:
            seen["ticket"] = body.ticket
        case wb.MeantBody(ticket=str(ticket)):
            seen["ticket"] = ticket
        case wb.UndoBody():
            seen |= {"last": body.ticket} if body.ticket is not None else {}
            seen |= {"act": body.act} if body.act is not None else {}
    return seen


def meant(state: HallState, window: str, body: wb.WindowCommandBody) -> None:
    """Refuse what was meant for somebody else than who is at the window by now.

    A press that is sent again after a break may arrive when another device, or another clerk, has gone on
    there.

    Raises:
      Rejected: `WRONG_STATE`.
    """
    found = state.windows[window]
    ticket = found.ticket.id if found.ticket is not None else None
    last = found.acted
    here = {
        "clerk": found.clerk,
        "ticket": ticket,
        "last": last.ticket if last else None,
        "act": last.act if last else None,
    }
    for what, seen in _seen(body).items():
        if here[what] != seen:
            about = seen if what in ("ticket", "last") else None
            raise Rejected(
                Code.WRONG_STATE,
                f"{_SEEN[what].format(here[what] or 'none')}, {seen or 'none'} was meant",
                "look at the window and act on who is there",
                state=found.state,
                window=window,
                ticket=about or ticket or "",
            )


def own_ticket(state: HallState, principal: Principal, ticket: str, body: bodies.TicketCommandBody) -> None:
    """Refuse a bound token's command to a ticket that is another window's or clerk's matter.

    A rating device rates what was done at its window, and without one nothing; staff may not touch what
    stands at a window that they may not use.

    Raises:
      Rejected: `FORBIDDEN`.
    """
    tablet = isinstance(body, bodies.RateBody) and principal.role is Role.RATING
    if tablet and principal.window is None:
        raise Rejected(
            Code.FORBIDDEN, "the rating token is bound to no window", "make one for the tablet's window"
        )
    found = state.tickets.get(ticket)
    if found is None:
        return
    window: str | None = None
    if isinstance(body, bodies.RateBody):
        step = found.last_done if body.step is None else body.step
        if step is not None and step < len(found.steps):
            window = found.steps[step].window
    elif found.state in AT_WINDOW:
        window = found.window
        if window is not None and principal.clerk is not None:
            own_window(state, principal.clerk, window)
    if window and principal.window not in (None, window):
        raise Rejected(
            Code.FORBIDDEN,
            f"the token is bound to window {principal.window}",
            "do it with a token of that window",
            ticket=ticket,
            window=window,
        )


def own_window(state: HallState, clerk: str, window: str, body: wb.WindowCommandBody | None = None) -> None:
    """Refuse a token that is bound to a clerk where somebody else sits.

    A trainee beside the mentor may act at the mentor's window.

    Raises:
      Rejected: `FORBIDDEN`.
    """
    seated = state.windows[window].clerk if window in state.windows else None
    here = {seated, state.trainees.get(window)} - {None}
    if isinstance(body, wb.SignInBody):
        mentor = config.mentor if (config := state.index.clerks.get(clerk)) else ""
        allowed = body.clerk == clerk and (not here or clerk in here or mentor in here)
    else:
        allowed = not here or clerk in here
    if not allowed:
        raise Rejected(
            Code.FORBIDDEN,
            f"the token is bound to clerk {clerk}",
            "use that clerk's window",
            window=window,
        )
