"""Which windows move when: opened at once, closed late, and none that may not be."""

from __future__ import annotations

import pytest

from callq.tidal.laws import Moments
from callq.tidal.plan import Cause, Floor, Least, Moves, Seat, Settings, minima, newsvendor
from callq.tidal.spare import Streak, pressure_min, widen
from callq.tidal.staffing import Load, leads, need

BOTH = (0, 1)


def loads(*means: float, later: float | None = None) -> list[Load]:
    """Loads that are certain, the same at every look, or another after the soonest two."""
    found = []
    for look, lead in enumerate(leads(5)):
        mean = means if later is None or look < 2 else (later,) * len(means)
        found.append(Load(lead, tuple(Moments(one, 0.0) for one in mean)))
    return found


def seat(name: str, services: tuple[int, ...] = BOTH, *, counts: bool = False, **more: object) -> Seat:
    """A window that the plan may move."""
    return Seat(name, services, counts, movable=True, **more)  # type: ignore[arg-type]


def base(count: int) -> list[Seat]:
    """Windows that are open whatever the plan says."""
    return [Seat(f"b{index}", BOTH, counts=True) for index in range(count)]


def moved(
    load: list[Load], seats: list[Seat], since: float | None = None, now: float = 100.0, **more: object
) -> Moves:
    """One minute's moves with the usual settings."""
    settings = more.pop("settings", Settings())
    return Floor(load, seats, settings, **more).move(since, now)  # type: ignore[arg-type]


def test_what_is_needed_soon_is_opened_at_once() -> None:
    seats = [*base(2), seat("t1"), seat("t2"), seat("t3")]
    assert moved(loads(2.0, 2.0), seats).open == ("t1", "t2")


def test_what_is_needed_later_is_opened_later() -> None:
    seats = [*base(2), seat("t1")]
    moves = moved(loads(1.0, 1.0, later=4.0), seats)
    assert moves == Moves()


def test_nothing_opens_that_may_not_be_moved() -> None:
    seats = [*base(2), Seat("t1", BOTH, counts=False)]
    assert moved(loads(4.0, 4.0), seats).open == ()


def test_a_window_opens_for_services_that_are_served_by_then_only() -> None:
    seats = [*base(1), seat("t1", (0,)), seat("t2", (1,))]
    assert moved(loads(3.0, 3.0), seats, served=lambda service: service == 1).open == ("t2",)
    assert moved(loads(3.0, 3.0), seats, served=lambda service: False).open == ()


def test_who_serves_what_is_short_is_opened_first() -> None:
    seats = [Seat("d", (0,), counts=True), seat("t1", (0, 2)), seat("t2", (1, 2))]
    assert moved(loads(1.0, 1.0, 0.0), seats).open == ("t2",)


def test_a_service_gets_a_window_of_its_own_though_there_are_enough_in_all() -> None:
    others = [Seat(f"b{index}", (0, 1), counts=True) for index in range(9)]
    seats = [*others, seat("t1", (0, 1)), seat("t2", (1, 2))]
    assert moved(loads(2.0, 2.0, 0.9), seats).open == ("t2",)


def test_windows_of_one_service_are_opened_for_it_when_no_others_are_left() -> None:
    seats = [*base(1), seat("t1", (0,)), seat("t2", (1,))]
    assert set(moved(loads(0.1, 2.9), seats).open) == {"t2"}


def test_a_draining_window_stays_before_another_one_opens() -> None:
    seats = [*base(2), seat("t1"), seat("t2", draining=True)]
    moves = moved(loads(1.5, 1.5), seats)
    assert (moves.stay, moves.open) == (("t2",), ())


def test_windows_that_were_to_leave_stay_before_another_one_opens() -> None:
    seats = [*base(2), seat("t1", counts=True), seat("t2", counts=True), seat("t3")]
    moves = moved(loads(1.5, 1.5), seats, leave=2)
    assert (moves.leave, moves.leaving, moves.open) == (1, ("t1", "t2"), ())


def test_fewer_windows_are_kept_only_after_some_minutes() -> None:
    seats = [*base(2), *(seat(f"t{i}", counts=True, idle=True) for i in range(6))]
    first = moved(loads(0.5, 0.5), seats, None, 100.0)
    assert (first.close, first.below_since) == ((), 100.0)
    assert moved(loads(0.5, 0.5), seats, first.below_since, 104.0).close == ()
    later = moved(loads(0.5, 0.5), seats, first.below_since, 105.0)
    assert later.close == ("t0", "t1", "t2")
    assert later.below_since == 100.0


def test_a_load_that_comes_back_begins_the_minutes_anew() -> None:
    seats = [*base(2), *(seat(f"t{i}", counts=True, idle=True) for i in range(6))]
    assert moved(loads(0.5, 0.5, later=8.0), seats, 95.0, 100.0).below_since is None


def test_free_windows_close_first_and_of_busy_ones_whoever_finishes_first() -> None:
    busy = [seat(f"t{i}", counts=True) for i in range(4)]
    seats = [*base(2), *busy, seat("t4", counts=True, idle=True), seat("t5", counts=True, idle=True)]
    moves = moved(loads(0.5, 0.5), seats, 95.0)
    assert moves.close == ("t4", "t5")
    assert (moves.leave, moves.leaving) == (1, ("t0", "t1", "t2", "t3"))
    again = moved(loads(0.5, 0.5), seats[:6], 95.0, leave=1)
    assert (again.leave, again.close) == (1, ())


