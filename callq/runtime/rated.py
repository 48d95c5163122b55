"""Ratings of days that may be long over: from the journal as far as it reaches, else from the archive."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Final, NamedTuple

import trio

from callq.domain.calendar import business_day, day_after, day_bounds
from callq.domain.events import RatingTakenBack, TicketRated, decode_batch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Iterator

    from callq.journal.port import Entry
    from callq.runtime.actor import HallActor
    from callq.runtime.home import Home

PAGE: Final = 500
"""Entries looked at before others get their turn."""

_TOLD: Final = (b"ticket_rated", b"rating_taken_back")
"""Tags of events, looked for in the bytes: decoding every entry of a day would take seconds."""

TAKEN_BACK_MS: Final = 300_000
"""No completion is taken back later: the most that a hall may set as `undo_s`."""


class Span(NamedTuple):
    """Days of which ratings are wanted, both included, ISO dates; and what a day is in the hall."""

    first: str
    last: str
    timezone: str
    day_starts: str

    @property
    def from_ms(self) -> int:
        """When it begins, Unix ms."""
        return day_bounds(self.first, self.timezone, self.day_starts)[0]

    @property
    def until_ms(self) -> int:
        """When it is over."""
        return day_bounds(self.last, self.timezone, self.day_starts)[1]

    def day_of(self, at_ms: int) -> str:
        """The business day of a moment."""
        return business_day(at_ms, self.timezone, self.day_starts)


class Given(NamedTuple):
    """A rating as it was recorded."""

    revision: int
    at_ms: int
    event: TicketRated


class Page(NamedTuple):
    """Ratings in order, where to go on, and the days of the span of which there is a record."""

    ratings: tuple[Given, ...]
    next: int | None
    """Revision to go on after; None: that was all."""
    days: tuple[str, ...]


async def given(actor: HallActor, home: Home, span: Span, after: int, limit: int) -> Page:
    """Ratings given within a span, without those whose completion was taken back.

    What the journal no longer has is read from the days that this node has archived; those that another
    node has are not among the `days` of the answer.

    Args:
      actor: of the hall.
      home: of this node.
      span: which days.
      after: revision after which to begin; 0: with the first.
      limit: most ratings of one answer.

    Raises:
      StoreUnavailable: try again.
    """
    found: list[Given] = []
    days: set[str] = set()
    last: Given | None = None
    """The one that filled the page, whether or not it was taken back."""
    more = False
    async with aclosing(_pages(actor, home, span, after)) as pages:
        async for entries, known in pages:
            if not more:
                days.update(known)
            for revision, at_ms, event in _told(entries):
                if isinstance(event, RatingTakenBack):
                    found = [one for one in found if not _is_of(one.event, event)]
                elif revision > after and span.from_ms <= at_ms < span.until_ms:
                    more = more or last is not None
                    if last is None:
                        found.append(Given(revision, at_ms, event))
                        if len(found) == limit:
                            last = found[-1]
            await trio.lowlevel.checkpoint()
            if entries and last is not None and more and _at_ms(entries[-1]) > last.at_ms + TAKEN_BACK_MS:
                break
    return Page(tuple(found), last.revision if last is not None and more else None, tuple(sorted(days)))


def _is_of(rated: TicketRated, taken: RatingTakenBack) -> bool:
    return (rated.ticket, rated.step) == (taken.ticket, taken.step)


def _told(entries: Iterable[Entry]) -> Iterator[tuple[int, int, TicketRated | RatingTakenBack]]:
    """Revision, Unix ms and event of what was rated, and of what was taken back."""
    for entry in entries:
        if any(tag in entry.payload for tag in _TOLD):
            batch = decode_batch(entry.payload)
            for event in batch.events:
                if isinstance(event, (TicketRated, RatingTakenBack)):
                    yield entry.id.revision, batch.at_ms, event


async def _pages(
    actor: HallActor, home: Home, span: Span, after: int
) -> AsyncGenerator[tuple[list[Entry], list[str]], None]:
    """Entries in order, and the days of the span that they cover.

    There are none of an archived day that the journal still has whole.
    """
    oldest = await actor.kept(0, 1)
    kept_from = oldest[0].id.revision if oldest else actor.revision + 1
    if oldest and kept_from > 1 and _at_ms(oldest[0]) > span.from_ms:
        # The day in which the journal begins may have begun before it.
        last = min(span.last, span.day_of(_at_ms(oldest[0])))
        for day in await home.archived(actor.hall, span.first, last):
            held = await home.archived_day(actor.hall, day)
            if held is not None:
                yield [e for e in held.entries if after < e.id.revision < kept_from], [day]
    since = max(after, await _before(actor, span.from_ms, kept_from))
    while page := await actor.kept(since, PAGE):
        first_ms, last_ms = _at_ms(page[0]), _at_ms(page[-1])
        yield page, _days(span, first_ms, last_ms)
        if first_ms >= span.until_ms + TAKEN_BACK_MS:
            return
        since = page[-1].id.revision


async def _before(actor: HallActor, from_ms: int, kept_from: int) -> int:
    """The last revision of the journal before a moment, by halving; the one before its first at least."""
    low, high = kept_from - 1, actor.revision
    while low < high:
        middle = (low + high + 1) // 2
        entry = await actor.kept(middle - 1, 1)
        if entry and _at_ms(entry[0]) < from_ms:
            low = middle
        else:
            high = middle - 1
    return low


def _at_ms(entry: Entry) -> int:
    return decode_batch(entry.payload).at_ms


def _days(span: Span, first_ms: int, last_ms: int) -> list[str]:
    """Days of the span between two moments."""
    day, last = max(span.first, span.day_of(first_ms)), min(span.last, span.day_of(last_ms))
    found = []
    while day <= last:
        found.append(day)
        day = day_after(day)
    return found
