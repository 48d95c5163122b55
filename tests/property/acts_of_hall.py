"""What is done with bookings, with the hall as a whole and with time on a random day."""

from __future__ import annotations

from typing import Any

import msgspec

from callq.domain import commands as cmd
from callq.domain.calendar import day_after
from callq.domain.devices import gone_silent
from callq.domain.events import SCHEMA_VERSION
from callq.domain.hours import slots_on
from callq.domain.ticket import FINAL
from callq.domain.tides import SkillsOf, TideMemory, TidePlan
from callq.views.desk import accompanied_rows
from tests.harness import explained
from tests.property.acts import Source, asked, pick
from tests.property.acts_that_go_on import GoingOn
from tests.property.halls import CLERKS, PEOPLE, SEEDS, SERVICES, WINDOWS, hall_of

DAYS_MS = 86_400_000


class Acts(GoingOn):
    """One hall and everybody in it."""

    @asked(clerk=CLERKS, back=[True, True, False])
    def helps_another_hall(self, clerk: str, back: bool) -> None:
        self.do(cmd.Unsecond(clerk=clerk) if back else cmd.Second(clerk=clerk, hall="town"))

    @asked(
        3,
        ends=["printed", "failed", "unknown", "taken", "nothing"],
        seconds=[0, 16, 41],
        again=[True, False],
    )
    def prints(self, data: Source, ends: str, seconds: int, again: bool) -> None:
        state = self.hall.state
        printed = [ticket for ticket in state.prints if ticket in state.tickets]
        ticket = pick(data, [*printed, self.some(data, "waiting")])
        if again or ticket not in state.prints:
            self.do(cmd.Reprint(ticket=ticket, printer="k1"))
        printout = state.prints.get(ticket)
        copy = printout.copy if printout else 1
        if ends != "nothing":
            self.do(cmd.TakePrint(ticket=ticket, printer="k1", copy=copy))
        self.hall.later(seconds)
        if ends in ("printed", "failed", "unknown"):
            end = cmd.EndPrint(ticket=ticket, printer="k1", copy=copy, state=ends, fault="error")  # type: ignore[arg-type]
            self.do(end)
        self.do(cmd.ReportPrinter(printer="k1", fault="paper_out" if again else ""))

    @asked(
        2,
        act=["accompany", "release", "precheck", "precheck", "lacks", "home", "home", "window"],
        window=WINDOWS,
    )
    def at_the_desk(self, data: Source, act: str, window: str) -> None:
        state = self.hall.state
        going_along = [row.ticket for row in accompanied_rows(state)]
        checked = [t.id for t in state.tickets.values() if t.service == "estate" and t.state not in FINAL]
        some = self.some(data, "waiting", "called")
        estate = pick(data, checked) if checked else some
        papers = ("身份证原件", "购房合同")
        commands: dict[str, cmd.AnyCommand] = {
            "accompany": cmd.Accompany(ticket=some),
            "release": cmd.Release(ticket=pick(data, going_along) if going_along else some),
            "precheck": cmd.PrecheckTicket(ticket=estate),
            "lacks": cmd.PrecheckTicket(ticket=estate, missing=papers[1:]),
            "home": cmd.SendHome(service="estate", missing=papers[:1]),
            "window": cmd.Reassign(ticket=some, window=window, wait=window == "w1"),
        }
        if act == "release" and not going_along:
            self.do(commands["accompany"])
        self.do(commands[act])

    @asked(
        service=SERVICES,
        person=PEOPLE,
        move=[True, False],
        ahead=[0, 0, 1, 30],
    )
    def books(self, data: Source, service: str, person: str, move: bool, ahead: int) -> None:
        state = self.hall.state
        slots = [s.start_ms for s in slots_on(state.config, service, day_after(state.day, ahead))]
        coming = [s for s in slots if s > self.hall.now_ms]
        slot_ms = pick(data, [*coming[:2], *slots[-1:], 1])
        self.hall._minted += 1
        if move and state.bookings:
            booking = pick(data, list(state.bookings))
            self.do(cmd.MoveBooking(booking=booking, slot_ms=slot_ms, by_staff=ahead == 0))
        else:
            who = cmd.Person(id_hash=person)
            self.do(cmd.Book(booking=f"b{self.hall._minted}", service=service, slot_ms=slot_ms, person=who))

    @asked(
        cancel=[True, False, False],
        by_staff=[True, False],
        wait=[True, False],
    )
    def keeps_a_booking(self, data: Source, cancel: bool, by_staff: bool, wait: bool) -> None:
        state = self.hall.state
        booked = [b for b in state.bookings.values() if b.state == "booked"]
        booking = pick(data, [*(b.id for b in booked), "unknown"])
        self.hall._minted += 1
        if cancel:
            self.do(cmd.CancelBooking(booking=booking, by_staff=by_staff))
            return
        if wait and booking != "unknown":
            self.hall.now_ms = max(self.hall.now_ms, state.bookings[booking].slot_ms - 20 * 60_000)
        self.do(cmd.CheckIn(booking=booking, ticket=f"t{self.hall._minted}"))

    @asked(service=SERVICES, act=["stop", "start", "epoch", "level", "level"], skip=[0, 3, 3])
    def is_managed(self, service: str, act: str, skip: int) -> None:
        commands: dict[str, cmd.AnyCommand] = {
            "stop": cmd.StopIssuing(service=service, reason="上级系统故障"),
            "start": cmd.StartIssuing(service=service),
            "epoch": cmd.OpenEpoch(epoch=f"e{self.hall.state.revision % 3}", skip=skip),
            "level": cmd.RaiseLevel(level=SCHEMA_VERSION if skip else SCHEMA_VERSION + 1),
        }
        self.do(commands[act])

    @asked(
        2,
        moves=["any", "any", "any", "leave", "skills"],
        window=["w1", "w2"],
        mode=[None, "advise", "advise", "advise", "automatic", "off"],
        answer=["accept", "decline"],
        minutes=[1, 1, 6],
    )
    def follows_the_tide(self, moves: str, window: str, mode: Any, answer: str, minutes: int) -> None:
        """A minute is reckoned, as well or badly as may be, and a supervisor is asked or not."""
        if mode != "off" or minutes > 1:
            self.do(cmd.SetTides(mode=mode))
        self.hall.later(60)
        self.hall.ticks()
        state = self.hall.state
        both = ("w1", "w2", "w9")
        plans = {
            "any": TidePlan(open=both, stay=both, close=both, drain=both, wanted=state.revision % 5),
            "leave": TidePlan(leaving=both, leave=1),
            "skills": TidePlan(skills=(SkillsOf(window=window, skills=("general",), widens=minutes > 1),)),
        }
        memory = TideMemory(there=state.revision % 3)
        self.do(
            cmd.ReckonTides(
                minute_ms=self.hall.now_ms,
                config=state.digest,
                memory=memory,
                plan=explained(plans[moves]),
            ),
            cmd.SYSTEM,
        )
        asked_for = state.tides.proposal.id if state.tides.proposal else "p0"
        if answer == "accept":
            self.do(cmd.AcceptPlan(plan=asked_for))
        else:
            self.do(cmd.DeclinePlan(plan=asked_for))
        self.hall.later(60 * minutes)

    @asked(
        device=["tv-1", "tv-1", "bar-1", "No Id"],
        version=["1", "1", "2"],
        fault=["", "", "paper_out", "video_failed"],
        blocked=[True, False, False],
        order=[None, "test", "restart", "resend"],
        told=[True, True, False],
        seconds=[0, 30, 89, 90, 900],
    )
    def has_devices(
        self, device: str, version: str, fault: str, blocked: bool, order: Any, told: bool, seconds: int
    ) -> None:
        """A device reports, is told something, does it or not, and is silent for a while."""
        said = (cmd.FaultSaid(code=fault),) if fault else ()
        report = cmd.ReportDevice(device=device, version=version, faults=said, audio_blocked=blocked)
        self.do(report)
        if order is not None:
            self.do(cmd.OrderDevice(device=device, order=order))
        known = self.hall.state.devices.get(device)
        if told and known is not None and known.order is not None:
            error = "jam" if fault else ""
            self.do(msgspec.structs.replace(report, done=known.order.id, error=error))
        self.hall.later(seconds)
        self.hall.ticks()
        silent = gone_silent(
            self.hall.state, {device: self.hall.now_ms - seconds * 1000}, self.hall.now_ms, 0
        )
        self.do(cmd.WatchDevices(silent=silent), cmd.SYSTEM)

    @asked(
        zones=[(), ("hall",)],
        kind=["ordinary", "urgent"],
        until=[None, None, 1, 90],
        back=[True, True, False],
    )
    def is_told(self, zones: Any, kind: Any, until: int | None, back: bool) -> None:
        """A notice is posted; another one is withdrawn, if there is any."""
        until_ms = None if until is None else self.hall.now_ms + until * 60_000
        words = f"通知 {self.hall.state.revision % 7}"
        if back:
            for notice in list(self.hall.state.notices)[:2]:
                self.do(cmd.WithdrawNotice(notice=notice))
        self.do(cmd.PostNotice(text=words, zones=zones, kind=kind, until_ms=until_ms))

    @asked(
        window=["w1", "w2"],
        level=[1, 2, 2, 5],
        by_phone=[True, False],
        reached=[True, True, False],
        ends=[0, 1, 2, 2],
        hours=[0, 0, 1],
    )
    def is_rated_and_looked_after(
        self, window: str, level: int, by_phone: bool, reached: bool, ends: int, hours: int
    ) -> None:
        """Somebody rates what was done for them; a case is gone on with, closed, and opened again."""
        ticket = self.serves(window)
        self.do(cmd.Complete(window=window))
        self.do(cmd.Rate(ticket=ticket, level=level, reasons=("slow", "别的"), by_phone=by_phone))
        self.hall.later(hours * 3600)
        case = next(reversed(self.hall.state.cases), "r0")
        self.do(cmd.CaseTake(case=case))
        for _ in range(1 if reached else 3):
            self.do(cmd.CaseCallBack(case=case, reached=reached, result="已说明"))
        if ends > 0:
            self.do(cmd.CaseClose(case=case, outcome="已补办"))
        if ends > 1:
            self.do(cmd.CaseReopen(case=case, reason="又来反映"))

    @asked(service=SERVICES, minutes=[0, 1, 30])
    def has_no_system(self, service: str, minutes: int) -> None:
        """A service stops for a while; somebody who comes meanwhile is turned away."""
        self.do(cmd.StopIssuing(service=service, reason="上级系统故障"))
        self.hall._minted += 1
        self.do(cmd.Issue(ticket=f"t{self.hall._minted}", service=service))
        self.hall.later(minutes * 60)
        self.do(cmd.StartIssuing(service=service))

    @asked(early=[True, False, None, None], finish=[True, False])
    def closes_by_hand(self, early: bool | None, finish: bool) -> None:
        """The day is closed before its time, if it is; those at the windows are served, or time ends it."""
        if early is None:
            return
        if not early:
            self.hall.now_ms = max(self.hall.now_ms, self.hall.state.day_ends_ms - 3 * 3_600_000)
        self.do(cmd.CloseDay(reason="提前下班"))
        for window in ("w1", "w2"):
            if finish:
                self.do(cmd.Complete(window=window))
        self.hall.now_ms = max(self.hall.now_ms, self.hall.state.day_ends_ms)

    @asked(seconds=[0, 1, 60, 60, 3600, 3600, 3600, 26 * 3600], go_on=[*[True] * 7, False])
    def stands_still(self, seconds: int, go_on: bool) -> None:
        self.do(cmd.Suspend(reason="停电"))
        self.hall.later(seconds)
        if go_on:
            self.do(cmd.ResumeHall())

    @asked(
        seconds=[1, 9, 10, 60, 60, 60, 1200, 1200, 1200, 26 * 3600],
        before=[-3600, 0, 0, 5],
        after=[0, 0, 0, 5],
        again=[True, False],
    )
    def cannot_be_reached(self, seconds: int, before: int, after: int, again: bool) -> None:
        """No node runs; the first that does records it before it looks at the clock."""
        self.hall.ticks()
        since_ms = self.hall.now_ms + before * 1000
        self.hall.later(seconds)
        if again:
            self.hall.do(cmd.OpenEpoch(epoch=f"e{self.hall.state.revision % 3}"))
        command = cmd.RecordOutage(since_ms=since_ms, until_ms=self.hall.now_ms + after * 1000)
        self.hall.do(command)
        if again:
            assert not self.hall.do(command).events, "an outage is recorded twice"

    @asked(ms=[1, 999, 1000, 5000, 11_000, 11_000, 20_000, 20_000, 61_000, 61_000, 600_000, 7_200_000])
    def time_passes(self, ms: int) -> None:
        self.hall.now_ms += ms

    @asked(days=[*[0] * 12, 1, 1, 3, 40], ms=[-1, 0, 1])
    def days_pass(self, days: int, ms: int) -> None:
        if days:
            self.hall.now_ms = max(self.hall.now_ms, self.hall.state.day_ends_ms + (days - 1) * DAYS_MS + ms)

    @asked(seed=SEEDS)
    def is_configured(self, seed: int) -> None:
        if seed % 4 == 0:
            self.do(cmd.Configure(config=hall_of(seed)))


def acts() -> dict[str, Any]:
    """All that may be asked, by name."""
    found = {name: getattr(Acts, name) for name in dir(Acts)}
    return {name: act for name, act in found.items() if hasattr(act, "choices")}
