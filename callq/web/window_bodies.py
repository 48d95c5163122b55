"""Commands to a window, as they are sent."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from callq.domain.commands import UNSPECIFIED, HoldKind
from callq.web.bodies import CommandBody, Given, Reason, Short, To


class WindowBody(CommandBody, frozen=True, kw_only=True):
    """Base of commands to a window where somebody may sit."""

    seen_clerk: Short | msgspec.UnsetType | None = msgspec.UNSET
    """Who sat there when it was pressed, null: nobody; `wrong_state` where somebody else does by now.

    Left out: whoever sits there.
    """


class MeantBody(WindowBody, frozen=True, kw_only=True):
    """Base of commands to the ticket at the window."""

    ticket: Short | None = None
    """The one that is meant: `wrong_state` where another is there by now. Left out: whichever is there."""


class SignInBody(CommandBody, frozen=True, kw_only=True, tag="sign_in"):
    """签到: take a seat at the window; a trainee beside the mentor."""

    clerk: Short


class SignOutBody(WindowBody, frozen=True, kw_only=True, tag="sign_out"):
    """签退: leave the window."""

    clerk: Short | None = None
    """A trainee who leaves; left out: the clerk of the window."""


class HandOverBody(WindowBody, frozen=True, kw_only=True, tag="hand_over"):
    """交接: window and ticket go to another clerk."""

    clerk: Short


class TakeOverBody(WindowBody, frozen=True, kw_only=True, tag="take_over"):
    """Seat another clerk at an occupied window; for supervisors. Who and why is on record."""

    clerk: Short
    reason: Given = UNSPECIFIED


class SetSkillsBody(WindowBody, frozen=True, kw_only=True, tag="set_skills"):
    """Narrow the skills in use at a window; for supervisors. They stay so until its clerk leaves."""

    skills: Annotated[tuple[Short, ...], msgspec.Meta(min_length=1, max_length=64)] | None
    """Some that the clerk masters; null: all of them again."""


class OpenBody(WindowBody, frozen=True, kw_only=True, tag="open"):
    """开窗; while busy it takes back a close that was to come."""


class CloseBody(WindowBody, frozen=True, kw_only=True, tag="close"):
    """关窗; while busy: after the present ticket."""


class PauseBody(WindowBody, frozen=True, kw_only=True, tag="pause"):
    """暂停; while busy: after the present ticket."""

    reason: Reason = ""


class UnpauseBody(WindowBody, frozen=True, kw_only=True, tag="unpause"):
    """恢复."""


class CallNextBody(WindowBody, frozen=True, kw_only=True, tag="call_next"):
    """叫下一位; with nothing waiting the answer's ticket is null."""

    ticket: Short | msgspec.UnsetType | None = msgspec.UNSET
    """Whom its presser saw at the window, null: nobody; `wrong_state` where that is another by now.

    Left out: whoever is there.
    """


class CallTicketBody(WindowBody, frozen=True, kw_only=True, tag="call_ticket"):
    """指呼: this one, out of turn; who and why is on record."""

    ticket: Short
    reason: Given = UNSPECIFIED


class RecallBody(MeantBody, frozen=True, kw_only=True, tag="recall"):
    """重呼."""


class StartBody(MeantBody, frozen=True, kw_only=True, tag="start"):
    """开始办理."""


class CompleteBody(MeantBody, frozen=True, kw_only=True, tag="complete"):
    """办结; a visit goes on to its next step."""


class MissBody(MeantBody, frozen=True, kw_only=True, tag="miss"):
    """过号."""


class AbandonBody(MeantBody, frozen=True, kw_only=True, tag="abandon"):
    """弃号 of the ticket at the window."""

    reason: Reason = ""


class HoldBody(MeantBody, frozen=True, kw_only=True, tag="hold"):
    """挂起: `without_papers` 不持件, `with_papers` 持件, `waiting` 等待."""

    kind: HoldKind


class ResumeBody(WindowBody, frozen=True, kw_only=True, tag="resume"):
    """恢复: go on with a ticket held as `waiting`, without a call."""

    ticket: Short


class TransferHereBody(MeantBody, frozen=True, kw_only=True, tag="transfer"):
    """转移; with `wait` also to a window or clerk that is absent."""

    to: To
    wait: bool = False


class UndoBody(WindowBody, frozen=True, kw_only=True, tag="undo"):
    """撤销: take back one's own last call, miss or completion here."""

    ticket: Short | None = None
    """Whose act is meant: `wrong_state` where another came last. Left out: whatever came last."""
    act: Literal["call", "miss", "complete"] | None = None
    """What was done, likewise."""


class HelpBody(WindowBody, frozen=True, kw_only=True, tag="help"):
    """求助: tell whoever runs the hall; the floor shows it until it is ended."""

    reason: Reason = ""


class HelpDoneBody(WindowBody, frozen=True, kw_only=True, tag="help_done"):
    """Help came, or is needed no more."""


class RequestRatingBody(WindowBody, frozen=True, kw_only=True, tag="request_rating"):
    """请评价: ask whoever was completed last here for a rating."""


WindowCommandBody = (
    SignInBody
    | SignOutBody
    | HandOverBody
    | TakeOverBody
    | SetSkillsBody
    | OpenBody
    | CloseBody
    | PauseBody
    | UnpauseBody
    | CallNextBody
    | CallTicketBody
    | RecallBody
    | StartBody
    | CompleteBody
    | MissBody
    | AbandonBody
    | HoldBody
    | ResumeBody
    | TransferHereBody
    | UndoBody
    | HelpBody
    | HelpDoneBody
    | RequestRatingBody
)
