"""Devices of a hall as its staff see them, and as they are told what to do."""

from __future__ import annotations

from typing import Literal

from callq.domain.devices import DeviceOrderName, DeviceState
from callq.wire.messages.base import _Wire


class DeviceFault(_Wire, frozen=True, kw_only=True):
    """What is wrong with a device, and what helps."""

    code: str
    since_ms: int
    detail: str
    """In the device's own words, as it began."""
    text: str
    """Chinese."""
    text_en: str
    todo: str
    todo_en: str


class DeviceOrder(_Wire, frozen=True, kw_only=True):
    """The last thing that a device was told to do."""

    id: str
    order: DeviceOrderName
    state: Literal["given", "done", "failed", "lapsed"]
    given_ms: int
    until_ms: int
    """A device that is away until then is not told any more."""
    ended_ms: int | None
    error: str
    by: str
    """Role of whoever gave it."""


class Device(_Wire, frozen=True, kw_only=True):
    """One device."""

    id: str
    kind: str
    name: str
    place: str
    zone: str
    """Where it stands; of a device that is in no hall file empty."""
    window: str | None
    """The window that it belongs to."""
    listed: bool
    """Whether it is in the hall file."""
    state: DeviceState
    since_ms: int | None
    """Since when; of a silent one when it was last heard; null: never heard."""
    last_seen_ms: int | None
    """When it was last heard. The feed, and an answer about a device that is not silent, may be older than
    its last report: then it is when it last said something new."""
    version: str
    faults: tuple[DeviceFault, ...]
    """Of a silent one those that it had."""
    audio_blocked: bool
    text: str
    """Its state in words, Chinese; empty where nothing is wrong."""
    text_en: str
    todo: str
    """What helps; empty where nothing is wrong."""
    todo_en: str
    order: DeviceOrder | None


class DeviceCounts(_Wire, frozen=True, kw_only=True):
    """Devices by state."""

    ok: int
    fault: int
    silent: int
    unknown: int


class PendingOrder(_Wire, frozen=True, kw_only=True):
    """What a device is to do."""

    device: str
    id: str
    order: DeviceOrderName
    until_ms: int
    """Not to be done after it."""


class HealthAnswer(_Wire, frozen=True, kw_only=True):
    """A report was heard."""

    revision: int
    server_ms: int
    beat_s: int
    """Report again after so long."""
    device: Device
    order: PendingOrder | None
    """What it is to do now; its end is reported with `done`."""
