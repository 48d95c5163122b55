"""The decision: ways put in order, with what speaks for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from callq.guide.channels import Wanted, Way, desk, ways
from callq.guide.facts import OPEN
from callq.guide.question import meaning
from callq.guide.reasons import closed, reason
from callq.wire.messages.guide import Reason, RouteOption, RouteOutlet, RouteWait, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callq.guide.facts import Facts
    from callq.guide.question import Matter, Meaning, Question

MAX_OPTIONS: Final = 8
"""More than that helps nobody to choose."""


class Routed(NamedTuple):
    """What is answered.

    Attributes:
      options: best first, ranks from 1.
      unavailable: services meant, or possible, that give no ticket at the time asked about.
    """

    options: tuple[RouteOption, ...]
    unavailable: tuple[Unavailable, ...]


def route(facts: Facts, question: Question) -> Routed:
    """Where somebody can go, best first.

    What is possible at the time asked about comes before what is only later, what settles all matters
    before what settles a part, and then the fewer minutes until somebody is served. Where it is not certain
    what they want, the best way of each possible matter comes first, then the desk for the unresolved.

    Raises:
      Rejected: `UNKNOWN_ITEM`.
    """
    if question.arrive_ms is not None and question.arrive_ms <= facts.now_ms:
        question = question._replace(arrive_ms=None)
    meant = meaning(facts.state, question.items)
    ordered = (_certain if meant.certain else _unsure)(facts, meant, question)[:MAX_OPTIONS]
    return Routed(
        tuple(_option(facts, question, rank, one, ordered) for rank, one in enumerate(ordered, 1)),
        tuple(_unavailable(facts, meant.matters, question)),
    )


class _Ranked(NamedTuple):
    """A way and what makes it stand where it does."""

    key: tuple[float, ...]
    way: Way
    why: tuple[Reason, ...]


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
            found += [way for way in alone if way.channel == "appointment" or _opens_later(way)]
    ranked = []
    for way in _once(found):
        missing = len(items) - len(way.wanted.items)
        why = _PART if missing else _VISIT if way.commit == "ticket" and len(way.wanted.services) > 1 else ()
        ranked.append(_Ranked((way.later, missing, way.minutes), way, why))
    ranked.sort(key=lambda one: one.key)
    if all(one.way.later for one in ranked):
        # Who knows what they want need not wait for the desk to open.
        ranked += [one for one in _desk(facts, question, (1.0,), ()) if not one.way.later]
    return ranked


def _unsure(facts: Facts, meant: Meaning, question: Question) -> list[_Ranked]:
    """The best way of each possible matter, the desk for the unresolved, then the other ways."""
    ranked = []
    for place, matter in enumerate(meant.matters):
        first = matter.items[0]
        likely = (reason("likely", name=first.name, name_en=first.name_en or first.name),)
        found = sorted(ways(facts, _wanted(matter), question), key=lambda way: (way.later, way.minutes))
        ranked += [
            _Ranked((min(turn, 1), way.later, place, turn), way, likely)
            for turn, way in enumerate(_once(found))
        ]
    name = facts.state.index.services[facts.fallback] if facts.fallback else None
    if name is not None:
        ranked += _desk(
            facts,
            question,
            (0.5,),
            (reason("not_sure", name=name.name, name_en=name.name_en or name.name),),
        )
    ranked.sort(key=lambda one: one.key)
    return ranked


def _wanted(matter: Matter) -> Wanted:
    return Wanted(matter.items, (matter.service,), matter.item)


def _opens_later(way: Way) -> bool:
    return way.later and way.channel in ("window", "remote")


def _once(found: Iterable[Way]) -> list[Way]:
    """Ways without those that lead where an earlier one does."""
    kept: dict[tuple[str, tuple[str, ...]], Way] = {}
    for way in found:
        kept.setdefault((way.channel, way.wanted.services), way)
    return list(kept.values())


def _desk(facts: Facts, question: Question, key: tuple[float, ...], why: tuple[Reason, ...]) -> list[_Ranked]:
    way = desk(facts, question)
    return [_Ranked(key, way, why)] if way is not None else []


_PART: Final = (reason("only_part"),)
_VISIT: Final = (reason("one_visit"),)


def _option(
    facts: Facts, question: Question, rank: int, one: _Ranked, all_of: Sequence[_Ranked]
) -> RouteOption:
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
        wait=RouteWait(**way.wait._asdict()) if way.wait is not None else _UNKNOWN,
        ahead=way.ahead,
        arrive_ms=None if now else way.begins_ms,
        commit=way.commit,
        outlet=RouteOutlet(name=outlet.name, name_en=outlet.name_en, place=outlet.place) if outlet else None,
        why=(*one.why, *_beside(one, all_of), *way.why),
    )


_UNKNOWN: Final = RouteWait()


def _beside(one: _Ranked, all_of: Sequence[_Ranked]) -> list[Reason]:
    """What speaks for a way beside the others."""
    found = []
    waits = [other.way.wait.p50_s for other in all_of if other.way.wait is not None]
    if one.way.wait is not None and len(waits) > 1 and one.way.wait.p50_s == min(waits):
        found.append(reason("shortest_wait"))
    items = one.way.wanted.items
    first = all(item.channels[0] == one.way.channel for item in items)
    if first and any(len(item.channels) > 1 for item in items):
        found.append(reason("hall_prefers"))
    return found


def _unavailable(facts: Facts, matters: Sequence[Matter], question: Question) -> list[Unavailable]:
    """Services that give no ticket at the time asked about, each with the next chance."""
    found = []
    for matter in matters:
        opened = facts.opening(matter.service, question.arrive_ms or facts.now_ms)
        if opened is OPEN or opened.closed is None:
            continue
        zh, en = closed(opened.closed, opened.reason)
        found.append(
            Unavailable(service=matter.service, code=opened.closed, zh=zh, en=en, next_ms=opened.next_ms)
        )
    return found
