"""A hall with lists to look through, a share of priority and a printer, for the desk's tests and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.live import LiveServer

SAMPLE = Path(__file__).parents[2] / "callq" / "samples" / "county.toml"

ID_CARD, DEED, TAX = "买卖双方身份证原件", "不动产权证书", "完税证明"

CHECKED = f"""[[services]]
code = "estate"
needs_precheck = true
precheck = [
  {{ text = "{ID_CARD}", text_en = "Identity cards of both sides" }},
  {{ text = "{DEED}", text_en = "Deed", hint = "遗失的先到 2 楼补证", hint_en = "Lost: floor 2" }},
  {{ text = "{TAX}", text_en = "Tax receipt", hint = "1 楼税务窗口可补打", hint_en = "Again on floor 1" }},
]
"""

MORE = """
[desk]
priority_share = 20
priority_free = 1

[[items]]
code = "new-house"
name = "新建商品房转移登记"
name_en = "Transfer of a new house"
service = "estate"
precheck = ["购房合同备案表"]
"""


def hall_file() -> str:
    """The sample, with what the desk works with."""
    text = SAMPLE.read_text(encoding="utf-8")
    found = text.replace('[[services]]\ncode = "estate"\n', CHECKED, 1)
    assert found != text
    at_once = found.replace("min_calls_before_miss = 2", "min_calls_before_miss = 1", 1)
    assert at_once != found
    return at_once + MORE


def desk_server(folder: Path) -> LiveServer:
    """A server with this hall; to be stopped."""
    path = folder / "hall.toml"
    path.write_text(hall_file(), encoding="utf-8")
    return LiveServer(folder / "data", halls=[str(path)]).start()


def busy(live: LiveServer) -> list[dict[str, Any]]:
    """Three windows at work, and a dozen people; their tickets in the order of issue."""
    for window, clerk in (("w1", "c01"), ("w2", "c02"), ("w3", "c03")):
        live.window(window, "sign_in", clerk=clerk)
        live.window(window, "open")
    found = [
        live.issue(service, person={"phone": f"1381234{5000 + n:04d}", "name": "张三"})
        for n, service in enumerate([*["general"] * 6, *["social"] * 4, *["medical"] * 3])
    ]
    live.window("w1", "call_next")
    live.window("w2", "call_next")
    live.window("w2", "start")
    return found
