"""Announcements over HTTP: made in worker threads, a few at once, and never on the event loop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import structlog
import trio

from callq.domain.errors import Code
from callq.views.announcements import spoken_as
from callq.voice.clips import VoiceMissing
from callq.web.answers import Content
from callq.web.problems import Refusal
from callq.web.roles import Permission

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from callq.domain.state import HallState
    from callq.voice.clips import Clips, Made
    from callq.voice.text import Spoken
    from callq.web.api import Api, Call
    from callq.web.queries import AnnouncementQuery

AT_ONCE: Final = 2
"""Announcements that are made at one time."""

WAITING_MAX: Final = 64
"""Requests that wait for that; a zone has one announcer, so that is many."""

MISSING_AGAIN_S: Final = 60.0
"""What is missing is logged once in so long."""

HEADERS: Final = {"Cache-Control": "private, max-age=300"}
"""What a call says in a zone does not change while it stands."""


class Claim:
    """That a client would speak for a zone."""

    def __init__(self, hall: str, zone: str | None, screen: str | None) -> None:
        self.hall = hall
        self.zone = zone
        """None: for the whole hall."""
        self.screen = screen
        self.granted = False
        self.changed = trio.Event()
        """Set when `granted` has changed; another one stands here then."""

    def turn(self, granted: bool) -> None:
        """Grant it, or not any more."""
        self.granted = granted
        self.changed.set()
        self.changed = trio.Event()

    def follows(self, other: Claim) -> bool:
        """Whether it is of the screen that made the other one."""
        same = (self.hall, self.zone, self.screen) == (other.hall, other.zone, other.screen)
        return same and self.screen is not None

    def meets(self, other: Claim) -> bool:
        """Whether people would hear both."""
        return self.hall == other.hall and (self.zone == other.zone or None in (self.zone, other.zone))


class Claims:
    """Who speaks for which zone at this node: whoever claimed it first, until its socket ends."""

    def __init__(self) -> None:
        self._claims: list[Claim] = []

    def add(self, claim: Claim) -> None:
        """Claim a zone; granted at once if nobody speaks there.

        A screen that comes back takes its place at once: its socket of before may not be known to be dead.
        """
        before = next((other for other in self._claims if claim.follows(other)), None)
        if before is None:
            self._claims.append(claim)
            self._grant()
        else:
            self._claims[self._claims.index(before)] = claim
            claim.granted = before.granted
            before.turn(False)

    def end(self, claim: Claim) -> None:
        """Speak no more; whoever waited longest for that may."""
        if claim in self._claims:
            self._claims.remove(claim)
            self._grant()

    def _grant(self) -> None:
        for claim in self._claims:
            taken = any(other.granted and other is not claim and claim.meets(other) for other in self._claims)
            if not claim.granted and not taken:
                claim.turn(True)


class Announcer:
    """Makes announcements for whoever asks.

    Args:
      clips: what they are made of.
    """

    def __init__(self, clips: Clips) -> None:
        self.clips = clips
        self.claims = Claims()
        self._threads = trio.CapacityLimiter(AT_ONCE)
        self._told_at = -math.inf

    async def make(self, spoken: Spoken) -> Made:
        """An announcement as sound.

        Raises:
          Refusal: `VOICE_UNAVAILABLE`, `TOO_MANY_REQUESTS`.
        """
        if self._threads.statistics().tasks_waiting >= WAITING_MAX:
            raise Refusal(Code.TOO_MANY_REQUESTS, "too many announcements are being made", "ask again later")
        try:
            return await trio.to_thread.run_sync(self.clips.make, spoken, limiter=self._threads)
        except VoiceMissing as missing:
            if trio.current_time() >= self._told_at + MISSING_AGAIN_S:
                self._told_at = trio.current_time()
                structlog.get_logger().error("voice_missing", error=missing.detail, hint=missing.hint)
            raise Refusal(
                Code.VOICE_UNAVAILABLE, missing.detail, missing.hint, headers={"Retry-After": "60"}
            ) from missing


async def speak_for(
    announcer: Announcer, claim: Claim, send: Callable[[dict[str, object]], Awaitable[None]]
) -> None:
    """Hold a claim until cancelled, and tell the client whether it speaks."""
    about = {} if claim.zone is None else {"zone": claim.zone}
    announcer.claims.add(claim)
    try:
        while True:
            changed = claim.changed
            await send({"type": "announcer", **about, "granted": claim.granted})
            await changed.wait()
    finally:
        announcer.claims.end(claim)


async def audio(api: Api, call: Call, announcement: str, query: AnnouncementQuery) -> Content:
    """A call as it is spoken in a zone.

    Raises:
      Rejected: `INVALID` for a zone, `NOT_FOUND`: it is not announced there, or no longer.
      Refusal: see `Announcer.make`.
    """
    actor = api.actor(call, Permission.READ_BOARD)

    def look(state: HallState, now_ms: int) -> tuple[Spoken, int]:
        return spoken_as(state, query.zone, announcement)

    spoken, turn_ms = await actor.read(look)
    made = await api.announcer.make(spoken)
    if made.length_ms > turn_ms:
        # Another zone of the room may begin before this one ends.
        structlog.get_logger().warning(
            "announcement_longer_than_its_turn", hall=call.hall, length_ms=made.length_ms, turn_ms=turn_ms
        )
    return Content(made.content, HEADERS)
