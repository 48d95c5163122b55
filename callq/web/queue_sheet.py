"""The list of the queue as a page that needs nothing else: no script, no address, no power."""

from __future__ import annotations

from datetime import datetime
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from callq.wire import messages as m

Lang = Literal["zh", "en"]

_ZH: Final = {
    "title": "排队表",
    "made": "打印于 {time}，当日号票，共 {n} 人等候",
    "use": "停电或断网时按本表顺序叫号。叫一个，划一个；恢复后在系统里补办。",
    "place": "次序",
    "number": "号码",
    "class": "类别",
    "issued": "取号",
    "state": "状态",
    "note": "备注",
    "done": "已叫",
    "ordinary": "普通",
    "appointment": "预约",
    "priority": "优先",
    "waiting": "等候",
    "called": "叫号中",
    "serving": "办理中",
    "held": "挂起",
    "missed": "已过号",
    "back.missed": "过号重排",
    "back.transfer": "转来",
    "back.hold": "回来",
    "at": "{label} 号窗口",
    "only": "只到 {label} 号窗口",
    "party": "{n} 人同来",
    "accompanied": "有帮办员陪同",
    "nobody": "现在没有人等候。",
    "count": "{n} 张",
    "trait.deaf": "听力不便",
    "trait.blind": "视力不便",
    "trait.elderly": "老年人",
    "trait.disabled": "残疾人",
    "trait.pregnant": "孕妇",
    "trait.military": "军人",
    "trait.english": "讲英语",
    "trait.wants_priority": "申请优先",
}
_EN: Final = {
    "title": "Queue list",
    "made": "Printed at {time}, tickets of the day, {n} waiting",
    "use": "Without power or network, call in this order. Strike out whom you called; enter them later.",
    "place": "Place",
    "number": "Number",
    "class": "Class",
    "issued": "Taken",
    "state": "State",
    "note": "Note",
    "done": "Called",
    "ordinary": "Ordinary",
    "appointment": "Appointment",
    "priority": "Priority",
    "waiting": "Waiting",
    "called": "Being called",
    "serving": "Being served",
    "held": "On hold",
    "missed": "Missed",
    "back.missed": "came back after a miss",
    "back.transfer": "sent on",
    "back.hold": "came back from a hold",
    "at": "window {label}",
    "only": "window {label} only",
    "party": "party of {n}",
    "accompanied": "with a helper",
    "nobody": "Nobody is waiting.",
    "count": "{n}",
    "trait.deaf": "hard of hearing",
    "trait.blind": "poor sight",
    "trait.elderly": "elderly",
    "trait.disabled": "disabled",
    "trait.pregnant": "pregnant",
    "trait.military": "military",
    "trait.english": "speaks English",
    "trait.wants_priority": "asks for priority",
}
WORDS: Final[dict[Lang, dict[str, str]]] = {"zh": _ZH, "en": _EN}

COLUMNS: Final = ("place", "number", "class", "issued", "state", "note", "done")


def sheet(queue: m.QueueList, lang: Lang) -> str:
    """HTML of the list, with the styles in it.

    Args:
      queue: what is listed.
      lang: of the words; names are in it where the hall file has them.
    """
    words = WORDS[lang]
    title = f"{_named(queue.name, queue.name_en, lang)} {words['title']}"
    style = resources.files("callq.web").joinpath("static/queue.css").read_text(encoding="utf-8")
    code = "zh-CN" if lang == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{code}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f'<main class="queue-sheet">\n{_content(queue, lang, title)}</main>\n</body>\n</html>\n'
    )


def text_of(queue: m.QueueList, lang: Lang) -> str:
    """The same as plain text, for a terminal or any printer."""
    words = WORDS[lang]
    lines = [f"{_named(queue.name, queue.name_en, lang)} {words['title']}", _made(queue, lang)]
    for zone in queue.zones:
        for service in zone.services:
            lines += ["", f"{_zone(zone, lang)} / {_service(service, lang)} ({len(service.rows)})"]
            lines += ["  ".join(_cells(row, queue.timezone, lang)).rstrip() for row in service.rows]
    return "\n".join(lines if queue.zones else [*lines, "", words["nobody"]]) + "\n"


def _content(queue: m.QueueList, lang: Lang, title: str) -> str:
    words = WORDS[lang]
    parts = [
        f'<header><h1>{escape(title)}</h1><p class="made">{escape(_made(queue, lang))}</p>'
        f'<p class="use">{escape(words["use"])}</p></header>\n'
    ]
    for zone in queue.zones:
        parts.append(f"<h2>{escape(_zone(zone, lang))}</h2>\n")
        parts += [_table(service, queue.timezone, lang) for service in zone.services]
    if not queue.zones:
        parts.append(f'<p class="nobody">{escape(words["nobody"])}</p>\n')
    return "".join(parts)


def _table(service: m.QueueService, timezone: str, lang: Lang) -> str:
    words = WORDS[lang]
    count = words["count"].format(n=len(service.rows))
    head = "".join(f'<th scope="col" class="{name}">{escape(words[name])}</th>' for name in COLUMNS)
    rows = "".join(
        f'<tr data-state="{row.state}" data-number="{escape(row.number)}">'
        + "".join(
            f'<td class="{name}">{escape(cell)}</td>'
            for name, cell in zip(COLUMNS, (*_cells(row, timezone, lang), ""), strict=True)
        )
        + "</tr>\n"
        for row in service.rows
    )
    return (
        f"<table><caption>{escape(_service(service, lang))} <span>{escape(count)}</span></caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table>\n"
    )


def _cells(row: m.QueueRow, timezone: str, lang: Lang) -> tuple[str, ...]:
    """What stands in a row, but for the last column, which is for the pen."""
    words = WORDS[lang]
    notes = [words[f"back.{row.returned}"]] if row.returned and row.state == "waiting" else []
    if row.window:
        notes.append(words["only" if row.state == "waiting" else "at"].format(label=row.window))
    if row.party > 1:
        notes.append(words["party"].format(n=row.party))
    notes += [words.get(f"trait.{trait}", trait) for trait in row.traits]
    if row.accompanied:
        notes.append(words["accompanied"])
    return (
        "" if row.place is None else str(row.place),
        row.number,
        words[row.class_],
        _clock(row.issued_ms, timezone, "%H:%M"),
        words[row.state],
        ("，" if lang == "zh" else ", ").join(notes),
    )


def _made(queue: m.QueueList, lang: Lang) -> str:
    time = _clock(queue.at_ms, queue.timezone, "%Y-%m-%d %H:%M")
    return WORDS[lang]["made"].format(time=time, n=queue.waiting)


def _clock(at_ms: int, timezone: str, form: str) -> str:
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(timezone)).strftime(form)


def _zone(zone: m.QueueZone, lang: Lang) -> str:
    place = f" {zone.place}" if zone.place and lang == "zh" else ""
    return f"{_named(zone.name, zone.name_en, lang)}{place}"


def _service(service: m.QueueService, lang: Lang) -> str:
    return f"{service.prefix} {_named(service.name, service.name_en, lang)}"


def _named(name: str, name_en: str, lang: Lang) -> str:
    return (lang == "en" and name_en) or name
