"""Entrance, window and ticket as the pictures of the visual language have them, and as long as they get."""

from __future__ import annotations

from typing import Any

from tests.browser.boards import LAYOUT, NOW_MS, notice, usual

MINUTE_MS = 60_000

WAYS_EN = "East hall to the right, west hall to the left, floor 2 by the lift."

ZONES = [
    ("hall", "综合区", "General area", "一楼东厅", 1, 35),
    ("police", "公安区", "Public security", "一楼西厅", 36, 47),
    ("tax", "税务区", "Taxes", "一楼西厅", 48, 57),
    ("insurance", "社保医保区", "Insurance", "一楼西厅", 58, 65),
    ("estate", "不动产区", "Real estate", "一楼西厅", 66, 73),
    ("enterprise", "企业区", "Enterprises", "二楼", 74, 80),
    ("civil", "婚姻法律区", "Marriage and law", "二楼", 81, 84),
]
STATES = {
    **dict.fromkeys((3, 39, 62, 76), "calling"),
    **dict.fromkeys((44, 51, 55, 78, 79, 84), "idle"),
    **dict.fromkeys((14, 47, 70), "paused"),
    **dict.fromkeys((20, 28, 29, 30, 31, 32, 33, 57, 80, 81, 82), "closed"),
}
"""Of windows; the others serve."""

SERVICES = [
    ("A", "综合受理", "General services", "hall", "1–35", 18, (1200, 1800)),
    ("B", "户政身份证", "Identity cards", "police", "36–41", 9, (480, 900)),
    ("C", "出入境", "Travel documents", "police", "42–44", 0, None),
    ("D", "车驾管", "Vehicles", "police", "45–47", 7, (600, 1200)),
    ("M", "税务办理", "Taxes", "tax", "48–57", 0, None),
    ("E", "社会保险", "Social insurance", "insurance", "58–61", 9, (600, 900)),
    ("F", "医疗保障", "Medical insurance", "insurance", "62–65", 6, (300, 600)),
    ("G", "不动产登记", "Real estate registration", "estate", "66–73", 11, (1500, 2400)),
    ("K", "企业开办", "Starting a company", "enterprise", "74–77", 3, (180, 480)),
    ("L", "工程建设", "Construction", "enterprise", "78–80", 0, None),
    ("H", "婚姻登记", "Marriage registration", "civil", "81–82", 0, None),
    ("J", "法律服务", "Legal services", "civil", "83–84", 0, None),
]

WHOLE = {
    **{"zone": None, "zone_name": "", "zone_name_en": "", "zone_place": "", "zone_place_en": ""},
    "windows": "1–84",
}
PLACES_EN = {
    "一楼东厅": "Floor 1, east hall",
    "一楼西厅": "Floor 1, west hall",
    "二楼": "Floor 2",
    "一楼西厅北侧": "Floor 1, west hall, north side",
}
OPEN = {
    **{"open": True, "closed": None, "reason": "", "reason_en": "", "next_ms": None},
    "until_ms": NOW_MS + 60 * MINUTE_MS,
}
SUSPENDED = {"since_ms": NOW_MS - 2 * MINUTE_MS, "reason": "消防演习，请沿绿色标志离开", "reason_en": ""}


def window(number: int, label: str = "") -> dict[str, Any]:
    """A window as screens show it."""
    state = STATES.get(number, "serving")
    return {
        "id": f"w{number}",
        "label": label or str(number),
        "state": state,
        "staffed": True,
        "number": None,
    }


def service(row: tuple[Any, ...]) -> dict[str, Any]:
    """A service of the entrance."""
    prefix, name, english, zone, windows, count, wait = row
    [(_, zone_name, zone_english, place, *_)] = [one for one in ZONES if one[0] == zone]
    low, high = wait or (None, None)
    return {
        "service": prefix.lower(),
        "name": name,
        "name_en": english,
        "prefix": prefix,
        "zone": zone,
        "zone_name": zone_name,
        "zone_name_en": zone_english,
        "zone_place": place.removeprefix("一楼"),
        "zone_place_en": PLACES_EN[place].removeprefix("Floor 1, ").capitalize(),
        "windows": windows,
        "working": 3,
        "count": count,
        "wait": {"p50_s": low, "low_s": low, "high_s": high, "method": "head_of_line"},
        "ticketing": OPEN,
    }


def entrance() -> dict[str, Any]:
    """The sample moment."""
    services = [service(row) for row in SERVICES]
    afternoon = NOW_MS + 246 * MINUTE_MS  # 14:30
    services[10]["ticketing"] = {
        **OPEN,
        "open": False,
        "closed": "outside_session",
        "until_ms": None,
        "next_ms": afternoon,
    }
    return {
        "place": {**usual()["place"], **WHOLE},
        "services": services,
        "zones": [
            {
                "code": code,
                "name": name,
                "name_en": english,
                "place": place,
                "place_en": PLACES_EN[place],
                "windows": [window(n) for n in range(first, last + 1)],
            }
            for code, name, english, place, first, last in ZONES
        ],
        "suspended": None,
        "notices": [notice("东厅右转，西厅左转，二楼乘电梯。24 小时自助区在正门外左侧。", text_en=WAYS_EN)],
        "screen": LAYOUT,
        "unresolved": None,
    }


