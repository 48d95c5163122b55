"""Every way there is to have matters of one or several services dealt with, not ordered yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from callq.guide.facts import OPEN, spread
from callq.guide.reasons import at_time, reason
from callq.guide.traits import PRIORITY, STEPLESS, UPSTAIRS_MIN, burden_min, fitting, upstairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from callq.domain.estimate import WaitRange
    from callq.domain.hall import Item, ItemChannel, Outlet
    from callq.guide.facts import Facts, Newcomer
    from callq.guide.question import Question
    from callq.wire.messages.guide import Reason

SOON_MS: Final = 15 * 60_000
"""A ticket can be taken for somebody who comes within so long: a number called before that is missed."""

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
      windows: ids of those that serve it now.
      wait: expected; None: not known.
      ahead: of the queue; None: there is none.
      begins_ms: when one would come.
      commit: what it can be turned into at once.
      outlet: where it leads, if to no window.
      why: reasons that do not depend on the other ways.
      minutes: from the time asked about until somebody is served, with what else it is worth.
      later: not possible at the time asked about.
    """

    channel: ItemChannel
    wanted: Wanted
    zone: str
    windows: tuple[str, ...]
    wait: WaitRange | None
    ahead: int | None
    begins_ms: int
    commit: Literal["ticket", "booking"] | None
    outlet: Outlet | None
    why: tuple[Reason, ...]
    minutes: float
    later: bool


def ways(facts: Facts, wanted: Wanted, question: Question) -> Iterator[Way]:
    """Every way for some matters that is accepted; none that nobody knows the time of.

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
    """What the video windows take: matters of a service that they name, or all as one of their own."""
    remote = [w for w in facts.state.config.windows if w.kind == "remote"]
    for service in wanted.services:
        if any(service in window.services for window in remote):
            return _in(wanted, (service,))
    return Wanted(wanted.items, (facts.by_video,), "") if facts.by_video else None


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
    known = {code: found.next_ms for code, found in opened.items() if found.next_ms is not None}
    if not known:
        return None
    service, begins_ms = min(known.items(), key=lambda one: one[1])
    part = _in(wanted, (service,))
    minutes = (begins_ms - asked_ms) / 60_000 + UNTOLD_MIN + _liking(channel, part, question)
    why = (
        at_time("opens_at", begins_ms, facts.now_ms, facts.state.today.timezone),
        *_PRIORITY[bool(question.traits & PRIORITY)],
    )
    return Way(
        *(channel, part, facts.zone(service), (), None, None, begins_ms, None, None, why, minutes, True)
    )


def _queue(facts: Facts, channel: ItemChannel, wanted: Wanted, question: Question) -> Way:
    """A ticket for services that give them at the time asked about."""
    state, service, remote = facts.state, wanted.services[0], channel == "remote"
    asked_ms = question.arrive_ms or facts.now_ms
    zone = facts.zone(service)
    windows = [window for window in facts.serving(service) if (window.kind == "remote") is remote]
    windows, fit = fitting(state, windows, question.traits)
    coming = facts.newcomer(service)
    wait = facts.wait_at(service, asked_ms)
    minutes = _queueing(facts, service, wait, coming, staffed=bool(windows))
    why = [*_PRIORITY[bool(question.traits & PRIORITY)], *fit]
    soon = asked_ms - facts.now_ms <= SOON_MS
    if not soon:
        why.append(reason("take_ticket_on_arrival"))
        if wait is None:
            why.append(reason("wait_unknown_then"))
    elif not windows:
        why.append(reason("no_window_now"))
    elif not coming.ahead:
        why.append(reason("window_free" if coming.idle else "nobody_ahead"))
    zones = [window.zone for window in windows] or [zone]
    if question.traits & STEPLESS and not remote and all(upstairs(state, each) for each in zones):
        why.append(reason("upstairs", place=state.index.zones[zone].place))
        minutes += UPSTAIRS_MIN
    return Way(
        *(channel, wanted, zone, tuple(window.id for window in windows), wait),
        *(coming.ahead if soon else None, asked_ms, "ticket" if soon else None, None, tuple(why)),
        *(minutes + _liking(channel, wanted, question), False),
    )


_PRIORITY: Final[dict[bool, tuple[Reason, ...]]] = {True: (reason("may_have_priority"),), False: ()}


def _queueing(
    facts: Facts, service: str, wait: WaitRange | None, coming: Newcomer, *, staffed: bool
) -> float:
    """What a queue is reckoned to cost, minutes."""
    if not staffed:
        return NO_WINDOW_MIN + (wait.p50_s / 60 if wait else 0.0)
    if wait is not None:
        return wait.p50_s / 60
    if coming.idle and not coming.ahead:
        return 0.0
    handling = facts.state.index.services[service].service_min
    # Until one of them is free, as far as handling times have no memory.
    return min(UNTOLD_MIN, handling * (coming.ahead + 1) / len(facts.serving(service)))


def _slot(facts: Facts, channel: ItemChannel, wanted: Wanted, question: Question) -> Way | None:
    """The next free slot of the first service, which is booked by itself."""
    asked_ms = question.arrive_ms or facts.now_ms
    service = wanted.services[0]
    slot = facts.slot(service, asked_ms)
    if slot is None:
        return None
    own = _in(wanted, (service,))
    why = [at_time("slot_free", slot.start_ms, facts.now_ms, facts.state.today.timezone), _PERSON]
    minutes = (slot.start_ms - asked_ms) / 60_000
    return Way(
        *(channel, own, facts.zone(service), (), None, None, slot.start_ms),
        *("booking", None, tuple(why), minutes + _liking(channel, wanted, question), True),
    )


_PERSON: Final = reason("person_needed")


def _outlet(facts: Facts, channel: ItemChannel, wanted: Wanted, question: Question) -> Way | None:
    """What is no queue of the hall: at once if it is open, else when it opens within a week."""
    outlet = facts.outlets.get(channel)
    if outlet is None:
        return None
    asked_ms = question.arrive_ms or facts.now_ms
    begins_ms = facts.outlet_opens(outlet, asked_ms)
    if begins_ms is None:
        return None
    timezone = facts.state.today.timezone
    later = begins_ms > asked_ms
    why = [at_time("outlet_opens_at", begins_ms, facts.now_ms, timezone) if later else _NO_QUEUE]
    if burden_min(question.traits, channel) > 0:
        why.append(reason("may_need_help"))
    waiting = outlet.wait_min
    wait = spread(waiting * 60) if waiting is not None and not later else None
    minutes = (begins_ms - asked_ms) / 60_000 + (OUTLET_MIN if waiting is None else waiting)
    return Way(
        *(channel, wanted, outlet.zone, (), wait, None, begins_ms, None, outlet),
        *(tuple(why), minutes + _liking(channel, wanted, question), later),
    )


_NO_QUEUE: Final = reason("no_queue")

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


def _liking(channel: ItemChannel, wanted: Wanted, question: Question) -> float:
    """What the hall's order of channels and the person's traits make of it, minutes."""
    place = min((item.channels.index(channel) for item in wanted.items), default=0)
    return LIKED_MIN * place + burden_min(question.traits, channel)
