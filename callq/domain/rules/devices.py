"""Devices: what a report changes, which have gone silent, and what they are told to do.

A report that says nothing new decides nothing; of several nodes that find a device silent one is heard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain import events as ev
from callq.domain.devices import (
    AUDIO_BLOCKED,
    MAX_UNLISTED,
    ORDER_VALID_MS,
    device_now,
    lapsed,
    listed,
)
from callq.domain.errors import Code, Rejected
from callq.domain.hall import CODE_RE
from callq.domain.rules.decision import Decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain import commands as cmd
    from callq.domain.devices import DeviceNow
    from callq.domain.state import HallState


def report(state: HallState, command: cmd.ReportDevice, now_ms: int, who: cmd.Actor) -> Decision:
    """Take in how a device is."""
    device = command.device
    _check_known(state, device)
    known = device_now(state, device)
    events: list[ev.Event] = []
    config = state.index.devices.get(device)
    kind = config.kind if config else command.kind or known.kind
    if known.heard_ms is None or known.silent or kind != known.kind:
        events.append(ev.DeviceHeard(device=device, kind=kind, version=command.version))
    elif command.version != known.version:
        events.append(ev.DeviceVersionChanged(device=device, version=command.version))
    events += _faults(known, command)
    order = known.order
    if order is not None and order.state == "given":
        if command.done == order.id:
            events.append(ev.DeviceOrderEnded(device=device, id=order.id, error=command.error))
        elif not order.pending(now_ms):
            events.append(ev.DeviceOrderLapsed(device=device, id=order.id))
    return Decision(tuple(events))


def _check_known(state: HallState, device: str) -> None:
    """Refuse what is no device's id, and more strangers than a hall can have.

    Raises:
      Rejected: `INVALID`, `LIMIT_REACHED`.
    """
    if listed(state, device) or device in state.devices:
        return
    if not CODE_RE.fullmatch(device):
        raise Rejected(
            Code.INVALID, f"{device!r} is no id of a device", "use 1 to 32 of a-z 0-9 - _", device=device
        )
    if sum(not listed(state, other) for other in state.devices) >= MAX_UNLISTED:
        raise Rejected(
            Code.LIMIT_REACHED,
            f"{MAX_UNLISTED} devices report that are not in the hall file",
            "add the devices to the hall file",
            state="full",
            device=device,
        )


def _faults(known: DeviceNow, command: cmd.ReportDevice) -> Iterator[ev.Event]:
    said = {fault.code: fault.detail for fault in command.faults}
    if command.audio_blocked:
        said.setdefault(AUDIO_BLOCKED, "")
    for fault in known.faults:
        if fault.code not in said:
            yield ev.DeviceFaultEnded(device=command.device, code=fault.code)
    for code, detail in said.items():
        if known.fault(code) is None:
            yield ev.DeviceFaultBegan(device=command.device, code=code, detail=detail)


def watch(state: HallState, command: cmd.WatchDevices, now_ms: int, who: cmd.Actor) -> Decision:
    """Note who has gone silent, and which orders are no longer worth doing."""
    events: list[ev.Event] = []
    for device, seen_ms in command.silent:
        known = device_now(state, device)
        # It may have been heard since the node looked, or another node was faster.
        if known.heard_ms is not None and not known.silent and known.heard_ms <= seen_ms:
            events.append(ev.DeviceSilent(device=device, seen_ms=min(seen_ms, now_ms)))
    for device in lapsed(state, now_ms):
        order = state.devices[device].order
        assert order is not None
        events.append(ev.DeviceOrderLapsed(device=device, id=order.id))
    return Decision(tuple(events))


def order_device(state: HallState, command: cmd.OrderDevice, now_ms: int, who: cmd.Actor) -> Decision:
    """Tell a device to do something; the same once more before it was done changes nothing."""
    device = command.device
    if not listed(state, device) and device not in state.devices:
        raise Rejected(Code.UNKNOWN_DEVICE, f"no device {device!r}", "the floor lists them", device=device)
    order = device_now(state, device).order
    if order is not None and order.pending(now_ms) and order.order == command.order:
        return Decision(())
    return Decision(
        (
            ev.DeviceOrdered(
                device=device,
                id=f"o{state.revision + 1}",
                order=command.order,
                until_ms=now_ms + ORDER_VALID_MS,
                by=who.role,
            ),
        )
    )
