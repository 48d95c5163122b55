"""What became of the hall's devices: heard, silent, faulty, told to do something."""

from __future__ import annotations

from callq.domain.devices import DeviceOrderName
from callq.domain.events.base import _Event


class DeviceHeard(_Event, frozen=True, kw_only=True, tag="device_heard"):
    """A device reports for the first time, or again after it was silent."""

    device: str
    kind: str
    version: str


class DeviceVersionChanged(_Event, frozen=True, kw_only=True, tag="device_version_changed"):
    """A device runs another version."""

    device: str
    version: str


class DeviceFaultBegan(_Event, frozen=True, kw_only=True, tag="device_fault_began"):
    """Something is wrong with a device."""

    device: str
    code: str
    detail: str = ""
    """In the device's own words."""


class DeviceFaultEnded(_Event, frozen=True, kw_only=True, tag="device_fault_ended"):
    """It is no longer."""

    device: str
    code: str


class DeviceSilent(_Event, frozen=True, kw_only=True, tag="device_silent"):
    """A device has missed too many reports."""

    device: str
    seen_ms: int
    """When it was last heard, Unix ms."""


class DeviceOrdered(_Event, frozen=True, kw_only=True, tag="device_ordered"):
    """Somebody told a device to do something; an order that it had not carried out is dropped."""

    device: str
    id: str
    order: DeviceOrderName
    until_ms: int
    """Until when it is worth doing, Unix ms."""
    by: str
    """Role of whoever did."""


class DeviceOrderEnded(_Event, frozen=True, kw_only=True, tag="device_order_ended"):
    """A device says that it did what it was told, or why not."""

    device: str
    id: str
    error: str = ""


class DeviceOrderLapsed(_Event, frozen=True, kw_only=True, tag="device_order_lapsed"):
    """A device did not come for its order in time."""

    device: str
    id: str
