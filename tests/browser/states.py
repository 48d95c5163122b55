"""Every state of every page that citizens see: what is walked by tests and photographed for the docs."""

from __future__ import annotations

import struct
import zlib
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.browser import boards, moments
from tests.browser.boards import LAYOUT, NOW_MS, notice

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE_MS: Final = 60_000
Size = tuple[int, int]

LANDSCAPE: Final = [(1920, 1080), (1280, 720), (3840, 2160)]
UPRIGHT: Final = [(1080, 1920), (720, 1280)]
BARS: Final = [(1280, 320)]
PHONES: Final = [(320, 568), (360, 640), (390, 844), (430, 932), (844, 390)]

LIFT = notice(
    "东侧电梯停运，请走西侧楼梯，行动不便的群众请找导办员。",
    text_en="The east lift is out of order. Please take the west stairs, or ask the staff.",
    kind="urgent",
    id="n7",
)


def picture(colour: tuple[int, int, int] = (60, 110, 158), size: Size = (64, 36)) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    rows = (b"\0" + bytes(colour) * size[0]) * size[1]
    head = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def board(**changes: Any) -> dict[str, Any]:
    """The sample moment, a while after its newest call: nothing is announced."""
    shown = {"suspended": None, **boards.usual(), **changes}
    shown["calls"] = [{**call, "at_ms": call["at_ms"] - 2 * MINUTE_MS} for call in shown["calls"]]
    return shown


def laid_out(*blocks: str, **more: Any) -> dict[str, Any]:
    """The same with these blocks."""
    media = [{"url": "/media/fire.png", "kind": "picture"}] if "media" in blocks else []
    shown = board(screen={**LAYOUT, "blocks": list(blocks), "media": media, **more})
    if more.get("recent") == 8:
        # One more than the sample moment has, beside the large one.
        shown["calls"] = [*shown["calls"], boards.call("F026", "21", 900)]
    return shown


def stopped() -> dict[str, Any]:
    """A service that gives no tickets."""
    shut = {
        "open": False,
        "closed": "service_closed",
        "reason": "上级系统故障",
        "reason_en": "The system of the province is down",
        "next_ms": None,
        "until_ms": None,
    }
    shown = board()
    shown["waiting"] = [
        {**row, "ticketing": shut} if row["prefix"] == "G" else row for row in shown["waiting"]
    ]
    return shown


TV: Final[dict[str, Callable[[], dict[str, Any]]]] = {
    "usual": board,
    "longest words": lambda: board(**boards.longest()),
    "nothing called": lambda: board(**boards.empty()),
    "served": lambda: board(calls=[{**c, "state": "serving"} for c in boards.usual()["calls"]]),
    "urgent notice": lambda: board(notices=[LIFT, *boards.usual()["notices"]]),
    "service stopped": stopped,
    "colour, logo, eight calls": lambda: laid_out(
        "recent", "waiting", "missed", recent=8, accent="#5B1A1A", logo="东源政务"
    ),
    "media": lambda: laid_out("recent", "missed", "media"),
    "recent and media": lambda: laid_out("recent", "media", recent=6),
    "eight calls and media": lambda: laid_out("recent", "missed", "media", recent=8),
    "without recent calls": lambda: laid_out("waiting", "missed", "media"),
    "waiting and media": lambda: laid_out("waiting", "media"),
    "missed and media": lambda: laid_out("missed", "media"),
    "media alone": lambda: laid_out("media"),
    "waiting and missed": lambda: laid_out("waiting", "missed"),
    "recent and waiting": lambda: laid_out("recent", "waiting"),
    "recent and missed": lambda: laid_out("recent", "missed"),
    "recent alone": lambda: laid_out("recent", recent=7),
    "the call alone": laid_out,
    "suspended": lambda: board(suspended=moments.SUSPENDED),
    "suspended, long reason": lambda: board(suspended={**moments.SUSPENDED, "reason": "停电检修，" * 40}),
    "suspended with an urgent notice": lambda: board(suspended=moments.SUSPENDED, notices=[LIFT]),
}

