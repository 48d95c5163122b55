"""What the open windows mean for the routing, in numbers reckoned by hand."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.hall import Clerk, HallConfig, Routing, Skill, WindowConfig
from callq.domain.routing.staffing import daily_shares, staffing_of, weight_for
from tests.harness import Hall, small_hall

if TYPE_CHECKING:
    from collections.abc import Sequence


def expecting(*daily: float) -> HallConfig:
    """The small hall, with so many tickets a day for general, social and estate."""
    small = small_hall()
    services = tuple(
        msgspec.structs.replace(service, daily=each)
        for service, each in zip(small.services, daily, strict=True)
    )
    return msgspec.structs.replace(small, services=services)


def opened(config: HallConfig, seats: Sequence[tuple[str, str]]) -> Hall:
    """A hall with these clerks at these windows, all open."""
    hall = Hall(config)
    for window, clerk in seats:
        hall.staff(window, clerk)
    return hall


@pytest.mark.parametrize(
    ("windows", "weight"), [(84, 0.25), (63, 1 / 3), (42, 0.5), (21, 0.25), (6, 6 / 84), (1, 1 / 84), (0, 0)]
)
def test_kappa_of_so_many_windows(windows: int, weight: float) -> None:
    assert weight_for(windows) == pytest.approx(weight)


@pytest.mark.parametrize("windows", [84, 42, 6])
def test_kappa_counts_each_open_window_once(windows: int) -> None:
    """Of every three, one serves nothing but general; one more is staffed and closed."""
    ids = [f"w{n}" for n in range(windows + 1)]
    every: dict[str, int | Skill] = {"general": 2, "social": 2, "estate": 2}
    config = small_hall(
        windows=tuple(WindowConfig(id=w, label=w[1:], zone="hall") for w in ids),
        clerks=tuple(
            Clerk(id=f"c{n}", name="李敏", skills={"general": 2} if n % 3 == 0 else every)
            for n in range(windows + 1)
        ),
    )
    hall = opened(config, [(w, f"c{w[1:]}") for w in ids])
    hall.do(cmd.Close(window=ids[-1]))
    assert staffing_of(hall.state).weight == pytest.approx({84: 21 / 84, 42: 21 / 42, 6: 6 / 84}[windows])


def test_a_paused_window_counts_and_one_without_a_clerk_does_not() -> None:
    hall = opened(small_hall(), [("w1", "c1"), ("w2", "c2")])
    hall.do(cmd.Pause(window="w2", reason="取材料"))
    assert staffing_of(hall.state).weight == pytest.approx(2 / 84)
    hall.do(cmd.Close(window="w2"))
    hall.do(cmd.SignOut(window="w2"))
    assert staffing_of(hall.state).weight == pytest.approx(1 / 84)


def test_a_hall_may_say_its_kappa() -> None:
    config = small_hall(routing=Routing(policy="index", pressure=0.75))
    assert staffing_of(opened(config, [("w1", "c1")]).state).weight == 0.75


def test_shares_go_by_what_is_expected_and_by_windows_of_one_service() -> None:
    hall = opened(expecting(60.0, 30.0, 10.0), [("w1", "c1"), ("w2", "c2"), ("w3", "c4")])
    # w2 serves nothing but general, w3 nothing but estate; w1 serves all.
    roots = {"general": sqrt(0.6 * 1.5), "social": sqrt(0.3 * 0.5), "estate": sqrt(0.1 * 1.5)}
    whole = sum(roots.values())
    shares = staffing_of(hall.state).shares
    assert shares == pytest.approx({code: root / whole for code, root in roots.items()})
    assert shares == pytest.approx({"general": 0.5505, "social": 0.2247, "estate": 0.2247}, abs=1e-4)


def test_without_windows_of_one_service_shares_are_the_roots_of_what_is_expected() -> None:
    hall = opened(expecting(90.0, 40.0, 10.0), [("w1", "c1")])
    assert staffing_of(hall.state).shares == pytest.approx({"general": 0.5, "social": 1 / 3, "estate": 1 / 6})


@pytest.mark.parametrize(
    ("daily", "expected"),
    [
        ((60.0, 30.0, 10.0), (0.6, 0.3, 0.1)),
        ((60.0, 20.0, 0.0), (0.6, 0.2, 0.2)),
        ((0.0, 0.0, 0.0), (1 / 3, 1 / 3, 1 / 3)),
    ],
    ids=["all", "one-is-silent", "none"],
)
def test_a_service_that_does_not_say_counts_as_the_smallest(
    daily: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    assert tuple(daily_shares(expecting(*daily).services).values()) == pytest.approx(expected)
