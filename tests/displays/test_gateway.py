"""The whole way over the real server: a press at a window, and the bytes at its bar."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio
from trio_websocket import WebSocketRequest, serve_websocket

from callq.agent import feed as feed_module
from callq.agent.feed import FeedLost, Follower, Watched, feed_address
from callq.agent.pauses import Pauses
from callq.journal.memory import MemoryJournal
from displays.led.config import Device, GatewayConfig
from displays.led.gateway import Gateway
from displays.led.health import STATES, Health
from tests.displays import decoders
from tests.displays.cards import WITHIN_S, OnbonCard, TextCard, on_serial, on_tcp, on_udp, until
from tests.passing import passing
from tests.unit.documents import rows, section, text
from tests.web.conftest import Door, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with serving(MemoryJournal()) as door:
        yield door


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pauses, "next_s", lambda self: 0.05)


def bar(address: str, **more: Any) -> Device:
    fields = {"name": "bar", "protocol": "onbon", "columns": 128, "rows": 16}
    return Device(address=address, **{"window": "w1"} | fields | more)  # type: ignore[arg-type]


@asynccontextmanager
async def gateway(
    door: Door, *devices: Device, token: str = "", **more: Any
) -> AsyncIterator[tuple[Gateway, str]]:
    """A running gateway and the address of its status page."""
    token = token or await door.token("device", hall="test")
    config = GatewayConfig(**{"server": door.url, "hall": "test", "devices": devices, **more})
    made, stopping = Gateway(config, token), trio.Event()
    ended = trio.Event()

    async def run(task_status: trio.TaskStatus[int]) -> None:
        await made.run(stopping, status=("127.0.0.1", 0), task_status=task_status)
        ended.set()

    async with trio.open_nursery() as nursery:
        port = await nursery.start(run)
        yield made, f"http://127.0.0.1:{port}"
        stopping.set()
        with trio.fail_after(WITHIN_S):
            await ended.wait()


async def test_a_press_is_shown_by_a_card(door: Door) -> None:
    card = OnbonCard()
    await door.issue()
    async with on_tcp(card) as plug, gateway(door, bar(f"127.0.0.1:{plug.port}")) as (_made, status):
        await card.until(lambda lines: lines == ["未开放"])
        await door.staff()
        await card.until(lambda lines: lines == ["等候叫号"])
        async with door.feed(await door.token("clerk", hall="test", window="w1")) as panel:
            assert (await panel.do(1, "call_next"))["ok"]
            await card.until(lambda lines: lines == ["A001 请办理"])
            assert (await panel.do(2, "start"))["ok"]
            await card.until(lambda lines: lines == ["A001 办理中"])
        async with httpx.AsyncClient(base_url=status) as http:
            told = (await http.get("/")).json()
            assert told["ok"] is True
            assert told["feed_error"] == ""
            (device,) = told["devices"]
            assert (device["state"], device["shows"], device["error"]) == ("shown", "window w1", "")
            assert (await http.get("/healthz")).status_code == 200
            metrics = (await http.get("/metrics")).text
            assert 'callq_led_device_status{device="bar",status="shown"} 1.0' in metrics
            assert "callq_led_feed_up 1.0" in metrics
            assert (await http.get("/other")).status_code == 404
            assert (await http.post("/")).status_code == 405
    assert card.shown[-1] == [" "], "a gateway that stops leaves no old call behind"


async def test_every_protocol_shows_the_same_call(door: Door) -> None:
    onbon, text, cards = OnbonCard(), TextCard(), [OnbonCard(1), OnbonCard(2)]
    await door.staff()
    await door.issue()
    async with (
        on_tcp(onbon) as a,
        on_tcp(text) as b,
        on_serial(*cards) as line_of,
        on_udp() as ddp,
        on_udp() as ft,
    ):
        devices = (
            bar(f"127.0.0.1:{a.port}", name="onbon"),
            bar(f"127.0.0.1:{b.port}", name="text", protocol="text"),
            bar(line_of.path, name="serial1"),
            bar(line_of.path, name="serial2", target=2, window="", zone="hall", columns=160),
            bar(f"127.0.0.1:{ddp.port}", name="ddp", protocol="ddp"),
            bar(f"127.0.0.1:{ft.port}", name="ft", protocol="flaschen"),
        )
        async with gateway(door, *devices):
            await onbon.until(lambda lines: lines == ["等候叫号"])
            await door.window("call_next")
            for card in (onbon, text, cards[0]):
                await card.until(lambda lines: lines == ["A001 请办理"])
            await cards[1].until(lambda lines: lines == ["A001 请到1号窗口"])
            before = [len(wall.datagrams) for wall in (ddp, ft)]
            await ft.wait(lambda datagrams: len(datagrams) > before[1])
    screen = decoders.DdpWall(128, 16)
    for datagram in ddp.datagrams:
        screen.take(datagram)
    pictures = [pixels for _, _, pixels in map(decoders.flaschen_picture, ft.datagrams)]
    assert set(screen.pictures) & set(pictures) >= {pictures[0]}
    inverted = [picture for picture in pictures if sum(map(bool, picture)) > len(picture) // 6]
    assert inverted, "a call flashes"


async def test_a_bar_that_lost_its_power_shows_what_is_so_now(door: Door) -> None:
    card = OnbonCard()
    await door.staff()
    await door.issue()
    async with on_tcp(card) as plug, gateway(door, bar(f"127.0.0.1:{plug.port}")) as (made, status):
        await card.until(lambda lines: lines == ["等候叫号"])
        plug.power_off()
        await door.window("call_next")
        await until(lambda: made.health.devices["bar"].state == "lost")
        async with httpx.AsyncClient(base_url=status) as http:
            assert (await http.get("/healthz")).status_code == 503
        seen = len(card.shown)
        await plug.power_on()
        assert await card.until(bool, after=seen) == ["A001 请办理"]


async def test_without_the_server_a_bar_says_so_and_calls_nobody(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = OnbonCard()
    await door.staff()
    await door.issue()
    await door.window("call_next")
    two = {"rows": 32, "font": 16, "colour": "green", "calling_colour": "yellow", "window": "", "zone": "all"}
    async with on_tcp(card) as plug:
        device = bar(f"127.0.0.1:{plug.port}", columns=160, **two)
        async with gateway(door, device, lost_after_s=0.2) as (made, _):
            await card.until(lambda lines: lines[0] == "A001 请到1号窗口")
            assert card.areas[0][0] == "yellow"
            before = time.strftime("%H:%M")
            door.stopping.set()
            shown = await card.until(lambda lines: "连接中断" in lines[1])
            assert shown[0] == "A001 请到1号窗口"
            assert shown[1] in {f"连接中断 {now}" for now in (before, time.strftime("%H:%M"))}
            assert card.areas[0][0] == "green"
            assert made.health.feed_error


async def test_the_feed_is_resumed_after_a_break(door: Door) -> None:
    card = OnbonCard()
    await door.staff()
    async with on_tcp(card) as plug:
        device = bar(f"127.0.0.1:{plug.port}", window="", zone="hall", columns=160)
        async with passing(door.port) as proxy, gateway(door, device, server=proxy.url) as (made, _):
            await card.until(lambda lines: lines == ["等候叫号"])
            (follower,) = made._followers
            said: list[dict[str, Any]] = []
            accept = follower._accept

            def listen(message: dict[str, Any]) -> None:
                said.append(message)
                accept(message)

            follower._accept = listen  # type: ignore[method-assign]
            proxy.cut()
            await door.issue()
            await door.window("call_next")
            await card.until(lambda lines: lines == ["A001 请到1号窗口"])
            first = next(message for message in said if message.get("view") == "board")
            assert first["type"] == "change", "resumed, not begun anew"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost that nobody has signed, with its key."""
    path = tmp_path / "localhost.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
            ),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(path), "-out", f"{path}.crt"),
        ],
        check=True,
        capture_output=True,
    )
    with path.open("a") as both:
        both.write(Path(f"{path}.crt").read_text())
    return path


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_proxy_with_tls(
    door: Door, certificate: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    card = OnbonCard()
    async with on_tcp(card) as plug, passing(door.port, certificate) as proxy:
        device = bar(f"127.0.0.1:{plug.port}")
        async with gateway(door, device, server=proxy.secure_url, lost_after_s=0.2) as (made, _):
            if trusted:
                await card.until(lambda lines: lines == ["未开放"])
            else:
                await card.until(lambda lines: lines[0].startswith("连接中断"))
                await until(lambda: "certificate verify failed" in made.health.feed_error)


async def test_a_server_that_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "PING_S", 0.05)
    monkeypatch.setattr(feed_module, "SILENCE_S", 0.2)
    shown: list[str] = []

    async def silent(request: WebSocketRequest) -> None:
        socket = await request.accept(subprotocol="callq.v1.json")
        asked = json.loads(await socket.get_message())
        frame = {
            "view": "strip",
            "window": asked["window"],
            "revision": 1,
            "epoch": "e",
            "data": {"line1": "x"},
        }
        await socket.send_message(json.dumps({"type": "snapshot", **frame}))
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        server = await nursery.start(partial(serve_websocket, silent, "127.0.0.1", 0, None))
        follower = Follower(
            feed_address(f"http://127.0.0.1:{server.port}", "test"),
            "token",
            [Watched("strip", "w1")],
            show=lambda view, data: shown.append(data["line1"]),
        )
        with trio.fail_after(WITHIN_S), pytest.raises(FeedLost, match="says nothing any more"):
            await follower.once()
        nursery.cancel_scope.cancel()
    assert shown == ["x"]


