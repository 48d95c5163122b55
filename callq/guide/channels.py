"""Every way there is to have matters of one or several services dealt with, not ordered yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from callq.domain.estimate import spread
from callq.guide.facts import OPEN
from callq.guide.reasons import at_time, reason
from callq.guide.traits import PRIORITY, STEPLESS, UPSTAIRS_MIN, burdens, fitting, upstairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from callq.domain.estimate import WaitRange
    from callq.domain.hall import Item, ItemChannel, Outlet, WindowConfig
    from callq.domain.state import HallState
    from callq.guide.facts import Facts
    from callq.guide.question import Question
    from callq.wire.messages.guide import Reason

SOON_MS: Final = 15 * 60_000
"""A ticket can be taken for somebody who comes within so long, if it is not called before."""

HERE_MS: Final = 60_000
"""Who comes within so long is as good as here."""

NO_WINDOW_MIN: Final = 30.0
"""What a queue that no window serves is reckoned to cost: one has to open first."""

UNTOLD_MIN: Final = 15.0
"""What a wait that nobody knows is reckoned to be."""

OUTLET_MIN: Final = 3.0
"""The same of what has no queue."""

LIKED_MIN: Final = 5.0
"""What each place in the hall's own order of an item's channels is worth."""


class Wanted(NamedTuple):
    """Matters of one service, or of the several services of a visit.

    Attributes:
      items: that are to be settled.
      services: codes, in the order of the visit; `items` are theirs.
      item: code for the ticket; empty: none is certain.
    """

    items: tuple[Item, ...]
    services: tuple[str, ...]
    item: str


class Way(NamedTuple):
    """One way, with what it is ordered by.

    Attributes:
      channel: how.
      wanted: what it settles; `items` only those that can go this way.
      zone: where to go; empty: not in the hall.
      begins_ms: when one would come.
      later: not possible at the time asked about.
      why: reasons that do not depend on the other ways; they hold all that counts beside the wait.
      windows: ids of those that serve it now.
      wait: expected; None: not known.
      ahead: of the queue; None: there is none.
      commit: what it can be turned into at once.
      outlet: where it leads, if to no window.
    """

    channel: ItemChannel
    wanted: Wanted
    zone: str
    begins_ms: int
    later: bool
    why: tuple[Reason, ...]
    windows: tuple[str, ...] = ()
    wait: WaitRange | None = None
    ahead: int | None = None
    commit: Literal["ticket", "booking"] | None = None
    outlet: Outlet | None = None

    @property
    def minutes(self) -> float:
        """What it is reckoned to cost: until somebody is served, with what speaks for or against it."""
        waiting = self.wait.p50_s / 60 if self.wait is not None else 0.0
        return waiting + sum(reason.minutes for reason in self.why)


def ways(facts: Facts, wanted: Wanted, question: Question) -> Iterator[Way]:
    """Every way for some matters that is accepted, in no order; none that nobody knows the time of.

    Args:
      facts: the hall now.
      wanted: what is to be settled.
      question: its traits, time and channels.
    """
    for channel, make in _MAKE.items():
        if question.accept is not None and channel not in question.accept:
            continue
        items = tuple(item for item in wanted.items if channel in item.channels)
        if not items:
            continue
        found = make(facts, channel, _of(wanted, items), question)
        if found is not None:
            yield found


def _of(wanted: Wanted, items: tuple[Item, ...]) -> Wanted:
    """A part of what is wanted: some of the items, and their services."""
    services = tuple(code for code in wanted.services if any(item.service == code for item in items))
    certain = any(item.code == wanted.item and item.service == services[0] for item in items)
    return Wanted(items, services, wanted.item if certain else "")


def _in(wanted: Wanted, services: Sequence[str]) -> Wanted:
    """The part of what is wanted that belongs to some services."""
    if len(services) == len(wanted.services):
        return wanted
    return _of(wanted, tuple(item for item in wanted.items if item.service in services))


def desk(facts: Facts, question: Question) -> Way | None:
    """A ticket for the desk that deals with what fits nowhere, now or later; None: there is none."""
    accepted = question.accept is None or "window" in question.accept
    if not facts.fallback or not accepted:
        return None
    return _ticket(facts, "window", Wanted((), (facts.fallback,), ""), question)


def _by_video(facts: Facts, wanted: Wanted) -> Wanted | None:
    """What only video windows take: matters of a service of theirs, or all of it as one of their own."""
    for service in wanted.services:
        if service in facts.remote:
            return _in(wanted, (service,))
    return Wanted(wanted.items, facts.remote[:1], "") if facts.remote else None


def _remote(facts: Facts, channel: ItemChannel, wanted: Wanted, question: Question) -> Way | None:
    """A ticket for a window that serves by video."""
    taken = _by_video(facts, wanted)
    return _ticket(facts, channel, taken, question) if taken is not None else None


def _ticket(facts: Facts, channel: ItemChannel, wanted: Wanted, question: Question) -> Way | None:
    """A ticket for what is open of the matters; else when the first opens, None where nobody knows that."""
    asked_ms = question.arrive_ms or facts.now_ms
    opened = {code: facts.opening(code, asked_ms) for code in wanted.services}
    giving = [code for code, found in opened.items() if found is OPEN]
    if giving:
        return _queue(facts, channel, _in(wanted, giving), question)
    known = [found.next_ms for found in opened.values() if found.next_ms is not None]
    if not known:
        return None
    begins_ms = min(known)
    then = [
        code
        for code, found in opened.items()
        if found.next_ms == begins_ms or facts.opening(code, begins_ms) is OPEN
    ]
    part = _in(wanted, then)
    until = (begins_ms - asked_ms) / 60_000
    why = (
        *_liking(channel, part, question),
        at_time("opens_at", begins_ms, facts.now_ms, facts.state.today.timezone, until),
        reason("wait_unknown_then", UNTOLD_MIN),
        *_priority(question),
    )
    return Way(
        channel=channel,
        wanted=part,
        zone=facts.zone(part.services[0]),
        begins_ms=begins_ms,
        later=True,
        why=why,
    )


def _queue(facts: Facts, channel: ItemChannel, wanted: Wanted, question: Question) -> Way:
    """A ticket for services that give them at the time asked about."""
    state, service, remote = facts.state, wanted.services[0], channel == "remote"
    asked_ms = question.arrive_ms or facts.now_ms
    serving = {code: _windows(facts, code, remote=remote) for code in wanted.services}
    windows, fit = fitting(state, serving[service], question.traits)
    soon = _may_take(facts, service, question)
    zone = facts.zone(service)
    why = (
        *_liking(channel, wanted, question),
        *_priority(question),
        *fit,
        *(() if soon else (reason("take_ticket_on_arrival"),)),
        *_queueing(facts, service, windows, question, soon=soon),
        *_further(facts, serving, asked_ms),
        *(() if remote else _stairs(facts, serving, question)),
    )
    return Way(
        channel=channel,
        wanted=wanted,
        zone=zone,
        windows=tuple(window.id for window in windows),
        wait=facts.wait_at(service, question.cls, asked_ms),
        ahead=facts.queue(service, question.cls).ahead if soon else None,
        begins_ms=asked_ms,
        commit="ticket" if soon else None,
        later=False,
        why=why,
    )


def _windows(facts: Facts, service: str, *, remote: bool) -> list[WindowConfig]:
    return [window for window in facts.serving(service) if (window.kind == "remote") is remote]


def _may_take(facts: Facts, service: str, question: Question) -> bool:
    """Whether a ticket is given now, and will not be called before somebody is there."""
    if facts.opening(service, facts.now_ms) is not OPEN:
        return False
    lead_ms = (question.arrive_ms or facts.now_ms) - facts.now_ms
    if lead_ms <= HERE_MS:
        return True
    wait = facts.queue(service, question.cls).wait
    return lead_ms <= SOON_MS and wait is not None and wait.low_s * 1000 >= lead_ms


def _queueing(
    facts: Facts, service: str, windows: Sequence[WindowConfig], question: Question, *, soon: bool
) -> tuple[Reason, ...]:
    """What a queue is reckoned to cost beside its wait, or where that is not known instead of it."""
    asked_ms = question.arrive_ms or facts.now_ms
    if not facts.tells_of(asked_ms):
        return (reason("wait_unknown_then", UNTOLD_MIN),)
    if not windows:
        return (reason("no_window_now", NO_WINDOW_MIN),)
    if facts.wait_at(service, question.cls, asked_ms) is not None:
        return ()
    if not soon:
        return (reason("wait_unknown_then", UNTOLD_MIN),)
    ahead = facts.queue(service, question.cls).ahead
    if not ahead and facts.idle(service, windows):
        return (reason("window_free"),)
    # Until one of them is free, as far as handling times have no memory.
    turn = facts.state.index.services[service].service_min * (ahead + 1) / len(windows)
    return (reason("wait_unknown" if ahead else "nobody_ahead", min(UNTOLD_MIN, turn)),)


def _further(facts: Facts, serving: dict[str, list[WindowConfig]], asked_ms: int) -> tuple[Reason, ...]:
    """What it costs that no window serves further services of a visit now."""
    missing = [code for code in list(serving)[1:] if not serving[code]]
    if not missing or not facts.tells_of(asked_ms):
        return ()
    services = [facts.state.index.services[code] for code in missing]
    name = "、".join(service.name for service in services)
    name_en = ", ".join(service.name_en or service.name for service in services)
    return (reason("further_no_window", NO_WINDOW_MIN * len(missing), name=name, name_en=name_en),)


def _stairs(facts: Facts, serving: dict[str, list[WindowConfig]], question: Question) -> tuple[Reason, ...]:
    """What it costs who takes no stairs that only windows on other floors serve some of the services."""
    if not question.traits & STEPLESS:
        return ()
    state, places = facts.state, list[str]()
    for code, windows in serving.items():
        zones = [window.zone for window in windows] or [facts.zone(code)]
        if all(upstairs(state, zone) for zone in zones):
            places.append(state.index.zones[zones[0]].place)
    places = list(dict.fromkeys(places))
    return (reason("upstairs", UPSTAIRS_MIN * len(places), place="、".join(places)),) if places else ()


def _slot(facts: Facts, channel: ItemChannel, wanted: Wanted, question: Question) -> Way | None:
    """The next free slot of the first service, which is booked by itself."""
    asked_ms = question.arrive_ms or facts.now_ms
    service = wanted.services[0]
    slot = facts.slot(service, asked_ms)
    if slot is None:
        return None
    own = _in(wanted, (service,))
    until = (slot.start_ms - asked_ms) / 60_000
    why = (
        *_liking(channel, own, question),
        at_time("slot_free", slot.start_ms, facts.now_ms, facts.state.today.timezone, until),
        reason("person_needed"),
        *_standstill(facts.state),
    )
    return Way(
        channel=channel,
        wanted=own,
        zone=facts.zone(service),
        begins_ms=slot.start_ms,
        commit="booking",
        later=True,
        why=why,
    )


def _standstill(state: HallState) -> tuple[Reason, ...]:
    """That the hall stands still now: nobody knows whether it goes on until the slot."""
    if state.suspended_since is None:
        return ()
    said = state.suspended_reason
    said_en = state.suspended_reason_en or said
    blanks = (f"：{said}" if said else "", f": {said_en}" if said_en else "")
    return (reason("suspended_now", said=blanks[0], said_en=blanks[1]),)


def _outlet(facts: Facts, channel: ItemChannel, wanted: Wanted, question: Question) -> Way | None:
    """What is no queue of the hall: at once if it is open, else when it opens within a week."""
    outlet = facts.outlets.get(channel)
    if outlet is None:
        return None
    asked_ms = question.arrive_ms or facts.now_ms
    begins_ms = facts.outlet_opens(outlet, asked_ms)
    if begins_ms is None:
        return None
    later, timezone = begins_ms > asked_ms, facts.state.today.timezone
    until = (begins_ms - asked_ms) / 60_000
    why = (
        *_liking(channel, wanted, question),
        *((at_time("outlet_opens_at", begins_ms, facts.now_ms, timezone, until),) if later else ()),
        reason("no_queue", OUTLET_MIN if outlet.wait_min is None else 0.0),
    )
    return Way(
        channel=channel,
        wanted=wanted,
        zone=outlet.zone,
        wait=spread(outlet.wait_min * 60) if outlet.wait_min is not None else None,
        begins_ms=begins_ms,
        outlet=outlet,
        later=later,
        why=why,
    )


_MAKE: Final[dict[ItemChannel, Callable[[Facts, ItemChannel, Wanted, Question], Way | None]]] = {
    "window": _ticket,
    "remote": _remote,
    "appointment": _slot,
    "self_service": _outlet,
    "online": _outlet,
    "phone": _outlet,
    "doorstep": _outlet,
    "agent": _outlet,
}
"""Who makes a way of each channel."""


def _liking(channel: ItemChannel, wanted: Wanted, question: Question) -> tuple[Reason, ...]:
    """What the hall's order of channels and the person's traits make of a way."""
    places = [item.channels.index(channel) for item in wanted.items]
    behind = min(places, default=0)
    choice = any(len(item.channels) > 1 for item in wanted.items)
    found = burdens(question.traits, channel)
    if behind:
        return (reason("hall_prefers_others", LIKED_MIN * behind), *found)
    return (reason("hall_prefers"), *found) if choice and not any(places) else found


def _priority(question: Question) -> tuple[Reason, ...]:
    return (reason("may_have_priority"),) if question.traits & PRIORITY else ()
