"""The words of a ticket's paper, block by block, for whatever draws them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from callq.wire import messages as m

CELL: Final = 12
"""Dots of a Latin letter; a hanzi has two cells, and a line is 24 dots high."""

HEIGHT: Final = 24
COARSE_MIN: Final = 10
"""From here on minutes are rounded to five, as on the screens."""


class Line(NamedTuple):
    """Text on a line of its own, `size` times as large."""

    text: str
    size: int = 1
    align: Literal["left", "centre"] = "left"
    bold: bool = False
    inverted: bool = False
    """White on black: what has to stand out in a box."""


class Pair(NamedTuple):
    """A label, and beside it what it says, larger."""

    label: str
    value: str
    size: int = 2


class Rule(NamedTuple):
    """A line across the paper."""

    heavy: bool = False


class Code(NamedTuple):
    """A QR code in the middle."""

    content: str


class Gap(NamedTuple):
    """Empty paper."""

    dots: int


Block = Line | Pair | Rule | Code | Gap

ZH: Final = {
    "where": "请到这里等候叫号",
    "ahead": "前面还有",
    "wait": "预计等候",
    "at": "取号时间",
    "people": "{n} 位",
    "next": "您是下一位",
    "minutes": "{range} 分钟",
    "unknown": "暂无法估计",
    "soon": "即将叫号",
    "date": "{month}月{day}日 {time}",
    "scan": "扫码看进度",
    "scan_more": "快到号时提醒您，可取消、可评价。",
    "listen": "请看屏幕、听语音，叫到号再到窗口。",
    "missed.void": "过号作废，需重新取号。",
    "missed.second_call": "过号 {minutes} 分钟内，请到原窗口等候再叫。",
    "missed.k_back": "过号 {minutes} 分钟内，请到导办台重新排队。",
    "change": "预计时间会变化，以叫号为准。当日有效。",
    "phone": "咨询 {phone}",
    "ordinary": "普通",
    "appointment": "预约",
    "priority": "优先",
    "wants_priority": "已申请优先，请到导办台确认",
    "again": "补打",
}
EN: Final = {
    "where": "Please wait here",
    "ahead": "Ahead",
    "wait": "Wait",
    "at": "Taken",
    "people": "{n}",
    "next": "You are next",
    "minutes": "{range} min",
    "unknown": "No estimate yet",
    "soon": "Soon",
    "date": "{year}-{month:02}-{day:02} {time}",
    "scan": "Scan to follow your number",
    "scan_more": "Alerts you, lets you cancel and rate.",
    "listen": "Go to a window when your number is called.",
    "missed.void": "A missed number is void.",
    "missed.second_call": "Missed it? Wait at that window, {minutes} min.",
    "missed.k_back": "Missed it? Ask at the desk, {minutes} min.",
    "change": "Estimates may change. Valid today only.",
    "phone": "Tel. {phone}",
    "ordinary": "Ordinary",
    "appointment": "Booked",
    "priority": "Priority",
    "wants_priority": "Priority asked for: see the desk",
    "again": "Reprint",
}


def cells(text: str) -> int:
    """Width in cells: what is wide in Chinese type has two."""
    return sum(2 if east_asian_width(char) in "WFA" else 1 for char in text)


def blocks_of(ticket: m.Ticket, paper: m.Paper, link: str) -> list[Block]:
    """What is printed of a ticket, from top to bottom; no name and no identity is in it.

    Args:
      ticket: as the server gave it to be printed.
      paper: the words that belong to it.
      link: what the QR code holds; empty: no code.
    """
    english = "english" in ticket.traits
    words = EN if english else ZH
    columns = paper.dots // CELL
    hall = (english and paper.hall_en) or paper.hall
    service = (english and paper.service_en) or paper.service
    place = "  ".join(
        filter(
            None,
            ("" if english and paper.zone_en else paper.place, (english and paper.zone_en) or paper.zone),
        )
    )
    found: list[Block] = [Line(hall, align="centre", bold=True), Rule(heavy=True), Gap(12)]
    found.append(Line(ticket.number, _largest(ticket.number, columns, 8), "centre", bold=True))
    found += [Gap(8), *_large(service, columns), Gap(12)]
    if ticket.class_ != "ordinary":
        found += [Line(f" {words[ticket.class_]} ", 2, "centre", bold=True, inverted=True), Gap(12)]
    elif "wants_priority" in ticket.traits:
        found += [Line(f" {words['wants_priority']} ", 1, "centre", inverted=True), Gap(12)]
    if place:
        found += [
            Rule(heavy=True),
            Line(words["where"], align="centre"),
            *_large(place, columns),
            Rule(heavy=True),
        ]
    found += [*_figures(ticket, words), Pair(words["at"], _time(ticket.issued_ms, paper.timezone, words), 1)]
    if link:
        found += [Rule(), Code(link), Line(words["scan"], align="centre", bold=True)]
        found += [Line(line, align="centre") for line in wrapped(words["scan_more"], columns)]
    rejoin = words[f"missed.{paper.rejoin.policy}"].format(minutes=paper.rejoin.minutes)
    found.append(Rule())
    for text in (words["listen"], rejoin, words["change"]):
        found += [Line(line) for line in wrapped(text, columns)]
    again = words["again"] if ticket.print is not None and ticket.print.copy > 1 else ""
    phone = words["phone"].format(phone=paper.phone) if paper.phone else ""
    foot = "  ".join(filter(None, (paper.printer, words[ticket.class_], phone, again)))
    return [*found, Gap(12), *(Line(line, align="centre") for line in wrapped(foot, columns))]


def _figures(ticket: m.Ticket, words: dict[str, str]) -> list[Block]:
    if ticket.ahead is None:
        return []
    ahead = words["people"].format(n=ticket.ahead) if ticket.ahead else words["next"]
    wait = ticket.wait
    minutes = minutes_of(wait.low_s, wait.high_s) if wait is not None else None
    unknown = words["unknown" if ticket.ahead else "soon"]
    return [
        Gap(8),
        Pair(words["ahead"], ahead),
        Pair(words["wait"], words["minutes"].format(range=minutes) if minutes else unknown),
    ]


def minutes_of(low_s: int | None, high_s: int | None) -> str | None:
    """``20-30`` as on the screens; None: nothing honest can be said."""
    if low_s is None or high_s is None:
        return None
    low, high = low_s / 60, high_s / 60
    low = max(1, math.floor(low / 5) * 5 if low > COARSE_MIN else math.floor(low))
    high = max(low, math.ceil(high / 5) * 5 if high > COARSE_MIN else math.ceil(high))
    if high == low:
        high += 5 if low >= COARSE_MIN else 1
    return f"{low}-{high}"


def _time(at_ms: int, timezone: str, words: dict[str, str]) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(timezone))
    return words["date"].format(year=at.year, month=at.month, day=at.day, time=f"{at:%H:%M}")


def _largest(text: str, columns: int, most: int) -> int:
    return max(1, min(most, columns // max(1, cells(text))))


def _large(text: str, columns: int) -> list[Block]:
    """In double size where it fits on a line, else on several lines of the ordinary one."""
    if _largest(text, columns, 2) == 2:
        return [Line(text, 2, "centre", bold=True)]
    return [Line(line, 1, "centre", bold=True) for line in wrapped(text, columns)]


def wrapped(text: str, columns: int) -> list[str]:
    """Lines of at most so many cells: between hanzi anywhere, in other words at blanks."""
    found, line, word = [], "", ""
    for char in f"{text} ":
        if char == " " or cells(char) == 2:
            if line and cells(line + word) + (cells(char) if char != " " else 0) > columns:
                found.append(line.rstrip())
                line = ""
            line += word + char
            word = ""
        else:
            word += char
    return [*found, line.rstrip()] if line.strip() else found
