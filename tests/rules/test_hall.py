"""The hall as a whole: standing still, stopping, and its configuration."""

from __future__ import annotations

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.consequences import consequences
from callq.domain.errors import Code
from callq.domain.hall import Booking, Resource, Rules
from callq.domain.history import kept, versions
from callq.views.queuelist import queue_list
from callq.views.view import View, project, topics, touched
from tests.harness import small_hall
from tests.rules.scene import ANN, HOUR, MIN, Scene, changed, refused, rule, with_rules, with_service


@rule("H-suspend-calls")
def test_a_suspended_hall_calls_and_issues_nothing(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    hall.staff("w2", "c2")
    hall.do(cmd.Suspend(reason="消防演习"))
    for command in (
        cmd.CallNext(window="w2"),
        cmd.CallTicket(window="w2", ticket=ticket.id, reason="急"),
        cmd.Recall(window="w1"),
        cmd.Issue(ticket="x", service="general"),
        cmd.Transfer(window="w1", to_service="social"),
    ):
        with refused(hall, Code.HALL_SUSPENDED) as refusal:
            hall.do(command)
        assert "消防演习" in refusal.value.detail
    hall.do(cmd.ResumeHall())
    hall.later(10)
    hall.do(cmd.Recall(window="w1"))


@rule("H-suspend-freezes")
def test_timers_stand_still_while_the_hall_does(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    hall.miss()
    hall.later(29 * MIN)
    hall.do(cmd.Suspend())
    hall.later(HOUR)
    hall.tick()
    hall.do(cmd.ResumeHall())
    hall.later(59)
    hall.tick()
    assert ticket.state == "missed"
    hall.later(1)
    hall.tick()
    assert ticket.state == "abandoned"


@rule("H-suspend-clocks")
def test_nobody_grows_older_in_the_queue_meanwhile(hall: Scene) -> None:
    hall.issue()
    hall.do(cmd.Suspend())
    hall.later(HOUR)
    hall.do(cmd.ResumeHall())
    hall.later(1)
    ticket = hall.issue()
    first, second = (hall.state.tickets[t] for t in ("t0001", ticket.id))
    assert second.clock_ms - first.clock_ms == 1000


@rule("H-suspend-handling")
def test_handling_does_not_run_meanwhile(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.Suspend())
    hall.later(HOUR)
    hall.do(cmd.ResumeHall())
    hall.later(MIN)
    hall.complete()
    assert ticket.handled_ms == MIN * 1000


@rule("H-suspend-auto-call")
def test_the_delay_of_automatic_calls_stands_still_too() -> None:
    hall = with_rules(auto_call_s=20)
    hall.issue()
    hall.later(5)
    hall.do(cmd.Suspend())
    hall.later(HOUR)
    hall.tick()
    hall.do(cmd.ResumeHall())
    hall.later(14)
    hall.tick()
    assert hall.at_w1 is None
    hall.later(1)
    hall.tick()
    assert hall.at_w1 is not None


@rule("H-stop-issuing")
def test_a_stopped_service_gives_no_tickets_and_says_why(hall: Scene) -> None:
    waiting = hall.issue()
    with refused(hall, Code.INVALID):
        hall.do(cmd.StopIssuing(service="general", reason=""))
    stopped = hall.do(cmd.StopIssuing(service="general", reason="上级系统故障"))
    with refused(hall, Code.SERVICE_CLOSED) as refusal:
        hall.issue()
    assert "上级系统故障" in refusal.value.detail
    other = hall.issue("social")
    assert other.number == "E001"
    told = {View("ticket", ticket=waiting.id): "上级系统故障", View("ticket", ticket=other.id): None}
    for view, reason in told.items():
        assert project(view, hall.state, hall.now_ms, {})["stopped"] == reason
        assert topics(view, hall.state) & touched(stopped.events, hall.state), "and told at once"
    assert hall.serve() is waiting
    hall.complete()
    assert project(next(iter(told)), hall.state, hall.now_ms, {})["stopped"] is None, (
        "who is done need not know"
    )
    hall.do(cmd.StartIssuing(service="general"))
    assert hall.issue().number == "A002"


@rule("H-configure-state")
def test_a_replay_needs_no_file(hall: Scene) -> None:
    config = small_hall(name="新名")
    hall.do(cmd.Configure(config=config))
    assert hall.replayed().config == config
    assert hall.replayed().digest == hall.state.digest
    assert hall.do(cmd.Configure(config=config)).events == ()


@rule("H-configure-meant")
def test_a_configuration_made_for_another_one_is_refused(hall: Scene) -> None:
    seen = hall.state.digest
    hall.do(cmd.Configure(config=small_hall(name="甲"), if_digest=seen))
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Configure(config=small_hall(name="乙"), if_digest=seen))
    hall.do(cmd.Configure(config=small_hall(name="乙"), if_digest=hall.state.digest))


@rule("H-configure-history")
def test_an_earlier_configuration_comes_back_exactly(hall: Scene) -> None:
    before = hall.state.digest
    hall.do(cmd.Configure(config=small_hall(rules=Rules(max_calls=5)), reason="多呼两次"))
    assert hall.replayed().config_history == hall.state.config_history
    (newest, _), (_, data) = versions(hall.state.config, kept(hall.state))
    assert (newest.reason, newest.at_ms) == ("多呼两次", hall.now_ms)
    hall.do(cmd.Configure(config=msgspec.convert(data, type(hall.state.config))))
    assert hall.state.digest == before


@rule("H-configure-foreseen")
def test_what_a_configuration_would_do_is_told_before(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_clerk="c2", wait=True))
    clerks = small_hall().clerks
    less = small_hall(clerks=(clerks[0], *clerks[2:]))
    would = consequences(hall.state, less, hall.now_ms)
    assert would.refused == ()
    assert [(one.code, one.numbers) for one in would.at_once] == [("let_go", (ticket.number,))]
    told = [one.code for one in consequences(hall.state, small_hall(clerks=clerks[1:]), hall.now_ms).refused]
    assert told == [Code.CLERK_BUSY]
    hall.do(cmd.Configure(config=less))
    assert ticket.bound == ""


