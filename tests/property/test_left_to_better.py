"""What a beginner leaves to better clerks, in random halls: never for long, and never a riddle."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from callq.domain import commands as cmd
from callq.domain.errors import Rejected
from callq.domain.hall import Clerk, HallConfig, Routing, WindowConfig
from callq.domain.routing import Left, choose_lane, eligible_lanes, left_lanes, preferences
from callq.domain.state import HallState, canonical
from callq.domain.window import Window, WindowState
from tests.harness import Hall, small_hall

if TYPE_CHECKING:
    from callq.domain.turns import Turn

SERVICES = ("general", "social", "estate")


def hall_of(dice: Random) -> Hall:
    """Two to five windows for everything, clerks of random levels, a bound from none to ten minutes."""
    n = dice.randint(2, 5)
    small = small_hall()
    config = HallConfig(
        id="test",
        name=small.name,
        zones=small.zones,
        services=small.services,
        windows=tuple(WindowConfig(id=f"w{i}", label=str(i), zone="hall") for i in range(n)),
        clerks=tuple(
            Clerk(id=f"c{i}", name="李敏", skills={code: dice.choice([1, 1, 2, 3]) for code in SERVICES})
            for i in range(n)
        ),
        routing=Routing(
            policy=dice.choice(["index", "longest_wait"]), better_soon_s=dice.choice([0, 30, 60, 600])
        ),
    )
    hall = Hall(config)
    for i in range(n):
        hall.staff(f"w{i}", f"c{i}")
    return hall


def acts(hall: Hall, dice: Random) -> None:
    """Somebody does something, as far as it is allowed."""
    window = f"w{dice.randrange(len(hall.state.windows))}"
    commands: list[cmd.AnyCommand] = [
        cmd.CallNext(window=window),
        cmd.CallNext(window=window),
        cmd.Start(window=window),
        cmd.Complete(window=window),
        cmd.Pause(window=window, reason="取材料"),
        cmd.Unpause(window=window),
        cmd.Close(window=window),
        cmd.Open(window=window),
        cmd.Hold(window=window, kind="without_papers"),
        cmd.Undo(window=window),
    ]
    command = dice.choice(commands)
    if dice.random() < 0.4:
        hall.issue(dice.choice(SERVICES), cls=dice.choice(["ordinary", "ordinary", "priority"]))
        return
    try:
        hall.do(command)
    except Rejected:
        return


def level(state: HallState, window: Window, service: str) -> int:
    """Of who sits there, in what the service needs."""
    assert window.clerk is not None
    return state.index.clerks[window.clerk].level(state.index.services[service].needs, state.day)


def check(hall: Hall) -> int:
    """Hold each free window to the bound; how many leave somebody."""
    state, found = hall.state, 0
    routing = state.config.routing
    assert routing is not None
    soon_ms = routing.better_soon_s * 1000
    now_ms = hall.now_ms
    for window in state.windows.values():
        if window.state is not WindowState.IDLE:
            continue
        asked = eligible_lanes(state, window)
        left = left_lanes(state, window, state.clock(now_ms))
        told = {(one.service, one.key.cls): to for one, to in left}
        assert told == expected(state, window, state.clock(now_ms))
        choice = choose_lane(state, window, now_ms)
        assert (choice is None) == (len(left) == len(asked)), "nobody is called only where all are left"
        for one, to in left:
            found += 1
            other = state.windows[to.window]
            assert now_ms < to.until_ms <= one.clock_ms + one.target_ms + 1, "never beyond its target"
            assert level(state, window, one.key.service) == 1 < level(state, other, one.key.service)
            better = [
                w
                for w in state.windows.values()
                if w.clerk and w.open and level(state, w, one.key.service) > 1
            ]
            if not any(w.state is WindowState.SERVING for w in better):
                ready_ms = max(w.ready_clock for w in better if w.state is WindowState.IDLE)
                assert to.until_ms <= ready_ms + soon_ms, "who is idle counts for so long alone"
        if left and len(left) == len(asked):
            last_ms = max(to.until_ms for _, to in left)
            if not any(w.state is WindowState.SERVING for w in state.windows.values()):
                assert choose_lane(state, window, last_ms) is not None, "the beginner takes it then"
    return found


def expected(state: HallState, window: Window, clock_ms: int) -> dict[tuple[str, str], Left]:
    """What a window leaves, by service and class, found by a look at every window."""
    routing = state.config.routing
    assert routing is not None
    soon_ms, found = routing.better_soon_s * 1000, {}
    for one in eligible_lanes(state, window):
        past_ms = one.clock_ms + one.target_min * 60_000 + 1
        if not soon_ms or level(state, window, one.service) != 1 or one.key.to or past_ms <= clock_ms:
            continue
        free = []
        for other in state.windows.values():
            if not other.open or not other.clerk or level(state, other, one.service) < 2:
                continue
            if (
                other.draining
                or other.pause_after
                or other.state in (WindowState.CALLING, WindowState.PAUSED)
            ):
                continue
            at_ms = begins_ms = other.ready_clock
            if other.ticket is not None:
                assert other.ticket.started_clock is not None
                mean_ms = round(state.index.services[other.ticket.service].service_min * 60_000)
                at_ms = other.ticket.started_clock - other.ticket.handled_ms + mean_ms
                begins_ms = at_ms - soon_ms
            if begins_ms <= clock_ms < at_ms + soon_ms:
                free.append((at_ms, other.id))
        if free:
            until_ms = min(max(free)[0] + soon_ms, past_ms)
            found[one.service, one.key.cls] = Left(until_ms, min(free)[1])
    return found


@pytest.mark.timeout(120)
def test_what_is_left_is_left_for_a_bounded_time() -> None:
    found = 0
    for seed in range(40):
        dice = Random(seed)
        hall = hall_of(dice)
        for _ in range(60):
            hall.later(dice.choice([1, 5, 20, 61, 200]))
            acts(hall, dice)
            found += check(hall)
        assert canonical(hall.replayed()) == canonical(hall.state)
    assert found > 100, "what hardly ever happens is hardly tried"


def test_a_beginner_looks_only_at_windows_that_are_free_about_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty better windows have been ready for long: none of them is looked at; one that is ready now is."""
    ids = [f"w{n}" for n in range(42)]
    config = small_hall(
        windows=tuple(WindowConfig(id=w, label=w[1:], zone="hall") for w in ids),
        clerks=tuple(
            Clerk(id=f"c{n}", name="李敏", skills=dict.fromkeys(SERVICES, 2 if n else 1)) for n in range(42)
        ),
        routing=Routing(policy="index", better_soon_s=60),
    )
    hall = Hall(config)
    for w in ids[:-1]:
        hall.staff(w, f"c{w[1:]}")
    hall.later(61)
    hall.issue("general")
    looked: list[str] = []
    counts = preferences._counts

    def counted(window: Window, turn: Turn, clock_ms: int) -> bool:
        looked.append(window.id)
        return counts(window, turn, clock_ms)

    monkeypatch.setattr(preferences, "_counts", counted)
    assert left_lanes(hall.state, hall.state.windows["w0"], hall.now_ms) == []
    assert looked == []
    hall.staff(ids[-1], "c41")
    assert [to.window for _, to in left_lanes(hall.state, hall.state.windows["w0"], hall.now_ms)] == ["w41"]
    assert set(looked) == {"w41"}


@pytest.mark.parametrize(("level", "soon_s", "kept"), [(1, 60, True), (2, 60, False), (1, 0, False)])
def test_turns_are_kept_only_where_a_beginner_asks(level: int, soon_s: int, *, kept: bool) -> None:
    config = small_hall(routing=Routing(policy="index", better_soon_s=soon_s))
    clerks = tuple(replace(clerk, skills=dict.fromkeys(clerk.skills, level)) for clerk in config.clerks)
    hall = Hall(replace(config, clerks=clerks))
    assert (hall.state.turns.of("w1") is not None) is kept
