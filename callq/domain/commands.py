"""What may be asked of a hall, in the imperative.

A command names what is wanted; `decide` answers with events or refuses. Ids that need randomness
(ticket ids) are minted before, so that deciding twice gives the same answer.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from callq.domain.hall import HallConfig

TicketClass = Literal["ordinary", "appointment", "priority"]
Channel = Literal["kiosk", "counter", "phone", "web", "guide"]


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", omit_defaults=True):
    """Base of all commands."""


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Whom a ticket belongs to, as far as callq may know: keyed hashes and masked text, never clear ids."""

    id_hash: str = ""
    id_last4: str = ""
    phone_hash: str = ""
    phone_last4: str = ""
    name: str = ""
    """Masked, e.g. 张*."""


class Configure(Command, frozen=True, kw_only=True, tag="configure"):
    """Put a configuration in force; the first one creates the hall."""

    config: HallConfig


class OpenEpoch(Command, frozen=True, kw_only=True, tag="open_epoch"):
    """Record that the store's lineage changed (restart, promotion, restore)."""

    epoch: str


class Tick(Command, frozen=True, kw_only=True, tag="tick"):
    """Do what time alone makes due."""


class Issue(Command, frozen=True, kw_only=True, tag="issue"):
    """取号: put a person in the queue of a service."""

    ticket: str
    """New ticket id, minted by the door."""
    service: str
    cls: TicketClass = "ordinary"
    channel: Channel = "counter"
    person: Person | None = None
    traits: tuple[str, ...] = ()


class Cancel(Command, frozen=True, kw_only=True, tag="cancel"):
    """The citizen or staff gives the ticket up."""

    ticket: str
    reason: str = ""


class _AtWindow(Command, frozen=True, kw_only=True):
    window: str


class SignIn(_AtWindow, frozen=True, kw_only=True, tag="sign_in"):
    """签到: a clerk takes a seat at a window."""

    clerk: str


class SignOut(_AtWindow, frozen=True, kw_only=True, tag="sign_out"):
    """签退: the clerk leaves; refused while a ticket is at the window."""


class Open(_AtWindow, frozen=True, kw_only=True, tag="open"):
    """开窗: the window may call from now on."""


class Close(_AtWindow, frozen=True, kw_only=True, tag="close"):
    """关窗: at once when free; drains while a ticket is there."""


class Pause(_AtWindow, frozen=True, kw_only=True, tag="pause"):
    """暂停: at once when free; after the present ticket otherwise."""

    reason: str = ""


class Unpause(_AtWindow, frozen=True, kw_only=True, tag="unpause"):
    """恢复: call again, or forget a pause that was still to come."""


class CallNext(_AtWindow, frozen=True, kw_only=True, tag="call_next"):
    """叫下一位: the policy chooses among eligible lanes."""


class Recall(_AtWindow, frozen=True, kw_only=True, tag="recall"):
    """重呼: announce the called ticket once more."""


class Start(_AtWindow, frozen=True, kw_only=True, tag="start"):
    """开始办理: the person is here."""


class Complete(_AtWindow, frozen=True, kw_only=True, tag="complete"):
    """办结: the service is done."""


class Miss(_AtWindow, frozen=True, kw_only=True, tag="miss"):
    """过号: nobody came."""


WindowCommand = (
    SignIn | SignOut | Open | Close | Pause | Unpause | CallNext | Recall | Start | Complete | Miss
)
AnyCommand = Configure | OpenEpoch | Tick | Issue | Cancel | WindowCommand


class Actor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who asked: kept with every change."""

    role: str
    id: str
    """The principal: a token's id, or ``system``. Idempotency keys are scoped to it."""
    name: str = ""
    device: str = ""


SYSTEM = Actor(role="system", id="system")
