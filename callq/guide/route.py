"""The decision: ways put in order, with what speaks for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from callq.guide.channels import Wanted, Way, desk, ways
from callq.guide.facts import OPEN
from callq.guide.question import meaning
from callq.guide.reasons import reason, unavailable
from callq.wire.messages.guide import Reason, RouteOption, RouteOutlet, RouteWait, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from callq.domain.estimate import WaitRange
    from callq.domain.hall import Item, ItemChannel
    from callq.guide.facts import Facts, Opening
    from callq.guide.question import Matter, Meaning, Question
    from callq.wire.messages.guide import UnavailableCode

MAX_OPTIONS: Final = 8
"""More than that helps nobody to choose."""


class Routed(NamedTuple):
    """What is answered.

    Attributes:
      options: best first, ranks from 1.
      unavailable: services meant, or possible, that give no ticket at the time asked about, and matters
        that no option settles; never empty where there are no options.
      unasked: ranks that can be committed without asking which is wanted, best first.
    """

    options: tuple[RouteOption, ...]
    unavailable: tuple[Unavailable, ...]
    unasked: tuple[int, ...]


def route(facts: Facts, question: Question) -> Routed:
    """Where somebody can go, best first.

    What is possible at the time asked about comes before what is only later, what settles all matters
    before what settles a part, and then the fewer minutes until somebody is served. Where it is not certain
    what they want, the best way of each possible matter comes first, then the desk for the unresolved.
    Whoever adds up the wait and the minutes of the reasons finds the same order.

    Raises:
      Rejected: `UNKNOWN_ITEM`.
    """
    if question.arrive_ms is not None and question.arrive_ms <= facts.now_ms:
        question = question._replace(arrive_ms=None)
    meant = meaning(facts.state, question.items)
    ordered = (_certain if meant.certain else _unsure)(facts, meant, question)
    shown = ordered[:MAX_OPTIONS]
    return Routed(
        tuple(_option(facts, rank, one, shown) for rank, one in enumerate(shown, 1)),
        tuple(_unavailable(facts, meant, question, ordered, shown)),
        tuple(rank for rank, one in enumerate(shown, 1) if one.way.commit and _needs_no_choice(one, meant)),
    )


class _Ranked(NamedTuple):
    """A way and what makes it stand where it does."""

    key: tuple[float, ...]
    way: Way
    why: tuple[Reason, ...]
    desk: bool = False
    """It is the desk for the unresolved, which settles nothing itself."""


def _needs_no_choice(one: _Ranked, meant: Meaning) -> bool:
    """Whether a way is right whichever of the possible matters it is, or that of the most probable one."""
    if meant.certain:
        return not one.desk
    first = meant.first
    return one.desk or (first is not None and one.way.wanted.items[0].service == first.service)


def _certain(facts: Facts, meant: Meaning, question: Question) -> list[_Ranked]:
    """Ways of having everything done that is meant, in one visit where it belongs to several services."""
    matters = meant.matters
    items = tuple(item for matter in matters for item in matter.items)
    services = tuple(matter.service for matter in matters)
    found = list(ways(facts, Wanted(items, services, matters[0].item), question))
    if len(matters) > 1:
        for matter in matters:
            # Slots are of one service; so is the time at which one that is closed opens.
            alone = ways(facts, _wanted(matter), question)
            found += [way for way in alone if _stands_alone(way, found)]
    ranked = []
    for way in _once(found):
        missing = len(items) - len(way.wanted.items)
        ranked.append(_Ranked((way.later, missing, way.minutes), way, _of_all(way, matters)))
    ranked.sort(key=lambda one: one.key)
    if all(one.way.later for one in ranked):
        # Who knows what they want need not wait for the desk to open; it settles nothing and stays last.
        ranked += [one for one in _desk(facts, question, (), "desk_meanwhile") if not one.way.later]
    return ranked


def _unsure(facts: Facts, meant: Meaning, question: Question) -> list[_Ranked]:
    """The best way of each possible matter, the desk for the unresolved, then the other ways."""
    ranked = _desk(facts, question, (_THE_DESK,), "not_sure")
    if ranked and ranked[0].way.later:
        ranked = [ranked[0]._replace(key=(_OTHERS, True, -1))]
    for place, matter in enumerate(meant.matters):
        found = sorted(ways(facts, _wanted(matter), question), key=lambda way: (way.later, way.minutes))
        for turn, way in enumerate(_once(found)):
            likely = _likely(way.wanted.items[0])
            why = (likely, _OTHER_WAY) if turn else (likely,)
            ranked.append(_Ranked((_OTHERS if turn else _BEST, way.later, place, turn), way, why))
    ranked.sort(key=lambda one: one.key)
    return ranked


_BEST, _THE_DESK, _OTHERS = range(3)
"""What comes after what where nothing is certain."""


def _wanted(matter: Matter) -> Wanted:
    return Wanted(matter.items, (matter.service,), matter.item)


def _stands_alone(way: Way, found: Sequence[Way]) -> bool:
    """Whether a way for one of several matters is none of those that a visit for several has in it."""
    if way.channel == "appointment":
        return True
    at_once = any(
        other.channel == way.channel and set(way.wanted.services) <= set(other.wanted.services)
        for other in found
    )
    return way.later and way.channel in ("window", "remote") and not at_once


def _of_all(way: Way, matters: Sequence[Matter]) -> tuple[Reason, ...]:
    """What one has to know of a way for several matters: what it leaves out, or that it is one visit."""
    settles = {item.code for item in way.wanted.items}
    kept = [{item.code for item in matter.items} & settles for matter in matters]
    for matter, some in zip(matters, kept, strict=True):
        if not some or (matter.item and len(some) < len(matter.items)):
            return _PART
    for matter, some in zip(matters, kept, strict=True):
        if len(some) < len(matter.items):
            # Nothing of the service is certain, and this way is for some of the alternatives.
            return (_likely(next(item for item in matter.items if item.code in some)),)
    return _VISIT if way.outlet is None and len(way.wanted.services) > 1 else ()


def _likely(item: Item) -> Reason:
    return reason("likely", name=item.name, name_en=item.name_en or item.name)


def _once(found: Iterable[Way]) -> list[Way]:
    """Ways without those that lead where an earlier one does."""
    kept: dict[tuple[str, tuple[str, ...]], Way] = {}
    for way in found:
        kept.setdefault((way.channel, way.wanted.services), way)
    return list(kept.values())


def _desk(facts: Facts, question: Question, key: tuple[float, ...], code: str) -> list[_Ranked]:
    """The desk for the unresolved, if there is one that is accepted, with why it is there."""
    way = desk(facts, question)
    if way is None:
        return []
    service = facts.state.index.services[facts.fallback]
    why = reason(code, name=service.name, name_en=service.name_en or service.name)
    return [_Ranked(key, way, (why,), desk=True)]


_OTHER_WAY: Final = reason("other_way")
_PART: Final = (reason("only_part"),)
_VISIT: Final = (reason("one_visit"),)


def _option(facts: Facts, rank: int, one: _Ranked, shown: Sequence[_Ranked]) -> RouteOption:
    way = one.way
    now = way.begins_ms == facts.now_ms
    outlet = way.outlet
    return RouteOption(
        rank=rank,
        channel=way.channel,
        service=way.wanted.services[0],
        services=way.wanted.services[1:],
        items=tuple(item.code for item in way.wanted.items),
        item=way.wanted.item or None,
        zone=way.zone or None,
        windows=way.windows,
        wait=_wait(way.wait),
        ahead=way.ahead,
        arrive_ms=None if now else way.begins_ms,
        commit=way.commit,
        outlet=RouteOutlet(name=outlet.name, name_en=outlet.name_en, place=outlet.place) if outlet else None,
        why=(*one.why, *(_SHORTEST if _is_shortest(way, shown) else ()), *way.why),
    )


def _wait(found: WaitRange | None) -> RouteWait:
    return RouteWait(p50_s=found.p50_s, low_s=found.low_s, high_s=found.high_s) if found else _UNKNOWN


_UNKNOWN: Final = RouteWait()
_SHORTEST: Final = (reason("shortest_wait"),)


def _is_shortest(way: Way, shown: Sequence[_Ranked]) -> bool:
    """Whether nobody waits less for any matter of a way, and longer in some other way for one of them.

    Waits are compared matter by matter, and only where all of the matter's are known.
    """
    if way.later:
        return False
    longer = False
    for item in way.wanted.items:
        own = _wait_for(item, way)
        others = [
            _wait_for(item, one.way) for one in shown if one.way is not way and item in one.way.wanted.items
        ]
        known = [other for other in others if other is not None]
        if own is None or len(known) < len(others) or any(other < own for other in known):
            return False
        longer = longer or any(other > own for other in known)
    return longer


def _wait_for(item: Item, way: Way) -> int | None:
    """Seconds that somebody waits for a matter; of a visit's further services it is not known."""
    services = way.wanted.services
    further = way.outlet is None and item.service in services[1:]
    return way.wait.p50_s if way.wait is not None and not further else None