@rule("H-configure-services")
def test_a_service_with_live_tickets_later_steps_or_bookings_stays() -> None:
    config = changed(small_hall(), "estate", booking=Booking())
    hall = Scene(config)
    hall.staff()
    gone = msgspec.structs.replace(
        config, services=config.services[:2], windows=config.windows[:2], clerks=config.clerks[:3]
    )
    clerks = tuple(
        msgspec.structs.replace(c, skills={k: v for k, v in c.skills.items() if k != "estate"})
        for c in gone.clerks
    )
    gone = msgspec.structs.replace(gone, clerks=clerks)
    waiting = hall.issue("estate")
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Configure(config=gone))
    hall.do(cmd.Cancel(ticket=waiting.id))
    visit = hall.issue(services=("estate",))
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Configure(config=gone))
    hall.do(cmd.Cancel(ticket=visit.id))
    hall.do(cmd.Book(booking="b1", service="estate", slot_ms=hall.now_ms + HOUR * 1000, person=ANN))
    for config_without in (gone, changed(config, "estate", booking=None)):
        with refused(hall, Code.WRONG_STATE) as refusal:
            hall.do(cmd.Configure(config=config_without))
        assert refusal.value.ids["booking"] == "b1"
    hall.do(cmd.CancelBooking(booking="b1", by_staff=True))
    hall.do(cmd.Configure(config=gone))
    assert list(hall.state.index.services) == ["general", "social"]


@rule("H-configure-zones")
def test_a_zone_where_somebody_waits_stays_and_the_list_for_paper_has_everybody(hall: Scene) -> None:
    config = changed(small_hall(), "estate", zone="hall")
    windows = tuple(msgspec.structs.replace(window, zone="hall") for window in config.windows)
    less = msgspec.structs.replace(config, zones=config.zones[:1], windows=windows)
    hall.staff("w3", "c4")
    done, missed, waiting = (hall.issue("estate") for _ in range(3))
    hall.serve("w3")
    hall.complete("w3")
    with refused(hall, Code.WRONG_STATE) as refusal:
        hall.do(cmd.Configure(config=less))
    assert (refusal.value.ids["zone"], refusal.value.ids["ticket"]) == ("upstairs", missed.id)
    hall.call("w3")
    hall.miss("w3")
    assert listed(hall) == {"upstairs": [(waiting.number, "waiting"), (missed.number, "missed")]}
    hall.do(cmd.Cancel(ticket=waiting.id))
    with refused(hall, Code.WRONG_STATE):
        hall.do(cmd.Configure(config=less))
    hall.do(cmd.Rejoin(ticket=missed.id))
    hall.call("w3")
    hall.miss("w3")
    assert listed(hall) == {}, "it may not come back again"
    hall.do(cmd.AbandonTicket(ticket=missed.id))
    named = msgspec.structs.replace(small_hall().zones[1], name="三楼")
    hall.issue("estate")
    hall.do(cmd.Configure(config=small_hall(zones=(small_hall().zones[0], named))))
    hall.serve("w3")
    hall.complete("w3")
    hall.do(cmd.Configure(config=less))
    hall.do(cmd.Undo(window="w3"))
    assert done.state == "done"
    assert listed(hall) == {"": [("G004", "serving")]}, "what an undo brings back stands somewhere, too"


