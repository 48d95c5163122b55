"""What events of devices change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from callq.domain.devices import DeviceFault, DeviceNow, DeviceOrder, device_now, listed

if TYPE_CHECKING:
    from callq.domain import events as ev
    from callq.domain.effects.tools import Moment
    from callq.domain.state import HallState
    from callq.domain.undo import Undo


def _become(state: HallState, device: str, after: DeviceNow, at_ms: int, undo: Undo) -> None:
    """Keep what is known of a device; its state begins where it is another than before."""
    before = device_now(state, device)
    if after.state != before.state:
        after = replace(after, since_ms=at_ms)
    undo.put(state.devices, device, after)


def heard(state: HallState, event: ev.DeviceHeard, at: Moment, undo: Undo) -> None:
    """It reports."""
    known = device_now(state, event.device)
    after = replace(known, kind=event.kind, version=event.version, silent=False, heard_ms=at.now_ms)
    _become(state, event.device, after, at.now_ms, undo)


def version_changed(state: HallState, event: ev.DeviceVersionChanged, at: Moment, undo: Undo) -> None:
    """It runs another version."""
    known = device_now(state, event.device)
    _become(state, event.device, replace(known, version=event.version, heard_ms=at.now_ms), at.now_ms, undo)


def fault_began(state: HallState, event: ev.DeviceFaultBegan, at: Moment, undo: Undo) -> None:
    """One fault more."""
    known = device_now(state, event.device)
    fault = DeviceFault(code=event.code, since_ms=at.now_ms, detail=event.detail)
    after = replace(known, faults=(*known.faults, fault), heard_ms=at.now_ms)
    _become(state, event.device, after, at.now_ms, undo)


def fault_ended(state: HallState, event: ev.DeviceFaultEnded, at: Moment, undo: Undo) -> None:
    """One fault less."""
    known = device_now(state, event.device)
    left = tuple(fault for fault in known.faults if fault.code != event.code)
    _become(state, event.device, replace(known, faults=left, heard_ms=at.now_ms), at.now_ms, undo)


def silent(state: HallState, event: ev.DeviceSilent, at: Moment, undo: Undo) -> None:
    """Nothing was heard of it since; its faults are those that it had."""
    known = replace(device_now(state, event.device), silent=True, heard_ms=event.seen_ms)
    _become(state, event.device, known, event.seen_ms, undo)


def ordered(state: HallState, event: ev.DeviceOrdered, at: Moment, undo: Undo) -> None:
    """It has something to do."""
    order = DeviceOrder(
        id=event.id, order=event.order, given_ms=at.now_ms, until_ms=event.until_ms, by=event.by
    )
    undo.put(state.devices, event.device, replace(device_now(state, event.device), order=order))


def order_ended(state: HallState, event: ev.DeviceOrderEnded, at: Moment, undo: Undo) -> None:
    """It has done it, or cannot."""
    known = state.devices[event.device]
    assert known.order is not None
    ended = replace(
        known.order, state="failed" if event.error else "done", ended_ms=at.now_ms, error=event.error
    )
    undo.put(state.devices, event.device, replace(known, order=ended))


def order_lapsed(state: HallState, event: ev.DeviceOrderLapsed, at: Moment, undo: Undo) -> None:
    """It will not be told any more."""
    known = state.devices[event.device]
    assert known.order is not None
    ended = replace(known.order, state="lapsed", ended_ms=at.now_ms)
    undo.put(state.devices, event.device, replace(known, order=ended))


def day_begins(state: HallState, undo: Undo) -> None:
    """Forget devices that are in no hall file and not heard of any more."""
    for device, known in list(state.devices.items()):
        if known.state in ("silent", "unknown") and not listed(state, device):
            undo.drop(state.devices, device)