@pytest.mark.parametrize(
    "frame",
    [
        "no JSON",
        "[]",
        '{"type": "snapshot", "view": "strip", "window": "w1"}',
        '{"type": "snapshot", "view": "strip", "window": "w1", "data": {}, "revision": 1, "epoch": "e"}',
        '{"type": "error", "view": "strip", "window": "w1", "problem": 7}',
        '{"type": "snapshot", "view": ["strip"], "window": "w1"}',
    ],
)
async def test_what_a_server_should_not_say_ends_no_gateway(frame: str) -> None:
    card = OnbonCard()
    said = trio.Event()

    async def wrong(request: WebSocketRequest) -> None:
        socket = await request.accept(subprotocol="callq.v1.json")
        await socket.send_message(frame)
        said.set()
        await trio.sleep_forever()

    async with on_tcp(card) as plug, trio.open_nursery() as nursery:
        server = await nursery.start(partial(serve_websocket, wrong, "127.0.0.1", 0, None))
        device = bar(f"127.0.0.1:{plug.port}")
        config = GatewayConfig(server=f"http://127.0.0.1:{server.port}", hall="t", devices=(device,))
        stopping = trio.Event()
        made = Gateway(config, "token")
        nursery.start_soon(made.run, stopping)
        with trio.fail_after(WITHIN_S):
            await said.wait()
        await until(lambda: made.health.feed_error or made.health.refused)
        nursery.cancel_scope.cancel()


