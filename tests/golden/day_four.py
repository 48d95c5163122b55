"""The day that the golden stream of schema 4 records: every event of that schema at least once.

The scenes of the schemas before, in a hall that names its policy and its matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from callq.domain import commands as cmd
from callq.domain.devices import gone_silent
from callq.domain.hall import (
    Check,
    Desk,
    Device,
    Item,
    Minimum,
    Outlet,
    Printer,
    ProfileSlot,
    RatingReason,
    Ratings,
    Routing,
    Tides,
)
from callq.domain.tides import (
    SkillsOf,
    TideMemory,
    TideNeed,
    TidePlan,
    TideReason,
    TideSlot,
    TideStreak,
)
from tests.golden import day_two as scenes
from tests.golden.day_three import all_scenes

if TYPE_CHECKING:
    from callq.domain.hall import HallConfig
    from tests.harness import Hall


def scripted_v4() -> Hall:
    """A full day and the beginning of the next."""
    hall = scenes.hall_of_two_days(level=0)
    hall.do(cmd.OpenEpoch(epoch="00000000000000e1"), who=cmd.SYSTEM)
    hall.do(cmd.RaiseLevel(level=4), who=cmd.SYSTEM)
    hall.do(cmd.Configure(config=_orchestrated(hall.state.config)), who=scenes.SUPERVISOR)
    _tides(hall)
    _notices(hall)
    all_scenes(hall)
    hall.issue("social", item="social-card")
    _asks(hall)
    _paper(hall)
    _desk(hall)
    _cases(hall)
    return hall


def _asks(hall: Hall) -> None:
    """A clerk asks for help, and for a rating after one was taken back, and is still asking at the end."""
    window = next(w for w in hall.state.windows.values() if w.clerk is None or w.ticket is None)
    if window.clerk is None:
        free = next(
            c.id
            for c in hall.state.config.clerks
            if c.id not in hall.state.clerk_at and hall.state.index.serving(window.id, c.id, hall.state.day)
        )
        hall.do(cmd.SignIn(window=window.id, clerk=free))
    if not window.open:
        hall.do(cmd.Open(window=window.id))
    hall.do(cmd.Help(window=window.id, reason="来人不适"), who=scenes.SUPERVISOR)
    hall.do(cmd.HelpDone(window=window.id), who=scenes.SUPERVISOR)
    hall.issue()
    hall.do(cmd.CallNext(window=window.id))
    hall.do(cmd.Start(window=window.id))
    hall.do(cmd.Complete(window=window.id))
    assert window.last is not None
    hall.do(cmd.Rate(ticket=window.last, level=4))
    hall.do(cmd.Undo(window=window.id))
    hall.do(cmd.Complete(window=window.id))
    hall.do(cmd.RequestRating(window=window.id))
    hall.do(cmd.Help(window=window.id))


def _paper(hall: Hall) -> None:
    """Tickets are printed, or not, and printed again."""
    ticket = hall.issue("social", printer="k1")
    hall.do(cmd.TakePrint(ticket=ticket.id, printer="k1", copy=1))
    hall.do(cmd.EndPrint(ticket=ticket.id, printer="k1", copy=1, state="unknown"))
    hall.do(cmd.Reprint(ticket=ticket.id))
    hall.do(cmd.EndPrint(ticket=ticket.id, printer="k1", copy=2, state="failed", fault="paper_out"))
    hall.do(cmd.ReportPrinter(printer="k1"))
    hall.issue("social", printer="k1")


def _desk(hall: Hall) -> None:
    """Papers are looked at, somebody is sent home, helpers go along, and one ticket is for one window."""
    helper = cmd.Actor(role="helper", id="tk_helper", name="帮办小周")
    hall.do(cmd.SendHome(service="", item="house", missing=("购房合同",)), who=helper)
    checked = cmd.Issue(
        ticket="checked", service="social", prechecked=True, cls="priority", class_reason="孕妇"
    )
    hall.do(checked, who=helper)
    ticket = hall.issue("social")
    hall.do(cmd.PrecheckTicket(ticket=ticket.id, missing=("身份证原件",)), who=helper)
    hall.do(cmd.Accompany(ticket="checked"), who=helper)
    hall.do(cmd.Accompany(ticket=ticket.id), who=helper)
    hall.do(cmd.Release(ticket=ticket.id), who=helper)
    window = next(
        w.id for w in hall.state.windows.values() if w.clerk and "social" in hall.state.services_at(w)
    )
    hall.do(cmd.Reassign(ticket=ticket.id, window=window, wait=True), who=helper)


def _cases(hall: Hall) -> None:
    """Somebody rates badly; the case is looked after, closed and opened once more."""
    ended = [t for t in hall.state.tickets.values() if t.state == "done" and not t.ratings]
    done = max(ended, key=lambda ticket: ticket.done_ms or 0)
    rate = cmd.Rate(ticket=done.id, level=1, reasons=("slow", "别的"), text="等了两小时", by_phone=True)
    hall.do(rate, who=cmd.Actor(role="citizen", id="c:golden"))
    case = next(iter(hall.state.cases))
    hall.do(cmd.CaseTake(case=case), who=scenes.SUPERVISOR)
    hall.do(cmd.CaseCallBack(case=case, reached=False, result="无人接听"), who=scenes.SUPERVISOR)
    hall.later(60)
    hall.do(cmd.CaseCallBack(case=case, reached=True, result="已致歉"), who=scenes.SUPERVISOR)
    hall.do(cmd.CaseClose(case=case, outcome="当天办结"), who=scenes.SUPERVISOR)
    hall.do(cmd.CaseReopen(case=case, reason="又来反映"), who=scenes.SUPERVISOR)


def _tides(hall: Hall) -> None:
    """Plans are proposed, declined, withdrawn, accepted and carried out; people know better."""
    hall.do(cmd.SetTides(mode="advise"), who=scenes.SUPERVISOR)
    hall.do(cmd.SignIn(window="w2", clerk="c2"))
    opens = TidePlan(
        open=("w2",),
        reasons=(TideReason(code="load", lead_min=6, needed=2.5, there=1.0),),
        wanted=2,
        short_before=1.5,
        short_after=0.5,
        serves=("general",),
        wait_before_min=7.5,
        wait_after_min=1.25,
        cost_h=0.42,
    )
    needs = (TideNeed(6, 2), TideNeed(11, 3))
    memory = TideMemory(needs=needs, there=1, below_clock=7, streaks={"social": TideStreak(5, None)})
    _reckon(hall, memory, opens, ahead=(TideSlot(hall.now_ms, 3), TideSlot(hall.now_ms + 1_800_000, 2)))
    proposal = hall.state.tides.proposal
    assert proposal is not None
    hall.do(cmd.DeclinePlan(plan=proposal.id, reason="午餐"), who=scenes.SUPERVISOR)
    _reckon(hall, memory, replace(opens, wanted=3))
    _reckon(hall, replace(memory, there=2), None)
    _reckon(hall, memory, replace(opens, wanted=4))
    proposal = hall.state.tides.proposal
    assert proposal is not None
    hall.do(cmd.AcceptPlan(plan=proposal.id), who=scenes.SUPERVISOR)
    hall.do(cmd.SetTides(mode="off"), who=scenes.SUPERVISOR)
    hall.do(cmd.SetTides(mode="automatic"), who=scenes.SUPERVISOR)
    skills = SkillsOf(window="w2", skills=("general",), widens=False)
    why = (*opens.reasons, TideReason(code="short_queue", service="social", needed=1.5, there=1.0))
    _reckon(hall, memory, replace(opens, skills=(skills,), reasons=why))
    hall.do(cmd.Open(window="w2"))
    hall.issue()
    hall.do(cmd.CallNext(window="w2"))
    hall.do(cmd.Start(window="w2"))
    hall.later(31 * 60)
    spare = (TideReason(code="spare", lead_min=31, needed=0.5, there=2.0),)
    _reckon(hall, memory, TidePlan(drain=("w2",), reasons=spare))
    put_aside = hall.state.windows["w2"].ticket
    assert put_aside is not None
    hall.do(cmd.Hold(window="w2", kind="waiting"))
    assert hall.state.windows["w2"].open
    hall.do(cmd.Resume(window="w2", ticket=put_aside.id))
    _reckon(hall, memory, TidePlan(leaving=("w2",), leave=1, reasons=spare))
    hall.do(cmd.Complete(window="w2"))
    assert not hall.state.windows["w2"].open
    hall.do(cmd.SignOut(window="w2"))
    hall.do(cmd.SetTides(mode=None), who=scenes.SUPERVISOR)
    _devices(hall)


def _devices(hall: Hall) -> None:
    """A screen with a fault goes silent and comes back; an unlisted kiosk does not hear its order."""
    blocked = cmd.ReportDevice(device="tv-1", version="1", audio_blocked=True)
    hall.do(blocked)
    hall.do(cmd.OrderDevice(device="tv-1", order="test"), who=scenes.SUPERVISOR)
    order = hall.state.devices["tv-1"].order
    assert order is not None
    hall.do(replace(blocked, version="2", done=order.id, audio_blocked=False))
    hall.do(
        cmd.ReportDevice(device="kiosk-9", kind="kiosk", faults=(cmd.FaultSaid(code="jam", detail="卡纸"),))
    )
    hall.do(cmd.OrderDevice(device="kiosk-9", order="restart"), who=scenes.SUPERVISOR)
    hall.later(16 * 60)
    seen = gone_silent(hall.state, {}, hall.now_ms, 0)
    hall.do(cmd.WatchDevices(silent=seen), who=cmd.SYSTEM)
    hall.do(replace(blocked, version="2"))
    hall.do(cmd.OrderDevice(device="tv-1", order="resend"), who=scenes.SUPERVISOR)


def _notices(hall: Hall) -> None:
    """People are told something, until it is withdrawn or over."""
    hall.do(cmd.PostNotice(text="电梯停运", text_en="No lift", kind="urgent"), who=scenes.SUPERVISOR)
    hall.do(cmd.WithdrawNotice(notice=next(iter(hall.state.notices))), who=scenes.SUPERVISOR)
    zone = hall.state.config.zones[0].code
    hall.do(
        cmd.PostNotice(text="中午开放", zones=(zone,), until_ms=hall.now_ms + 60_000), who=scenes.SUPERVISOR
    )
    hall.later(60)
    hall.ticks()
    assert not hall.state.notices
    hall.do(cmd.PostNotice(text="明日停电"), who=scenes.SUPERVISOR)


def _reckon(
    hall: Hall, memory: TideMemory, plan: TidePlan | None, ahead: tuple[TideSlot, ...] | None = None
) -> None:
    hall.later(60)
    command = cmd.ReckonTides(
        minute_ms=hall.now_ms, config=hall.state.digest, memory=memory, plan=plan, ahead=ahead
    )
    assert hall.do(command, who=cmd.SYSTEM).events


def _orchestrated(config: HallConfig) -> HallConfig:
    services = tuple(
        replace(
            service,
            daily=daily,
            service_min=12.5,
            service_cv=0.7,
            target_priority_min=4,
            theme="个人",
            everyday="办事",
            precheck=("身份证原件", Check(text="户口簿", text_en="Household register", hint="派出所补办")),
        )
        for service, daily in zip(config.services, (120.0, 60.0, 30.0), strict=True)
    )
    return replace(
        config,
        services=services,
        routing=Routing(policy="longest_wait", guard=3.0, first_contact_min=5),
        tides=Tides(
            windows=("w2",),
            beta=0.5,
            profile=(ProfileSlot(hours="09:00-12:00", rate=1.5), ProfileSlot(hours="12:00-17:00", rate=1.0)),
            minima=(Minimum(hours="12:00-14:00", service="general", least=1),),
        ),
        items=(
            Item(
                code="social-card", name="社保卡申领", service="social", channels=("self_service", "window")
            ),
            Item(code="house", name="房屋买卖过户", service="estate", precheck=("购房合同",)),
        ),
        printers=(Printer(id="k1", name="1 号自助机", zone="hall"),),
        ratings=Ratings(attempts=2, reasons=(RatingReason(code="slow", reason="办理慢", reason_en="Slow"),)),
        public_url="https://queue.example.cn",
        desk=Desk(priority_share=50, priority_free=2, over_share="refuse"),
        outlets=(Outlet(channel="self_service", name="自助服务区", zone="hall", hours="08:00-22:00"),),
        devices=(
            Device(id="tv-1", kind="screen", name="大厅东屏", zone="hall", place="东墙"),
            Device(id="bar-1", kind="led", name="一号窗条屏", window="w1"),
        ),
    )
