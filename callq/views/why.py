"""Why a ticket was called, in a sentence that its holder and the next in line would accept.

Made from the record of the call alone (`Why`), Chinese first. Numbers of the policy's index stay beside
it, for those who want to reckon; the sentence says what one sees: how long somebody waited, how long it
should take at most, and who was compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Callable

    from callq.domain import events as ev
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket


class Words(NamedTuple):
    """One sentence in both languages."""

    zh: str
    en: str


class Facts(NamedTuple):
    """What sentences are made of."""

    waited_s: int
    target_min: int
    lanes: int
    longer: int
    """Lanes among them whose first had waited longer."""
    window: str
    """Label of the window, empty where it is not known."""
    reason: str
    crowded: bool
    """Whether more wait for the service than its due share."""

    @property
    def wait(self) -> Words:
        """How long it waited, beside how long it should at most."""
        minutes = self.waited_s // 60
        if not minutes:
            return Words(
                f"已等不到 1 分（承诺 {self.target_min} 分内）", f"< 1 of {self.target_min} min waited"
            )
        return Words(
            f"已等 {minutes} 分（承诺 {self.target_min} 分内）",
            f"{minutes} min waited, {self.target_min} promised",
        )


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _by_name(facts: Facts) -> Words:
    passed = f"，{facts.longer} 个队列的队首等得更久" if facts.longer else ""
    passed_en = f"; the first of {facts.longer} queues had waited longer" if facts.longer else ""
    return Words(
        f"{facts.window} 号窗口工作人员指定呼叫，原因：{facts.reason}。{facts.wait.zh}{passed}。",
        f"Called by name by the clerk at window {facts.window}, reason: {facts.reason}. "
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
    return Words(
        "此时没有其他可叫的人，预约时间未到也可提前办理。",
        "Nobody else can be called, so a booking is taken before its time.",
    )


def _named(facts: Facts) -> Words:
    return Words(
        f"只由本窗口或这位工作人员接办的事项，轮到时先接续：{facts.wait.zh}。",
        f"Waited for this window or clerk, who began the matter or was asked for: {facts.wait.en}.",
    )


def _longest(facts: Facts) -> Words:
    minutes = facts.waited_s // 60
    wait, wait_en = (f" {minutes} 分", f" {minutes} min") if minutes else ("不到 1 分", " < 1 min")
    if facts.lanes > 1:
        return Words(
            f"等候最久：已等{wait}，{facts.lanes} 个队列的队首中最久。",
            f"Longest wait:{wait_en}, the longest of the heads of {facts.lanes} queues.",
        )
    return Words(
        f"等候最久：已等{wait}，本窗口可办的其他队列无人等候。",
        f"Longest wait:{wait_en}; nobody waits in the other queues of this window.",
    )


def _index(facts: Facts) -> Words:
    if facts.lanes == 1:
        return Words(
            f"{facts.wait.zh}，本窗口可办的其他队列无人等候。",
            f"{facts.wait.en}; nobody waits in the other queues of this window.",
        )
    if facts.crowded:
        return Words(
            f"{facts.wait.zh}，且这项业务排队人数偏多，比较 {facts.lanes} 个队列后应先办。",
            f"{_upper(facts.wait.en)}, and many wait for this service: first of {facts.lanes} queues.",
        )
    return Words(
        f"{facts.wait.zh}，按等候与承诺之比，在 {facts.lanes} 个队列中应先办。",
        f"{_upper(facts.wait.en)}: by what was promised, first of {facts.lanes} queues compared.",
    )


def _crowded(facts: Facts) -> Words:
    return Words(
        f"这项业务排队人数超出应有份额最多，其中等候最久：{facts.wait.zh}。",
        f"More wait for this service than for others by its share, and longest among them: {facts.wait.en}.",
    )


def _class_first(facts: Facts) -> Words:
    return Words(
        f"先办优先和预约，同类中等候最久：{facts.wait.zh}。",
        f"Priority and appointments come first, and the longest wait among equals: {facts.wait.en}.",
    )


SENTENCES: Final[dict[str, Callable[[Facts], Words]]] = {
    "called_by_name": _by_name,
    "papers_back": _papers,
    "papers": _papers,
    "guard": _guard,
    "green": _green,
    "before_slot": _before_slot,
    "named": _named,
    "longest_wait": _longest,
    "index": _index,
    "fixed_queue_ratio": _crowded,
    "strict_priority": _class_first,
}
"""By what settled the call: `Why.by`, or else `Why.rule`."""


def why_out(state: HallState, ticket: Ticket, why: ev.Why, at_ms: int, window: str | None) -> m.Why:
    """The explanation of a call, with its sentence.

    Args:
      state: the hall.
      ticket: that was called, or would be.
      why: its record.
      at_ms: when it was chosen, Unix ms.
      window: id of the window that called it, or would.
    """
    clock_ms = state.clock(at_ms)
    terms = why.terms or (None,) * len(why.lanes)
    own = next((term for lane, term in zip(why.lanes, terms, strict=True) if lane.head == ticket.id), None)
    service = state.index.services.get(ticket.service)
    facts = Facts(
        waited_s=_seconds(ticket.clock_ms, clock_ms),
        target_min=service.target_min(ticket.cls) if service else 0,
        lanes=len(why.lanes),
        longer=sum(lane.clock_ms < ticket.clock_ms for lane in why.lanes if lane.head != ticket.id),
        window=place.label if (place := state.index.windows.get(window or "")) else "",
        reason=why.reason,
        crowded=own is not None and own.pressure > 0,
    )
    words = SENTENCES[why.by or why.rule](facts)
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
                waited_s=_seconds(lane.clock_ms, clock_ms),
                count=lane.count,
                index=round(term.index, 3) if term else None,
                late=round(term.late, 3) if term else None,
                pressure=round(term.pressure, 3) if term else None,
                note=term.note if term else "",
            )
            for lane, term in zip(why.lanes, terms, strict=True)
        ),
    )


def why_of(state: HallState, ticket: Ticket, ahead: int | None) -> tuple[m.Why | None, Words]:
    """Why a ticket was called, and the sentence; for one that was not called yet, what it waits for.

    Args:
      state: the hall.
      ticket: of this hall.
      ahead: how many are estimated to be called earlier; None: it does not wait.
    """
    if ticket.why is not None and ticket.called_ms is not None:
        found = why_out(state, ticket, ticket.why, ticket.called_ms, ticket.window)
        return found, Words(found.text, found.text_en)
    if ahead is None:
        return None, Words("这张号没有被叫过。", "This ticket was not called.")
    so_far = _SO_FAR[ticket.returned]
    if ahead:
        return None, Words(
            f"{so_far.zh}：预计有 {ahead} 位先于您被叫到。",
            f"{so_far.en}: {ahead} are expected to be called before you.",
        )
    return None, Words(f"{so_far.zh}：预计下一个就是您。", f"{so_far.en}: you are expected to be next.")


_SO_FAR: Final = {
    None: Words("还没有叫到", "Not called yet"),
    "missed": Words("叫过号后重新排队", "Called before, and back in the queue"),
    "transfer": Words("已转来排队", "Sent on to this queue"),
    "hold": Words("挂起后回来排队", "Back in the queue after a hold"),
}
"""What a waiting ticket has been through, by how it came back."""


def _seconds(from_ms: int, to_ms: int) -> int:
    return max(0, to_ms - from_ms) // 1000
