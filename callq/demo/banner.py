"""What a demo says in the terminal: its links first, then how the hall is doing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import trio
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from callq.demo.watch import print_status, status_line

if TYPE_CHECKING:
    from callq.demo.links import Passes
    from callq.demo.watch import Hallway
    from callq.domain.hall import HallConfig

LINE_EVERY_S = 60.0
TABLE_EVERY_S = 0.5
TABLE_MAX_WINDOWS = 20

_STATES = {
    "closed": ("关闭 closed", "dim"),
    "idle": ("空闲 idle", "green"),
    "calling": ("叫号 calling", "bold yellow"),
    "serving": ("办理 serving", "blue"),
    "paused": ("暂停 paused", "magenta"),
}


def print_banner(console: Console, url: str, hall: HallConfig, passes: Passes, kept: str | None) -> None:
    """Print every link on a line of its own, unwrapped, so that it can be clicked and copied."""

    def line(text: str = "", style: str = "") -> None:
        console.print(Text(text, style), soft_wrap=True)

    def linked(title: str, href: str, note: str = "") -> None:
        line()
        line(f"{title}{f'  —  {note}' if note else ''}", "bold")
        line(f"  {url}{href}", "cyan")

    line(f"callq 演示大厅已开门 / the demo hall is open: {hall.name} {hall.name_en}".rstrip(), "bold green")
    linked("所有页面，从这里开始 / all pages, start here", passes.home)
    for link in passes.links:
        linked(link.title, link.href, link.note)
    linked("接口文档 / OpenAPI", "/v1/openapi.json")
    linked("监控指标 / metrics", "/metrics")
    line()
    line("命令行取号 / take a ticket from the command line:", "bold")
    line(
        f"  curl -X POST {url}/v1/halls/{hall.id}/tickets -H 'Authorization: Bearer {passes.kiosk}'"
        f" -H 'Content-Type: application/json' -d '{{\"service\": \"{hall.services[0].code}\"}}'",
        "cyan",
    )
    line("  答复里的 links.page 是这张号的手机页 / its links.page is the ticket on a phone", "dim")
    line()
    if kept:
        line(f"数据保留在 / the hall is kept in {kept}", "dim")
    else:
        line("演示结束后数据即删除；--data DIR 可保留 / nothing is kept; --data DIR keeps the hall", "dim")
    line("按 Ctrl-C 结束 / Ctrl-C ends the demo", "dim")
    line()


async def show_status(console: Console, hallway: Hallway, labels: dict[str, str]) -> None:
    """Show the hall until cancelled: a live table in a terminal, else a line a minute.

    Args:
      console: where to.
      hallway: what to show.
      labels: names of clerks by id.
    """
    if not console.is_terminal:

        def say(text: str) -> None:
            console.print(text, soft_wrap=True)

        await print_status(hallway, LINE_EVERY_S, say)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            if hallway.floor:
                live.update(_table(hallway, hallway.floor, labels), refresh=True)
            await trio.sleep(TABLE_EVERY_S)


def _table(hallway: Hallway, floor: dict[str, Any], labels: dict[str, str]) -> Group:
    table = Table(box=None, pad_edge=False)
    for heading in ("窗口 window", "状态 state", "号码 number", "人员 clerk"):
        table.add_column(heading)
    for window in floor["windows"][:TABLE_MAX_WINDOWS]:
        state, style = _STATES[window["state"]]
        clerk = window["clerk"]
        table.add_row(
            window["label"],
            Text(state, style),
            hallway.number_at(window["id"]),
            f"{labels.get(clerk, clerk)} {clerk}" if clerk else "",
        )
    counts: Counter[str] = Counter()
    for queue in floor["queues"]:
        counts[queue["name"]] += queue["count"]
    queues = "  ".join(f"{name} {count}" for name, count in counts.items() if count)
    return Group(table, Text(queues or "无人等候 nobody waits", "dim"), Text(status_line(floor), "bold"))
