"""What the metrics ask of the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from callq import metrics
from callq.runtime.gauges import LAG_EVERY_S, watch_lag

if TYPE_CHECKING:
    from trio.testing import MockClock


async def test_the_lag_is_how_much_later_a_sleeper_runs_on(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []
    monkeypatch.setattr(metrics, "loop_lagged", seen.append)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch_lag)
        await trio.sleep(2.5 * LAG_EVERY_S)
        assert seen == [pytest.approx(0)] * 2
        # Somebody computes for half a second and lets nobody else run.
        autojump_clock.jump(0.5)
        await trio.sleep(LAG_EVERY_S)
        nursery.cancel_scope.cancel()
    assert seen[2] == pytest.approx(0.5 - 0.5 * LAG_EVERY_S)