# What there is no option for ------------------------------------------------------------------------


def _unavailable(
    facts: Facts, meant: Meaning, question: Question, ordered: Sequence[_Ranked], shown: Sequence[_Ranked]
) -> Iterator[Unavailable]:
    """Services that give no ticket at the time asked about, each with the next chance; unsettled matters."""
    settled = _settled(shown)
    beyond = _settled(ordered) - settled
    for matter in meant.matters:
        closed = _closed(facts, matter.service, matter.items, question)
        if closed is not None:
            yield closed
        for item in matter.items:
            accepted = [c for c in item.channels if question.accept is None or c in question.accept]
            if item.code in settled or (closed is not None and _explains(closed, accepted)):
                continue
            code: UnavailableCode = "no_way" if accepted else "not_accepted"
            if item.code in beyond:
                code = "not_shown"
            yield _none(facts, code, matter.service, (item,), question)
    for item in meant.others:
        if item.code not in settled:
            yield _none(facts, "less_likely", item.service, (item,), question)
    if not meant.certain:
        yield from _no_desk(facts, meant, question)


def _settled(ranked: Sequence[_Ranked]) -> set[str]:
    return {item.code for one in ranked for item in one.way.wanted.items}


def _explains(closed: Unavailable, accepted: Sequence[str]) -> bool:
    """Whether that a service gives no ticket is why there is no option of some channels."""
    return any(closed.code == "hall_suspended" or channel in ("window", "remote") for channel in accepted)


