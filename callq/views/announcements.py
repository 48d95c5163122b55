"""What is spoken in a zone, and when: the calls of the last half minute, in turns.

Zones that hear each other (a room) have one timetable, which follows from the state alone: each call
begins when it was made or when the one before it ends, whichever is later. One that is taken back ends
there and then, or has no turn at all, and nothing that comes after it begins before that. So the
announcers of a room keep out of each other's way without asking anybody, at whatever node they are. How
long each takes is reckoned generously from its text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.calendar import DAY_MIN, local_ms, minutes_of, parse_hours
from callq.domain.errors import Code, Rejected
from callq.domain.ticket import SHOWN_AS_CALL
from callq.views.queues import zone_in
from callq.views.ticketing import suspended_of
from callq.voice.text import ENGLISH, Spoken, Told, languages_of, sentence, spoken
from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import Language
    from callq.domain.state import Announced, HallState
    from callq.domain.ticket import Ticket

REACHES_BACK_MS: Final = 300_000
"""A call that is older does not put off any other: after so long a room has been silent once."""

KEPT_MS: Final = 30_000
"""A call stays in the view so long after its turn: who speaks it late is not cut off."""


class Turn(NamedTuple):
    """A call in the timetable of a room."""

    call: Announced
    ticket: Ticket
    zone: str | None
    """Where it is spoken; None: in the whole hall."""
    told: Told
    from_ms: int
    until_ms: int


def project_announcements(state: HallState, zone: str | None, now_ms: int) -> dict[str, object]:
    """Data of the view ``announcements``; one that is taken back is gone from it.

    Args:
      state: the hall.
      zone: code, or None for one announcer for the whole hall.
      now_ms: Unix milliseconds; what was spoken long before is left out.

    Raises:
      Rejected: there is no such zone.
    """
    english = next((one for one in languages_of(state.config.voice) if one.code == "en"), ENGLISH)
    return {
        "zone": zone,
        "room": room_of(state, zone),
        "announcements": tuple(
            _row(state, turn, english)
            for turn in timetable(state, zone)
            if turn.zone == zone and now_ms < turn.until_ms + KEPT_MS
        ),
        "volumes": tuple(volumes(state)),
        "suspended": suspended_of(state),
    }


def room_of(state: HallState, zone: str | None) -> tuple[str, ...]:
    """Zones that hear what is spoken in a zone, itself included, in the hall's order.

    Raises:
      Rejected: there is no such zone.
    """
    if zone is None:
        return tuple(state.index.zones)
    code = zone_in(state, zone).code
    room = next((room for room in state.config.voice.rooms if code in room), (code,))
    return tuple(known for known in state.index.zones if known in room)


def timetable(state: HallState, zone: str | None) -> list[Turn]:
    """The calls of a zone's room in the order in which they are spoken; none while the hall is suspended."""
    voice = state.config.voice
    free_ms = 0
    turns: list[Turn] = []
    if state.suspended_since is not None:
        return turns
    oldest_ms = state.now_ms - REACHES_BACK_MS
    stood = sorted(one for one in state.standstills if one.until_ms >= oldest_ms)
    for call, ticket, where in _called(state, zone, oldest_ms):
        from_ms = max(call.at_ms, free_ms)
        for one in stood:
            if one.since_ms <= from_ms < one.until_ms:
                from_ms = one.until_ms
        unwanted = any(t is not None and t <= from_ms for t in (call.needless_ms, call.over_ms))
        if unwanted or from_ms > call.at_ms + voice.stale_s * 1000:
            continue
        told = _told(state, call, ticket, where)
        until_ms = from_ms + spoken(voice, told).about_ms
        if _stands(call, ticket):
            turns.append(Turn(call, ticket, where, told, from_ms, until_ms))
        cuts = [one.since_ms for one in stood if one.since_ms > from_ms]
        free_ms = min(until_ms, call.over_ms or until_ms, *cuts)
    return turns


def id_of(call: Announced, ticket: Ticket) -> str:
    """Name of the announcement of a call: ``A012-1795395600000``."""
    return f"{ticket.number}-{call.at_ms}"


def spoken_as(state: HallState, zone: str | None, announcement: str) -> tuple[Spoken, int]:
    """What an announcement of a zone says, and how long its turn is, ms.

    Raises:
      Rejected: `INVALID` for a zone, `NOT_FOUND`: nobody is called so there, or no longer.
    """
    for call, ticket, where in _called(state, zone, 0):
        if where == zone and id_of(call, ticket) == announcement and _stands(call, ticket):
            said = spoken(state.config.voice, _told(state, call, ticket, where))
            return said, said.about_ms
    raise Rejected(Code.NOT_FOUND, "no such call is announced here", "it was withdrawn, or is over")


def volumes(state: HallState) -> Iterator[m.VolumeFrom]:
    """How loud it is in the course of the business day; what comes last holds until the next begins."""
    voice, day = state.config.voice, state.today
    spans = [(span, row.volume) for row in voice.hours if (span := parse_hours(row.hours))]
    begins = minutes_of(day.day_starts)
    edges = {begins, *(edge + days * DAY_MIN for span, _ in spans for edge in span for days in (0, 1))}
    before = None
    for edge in sorted(edge for edge in edges if begins <= edge < begins + DAY_MIN):
        volume = next((v for (since, until), v in spans if since <= edge % DAY_MIN < until), voice.volume)
        if volume != before:
            yield m.VolumeFrom(from_ms=local_ms(state.day, edge, day.timezone), volume=volume)
        before = volume


def _called(
    state: HallState, zone: str | None, oldest_ms: int
) -> Iterator[tuple[Announced, Ticket, str | None]]:
    """Calls of a room and where each is told, oldest first; in the whole hall each is told once."""
    room = room_of(state, zone)
    for call in reversed(state.announced):
        ticket = state.tickets.get(call.ticket)
        if ticket is None or call.at_ms < oldest_ms:
            continue
        if zone is None:
            yield call, ticket, None
        else:
            yield from ((call, ticket, code) for code in room if code in call.zones)


def _stands(call: Announced, ticket: Ticket) -> bool:
    """Whether it is still announced: not taken back, nor repeated since."""
    return call.over_ms is None and call.at_ms == ticket.last_call_ms and ticket.state in SHOWN_AS_CALL


def _told(state: HallState, call: Announced, ticket: Ticket, zone: str | None) -> Told:
    window = state.index.windows.get(call.window)
    theirs = state.index.zones.get(window.zone) if window else None
    here = zone if zone is not None else call.zones[-1]
    away = theirs is not None and theirs.code != here
    return Told(
        number=ticket.number,
        window=window.label if window else call.window,
        zones={"": theirs.name, "en": theirs.name_en} if away and theirs else {},
        again=call.calls > 1,
    )


def _row(state: HallState, turn: Turn, english: Language) -> m.Announcement:
    call, ticket, told = turn.call, turn.ticket, turn.told
    first = languages_of(state.config.voice)[0]
    name = id_of(call, ticket)
    where = f"?zone={turn.zone}" if turn.zone is not None else ""
    return m.Announcement(
        id=name,
        number=ticket.number,
        window=call.window,
        label=told.window,
        text=sentence(first, told),
        text_en=sentence(english, told),
        calls=call.calls,
        state=ticket.state.value,
        at_ms=call.at_ms,
        from_ms=turn.from_ms,
        until_ms=turn.until_ms,
        expires_ms=call.at_ms + state.config.voice.stale_s * 1000,
        audio_url=f"/v1/halls/{state.hall}/announcements/{name}/audio{where}",
        zones=(turn.zone,) if turn.zone is not None else tuple(state.index.zones),
    )
