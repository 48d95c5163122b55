"""What a configuration would do, told before: every named effect and every refusal, in both languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

import pytest
from msgspec.structs import replace

from callq.domain import commands as cmd
from callq.domain.commands import Person
from callq.domain.consequences import EffectCode, consequences
from callq.domain.errors import Rejected
from callq.domain.hall import Booking, HallConfig, NumberRange, Resource, Session
from callq.domain.state import canonical
from callq.views.foreseen import effect_said, refusal_said
from tests.harness import Hall, small_hall
from tests.rules.scene import changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.views.foreseen import Said

HOUR_MS = 3_600_000
EVENING = Session(code="late", name="晚", ticketing="20:00-21:00", serving="20:00-22:00")
BOOKABLE = changed(small_hall(), "general", booking=Booking())
ALL = small_hall()


def staffed(hall: Hall, window: str = "w1", clerk: str = "c1") -> None:
    hall.do(cmd.SignIn(window=window, clerk=clerk))
    hall.do(cmd.Open(window=window))


def without_clerk(config: HallConfig, clerk: str) -> HallConfig:
    return replace(config, clerks=tuple(c for c in config.clerks if c.id != clerk))


def let_go(hall: Hall) -> HallConfig:
    staffed(hall)
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Transfer(window="w1", to_clerk="c2", wait=True))
    return without_clerk(ALL, "c2")


def unserved(hall: Hall) -> HallConfig:
    staffed(hall)
    hall.issue("social")
    first, *others = ALL.clerks
    return replace(ALL, clerks=(replace(first, skills={"general": 3}), *others))


def ends(hall: Hall) -> HallConfig:
    hall.issue()
    return replace(ALL, sessions=(EVENING,))


def quota_full(hall: Hall) -> HallConfig:
    hall.issue()
    return changed(ALL, "general", quota=1)


def bookings_outside(hall: Hall) -> HallConfig:
    booked = cmd.Book(
        booking="b1", service="general", slot_ms=hall.now_ms + HOUR_MS, person=Person(phone_hash="p")
    )
    hall.do(booked)
    return replace(BOOKABLE, sessions=(EVENING,))


def seconded_back(hall: Hall) -> HallConfig:
    hall.do(cmd.Second(clerk="c2", hall="village"))
    return without_clerk(ALL, "c2")


CASES: dict[EffectCode, tuple[HallConfig, Callable[[Hall], HallConfig]]] = {
    "let_go": (ALL, let_go),
    "unserved": (ALL, unserved),
    "ticketing_ends": (ALL, ends),
    "ticketing_begins": (replace(ALL, sessions=(EVENING,)), lambda _: ALL),
    "quota_full": (ALL, quota_full),
    "bookings_outside": (BOOKABLE, bookings_outside),
    "seconded_back": (ALL, seconded_back),
    "prefix": (ALL, lambda _: changed(ALL, "general", prefix="B")),
    "ranges": (
        ALL,
        lambda _: changed(ALL, "general", ranges=(NumberRange(channel="web", first=501, last=600),)),
    ),
    "clock": (ALL, lambda _: replace(ALL, day_starts="05:00")),
    "practice": (ALL, lambda _: replace(ALL, practice=True)),
}


def plain_words(said: Said) -> None:
    """A Chinese and an English sentence, with everything filled in."""
    assert re.search(r"[\u4e00-\u9fff]", said.zh)
    assert not re.search(
        r"[\u4e00-\u9fff]", re.sub("李敏|王芳|综合受理|社会保险|不动产登记|二楼", "", said.en)
    )
    assert not re.search(r"[{}]|  ", said.zh + said.en)


def test_every_effect_has_a_case() -> None:
    assert set(CASES) == set(get_args(EffectCode))


@pytest.mark.parametrize("code", CASES)
def test_an_effect_is_told_before_and_not_without_its_cause(code: EffectCode) -> None:
    config, begin = CASES[code]
    hall = Hall(config)
    proposed = begin(hall)
    before = canonical(hall.state)
    would = consequences(hall.state, proposed, hall.now_ms)
    assert canonical(hall.state) == before
    assert would.refused == ()
    told = [one for one in (*would.at_once, *would.later) if one.code == code]
    assert told
    names = {s.code: (s.name, s.name_en or s.name) for s in proposed.services}
    for one in told:
        plain_words(effect_said(hall.state, one, names))
    hall.do(cmd.Configure(config=proposed))
    after = consequences(hall.state, proposed, hall.now_ms)
    still = {one.code for one in (*after.at_once, *after.later)}
    assert still <= {"prefix", "ranges", "clock"}, "what waits for the next day is still to come"


def in_use(hall: Hall) -> HallConfig:
    staffed(hall)
    staffed(hall, "w2", "c2")
    hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    return replace(without_clerk(ALL, "c2"), windows=(ALL.windows[1], ALL.windows[2]))


def services_in_use(hall: Hall) -> HallConfig:
    hall.issue("social")
    hall.do(
        cmd.Book(
            booking="b1", service="general", slot_ms=hall.now_ms + HOUR_MS, person=Person(phone_hash="p")
        )
    )
    return replace(
        ALL,
        services=(ALL.services[0], ALL.services[2]),
        windows=(ALL.windows[0], replace(ALL.windows[1], services=("general",)), ALL.windows[2]),
        clerks=tuple(
            replace(c, skills={skill: level for skill, level in c.skills.items() if skill != "social"})
            for c in ALL.clerks
        ),
    )


def zone_in_use(hall: Hall) -> HallConfig:
    hall.issue("estate")
    hall.issue("estate")
    return without_upstairs(ALL)


def without_upstairs(config: HallConfig) -> HallConfig:
    """One floor less; what was there has moved down."""
    down = changed(config, "estate", zone="hall")
    windows = tuple(replace(window, zone="hall") for window in config.windows)
    return replace(down, zones=config.zones[:1], windows=windows)


LINE = Resource(code="line", name="专网", capacity=2)
WITH_LINE = replace(changed(ALL, "general", resource="line"), resources=(LINE,))


def line_in_use(hall: Hall) -> HallConfig:
    for window, clerk in (("w1", "c1"), ("w2", "c2")):
        staffed(hall, window, clerk)
        hall.issue()
        hall.do(cmd.CallNext(window=window))
    return replace(WITH_LINE, resources=(replace(LINE, capacity=1),))


@pytest.mark.parametrize(
    ("config", "begin", "codes"),
    [
        (ALL, in_use, ["window_busy", "window_occupied", "clerk_busy"]),
        (BOOKABLE, services_in_use, ["wrong_state", "wrong_state"]),
        (ALL, zone_in_use, ["wrong_state"]),
        (WITH_LINE, line_in_use, ["resource_busy"]),
    ],
    ids=["windows and clerks", "services", "a zone", "a resource"],
)
def test_all_that_is_in_the_way_is_told_and_the_first_of_it_refuses(
    config: HallConfig, begin: Callable[[Hall], HallConfig], codes: list[str]
) -> None:
    hall = Hall(config)
    proposed = begin(hall)
    would = consequences(hall.state, proposed, hall.now_ms)
    assert [one.code.value for one in would.refused] == codes
    for one in would.refused:
        plain_words(refusal_said(hall.state, one))
    with pytest.raises(Rejected) as refused:
        hall.do(cmd.Configure(config=proposed))
    assert (refused.value.code, refused.value.ids) == (would.refused[0].code, would.refused[0].ids)
