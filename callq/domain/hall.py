"""The configuration of a hall: what is fixed until the next `configured` event.

These structs are the hall file, the payload of the event that puts a configuration in force, and
what every rule reads. Unknown fields are refused everywhere: a node that meets a field it does not
know must let go of the hall rather than ignore a rule.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, Literal

import msgspec

WindowKind = Literal["comprehensive", "domain", "dedicated", "tidal", "green", "fallback", "result", "remote"]

CODE_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,31}$"
"""Codes of halls, zones, services, windows, clerks and skills: lower case, at most 32 characters."""

PREFIX_PATTERN: Final = r"^[A-HJ-NPR-Z]{1,2}$"
"""Ticket prefixes: one or two capitals, never I, O or Q, which read as digits."""

CODE_RE: Final = re.compile(CODE_PATTERN)
PREFIX_RE: Final = re.compile(PREFIX_PATTERN)


class _Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of configuration structs."""


class Zone(_Config, frozen=True, kw_only=True):
    """A floor or area: screens and voice belong to it."""

    code: str
    name: str
    name_en: str = ""
    place: str = ""
    """Where it is, e.g. 一楼东厅."""


class Service(_Config, frozen=True, kw_only=True):
    """What a ticket queues for."""

    code: str
    name: str
    prefix: str
    name_en: str = ""
    skill: str = ""
    """Skill a clerk needs; empty means the service's own code."""
    zone: str = ""
    """Zone where people wait; empty means that of the first window equipped for it."""
    examples: tuple[str, ...] = ()
    """Plain examples of matters, for kiosks and guides."""
    target_wait_min: int = 20
    one_per_person: bool = True
    """Whether a known person may hold only one live ticket for it."""

    @property
    def needs(self) -> str:
        """Code of the skill that this service needs."""
        return self.skill or self.code


class WindowConfig(_Config, frozen=True, kw_only=True):
    """A counter: a stable id and a shown label."""

    id: str
    label: str
    zone: str
    kind: WindowKind = "comprehensive"
    directions: str = ""
    """How to walk there, e.g. 进门右转，第一排."""
    services: tuple[str, ...] = ()
    """Services it is equipped for; empty means all."""


class Clerk(_Config, frozen=True, kw_only=True):
    """Someone who signs in at windows and brings skills."""

    id: str
    name: str
    skills: dict[str, int]
    """Level 1 to 3 by skill code."""


class Rules(_Config, frozen=True, kw_only=True):
    """Numbers each hall may set for itself; the defaults are the usual ones."""

    recall_gap_s: int = 10
    max_calls: int = 3
    min_calls_before_miss: int = 2
    missed_shown_min: int = 30
    """How long a missed number stays on the screens."""


class Contact(_Config, frozen=True, kw_only=True):
    """Where people ask when the queue cannot help."""

    phone: str = ""
    address: str = ""


class HallConfig(_Config, frozen=True, kw_only=True):
    """One hall, whole."""

    id: str
    name: str
    zones: tuple[Zone, ...]
    services: tuple[Service, ...]
    windows: tuple[WindowConfig, ...]
    clerks: tuple[Clerk, ...]
    name_en: str = ""
    timezone: str = "Asia/Shanghai"
    day_starts: str = "04:00"
    """Local time at which a business day begins."""
    policy: Literal["longest_wait"] = "longest_wait"
    contact: Contact = Contact()
    notices: tuple[str, ...] = ()
    rules: Rules = Rules()


_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")


def digest(config: HallConfig) -> str:
    """Hex digest (32 characters) of a configuration: equal content, equal digest.

    Fields that equal their defaults do not count, so that fields added later change no digest. (The
    encoder's own `omit_defaults` goes by identity, and would tell equal configurations apart.)
    """
    return hashlib.blake2b(_ENCODER.encode(_plain(config)), digest_size=16).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        found: dict[str, object] = {}
        for field in msgspec.structs.fields(value):
            content = getattr(value, field.name)
            default = field.default_factory() if callable(field.default_factory) else field.default
            if content != default:
                found[field.name] = _plain(content)
        return found
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
