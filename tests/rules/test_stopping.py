"""Stopping a service: what is told once, what outlives it, and what hours do of themselves."""

from __future__ import annotations

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.errors import Code
from callq.domain.hall import Session
from tests.harness import small_hall
from tests.rules.scene import HOUR, MIN, Scene, refused, rule

STOP = cmd.StopIssuing(service="estate", reason="上级系统故障")


@rule("H-stop-issuing")
def test_the_same_stop_again_writes_nothing_and_another_reason_does(hall: Scene) -> None:
    hall.do(STOP)
    revision = hall.state.revision
    assert hall.do(STOP).events == ()
    assert hall.state.revision == revision
    hall.do(cmd.StopIssuing(service="estate", reason="停电"))
    assert hall.state.stopped == {"estate": "停电"}


@rule("H-stop-ends")
def test_a_service_that_went_and_came_back_is_not_stopped_any_more(hall: Scene) -> None:
    config = small_hall()
    hall.do(STOP)
    clerks = tuple(
        msgspec.structs.replace(c, skills={k: v for k, v in c.skills.items() if k != "estate"})
        for c in config.clerks[:3]
    )
    without = msgspec.structs.replace(
        config, services=config.services[:2], windows=config.windows[:2], clerks=clerks
    )
    hall.do(cmd.Configure(config=without))
    hall.do(cmd.Configure(config=config))
    assert hall.issue("estate").state == "waiting"


@rule("X-after-ticketing")
@pytest.mark.parametrize("how", ["transfer", "reassign"])
def test_who_is_inside_is_sent_on_until_serving_ends(how: str) -> None:
    whole = Session(
        code="whole", name="全天", ticketing="00:00-24:00", serving="00:00-24:00", services=("general",)
    )
    morning = Session(
        code="am", name="上午", ticketing="08:30-11:30", serving="08:30-12:00", services=("social", "estate")
    )
    hall = Scene(small_hall(sessions=(whole, morning)))
    hall.staff()
    one, two = hall.issue(), hall.issue()
    hall.later(2 * HOUR + 45 * MIN)

    def sent_on(ticket: str) -> None:
        if how == "reassign":
            hall.do(cmd.Reassign(ticket=ticket, service="social"))
        else:
            hall.do(cmd.Transfer(window="w1", to_service="social"))

    if how == "transfer":
        hall.serve()
    with refused(hall, Code.OUTSIDE_SESSION):
        hall.issue("social")
    sent_on(one.id)
    assert hall.queue("social") == ["A001"]
    if how == "transfer":
        hall.call("w1", two)
    hall.later(15 * MIN)
    with refused(hall, Code.SERVICE_CLOSED):
        sent_on(two.id)