def small_entrance() -> dict[str, Any]:
    """A hall with few windows, whose services do anything but give tickets."""
    hall = entrance()
    closed = {**OPEN, "open": False, "until_ms": None}
    zone = hall["zones"][0]
    services = [service(row) for row in SERVICES[:5]]
    services[0]["working"] = 0
    services[1]["ticketing"] = {
        **closed,
        "closed": "service_closed",
        "reason": "系统故障",
        "reason_en": "System failure",
    }
    services[2]["ticketing"] = {**closed, "closed": "quota_exhausted", "next_ms": NOW_MS + 1400 * MINUTE_MS}
    services[3]["ticketing"] = {**closed, "closed": "outside_session"}
    services[4] |= {"count": 3}
    return {**hall, "services": services, "zones": [{**zone, "windows": zone["windows"][:6]}]}


def longest_entrance() -> dict[str, Any]:
    """As many windows and services as a city has, with the longest words."""
    hall = entrance()
    names = ("工程建设项目审批", "Construction project permits and inspection")
    places = {
        "zone_name": "县镇村视频联办区",
        "zone_name_en": "Marriage and Legal Services",
        "zone_place": "一楼西厅北侧",
        "zone_place_en": PLACES_EN["一楼西厅北侧"],
    }
    services = [service(row) for row in (*SERVICES, *SERVICES)]
    for n, one in enumerate(services):
        one["service"] = f"s{n}"
        if n % 3 == 0:
            one |= {"name": names[0], "name_en": names[1], "prefix": "AB", "count": 133, **places}
            one["windows"] = "1–35、101–112"
            one["wait"] = {"p50_s": 6000, "low_s": 6000, "high_s": 8400, "method": "head_of_line"}
    zones = [
        {
            "code": f"z{zone}",
            "name": places["zone_name"] if zone % 2 else "综合区",
            "name_en": places["zone_name_en"] if zone % 2 else "General",
            "place": places["zone_place"],
            "place_en": places["zone_place_en"],
            "windows": [window(n, f"综合{n}" if n % 7 == 0 else str(100 + n)) for n in range(1, 38)],
        }
        for zone in range(6)
    ]
    return {**hall, "services": services, "zones": zones}


def bar(state: str = "calling", **more: Any) -> dict[str, Any]:
    """Window 3 in a state."""
    there = state in ("calling", "serving")
    return {
        "window": "w3",
        "label": "3",
        "line1": "",
        "line2": "综合受理、社会保险",
        "line2_en": "General services, Social insurance",
        "number": "A012" if there else None,
        "service_name": "综合受理" if there else "",
        "service_name_en": "General services" if there else "",
        "calls": 1 if there else 0,
        "state": state,
        "opens_ms": None,
        "suspended": None,
        "timezone": "Asia/Shanghai",
        "accent": "",
        **more,
    }


def ticket(state: str = "waiting", *, ahead: int | None = 3, **more: Any) -> dict[str, Any]:
    """A016 in a state; `more` goes into the ticket itself."""
    waiting, at_window = state == "waiting", state in ("called", "serving")
    wait = {"p50_s": 300, "low_s": 180, "high_s": 480, "method": "head_of_line"}
    place = usual()["place"]
    return {
        "ticket": {
            "id": "t1",
            "number": "A016",
            "hall": "county",
            "zone": "hall",
            "service": "general",
            "class": "ordinary",
            "channel": "kiosk",
            "state": state,
            "issued_ms": NOW_MS - 20 * MINUTE_MS,
            "calls": 0 if waiting else 1,
            "called_ms": None if waiting else NOW_MS,
            "window": None if waiting else "w12",
            "ahead": ahead if waiting else None,
            "wait": wait if waiting else None,
            "hold_kind": "without_papers" if state == "held" else None,
            "held_until_ms": NOW_MS + 90 * MINUTE_MS if state == "held" else None,
            **more,
        },
        "service_name": "综合受理",
        "service_name_en": "General services",
        "place": place,
        "contact": {"phone": "12345", "address": ""},
        "window_label": None if waiting else "12",
        "directions": "进门右转，走约 20 米，左手边" if at_window else "",
        "directions_en": "Turn right at the door, 20 m on, on the left" if at_window else "",
        "state": state,
        "rejoin": {"policy": "k_back", "k": 4, "minutes": 30, "max": 1},
        "suspended": None,
        "stopped": None,
        "stopped_en": "",
    }
