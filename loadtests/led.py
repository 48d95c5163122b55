"""From the press of a panel to the bytes at an LED bar: a hall of many windows, each with two bars.

`callq serve` and `callq led run` as processes; the bars are simulated here and stamp what they get. Beside
it stands when a subscriber has the same change on the feed, which is what the gateway waits for.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import trio

from callq.demo.client import open_api
from callq.demo.feed import open_feed
from displays.led.config import Device
from displays.led.protocols import ddp, onbon
from displays.led.render import Typesetter
from displays.led.sign import Shown
from loadtests.figures import Bound, Figure, Report, percentile, report
from loadtests.servers import ADMIN_TOKEN, callq_agent, callq_server, scratch
from loadtests.staffing import hall_of, stand_ready

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rich.progress import Progress

    from callq.demo.feed import Feed, View
    from displays.led.config import Protocol
    from loadtests.servers import Server

HALL: Final = "county"
WINDOWS: Final = 32
GOAL_MS: Final = 30.0
PER_S: Final = 10.0
"""Calls a second: some fifty times what a large hall has at its peak."""

STAY_S: Final = 1.0
"""How long a number is called before it is served and done with."""

COLUMNS: Final = 128
ROWS: Final = 16
ACKNOWLEDGED: Final = bytes((0xA0, 0x00, 0x00, 0x00, 0x00))
GATEWAY_LIMIT_S: Final = 30.0


@dataclass
class Bars:
    """What the bars of one window got, each with the moment of its last byte."""

    texts: list[tuple[float, bytes]] = field(default_factory=list)
    pictures: list[tuple[float, bytes]] = field(default_factory=list)
    frames: list[tuple[float, str]] = field(default_factory=list)


@dataclass
class Press:
    """A call: where, when it was sent, and whom it called."""

    window: str
    sent: float
    number: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scenario's options."""
    parser.add_argument("--seconds", type=float, default=20.0, metavar="S", help="of each run (default 20)")


def run(args: argparse.Namespace, progress: Progress) -> Report:
    """Measure; every call must reach every bar of its window."""
    with scratch() as place:
        hall = hall_of(place, HALL, WINDOWS)
        with callq_server(place / "data", str(hall)) as server:
            found = trio.run(_measure, args, server, place, progress)
    return report(
        "led",
        list(_figures(found)),
        f"{WINDOWS} windows, each with an Onbon card over TCP, which answers at once, and a wall of "
        f"{COLUMNS} x {ROWS} pixels over DDP; {PER_S:g} calls a second, each also started and completed; "
        f"{int(args.seconds * PER_S)} a run; `appendfsync always`.",
        "Times are from sending the command on a panel's socket until the last byte of the call is there.",
    )


@dataclass
class Found:
    """Milliseconds of one run, by what was waited for; the presses are in the same order in each."""

    onbon: list[float]
    wall: list[float]
    feed: list[float]


def _figures(found: list[Found]) -> Iterator[Figure]:
    feeds = {share: tuple(round(percentile(one.feed, share), 2) for one in found) for share in (0.5, 0.99)}
    for what, each in (
        ("an Onbon card over TCP", [one.onbon for one in found]),
        ("a wall over DDP", [one.wall for one in found]),
    ):
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            yield Figure(
                what=f"press to the bytes at {what}, {name}",
                unit="ms",
                values=tuple(round(percentile(values, share), 2) for values in each),
                baseline="the change on a feed",
                baselines=feeds[share],
                bound=Bound(of="value", at="most", limit=GOAL_MS) if name == "p99" else None,
            )
        more = [
            [bar - feed for bar, feed in zip(here, one.feed, strict=True)]
            for here, one in zip(each, found, strict=True)
        ]
        yield Figure(
            what=f"of a press, what the bytes at {what} come later than the change on a feed, p99",
            unit="ms",
            values=tuple(round(percentile(values, 0.99), 2) for values in more),
        )


async def _measure(args: argparse.Namespace, server: Server, place: Path, progress: Progress) -> list[Found]:
    url = f"http://127.0.0.1:{server.port}"
    bars = {f"w{number}": Bars() for number in range(WINDOWS)}
    calls = int(args.seconds * PER_S)
    async with open_api(url, ADMIN_TOKEN) as api, trio.open_nursery() as nursery:
        await stand_ready(api, HALL, WINDOWS, calls * args.runs)
        token = str((await api.post("/v1/tokens", {"role": "device", "hall": HALL}))["token"])
        devices = [await _serve_bars(nursery, window, bars[window]) for window in bars]
        with _gateway(place, url, token, [one for pair in devices for one in pair]):
            await _until_all_show(bars)
            found = []
            for _ in progress.track(range(args.runs), description="LED bars"):
                found.append(await _one_run(url, bars, calls))
        nursery.cancel_scope.cancel()
    return found