ENTRANCE: Final[dict[str, Callable[[], dict[str, Any]]]] = {
    "usual": moments.entrance,
    "a city": moments.longest_entrance,
    "a small hall": moments.small_entrance,
    "urgent notice": lambda: {**moments.entrance(), "notices": [LIFT]},
    "colour and logo": lambda: {
        **moments.entrance(),
        "screen": {**LAYOUT, "accent": "#0B4D2C", "logo": "东源政务"},
    },
    "suspended": lambda: {**moments.entrance(), "suspended": moments.SUSPENDED},
}

BAR: Final[dict[str, Callable[[], dict[str, Any]]]] = {
    **{state: partial(moments.bar, state) for state in ("calling", "serving", "idle", "paused", "closed")},
    "serving in the hall's colour": lambda: moments.bar("serving", accent="#5B1A1A"),
    "called again": lambda: moments.bar("calling", calls=2),
    "opening": lambda: moments.bar("closed", opens_ms=NOW_MS + 300_000),
    "suspended": lambda: moments.bar("idle", suspended=moments.SUSPENDED),
    "suspended at work": lambda: moments.bar(
        "serving", suspended={**moments.SUSPENDED, "reason": "消防演习"}
    ),
    "longest words": lambda: moments.bar(
        "calling", label="综合12", number="AB1000", calls=2, service_name="不动产登记交易与缴税"
    ),
    "many services": lambda: moments.bar(
        "idle", label="112", line2="、".join(["综合受理", "社会保险", "医疗保障", "住房公积金"] * 2)
    ),
}

PHONE: Final[dict[str, Callable[[], dict[str, Any]]]] = {
    "three ahead": moments.ticket,
    "far ahead": lambda: moments.ticket(ahead=120, number="AB1000"),
    "next": lambda: moments.ticket(ahead=0, wait=None),
    **{
        state: partial(moments.ticket, state)
        for state in (*("called", "serving", "held", "missed", "done", "cancelled", "abandoned", "expired"),)
    },
    "suspended": lambda: {**moments.ticket(), "suspended": moments.SUSPENDED},
    "service stopped": lambda: {
        **moments.ticket(ahead=12),
        "stopped": "上级系统故障",
        "stopped_en": "The system of the province is down",
    },
}


class Kind(NamedTuple):
    """A page: its view, its address, what it may show, and at which sizes.

    Attributes:
      sizes: in groups of one drawing: a page that is open is not turned.
      least_px: smallest text, in pixels of the drawing.
      broken: whether it has a picture of a broken line of its own.
    """

    view: str
    path: str
    states: dict[str, Callable[[], dict[str, Any]]]
    sizes: list[list[Size]]
    least_px: Callable[[Size], float]


def _wall(size: Size) -> float:
    """28 px at 1920x1080 and 26 px at 1080x1920, scaled with the picture."""
    width, height = size
    return 28 * min(width / 1920, height / 1080) if width > height else 26 * min(width / 1080, height / 1920)


def _entrance(size: Size) -> float:
    return 26 * min(size[0] / (1920 if size[0] > size[1] else 1080), 4)


def _bar(size: Size) -> float:
    return 30.0 if size in BARS else 48 * min(size) / 1080


KINDS: Final = {
    "tv": Kind("board", "/tv/county/hall", TV, [LANDSCAPE, UPRIGHT], _wall),
    "entrance": Kind("entrance", "/tv/county/entrance", ENTRANCE, [LANDSCAPE, UPRIGHT], _entrance),
    "window": Kind("strip", "/tv/county/window/w3", BAR, [BARS, LANDSCAPE, UPRIGHT], _bar),
    "phone": Kind("ticket", "/t/county/t1", PHONE, [PHONES], lambda size: 16.0),
}
