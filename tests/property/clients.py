"""Who asks for what on a random day: at windows, desks, kiosks, phones, each with its keys."""

from __future__ import annotations

from callq.domain import commands as cmd
from callq.domain.commands import Actor
from tests.harness import ANN, BOB

LEADER = Actor(role="supervisor", id="t3", device="tablet")
HELPER = Actor(role="helper", id="t4", device="tablet-2")
KIOSK = Actor(role="kiosk", id="k1")
GUIDE = Actor(role="guide", id="g1")
CITIZEN = Actor(role="citizen", id="c:t1")
RATING = Actor(role="rating", id="r1", device="w1")
ADMIN = Actor(role="admin", id="a1")
ANN_ELSEWHERE = Actor(role="clerk", id=ANN.id, device="another panel")
"""The same clerk where a panel was lost: keys and what can be taken back go with the person."""

CLERKS_OF_WINDOWS = (ANN, ANN, ANN_ELSEWHERE, BOB)

ASKING: dict[type, tuple[Actor, ...]] = {
    cmd.Issue: (KIOSK, KIOSK, GUIDE, HELPER),
    cmd.Cancel: (CITIZEN, HELPER),
    cmd.Rejoin: (KIOSK, HELPER),
    cmd.Returned: (HELPER, ANN),
    cmd.Reassign: (HELPER,),
    cmd.GrantClass: (HELPER, BOB),
    cmd.Accompany: (HELPER,),
    cmd.Release: (HELPER, LEADER),
    cmd.PrecheckTicket: (HELPER,),
    cmd.SendHome: (HELPER,),
    cmd.Rate: (RATING, CITIZEN),
    cmd.Book: (GUIDE, CITIZEN),
    cmd.MoveBooking: (GUIDE, HELPER),
    cmd.CancelBooking: (GUIDE, HELPER),
    cmd.CheckIn: (KIOSK, HELPER),
    **dict.fromkeys(
        (
            cmd.TakeOver,
            cmd.Suspend,
            cmd.ResumeHall,
            cmd.StopIssuing,
            cmd.StartIssuing,
            cmd.CloseDay,
            cmd.Second,
            cmd.Unsecond,
            cmd.SetTides,
            cmd.AcceptPlan,
            cmd.DeclinePlan,
            cmd.PostNotice,
            cmd.WithdrawNotice,
            cmd.CaseTake,
            cmd.CaseCallBack,
            cmd.CaseClose,
            cmd.CaseReopen,
        ),
        (LEADER,),
    ),
    cmd.Configure: (ADMIN, LEADER),
    **dict.fromkeys((cmd.OpenEpoch, cmd.RecordOutage, cmd.RaiseLevel, cmd.ReckonTides), (cmd.SYSTEM,)),
}
"""Those who ask for a command; any other is asked for at windows."""


def client(command: cmd.AnyCommand, turn: int) -> Actor:
    """Who asks, in turn."""
    asking = ASKING.get(type(command), CLERKS_OF_WINDOWS)
    return asking[turn % len(asking)]
