"""What a command does: events, or a refusal that changes nothing.

`decide` only reads. It uses no clock (`now_ms` comes with the command and never runs backwards
within a hall), no randomness and no I/O, so deciding again on the same state gives the same answer.
The rules themselves are in `callq.domain.rules`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from callq.domain import commands as cmd
from callq.domain.errors import Code, Rejected
from callq.domain.events import SCHEMA_VERSION
from callq.domain.levels import readable
from callq.domain.rules import (
    asks,
    bookings,
    calls,
    configure,
    desk,
    devices,
    hall,
    notices,
    printing,
    ratings,
    store,
    tickets,
    tides,
    visits,
    windows,
)
from callq.domain.rules.decision import Decision
from callq.domain.rules.hall import next_deadline_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain.state import HallState

__all__ = ["Decision", "decide", "next_deadline_ms"]


def decide(state: HallState, command: cmd.AnyCommand, now_ms: int, who: cmd.Actor = cmd.SYSTEM) -> Decision:
    """Decide a command.

    Args:
      state: the hall; unchanged.
      command: what is wanted.
      now_ms: time of the command, at least ``state.now_ms``.
      who: who asks; some acts can only be taken back by who did them.

    Raises:
      Rejected: a rule refuses it.
    """
    if not state.created and not isinstance(command, cmd.Configure):
        raise Rejected(Code.UNKNOWN_HALL, f"hall {state.hall} has no configuration", "load a hall file first")
    decision = _DECIDE[type(command)](state, command, now_ms, who)
    if state.created and state.level < SCHEMA_VERSION:
        return decision._replace(events=readable(decision.events, state.level))
    return decision


_DECIDE: Final[dict[type, Callable[[HallState, Any, int, cmd.Actor], Decision]]] = {
    cmd.Configure: configure.configure,
    cmd.OpenEpoch: store.open_epoch,
    cmd.RecordOutage: store.record_outage,
    cmd.RaiseLevel: store.raise_level,
    cmd.Tick: hall.tick,
    cmd.ReckonTides: tides.reckon,
    cmd.SetTides: tides.set_tides,
    cmd.AcceptPlan: tides.accept_plan,
    cmd.DeclinePlan: tides.decline_plan,
    cmd.Suspend: hall.suspend,
    cmd.ResumeHall: hall.resume_hall,
    cmd.StopIssuing: hall.stop_issuing,
    cmd.StartIssuing: hall.start_issuing,
    cmd.CloseDay: hall.close_day,
    cmd.Second: hall.second,
    cmd.Unsecond: hall.unsecond,
    cmd.Issue: visits.issue,
    cmd.Cancel: tickets.cancel,
    cmd.AbandonTicket: tickets.abandon,
    cmd.Rejoin: tickets.rejoin,
    cmd.Returned: tickets.returned,
    cmd.Transfer: tickets.transfer,
    cmd.Reassign: tickets.reassign,
    cmd.GrantClass: tickets.grant_class,
    cmd.Rate: ratings.rate,
    cmd.SignIn: windows.sign_in,
    cmd.SignOut: windows.sign_out,
    cmd.HandOver: windows.hand_over,
    cmd.TakeOver: windows.take_over,
    cmd.SetSkills: windows.set_skills,
    cmd.Open: windows.open,
    cmd.Close: windows.close,
    cmd.Pause: windows.pause,
    cmd.Unpause: windows.unpause,
    cmd.CallNext: calls.call_next,
    cmd.CallTicket: calls.call_ticket,
    cmd.Recall: calls.recall,
    cmd.Start: calls.start,
    cmd.Complete: calls.complete,
    cmd.Miss: calls.miss,
    cmd.Abandon: calls.abandon,
    cmd.Hold: calls.hold,
    cmd.Resume: calls.resume,
    cmd.Undo: calls.undo,
    cmd.Book: bookings.book,
    cmd.CheckIn: bookings.check_in,
    cmd.CancelBooking: bookings.cancel_booking,
    cmd.MoveBooking: bookings.move_booking,
    cmd.ReportDevice: devices.report,
    cmd.WatchDevices: devices.watch,
    cmd.OrderDevice: devices.order_device,
    cmd.PostNotice: notices.post,
    cmd.WithdrawNotice: notices.withdraw,
    cmd.Help: asks.help,
    cmd.HelpDone: asks.help_done,
    cmd.RequestRating: asks.request_rating,
    cmd.Reprint: printing.reprint,
    cmd.TakePrint: printing.take_print,
    cmd.EndPrint: printing.end_print,
    cmd.ReportPrinter: printing.report_printer,
    cmd.Accompany: desk.accompany,
    cmd.Release: desk.release,
    cmd.PrecheckTicket: desk.precheck,
    cmd.SendHome: desk.send_home,
    cmd.CaseTake: ratings.take,
    cmd.CaseCallBack: ratings.call_back,
    cmd.CaseClose: ratings.close,
    cmd.CaseReopen: ratings.reopen,
}
