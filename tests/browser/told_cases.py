"""Cases of bad ratings at the sample moment: as many as a hall has, some of them old."""

from __future__ import annotations

from typing import Any

from tests.browser.boards import NOW_MS, usual

HOUR_MS, MINUTE_MS = 3_600_000, 60_000

_ROWS: tuple[tuple[Any, ...], ...] = (
    ("A011", "不动产登记", "4", "何军", 1, ("事情没办成",), "", -10, "open"),
    (
        "A012",
        "综合受理",
        "2",
        "王芳",
        2,
        ("没有一次说清", "等候时间长"),
        "来了三次才办成，每次说的材料不一样。",
        -5,
        "open",
    ),
    ("E015", "医疗保障", "2", "王芳", 2, ("办理慢",), "", 10, "open"),
    ("E018", "社会保险", "5", "陈伟", 1, (), "大厅太吵，听不见叫号。", 25, "called_back"),
    ("G006", "不动产登记", "67", "何军", 2, ("要的材料多", "办理慢"), "", 26, "open"),
)
"""Number, service, window, clerk, level, reasons, words, hours left, state."""


def case(row: tuple[Any, ...]) -> dict[str, Any]:
    """One of the rows as the view has it."""
    number, service, label, clerk, level, reasons, text, left_h, state = row
    return {
        **{"id": f"r{number[2:]}", "number": number, "day": "2026-11-22", "step": 0},
        **{"service": "s", "service_name": service, "service_name_en": ""},
        **{"window": f"w{label}", "window_label": label, "clerk": "c1", "clerk_name": clerk, "level": level},
        "reasons": [{"code": one, "name": one, "name_en": ""} for one in reasons],
        **{"text": text, "rated_at": "phone" if text else "window", "state": state},
        **{"opened_ms": NOW_MS + (left_h - 34) * HOUR_MS, "due_ms": NOW_MS + left_h * HOUR_MS},
        **{"tried": 0, "acts": [], "taken": None, "undone_ms": None},
    }


def act(kind: str, ago_h: float, by: str, text: str) -> dict[str, Any]:
    """What somebody did about a case."""
    at_ms = NOW_MS - round(ago_h * HOUR_MS)
    return {"kind": kind, "at_ms": at_ms, "by": f"tk_{by}", "by_name": by, "text": text}


def view() -> dict[str, Any]:
    """The whole page; whoever looks, `tk_told`, is calling one back, and somebody else another."""
    cases = {one["id"]: one for one in map(case, _ROWS)}
    began_ms = NOW_MS - 3 * MINUTE_MS
    until_ms = began_ms + 30 * MINUTE_MS
    cases["r12"] |= {
        "tried": 1,
        "acts": [act("not_reached", 2, "周主任", "无人接听，下午再打")],
        "taken": {"by": "tk_told", "by_name": "李主任", "at_ms": began_ms, "until_ms": until_ms},
    }
    cases["r15"]["taken"] = {"by": "tk_z", "by_name": "周主任", "at_ms": began_ms, "until_ms": until_ms}
    cases["r18"] |= {"tried": 1, "acts": [act("reached", 1, "李主任", "已致歉，音量已调高")]}
    return {
        "place": usual()["place"],
        "cases": sorted(cases.values(), key=lambda one: int(one["due_ms"])),
        "closed": 7,
        "ratings": {"done": 402, "rated": 173, "levels": [1, 3, 9, 40, 120]},
        "rules": {"attempts": 3, "keep_days": 90, "acts": 50},
    }
