"""When everything is looked at for garbage, and that the hall's own days are left alone meanwhile."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest
import trio

from callq.runtime import garbage
from callq.runtime.garbage import EVERY_S, PATIENCE_S, QUIET_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio.testing import MockClock


@pytest.fixture
def collector() -> Iterator[None]:
    """The collector as it was, afterwards."""
    before, collecting = gc.get_threshold(), gc.isenabled()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    (gc.enable if collecting else gc.disable)()


class Knot:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.usefixtures("collector")
def test_what_is_old_is_not_looked_at_by_itself() -> None:
    gc.disable()
    garbage.begin()
    assert gc.isenabled()
    knot = weakref.ref(Knot())
    gc.collect(1)
    old = Knot()
    gc.collect(1)
    dead = weakref.ref(old)
    del old
    looks = gc.get_stats()[2]["collections"]
    held: list[list[int]] = [[] for _ in range(3 * garbage.YOUNG)]
    assert gc.get_stats()[2]["collections"] == looks
    assert knot() is None
    assert dead() is not None
    del held


@pytest.mark.usefixtures("collector")
def test_much_that_stays_is_looked_at_by_itself_after_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own rule is put off, not off: a process that piles up objects is not left to the hour."""
    monkeypatch.setattr(garbage, "YOUNG", 100)
    gc.disable()
    garbage.begin()
    gc.collect()
    looks = gc.get_stats()[2]["collections"]
    held: list[list[int]] = [[] for _ in range(garbage.YOUNG * (garbage.OLDER + 1) * (garbage.OLDEST + 9))]
    assert gc.get_stats()[2]["collections"] > looks
    del held


@pytest.mark.usefixtures("collector")
async def test_everything_is_looked_at_in_a_quiet_moment(autojump_clock: MockClock) -> None:
    acts = 0
    busy_until_s = EVERY_S + 100
    garbage.begin()
    knot = weakref.ref(Knot())

    def count() -> int:
        nonlocal acts
        acts += trio.current_time() < busy_until_s
        return acts

    async with trio.open_nursery() as nursery:
        nursery.start_soon(garbage.run, count)
        await trio.sleep(busy_until_s - 1)
        assert knot() is not None
        await trio.sleep(3 * QUIET_S)
        assert knot() is None
        nursery.cancel_scope.cancel()


@pytest.mark.usefixtures("collector")
async def test_a_hall_that_is_never_quiet_is_looked_at_in_the_end(autojump_clock: MockClock) -> None:
    garbage.begin()
    knot = weakref.ref(Knot())
    acts = iter(range(1_000_000))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(garbage.run, lambda: next(acts))
        await trio.sleep(EVERY_S + PATIENCE_S - 1)
        assert knot() is not None
        await trio.sleep(2)
        assert knot() is None
        nursery.cancel_scope.cancel()