def _no_desk(facts: Facts, meant: Meaning, question: Question) -> Iterator[Unavailable]:
    """Why whoever is not sure cannot ask at the desk at the time asked about."""
    if not facts.fallback:
        if not meant.matters:
            yield _none(facts, "nothing_meant", None, (), question)
        return
    closed = _closed(facts, facts.fallback, (), question)
    if closed is not None:
        yield closed
    elif not meant.matters and desk(facts, question) is None:
        yield _none(facts, "not_accepted", facts.fallback, (), question)


def _closed(facts: Facts, service: str, items: tuple[Item, ...], question: Question) -> Unavailable | None:
    opened = facts.opening(service, question.arrive_ms or facts.now_ms)
    if opened.closed is None:
        return None
    return _none(facts, opened.closed, service, items, question, opened)


def _none(
    facts: Facts,
    code: UnavailableCode,
    service: str | None,
    items: tuple[Item, ...],
    question: Question,
    opened: Opening = OPEN,
) -> Unavailable:
    zh, en = unavailable(code, opened.reason, opened.reason_en)
    return Unavailable(
        service=service,
        items=tuple(item.code for item in items),
        code=code,
        zh=zh,
        en=en,
        next_ms=opened.next_ms,
        instead=_instead(facts, service, items, question),
    )


def _instead(
    facts: Facts, service: str | None, items: tuple[Item, ...], question: Question
) -> tuple[ItemChannel, ...]:
    """Channels that are not accepted and would do for some of one service's matters, or for the desk."""
    if question.accept is None or service is None:
        return ()
    free = question._replace(accept=None)
    if not items:
        found = [way for way in (desk(facts, free),) if way is not None]
    else:
        found = sorted(
            ways(facts, Wanted(items, (service,), ""), free), key=lambda way: (way.later, way.minutes)
        )
    return tuple(way.channel for way in found if way.channel not in question.accept)
