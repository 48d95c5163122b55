"""What the benchmark of pages reckons with: screens that come back, stale announcements, changes."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest

from loadtests.following import Announced, Follower, back_s, wait_s
from loadtests.pages import Change, counts, first, tells


def test_a_screen_waits_as_long_as_the_pages_do() -> None:
    assert [wait_s(attempt, 0) for attempt in range(3)] == [0.5, 0.5, 0.5]
    assert [wait_s(attempt, 1) for attempt in range(6)] == [1, 2, 4, 8, 15, 15]


def test_a_screen_is_back_when_it_shows_what_was_the_newest_as_it_connected() -> None:
    calls = [(1.0, 5), (9.5, 8), (10.5, 9)]
    assert back_s(10.0, [(2.0, 5), (10.1, 5), (10.4, 8), (10.7, 9)], calls) == pytest.approx(0.4)
    # A view that missed nothing says so by the pong.
    assert back_s(10.0, [(10.2, 8)], calls) == pytest.approx(0.2)
    with pytest.raises(RuntimeError, match="revision 8"):
        back_s(10.0, [(9.9, 8), (10.1, 5)], calls)


@pytest.mark.parametrize(
    ("heard_ms", "at_ms", "from_ms", "stale"),
    [
        (39_000, 8_000, 36_000, True),
        (37_000, 8_000, 36_000, False),
        (70_000, 8_000, 8_000, False),
        (70_000, 60_000, 75_000, False),
        (70_000, 60_000, 90_001, True),
    ],
)
def test_an_announcement_is_stale(heard_ms: float, at_ms: int, from_ms: int, stale: bool) -> None:
    row = Announced(
        heard_ms, at_ms=at_ms, from_ms=from_ms, until_ms=from_ms + 5_000, expires_ms=at_ms + 30_000
    )
    assert row.is_stale(killed_ms=10_000) is stale


def test_a_screen_keeps_what_it_was_given() -> None:
    follower = Follower(1, "county", "token", speaks=True)

    def hear(now: float, **message: object) -> None:
        follower.take(msgspec.json.encode(message), now)

    row = {"at_ms": 1, "from_ms": 2, "until_ms": 3, "expires_ms": 4, "number": "A001"}
    hear(1.0, type="snapshot", view="board", revision=4, epoch="e", data={})
    hear(2.0, type="change", view="announcements", revision=6, epoch="e", data={"announcements": [row]})
    hear(3.0, type="pong", server_ms=1)
    assert follower.shown == [(1.0, 4), (3.0, 4)]
    assert follower.announced == [Announced(2000.0, 1, 2, 3, 4)]
    with pytest.raises(RuntimeError, match="refused"):
        hear(4.0, type="error", view="board")


def test_the_first_change_that_shows_a_press_counts_and_must_be_painted() -> None:
    changes = [
        Change(at=at, painted=painted, phase="live", revision=1, text=text)
        for at, painted, text in ((5, 9, "40"), (12, 0, "41"), (15, 20, "40"), (17, 22, "39"))
    ]
    assert first(changes, 10, partial(counts, 40)).at == 15
    with pytest.raises(RuntimeError, match="paint"):
        first(changes, 10, partial(tells, "41"))
    with pytest.raises(RuntimeError, match="never"):
        first(changes, 10, partial(counts, 38))
