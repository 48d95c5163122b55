"""The reasons that options carry, in both languages; `docs/guide.md` lists them.

Each is a code for programs and a sentence that a citizen would accept. Blanks in braces are filled in.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from callq.wire.messages.guide import ClosedCode, Reason

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "shortest_wait": ("预计等候最短", "The shortest expected wait"),
    "nobody_ahead": ("前面没有人等候", "Nobody is waiting"),
    "window_free": ("有窗口空闲", "A window is free"),
    "hall_prefers": ("本大厅推荐这样办理", "The hall recommends this way"),
    "no_queue": ("不用取号排队", "There is no queue"),
    "one_visit": ("几件事取一个号一次办完", "One ticket for all of it"),
    "only_part": ("只能办其中一部分事项", "Only a part of it can be done this way"),
    "likely": ("您可能要办的是：{name}", "You may want: {name_en}"),
    "not_sure": (
        "还不能确定您要办什么，请到“{name}”说明",
        "It is not clear what you want: explain it at {name_en}",
    ),
    "opens_at": ("{when}开始取号", "Tickets are given from {when_en}"),
    "outlet_opens_at": ("{when}开放", "Open from {when_en}"),
    "slot_free": ("{when}的预约时段还有名额", "There is a free slot at {when_en}"),
    "person_needed": ("预约须提供证件号或手机号", "A booking needs an identity or telephone number"),
    "no_window_now": ("目前没有窗口在办理，取号后等候窗口开放", "No window serves it at the moment"),
    "take_ticket_on_arrival": ("到达后再取号", "Take the ticket when you are here"),
    "wait_unknown_then": ("到达时的等候时间现在还无法估计", "The wait at that time is not known yet"),
    "may_have_priority": (
        "可请工作人员核验后优先办理",
        "Staff may grant priority when they have seen a proof",
    ),
    "green_window": ("{label}号绿色通道窗口可以办理", "Window {label} is a green channel"),
    "sign_language": ("{label}号窗口提供手语服务", "Window {label} has sign language"),
    "ground_floor": ("一楼窗口可以办理，不用上楼", "There is a window on the ground floor"),
    "upstairs": ("在{place}，请走无障碍通道或请导办员协助", "It is upstairs: ask a guide for the lift"),
    "may_need_help": ("需要时请家人或导办员协助", "A relative or a guide can help with it"),
}
"""By code: Chinese, English."""

CLOSED: Final[dict[ClosedCode, tuple[str, str]]] = {
    "hall_suspended": ("大厅暂停服务", "The hall is suspended"),
    "service_closed": ("暂停取号", "It takes no tickets for now"),
    "outside_session": ("现在不是取号时间", "Tickets are not given at this time"),
    "quota_exhausted": ("今天的号已经取完", "All tickets of the day are given"),
}
"""Why a service gives no tickets."""


@lru_cache(maxsize=1024)
def _plain(code: str) -> Reason:
    zh, en = TEXTS[code]
    return Reason(code=code, zh=zh, en=en)


def reason(code: str, **blanks: str) -> Reason:
    """A reason of the catalogue."""
    if not blanks:
        return _plain(code)
    zh, en = TEXTS[code]
    return Reason(code=code, zh=zh.format(**blanks), en=en.format(**blanks))


def at_time(code: str, at_ms: int, now_ms: int, timezone: str) -> Reason:
    """A reason that names a time, by the hall's own clock."""
    when, when_en = _told(at_ms // 60_000, _date(now_ms // 60_000, timezone), timezone)
    return reason(code, when=when, when_en=when_en)


def closed(code: ClosedCode, said: str) -> tuple[str, str]:
    """Why a service gives no tickets, with what staff said."""
    zh, en = CLOSED[code]
    return (f"{zh}：{said}", f"{en}: {said}") if said else (zh, en)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=1024)
def _date(minute: int, timezone: str) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).astimezone(_zone(timezone)).date().isoformat()


@lru_cache(maxsize=1024)
def _told(minute: int, today: str, timezone: str) -> tuple[str, str]:
    at = datetime.fromtimestamp(minute * 60, UTC).astimezone(_zone(timezone))
    if at.date().isoformat() == today:
        return f"今天 {at:%H:%M} ", f"{at:%H:%M} today"
    return f"{at.month}月{at.day}日 {at:%H:%M} ", f"{at:%H:%M} on {at.day} {_MONTHS[at.month - 1]}"


_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
