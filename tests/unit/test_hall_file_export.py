"""Whatever configuration is in force can be written as a hall file, and read back as the same."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from callq.config import export_hall, load_hall
from callq.config.changes import changes
from callq.config.proposal import of_data, of_text
from callq.domain.check import problems
from callq.domain.hall import (
    Booking,
    Clerk,
    Contact,
    HallConfig,
    HallNotice,
    Holiday,
    MovedWorkday,
    NumberRange,
    Resource,
    Rules,
    Screens,
    Service,
    Session,
    Skill,
    WindowConfig,
    Zone,
    ZoneScreen,
    digest,
    plain,
)

if TYPE_CHECKING:
    import pytest

codes = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,8}", fullmatch=True)
words = st.text(st.sampled_from("李敏综合 a\"\\'#=[]{}é9·"), min_size=1, max_size=8).filter(
    lambda text: text == text.strip()
)
levels = st.integers(1, 3)
dates = st.dates(date(2026, 1, 1), date(2027, 12, 31))
skills = levels | st.builds(Skill, level=levels, until=st.just("") | dates.map(date.isoformat))


def unique(values: Any, **size: Any) -> Any:
    return st.lists(values, unique=True, **size)


@st.composite
def sessions(draw: Any, service_codes: Any) -> Any:
    """Sessions of 08:00 to 20:00 that ticket every service."""
    found = [
        Session(
            code=code,
            name=draw(words),
            ticketing=f"{begin:02}:00-{end - 1:02}:30",
            serving=f"{begin:02}:00-{end:02}:00",
            kind=draw(st.sampled_from(["noon", "weekend", "evening"])),
            days=tuple(
                draw(st.sampled_from([("mon", "tue", "wed", "thu", "fri"), ("sat",), ("sun", "mon")]))
            ),
            services=tuple(draw(unique(st.sampled_from(service_codes), max_size=2))),
        )
        for code in draw(unique(codes.filter(lambda code: code != "whole"), max_size=3))
        for begin, end in [sorted(draw(st.lists(st.integers(8, 20), min_size=2, max_size=2, unique=True)))]
    ]
    return (Session(code="whole", name="全日", ticketing="08:00-20:00", serving="08:00-22:00"), *found)


@st.composite
def services(draw: Any, zone_codes: Any, resource_codes: Any) -> Any:
    service_codes = draw(unique(codes, min_size=1, max_size=4))
    prefixes = draw(unique(st.from_regex(r"[A-HJ-NPR-Z]{1,2}", fullmatch=True), min_size=4, max_size=4))
    ranges = (
        NumberRange(channel="web", first=501, last=700),
        NumberRange(channel="phone", first=701, last=999),
    )
    return tuple(
        Service(
            code=code,
            name=draw(words),
            prefix=prefix,
            name_en=draw(st.just("") | words),
            zone=draw(st.sampled_from(["", *zone_codes])),
            examples=tuple(draw(st.lists(words, max_size=20))),
            target_wait_min=draw(st.integers(1, 480)),
            one_per_person=draw(st.booleans()),
            quota=draw(st.none() | st.integers(1, 999)),
            resource=draw(st.sampled_from(["", *resource_codes])),
            ranges=draw(st.sampled_from([(), ranges[:1], ranges])),
            booking=draw(st.none() | st.builds(Booking, slot_min=st.sampled_from([15, 60]))),
        )
        for code, prefix in zip(service_codes, prefixes, strict=False)
    )


@st.composite
def halls(draw: Any) -> Any:
    """Any hall that may come into force."""
    zone_codes = draw(unique(codes, min_size=1, max_size=3))
    resource_codes = draw(unique(codes, max_size=2))
    offered = draw(services(zone_codes, resource_codes))
    hours = draw(st.just(()) | sessions([service.code for service in offered]))
    first = draw(dates)
    weekend = date(2026, 1, 3) + timedelta(days=7 * draw(st.integers(0, 100)))
    return HallConfig(
        id=draw(codes),
        name=draw(words),
        zones=tuple(
            Zone(code=code, name=draw(words), place=draw(st.just("") | words)) for code in zone_codes
        ),
        services=offered,
        windows=tuple(
            WindowConfig(
                id=window_id,
                label=str(index),
                zone=draw(st.sampled_from(zone_codes)),
                kind=draw(st.sampled_from(["comprehensive", "domain", "tidal"])),
                directions=draw(st.just("") | words),
            )
            for index, window_id in enumerate(draw(unique(codes, min_size=1, max_size=3)))
        ),
        clerks=(
            Clerk(id="c1", name=draw(words), skills={s.needs: draw(skills) for s in offered}),
            Clerk(id="c2", name="见习", skills={}, mentor="c1"),
        ),
        day_starts=draw(st.sampled_from(["00:00", "04:00", "05:59"])),
        contact=draw(st.sampled_from([Contact(), Contact(phone="12345")])),
        notices=tuple(
            HallNotice(text=text, zones=tuple(zone_codes[:1])) if own else text
            for text, own in draw(st.lists(st.tuples(words, st.booleans()), max_size=3))
        ),
        screens=draw(
            st.builds(
                Screens,
                recent=st.none() | st.integers(6, 8),
                accent=st.sampled_from(["", "#0B2C4D", "#5B1A1A"]),
                zones=st.sampled_from([(), (ZoneScreen(zone=zone_codes[0], blocks=()),)]),
            )
        ),
        resources=tuple(
            Resource(code=code, name=draw(words), capacity=draw(st.integers(1, 9))) for code in resource_codes
        ),
        sessions=hours,
        holidays=(Holiday(first=first.isoformat(), last=(first + timedelta(days=6)).isoformat()),)
        if hours
        else (),
        moved_workdays=(MovedWorkday(date=weekend.isoformat(), like=draw(st.sampled_from(["mon", "thu"]))),)
        if hours
        else (),
        rules=draw(st.builds(Rules, max_calls=st.integers(2, 9), recall_gap_s=st.integers(0, 300))),
    )


@given(hall=halls())
@settings(max_examples=120, deadline=None)
def test_exporting_and_loading_is_the_identity(hall: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert problems(hall) == []
    path = tmp_path_factory.mktemp("halls") / "hall.toml"
    text = export_hall(hall)
    path.write_text(text, encoding="utf-8")
    loaded = load_hall(path)
    assert loaded == hall
    assert digest(loaded) == digest(hall)
    assert export_hall(loaded) == text


@given(hall=halls())
@settings(max_examples=60, deadline=None)
def test_a_proposal_as_data_and_as_text_are_the_same_hall(hall: Any) -> None:
    sent = msgspec.json.decode(msgspec.json.encode(plain(hall)))
    by_data = of_data(sent, "2026-11-26")
    by_text = of_text(export_hall(hall), "2026-11-26")
    assert (by_data.problems, by_text.problems) == ([], [])
    assert by_data.config == by_text.config == hall
    assert by_data.document == by_text.document == plain(hall)


@given(one=halls(), other=halls())
@settings(max_examples=60, deadline=None)
def test_two_halls_differ_in_words_unless_they_are_the_same(one: Any, other: Any) -> None:
    assert changes(one, one) == []
    found = changes(one, msgspec.structs.replace(other, id=one.id))
    assert bool(found) == (digest(msgspec.structs.replace(other, id=one.id)) != digest(one))
    assert all(change.text.zh and change.text.en for change in found)


@given(hall=halls())
@settings(max_examples=40, deadline=None)
def test_what_came_over_the_wire_is_written_alike(hall: Any) -> None:
    sent = msgspec.json.decode(msgspec.json.encode(hall), type=HallConfig)
    assert export_hall(sent) == export_hall(hall)
    assert digest(sent) == digest(hall)


def test_skills_and_bookings_are_written_in_one_line() -> None:
    hall = load_hall("county")
    clerk = msgspec.structs.replace(hall.clerks[0], skills={"general": Skill(level=2, until="2027-06-30")})
    service = msgspec.structs.replace(hall.services[0], booking=Booking(slot_min=30), quota=200)
    text = export_hall(
        msgspec.structs.replace(
            hall, clerks=(clerk, *hall.clerks[1:]), services=(service, *hall.services[1:])
        )
    )
    assert 'skills = { general = { level = 2, until = "2027-06-30" } }\n' in text
    assert "booking = { slot_min = 30 }\n" in text
    assert "quota = 200\n" in text
