"""预警: what on the floor calls for attention, by the hall's own thresholds.

Much of it comes by time alone. So a row is there as soon as what it is about is (somebody waits, a window
serves), and says from when it counts: whoever shows it drops what has not begun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from callq.domain.window import WindowState
from callq.views.queues import service_queues, waiting_count
from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.state import HallState
    from callq.domain.window import Window
    from callq.views.queues import Memo

_MIN_MS: Final = 60_000
_MOST_CLERKS: Final = 3


def warnings_of(state: HallState, memo: Memo) -> tuple[m.FloorWarning, ...]:
    """Every warning that there is, or will be if nothing happens; none while the hall is suspended."""
    if state.suspended_since is not None:
        return ()
    return (*_queues(state, memo), *_windows(state))


def thresholds_of(state: HallState) -> m.Thresholds:
    """From when on the hall wants to be warned."""
    limits = state.config.warnings
    return m.Thresholds(
        waiting=limits.waiting,
        waiting_severe=limits.waiting_severe,
        late_severe=limits.late_severe,
        unstaffed_min=limits.unstaffed_min,
        serving_min=limits.serving_min,
        paused_min=limits.paused_min,
    )


def _queues(state: HallState, memo: Memo) -> Iterator[m.FloorWarning]:
    limits = state.config.warnings
    for code in state.index.services:
        for queue in service_queues(state, code, memo):
            if queue.head_since_ms is None:
                continue
            target_ms = queue.target_s * 1000
            yield m.FloorWarning(
                id=f"wait/{code}/{queue.class_}",
                code="wait",
                service=code,
                class_=queue.class_,
                since_ms=queue.head_since_ms,
                from_ms=queue.head_since_ms + target_ms,
                severe_ms=queue.head_since_ms + round(target_ms * limits.late_severe)
                if limits.late_severe
                else None,
            )
        count = waiting_count(state, code, memo)
        if limits.waiting and count > limits.waiting:
            severe = bool(limits.waiting_severe) and count > limits.waiting_severe
            yield m.FloorWarning(id=f"crowd/{code}", code="crowd", service=code, count=count, severe=severe)


def _windows(state: HallState) -> Iterator[m.FloorWarning]:
    limits = state.config.warnings
    for config in state.config.windows:
        window = state.windows[config.id]
        if window.open and window.clerk is None and limits.unstaffed_min:
            # Nobody could have called there since the clerk left, or since it was opened.
            since_ms = max(window.since_ms, window.ready_clock + state.frozen_ms)
            clerks = _free_for(state, config.id)
            yield _lasting("unstaffed", window, since_ms, limits.unstaffed_min, clerks)
        elif window.state is WindowState.SERVING and limits.serving_min:
            yield _lasting("serving", window, window.since_ms, limits.serving_min)
        elif window.state is WindowState.PAUSED and limits.paused_min:
            yield _lasting("paused", window, window.since_ms, limits.paused_min)


def _lasting(
    code: m.WarningCode, window: Window, since_ms: int, minutes: int, clerks: tuple[str, ...] = ()
) -> m.FloorWarning:
    return m.FloorWarning(
        id=f"{code}/{window.id}",
        code=code,
        window=window.id,
        since_ms=since_ms,
        from_ms=since_ms + minutes * _MIN_MS,
        clerks=clerks,
    )


def _free_for(state: HallState, window: str) -> tuple[str, ...]:
    """Clerks who sit nowhere and could serve something at a window, in the hall's order."""
    found = []
    for clerk in state.config.clerks:
        away = clerk.id in state.clerk_at or clerk.id in state.seconded
        if not away and state.index.serving(window, clerk.id, state.day):
            found.append(clerk.id)
            if len(found) == _MOST_CLERKS:
                break
    return tuple(found)