async def test_a_refused_token_is_told_and_tried_again_later(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "REFUSED_PAUSE_S", 0.05)
    card = OnbonCard()
    async with on_tcp(card) as plug:
        device = bar(f"127.0.0.1:{plug.port}")
        async with gateway(door, device, token="nobody", lost_after_s=0.2) as (made, _):
            await card.until(lambda lines: lines[0].startswith("连接中断"))
            assert "unauthorised" in made.health.feed_error


async def test_a_window_that_the_hall_has_not_is_told(door: Door) -> None:
    card = OnbonCard()
    async with on_tcp(card) as plug:
        known, unknown = bar(f"127.0.0.1:{plug.port}"), bar("127.0.0.1:9", name="other", window="w99")
        async with gateway(door, known, unknown) as (made, _status):
            await card.until(lambda lines: lines == ["未开放"])
            await until(lambda: made.health.refused)
            assert "w99" in made.health.refused["strip w99"]
            assert json.loads(made.health.json())["ok"] is False


def test_the_metrics_and_states_are_described() -> None:
    page = section(text("docs/led.md"), "Health")
    health = Health((bar("card"),))
    families = {
        family.name + ("_total" if family.type == "counter" else ""): family
        for family in health.registry.collect()
    }
    described = {name for name in rows(page) if name.startswith("callq_led_")}
    assert described == set(families)
    for name, family in families.items():
        assert f"| {family.type} |" in rows(page)[name]
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        assert all(f"`{label}`" in rows(page)[name] for label in labels)
    assert set(STATES) == set(rows(page)) - described


async def test_more_views_than_a_socket_has_room_for(door: Door) -> None:
    devices = [
        bar(f"127.0.0.1:{number + 1}", name=f"bar{number}", window=f"x{number}") for number in range(61)
    ]
    async with gateway(door, *devices) as (made, _):
        assert [len(follower.views) for follower in made._followers] == [60, 2]
        await until(lambda: len(made.health.refused) == 61)
        assert made.health.feed_error == ""
