"""The agent's file: which server and hall, and each box with its window.

Read like a hall file: every mistake with its line, its key and what to write instead.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, get_args

import msgspec

from callq.agent.channels import BAUDS, Place, place_of
from callq.config import Problem, examine
from callq.config.agent_file import connection_problems, load_agent_file
from callq.domain.check_values import ConfigProblem, code, duplicates
from panels.callbox.codecs.hub95 import MAX_SERVICE
from panels.callbox.codecs.lcd21 import MAX_DATA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Protocol = Literal["95h", "lcd21"]
Key = Literal[
    "enter", "recall", "miss", "hold", "transfer", "pause", "undo", "call",
    "request_rating", "help", "next", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
]  # fmt: skip
"""What a key of a box means."""

KEYS: Final = frozenset(get_args(Key))
CAPS: Final = (
    "enter", "plus", "minus", "star", "slash", "dot", "backspace",
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
)  # fmt: skip
"""Keys of a numeric keypad by what stands on them."""

TCP_PORT: Final = 4001
"""Of the first line of many serial servers."""

MAX_BOXES: Final = 500
MAX_CHOICES: Final = 9
PAUSE_REASONS: Final = ("短暂离开", "整理材料", "设备故障", "交接班", "用餐休息")

_HEX: Final = re.compile(r"[0-9A-Fa-f]{2}")
_HEXES: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){1,8}")
_USB_ID: Final = re.compile(r"[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}")
_FIELDS: Final = {"number": "A012", "window": "3", "waiting": 12, "state": "calling"}


class Transfer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a ticket can be sent: one of the two."""

    service: str = ""
    window: str = ""


