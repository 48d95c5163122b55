"""The floor page's data as the picture of the visual language has it: 东源县, Monday 23 November, 10:24."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from callq.config import load_hall
from callq.domain.hall import Clerk, ProfileSlot, Tides
from callq.web.roles import ALLOWED, Role
from tests.browser.boards import NOW_MS, usual
from tests.browser.moments import MINUTE_MS, OPEN, SERVICES, WHOLE, ZONES

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from callq.domain.hall import HallConfig

TARGETS = {"A": 20, "G": 20}
HEADS = {"A": 19, "B": 9, "D": 11, "E": 12, "F": 7, "G": 27, "K": 4}
"""Minutes that the first of each queue has waited."""
WORKING = {"A": 31, "B": 5, "C": 3, "D": 2, "M": 9, "E": 4, "F": 4, "G": 7, "K": 4, "L": 2, "H": 0, "J": 2}
STATES = {
    **dict.fromkeys((3, 39, 62, 76), ("calling", 0)),
    **{44: ("idle", 2), 51: ("idle", 1), 55: ("idle", 2), 78: ("idle", 2), 79: ("idle", 3), 84: ("idle", 3)},
    **{14: ("paused", 11), 47: ("paused", 8), 70: ("paused", 11), 20: ("unstaffed", 6)},
    **dict.fromkeys((28, 29, 30, 31, 32, 33, 57, 80, 81, 82), ("closed", 90)),
    **{19: ("serving", 27), 67: ("serving", 31)},
}
"""Of windows, and for how many minutes; the others serve."""
NAMES = ("李敏", "王芳", "陈静", "刘洋", "赵强", "周婷", "何军", "黄丽", "陈伟", "吴霞")


def window(number: int, zone: str) -> dict[str, Any]:
    """A window of the page."""
    state, minutes = STATES.get(number, ("serving", 2 + number * 7 % 15))
    staffed = state not in ("closed", "unstaffed")
    return {
        **{"id": f"w{number}", "label": str(number), "zone": zone, "draining": False, "pause_after": False},
        "kind": "tidal" if 28 <= number <= 33 else "comprehensive",
        "state": "idle" if state == "unstaffed" else state,
        "open": state != "closed",
        "active_skills": ["general"] if staffed else [],
        "pause_reason": "用餐休息" if state == "paused" else None,
        "clerk": f"c{number:03}" if staffed else None,
        "trainee": None,
        "ticket": f"t{number}" if state in ("calling", "serving") else None,
        "since_ms": NOW_MS - minutes * MINUTE_MS - 20_000,
        "opens_ms": None,
    }


def queue(row: tuple[Any, ...]) -> dict[str, Any]:
    """The ordinary queue of a service."""
    prefix, name, english, _, _, count, _ = row
    waited = HEADS.get(prefix)
    return {
        **{
            "service": prefix.lower(),
            "name": name,
            "name_en": english,
            "prefix": prefix,
            "class": "ordinary",
        },
        **{"count": count, "bound": 0, "head": f"{prefix}013" if waited else None},
        "head_since_ms": NOW_MS - waited * MINUTE_MS if waited else None,
        "target_s": TARGETS.get(prefix, 20) * 60,
    }


def service(row: tuple[Any, ...]) -> dict[str, Any]:
    """How a service stands."""
    prefix, name, english, *_ = row
    closed = {
        **OPEN,
        "open": False,
        "closed": "outside_session",
        "until_ms": None,
        "next_ms": NOW_MS + 246 * MINUTE_MS,
    }
    return {
        **{"code": prefix.lower(), "name": name, "name_en": english, "prefix": prefix},
        **{"working": WORKING[prefix], "ticketing": closed if prefix == "H" else OPEN},
    }


def warnings() -> list[dict[str, Any]]:
    """As the server has them: also what has not begun."""
    found: list[dict[str, Any]] = []
    for row in SERVICES:
        one = queue(row)
        if (since := one["head_since_ms"]) is not None:
            found.append(
                {
                    **{"id": f"wait/{one['service']}/ordinary", "code": "wait", "service": one["service"]},
                    **{"class": "ordinary", "since_ms": since},
                    "from_ms": since + one["target_s"] * 1000,
                    "severe_ms": since + one["target_s"] * 1300,
                }
            )
    found.append({"id": "crowd/a", "code": "crowd", "service": "a", "count": 18})
    empty = window(20, "hall")["since_ms"]
    found.append(
        {
            **{"id": "unstaffed/w20", "code": "unstaffed", "window": "w20", "since_ms": empty},
            **{"from_ms": empty + MINUTE_MS, "clerks": ["c006", "c007"]},
        }
    )
    for number in (19, 67):
        since = window(number, "")["since_ms"]
        found.append(
            {
                **{"id": f"serving/w{number}", "code": "serving", "window": f"w{number}"},
                **{"since_ms": since, "from_ms": since + 25 * MINUTE_MS},
            }
        )
    return found


def plan() -> dict[str, Any]:
    """The tides of the day: a morning that rises, lunch, an afternoon."""
    begins = NOW_MS - 114 * MINUTE_MS  # 08:30
    past = [
        {"from_ms": begins + n * 15 * MINUTE_MS, "open": open_, "needed": needed}
        for n, (open_, needed) in enumerate(
            ((60, 42), (60, 47), (60, 53), (66, 58), (73, 64), (73, 68), (73, 72), (73, 75))
        )
    ]
    needed = (76, 73, 66, 35, 28, 29, 38, 55, 64, 71, 68, 57, 40, 26)
    day = [
        {
            "from_ms": begins + (4 + n) * 30 * MINUTE_MS,
            "windows": windows,
            "planned": min(max(windows, 36), 84),
        }
        for n, windows in enumerate(needed)
    ]
    reason = {
        **{"code": "load", "service": None, "window": None, "lead_min": 6, "needed": 76.0, "there": 73.0},
        "text": "6 分钟后预计需要 76 个综合窗口，现有 73 个",
        "text_en": "in 6 min 76 windows of several services will be needed, 73 are there",
    }
    proposal = {
        **{"id": "p1", "made_ms": NOW_MS, "until_ms": NOW_MS + 5 * MINUTE_MS, "by": None},
        **{"open": ["w28", "w29", "w30"], "stay": [], "close": [], "drain": [], "leaving": [], "leave": 0},
        **{"skills": [], "reasons": [reason], "cost_h": 3.5},
        "effect": {
            **{"windows": 76, "services": ["g"], "short_before": 11.0, "short_after": 4.0},
            **{"wait_before_min": 27.0, "wait_after_min": 16.0},
        },
    }
    return {
        **{"mode": "advise", "by_hand": False, "beta": 0.0, "minute_ms": NOW_MS - 30_000, "there": 73},
        "needs": [
            {"lead_min": lead, "windows": windows}
            for lead, windows in ((6, 76), (11, 76), (16, 75), (21, 75), (26, 74), (31, 74))
        ],
        **{"past": past, "day": day, "opening": [], "leaving": [], "leave": 0, "alone": []},
        **{"in_force": None, "proposal": proposal},
    }


def floor() -> dict[str, Any]:
    """The sample moment."""
    windows = [window(n, code) for code, _, _, _, first, last in ZONES for n in range(first, last + 1)]
    seats = {one["clerk"]: one["label"] for one in windows if one["clerk"]}
    clerks = [
        {
            "id": f"c{n:03}",
            "name": NAMES[(n - 1) % len(NAMES)],
            "busy_at": None if n in (6, 7) else seats.get(f"c{n:03}"),
        }
        for n in range(1, 85)
    ]
    for one in windows:
        if one["clerk"] in ("c006", "c007"):
            one["clerk"] = f"c{int(one['label']) + 22:03}"
    return {
        "place": {**usual()["place"], **WHOLE},
        "windows": windows,
        "clerks": clerks,
        "queues": [queue(row) for row in SERVICES],
        "services": [service(row) for row in SERVICES],
        "suspended": None,
        "day_closed": False,
        "seconded": {},
        "held": [],
        "help": [],
        "devices": [],
        "device_counts": {"ok": 0, "fault": 0, "silent": 0, "unknown": 0},
        "notices": [],
        "plan": plan(),
        "totals": {
            **{"waiting": 63, "late": 3, "mean_since_ms": NOW_MS - 9 * MINUTE_MS - 20_000, "serving": 58},
            **{"issued": 538, "priority": 32, "done": 402, "missed": 21},
        },
        "zones": [
            {
                "code": code,
                "name": name,
                "name_en": english,
                "place": "二楼" if place == "二楼" else "",
                "place_en": "",
            }
            for code, name, english, place, *_ in ZONES
        ],
        "warnings": warnings(),
        "thresholds": {
            **{"waiting": 10, "waiting_severe": 20, "late_severe": 1.3},
            **{"unstaffed_min": 1, "serving_min": 25, "paused_min": 15},
        },
        "config_digest": "d1",
        "ratings": {"done": 402, "rated": 173, "levels": [1, 2, 9, 41, 120]},
        "cases": {"open": 2, "called_back": 1, "due_ms": [NOW_MS + 4 * 3_600_000]},
        "priority_share": {
            **{"granted": 32, "issued": 538, "limit_percent": None, "most": None, "most_next": None},
            "over": "supervisor",
        },
        "prechecks": {"passed": 0, "lacking": 0, "services": []},
        "accompanied": [],
    }


PAPER_OUT = {
    **{
        "code": "paper_out",
        "since_ms": NOW_MS - 240_000,
        "detail": "",
        "text": "缺纸",
        "text_en": "out of paper",
    },
    **{"todo": "换纸，号票暂由 6 号机补打", "todo_en": "put paper in"},
}


def devices() -> list[dict[str, Any]]:
    """As many as the picture has, one kiosk without paper."""
    kinds = (("screen", 9), ("kiosk", 13), ("led", 84), ("call_box", 5), ("rating", 84))
    found = [
        {
            **{"id": f"{kind}-{n}", "kind": kind, "name": "", "place": "", "zone": "hall", "window": None},
            **{"state": "ok", "since_ms": NOW_MS, "last_seen_ms": NOW_MS, "version": "1", "faults": []},
            **{"audio_blocked": False, "order": None, "listed": True},
            **{"text": "", "text_en": "", "todo": "", "todo_en": ""},
        }
        for kind, count in kinds
        for n in range(1, count + 1)
    ]
    broken = next(one for one in found if one["id"] == "kiosk-7")
    broken |= {"name": "7 号自助机", "state": "fault", "faults": [PAPER_OUT], "since_ms": NOW_MS - 240_000}
    broken |= {name: PAPER_OUT[name] for name in ("text", "text_en", "todo", "todo_en")}
    return found


def events() -> list[dict[str, Any]]:
    """What was done lately, oldest first."""
    who = {"role": "supervisor", "id": "tk_69b54b3279273279", "name": "周主任"}
    acts: tuple[tuple[int, str, dict[str, Any]], ...] = (
        (66, "window_opened", {"window": "w21"}),
        (41, "clerk_signed_in", {"window": "w34", "clerk": "c034"}),
        (38, "issuing_stopped", {"service": "h", "reason": "婚姻系统维护"}),
        (22, "skills_set", {"window": "w12", "skills": ["general"]}),
        (
            9,
            "ticket_called",
            {"ticket": "t12", "window": "w21", "why": {"rule": "called_by_name", "reason": "等候超时"}},
        ),
        (4, "tides_declined", {"plan": "p0", "until_clock": 0, "reason": "高峰将过"}),
    )
    return [
        {
            "revision": n + 1,
            "index": 0,
            "at_ms": NOW_MS - ago * MINUTE_MS,
            "kind": kind,
            "who": who,
            "data": data,
        }
        for n, (ago, kind, data) in enumerate(acts)
    ]


def doors(page: Page, role: Role = Role.SUPERVISOR) -> None:
    """Answer what the page asks over HTTP, as of this moment."""
    may = [permission.value for permission, roles in ALLOWED.items() if role in roles]
    told = floor()
    services = [
        {"code": one["code"], "name": one["name"], "name_en": one["name_en"]} for one in told["services"]
    ]
    clerks = [
        {"id": one["id"], "name": one["name"], "skills": {service["code"]: 2 for service in services[:5]}}
        for one in told["clerks"]
    ]
    answers: dict[str, Any] = {
        "": {"token": "tk_told", "role": role.value, "may": may, "clerks": clerks},
        "/config": {"config": {"services": services, "windows": [{"id": w["id"]} for w in told["windows"]]}},
        "/events": {"events": events(), "next": 7},
        "/tickets": {"ticket": {"id": "t", "number": "G011", "service": "g"}},
    }

    def answer(route: Route) -> None:
        path = route.request.url.partition("/v1/halls/dongyuan")[2].partition("?")[0]
        part = "/tickets" if path.startswith("/tickets") else path
        route.fulfill(status=200, content_type="application/json", body=json.dumps(answers[part]))

    page.route("**/v1/halls/dongyuan*", answer)
    page.route("**/v1/halls/dongyuan/**", answer)


def tidal_county() -> HallConfig:
    """`county` with one clerk more, and windows 4 and 6 that follow the tide; everybody comes on this day."""
    config = load_hall("county")
    services = tuple(replace(service, daily=4000.0) for service in config.services)
    tides = Tides(
        mode="advise",
        windows=("w4", "w6"),
        opening_min=0,
        profile=(ProfileSlot(hours="00:00-24:00", rate=1.0),),
    )
    spare = Clerk(id="c07", name="吴霞", skills={"general": 2, "social": 2, "medical": 2})
    return replace(config, services=services, tides=tides, clerks=(*config.clerks, spare))