def test_a_window_that_has_just_opened_stays_open() -> None:
    seats = [
        *base(8),
        seat("t1", counts=True, idle=True, open_min=19.0),
        seat("t2", counts=True, open_min=3.0),
    ]
    moves = moved(loads(0.5, 0.5), seats, 95.0)
    assert (moves.close, moves.leave) == ((), 0)


def test_a_busy_window_of_one_service_drains() -> None:
    seats = [*base(5), Seat("d", (0,), counts=True), seat("t1", (0,), counts=True)]
    assert moved(loads(0.4, 0.4), seats, 95.0).drain == ("t1",)


def test_minima_open_windows_and_keep_them() -> None:
    seats = [Seat("d", (0,), counts=True), seat("t1", counts=True, idle=True), seat("t2")]
    least = [Least(1, 2)]
    assert moved(loads(0.0, 0.0), seats, least=least).open == ("t2",)
    open_now = [seat("t1", counts=True, idle=True), seat("t2", counts=True, idle=True)]
    assert moved(loads(0.0, 0.0), open_now, 95.0, least=least, settings=Settings(close_margin=0)).close == ()


def test_the_largest_minimum_counts() -> None:
    assert minima([Least(1, 2), Least(0, 1), Least(1, 3)]) == (Least(0, 1), Least(1, 3))


def test_what_waits_keeps_the_last_window_that_serves_it() -> None:
    alone = [Seat("b", (0,), counts=True), seat("t", (1,), counts=True, idle=True)]
    assert moved(loads(0.0, 0.0), alone, since=90.0).close == ("t",)
    assert moved(loads(0.0, 0.0), alone, since=90.0, waiting=[3, 1]).close == ()
    assert moved(loads(0.0, 0.0), alone, since=90.0, waiting=[3, 0]).close == ("t",)


def test_closings_for_which_no_windows_are_left_are_taken_back_and_it_says_so() -> None:
    busy = seat("t", counts=True)._replace(movable=False)
    moves = moved(loads(1.0, 0.0), [*base(3), busy], leave=1)
    assert (moves.leave, moves.leaving) == (0, ())
    assert moves.causes == (Cause("cannot_close", needed=1.0, there=0.0),)


def test_each_move_says_what_decided_it() -> None:
    few = [Seat("d", (0,), counts=True), seat("t1", (0, 2)), seat("t2", (1, 2))]
    (load,) = moved(loads(1.0, 1.0, 0.0), few).causes[:1]
    assert (load.code, load.service, load.there) == ("load", None, 0.0)
    own = [*(Seat(f"b{i}", (0, 1), counts=True) for i in range(9)), seat("t1", (0, 1)), seat("t2", (1, 2))]
    assert moved(loads(2.0, 2.0, 0.9), own).causes == (Cause("service_load", 2, 6, 0.9, 0.0),)
    lunch = moved(loads(0.0, 0.0), [*base(1), seat("t1")], least=[Least(1, 2)])
    assert lunch.causes == (Cause("minimum", 1, 0, 2.0, 1.0),)
    spare = moved(loads(0.0, 2.0), [*base(8), seat("t", (0,), counts=True, idle=True)], since=90.0)
    assert spare.close == ("t",)
    assert spare.causes == (Cause("spare", 0, 6, 0.0, 9.0),)


def test_the_outlook_says_what_was_measured() -> None:
    floor = Floor(loads(2.0, 1.2), [*base(2), seat("t1")], Settings())
    outlook = floor.outlook()
    assert (outlook.wanted, outlook.kept, outlook.there) == (4, 8, 2)
    assert [n.lead_min for n in outlook.needs] == list(leads(5))


@pytest.mark.parametrize(("chance", "windows"), [(0.6, 9), (0.06, 14)])
def test_the_newsvendor_goes_by_the_chance_that_one_more_is_needed(chance: float, windows: int) -> None:
    needs = [need(Load(6, (Moments(10.0, 6.0),)), (0,), 0.0)]
    found = newsvendor(needs, chance)
    assert found == windows
    assert needs[0].chance(found - 0.5) >= chance > needs[0].chance(found + 0.5)


def test_the_newsvendor_opens_and_keeps_like_the_others() -> None:
    seats = [*base(2), seat("t1"), seat("t2")]
    assert moved(loads(2.0, 1.9), seats, settings=Settings(newsvendor=True)).open == ("t1", "t2")
    assert Floor(loads(2.0, 2.0), seats, Settings(newsvendor=True)).outlook().kept == 4


def test_a_spare_skill_comes_after_two_minutes_of_a_long_queue_and_goes_after_three_of_a_short_one() -> None:
    streak = Streak()
    seen = []
    for minute, pressure in enumerate([7.0, 7.0, 5.0, 7.0, 1.0, 1.0, 1.0, 3.0]):
        found = widen(streak, pressure, float(minute))
        streak = found.streak
        seen.append((found.widen, found.release))
    no = (False, False)
    assert seen == [no, (True, False), no, no, no, no, (False, True), no]


def test_the_pressure_of_a_queue_is_its_work_for_each_window() -> None:
    assert pressure_min(3, 10.0, 4) == pytest.approx(30 / 4.5)
    assert pressure_min(1, 10.0, 0) == pytest.approx(20.0)
