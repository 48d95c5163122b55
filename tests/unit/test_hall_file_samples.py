"""The sample halls have the shapes that public reports tell, and open when such halls do."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from callq.config import load_hall, samples
from callq.domain.hall import PREFIX_RE, HallConfig, HallNotice, Skill
from callq.domain.hours import next_ticketing, sessions_on, slots_on, ticketing
from callq.domain.state import Index
from tests.unit.hours_seen import serving


@pytest.fixture(scope="module")
def dongyuan() -> HallConfig:
    return load_hall("dongyuan")


@pytest.fixture(scope="module")
def taizhou() -> HallConfig:
    return load_hall("taizhou")


def ms(local: str) -> int:
    return round(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)


def test_the_core_brings_three_halls() -> None:
    assert {"county", "dongyuan", "taizhou"} <= set(samples())


@pytest.mark.parametrize("name", ["county", "dongyuan", "taizhou"])
def test_notices_of_the_samples_are_in_both_languages(name: str) -> None:
    notices = load_hall(name).notices
    assert len(notices) >= 3
    assert all(isinstance(one, HallNotice) and one.text and one.text_en.isprintable() for one in notices)
    assert not [
        one for one in notices if isinstance(one, HallNotice) and re.search("[一-鿿]|^$", one.text_en)
    ]


def test_dongyuan_has_35_comprehensive_and_49_other_windows(dongyuan: HallConfig) -> None:
    comprehensive = [window for window in dongyuan.windows if window.kind == "comprehensive"]
    assert [window.label for window in comprehensive] == [str(n) for n in range(1, 36)]
    assert {window.zone for window in comprehensive} == {"hall"}
    assert all("general" in window.services for window in comprehensive)
    assert len(dongyuan.windows) == 84
    assert len(dongyuan.clerks) == 84
    kinds = Counter(window.kind for window in dongyuan.windows)
    assert kinds["remote"] == 2
    assert {"domain", "dedicated", "tidal", "green", "fallback", "result"} <= set(kinds)
    prefixes = {service.code: service.prefix for service in dongyuan.services}
    assert prefixes["general"] == "A"
    assert [prefixes[code] for code in ("household", "social", "medical", "estate", "enterprise")] == [
        *"BEFGK"
    ]


def test_dongyuan_shows_every_part_of_a_hall_file(dongyuan: HallConfig) -> None:
    assert dongyuan.resources
    assert any(service.quota for service in dongyuan.services)
    assert any(service.booking for service in dongyuan.services)
    assert any(service.ranges for service in dongyuan.services)
    assert any(service.min_level > 1 for service in dongyuan.services)
    assert any(clerk.mentor for clerk in dongyuan.clerks)
    skills = [skill for clerk in dongyuan.clerks for skill in clerk.skills.values()]
    assert any(isinstance(skill, Skill) and skill.until for skill in skills)
    zones = {zone.code for zone in dongyuan.zones}
    assert "selfservice" in zones - {window.zone for window in dongyuan.windows}


def test_a_week_in_dongyuan(dongyuan: HallConfig) -> None:
    def code(service: str, local: str, booked: bool = False) -> str | None:
        session = ticketing(dongyuan, service, ms(local), booked=booked)
        return session.code if session else None

    assert code("general", "2026-11-23T08:30") == "am"
    assert code("general", "2026-11-23T11:30") is None
    assert serving(dongyuan, "general", ms("2026-11-23T11:59"))
    assert code("general", "2026-11-23T12:30") == "noon"
    assert code("marriage", "2026-11-23T12:30") is None
    assert code("marriage", "2026-11-23T14:00") == "pm"
    assert code("enterprise", "2026-11-28T09:00") == "sat"
    assert code("marriage", "2026-11-28T09:00") is None
    assert code("marriage", "2026-11-28T09:00", booked=True) == "wedding"
    assert sessions_on(dongyuan, "2026-10-03") == ()
    assert [session.code for session in sessions_on(dongyuan, "2026-10-10")] == ["am", "noon", "pm"]
    assert next_ticketing(dongyuan, "general", ms("2026-09-30T16:30")) == ms("2026-10-08T08:30")
    assert len(slots_on(dongyuan, "marriage", "2026-11-28")) == 3


def test_taizhou_is_the_large_case(taizhou: HallConfig) -> None:
    assert len(taizhou.windows) == 224
    assert len(taizhou.clerks) >= 224
    zones = {zone.code for zone in taizhou.zones}
    assert {"f1", "f2", "f3", "f4", "f5"} <= zones
    assert all(window.zone in zones for window in taizhou.windows)
    assert any(len(service.prefix) == 2 for service in taizhou.services)


@pytest.mark.parametrize("name", ["county", "dongyuan", "taizhou"])
def test_people_and_labels_of_samples_can_be_told_apart(name: str) -> None:
    hall = load_hall(name)
    assert len({clerk.name for clerk in hall.clerks}) == len(hall.clerks)
    assert len({window.label for window in hall.windows}) == len(hall.windows)
    assert all(PREFIX_RE.fullmatch(service.prefix) for service in hall.services)


@pytest.mark.parametrize("name", ["dongyuan", "taizhou"])
def test_every_service_is_ticketed_on_every_working_day(name: str) -> None:
    hall = load_hall(name)
    for service in hall.services:
        for day in ("2026-11-23", "2026-11-27", "2026-12-31", "2027-02-12"):
            assert next_ticketing(hall, service.code, ms(f"{day}T06:00"), within_days=0) is not None


def test_certificates_last_as_long_as_the_calendar_of_their_sample(
    dongyuan: HallConfig, taizhou: HallConfig
) -> None:
    """Until then every service is mastered, and all windows can be staffed at once."""
    for hall in (dongyuan, taizhou):
        year = max(holiday.last for holiday in hall.holidays)[:4]
        for day in (f"{int(year) - 1}-01-01", f"{year}-12-31"):
            index = Index(hall)
            served = {code for clerk in index.clerks for code in index.mastered(clerk, day)}
            assert served == set(index.services)
            able = {w: [c for c in index.clerks if index.serving(w, c, day)] for w in index.windows}
            seats: dict[str, str] = {}
            assert [w for w in able if not seated(w, able, seats, set())] == []


def seated(window: str, able: dict[str, list[str]], seats: dict[str, str], tried: set[str]) -> bool:
    """Find a clerk for a window, moving others where that helps (an augmenting path)."""
    for clerk in able[window]:
        if clerk not in tried:
            tried.add(clerk)
            if clerk not in seats or seated(seats[clerk], able, seats, tried):
                seats[clerk] = window
                return True
    return False
