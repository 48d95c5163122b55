"""What ends a program of callq that runs until it is asked to stop."""

from __future__ import annotations

import signal

import structlog
import trio


def stop_signals() -> list[signal.Signals]:
    """What ends a server: SIGINT, SIGTERM, and a closed terminal unless that is to be ignored (nohup)."""
    found = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        found.append(signal.SIGHUP)
    return found


async def stop_on_signal(
    stopping: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Set `stopping` when a signal asks to stop, until cancelled."""
    with trio.open_signal_receiver(*stop_signals()) as signals:
        task_status.started()
        async for number in signals:
            structlog.get_logger().info("stopping", signal=signal.Signals(number).name)
            stopping.set()
