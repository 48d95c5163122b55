"""Boards as the pictures of the visual language have them, and as long as words can get."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

NOW_MS = round(datetime(2026, 11, 23, 10, 24, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)

LATE_EN = "Open over noon today, 12:00 to 14:00: general services and social insurance."

SERVICES = [
    ("A", "综合受理", "General services", 18),
    ("E", "社会保险", "Social insurance", 9),
    ("F", "医疗保障", "Medical insurance", 6),
    ("G", "不动产登记", "Real estate registration", 11),
    ("K", "企业开办", "Starting a company", 3),
    ("B", "户政身份证", "Identity cards", 9),
    ("C", "工程建设项目审批", "Construction permits", 112),
    ("D", "水电气广电", "Utilities", 26),
    ("H", "公积金", "Housing fund", 0),
    ("J", "婚姻登记", "Marriage registration", 2),
    ("L", "税务", "Taxes", 133),
    ("AB", "出入境证件办理", "Travel documents", 7),
]


def call(number: str, label: str, ago_s: int, **more: Any) -> dict[str, Any]:
    """A call of so many seconds ago."""
    return {
        "number": number,
        "window": f"w{label}",
        "label": label,
        "at_ms": NOW_MS - ago_s * 1000,
        "calls": 1,
        "state": "called",
        "service": "general",
        "service_name": "综合受理",
        "service_name_en": "General services",
        "directions": "进门右转，第一排",
        "directions_en": "Turn right at the door, first row",
        "zone": "hall",
        "zone_name": "综合区",
        "zone_name_en": "General area",
        "zone_place": "一楼",
        "zone_place_en": "Floor 1",
        **more,
    }


def waiting(services: int) -> list[dict[str, Any]]:
    """People waiting for so many services."""
    return [
        {"service": prefix.lower(), "name": name, "name_en": english, "prefix": prefix, "count": count}
        for prefix, name, english, count in SERVICES[:services]
    ]


def missed(*numbers: str) -> list[dict[str, Any]]:
    """Missed numbers, newest first."""
    return [{"number": number, "service": "general", "at_ms": NOW_MS - 600_000} for number in numbers]


def notice(text: str, **more: Any) -> dict[str, Any]:
    """A notice as screens have it."""
    return {
        "id": None,
        "text": text,
        "text_en": "",
        "kind": "ordinary",
        "zones": [],
        "since_ms": None,
        "until_ms": None,
        **more,
    }


LAYOUT: dict[str, Any] = {
    "blocks": ["recent", "waiting", "missed"],
    "recent": None,
    "accent": "",
    "logo": "",
    "media": [],
    "picture_s": 12,
}
"""Of a hall file that says nothing of its screens."""


def usual() -> dict[str, Any]:
    """The sample moment: Monday 23 November, 10:24."""
    upstairs = {
        "zone": "floor2",
        "zone_name": "不动产专区",
        "zone_name_en": "Real estate",
        "zone_place": "二楼",
        "zone_place_en": "Floor 2",
    }
    return {
        "place": {
            "hall": "county",
            "name": "东源县政务服务中心",
            "name_en": "Dongyuan Government Service Centre",
            "timezone": "Asia/Shanghai",
            "zone": "hall",
            "zone_name": "综合区",
            "zone_name_en": "General area",
            "zone_place": "一楼东厅",
            "zone_place_en": "Floor 1, east hall",
            "windows": "1–35",
        },
        "calls": [
            call("A012", "3", 3),
            call("E031", "12", 40),
            call("G018", "7", 80),
            call("F027", "21", 130, calls=2),
            call("A011", "16", 200),
            call("K009", "76", 260, **upstairs),
            call("E030", "4", 300),
            call("A010", "25", 350),
        ],
        "waiting": waiting(6),
        "missed": missed("A006", "G015", "E027", "F022"),
        "missed_shown_min": 30,
        "windows": [],
        "notices": [
            notice("今日中午 12:00–14:00 开设延时服务，综合受理和社会保险正常取号。", text_en=LATE_EN)
        ],
        "screen": LAYOUT,
    }


def empty() -> dict[str, Any]:
    """Before the first ticket, in a zone where nobody takes tickets."""
    return {**usual(), "calls": [], "waiting": [], "missed": [], "notices": []}


def longest() -> dict[str, Any]:
    """Every word and number as long as it may get."""
    far = {
        "zone": "far",
        "zone_name": "社会保障专区",
        "zone_name_en": "Social insurance area",
        "zone_place": "",
        "zone_place_en": "",
    }
    words = {
        "service_name": "不动产登记交易与缴税",
        "directions": "上二楼左转，到底，靠窗第三排",
        "directions_en": "Up the stairs to floor 2, turn left, to the end, third row at the window",
    }
    board = usual()
    board["place"] |= {"zone_name": "企业开办综合服务区", "windows": "1–35、101–112"}
    return {
        **board,
        "calls": [
            call("A1000", "112", 3, calls=2, **far, **words),
            call("AB1000", "112", 40),
            call("A1001", "办1", 80, calls=2, **far),
            call(
                "AB999",
                "综合12",
                130,
                zone="x",
                zone_name="综合大厅",
                zone_place="南楼五层",
                zone_place_en="South building, floor 5",
            ),
            *board["calls"][4:],
        ],
        "waiting": waiting(12),
        "missed": missed("A006", "G015", "E1027", "AB1022", "A007", "A008", "A009", "AB999"),
        "notices": [
            notice(
                "根据上级统一部署，本中心将于本周六上午对不动产登记系统进行升级维护，"
                "届时不动产登记、交易、缴税业务暂停办理，请提前安排时间，给您带来的不便敬请谅解。"
            )
        ],
    }
