"""The reasons that options carry, in both languages; `docs/guide.md` lists them.

Each is a code for programs, a sentence that a citizen would accept, and the minutes that it counts in the
order of the options. Blanks in braces are filled in.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from callq.wire.messages.guide import Reason, UnavailableCode

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "shortest_wait": ("办这件事的预计等候最短", "The shortest expected wait for this"),
    "nobody_ahead": ("前面没有人等候", "Nobody is waiting"),
    "wait_unknown": ("等候时间现在还无法估计", "The wait is not known yet"),
    "window_free": ("有窗口空闲", "A window is free"),
    "hall_prefers": ("本大厅推荐这样办理", "The hall recommends this way"),
    "hall_prefers_others": ("本大厅更推荐别的办法", "The hall recommends another way before this"),
    "no_queue": ("不用取号排队", "There is no queue"),
    "one_visit": ("几件事取一个号一次办完", "One ticket for all of it"),
    "only_part": ("只能办其中一部分事项", "Only a part of it can be done this way"),
    "likely": ("您可能要办的是：{name}", "You may want: {name_en}"),
    "other_way": ("也可以这样办理", "Another way to have it done"),
    "not_sure": (
        "还不能确定您要办什么，请到“{name}”说明",
        "It is not clear what you want: explain it at {name_en}",
    ),
    "desk_meanwhile": ("现在可以先到“{name}”咨询", "{name_en} can be asked now"),
    "opens_at": ("{when}开始取号", "Tickets are given from {when_en}"),
    "outlet_opens_at": ("{when}开放", "Open from {when_en}"),
    "slot_free": ("{when}的预约时段还有名额", "There is a free slot at {when_en}"),
    "person_needed": ("预约须提供证件号或手机号", "A booking needs an identity or telephone number"),
    "no_window_now": ("目前没有窗口在办理，取号后等候窗口开放", "No window serves it at the moment"),
    "further_no_window": ("“{name}”目前没有窗口在办理", "No window serves {name_en} at the moment"),
    "take_ticket_on_arrival": ("到达后再取号", "Take the ticket when you are here"),
    "wait_unknown_then": ("到达时的等候时间现在还无法估计", "The wait at that time is not known yet"),
    "may_have_priority": (
        "可请工作人员核验后优先办理",
        "Staff may grant priority when they have seen a proof",
    ),
    "green_window": ("{label}号绿色通道窗口可以办理", "Window {label} is a green channel"),
    "sign_language": ("{label}号窗口提供手语服务", "Window {label} has sign language"),
    "ground_floor": ("有不用上下楼的窗口可以办理", "There is a window that needs no stairs"),
    "upstairs": (
        "在{place}，请走无障碍通道或请导办员协助",
        "It is on another floor: ask a guide for the lift",
    ),
    "suspended_now": (
        "大厅现在暂停服务{said}，前来之前请先确认已恢复",
        "The hall is suspended now{said_en}; make sure that it is open again before you come",
    ),
    "may_need_help": ("需要时请家人或导办员协助", "A relative or a guide can help with it"),
    "spares_the_way": ("可以上门办理，不用出门", "Somebody comes to you"),
}
"""By code: Chinese, English."""

UNAVAILABLE: Final[dict[UnavailableCode, tuple[str, str]]] = {
    "hall_suspended": ("大厅暂停服务", "The hall is suspended"),
    "service_closed": ("暂停取号", "It takes no tickets for now"),
    "outside_session": ("现在不是取号时间", "Tickets are not given at this time"),
    "quota_exhausted": ("今天的号已经取完", "All tickets of the day are given"),
    "precheck_needed": ("请先到导办台预审", "See the desk first, which looks at the papers"),
    "not_accepted": ("接受的办理方式都办不了", "It cannot be done in any of the ways accepted"),
    "no_way": ("接受的办理方式目前都没有名额或没有开放", "None of the ways accepted is to be had for now"),
    "not_shown": (
        "办法太多没有全部列出，请单独询问这件事",
        "There are more ways than are shown: ask about it alone",
    ),
    "less_likely": ("也许还要办这件事，请先问清楚", "This may be wanted too: ask before"),
    "nothing_meant": (
        "还不能确定您要办什么，本大厅没有咨询窗口",
        "It is not clear what you want, and the hall has no desk to ask at",
    ),
}
"""Why a service gives no tickets, or a matter has no option."""


@lru_cache(maxsize=1024)
def reason(code: str, minutes: float = 0.0, **blanks: str) -> Reason:
    """A reason of the catalogue, which counts so many minutes, to a thousandth."""
    zh, en = TEXTS[code]
    return Reason(code=code, zh=zh.format(**blanks), en=en.format(**blanks), minutes=round(minutes, 3))


def at_time(code: str, at_ms: int, now_ms: int, timezone: str, minutes: float) -> Reason:
    """A reason that names a time, by the hall's own clock."""
    when, when_en = _told(at_ms // 60_000, _date(now_ms // 60_000, timezone), timezone)
    return reason(code, minutes, when=when, when_en=when_en)


def unavailable(code: UnavailableCode, said: str = "", said_en: str = "") -> tuple[str, str]:
    """Why something has no option, with what staff said; without their English their Chinese."""
    zh, en = UNAVAILABLE[code]
    return (f"{zh}：{said}" if said else zh, f"{en}: {said_en or said}" if said or said_en else en)


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
