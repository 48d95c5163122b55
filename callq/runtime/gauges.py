"""What the metrics ask of a hall and of the event loop; nothing here runs on a command's way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from callq import metrics
from callq.domain.window import WindowState
from callq.views.devices import count_devices
from callq.views.view import VIEWS

if TYPE_CHECKING:
    from callq.domain.state import HallState
    from callq.runtime.actor import HallActor

LAG_EVERY_S: Final = 0.2


async def watch_lag() -> None:
    """Measure how much too late a sleeping task runs on, until cancelled: everybody waits as long."""
    while True:
        due = trio.current_time() + LAG_EVERY_S
        await trio.sleep_until(due)
        metrics.loop_lagged(trio.current_time() - due)


def hall_now(actor: HallActor) -> metrics.HallNow:
    """A running hall as it is now (may be a moment ahead of durable)."""
    return actor.glance(lambda state: _now(actor, state))


def _now(actor: HallActor, state: HallState) -> metrics.HallNow:
    waiting = dict.fromkeys(state.index.services, 0)
    oldest_s = dict.fromkeys(state.index.services, 0.0)
    now_ms = state.clock(actor.now())
    for key, lane in state.lanes.items():
        if lane and key.service in waiting:
            waiting[key.service] += len(lane)
            waited_s = (now_ms - lane.oldest_ms) / 1000
            oldest_s[key.service] = max(oldest_s[key.service], waited_s)
    windows = dict.fromkeys((each.value for each in WindowState), 0)
    for window in state.windows.values():
        windows[window.state.value] += 1
    subscriptions = dict.fromkeys(VIEWS, 0) | actor.hub.subscriptions()
    opened, in_flight = actor.pending()
    return metrics.HallNow(
        actor.hall,
        actor.revision,
        waiting,
        oldest_s,
        windows,
        subscriptions,
        actor.hub.conflated,
        opened,
        in_flight,
        count_devices(state),
    )
