"""What may be sent: request bodies and queries. Unknown fields are errors everywhere."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from callq.domain.commands import Channel
from callq.domain.hall import HallConfig
from callq.web.roles import Role

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Reason = Annotated[str, msgspec.Meta(max_length=200)]
Trait = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z_]{0,31}$")]


def _about(text: str) -> msgspec.Meta:
    """A description for the OpenAPI document, where a query's fields are parameters."""
    return msgspec.Meta(description=text)


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of request bodies."""


class PersonBody(_Body, frozen=True, kw_only=True):
    """Whom a ticket is for. Only keyed hashes, last digits and a masked name of it are kept."""

    id_no: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    """Number of an identity document."""
    name: Annotated[str, msgspec.Meta(max_length=80)] | None = None
    phone: Annotated[str, msgspec.Meta(max_length=40)] | None = None


class IssueBody(_Body, frozen=True, kw_only=True):
    """Take a ticket for a service."""

    service: Short
    class_: Literal["ordinary", "priority"] = msgspec.field(name="class", default="ordinary")
    """`priority` is for staff to grant."""
    channel: Channel | None = None
    """How it was taken; left out: what the token's role suggests."""
    person: PersonBody | None = None
    traits: Annotated[tuple[Trait, ...], msgspec.Meta(max_length=8)] = ()
    """What whoever serves should know, e.g. `deaf`."""


class _Command(_Body, frozen=True, kw_only=True, tag_field="command"):
    """Base of commands."""


class CancelBody(_Command, frozen=True, kw_only=True, tag="cancel"):
    """取消: give the ticket up."""

    reason: Reason = ""


TicketCommandBody = CancelBody


class SignInBody(_Command, frozen=True, kw_only=True, tag="sign_in"):
    """签到: take a seat at the window."""

    clerk: Short


class SignOutBody(_Command, frozen=True, kw_only=True, tag="sign_out"):
    """签退: leave the window."""


class OpenBody(_Command, frozen=True, kw_only=True, tag="open"):
    """开窗; while busy it takes back a close that was to come."""


class CloseBody(_Command, frozen=True, kw_only=True, tag="close"):
    """关窗; while busy: after the present ticket."""


class PauseBody(_Command, frozen=True, kw_only=True, tag="pause"):
    """暂停; while busy: after the present ticket."""

    reason: Reason = ""


class UnpauseBody(_Command, frozen=True, kw_only=True, tag="unpause"):
    """恢复."""


class CallNextBody(_Command, frozen=True, kw_only=True, tag="call_next"):
    """叫下一位; with nothing waiting the answer's ticket is null."""


class RecallBody(_Command, frozen=True, kw_only=True, tag="recall"):
    """重呼."""


class StartBody(_Command, frozen=True, kw_only=True, tag="start"):
    """开始办理."""


class CompleteBody(_Command, frozen=True, kw_only=True, tag="complete"):
    """办结."""


class MissBody(_Command, frozen=True, kw_only=True, tag="miss"):
    """过号."""


WindowCommandBody = (
    SignInBody
    | SignOutBody
    | OpenBody
    | CloseBody
    | PauseBody
    | UnpauseBody
    | CallNextBody
    | RecallBody
    | StartBody
    | CompleteBody
    | MissBody
)


class ConfigureBody(_Command, frozen=True, kw_only=True, tag="configure"):
    """Put a configuration in force."""

    config: HallConfig


HallCommandBody = ConfigureBody


class TokenBody(_Body, frozen=True, kw_only=True):
    """Make a token."""

    role: Role
    hall: Short | None = None
    """The only hall it counts in; left out: all."""
    window: Short | None = None
    """The only window it may use."""
    clerk: Short | None = None
    """The only clerk it may act as."""
    name: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """For people, e.g. where it is used."""


class NoQuery(_Body, frozen=True, kw_only=True):
    """Nothing may be asked for."""


class BoardQuery(_Body, frozen=True, kw_only=True):
    """Which board."""

    zone: Annotated[Short, _about("Left out: the whole hall")] | None = None


class TicketsQuery(_Body, frozen=True, kw_only=True):
    """Which tickets; conditions are combined."""

    number: Annotated[Short, _about("As printed, e.g. A012")] | None = None
    state: (
        Annotated[
            Literal["waiting", "called", "serving", "missed", "done", "cancelled", "expired"],
            _about("Present state"),
        ]
        | None
    ) = None
    service: Annotated[Short, _about("Code of the service")] | None = None
    after: Annotated[int, msgspec.Meta(ge=0, lt=2**53), _about("`next` of the page before")] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500), _about("Most tickets in the answer")] = 100


class EventsQuery(_Body, frozen=True, kw_only=True):
    """Which events."""

    since: Annotated[int, msgspec.Meta(ge=0, lt=2**53), _about("Revision after which to begin")] = 0
    limit: Annotated[
        int,
        msgspec.Meta(ge=1, le=1000),
        _about("Most revisions in the answer; one may have several events"),
    ] = 100
