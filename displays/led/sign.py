"""What a bar shows: a few lines of text, made from the views of the hall. No I/O, no clock.

A window's bar has its strip's two lines; where there is room for one only, the services take turns with
the state while nobody is called. A zone's bar lists who is called where, the newest call first. Numbers are
never cut, wrapped or moved; services that do not fit take turns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from displays.led.config import Colour, Device

PAGE_S: Final = 4.0
"""How long each of several pages of a line stays."""

FLASH_S: Final = 6.0
"""How long a new call is inverted and back, once a second: also who cannot hear it has to notice."""

HALF_S: Final = 0.5
"""How long it is inverted, and how long it is not: once a second."""

WAITING_WORDS: Final = "等候叫号"
SUSPENDED_WORDS: Final = "大厅暂停服务"
LOST_WORDS: Final = "连接中断"

Measure = "Callable[[str], int]"


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes:
      pages: texts that take turns, each narrow enough; at least one.
      calling: whether it asks somebody to come, and has the colour of that.
      call: which call that is, a repeated one being another: it is inverted now and then at first;
        empty: none.
    """

    pages: tuple[str, ...]
    calling: bool = False
    call: str = ""


@dataclass(frozen=True, slots=True)
class Sign:
    """All lines of a bar.

    Attributes:
      lines: from the top, as many as the bar has room for.
      aside: whether it stands in for another for a while: calls that it leaves out are no news afterwards.
    """

    lines: tuple[Line, ...]
    aside: bool = False

    @property
    def calls(self) -> frozenset[str]:
        """Calls that are inverted now and then at first."""
        return frozenset(line.call for line in self.lines) - {""}


@dataclass(frozen=True, slots=True)
class Shown:
    """A line at one moment: its text, whether it calls, whether light and dark are exchanged."""

    text: str
    calling: bool = False
    inverted: bool = False


BLANK: Final = Sign((Line(("",)),))
"""Nothing, on every line."""


def shown_at(sign: Sign, elapsed_s: float, calls: Mapping[str, float]) -> tuple[Shown, ...]:
    """The lines of a sign at a moment.

    Args:
      sign: what is put up.
      elapsed_s: how long it has been.
      calls: how long each of its calls has been, on whichever sign.
    """
    page = int(elapsed_s / PAGE_S)
    return tuple(
        Shown(
            line.pages[page % len(line.pages)],
            line.calling,
            line.call != "" and (age := calls[line.call]) < FLASH_S and int(age / HALF_S) % 2 == 0,
        )
        for line in sign.lines
    )


def next_change_s(sign: Sign, elapsed_s: float, calls: Mapping[str, float]) -> float:
    """In how many seconds a sign changes next; infinite if it stays as it is. Arguments as of `shown_at`."""
    waits = [HALF_S - calls[call] % HALF_S for call in sign.calls if calls[call] < FLASH_S]
    if any(len(line.pages) > 1 for line in sign.lines):
        waits.append(PAGE_S - elapsed_s % PAGE_S)
    return min(waits, default=float("inf"))


def strip_sign(data: dict[str, Any], device: Device, measure: Callable[[str], int]) -> Sign:
    """The bar over a window, from the view ``strip``.

    Args:
      data: `line1`, `line2`, `number`, `calls`, `state`.
      device: its columns and lines.
      measure: width of a text in columns.
    """
    number, state, line1 = data["number"], data["state"], data["line1"]
    named = bool(number) and number in line1
    calling = state == "calling" and named
    # A hall that stands still calls nobody: a number in place of the words would.
    shorter = SUSPENDED_WORDS[2:] if data.get("suspended") else number if named else line1
    first = _fitting((line1, shorter), device.columns, measure)
    services = pages_of(data["line2"], device.columns, measure)
    call = f"{number} {data['calls']}" if calling and device.pixels else ""
    if device.line_count > 1:
        return _padded((Line((first,), calling, call), Line(services or ("",))), device)
    turns = () if named or state == "closed" else services
    return Sign((Line((first, *turns), calling, call),))


def board_sign(data: dict[str, Any], device: Device, measure: Callable[[str], int]) -> Sign:
    """The bar of a zone, from the view ``board``: who is called where, then who is served where."""
    if data["suspended"]:
        reason = pages_of(data["suspended"]["reason"], device.columns, measure)
        first = _fitting((SUSPENDED_WORDS, SUSPENDED_WORDS[2:]), device.columns, measure)
        if device.line_count > 1:
            return _padded((Line((first,)), Line(reason or ("",))), device)
        return Sign((Line((first, *reason)),))
    calls = [call for call in data["calls"] if call["state"] == "called"]
    served = [call for call in data["calls"] if call["state"] == "serving"]
    lines = [
        Line(
            (_where(call, device.columns, measure),),
            True,
            f"{call['number']} {call['at_ms']}" if device.pixels else "",
        )
        for call in calls
    ] + [Line((_where(call, device.columns, measure),)) for call in served]
    if not lines:
        lines = [Line((_fitting((WAITING_WORDS,), device.columns, measure),))]
    return _padded(tuple(lines[: device.line_count]), device)


def stale_sign(sign: Sign | None, since: str, device: Device, measure: Callable[[str], int]) -> Sign:
    """What is left of a sign when nothing has been heard of the server since ``hh:mm``.

    The last state stays, without the colour of a call, and the bar says that it may be old.
    """
    told = _fitting((f"{LOST_WORDS} {since}", LOST_WORDS, since), device.columns, measure)
    lines = [replace(line, calling=False, call="") for line in sign.lines] if sign else []
    if device.line_count > 1:
        kept = [*lines, Line(("",)), Line(("",))][: device.line_count - 1]
        return Sign((*kept, Line((told,))), aside=True)
    return Sign((Line((*(lines[0].pages[:1] if lines else ()), told)),), aside=True)


def pages_of(text: str, columns: int, measure: Callable[[str], int]) -> tuple[str, ...]:
    """A list such as ``综合受理、社会保险`` as pages that fit, cut between its parts if possible."""
    pages: list[str] = []
    for part in text.split("、"):
        joined = f"{pages[-1]}、{part}" if pages else part
        if pages and measure(joined) <= columns:
            pages[-1] = joined
        else:
            pages += _pieces(part, columns, measure)
    return tuple(page for page in pages if page)


def _pieces(text: str, columns: int, measure: Callable[[str], int]) -> Iterable[str]:
    while text:
        length = next((n for n in range(len(text), 1, -1) if measure(text[:n]) <= columns), 1)
        yield text[:length]
        text = text[length:]


def _where(call: dict[str, Any], columns: int, measure: Callable[[str], int]) -> str:
    number, label = call["number"], call["label"]
    please = "请到" if call["state"] == "called" else " "
    return _fitting(
        (
            f"{number}{' ' if please != ' ' else ''}{please}{label}号窗口",
            f"{number}→{label}窗",
            f"{number}→{label}",
            number,
        ),
        columns,
        measure,
    )


def _fitting(texts: tuple[str, ...], columns: int, measure: Callable[[str], int]) -> str:
    """The first that fits; the last if none does, which is drawn smaller."""
    return next((text for text in texts if measure(text) <= columns), texts[-1])


def _padded(lines: tuple[Line, ...], device: Device) -> Sign:
    return Sign((*lines, *(Line(("",)),) * (device.line_count - len(lines))))


def colour_of(shown: Shown, device: Device) -> Colour:
    """The colour of a line."""
    return (device.calling_colour or device.colour) if shown.calling else device.colour
