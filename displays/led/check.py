"""`callq led check`: fonts, server, and each device, one line a finding and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from callq.agent.channels import Broken
from callq.agent.findings import Finding, check_feed
from displays.led.drivers import Lines, Refused, open_driver
from displays.led.gateway import view_of
from displays.led.render import NoFont, Typesetter, cell_width
from displays.led.sign import Shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from displays.led.config import Device, GatewayConfig

PATTERN_S: Final = 5.0
LONG_NUMBER: Final = "A1000"
"""As long as numbers get."""


async def check(config: GatewayConfig, token: str | None, *, pattern: bool) -> AsyncIterator[Finding]:
    """Look at everything that a gateway needs, in the order in which one mends it.

    Args:
      config: the file, which is well formed.
      token: of the feed; None: the server is not asked.
      pattern: whether to show on each device which it is; else cards are only pinged.
    """
    typesetter = None
    try:
        typesetter = Typesetter(config.fonts)
        yield Finding("font", True, "Chinese at 16, 24 and 32 rows")
    except NoFont as missing:
        needed = any(device.pixels for device in config.devices)
        yield Finding("font", False if needed else None, str(missing), missing.hint)
    for device in config.devices:
        if (found := _room(device, typesetter)) is not None:
            yield found
    if token is None:
        yield Finding(
            "server", None, "not asked, for want of a token", "give --token-file or CALLQ_LED_TOKEN"
        )
    else:
        views = list(dict.fromkeys(view_of(device) for device in config.devices))
        for finding in await check_feed(config.server, config.hall, token, views, role="device"):
            yield finding
    for finding in await _devices(config, typesetter, pattern=pattern):
        yield finding


def _room(device: Device, typesetter: Typesetter | None) -> Finding | None:
    """Whether the longest number fits in the size that was asked for."""
    rows = device.line_rows
    if device.pixels and typesetter is None:
        return None
    width = cell_width(LONG_NUMBER, rows)
    if device.pixels and typesetter is not None:
        width = typesetter.width(LONG_NUMBER, rows)
    if width <= device.columns:
        return None
    return Finding(
        device.name,
        None if device.pixels else False,
        f"{LONG_NUMBER} takes {width} columns at {rows} rows and there are {device.columns}",
        "long numbers are drawn smaller" if device.pixels else "choose a smaller font",
    )


async def _devices(config: GatewayConfig, typesetter: Typesetter | None, *, pattern: bool) -> list[Finding]:
    """All devices at once, in the order of the file."""
    found: dict[str, Finding] = {}
    lines = Lines()

    async def one(device: Device) -> None:
        found[device.name] = await _device(device, typesetter, lines, pattern=pattern)

    async with trio.open_nursery() as nursery:
        for device in config.devices:
            nursery.start_soon(one, device)
    return [found[device.name] for device in config.devices]


async def _device(device: Device, typesetter: Typesetter | None, lines: Lines, *, pattern: bool) -> Finding:
    name, address = device.name, device.address
    if device.pixels and typesetter is None:
        return Finding(name, False, "cannot be sent anything without a font", "see above")
    failed: Finding | None = None
    try:
        async with open_driver(device, typesetter, lines) as driver:
            await driver.check()
            if pattern:
                await driver.show(_pattern(device))
                if device.pixels:
                    await trio.sleep(PATTERN_S)
                    # A port that nobody listens on is noticed with the second datagram.
                    await driver.show(_pattern(device))
    except Broken as broken:
        failed = Finding(name, False, f"{address}: {broken}", _hint(device))
    except Refused as refused:
        failed = Finding(name, False, f"{address}: {refused}", "look into the card's manual")
    if failed is not None:
        return failed
    if device.confirms:
        return Finding(name, True, f"{address}: answers{' and took the test text' if pattern else ''}")
    if pattern:
        return Finding(name, None, f"{address}: the test text was sent", f"does it show {_label(device)!r}?")
    if device.protocol == "text":
        return Finding(
            name, None, f"{address}: reached; such cards do not answer", "look at it with --pattern"
        )
    return Finding(
        name, None, f"{address}: cannot be asked over {device.protocol}", "look at it with --pattern"
    )


def _label(device: Device) -> str:
    return f"{device.window or device.zone} 测试"


def _pattern(device: Device) -> tuple[Shown, ...]:
    """Which bar it is, inverted on walls so that each edge is lit."""
    return tuple(Shown(_label(device), inverted=device.pixels) for _ in range(device.line_count))


def _hint(device: Device) -> str:
    if device.serial:
        return f"is {device.address} plugged in, is this user in dialout, is its speed {device.baud}?"
    if device.protocol == "onbon":
        return f"does the card have this address, its power and network, and {device.target} as its number?"
    return "does the device have this address, its power and network?"
