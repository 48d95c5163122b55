"""Why a ticket was called, in a sentence that its holder and the next in line would accept.

Made from the record of the call alone (`Why`, or the `Grounds` of one that is over), Chinese first. Numbers
of the policy's index stay beside it, for those who want to reckon; the sentence says what one sees: how
long somebody waited, how long it should have been at most, and who was compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.grounds import Call, call_of, grounds_of, record_of
from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain import events as ev
    from callq.domain.grounds import Grounds, PastCall
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket


class Words(NamedTuple):
    """One sentence in both languages."""

    zh: str
    en: str


class Facts(NamedTuple):
    """What sentences are made of."""

    grounds: Grounds
    target_min: int
    window: str
    """Label of the window, empty where it is not known."""

    @property
    def wait(self) -> Words:
        """How long it waited, beside how long it should at most."""
        minutes = self.grounds.waited_s // 60
        if not minutes:
            return Words(
                f"已等不到 1 分（承诺 {self.target_min} 分内）", f"< 1 of {self.target_min} min waited"
            )
        return Words(
            f"已等 {minutes} 分（承诺 {self.target_min} 分内）",
            f"{minutes} min waited, {self.target_min} promised",
        )

    @property
    def alone(self) -> bool:
        """Whether no other lane took part in the choice."""
        return self.grounds.lanes <= 1

    @property
    def others(self) -> Words:
        """What was with the lanes that did not take part; begins with a comma, or is empty."""
        left, early = self.grounds.left, self.grounds.early
        zh, en = [], []
        if left:
            zh.append(f"{left} 个队列留给更熟练的工作人员")
            en.append(f"{left} left to a more experienced clerk")
        if early:
            zh.append(f"{early} 个队列未到预约时间")
            en.append(f"{early} before the time of the booking")
        if zh:
            return Words("，另有 " + "、".join(zh), "; other queues: " + ", ".join(en))
        if self.alone:
            return Words(
                "，本窗口可办的其他队列无人等候", "; nobody waits in the other queues of this window"
            )
        return Words("", "")


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _by_name(facts: Facts) -> Words:
    longer, reason = facts.grounds.longer, facts.grounds.reason
    passed = f"，{longer} 个队列的队首等得更久" if longer else ""
    queues = "1 queue" if longer == 1 else f"{longer} queues"
    passed_en = f"; the first of {queues} had waited longer" if longer else ""
    return Words(
        f"{facts.window} 号窗口工作人员指定呼叫，原因：{reason}。{facts.wait.zh}{passed}。",
        f"Called by name by the clerk at window {facts.window}, reason: {reason}. "
        f"{_upper(facts.wait.en)}{passed_en}.",
    )


def _papers(facts: Facts) -> Words:
    return Words(
        "材料在本窗口，补齐回来后在原窗口先办。",
        "The papers are at this window: who comes back with what was missing goes on there first.",
    )


def _guard(facts: Facts) -> Words:
    return Words(
        f"等候远超承诺，必须最先办理：{facts.wait.zh}。",
        f"Has waited far longer than promised, so comes first: {facts.wait.en}.",
    )


def _green(facts: Facts) -> Words:
    return Words(
        f"绿色通道窗口先办优先人群：{facts.wait.zh}。",
        f"This green-channel window serves those with priority first: {facts.wait.en}.",
    )


def _before_slot(facts: Facts) -> Words:
    if facts.grounds.left:
        return Words(
            "其他到时间的人暂留给更熟练的工作人员，预约时间未到也可提前办理。",
            "Everybody else whose time has come is left to a more experienced clerk for now, "
            "so a booking is taken before its time.",
        )
    return Words(
        "此时没有其他到时间的人可叫，预约时间未到也可提前办理。",
        "Nobody else whose time has come can be called, so a booking is taken before its time.",
    )


def _named(facts: Facts) -> Words:
    return Words(
        f"只由本窗口或这位工作人员接办的事项，轮到时先接续：{facts.wait.zh}。",
        f"Waited for this window or clerk, who began the matter or was asked for: {facts.wait.en}.",
    )


def _longest(facts: Facts) -> Words:
    minutes = facts.grounds.waited_s // 60
    wait, wait_en = (f" {minutes} 分", f" {minutes} min") if minutes else ("不到 1 分", " < 1 min")
    if facts.alone:
        return Words(f"等候最久：已等{wait}{facts.others.zh}。", f"Longest wait:{wait_en}{facts.others.en}.")
    return Words(
        f"等候最久：已等{wait}，{facts.grounds.lanes} 个队列的队首中最久{facts.others.zh}。",
        f"Longest wait:{wait_en}, the longest of the heads of {facts.grounds.lanes} queues{facts.others.en}.",
    )


def _alone(facts: Facts) -> Words:
    return Words(f"{facts.wait.zh}{facts.others.zh}。", f"{_upper(facts.wait.en)}{facts.others.en}.")


def _index(facts: Facts) -> Words:
    if facts.alone:
        return _alone(facts)
    lanes, others = facts.grounds.lanes, facts.others
    return Words(
        f"{facts.wait.zh}，按等候与承诺之比，在 {lanes} 个队列中应先办{others.zh}。",
        f"{_upper(facts.wait.en)}: by what was promised, first of {lanes} queues compared{others.en}.",
    )


def _pressure(facts: Facts) -> Words:
    lanes, people, others = facts.grounds.lanes, facts.grounds.people, facts.others
    many = "1 waits" if people == 1 else f"{people} wait"
    return Words(
        f"{facts.wait.zh}；只看等候与承诺之比不是第一，但这项业务排队人数相对偏多（{people} 人），"
        f"比较 {lanes} 个队列后先办{others.zh}。",
        f"{_upper(facts.wait.en)}: not first by that alone, but many wait for this service for its share "
        f"({many}), so first of {lanes} queues compared{others.en}.",
    )


def _crowded(facts: Facts) -> Words:
    if facts.alone:
        return _alone(facts)
    return Words(
        f"这项业务排队人数超出应有份额最多，其中等候最久：{facts.wait.zh}{facts.others.zh}。",
        "More wait for this service than for others by its share, and longest among them: "
        f"{facts.wait.en}{facts.others.en}.",
    )


def _class_first(facts: Facts) -> Words:
    if facts.alone:
        return _alone(facts)
    return Words(
        f"先办优先和预约，同类中等候最久：{facts.wait.zh}{facts.others.zh}。",
        "Priority and appointments come first, and the longest wait among equals: "
        f"{facts.wait.en}{facts.others.en}.",
    )


SENTENCES: Final[dict[str, Callable[[Facts], Words]]] = {
    "called_by_name": _by_name,
    "papers_back": _papers,
    "papers": _papers,
    "guard": _guard,
    "green": _green,
    "before_slot": _before_slot,
    "named": _named,
    "pressure": _pressure,
    "longest_wait": _longest,
    "index": _index,
    "fixed_queue_ratio": _crowded,
    "strict_priority": _class_first,
}
"""By what settled the call: `Why.by`, or else `Why.rule`."""


def why_out(state: HallState, ticket: Ticket, why: ev.Why, call: Call) -> m.Why:
    """The explanation of a call, with its sentence.

    Args:
      state: the hall.
      ticket: that was called, or would be.
      why: its record.
      call: when and where, or when and where it would be.
    """
    terms = why.terms or (None,) * len(why.lanes)
    words = _words(state, ticket, grounds_of(why, ticket.id, call), call.window, call.service)
    return m.Why(
        rule=why.rule,
        by=why.by,
        reason=why.reason,
        text=words.zh,
        text_en=words.en,
        lanes=tuple(
            m.LaneWhy(
                service=lane.service,
                class_=lane.cls,
                head=head.number if (head := state.tickets.get(lane.head)) else "",
                waited_s=_seconds(lane.clock_ms, call.clock_ms),
                count=lane.count,
                index=round(term.index, 3) if term else None,
                late=round(term.late, 3) if term else None,
                pressure=round(term.pressure, 3) if term else None,
                note=term.note if term else "",
                target_min=term.target_min or None if term else None,
            )
            for lane, term in zip(why.lanes, terms, strict=True)
        ),
    )


def _words(state: HallState, ticket: Ticket, grounds: Grounds, window: str, service: str) -> Words:
    place, its = state.index.windows.get(window), state.index.services.get(service)
    # A record of an older schema does not have what was promised then.
    today_min = its.target_min(ticket.cls) if its else 0
    facts = Facts(grounds, grounds.target_min or today_min, place.label if place else "")
    return SENTENCES[grounds.by or grounds.rule](facts)


def would_call(state: HallState, ticket: Ticket, window: str, clerk: str, now_ms: int) -> Call:
    """The call that a window would make now."""
    return Call(window, clerk, ticket.service, state.clock(now_ms), ticket.clock_ms, 0)


def why_of(
    state: HallState, ticket: Ticket, ahead: int | None, left_to: m.LeftTo | None = None
) -> tuple[m.Why | None, Words]:
    """Why a ticket was called, and the sentence; for one that was not called yet, what it waits for.

    Args:
      state: the hall.
      ticket: of this hall.
      ahead: how many are estimated to be called earlier; None: it does not wait.
      left_to: to whom an idle window leaves it, if one does.
    """
    call = call_of(state, ticket)
    if ticket.why is not None and call is not None:
        found = why_out(state, ticket, ticket.why, call)
        return found, Words(found.text, found.text_en)
    if ahead is None:
        if ticket.past:
            return None, Words("这张号最后一次叫号已经结束。", "The last call of this ticket is over.")
        return None, Words("这张号没有被叫过。", "This ticket was not called.")
    so_far = _SO_FAR[ticket.returned]
    if ticket.returned is None and ticket.past:
        so_far = _STEP if ticket.past[-1].ended == "completed" else _WITHDRAWN
    left, left_en = (left_to.text, f" {left_to.text_en}") if left_to else ("", "")
    if ahead:
        return None, Words(
            f"{so_far.zh}：预计有 {ahead} 位先于您被叫到。{left}",
            f"{so_far.en}: {ahead} are expected to be called before you.{left_en}",
        )
    return None, Words(
        f"{so_far.zh}：预计下一个就是您。{left}", f"{so_far.en}: you are expected to be next.{left_en}"
    )


_SO_FAR: Final = {
    None: Words("还没有叫到", "Not called yet"),
    "missed": Words("叫过号后重新排队", "Called before, and back in the queue"),
    "transfer": Words("已转来排队", "Sent on to this queue"),
    "hold": Words("挂起后回来排队", "Back in the queue after a hold"),
}
"""What a waiting ticket has been through, by how it came back."""

_STEP: Final = Words("上一项已办完，等候下一项", "One service is done, waiting for the next")
_WITHDRAWN: Final = Words("刚才的叫号已撤销，仍在原位", "The call was taken back, and the place kept")


def calls_of(state: HallState, ticket: Ticket, *, clerks: bool) -> tuple[m.PastCall, ...]:
    """All calls of a ticket that are kept, the newest first.

    Args:
      state: the hall.
      ticket: of this hall.
      clerks: whether to tell who called.
    """
    present = record_of(state, ticket)
    calls = (*ticket.past, present) if present else ticket.past
    return tuple(_call_out(state, ticket, call, clerks=clerks) for call in sorted(calls, key=_when)[::-1])


def _when(call: PastCall) -> tuple[int, int]:
    return call.at_ms, call.revision


def _call_out(state: HallState, ticket: Ticket, call: PastCall, *, clerks: bool) -> m.PastCall:
    grounds, place = call.grounds, state.index.windows.get(call.window)
    words = _words(state, ticket, grounds, call.window, call.service)
    return m.PastCall(
        at_ms=call.at_ms,
        revision=call.revision or None,
        window=call.window,
        label=place.label if place else "",
        clerk=call.clerk if clerks else None,
        service=call.service,
        rule=grounds.rule,
        by=grounds.by,
        reason=grounds.reason,
        text=words.zh,
        text_en=words.en,
        ended=call.ended or None,
        ended_ms=call.ended_ms,
    )


def _seconds(from_ms: int, to_ms: int) -> int:
    return max(0, to_ms - from_ms) // 1000
