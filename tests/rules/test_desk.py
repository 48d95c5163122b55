"""帮办导办: pre-checks, going along, the share of priority, and a window of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.desk import CHECKING, Precheck, companion_of, precheck_of
from callq.domain.errors import Code, Rejected
from callq.domain.events import decode_batch
from callq.domain.hall import Check, Desk, Item
from callq.domain.state import canonical
from callq.views.desk import share_out
from callq.views.panel import panel_ticket
from callq.web.roles import ALLOWED, Permission
from tests.harness import small_hall
from tests.rules.scene import Scene, refused, rule, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain import events as ev
    from callq.domain.ticket import Ticket

HELPER = cmd.Actor(role="helper", id="tk_helper", name="帮办小周")
OTHER = cmd.Actor(role="helper", id="tk_other", name="帮办小吴")
CHIEF = cmd.Actor(role="supervisor", id="tk_chief", name="值班主任")

CLERK = cmd.Actor(role="clerk", id="tk_clerk", name="1 号窗口")

ID_CARD = "身份证原件"
DEED = "不动产权证书"
PLAN = "规划许可证"


@pytest.fixture
def desk() -> Iterator[AtDesk]:
    """The hall where `estate` needs a pre-check, and `social` has one."""
    general, social, estate = small_hall().services
    services = (
        general,
        msgspec.structs.replace(social, precheck=(ID_CARD,)),
        msgspec.structs.replace(
            estate, needs_precheck=True, precheck=(ID_CARD, Check(text=DEED, hint="遗失的先到 2 楼补证"))
        ),
    )
    items = (Item(code="new-house", name="新建商品房登记", service="estate", precheck=(PLAN, ID_CARD)),)
    scene = AtDesk(small_hall(services=services, items=items))
    scene.staff("w1", "c1")
    yield scene
    settle(scene)


class AtDesk(Scene):
    """A hall with short names for what its helpers do."""

    def last(self) -> ev.Batch:
        return decode_batch(self.payloads[-1])

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.last().events]

    def missing(self, *texts: str, item: str = "") -> None:
        self.do(cmd.SendHome(service="" if item else "estate", item=item, missing=texts), who=HELPER)

    def counts(self) -> dict[str, tuple[int, int]]:
        return {code: tuple(count) for code, count in self.state.precheck_counts.items()}

    def checked(self, ticket: Ticket) -> Precheck:
        found = precheck_of(self.state, ticket)
        assert found is not None
        return found

    def accompany(self, ticket: Ticket, who: cmd.Actor = HELPER) -> None:
        self.do(cmd.Accompany(ticket=ticket.id), who=who)

    def helper_of(self, ticket: Ticket) -> str:
        found = companion_of(self.state, ticket)
        return found.helper if found else ""


# Pre-checks ----------------------------------------------------------------------------------------


@rule("D-precheck")
def test_a_passed_pre_check_goes_with_the_number(desk: AtDesk) -> None:
    command = cmd.Issue(ticket="t1", service="estate", prechecked=True, printer="")
    desk.do(command, who=HELPER)
    assert desk.kinds() == ["TicketIssued", "TicketPrechecked"]
    (checked,) = desk.state.prechecks["t1"]
    assert (checked.by, checked.helper, checked.at_ms) == ("tk_helper", "帮办小周", desk.now_ms)
    assert checked.missing == ()


@rule("D-precheck-needed")
def test_no_number_before_the_papers_are_looked_at(desk: AtDesk) -> None:
    with refused(desk, Code.PRECHECK_NEEDED):
        desk.issue("estate", channel="kiosk")
    with refused(desk, Code.PRECHECK_NEEDED):
        desk.issue("general", services=("estate",))
    assert desk.issue("general").number == "A001"
    assert desk.issue("general", services=("estate",), prechecked=True).number == "A002"
    assert desk.issue("social").number == "E001", "there is a list, and nothing hangs on it"


@rule("D-precheck-needed")
def test_who_comes_back_was_looked_at_before(desk: AtDesk) -> None:
    desk.staff("w3", "c4")
    ticket = desk.issue("estate", prechecked=True)
    desk.hold("without_papers", "w3")
    desk.next_day()
    assert desk.state.credits[ticket.id].service == "estate"
    assert desk.issue("estate", come_back=ticket.id).returned == "hold"
    with refused(desk, Code.PRECHECK_NEEDED):
        desk.issue("estate")


@rule("D-sent-home")
def test_what_was_missing_is_on_record_and_nobody_is(desk: AtDesk) -> None:
    desk.missing(DEED)
    (sent,) = desk.last().events
    assert msgspec.to_builtins(sent) == {"e": "sent_home", "service": "estate", "missing": (DEED,)}
    desk.missing(ID_CARD, PLAN, item="new-house")
    assert msgspec.to_builtins(desk.last().events[0])["missing"] == (ID_CARD, PLAN)
    assert desk.issue("estate", prechecked=True).number == "G001", "no number was used up"
    with refused(desk, Code.INVALID):
        desk.missing()
    with refused(desk, Code.INVALID):
        desk.do(cmd.SendHome(service="social", item="new-house", missing=(PLAN,)), who=HELPER)


@rule("D-precheck-waiting")
def test_who_has_a_number_is_looked_at_while_they_wait(desk: AtDesk) -> None:
    ticket = desk.issue("social")
    place = ticket.place
    desk.do(cmd.PrecheckTicket(ticket=ticket.id, missing=(ID_CARD,)), who=HELPER)
    assert desk.checked(ticket).missing == (ID_CARD,)
    assert (ticket.state, ticket.place) == ("waiting", place)
    desk.later(60)
    desk.do(cmd.PrecheckTicket(ticket=ticket.id), who=OTHER)
    assert (desk.checked(ticket).missing, desk.checked(ticket).by) == ((), "tk_other")
    desk.do(cmd.Cancel(ticket=ticket.id))
    with refused(desk, Code.WRONG_STATE):
        desk.do(cmd.PrecheckTicket(ticket=ticket.id), who=HELPER)


@rule("D-precheck-listed")
def test_only_what_is_listed_can_be_missing(desk: AtDesk) -> None:
    before = canonical(desk.state)
    with refused(desk, Code.INVALID):
        desk.missing("结婚证")
    with refused(desk, Code.INVALID):
        desk.missing(PLAN)  # of a matter that is not named
    with refused(desk, Code.INVALID):
        desk.do(cmd.SendHome(service="general", missing=(ID_CARD,)), who=HELPER)
    with refused(desk, Code.INVALID):
        desk.issue("general", prechecked=True)
    assert canonical(desk.state) == before


@rule("D-precheck-counts")
def test_the_day_counts_them_by_service(desk: AtDesk) -> None:
    desk.missing(DEED)
    desk.missing(DEED, ID_CARD)
    desk.issue("estate", prechecked=True)
    ticket = desk.issue("social")
    desk.do(cmd.PrecheckTicket(ticket=ticket.id), who=HELPER)
    assert desk.counts() == {"estate": (1, 2), "social": (1, 0)}
    desk.next_day()
    assert desk.counts() == {}


@rule("D-precheck-for")
def test_a_pre_check_shows_only_for_what_was_looked_at(desk: AtDesk) -> None:
    passed = desk.issue("estate", item="new-house", prechecked=True)
    lacking = desk.issue("social")
    desk.do(cmd.PrecheckTicket(ticket=lacking.id, missing=(ID_CARD,)), who=HELPER)
    for ticket, service in ((passed, "social"), (lacking, "general")):
        desk.do(cmd.Reassign(ticket=ticket.id, service=service), who=HELPER)
        assert precheck_of(desk.state, ticket) is None
        shown = panel_ticket(desk.state, ticket, None, None, desk.now_ms)
        assert (shown.precheck, shown.ticket.prechecked_ms) == (None, None)
    desk.do(cmd.PrecheckTicket(ticket=passed.id, missing=(ID_CARD,)), who=OTHER)
    assert desk.checked(passed).missing == (ID_CARD,)
    for ticket, service in ((passed, "estate"), (lacking, "social")):
        desk.do(cmd.Reassign(ticket=ticket.id, service=service), who=HELPER)
    assert desk.checked(passed).missing == (), "more was looked at than the service alone asks for"
    assert desk.checked(lacking).missing == (ID_CARD,)
    # What a matter lacked says nothing of the service without it.
    again = desk.issue("estate", item="new-house", prechecked=True)
    desk.do(cmd.PrecheckTicket(ticket=again.id, missing=(PLAN,)), who=HELPER)
    for service in ("social", "estate"):
        desk.do(cmd.Reassign(ticket=again.id, service=service), who=HELPER)
    assert precheck_of(desk.state, again) is None


@rule("D-precheck-for", "D-precheck-counts")
def test_each_service_of_a_visit_is_checked_by_its_own_list(desk: AtDesk) -> None:
    ticket = desk.issue("general", services=("estate", "social"), prechecked=True)
    assert desk.kinds() == ["TicketIssued", "TicketPrechecked", "TicketPrechecked"]
    assert desk.counts() == {"estate": (1, 0), "social": (1, 0)}, "there is nothing to look at for `general`"
    assert precheck_of(desk.state, ticket) is None
    for service in ("estate", "social"):
        desk.serve()
        desk.complete()
        assert (ticket.service, desk.checked(ticket).missing) == (service, ())


@rule("D-precheck-moved")
def test_who_may_not_pre_check_moves_nobody_around_it(desk: AtDesk) -> None:
    assert ALLOWED[Permission.PRECHECK] == CHECKING - {"system"}
    ticket, visit = desk.issue("social"), desk.issue("estate", prechecked=True)
    with refused(desk, Code.PRECHECK_NEEDED):
        desk.do(cmd.Reassign(ticket=ticket.id, service="estate"), who=CLERK)
    desk.do(cmd.Reassign(ticket=visit.id, service="general"), who=CLERK)
    desk.do(cmd.Reassign(ticket=visit.id, service="estate"), who=CLERK)
    assert desk.checked(visit).missing == ()
    desk.do(cmd.PrecheckTicket(ticket=visit.id, missing=(DEED,)), who=HELPER)
    desk.do(cmd.Reassign(ticket=visit.id, service="general"), who=CLERK)
    with refused(desk, Code.PRECHECK_NEEDED):
        desk.do(cmd.Reassign(ticket=visit.id, service="estate"), who=CLERK)
    desk.call("w1", ticket)
    for transfer in (
        cmd.Transfer(window="w1", to_service="estate"),
        cmd.Transfer(ticket=ticket.id, to_service="estate"),
    ):
        with refused(desk, Code.PRECHECK_NEEDED) as why:
            desk.do(transfer, who=CLERK)
        assert "start it" in why.value.hint
    desk.do(cmd.Start(window="w1"), who=CLERK)
    desk.do(cmd.Transfer(window="w1", to_service="estate"), who=CLERK)
    assert ticket.service == "estate", "the clerk has seen the papers"
    desk.do(cmd.Reassign(ticket=visit.id, service="estate"), who=HELPER)
    assert visit.service == "estate"


@rule("D-precheck-moved")
@pytest.mark.parametrize("seen", ["passed", "by the chief", "held"])
def test_who_was_looked_at_is_transferred_without_a_start(desk: AtDesk, seen: str) -> None:
    if seen == "passed":
        ticket = desk.issue("social", services=("estate",), prechecked=True)
    else:
        ticket = desk.issue("social")
    if seen == "held":
        desk.hold("waiting")
    else:
        desk.call("w1", ticket)
    who = CHIEF if seen == "by the chief" else CLERK
    desk.do(cmd.Transfer(ticket=ticket.id, to_service="estate"), who=who)
    assert ticket.service == "estate"


@rule("D-precheck-needed")
def test_of_a_visit_only_what_was_owed_was_looked_at(desk: AtDesk) -> None:
    desk.staff("w2", "c2")
    ticket = desk.issue()
    desk.hold("without_papers", "w2")
    desk.next_day()
    with refused(desk, Code.PRECHECK_NEEDED):
        desk.issue("general", come_back=ticket.id, services=("estate",))
    assert desk.issue("general", come_back=ticket.id).returned == "hold"


# Matters -------------------------------------------------------------------------------------------


@rule("D-matter")
def test_a_ticket_that_goes_to_another_service_leaves_its_matter_behind(desk: AtDesk) -> None:
    def taken() -> Ticket:
        return desk.issue("estate", item="new-house", services=("social",), prechecked=True)

    desk.staff("w3", "c4")
    first, second, third = taken(), taken(), taken()
    desk.do(cmd.Reassign(ticket=first.id, service="social"), who=HELPER)
    assert (first.item, first.matter) == ("", "")
    with refused(desk, Code.INVALID):
        desk.do(cmd.PrecheckTicket(ticket=first.id, missing=(PLAN,)), who=HELPER)
    desk.do(cmd.Reassign(ticket=second.id, window="w3"), who=HELPER)
    assert second.matter == "new-house", "another window is no other service"
    assert desk.serve("w3") is second
    desk.do(cmd.Transfer(window="w3", to_service="general"), who=CLERK)
    assert second.matter == ""
    desk.call("w1", second)
    desk.do(cmd.Start(window="w1"))
    desk.complete()
    desk.do(cmd.Rate(ticket=second.id, level=4))
    assert desk.last().events[0].about.item == "", "it was rated for the service that was given"
    assert desk.serve("w3") is third
    desk.complete("w3")
    assert (third.service, third.matter) == ("social", "")
    shown = panel_ticket(desk.state, third, None, None, desk.now_ms)
    assert (shown.item_name, shown.ticket.item) == ("", None)
    desk.do(cmd.Undo(window="w3"))
    assert (third.service, third.matter) == ("estate", "new-house")
    desk.complete("w3")
    desk.do(cmd.Rate(ticket=third.id, level=4, step=0))
    assert desk.last().events[0].about.item == "new-house"


# Going along ---------------------------------------------------------------------------------------


@rule("D-accompany")
def test_one_helper_goes_along_through_the_visit(desk: AtDesk) -> None:
    ticket = desk.issue("general", services=("social",))
    desk.accompany(ticket)
    assert desk.helper_of(ticket) == "帮办小周"
    for who in (HELPER, OTHER):
        with refused(desk, Code.WRONG_STATE):
            desk.accompany(ticket, who)
    desk.serve()
    desk.complete()
    assert (ticket.service, ticket.state, desk.helper_of(ticket)) == ("social", "waiting", "帮办小周")
    desk.serve()
    assert desk.helper_of(ticket) == "帮办小周"


@rule("D-accompany-ends")
def test_it_ends_with_the_ticket_or_by_somebody(desk: AtDesk) -> None:
    ticket = desk.issue()
    desk.accompany(ticket)
    desk.do(cmd.Release(ticket=ticket.id), who=OTHER)
    assert desk.helper_of(ticket) == ""
    assert desk.last().who.id == "tk_other", "who ended it is on record"
    with refused(desk, Code.WRONG_STATE):
        desk.do(cmd.Release(ticket=ticket.id), who=HELPER)
    desk.accompany(ticket, OTHER)
    desk.serve()
    desk.complete()
    assert desk.helper_of(ticket) == ""
    desk.do(cmd.Undo(window="w1"))
    assert desk.helper_of(ticket) == "帮办小吴", "an undo takes that back, too"
    desk.complete()
    with refused(desk, Code.WRONG_STATE):
        desk.accompany(ticket)


@rule("D-accompany-ends")
def test_a_step_that_is_taken_up_later_is_gone_to_alone(desk: AtDesk) -> None:
    ticket = desk.issue("general", services=("social",))
    desk.accompany(ticket)
    desk.do(cmd.StopIssuing(service="social", reason="系统维护"))
    desk.serve()
    desk.complete()
    assert (ticket.state, desk.helper_of(ticket)) == ("done", "")
    desk.do(cmd.StartIssuing(service="social"))
    desk.do(cmd.Returned(ticket=ticket.id))
    assert (ticket.state, desk.helper_of(ticket)) == ("waiting", "")


# The share of priority -----------------------------------------------------------------------------


def hall_with(**share: object) -> AtDesk:
    scene = AtDesk(small_hall(desk=Desk(**share)))  # type: ignore[arg-type]
    scene.staff("w1", "c1")
    return scene


def granted(
    scene: AtDesk, ticket: Ticket, who: cmd.Actor = HELPER, cls: cmd.TicketClass = "priority"
) -> None:
    scene.do(cmd.GrantClass(ticket=ticket.id, cls=cls, reason="孕妇"), who=who)


@rule("D-share")
def test_a_fifth_of_the_day_may_have_priority() -> None:
    scene = hall_with(priority_share=20, priority_free=1)
    first, second, third, *_ = [scene.issue() for _ in range(9)]
    granted(scene, first)
    with refused(scene, Code.LIMIT_REACHED):
        granted(scene, second)
    with pytest.raises(Rejected) as refusal:
        granted(scene, second)
    assert refusal.value.state == "share_used"
    scene.do(cmd.Issue(ticket="with", service="general", cls="priority", class_reason="残疾人"), who=HELPER)
    assert scene.state.tickets["with"].cls == "priority", "two of ten, this one included"
    with refused(scene, Code.LIMIT_REACHED):
        scene.do(cmd.Issue(ticket="more", service="general", cls="priority"), who=HELPER)
    for _ in range(4):
        scene.issue()
    with refused(scene, Code.LIMIT_REACHED):
        granted(scene, third)
    scene.issue()
    granted(scene, third)
    settle(scene)


@rule("D-share")
def test_the_page_is_told_what_the_rule_would_allow() -> None:
    scene = hall_with(priority_share=10, priority_free=0)
    first, second, *_ = [scene.issue() for _ in range(18)]
    granted(scene, first)
    scene.issue()
    told = share_out(scene.state, {})
    assert (told.granted, told.issued, told.most, told.most_next) == (1, 19, 1, 2)
    with refused(scene, Code.LIMIT_REACHED):
        granted(scene, second)
    scene.do(cmd.Issue(ticket="with", service="general", cls="priority", class_reason="孕妇"), who=HELPER)
    told = share_out(scene.state, {})
    assert (told.granted, told.issued, told.most, told.most_next) == (2, 20, 2, 2)


@rule("D-share")
def test_the_first_few_of_the_day_are_granted_whatever_the_share() -> None:
    scene = hall_with(priority_share=1, priority_free=2)
    for _ in range(2):
        granted(scene, scene.issue())
    third = scene.issue()
    with refused(scene, Code.LIMIT_REACHED):
        granted(scene, third)
    scene.next_day()
    granted(scene, scene.issue())
    unlimited = hall_with()
    for _ in range(3):
        granted(unlimited, unlimited.issue())


@rule("D-share-above")
def test_a_supervisor_grants_more_unless_nobody_may() -> None:
    scene = hall_with(priority_share=1, priority_free=0)
    ticket, other = scene.issue(), scene.issue()
    with refused(scene, Code.LIMIT_REACHED):
        granted(scene, ticket)
    granted(scene, ticket, CHIEF)
    with refused(scene, Code.LIMIT_REACHED):
        granted(scene, other)
    strict = hall_with(priority_share=50, priority_free=0, over_share="refuse")
    ticket, other, third, _ = [strict.issue() for _ in range(4)]
    granted(strict, ticket)
    granted(strict, other)
    for who in (HELPER, CHIEF):
        with refused(strict, Code.LIMIT_REACHED):
            granted(strict, third, who)
    strict.do(cmd.GrantClass(ticket=ticket.id, cls="ordinary", reason="看错证件"), who=HELPER)
    granted(strict, third)


@rule("D-class-reason")
def test_why_a_class_was_granted_is_on_record() -> None:
    scene = hall_with()
    scene.do(cmd.Issue(ticket="t1", service="general", cls="priority", class_reason="孕妇"), who=HELPER)
    issued = scene.last().events[0]
    assert (issued.class_reason, scene.last().who.id) == ("孕妇", "tk_helper")
    granted(scene, scene.issue())
    assert scene.last().events[0].reason == "孕妇"


# A window of one's own -----------------------------------------------------------------------------


@rule("D-window")
def test_a_waiting_ticket_is_given_to_one_window(desk: AtDesk) -> None:
    desk.staff("w2", "c2")
    ticket = desk.issue()
    clock = ticket.clock_ms
    desk.do(cmd.Reassign(ticket=ticket.id, window="w2"), who=HELPER)
    assert (ticket.bound, ticket.clock_ms, ticket.service, ticket.number) == (
        "w:w2",
        clock,
        "general",
        "A001",
    )
    assert desk.call("w1") is None
    with refused(desk, Code.WRONG_STATE):
        desk.do(cmd.Reassign(ticket=ticket.id, window="w2"))
    desk.later(15 * 60)
    desk.tick()
    assert ticket.bound == "", "as after a transfer: for a quarter of an hour"
    desk.do(cmd.Reassign(ticket=ticket.id, service="social", window="w1"))
    assert (ticket.service, ticket.bound) == ("social", "w:w1")
    assert desk.call("w1") is ticket


@rule("D-window")
def test_only_to_a_window_that_could_call_it(desk: AtDesk) -> None:
    ticket = desk.issue()
    refusals = {"w3": Code.NOT_ELIGIBLE, "w2": Code.WINDOW_CLOSED, "w9": Code.UNKNOWN_WINDOW}
    for window, code in refusals.items():
        with refused(desk, code):
            desk.do(cmd.Reassign(ticket=ticket.id, window=window))
    with refused(desk, Code.INVALID):
        desk.do(cmd.Reassign(ticket=ticket.id))
    desk.do(cmd.Reassign(ticket=ticket.id, window="w2", wait=True))
    desk.staff("w2", "c2")
    assert desk.call("w2") is ticket
