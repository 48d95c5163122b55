"""`callq callbox check`: server, windows, and each box, one line a finding and what to do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import trio

from callq.agent.channels import Broken
from callq.agent.feed import Watched
from callq.agent.findings import Finding, check_feed
from panels.callbox.codecs import hub95, lcd21
from panels.callbox.keypad import describe, open_device
from panels.callbox.lines import open_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from panels.callbox.config import AgentConfig, Keypad, Line

LISTEN_S: Final = 3.0
"""A hub's boxes poll every second."""


async def check(config: AgentConfig, token: str | None) -> AsyncIterator[Finding]:
    """Look at everything that an agent needs, in the order in which one mends it.

    Args:
      config: the file, which is well formed.
      token: of the feed; None: the server is not asked.
    """
    if token is None:
        hint = "give --token-file or CALLQ_CALLBOX_TOKEN"
        yield Finding("server", None, "not asked, for want of a token", hint)
    else:
        views = [Watched("panel", name) for name in dict.fromkeys(box.window for box in config.boxes)]
        for finding in await check_feed(config.server, config.hall, token, views, role="clerk"):
            yield finding
    for keypad in config.keypads:
        yield _keypad(keypad)
    found: dict[str, list[Finding]] = {}

    async def one(line: Line) -> None:
        found[line.name] = await _line(line)

    async with trio.open_nursery() as nursery:
        for line in config.lines:
            nursery.start_soon(one, line)
    for line in config.lines:
        for finding in found[line.name]:
            yield finding


def _keypad(config: Keypad) -> Finding:
    try:
        descriptor = open_device(config)
    except Broken as broken:
        hint = "is it plugged in, is this user in the group input, and is no agent running?"
        return Finding(config.name, False, str(broken), hint)
    try:
        name, usb = describe(descriptor)
    except OSError:
        return Finding(config.name, None, "can be read, and says no name", "press keys with an agent running")
    finally:
        os.close(descriptor)
    return Finding(config.name, True, f"{name}, {usb}")


async def _line(config: Line) -> list[Finding]:
    """Who is heard on a line; nothing is said on it."""
    try:
        heard, garbage = await _listen(config)
    except Broken as broken:
        hint = f"is {config.address} plugged in, is this user in dialout, and is no agent running?"
        if not config.serial:
            hint = "does the serial server have this address, and a line that takes TCP connections there?"
        return [Finding(config.name, False, f"{config.address}: {broken}", hint)]
    findings = []
    if garbage:
        hint = f"is the speed {config.baud}, and are the two wires not exchanged?"
        findings.append(Finding(config.name, None, f"{garbage} bytes that make no sense", hint))
    for box in config.boxes:
        if box.address in heard:
            findings.append(Finding(box.name, True, f"{config.address} {box.address}: heard"))
        else:
            message = f"{config.address} {box.address}: not heard within {LISTEN_S:g} s"
            hint = "has it power, and this number?" if config.protocol == "95h" else "press a key meanwhile"
            findings.append(Finding(box.name, False if config.protocol == "95h" else None, message, hint))
    strangers = heard - {box.address for box in config.boxes}
    if strangers:
        listed = ", ".join(map(str, sorted(strangers)))
        findings.append(
            Finding(
                config.name, None, f"heard as well: {listed}", "boxes that are not in the file are ignored"
            )
        )
    return findings


async def _listen(config: Line) -> tuple[set[int], int]:
    decoder: hub95.Decoder | lcd21.Decoder
    decoder = hub95.Decoder() if config.protocol == "95h" else lcd21.Decoder()
    heard: set[int] = set()
    async with open_line(config) as stream:
        with trio.move_on_after(LISTEN_S):
            while True:
                data = await stream.receive()
                heard |= {frame.address for frame in decoder.feed(data, trio.current_time())}
    return heard, decoder.garbage
