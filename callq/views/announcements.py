"""What is spoken in a zone, and when: the calls of the last half minute, in turns.

Zones that hear each other (a room) have one timetable, which follows from the state alone: each call
begins when it was made or when the one before it ends, whichever is later. So the announcers of a room
keep out of each other's way without asking anybody, at whatever node they are. How long each takes is
reckoned generously from its text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.calendar import DAY_MIN, local_ms, minutes_of, parse_hours
from callq.domain.errors import Code, Rejected
from callq.domain.ticket import TicketState
from callq.views.board import SHOWN_AS_CALL
from callq.views.queues import zone_in
from callq.views.ticketing import suspended_of
from callq.voice.text import ENGLISH, Spoken, Told, languages_of, sentence, spoken
from callq.wire import messages as m

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import Language
    from callq.domain.state import HallState
    from callq.domain.ticket import Ticket

KEPT_MS: Final = 30_000
"""A call stays in the view so long after its turn: who speaks it late is not cut off."""


class Turn(NamedTuple):
    """A call in the timetable of a room."""

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
    turns = timetable(state, zone)
    nexts = (*(turn.from_ms for turn in turns[1:]), None)
    english = next((one for one in languages_of(state.config.voice) if one.code == "en"), ENGLISH)
    return {
        "zone": zone,
        "room": room_of(state, zone),
        "announcements": tuple(
            _row(state, turn, english, next_ms)
            for turn, next_ms in zip(turns, nexts, strict=False)
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
    for ticket, where in _called(state, zone):
        called_ms = ticket.last_call_ms or 0
        told = _told(state, ticket, where)
        from_ms = max(called_ms, free_ms)
        if from_ms > called_ms + voice.stale_s * 1000:
            continue
        if ticket.state is not TicketState.CALLED and (ticket.started_ms or 0) <= from_ms:
            continue  # whoever was called came before this could be said
        free_ms = from_ms + spoken(voice, told).about_ms
        turns.append(Turn(ticket, where, told, from_ms, free_ms))
    return turns


def id_of(ticket: Ticket) -> str:
    """Name of the announcement of a ticket's last call: ``A012-1795395600000``."""
    return f"{ticket.number}-{ticket.last_call_ms}"


def spoken_as(state: HallState, zone: str | None, announcement: str) -> tuple[Spoken, int]:
    """What an announcement of a zone says, and how long its turn is, ms.

    Raises:
      Rejected: `INVALID` for a zone, `NOT_FOUND`: nobody is called so there, or no longer.
    """
    room_of(state, zone)
    for ticket, where in _called(state, zone):
        if where == zone and id_of(ticket) == announcement:
            said = spoken(state.config.voice, _told(state, ticket, where))
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


def _called(state: HallState, zone: str | None) -> list[tuple[Ticket, str | None]]:
    """Calls of a room and where each is spoken, oldest first; in the whole hall each is spoken once."""
    found: dict[tuple[str, str | None], tuple[tuple[int, int, int], Ticket]] = {}
    for place, code in enumerate(room_of(state, zone)):
        for ticket_id in state.recent.get(code, ()):
            ticket = state.tickets.get(ticket_id)
            if ticket is None or ticket.state not in SHOWN_AS_CALL or ticket.last_call_ms is None:
                continue
            where = None if zone is None else code
            found.setdefault((ticket_id, where), ((ticket.last_call_ms, ticket.seq, place), ticket))
    return [(ticket, where) for (_, where), (_, ticket) in sorted(found.items(), key=lambda one: one[1][0])]


def _told(state: HallState, ticket: Ticket, zone: str | None) -> Told:
    window = state.index.windows.get(ticket.window or "")
    theirs = state.index.zones.get(window.zone) if window else None
    here = zone if zone is not None else ticket.zone
    away = theirs is not None and theirs.code != here
    return Told(
        number=ticket.number,
        window=window.label if window else ticket.window or "",
        zones={"": theirs.name, "en": theirs.name_en} if away and theirs else {},
        again=ticket.calls > 1,
    )


def _row(state: HallState, turn: Turn, english: Language, next_ms: int | None) -> m.Announcement:
    ticket, told = turn.ticket, turn.told
    first = languages_of(state.config.voice)[0]
    name = id_of(ticket)
    called_ms = ticket.last_call_ms or 0
    where = f"?zone={turn.zone}" if turn.zone is not None else ""
    return m.Announcement(
        id=name,
        number=ticket.number,
        window=ticket.window or "",
        label=told.window,
        text=sentence(first, told),
        text_en=sentence(english, told),
        calls=ticket.calls,
        state=ticket.state.value,
        at_ms=called_ms,
        from_ms=turn.from_ms,
        until_ms=turn.until_ms,
        expires_ms=called_ms + state.config.voice.stale_s * 1000,
        audio_url=f"/v1/halls/{state.hall}/announcements/{name}/audio{where}",
        zones=(turn.zone,) if turn.zone is not None else tuple(state.index.zones),
        next_ms=next_ms,
    )
