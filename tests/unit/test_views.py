"""What holds for all views: privacy, refusals, topics, and a hall's configuration as it is told."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.commands import Person
from callq.domain.errors import Code, Rejected
from callq.domain.hall import Contact, Resource, Service, WindowConfig
from callq.views.hallinfo import hall_info
from callq.views.view import VIEWS, View, project, topics, touched
from tests.harness import MONDAY_9H, Hall, small_hall
from tests.unit.viewing import shown

ZHANG = Person(id_hash="f" * 64, id_last4="1234", phone_hash="e" * 64, phone_last4="5678", name="张*")


def test_no_view_tells_who_somebody_is() -> None:
    hall = Hall()
    hall.staff()
    first = hall.issue(person=ZHANG, traits=("deaf",))
    hall.issue(person=Person(id_hash="d" * 64, name="李*"))
    hall.do(cmd.CallNext(window="w1"))
    arguments = {
        "panel": {"window": "w1"},
        "strip": {"window": "w1"},
        "ticket": {"ticket": first.id},
        "board": {},
        "announcements": {},
        "entrance": {},
        "floor": {},
        "orders": {},
        "printers": {},
        "desk": {},
        "cases": {},
    }
    assert set(arguments) == set(VIEWS)
    for name, about in arguments.items():
        text = str(shown(hall, name, **about))
        for secret in ("张", "李*", "f" * 64, "1234", "5678"):
            assert secret not in text, name
    assert shown(hall, "panel", window="w1")["current"]["ticket"]["traits"] == ["deaf"]
    screens = "".join(str(shown(hall, name)) for name in ("board", "entrance"))
    screens += str(shown(hall, "strip", window="w1"))
    for clerk in hall.state.config.clerks:
        assert clerk.name not in screens


@pytest.mark.parametrize(
    ("view", "code"),
    [
        (View("weather"), Code.INVALID),
        (View("board", zone="cellar"), Code.INVALID),
        (View("strip", window="w9"), Code.UNKNOWN_WINDOW),
        (View("strip"), Code.UNKNOWN_WINDOW),
        (View("panel", window="w9"), Code.UNKNOWN_WINDOW),
        (View("ticket", ticket="none"), Code.UNKNOWN_TICKET),
        (View("ticket"), Code.UNKNOWN_TICKET),
    ],
)
def test_what_is_unknown_is_refused(view: View, code: Code) -> None:
    hall = Hall()
    for ask in (lambda: project(view, hall.state, hall.now_ms, {}), lambda: topics(view, hall.state)):
        with pytest.raises(Rejected) as refused:
            ask()
        assert refused.value.code is code


def test_views_outlive_services_and_windows_that_are_removed() -> None:
    hall = Hall()
    hall.staff("w3", "c4")
    ticket = hall.issue("estate")
    for command in (cmd.CallNext, cmd.Start, cmd.Complete, cmd.Close, cmd.SignOut):
        hall.do(command(window="w3"))
    base = small_hall()
    changed = small_hall(services=base.services[:2], windows=base.windows[:2], clerks=base.clerks[:3])
    changed = msgspec.structs.replace(
        changed,
        clerks=tuple(
            msgspec.structs.replace(c, skills={k: v for k, v in c.skills.items() if k != "estate"})
            for c in changed.clerks
        ),
    )
    hall.do(cmd.Configure(config=changed))
    call = shown(hall, "board")["calls"][0]
    assert (call["number"], call["window"], call["label"], call["service_name"]) == (
        "G001",
        "w3",
        "w3",
        "estate",
    )
    assert shown(hall, "ticket", ticket=ticket.id)["service_name"] == "estate"
    assert shown(hall, "floor")["windows"]


def test_rows_are_made_once_for_all_views_of_a_state() -> None:
    hall = Hall()
    hall.issue()
    memo: dict[Any, Any] = {}
    floor = project(View("floor"), hall.state, hall.now_ms, memo)
    panel = project(View("panel", window="w1"), hall.state, hall.now_ms, memo)
    assert panel["queues"][0] is floor["queues"][0]  # type: ignore[index]


def test_a_change_touches_what_it_is_about_and_no_more() -> None:
    hall = Hall()
    hall.staff()
    ticket = hall.issue()
    decision = hall.do(cmd.CallNext(window="w1"))
    news = touched(decision.events, hall.state)
    assert {("window", "w1"), ("service", "general"), ("ticket", ticket.id), ("zone", "hall")} <= news
    for view in (View("strip", window="w2"), View("board", zone="upstairs"), View("panel", window="w3")):
        assert not topics(view, hall.state) & news
    for view in (View("strip", window="w1"), View("board"), View("floor"), View("ticket", ticket=ticket.id)):
        assert topics(view, hall.state) & news


def test_what_somebody_rates_touches_no_view_of_those_who_must_not_know() -> None:
    hall = Hall()
    hall.staff()
    ticket = hall.issue()
    for command in (cmd.CallNext, cmd.Start, cmd.Complete):
        hall.do(command(window="w1"))
    hall.issue()
    news = touched(hall.do(cmd.Rate(ticket=ticket.id, level=1, by_phone=True)).events, hall.state)
    about: dict[str, dict[str, str]] = {
        "panel": {"window": "w1"},
        "strip": {"window": "w1"},
        "ticket": {"ticket": ticket.id},
    }
    told = {
        (name, discreet)
        for name in VIEWS
        for discreet in (False, True)
        if topics(View(name, **about.get(name, {}), discreet=discreet), hall.state) & news
    }
    assert told == {("floor", False), ("strip", False), ("ticket", False), ("cases", False), ("cases", True)}


def test_a_visit_that_goes_on_elsewhere_touches_the_zone_that_lists_its_call() -> None:
    hall = Hall()
    hall.staff("w1", "c1")
    hall.issue("estate", services=("social",))
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Start(window="w1"))
    assert shown(hall, "board", zone="upstairs")["calls"]
    decision = hall.do(cmd.Complete(window="w1"))
    assert shown(hall, "board", zone="upstairs")["calls"] == []
    assert topics(View("board", zone="upstairs"), hall.state) & touched(decision.events, hall.state) - {
        ("missed", ""),
    }


def with_one_line() -> Hall:
    """A hall in which windows w2 and w3 share an account of a special network."""
    general, social, estate = small_hall().services
    replace = msgspec.structs.replace
    line = (Resource(code="line", name="专网账号", capacity=1),)
    hall = Hall(
        small_hall(
            services=(general, replace(social, resource="line"), replace(estate, resource="line")),
            resources=line,
        )
    )
    hall.staff("w2", "c3")
    hall.staff("w3", "c4")
    return hall


def test_a_panel_follows_what_others_take_up_of_a_resource() -> None:
    hall = with_one_line()
    hall.issue("social")
    hall.issue("estate")
    view = View("panel", window="w2")
    assert shown(hall, "panel", window="w2")["next"]
    before = topics(view, hall.state)
    decision = hall.do(cmd.CallNext(window="w3"))
    assert shown(hall, "panel", window="w2")["next"] is None
    assert before & touched(decision.events, hall.state)


@pytest.mark.parametrize(
    "leaves",
    [cmd.Transfer(window="w2", to_service="general"), cmd.Complete(window="w2")],
    ids=["sent on", "next step"],
)
def test_a_panel_follows_what_others_give_back_by_going_on_to_another_service(leaves: Any) -> None:
    hall = with_one_line()
    hall.issue("social", services=("general",))
    hall.issue("estate")
    hall.do(cmd.CallNext(window="w2"))
    hall.do(cmd.Start(window="w2"))
    view = View("panel", window="w3")
    assert shown(hall, "panel", window="w3")["next"] is None
    before = topics(view, hall.state)
    decision = hall.do(leaves)
    assert shown(hall, "panel", window="w3")["next"]["ticket"]["number"] == "G001"
    assert before & touched(decision.events, hall.state)


def test_a_halls_configuration_names_clerks_to_staff_only() -> None:
    config = small_hall(
        services=(Service(code="general", name="综合受理", prefix="A", examples=("营业执照",)),),
        windows=(WindowConfig(id="w1", label="1", zone="hall"),),
        clerks=small_hall().clerks[:1],
        contact=Contact(phone="12345"),
    )
    config = msgspec.structs.replace(
        config, clerks=(msgspec.structs.replace(config.clerks[0], skills={"general": 3}),)
    )
    state = Hall(config).state

    def told(*, staff: bool) -> Any:
        return msgspec.json.decode(
            msgspec.json.encode(hall_info(state, MONDAY_9H, staff=staff, token="", role="", may=()))
        )

    seen = told(staff=True)
    assert seen["clerks"] == [{"id": "c1", "name": "李敏", "skills": {"general": 3}}]
    assert seen["services"][0]["examples"] == ["营业执照"]
    assert seen["contact"] == {"phone": "12345", "address": ""}
    assert seen["revision"] == state.revision
    assert "clerks" not in told(staff=False)
