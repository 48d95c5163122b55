"""The plan on random floors and through random days: it stays within its bounds and does not flutter."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from callq.tidal.laws import Moments
from callq.tidal.plan import Floor, Least, Moves, Seat, Settings
from callq.tidal.staffing import Load, leads

if TYPE_CHECKING:
    from collections.abc import Sequence

SERVICES = 3

means = st.floats(0.0, 12.0)
moments = st.builds(Moments, means, st.floats(0.0, 12.0))


@st.composite
def ahead(draw: st.DrawFn) -> list[Load]:
    """Six looks; every other hall is quiet, where there is something to close."""
    scale = draw(st.sampled_from([0.05, 0.3, 1.0]))
    rows = draw(st.lists(st.tuples(*(moments,) * SERVICES), min_size=6, max_size=6))
    return [
        Load(lead, tuple(Moments(m.mean * scale, m.variance * scale) for m in row))
        for lead, row in zip(leads(5), rows, strict=True)
    ]


some_services = st.sets(st.integers(0, SERVICES - 1), min_size=1).map(lambda s: tuple(sorted(s)))


@st.composite
def floors(draw: st.DrawFn) -> list[Seat]:
    """Up to twelve windows in any mix of states."""
    found = []
    kinds = draw(st.sampled_from([("closed", "idle", "busy", "draining", "opening"), ("busy",)]))
    for index in range(draw(st.integers(0, 12))):
        there = draw(st.sampled_from(kinds))
        counts = there in ("idle", "busy", "opening")
        found.append(
            Seat(
                f"w{index}",
                draw(some_services),
                counts,
                movable=draw(st.booleans()) and there != "opening",
                draining=there == "draining",
                idle=there == "idle",
                open_min=draw(st.floats(0.0, 60.0)) if there in ("idle", "busy") else 0.0,
            )
        )
    return found


def check(moves: Moves, seats: Sequence[Seat], rules: Settings) -> None:
    """Nothing moves that may not, or twice, or against what it does already."""
    by_id = {seat.id: seat for seat in seats}
    named = (*moves.open, *moves.stay, *moves.close, *moves.drain)
    assert len(set(named)) == len(named)
    assert all(by_id[w].movable for w in (*named, *moves.leaving))
    assert not any(by_id[w].counts or by_id[w].draining for w in moves.open)
    assert all(by_id[w].draining for w in moves.stay)
    assert all(by_id[w].idle for w in moves.close)
    assert all(by_id[w].counts and not by_id[w].idle for w in (*moves.drain, *moves.leaving))
    gone = (*moves.close, *moves.drain, *moves.leaving)
    assert all(by_id[w].open_min >= rules.min_open_min for w in gone)
    assert moves.leave <= len(moves.leaving)
    assert not moves.leave or moves.leaving
    assert not ((moves.open or moves.stay) and (moves.close or moves.drain)), "opens and closes at once"


def check_causes(moves: Moves, leave: int, rules: Settings) -> None:
    """Every move has a cause of its kind, in numbers by which it would be decided so."""
    codes = {cause.code for cause in moves.causes}
    more = moves.open or moves.stay or moves.leave < leave
    fewer = moves.close or moves.drain or moves.leave > leave
    assert not more or codes & {"load", "service_load", "minimum", "cannot_close"}
    assert not fewer or "spare" in codes
    assert codes <= {"load", "service_load", "minimum", "cannot_close", "spare"}
    for cause in moves.causes:
        if cause.code == "load":
            assert ceil(cause.needed - 1e-9) > cause.there
        elif cause.code == "minimum":
            assert cause.needed > cause.there
        elif cause.code == "cannot_close":
            assert cause.needed > cause.there == moves.leave
        elif cause.code == "spare" and cause.service is None:
            margin = 0 if rules.newsvendor else rules.close_margin
            assert cause.needed + margin <= cause.there or cause.needed == 0


@given(
    ahead(),
    floors(),
    st.integers(0, 3),
    st.booleans(),
    st.one_of(st.none(), st.floats(80.0, 100.0)),
    st.integers(0, 2),
)
@settings(max_examples=500, deadline=None)
def test_only_what_may_move_moves_and_for_a_reason(
    load: list[Load], seats: list[Seat], leave: int, newsvendor: bool, since: float | None, margin: int
) -> None:
    rules = Settings(newsvendor=newsvendor, close_margin=margin)
    moves = Floor(load, seats, rules, leave=leave, least=[Least(1, 2)]).move(since, 100.0)
    check(moves, seats, rules)
    check_causes(moves, leave, rules)


@given(ahead(), floors())
@settings(max_examples=300, deadline=None)
def test_once_done_the_same_minute_asks_for_nothing_more(load: list[Load], seats: list[Seat]) -> None:
    """What opens is not closed again by the numbers it was opened by, nor is more opened."""
    first = Floor(load, seats, Settings()).move(None, 100.0)
    after = [
        seat._replace(counts=True, draining=False, movable=seat.id in first.stay, open_min=0.0)
        if seat.id in (*first.open, *first.stay)
        else seat
        for seat in seats
    ]
    again = Floor(load, after, Settings()).move(None, 101.0)
    assert not again.open
    assert not again.stay
    assert not again.close


@given(st.lists(st.floats(0.0, 25.0), min_size=60, max_size=240))
@settings(max_examples=60, deadline=None)
def test_no_window_flutters_however_wild_the_load(curve: list[float]) -> None:
    """Between an opening and the next of the same window lie its minimum and the delay of opening."""
    rules, opening = Settings(), 5
    opened: dict[str, list[int]] = {}
    closed: dict[str, list[int]] = {}
    state: dict[str, tuple[str, int]] = {f"t{i}": ("closed", 0) for i in range(8)}
    since: float | None = None
    for minute in range(len(curve) - 31):
        for name, (what, until) in state.items():
            if what == "opening" and until <= minute:
                state[name] = ("open", minute)
        load = [Load(lead, (Moments(curve[minute + lead - 1], 1.0),) * 2) for lead in leads(opening)]
        seats = [Seat("base", (0, 1), counts=True)]
        seats += [
            Seat(
                name,
                (0, 1),
                counts=what != "closed",
                movable=what != "opening",
                idle=what == "open",
                open_min=minute - at if what == "open" else 0.0,
            )
            for name, (what, at) in state.items()
        ]
        moves = Floor(load, seats, rules).move(since, float(minute))
        check(moves, seats, rules)
        since = moves.below_since
        for name in moves.open:
            opened.setdefault(name, []).append(minute)
            state[name] = ("opening", minute + opening)
        for name in moves.close:
            closed.setdefault(name, []).append(minute)
            state[name] = ("closed", minute)
    for name, times in opened.items():
        for opening_min, closing_min in zip(times, closed.get(name, []), strict=False):
            assert closing_min - opening_min >= opening + rules.min_open_min
        assert all(b - a >= opening + rules.min_open_min for a, b in pairwise(times))