# The bars -----------------------------------------------------------------------------------------


async def _serve_bars(nursery: trio.Nursery, window: str, bars: Bars) -> tuple[Device, Device]:
    """A card and a wall of one window."""

    async def card(stream: trio.SocketStream) -> None:
        buffer = b""
        async for received in stream:
            buffer += received
            while (end := buffer.find(onbon.END)) >= 0:
                bars.texts.append((trio.current_time(), buffer[: end + 1]))
                buffer = buffer[end + 1 :]
                await stream.send_all(onbon.frame(ACKNOWLEDGED))

    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    nursery.start_soon(trio.serve_listeners, card, listeners)
    wall = trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM)
    await wall.bind(("127.0.0.1", 0))

    async def pictures() -> None:
        with wall:
            while True:
                packet = await wall.recv(2048)
                bars.pictures.append((trio.current_time(), packet))

    nursery.start_soon(pictures)
    ports = listeners[0].socket.getsockname()[1], wall.getsockname()[1]
    return _device(f"{window}-card", "onbon", ports[0], window), _device(
        f"{window}-wall", "ddp", ports[1], window
    )


def _device(name: str, protocol: Protocol, port: int, window: str) -> Device:
    address = f"127.0.0.1:{port}"
    return Device(name=name, protocol=protocol, address=address, columns=COLUMNS, rows=ROWS, window=window)


def _gateway(place: Path, url: str, token: str, devices: list[Device]) -> AbstractContextManager[None]:
    """`callq led run` with these devices."""
    lines = [f'server = "{url}"', f'hall = "{HALL}"']
    for device in devices:
        lines += ["[[devices]]", f'name = "{device.name}"', f'protocol = "{device.protocol}"']
        lines += [f'address = "{device.address}"', f"columns = {COLUMNS}", f"rows = {ROWS}"]
        lines += [f'window = "{device.window}"']
    return callq_agent(place, "led", lines, token)


async def _until_all_show(bars: dict[str, Bars]) -> None:
    with trio.fail_after(GATEWAY_LIMIT_S):
        while not all(each.texts and each.pictures for each in bars.values()):  # noqa: ASYNC110
            await trio.sleep(0.05)


# One run ------------------------------------------------------------------------------------------


async def _one_run(url: str, bars: dict[str, Bars], calls: int) -> Found:
    for each in bars.values():
        each.texts.clear()
        each.pictures.clear()
        each.frames.clear()
    presses: list[Press] = []
    gc.collect()
    gc.freeze()
    async with (
        open_feed(url, HALL, ADMIN_TOKEN) as watching,
        open_feed(url, HALL, ADMIN_TOKEN) as panel,
        trio.open_nursery() as watchers,
    ):
        for window, each in bars.items():
            watchers.start_soon(_watch, await watching.subscribe("strip", window=window), each)
        async with trio.open_nursery() as nursery:
            begin = trio.current_time()
            for number in range(calls):
                await trio.sleep_until(begin + number / PER_S)
                nursery.start_soon(_serve_one, panel, f"w{number % WINDOWS}", presses)
        await trio.sleep(STAY_S)
        watchers.cancel_scope.cancel()
    return _matched(presses, bars)


async def _watch(view: View, bars: Bars) -> None:
    while True:
        await view.changed()
        assert view.data is not None
        bars.frames.append((trio.current_time(), view.data["line1"]))


async def _serve_one(panel: Feed, window: str, presses: list[Press]) -> None:
    sent = trio.current_time()
    answer = await panel.command("call_next", window=window)
    presses.append(Press(window, sent, answer["ticket"]["number"]))
    await trio.sleep(STAY_S)
    await panel.command("start", window=window)
    await panel.command("complete", window=window)


def _matched(presses: list[Press], bars: dict[str, Bars]) -> Found:
    """From each press to what showed it first."""
    typesetter, found = Typesetter(), Found([], [], [])
    for press in presses:
        each, line = bars[press.window], f"{press.number} 请办理"
        text = onbon.text_of(line, "red")
        device = _device("wall", "ddp", ddp.PORT, press.window)
        rgb = typesetter.rgb((Shown(line, calling=True, inverted=True),), device)
        (*_, last) = ddp.packets(rgb, ddp.Sequence())
        found.onbon.append(_first(press, [at for at, frame in each.texts if text in frame]))
        found.wall.append(_first(press, [at for at, packet in each.pictures if packet[2:] == last[2:]]))
        found.feed.append(_first(press, [at for at, shown in each.frames if shown == line]))
    return found


def _first(press: Press, times: list[float]) -> float:
    """Milliseconds from a press to the first of the moments after it."""
    after = [at for at in times if at >= press.sent]
    if not after:
        raise RuntimeError(f"{press.number} never reached a bar of {press.window}")
    return (after[0] - press.sent) * 1000
