"""Notices as screens have them, and how a screen is laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from callq.domain.check_screens import VIDEOS
from callq.domain.hall import HallNotice
from callq.wire import messages as m

if TYPE_CHECKING:
    from callq.domain.state import HallState


def notices_of(state: HallState, zone: str | None) -> tuple[m.Notice, ...]:
    """Notices for a zone; None: all. Urgent ones first, then the newest, then those of the hall file."""
    posted = [one for one in state.notices.values() if one.told_in(zone)]
    posted.sort(key=lambda one: (one.kind != "urgent", -one.since_ms))
    return (
        *(
            m.Notice(
                id=one.id,
                text=one.text,
                text_en=one.text_en,
                kind=one.kind,
                zones=one.zones,
                since_ms=one.since_ms,
                until_ms=one.until_ms,
            )
            for one in posted
        ),
        *(
            _standing(one)
            for one in map(_told, state.config.notices)
            if zone is None or not one.zones or zone in one.zones
        ),
    )


def _told(notice: str | HallNotice) -> HallNotice:
    return notice if isinstance(notice, HallNotice) else HallNotice(text=notice)


def _standing(notice: HallNotice) -> m.Notice:
    return m.Notice(
        id=None,
        text=notice.text,
        text_en=notice.text_en,
        kind="ordinary",
        zones=notice.zones,
        since_ms=None,
        until_ms=None,
    )


def layout_of(state: HallState, zone: str | None) -> m.ScreenLayout:
    """How the screens of a zone are laid out and coloured; None: those of the whole hall."""
    screen = state.config.screens.of_zone(zone)
    return m.ScreenLayout(
        blocks=screen.blocks,
        recent=screen.recent,
        accent=screen.accent,
        logo=screen.logo,
        media=tuple(
            m.ScreenMedia(
                url=f"/media/{quote(name)}",
                kind="video" if name.lower().endswith(VIDEOS) else "picture",
            )
            for name in (screen.media if "media" in screen.blocks else ())
        ),
        picture_s=screen.picture_s,
    )
