"""The door of devices: each says how it is, and hears what it is to do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from callq.domain import commands as cmd
from callq.domain.devices import BEAT_MS
from callq.domain.errors import Code, Rejected
from callq.views.devices import device_row, pending_order
from callq.web.problems import without_numbers
from callq.web.roles import Permission
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.runtime.actor import Outcome
    from callq.web.api import Api, Call
    from callq.web.bodies import FaultBody, HealthBody


async def health(api: Api, call: Call, device: str, body: HealthBody) -> m.HealthAnswer:
    """Take in how a device is; a token that is bound to a device or a window reports for that one only."""
    actor = api.actor(call, Permission.REPORT_DEVICE, device=device)
    command = cmd.ReportDevice(
        device=device,
        kind=body.kind or "",
        version=body.version,
        faults=tuple(_fault(fault) for fault in body.faults),
        audio_blocked=body.audio_blocked,
        done=body.done or "",
        error=without_numbers(body.error),
    )

    def render(state: HallState, outcome: Outcome, now_ms: int) -> m.HealthAnswer:
        return m.HealthAnswer(
            revision=outcome.revision,
            server_ms=now_ms,
            beat_s=BEAT_MS // 1000,
            device=device_row(state, device, {device: now_ms}),
            order=pending_order(state, device, now_ms),
        )

    window = call.principal.window
    guard = partial(_own_device, window, device) if window is not None else None
    answer = await api.decided(actor, call, command, render, guard)
    api.node.devices(call.hall).heard(device, actor.now())
    return answer


def _fault(fault: FaultBody | str) -> cmd.FaultSaid:
    if isinstance(fault, str):
        return cmd.FaultSaid(code=fault)
    return cmd.FaultSaid(code=fault.code, detail=without_numbers(fault.detail))


def _own_device(window: str, device: str, state: HallState) -> None:
    """Refuse a token of a window that reports for a device that stands elsewhere.

    Raises:
      Rejected: `FORBIDDEN`.
    """
    config = state.index.devices.get(device)
    if config is not None and config.window != window:
        raise Rejected(
            Code.FORBIDDEN,
            f"the token is bound to window {window}",
            "report with a token of the device",
            device=device,
        )