def listed(hall: Scene) -> dict[str, list[tuple[str, str]]]:
    """Numbers and states on the list for paper, by zone."""
    return {
        zone.code: [(row.number, row.state) for service in zone.services for row in service.rows]
        for zone in queue_list(hall.state, hall.now_ms).zones
    }


@rule("H-configure-clerks")
def test_a_clerk_who_is_away_can_be_taken_out_and_nobody_waits_for_them(hall: Scene) -> None:
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", to_clerk="c2", wait=True))
    hall.do(cmd.Second(clerk="c3", hall="village"))
    clerks = small_hall().clerks
    with refused(hall, Code.CLERK_BUSY):
        hall.do(cmd.Configure(config=small_hall(clerks=clerks[1:])))
    hall.do(cmd.Configure(config=small_hall(clerks=(clerks[0], clerks[3]))))
    assert (ticket.state, ticket.bound) == ("waiting", "")
    assert hall.state.seconded == {}
    assert hall.call() is ticket


@rule("H-configure-clerks")
@pytest.mark.parametrize("target", [{"to_clerk": "c2"}, {"to_window": "w2"}])
def test_nor_for_one_or_a_window_that_will_not_serve_them(hall: Scene, target: dict[str, str]) -> None:
    """Neither is there: c2 has not come, w2 is not open yet."""
    ticket = hall.issue()
    hall.serve()
    hall.do(cmd.Transfer(window="w1", wait=True, **target))
    config = small_hall()
    c1, c2, c3, c4 = config.clerks
    without = msgspec.structs.replace(c2, skills={"social": 1})
    hall.do(cmd.Configure(config=small_hall(name="新", clerks=config.clerks)))
    assert ticket.bound, "as long as they will, it waits"
    window = msgspec.structs.replace(config.windows[1], services=("social",))
    windows = (config.windows[0], window, config.windows[2])
    hall.do(cmd.Configure(config=small_hall(clerks=(c1, without, c3, c4), windows=windows)))
    assert ticket.bound == ""


@rule("H-configure-resource")
def test_a_resource_does_not_shrink_below_what_is_in_use() -> None:
    def net(capacity: int) -> object:
        config = changed(small_hall(), "general", resource="net")
        return msgspec.structs.replace(
            config, resources=(Resource(code="net", name="专网账号", capacity=capacity),)
        )

    hall = Scene(net(2))  # type: ignore[arg-type]
    for window, clerk in (("w1", "c1"), ("w2", "c2")):
        hall.staff(window, clerk)
        hall.issue()
        hall.serve(window)
    with refused(hall, Code.RESOURCE_BUSY):
        hall.do(cmd.Configure(config=net(1)))  # type: ignore[arg-type]
    hall.complete("w2")
    hall.do(cmd.Configure(config=net(1)))  # type: ignore[arg-type]


@rule("H-configure-checked")
def test_a_configuration_with_mistakes_changes_nothing(hall: Scene) -> None:
    twice = changed(changed(small_hall(), "general", prefix="I"), "social", zone="moon")
    with refused(hall, Code.INVALID) as refusal:
        hall.do(cmd.Configure(config=twice))
    told = [problem.path for problem in refusal.value.extra["problems"]]
    assert told == ["services[0].prefix", "services[1].zone"], "all of them at once"


@rule("H-quota-of-the-day")
def test_a_new_quota_counts_what_the_day_has_given() -> None:
    hall = with_service(quota=5)
    hall.issue()
    hall.issue()
    hall.do(cmd.Configure(config=changed(small_hall(), "general", quota=2)))
    with refused(hall, Code.QUOTA_EXHAUSTED):
        hall.issue()


@rule("H-suspend-miss")
def test_nobody_is_missed_who_cannot_come(hall: Scene) -> None:
    ticket = hall.issue()
    hall.call()
    hall.later(10)
    hall.do(cmd.Recall(window="w1"))
    hall.do(cmd.Suspend(reason="消防演练"))
    with refused(hall, Code.HALL_SUSPENDED):
        hall.do(cmd.Miss(window="w1"))
    hall.do(cmd.ResumeHall())
    hall.do(cmd.Miss(window="w1"))
    assert ticket.state == "missed"
