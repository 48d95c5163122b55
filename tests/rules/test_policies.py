"""Which ticket a free window calls, by each policy a hall may name, and what comes before the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.estimate import ahead, expected_wait, newcomer
from callq.domain.hall import Clerk, HallConfig, Routing, Rules, Skill, WindowConfig, WindowKind
from callq.domain.routing import POLICIES, idle_windows
from callq.domain.routing.policies import GUARDED
from callq.views.why import SENTENCES
from tests.harness import small_hall
from tests.rules.scene import MIN, Scene, changed, rule

if TYPE_CHECKING:
    from callq.domain.ticket import Ticket


def hall_by(policy: str = "index", config: HallConfig | None = None, **more: Any) -> Scene:
    """A hall with this policy, c1 at w1 serving everything."""
    routing = Routing(policy=policy, **{"better_soon_s": 0, **more})  # type: ignore[arg-type]
    scene = Scene(msgspec.structs.replace(config or small_hall(), routing=routing))
    scene.staff("w1", "c1")
    return scene


def served(hall: Scene, window: str = "w1") -> None:
    """Start and complete what the window has called."""
    hall.do(cmd.Start(window=window))
    hall.complete(window)


def why(ticket: Ticket | None) -> ev.Why:
    assert ticket is not None
    assert ticket.why is not None
    return ticket.why


def crowd(hall: Scene) -> dict[str, Ticket]:
    """First one for the estate; later priority for social; last four for general, who came together."""
    found = {"oldest": hall.issue("estate")}
    hall.later(2 * MIN)
    found["priority"] = hall.issue("social", cls="priority")
    hall.later(MIN)
    found["crowded"], *_ = [hall.issue("general") for _ in range(4)]
    hall.later(MIN)
    return found


@rule("T-policy")
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("longest_wait", "oldest"),
        ("strict_priority", "priority"),
        ("fixed_queue_ratio", "crowded"),
        ("index", "crowded"),
    ],
)
def test_each_policy_chooses_its_own(policy: str, expected: str) -> None:
    hall = hall_by(policy, pressure=0.5)
    tickets = crowd(hall)
    assert hall.call() is tickets[expected]
    assert why(tickets[expected]).rule == policy


@rule("T-index-late")
def test_without_pressure_the_index_is_the_wait_in_targets() -> None:
    hall = hall_by(pressure=0.0)
    tickets = crowd(hall)
    # 2 of 5 minutes are more than 4 of 20.
    assert hall.call() is tickets["priority"]
    assert [(term.index, term.late, term.pressure) for term in why(tickets["priority"]).terms] == [
        (0.05, 0.05, 0.0),
        (0.4, 0.4, 0.0),
        (0.2, 0.2, 0.0),
    ]


@rule("T-index-target")
def test_each_service_and_class_has_its_target() -> None:
    hall = hall_by(pressure=0.0, config=changed(small_hall(), "estate", target_wait_min=2))
    tickets = crowd(hall)
    assert hall.call() is tickets["oldest"], "4 of 2 minutes are more than 2 of 5"


@rule("T-index-pressure")
def test_the_index_adds_what_a_queue_is_longer_than_its_share() -> None:
    hall = hall_by(pressure=0.25)
    tickets = crowd(hall)
    assert hall.call() is tickets["crowded"]
    general, social, estate = why(tickets["crowded"]).terms
    # Of six who wait a third each would be due: four are two more, one is one less.
    assert (general.pressure, social.pressure, estate.pressure) == pytest.approx((0.5, -0.25, -0.25))
    assert general.index == pytest.approx(general.late + general.pressure)


@rule("T-index-dedicated")
def test_a_window_of_one_service_goes_by_the_wait_alone() -> None:
    hall = hall_by(pressure=5.0)
    hall.staff("w2", "c2")
    hall.issue("general")
    hall.later(MIN)
    urgent = hall.issue("general", cls="priority")
    hall.later(MIN)
    assert hall.call("w2") is urgent
    assert {term.pressure for term in why(urgent).terms} == {0.0}


@rule("T-index-share")
def test_a_service_with_windows_of_its_own_may_have_the_longer_queue() -> None:
    hall = hall_by(pressure=1.0)
    first = hall.issue("estate")
    other = hall.issue("social")
    assert hall.call() is first, "one each: the earlier"
    hall.do(cmd.Undo(window="w1"))
    hall.staff("w3", "c4")
    assert hall.call() is other, "a window for the estate alone will see to its queue"


@rule("T-guard")
def test_who_has_waited_a_multiple_of_their_target_goes_first() -> None:
    hall = hall_by(pressure=5.0)
    late = hall.issue("estate")
    hall.later(40 * MIN + 1)
    urgent = hall.issue("social", cls="priority")
    for _ in range(5):
        hall.issue("general")
    hall.later(10 * MIN + 1)
    # 50 of 20 minutes, 10 of 5: both beyond twice their target, by more the first.
    assert hall.call() is late
    assert why(late).by == "guard"
    served(hall)
    assert hall.call() is urgent
    assert why(urgent).by == "guard"


@rule("T-guard-off")
def test_a_hall_may_do_without_that() -> None:
    hall = hall_by(pressure=5.0, guard=0.0)
    hall.issue("estate")
    hall.later(41 * MIN)
    crowded, *_ = [hall.issue("general") for _ in range(5)]
    assert hall.call() is crowded
    assert "index" in GUARDED


@rule("T-tie")
def test_equals_go_by_the_longer_wait_then_by_the_order_of_issue() -> None:
    hall = hall_by("strict_priority")
    hall.issue("social", cls="priority")
    hall.later(1)
    hall.issue("general", cls="priority")
    second = hall.issue("estate", cls="priority")
    assert hall.call() is hall.state.tickets["t0001"]
    served(hall)
    assert hall.call() is hall.state.tickets["t0002"]
    served(hall)
    assert hall.call() is second


def beginners() -> HallConfig:
    """c1 is a beginner in estate, c3 is not; both serve it."""
    small = small_hall()
    windows = (*small.windows, WindowConfig(id="w4", label="4", zone="hall"))
    return msgspec.structs.replace(small, windows=windows)


@rule("T-better-soon")
def test_a_beginner_leaves_a_ticket_to_a_better_clerk_who_is_free() -> None:
    hall = hall_by(config=beginners(), better_soon_s=60)
    hall.staff("w3", "c4")
    estate = hall.issue("estate")
    assert hall.call("w1") is None
    general = hall.issue("general")
    hall.later(MIN - 1)
    assert hall.call("w1") is general, "the other one is left"
    assert [term.note for term in why(general).terms] == ["", "better_clerk"]
    assert hall.call("w3") is estate


@rule("T-better-soon-idle")
def test_but_not_to_one_who_has_called_nobody_for_a_minute() -> None:
    hall = hall_by(config=beginners(), better_soon_s=60)
    hall.staff("w3", "c4")
    hall.later(MIN // 2)
    estate = hall.issue("estate")
    hall.later(MIN // 2 - 1)
    assert hall.call("w1") is None
    hall.later(1)
    assert hall.call("w1") is estate, "the other has been ready for a minute"
    served(hall)
    other = hall.issue("estate")
    hall.do(cmd.Pause(window="w3", reason="取材料"))
    hall.do(cmd.Unpause(window="w3"))
    assert hall.call("w1") is None, "back again, and ready anew"
    assert hall.call("w3") is other


@rule("T-better-soon-auto")
def test_nor_does_an_automatic_call_wait_longer_for_who_is_idle() -> None:
    config = msgspec.structs.replace(beginners(), rules=Rules(auto_call_s=300))
    hall = hall_by(config=config, better_soon_s=600)
    hall.later(4 * MIN)
    hall.staff("w3", "c4")
    estate = hall.issue("estate")
    hall.do(cmd.Pause(window="w3", reason="取材料"))
    hall.later(3 * MIN)
    hall.do(cmd.Unpause(window="w3"))
    hall.ticks()
    assert estate.window is None, "left to w3, which calls of its own accord before the ten minutes are over"
    hall.later(5 * MIN)
    hall.ticks()
    assert estate.window == "w3"


@rule("T-better-soon-busy")
def test_or_who_is_free_soon_as_services_go() -> None:
    hall = hall_by(config=beginners(), better_soon_s=60)
    hall.staff("w3", "c4")
    hall.issue("estate")
    hall.serve("w3")
    hall.later(8 * MIN)
    waiting = hall.issue("estate")
    assert hall.call("w1") is waiting, "2 of 10 minutes are left there"
    served(hall)
    hall.later(MIN + 1)
    last = hall.issue("estate")
    assert hall.call("w1") is None, "a minute is left there"
    hall.later(2 * MIN)
    assert hall.call("w1") is last, "it took longer than a service does: nobody knows how long"


@rule("T-better-soon-late")
def test_but_never_beyond_its_target() -> None:
    hall = hall_by(config=changed(beginners(), "estate", target_wait_min=5), better_soon_s=600)
    hall.staff("w3", "c4")
    estate = hall.issue("estate")
    hall.later(5 * MIN)
    assert hall.call("w1") is None
    hall.later(1)
    assert hall.call("w1") is estate


@rule("T-better-soon-auto")
def test_an_automatic_call_waits_for_the_better_clerk_until_then() -> None:
    config = msgspec.structs.replace(beginners(), rules=Rules(auto_call_s=5))
    hall = hall_by(config=config, better_soon_s=60)
    hall.staff("w3", "c4")
    hall.later(5)
    estate = hall.issue("estate")
    hall.ticks()
    assert estate.window == "w3", "who is free has it at once"
    hall.do(cmd.Start(window="w3"))
    hall.later(10 * MIN - 30)
    other = hall.issue("estate")
    hall.ticks()
    assert other.window is None
    hall.later(90)
    hall.ticks()
    assert other.window == "w1", "soon is over"


@rule("T-green")
def test_a_green_window_takes_priority_first() -> None:
    small = small_hall()
    green = msgspec.structs.replace(small.windows[0], kind="green")
    hall = hall_by("longest_wait", config=msgspec.structs.replace(small, windows=(green, *small.windows[1:])))
    ordinary = hall.issue("general")
    hall.later(MIN)
    urgent = hall.issue("general", cls="priority")
    assert hall.call() is urgent
    assert why(urgent).by == "green"
    served(hall)
    assert hall.call() is ordinary


@rule("W-auto-call-order")
def test_of_idle_windows_the_one_that_serves_least_else_calls_first() -> None:
    config = msgspec.structs.replace(
        small_hall(), rules=msgspec.structs.replace(small_hall().rules, auto_call_s=5)
    )
    hall = hall_by(config=config)
    hall.later(30)
    hall.staff("w2", "c2")
    hall.later(30)
    ticket = hall.issue("general")
    assert [w.id for w in idle_windows(hall.state, "general")] == ["w2", "w1"]
    hall.ticks()
    assert ticket.window == "w2"
    assert [w.id for w in idle_windows(hall.state, "general")] == ["w1"]


@rule("W-auto-call-kind")
def test_green_windows_are_for_priority_and_remote_ones_for_when_no_other_is_idle() -> None:
    small = small_hall()
    kinds: tuple[WindowKind, ...] = ("remote", "green", "comprehensive")
    windows = tuple(
        WindowConfig(id=f"w{n}", label=str(n), zone="hall", kind=kind) for n, kind in enumerate(kinds)
    )
    skills: dict[str, int | Skill] = {"general": 2, "social": 2, "estate": 2}
    clerks = tuple(Clerk(id=f"c{n}", name="李敏", skills=skills) for n in range(3))
    hall = Scene(msgspec.structs.replace(small, windows=windows, clerks=clerks))
    for n in range(3):
        hall.staff(f"w{n}", f"c{n}")
    assert [w.id for w in idle_windows(hall.state, "general")] == ["w2", "w1", "w0"]
    assert [w.id for w in idle_windows(hall.state, "general", "priority")] == ["w1", "w2", "w0"]


@rule("T-first-contact")
def test_who_asks_for_a_clerk_who_is_there_waits_for_that_clerk_for_some_minutes() -> None:
    hall = hall_by(first_contact_min=10)
    hall.staff("w2", "c2")
    asked = hall.issue("general", prefer_clerk="c2")
    assert asked.bound == "c:c2"
    assert hall.call("w1") is None
    hall.later(10 * MIN)
    hall.ticks()
    assert asked.bound == ""
    assert hall.call("w1") is asked


@rule("T-first-contact-there")
def test_nobody_waits_for_a_clerk_who_is_not_there_or_serves_something_else() -> None:
    hall = hall_by(first_contact_min=10)
    assert hall.issue("general", prefer_clerk="c2").bound == ""
    hall.staff("w2", "c2")
    assert hall.issue("estate", prefer_clerk="c2").bound == ""
    asked = hall.issue("general", prefer_clerk="c2")
    hall.do(cmd.Close(window="w2"))
    hall.do(cmd.SignOut(window="w2"))
    assert asked.bound == "", "who leaves is not waited for"


@rule("T-first-contact-back")
def test_who_comes_back_without_papers_goes_on_with_who_began() -> None:
    hall = hall_by(first_contact_min=10)
    hall.issue("general")
    held = hall.hold("without_papers")
    hall.staff("w2", "c2")
    hall.do(cmd.Returned(ticket=held.id))
    assert held.bound == "c:c1"
    assert hall.call("w2") is None
    assert hall.call("w1") is held
    assert why(held).by == "named"


@rule("T-first-contact-transfer")
def test_who_is_sent_back_goes_on_with_who_began() -> None:
    hall = hall_by(first_contact_min=10)
    hall.staff("w2", "c3")
    ticket = hall.issue("general")
    hall.serve("w1")
    hall.do(cmd.Transfer(window="w1", to_service="social"))
    assert hall.serve("w2") is ticket
    hall.do(cmd.Transfer(window="w2", to_service="general"))
    assert ticket.bound == "c:c1"


@rule("T-first-contact-off")
def test_a_hall_may_bind_nobody() -> None:
    hall = hall_by(first_contact_min=0)
    assert hall.issue("general", prefer_clerk="c1").bound == ""


@rule("T-ahead")
def test_how_many_are_before_somebody_goes_by_the_policy() -> None:
    hall = hall_by(pressure=0.25)
    ordinary = [hall.issue("general") for _ in range(2)]
    hall.later(MIN)
    urgent = hall.issue("general", cls="priority")
    hall.issue("social")
    hall.later(MIN)

    def before(ticket: Ticket) -> int:
        return ahead(hall.state, ticket, hall.now_ms)

    # 1 of 5 minutes is more than 2 of 20.
    assert [before(ticket) for ticket in (urgent, *ordinary)] == [0, 1, 2]
    assert hall.call() is urgent
    by_class = hall_by("strict_priority")
    first = by_class.issue("general")
    assert ahead(by_class.state, first, by_class.now_ms) == 0
    by_class.issue("general", cls="priority")
    assert ahead(by_class.state, first, by_class.now_ms) == 1


@rule("T-ahead-newcomer")
@pytest.mark.parametrize("policy", [*POLICIES])
@pytest.mark.parametrize("cls", ["ordinary", "priority"])
def test_who_comes_now_is_told_what_their_ticket_will_say(policy: str, cls: cmd.TicketClass) -> None:
    hall = hall_by(policy)
    for other in ("ordinary", "priority", "ordinary"):
        hall.issue("general", cls=other)
        hall.later(3 * MIN)
    one = newcomer(hall.state, "general", cls, hall.now_ms)
    told = ahead(hall.state, one, hall.now_ms), expected_wait(hall.state, one, hall.now_ms)
    ticket = hall.issue("general", cls=cls)
    assert told == (ahead(hall.state, ticket, hall.now_ms), expected_wait(hall.state, ticket, hall.now_ms))
    assert told[0] == (1 if (policy, cls) == ("strict_priority", "priority") else 3)


@rule("T-wait-by-policy")
def test_whom_nobody_is_called_before_does_not_wait_for_the_line() -> None:
    hall = hall_by("strict_priority")
    for _ in range(4):
        hall.issue("general")
    hall.later(60 * MIN)
    first = hall.issue("general", cls="priority")
    assert expected_wait(hall.state, first, hall.now_ms) is None
    second = hall.issue("general", cls="priority")
    # One of the five others who wait, of whom the first has waited for an hour.
    assert expected_wait(hall.state, second, hall.now_ms) == (720, 432, 1152, "head_of_line")


@rule("T-wait-burst")
def test_who_comes_after_a_crowd_is_told_what_the_count_says() -> None:
    hall = hall_by("longest_wait", config=changed(small_hall(), "social", service_min=8.0))
    hall.staff("w2", "c3")
    hall.issue("social")
    hall.later(4 * MIN)
    crowd = [hall.issue("social") for _ in range(40)]

    def told(one: Ticket) -> tuple[Any, ...] | None:
        return expected_wait(hall.state, one, hall.now_ms)

    # Two windows with eight minutes for each of those ahead; the first has waited for four in all.
    assert told(crowd[-1]) == (40 * 240, 5760, 15360, "count")
    assert told(crowd[0]) == (240, 144, 384, "count")
    last = hall.issue("social")
    assert told(last) == (41 * 240, round(41 * 240 * 0.6), round(41 * 240 * 1.6), "count")
    # A window that is about to stop serves none of them.
    hall.do(cmd.CallNext(window="w2"))
    hall.do(cmd.Pause(window="w2"))
    assert told(last) == (40 * 480, 11520, 30720, "count")
    # Without any nobody knows.
    hall.do(cmd.Close(window="w1"))
    assert told(last) is None
    # The queue moves as the first says again once that has waited long enough.
    hall.do(cmd.Open(window="w1"))
    hall.later(110 * MIN)
    assert (told(last) or ("",))[-1] == "head_of_line"


def test_every_rule_has_a_sentence() -> None:
    settled = {"guard", "green", "papers", "named", "before_slot", "pressure"}
    assert set(SENTENCES) == {*POLICIES, "called_by_name", "papers_back", *settled}
