"""Halls for random days, and what may be drawn for them."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import msgspec

from callq.domain.hall import (
    Booking,
    Check,
    Clerk,
    Desk,
    HallConfig,
    NumberRange,
    Printer,
    ProfileSlot,
    Resource,
    Routing,
    Rules,
    Service,
    Session,
    Skill,
    Tides,
)
from tests.harness import small_hall

WINDOWS = ["w1", "w2", "w1", "w2", "w3", "w1", "w2", "w3", "w9"]
CLERKS = ["c1", "c2", "c3", "c4", "c5", "c3", "c4", "c9"]
SERVICES = ["general", "social", "estate", "general", "social", "estate", "nothing"]
PEOPLE = ["ann", "bob", "eve"]


class Night(NamedTuple):
    """When a hall begins, and where."""

    timezone: str
    begins_ms: int


NIGHTS = [
    Night("Asia/Shanghai", 1_795_395_600_000),  # 2026-11-23 09:00
    Night("Europe/Warsaw", 1_774_656_000_000),  # 2026-03-28 01:00, a day before the clocks go forward
    Night("Europe/Warsaw", 1_792_884_600_000),  # 2026-10-25 01:30, an hour or two before they go back
    Night("America/New_York", 1_772_928_000_000),  # 2026-03-07 19:00, the evening before
    Night("America/New_York", 1_793_502_000_000),  # 2026-10-31 23:00, the night they go back
    Night("Asia/Shanghai", 1_798_713_000_000),  # 2026-12-31 18:30, the last evening of the year
    Night("Europe/Warsaw", 1_798_752_000_000),  # 2026-12-31 22:20
]
"""Ordinary days, nights on which the clocks change, and ends of years."""

SESSIONS = (
    *((),) * 6,
    (
        Session(code="am", name="上午", ticketing="08:30-11:30", serving="08:30-12:00"),
        Session(code="pm", name="下午", ticketing="14:00-16:30", serving="14:00-17:30"),
        Session(
            code="sat",
            name="周六",
            ticketing="09:00-11:00",
            serving="09:00-12:00",
            kind="booked_only",
            days=("sat",),
        ),
    ),
    (
        Session(
            code="night",
            name="夜间",
            ticketing="20:00-03:30",
            serving="20:00-03:30",
            days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
        ),
        Session(
            code="day",
            name="日间",
            ticketing="04:00-20:00",
            serving="04:00-20:00",
            days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
        ),
    ),
)


def _rules(dice: Random) -> Rules:
    """Any set of rules, with limits small enough to be met."""
    return Rules(
        recall_gap_s=dice.choice([1, 10]),
        max_calls=dice.choice([2, 3]),
        min_calls_before_miss=dice.choice([1, 2]),
        rejoin=dice.choice(["void", "second_call", "k_back"]),
        rejoin_k=dice.choice([1, 2, 3]),
        rejoin_max=dice.choice([1, 2]),
        missed_abandon_min=dice.choice([1, 30]),
        hold_max_min=dice.choice([10, 120]),
        transfer_wait_min=dice.choice([1, 15]),
        next_while_serving=dice.choice(["refuse", "complete"]),
        next_while_called=dice.choice(["refuse", "miss"]),
        auto_call_s=dice.choice([0, 0, 5]),
        auto_start_s=dice.choice([0, 0, 20]),
        renumber_on_reassign=dice.choice([True, False]),
        quota_returns_on_cancel=dice.choice([True, False]),
        come_back_days=dice.choice([0, 1, 3]),
        no_show_limit=dice.choice([1, 3]),
    )


def _tides(dice: Random) -> dict[str, Tides]:
    """Nothing, so that older nodes read the hall; or tides, which are not always run."""
    if dice.random() < 0.65:
        return {}
    return {
        "tides": Tides(
            opening_min=dice.choice([0, 1, 5]),
            override_min=dice.choice([0, 0, 1]),
            windows=dice.choice([("w2",), ("w1", "w2")]),
            widening=dice.choice([True, False]),
            profile=(ProfileSlot(hours="00:00-24:00", rate=1.0),),
            mode=dice.choice(["off", "advise", "automatic"]),
        )
    }


CLERKS_OF_THE_HALL = (
    Clerk(id="c1", name="李敏", skills={"general": 3, "social": 2, "estate": 1}),
    Clerk(id="c2", name="王芳", skills={"general": 2, "social": 1}),
    Clerk(id="c3", name="赵强", skills={"social": 2, "estate": 2}),
    Clerk(id="c4", name="陈静", skills={"estate": Skill(level=3, until="2026-11-24"), "general": 1}),
    Clerk(id="c5", name="新人", skills={"general": 1}, mentor="c1"),
)


INDEX = Routing(policy="index", pressure=0.25, better_soon_s=0, first_contact_min=2)
LEAVING = Routing(policy="index", pressure=0.25, better_soon_s=60, first_contact_min=2)

SEEDS = range(4096)


PAPERS = ("身份证原件", Check(text="购房合同"))
"""What is looked at before a number, in halls that do so."""


def hall_of(seed: int) -> HallConfig:
    """A configuration without problems, thrown by dice: drawing each part would drown the days in it."""
    dice = Random(seed)
    # Whether it has what came with the last schema: a hall that has not can be of an older one.
    newer = dice.choice([False, True, True])
    small = small_hall()
    general, social, estate = small.services
    replace = msgspec.structs.replace
    services: tuple[Service, ...] = (
        replace(
            general,
            quota=dice.choice([None, None, 3, 8]),
            ranges=dice.choice([(), (NumberRange(channel="web", first=6, last=8),)]),
            booking=dice.choice([None, Booking(slot_min=30, capacity=1), Booking(capacity=2)]),
            prefix=dice.choice(["A", "A", "B"]),
        ),
        replace(
            social,
            resource=dice.choice(["", "line"]),
            booking=Booking(slot_min=60, capacity=1),
        ),
        replace(
            estate,
            min_level=dice.choice([1, 2]),
            resource=dice.choice(["", "line"]),
            precheck=PAPERS if newer else (),
            needs_precheck=newer and dice.choice([False, False, True]),
        ),
    )
    capacity = dice.choice([1, 2])
    sessions = dice.choice(SESSIONS)
    at_night = any(session.code == "night" for session in sessions)
    tides = _tides(dice) if newer else {}
    if tides:
        services = tuple(replace(service, daily=20.0) for service in services)
    return replace(
        small,
        services=services,
        clerks=CLERKS_OF_THE_HALL,
        resources=(Resource(code="line", name="专网账号", capacity=capacity),),
        printers=(Printer(id="k1", name="1 号自助机"),) if newer else (),
        sessions=sessions,
        windows=small.windows[: dice.choice([3, 3, 2])],
        timezone=dice.choice(["Asia/Shanghai", "Europe/Warsaw", "America/New_York"]),
        day_starts="04:00" if at_night else dice.choice(["04:00", "04:00", "00:00"]),
        rules=_rules(dice),
        desk=Desk(priority_share=30, priority_free=1) if newer and dice.choice([True, False]) else Desk(),
        routing=dice.choice([None, None, INDEX, LEAVING]) if newer else None,
        **tides,
    )
