"""What takes several steps on a random day: coming back, being sent on, booking, pressing again."""

from __future__ import annotations

from callq.domain import commands as cmd
from callq.domain.hours import slots_on
from tests.property.acts import KINDS, AtWindows, Source, asked, pick
from tests.property.halls import CLERKS, PEOPLE, SERVICES

STAFFED = ["w1", "w2"]
"""Windows where nearly everybody can sit."""


class GoingOn(AtWindows):
    """One hall, and people who see things through."""

    def serves(self, window: str) -> str:
        """Somebody is served at a window, if that is possible at all; who."""
        self.ready(window)
        if not self.do(cmd.Start(window=window)):
            self.do(cmd.Complete(window=window))
            self.do(cmd.CallNext(window=window))
            self.do(cmd.Start(window=window))
        ticket = self.hall.state.windows[window].ticket
        return ticket.id if ticket else "unknown"

    @asked(3, window=STAFFED, kind=KINDS, seconds=[0, 60, 500, 7300], elsewhere=[False, False, True])
    def is_put_aside_and_comes_back(
        self, window: str, kind: cmd.HoldKind, seconds: int, elsewhere: bool
    ) -> None:
        ticket = self.serves(window)
        self.do(cmd.Hold(window=window, kind=kind))
        self.hall.later(seconds)
        if elsewhere:
            self.do(cmd.Close(window=window))
            self.do(cmd.SignOut(window=window))
        if kind == "waiting":
            self.do(cmd.Resume(window=window, ticket=ticket))
        self.do(cmd.Returned(ticket=ticket))

    @asked(3, window=STAFFED, seconds=[0, 1, 70], cancel=[False, False, True])
    def is_missed_and_comes_back(self, window: str, seconds: int, cancel: bool) -> None:
        self.ready(window)
        self.do(cmd.CallNext(window=window))
        for _ in range(2):
            self.hall.later(11)
            self.do(cmd.Recall(window=window))
        ticket = self.hall.state.windows[window].ticket
        if self.do(cmd.Miss(window=window)) and ticket is not None:
            self.hall.later(seconds)
            self.do(cmd.Cancel(ticket=ticket.id) if cancel else cmd.Rejoin(ticket=ticket.id))

    @asked(window=STAFFED, started=[True, False], by_ticket=[True, False])
    def is_given_up(self, window: str, started: bool, by_ticket: bool) -> None:
        self.ready(window)
        self.do(cmd.CallNext(window=window))
        if started:
            self.do(cmd.Start(window=window))
        ticket = self.hall.state.windows[window].ticket
        if by_ticket and ticket is not None:
            self.do(cmd.AbandonTicket(ticket=ticket.id, reason="人已离开"))
        self.do(cmd.Abandon(window=window))

    @asked(2, window=STAFFED, reason=["赶火车", "孕妇", ""], missed=[True, False])
    def is_called_out_of_turn(self, data: Source, window: str, reason: str, missed: bool) -> None:
        self.ready(window)
        self.do(cmd.Complete(window=window))
        ticket = self.some(data, "missed", "held") if missed else self.some(data, "waiting")
        self.do(cmd.CallTicket(window=window, ticket=ticket, reason=reason))

    @asked(2, service=SERVICES, cls=["priority", "priority", "ordinary"], reassign=[True, False])
    def is_put_right_at_the_desk(
        self, data: Source, service: str, cls: cmd.TicketClass, reassign: bool
    ) -> None:
        self.ready("w1")
        ticket = self.some(data, "waiting")
        if reassign:
            self.do(cmd.Reassign(ticket=ticket, service=service))
        else:
            self.do(cmd.GrantClass(ticket=ticket, cls=cls, reason="看错了"))

    @asked(
        2, window=STAFFED, service=SERVICES, to=["service", "w1", "w2", "w3", "c2", "c3"], wait=[True, False]
    )
    def is_sent_on(self, window: str, service: str, to: str, wait: bool) -> None:
        self.serves(window)
        if to == "service":
            self.do(cmd.Transfer(window=window, to_service=service))
        elif to.startswith("w"):
            self.do(cmd.Transfer(window=window, to_window=to, wait=wait))
        else:
            self.do(cmd.Transfer(window=window, to_clerk=to, wait=wait))

    @asked(window=STAFFED, level=[1, 3, 5], by_phone=[True, False], minutes=[0, 5, 15])
    def is_served_and_rates(self, window: str, level: int, by_phone: bool, minutes: int) -> None:
        ticket = self.serves(window)
        self.do(cmd.Complete(window=window))
        self.hall.later(minutes * 60)
        self.do(cmd.Rate(ticket=ticket, level=level, by_phone=by_phone))

    @asked(2, window=STAFFED, clerk=CLERKS, act=[cmd.HandOver, cmd.TakeOver], minutes=[0, 3])
    def changes_hands(
        self, window: str, clerk: str, act: type[cmd.HandOver | cmd.TakeOver], minutes: int
    ) -> None:
        self.serves(window)
        self.hall.later(minutes * 60)
        self.do(act(window=window, clerk=clerk))
        self.do(cmd.Complete(window=window))

    @asked(
        3,
        service=["general", "social"],
        person=PEOPLE,
        what=["comes", "comes", "comes late", "cancels", "moves"],
    )
    def books_and(self, data: Source, service: str, person: str, what: str) -> None:
        """Somebody books today, and keeps to it or not."""
        state = self.hall.state
        if state.suspended_since is not None:
            self.do(cmd.ResumeHall())
        slots = [s for s in slots_on(state.config, service, state.day) if s.start_ms > self.hall.now_ms]
        if not slots:
            return
        slot = pick(data, slots[:3])
        self.hall._minted += 1
        booking, who = f"b{self.hall._minted}", cmd.Person(id_hash=person)
        if not self.do(cmd.Book(booking=booking, service=service, slot_ms=slot.start_ms, person=who)):
            return
        if what == "cancels":
            self.do(cmd.CancelBooking(booking=booking, by_staff=True))
        elif what == "moves":
            self.do(cmd.MoveBooking(booking=booking, slot_ms=pick(data, slots).start_ms, by_staff=True))
        else:
            late_ms = 25 * 60_000 if what == "comes late" else -10 * 60_000
            self.hall.now_ms = max(self.hall.now_ms, slot.start_ms + late_ms)
            self.do(cmd.CheckIn(booking=booking, ticket=f"t{self.hall._minted}"))

    @asked(clerk=["c2", "c3", "c4", "c5"], hours=[0, 1])
    def helps_out_and_is_back(self, clerk: str, hours: int) -> None:
        self.do(cmd.Second(clerk=clerk, hall="town"))
        self.hall.later(hours * 3600)
        self.do(cmd.Unsecond(clerk=clerk))

    @asked(3, back=range(40), same=[True, True, True, False])
    def presses_again(self, back: int, same: bool) -> None:
        """An answer was lost, or a device repeats itself; on the same day, the next, or long after."""
        self.hall.ticks()
        pressed = self.hall.pressed
        if not pressed:
            return
        press = pressed[-1 - back % len(pressed)] if back < 30 else pressed[(back * 17) % len(pressed)]
        command = press.command if same else cmd.Cancel(ticket="another body")
        if not self.hall.pressed_again(press, command):
            pressed.remove(press)
            self.do(command, press.who)
