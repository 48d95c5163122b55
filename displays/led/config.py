"""The gateway's file: which server and hall, and each LED device with what it shows.

Read like a hall file: every mistake with its line, its key and what to write instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from callq.agent.channels import BAUDS, Place, place_of
from callq.config import Problem, examine
from callq.config.agent_file import connection_problems, load_agent_file
from callq.domain.check_values import ConfigProblem, code, duplicates
from displays.led.protocols import ddp, flaschen, onbon, sacn, text

if TYPE_CHECKING:
    from collections.abc import Iterator

Protocol = Literal["onbon", "text", "ddp", "flaschen", "sacn"]
Colour = Literal["red", "green", "yellow", "white"]
Alignment = Literal["left", "centre", "right"]

PIXEL_PROTOCOLS: Final = frozenset({"ddp", "flaschen", "sacn"})
STREAM_PROTOCOLS: Final = frozenset({"onbon", "text"})
"""Text cards, over TCP or a serial line."""

PORTS: Final[dict[Protocol, int]] = {
    "onbon": onbon.TCP_PORT,
    "text": text.TCP_PORT,
    "ddp": ddp.PORT,
    "flaschen": flaschen.PORT,
    "sacn": sacn.PORT,
}
MULTICAST: Final = "multicast"
"""Address of an sACN device whose universes are sent to their groups."""

FONTS: Final = (16, 24, 32)
MAX_DEVICES: Final = 500

_NUMBERS: Final = {
    "columns": (16, 2048),
    "rows": (16, 512),
    "brightness": (1, 100),
    "universe": sacn.UNIVERSES,
    "priority": sacn.PRIORITIES,
    "x": (0, 4096),
    "y": (0, 4096),
    "layer": flaschen.LAYERS,
    "target": (0, 0xFFFD),
    "lost_after_s": (5, 600),
}


class Device(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One LED bar or wall."""

    name: str
    """Code, for logs and metrics."""
    protocol: Protocol
    address: str
    """``host``, ``host:port``, a serial line such as ``/dev/ttyUSB0``, or ``multicast`` (sACN)."""
    columns: int
    """Pixels from left to right."""
    rows: int
    """Pixels from top to bottom."""
    window: str = ""
    """Window whose strip it shows."""
    zone: str = ""
    """Zone whose calls it shows; ``all``: those of the whole hall."""
    font: int = 0
    """Rows of one line: 16, 24 or 32; 0: the largest that fits."""
    align: Alignment = "centre"
    colour: Colour = "red"
    calling_colour: Colour | None = None
    """Of a window that calls; None: the same colour."""
    brightness: int = 100
    """Percent, of walls that are sent pixels."""
    baud: int = 57_600
    """Of a serial line, 8N1."""
    target: int = onbon.DEFAULT_TARGET
    """Address of an Onbon card; of a text card on the same line 0 to 255."""
    horizontal: onbon.Units = "pixels"
    """What an Onbon card counts x and widths in."""
    vertical: onbon.Units = "pixels"
    x: int = 0
    """Where on the card or wall it begins."""
    y: int = 0
    layer: int = 0
    """Flaschen-Taschen: 0 stays, others expire and have a transparent black."""
    universe: int = 1
    """sACN: the first universe."""
    priority: int = 100
    ddp_type: Literal["0B", "01"] = "0B"

    @property
    def line_rows(self) -> int:
        """Rows of one line."""
        return self.font or max((font for font in FONTS if font <= self.rows), default=FONTS[0])

    @property
    def line_count(self) -> int:
        """How many lines there are."""
        return max(1, self.rows // self.line_rows)

    @property
    def serial(self) -> bool:
        """Whether it hangs on a serial line."""
        return self.address.startswith("/")

    @property
    def pixels(self) -> bool:
        """Whether it is sent pictures, not texts."""
        return self.protocol in PIXEL_PROTOCOLS

    @property
    def confirms(self) -> bool:
        """Whether it answers what it is sent."""
        return self.protocol == "onbon"

    @property
    def place(self) -> Place:
        """Host and port; not of a serial line."""
        return place_of(self.address, PORTS[self.protocol])


class GatewayConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    hall: str
    devices: tuple[Device, ...]
    server: str = "http://127.0.0.1:8080"
    fonts: tuple[str, ...] = ()
    """Font files to use in place of the system's, the first that has a character draws it."""
    lost_after_s: int = 15
    """Seconds without the server after which the bars say so."""


def load(path: Path) -> GatewayConfig:
    """Read the file.

    Raises:
      AgentFileError: it cannot be read, or something in it is wrong.
    """
    return load_agent_file(path, check)


def check(content: str) -> tuple[GatewayConfig | None, list[Problem]]:
    """The configuration that a text holds, and everything that is wrong with it."""
    return examine(content, GatewayConfig, _problems)


def _problems(config: GatewayConfig) -> Iterator[ConfigProblem]:
    yield from connection_problems(config.hall, config.server)
    yield from _number("", "lost_after_s", config.lost_after_s)
    for index, font in enumerate(config.fonts):
        if not Path(font).is_file():
            yield ConfigProblem(
                f"fonts[{index}]", f"there is no file {font!r}", "name a .otf, .ttf, .ttc or .pcf file"
            )
    if not config.devices:
        yield ConfigProblem("devices", "there are no devices", "add a [[devices]] table for each of them")
    if len(config.devices) > MAX_DEVICES:
        yield ConfigProblem("devices", "too many devices", f"at most {MAX_DEVICES}: run several gateways")
    yield from duplicates("devices[{}].name", (device.name for device in config.devices))
    for index, device in enumerate(config.devices):
        at = f"devices[{index}]."
        yield from code(f"{at}name", device.name)
        yield from _shows(at, device)
        yield from _address(at, device)
        yield from _geometry(at, device)
        yield from _colours(at, device)
    yield from _overlaps(config.devices)


def _number(at: str, key: str, value: int) -> Iterator[ConfigProblem]:
    low, high = _NUMBERS[key]
    if not low <= value <= high:
        yield ConfigProblem(f"{at}{key}", f"{value} is out of range", f"write a number from {low} to {high}")


def _shows(at: str, device: Device) -> Iterator[ConfigProblem]:
    if bool(device.window) == bool(device.zone):
        what = "window and zone are both given" if device.window else "neither window nor zone is given"
        yield ConfigProblem(
            f"{at}{'zone' if device.window else 'window'}",
            what,
            'write window = "w1" for the bar over a window, or zone = "hall" or "all" for calls',
        )
    elif device.window:
        yield from code(f"{at}window", device.window)
    else:
        yield from code(f"{at}zone", device.zone)


def _address(at: str, device: Device) -> Iterator[ConfigProblem]:
    if device.serial:
        if device.protocol not in STREAM_PROTOCOLS:
            yield ConfigProblem(
                f"{at}address",
                f"{device.protocol} has no serial line",
                f"write the host, e.g. 192.168.1.50:{PORTS[device.protocol]}",
            )
        if device.baud not in BAUDS:
            yield ConfigProblem(
                f"{at}baud",
                f"{device.baud} is no speed of a serial line",
                f"one of: {', '.join(map(str, BAUDS))}",
            )
    elif device.address == MULTICAST:
        if device.protocol != "sacn":
            yield ConfigProblem(f"{at}address", "only sACN is sent to groups", "write the host of the device")
    else:
        try:
            place_of(device.address, PORTS[device.protocol])
        except ValueError:
            yield ConfigProblem(
                f"{at}address",
                f"{device.address!r} is no address",
                f"write host or host:port, e.g. 192.168.1.50:{PORTS[device.protocol]}, or e.g. /dev/ttyUSB0",
            )


def _geometry(at: str, device: Device) -> Iterator[ConfigProblem]:
    for key in ("columns", "rows", "brightness", "universe", "priority", "x", "y", "layer", "target"):
        yield from _number(at, key, getattr(device, key))
    if device.font and device.font not in FONTS:
        yield ConfigProblem(f"{at}font", f"{device.font} is not possible here", "write 16, 24 or 32")
    elif device.font > device.rows:
        yield ConfigProblem(
            f"{at}font",
            f"a line of {device.font} rows does not fit into {device.rows}",
            "choose a smaller font",
        )
    if device.protocol == "text" and device.target > text.ADDRESSES[1]:
        yield ConfigProblem(f"{at}target", f"{device.target} is out of range", "write a number from 0 to 255")
    if device.protocol == "onbon":
        for key, unit in (("x", device.horizontal), ("y", device.vertical), ("rows", device.vertical)):
            if unit == "eights" and getattr(device, key) % 8:
                yield ConfigProblem(
                    f"{at}{key}", "not a multiple of 8", "a card that counts 8 pixels needs one"
                )
    if device.protocol == "flaschen" and device.columns * device.rows * 3 > flaschen.MAX_DATAGRAM - 64:
        yield ConfigProblem(
            f"{at}columns",
            "the picture is larger than a datagram",
            "divide the wall into several devices with x and y",
        )
    last = device.universe + sacn.universes(device.columns * device.rows) - 1
    if device.protocol == "sacn" and last > sacn.UNIVERSES[1]:
        yield ConfigProblem(f"{at}universe", f"the last universe would be {last}", "begin with a smaller one")


def _colours(at: str, device: Device) -> Iterator[ConfigProblem]:
    for key in ("colour", "calling_colour"):
        if device.protocol == "onbon" and getattr(device, key) == "white":
            yield ConfigProblem(f"{at}{key}", "text cards have no white", "one of: red, green, yellow")


def _overlaps(devices: tuple[Device, ...]) -> Iterator[ConfigProblem]:
    """Devices that would write over each other."""
    first: dict[object, int] = {}
    yield from _speeds(devices)
    for index, device in enumerate(devices):
        for key, what in _claims(device):
            if key in first:
                yield ConfigProblem(
                    f"devices[{index}].{what}",
                    f"devices[{first[key]}] ({devices[first[key]].name}) has the same {what}",
                    "give each device its own",
                    "duplicate",
                )
                break
            first[key] = index


def _speeds(devices: tuple[Device, ...]) -> Iterator[ConfigProblem]:
    """A serial line has one speed, whatever hangs on it."""
    bauds: dict[str, int] = {}
    for index, device in enumerate(devices):
        if device.serial and bauds.setdefault(device.address, device.baud) != device.baud:
            yield ConfigProblem(
                f"devices[{index}].baud",
                f"another device on {device.address} has {bauds[device.address]}",
                "all cards of a line have the same speed",
            )


def _claims(device: Device) -> Iterator[tuple[object, str]]:
    """What a device has for itself, and the key that says so."""
    if device.protocol == "sacn":
        for number in range(sacn.universes(device.columns * device.rows)):
            yield ("sacn", device.address, device.universe + number), "universe"
    elif device.protocol == "flaschen":
        yield ("flaschen", device.address, device.x, device.y, device.layer), "address"
    elif device.protocol == "ddp":
        yield ("ddp", device.address), "address"
    else:
        yield (device.address, device.target, device.x, device.y), "target"