class Keypad(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A USB numeric keypad."""

    name: str
    """Code, for logs and metrics."""
    window: str
    device: str = ""
    """Path of the input device; one under /dev/input/by-path or by-id stays the same."""
    match: str = ""
    """Part of the device's name."""
    usb: str = ""
    """Vendor and product, ``1a2c:0042``."""
    grab: bool = True
    """Whether its keys come here alone, not to the desktop as well."""
    clerk: str = ""
    """Who is signed in by Enter at a window without a clerk; empty: nobody is."""
    keys: dict[str, Key] = {}
    """Meanings other than the usual, by what stands on the keys."""


class Box(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One box on a line."""

    name: str
    """Code, for logs and metrics."""
    window: str
    address: int
    """Its number on the line."""
    clerk: str = ""
    """Who is signed in by its call key at a window without a clerk; empty: nobody is."""


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A serial line with its boxes, at this machine or behind a serial server."""

    name: str
    """Code, for logs and metrics."""
    protocol: Protocol
    address: str
    """A serial line such as ``/dev/ttyUSB0``, or ``host:port`` of a serial server."""
    boxes: tuple[Box, ...]
    baud: int = 9600
    """Of a serial line, 8N1."""
    call: Literal["enter", "next"] = "enter"
    """95h: what the call key means: what the window's state calls for, or always the next number."""
    miss_after_recalls: bool = True
    """95h: whether the recall key gives a call up once it may not be repeated any more."""
    push: bool = False
    """95h: whether a box is told of a change at once, not at its next poll."""
    services: tuple[str, ...] = ()
    """95h: services whose numbers have 1, 2, ... as their service on the box; others have 0."""
    keys: dict[str, Key] = {}
    """lcd21: meanings by command and data, in hexadecimal: ``21`` or ``2103``."""
    answer: str = ""
    """lcd21: command of the answer to every key, in hexadecimal; empty: none is given."""
    show: str = ""
    """lcd21: command that puts a text on the display, in hexadecimal; empty: there is none."""
    text: str = "{number} {waiting}"
    """lcd21: the text, in GBK; may have number, window, waiting and state in braces."""

    @property
    def serial(self) -> bool:
        """Whether it is a line of this machine."""
        return self.address.startswith("/")

    @property
    def place(self) -> Place:
        """Host and port; not of a serial line."""
        return place_of(self.address, TCP_PORT)


class AgentConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    hall: str
    server: str = "http://127.0.0.1:8080"
    keypads: tuple[Keypad, ...] = ()
    lines: tuple[Line, ...] = ()
    keep_s: int = 30
    """Seconds for which a press is sent again that the server has not answered."""
    lost_after_s: int = 15
    """Seconds without the server after which the boxes say so."""
    reasons: tuple[str, ...] = PAUSE_REASONS
    """For a pause, by digit from 1."""
    transfers: tuple[Transfer, ...] = ()
    """For a transfer, by digit from 1."""
    call_reason: str = "unspecified"
    """On record for a number that is called out of turn by its digits."""

    @property
    def boxes(self) -> tuple[Keypad | Box, ...]:
        """Keypads, then the boxes of lines."""
        return (*self.keypads, *(box for line in self.lines for box in line.boxes))


def load(path: Path) -> AgentConfig:
    """Read the file.

    Raises:
      AgentFileError: it cannot be read, or something in it is wrong.
    """
    return load_agent_file(path, check)


def check(content: str) -> tuple[AgentConfig | None, list[Problem]]:
    """The configuration that a text holds, and everything that is wrong with it."""
    return examine(content, AgentConfig, _problems)


def _problems(config: AgentConfig) -> Iterator[ConfigProblem]:
    yield from connection_problems(config.hall, config.server)
    yield from _between("keep_s", config.keep_s, 1, 120)
    yield from _between("lost_after_s", config.lost_after_s, 5, 600)
    if not config.boxes:
        yield ConfigProblem("keypads", "there are no boxes", "add [[keypads]] or [[lines]] with their boxes")
    if len(config.boxes) > MAX_BOXES:
        yield ConfigProblem("lines", "too many boxes", f"at most {MAX_BOXES}: run several agents")
    for key, values in (("reasons", config.reasons), ("transfers", config.transfers)):
        if len(values) > MAX_CHOICES:
            yield ConfigProblem(key, "more than there are digits", f"at most {MAX_CHOICES}")
    for index, reason in enumerate(config.reasons):
        if not 0 < len(reason) <= 64:
            yield ConfigProblem(f"reasons[{index}]", "no reason", "write 1 to 64 characters")
    for index, transfer in enumerate(config.transfers):
        yield from _transfer(f"transfers[{index}]", transfer)
    yield from _names(config)
    for index, keypad in enumerate(config.keypads):
        yield from _keypad(f"keypads[{index}]", keypad)
    for index, line in enumerate(config.lines):
        yield from _line(f"lines[{index}]", line)


def _names(config: AgentConfig) -> Iterator[ConfigProblem]:
    """Names tell boxes apart in logs, metrics and device registers, whatever they hang on."""
    named = [(f"keypads[{index}].name", pad.name) for index, pad in enumerate(config.keypads)]
    for index, line in enumerate(config.lines):
        named += [(f"lines[{index}].boxes[{at}].name", box.name) for at, box in enumerate(line.boxes)]
    first: dict[str, str] = {}
    for path, name in named:
        yield from code(path, name)
        if first.setdefault(name, path) != path:
            yield ConfigProblem(
                path, f"{name!r} is used twice", f"it is already at {first[name]}", "duplicate"
            )
    yield from duplicates("lines[{}].name", (line.name for line in config.lines))
    yield from duplicates("lines[{}].address", (line.address for line in config.lines))
    wanted = [(pad.device, pad.match, pad.usb) for pad in config.keypads]
    for index, each in enumerate(wanted):
        if each in wanted[:index]:
            yield ConfigProblem(
                f"keypads[{index}].device",
                f"keypads[{wanted.index(each)}] names the same device",
                "tell two keypads apart by a path under /dev/input/by-path",
                "duplicate",
            )


def _between(key: str, value: int, low: int, high: int) -> Iterator[ConfigProblem]:
    if not low <= value <= high:
        yield ConfigProblem(key, f"{value} is out of range", f"write a number from {low} to {high}")


def _transfer(at: str, transfer: Transfer) -> Iterator[ConfigProblem]:
    if bool(transfer.service) == bool(transfer.window):
        yield ConfigProblem(at, "no single target", 'write service = "social" or window = "w5"')
    else:
        key = "service" if transfer.service else "window"
        yield from code(f"{at}.{key}", getattr(transfer, key))


def _keypad(at: str, keypad: Keypad) -> Iterator[ConfigProblem]:
    yield from code(f"{at}.window", keypad.window)
    if keypad.clerk:
        yield from code(f"{at}.clerk", keypad.clerk)
    if bool(keypad.device) == bool(keypad.match or keypad.usb):
        yield ConfigProblem(
            f"{at}.device",
            "say in one way which device it is",
            'write device = "/dev/input/by-path/...", or match = "Keypad" and usb = "1a2c:0042"',
        )
    if keypad.device and not keypad.device.startswith("/"):
        yield ConfigProblem(f"{at}.device", "is no path", "write e.g. /dev/input/by-id/usb-...-event-kbd")
    if keypad.usb and not _USB_ID.fullmatch(keypad.usb):
        yield ConfigProblem(f"{at}.usb", f"{keypad.usb!r} is no USB id", "write it as lsusb does: 1a2c:0042")
    for cap in keypad.keys:
        if cap not in CAPS:
            yield ConfigProblem(f"{at}.keys.{cap}", "a keypad has no such key", f"one of: {', '.join(CAPS)}")


def _line(at: str, line: Line) -> Iterator[ConfigProblem]:
    yield from code(f"{at}.name", line.name)
    if line.serial:
        if line.baud not in BAUDS:
            yield ConfigProblem(
                f"{at}.baud",
                f"{line.baud} is no speed of a serial line",
                f"one of: {', '.join(map(str, BAUDS))}",
            )
    else:
        try:
            place_of(line.address, TCP_PORT)
        except ValueError:
            yield ConfigProblem(
                f"{at}.address",
                f"{line.address!r} is no address",
                f"write e.g. /dev/ttyUSB0, or host:port of a serial server, e.g. 192.168.1.60:{TCP_PORT}",
            )
    if not line.boxes:
        yield ConfigProblem(
            f"{at}.boxes", "there are no boxes", "add a [[lines.boxes]] table for each of them"
        )
    for index, box in enumerate(line.boxes):
        yield from _between(f"{at}.boxes[{index}].address", box.address, 0, 255)
        yield from code(f"{at}.boxes[{index}].window", box.window)
        if box.clerk:
            yield from code(f"{at}.boxes[{index}].clerk", box.clerk)
    yield from duplicates(f"{at}.boxes[{{}}].address", (box.address for box in line.boxes))
    if len(line.services) > MAX_SERVICE:
        yield ConfigProblem(f"{at}.services", "more than a box can tell apart", f"at most {MAX_SERVICE}")
    if line.protocol == "lcd21":
        yield from _lcd(at, line)


def _lcd(at: str, line: Line) -> Iterator[ConfigProblem]:
    if not line.keys:
        yield ConfigProblem(
            f"{at}.keys", "no key has a meaning", 'write from the maker\'s table e.g. keys = {"21" = "enter"}'
        )
    for key in line.keys:
        if not _HEXES.fullmatch(key):
            yield ConfigProblem(f"{at}.keys.{key}", "no hexadecimal bytes", 'write e.g. "21" or "2103"')
    for name in ("answer", "show"):
        value = getattr(line, name)
        if value and not _HEX.fullmatch(value):
            yield ConfigProblem(f"{at}.{name}", f"{value!r} is no hexadecimal byte", 'write e.g. "A1"')
    try:
        shown = line.text.format(**_FIELDS)
    except (KeyError, IndexError, ValueError, AttributeError):
        yield ConfigProblem(f"{at}.text", "has braces that mean nothing", f"in braces: {', '.join(_FIELDS)}")
    else:
        if len(shown.encode("gbk", "replace")) > MAX_DATA:
            yield ConfigProblem(f"{at}.text", "is longer than a frame", f"at most {MAX_DATA} bytes of GBK")
