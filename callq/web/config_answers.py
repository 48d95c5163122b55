"""Answers about configurations: what a proposal would change and do, and what was in force before."""

from __future__ import annotations

from typing import Any

import msgspec

from callq.config.changes import ChangeKind
from callq.config.fields import Table
from callq.domain.hall import HallConfig


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Base of answers."""


class ConfigAnswer(_Answer, frozen=True, kw_only=True):
    """The whole configuration in force."""

    config: HallConfig
    toml: str
    """The same as a hall file; comments of a file that was loaded are in none."""
    digest: str
    revision: int


class ConfigFields(_Answer, frozen=True, kw_only=True):
    """What a hall file may hold."""

    root: str
    tables: tuple[Table, ...]


class ConfigMistake(_Answer, frozen=True, kw_only=True):
    """Something that is wrong, or probably so."""

    line: int
    """Of the `toml` beside it, from 1; 0: the whole of it."""
    column: int | None
    key: str
    """E.g. ``services[2].zone``; indexes count from 0."""
    message: str
    hint: str
    message_zh: str
    hint_zh: str


class ConfigKeyChange(_Answer, frozen=True, kw_only=True):
    """A key that would be another."""

    path: str
    """Below its table, e.g. ``skills.medical``."""
    label: str
    label_en: str
    before: str
    before_en: str
    after: str
    after_en: str


class ConfigChange(_Answer, frozen=True, kw_only=True):
    """A service, window, clerk or other part that would be another."""

    section: str
    """Top-level key, e.g. `clerks`."""
    id: str
    """Code of the row; empty: the section has none."""
    kind: ChangeKind
    keys: tuple[ConfigKeyChange, ...]
    text: str
    text_en: str


class ConfigEffect(_Answer, frozen=True, kw_only=True):
    """What would happen in the hall."""

    code: str
    service: str | None
    clerk: str | None
    count: int
    numbers: tuple[str, ...]
    text: str
    text_en: str


class ConfigHindrance(_Answer, frozen=True, kw_only=True):
    """Why it cannot come into force now."""

    code: str
    """As `configure` would be refused."""
    service: str | None
    window: str | None
    clerk: str | None
    ticket: str | None
    booking: str | None
    zone: str | None
    text: str
    text_en: str


class ConfigCheck(_Answer, frozen=True, kw_only=True):
    """What there is to say of a proposal; nothing has changed."""

    ok: bool
    """No mistakes, and nothing keeps it from coming into force now."""
    errors: tuple[ConfigMistake, ...]
    warnings: tuple[ConfigMistake, ...]
    config: dict[str, Any] | None
    """The proposal without defaults; null: it has not the shape of a hall file."""
    toml: str
    digest: str | None
    """Null: it has mistakes."""
    changes: tuple[ConfigChange, ...]
    """Against what is in force."""
    refused: tuple[ConfigHindrance, ...]
    at_once: tuple[ConfigEffect, ...]
    later: tuple[ConfigEffect, ...]
    """What waits for the next business day or the next start."""
    in_force: str
    """Digest of what it was compared with."""
    revision: int


class ConfigVersion(_Answer, frozen=True, kw_only=True):
    """A configuration that came into force."""

    revision: int
    """0: before versions were kept."""
    at_ms: int | None
    role: str | None
    who: str | None
    """Id of the token."""
    name: str | None
    """What the token is called."""
    reason: str
    digest: str
    in_force: bool
    first: bool
    """The one before is not kept: it cannot be taken back."""
    same_as: int | None
    """Revision of the newest earlier version with the same content."""
    changes: int
    """How many parts it changed."""
    text: str
    """The first of them in words."""
    text_en: str


class ConfigHistory(_Answer, frozen=True, kw_only=True):
    """Versions that are kept, the newest first."""

    versions: tuple[ConfigVersion, ...]
    revision: int


class ConfigVersionAnswer(_Answer, frozen=True, kw_only=True):
    """One version whole."""

    version: ConfigVersion
    config: dict[str, Any]
    """Without defaults."""
    toml: str
    changed: tuple[ConfigChange, ...]
    """What it changed when it came into force."""
    changes: tuple[ConfigChange, ...]
    """What would change if it came into force again."""
    in_force: str
    revision: int
