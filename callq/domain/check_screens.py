"""Checks of the screens: notices of zones, what fits beside what, colours that can be read, media files."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from callq.domain import check_values as values
from callq.domain import colours
from callq.domain.check_values import ConfigProblem
from callq.domain.hall import HallNotice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import HallConfig, Screens

PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp", ".gif")
VIDEOS: Final = (".mp4", ".webm")

MOST_MEDIA: Final = 100

MEDIA_NAME: Final = re.compile(r"[^\W_][\w.() -]{0,79}")
"""Letters of any script and digits, then also ``. _ - ( )`` and blanks: never a path."""

_TOO_MUCH: Final = frozenset({"recent", "waiting", "media"})


def problems(config: HallConfig) -> Iterator[ConfigProblem]:
    """What is wrong with the notices and the screens."""
    zones = {zone.code: zone.name for zone in config.zones}
    for index, notice in enumerate(config.notices):
        at = f"notices[{index}]"
        if not isinstance(notice, HallNotice):
            yield from values.text(at, "notices", notice)
            continue
        yield from values.text(f"{at}.text", "notices", notice.text)
        if notice.text_en:
            yield from values.text(f"{at}.text_en", "notices", notice.text_en)
        for position, zone in enumerate(notice.zones):
            yield from values.reference(f"{at}.zones[{position}]", "zone", zone, zones, "unknown_zone")
        yield from values.duplicates(f"{at}.zones[{{}}]", notice.zones)
    screens = config.screens
    yield from values.text("screens.logo", "logo", screens.logo)
    yield from _screen("screens.", screens, inherits=False)
    for index, own in enumerate(screens.zones):
        at = f"screens.zones[{index}]."
        yield from values.reference(f"{at}zone", "zone", own.zone, zones, "unknown_zone")
        given = {
            name
            for name in ("blocks", "recent", "accent", "media", "picture_s")
            if getattr(own, name) is not None
        }
        yield from _screen(at, screens.of_zone(own.zone), inherits=True, given=given)
    yield from values.duplicates("screens.zones[{}].zone", [own.zone for own in screens.zones])


def _screen(
    at: str, screen: Screens, *, inherits: bool, given: set[str] | None = None
) -> Iterator[ConfigProblem]:
    """A layout; of a zone's own only what it gives itself, and what that makes of the rest."""

    def own(*names: str) -> bool:
        return not inherits or bool(given and given.intersection(names))

    if own("recent") and screen.recent is not None:
        yield from values.number(f"{at}recent", "recent", screen.recent)
    if own("picture_s"):
        yield from values.number(f"{at}picture_s", "picture_s", screen.picture_s)
    if own("accent") and screen.accent:
        yield from _accent(f"{at}accent", screen.accent)
    if own("media"):
        yield from _media(f"{at}media", screen.media)
    if own("blocks"):
        yield from values.duplicates(f"{at}blocks[{{}}]", screen.blocks)
    if own("blocks", "media") and "media" in screen.blocks:
        if not screen.media:
            yield ConfigProblem(
                f"{at}blocks",
                "the screen has an area for media, and no files for it",
                "name them in `media`, or leave the block out",
            )
        if own("blocks") and set(screen.blocks) >= _TOO_MUCH:
            yield ConfigProblem(
                f"{at}blocks",
                "recent calls, people waiting and media do not fit on one screen",
                "leave one of recent and waiting out",
            )


def _accent(path: str, accent: str) -> Iterator[ConfigProblem]:
    colour = colours.parse(accent)
    if colour is None:
        yield ConfigProblem(
            path, f"{accent!r} is not a colour", 'write six hexadecimal digits, e.g. "#0B2C4D"'
        )
        return
    least = min(colours.contrast(colour, words) for words in colours.ON_ACCENT)
    if least < colours.LEAST:
        fits = colours.darker(colour)
        better = min(colours.contrast(colours.known(fits), words) for words in colours.ON_ACCENT)
        yield ConfigProblem(
            path,
            f"words on {accent} have a contrast of {least:.1f}:1, and need {colours.LEAST:.0f}:1",
            f"take a darker one: {fits} has {better:.1f}:1",
        )
    elif colours.yellow(colour):
        yield ConfigProblem(
            path,
            f"{accent} is a yellow or brown, and yellow says: this is your step now",
            'take another hue, e.g. the ink-blue "#0B2C4D"',
        )


def _media(path: str, files: tuple[str, ...]) -> Iterator[ConfigProblem]:
    if len(files) > MOST_MEDIA:
        yield ConfigProblem(path, f"{len(files)} files are too many", f"name at most {MOST_MEDIA}")
    for index, name in enumerate(files):
        kind = name[name.rfind(".") :].lower() if "." in name else ""
        if not MEDIA_NAME.fullmatch(name):
            yield ConfigProblem(
                f"{path}[{index}]",
                f"{name!r} is not the name of a file in the media folder",
                "write its name without folders: letters, digits, blanks and . _ - ( ), at most 80",
            )
        elif kind not in PICTURES + VIDEOS:
            yield ConfigProblem(
                f"{path}[{index}]",
                f"{name!r} is no picture or video that every screen can show",
                f"one of: {', '.join(PICTURES + VIDEOS)}",
            )
    twice = [name for name, count in Counter(files).items() if count > 1]
    if twice:
        yield from values.duplicates(f"{path}[{{}}]", files)
