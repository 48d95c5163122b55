"""One device at a time: shown the newest sign, kept alive, and shown it again after it was away."""

from __future__ import annotations

import random
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import trio
import trio.lowlevel

from callq.agent.pauses import Pauses
from displays.led import device as device_module
from displays.led import drivers
from displays.led.config import Device
from displays.led.device import LedDevice
from displays.led.drivers import Lines
from displays.led.health import Health
from displays.led.render import Typesetter
from displays.led.sign import BLANK, Line, Sign, stale_sign
from tests.displays import decoders
from tests.displays.cards import OnbonCard, TextCard, on_serial, on_tcp, on_udp, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def sign(*texts: str, **more: Any) -> Sign:
    return Sign(tuple(Line((text,), **more) for text in texts))


def config(protocol: str, address: str, **more: Any) -> Device:
    fields = {"name": "one", "columns": 128, "rows": 16, "window": "w1", **more}
    return Device(protocol=protocol, address=address, **fields)  # type: ignore[arg-type]


@asynccontextmanager
async def running(*configs: Device) -> AsyncIterator[tuple[list[LedDevice], Health]]:
    health, lines, typesetter = Health(configs), Lines(), Typesetter()
    devices = [LedDevice(each, health, typesetter, lines) for each in configs]
    async with trio.open_nursery() as nursery:
        for each in devices:
            nursery.start_soon(each.run)
        yield devices, health
        nursery.cancel_scope.cancel()


async def until_state(health: Health, state: str, name: str = "one") -> None:
    await until(lambda: health.devices[name].state == state)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses, keep-alive and answers within moments."""
    monkeypatch.setattr(device_module, "KEEPALIVE_S", 0.1)
    monkeypatch.setattr(drivers, "ANSWER_LIMIT_S", 0.3)
    monkeypatch.setattr(drivers, "BUSY_PAUSE_S", 0.01)
    monkeypatch.setattr(Pauses, "next_s", lambda self: 0.05)


async def test_a_card_shows_what_it_is_told_and_confirms_it() -> None:
    card = OnbonCard()
    async with on_tcp(card) as plug, running(config("onbon", f"127.0.0.1:{plug.port}")) as (devices, health):
        devices[0].show(sign("A012 请办理", calling=True))
        assert await card.until(bool) == ["A012 请办理"]
        await until_state(health, "shown")
        assert health.good is False, "there is no feed"
        devices[0].show(sign("Z012 请办理"))
        await card.until(lambda lines: lines == ["Z012 请办理"])
        assert plug.connections == 1
    assert health.devices["one"].sent == 2


async def test_a_card_with_two_lines_has_an_area_for_each() -> None:
    card = OnbonCard()
    async with on_tcp(card) as plug:
        two = config(
            "onbon", f"127.0.0.1:{plug.port}", rows=32, font=16, colour="green", calling_colour="yellow"
        )
        async with running(two) as (devices, _):
            devices[0].show(Sign((Line(("A012 请办理",), calling=True), Line(("综合受理",)))))
            await card.until(lambda lines: lines == ["A012 请办理", "综合受理"])
            assert card.areas == {0: ("yellow", "A012 请办理"), 1: ("green", "综合受理")}
            devices[0].show(BLANK)
            await card.until(lambda lines: lines == [" ", " "])


async def test_lines_of_a_card_that_counts_eights_do_not_lie_over_each_other() -> None:
    card = OnbonCard()
    frames: list[bytes] = []

    def take(received: bytes, taken: Any = card.take) -> bytes:
        frames.append(received)
        return bytes(taken(received))

    card.take = take  # type: ignore[method-assign]
    async with on_tcp(card) as plug:
        odd = config("onbon", f"127.0.0.1:{plug.port}", rows=40, font=16, vertical="eights")
        async with running(odd) as (devices, _):
            devices[0].show(sign("one", "two"))
            await card.until(lambda lines: lines == ["one", "two"])
    areas = [
        area
        for (frame,) in map(decoders.onbon_frames, frames)
        if frame.data[:2] == b"\xa3\x06"
        for area in decoders.onbon_areas(frame.data)
    ]
    assert [(area.y * 8, area.height * 8) for area in areas] == [(0, 16), (16, 16)]


async def test_only_the_newest_sign_is_sent(impatient: None) -> None:
    card = OnbonCard()
    async with on_tcp(card) as plug, running(config("onbon", f"127.0.0.1:{plug.port}")) as (devices, _):
        devices[0].show(sign("first"))
        await card.until(lambda lines: lines == ["first"])
        card.error = None  # it takes its time
        for number in range(50):
            devices[0].show(sign(f"A{number:03}"))
            await trio.lowlevel.checkpoint()
        await trio.sleep(0.1)
        card.error = 0
        await card.until(lambda lines: lines == ["A049"])
    assert len(card.shown) <= 4


async def test_a_card_that_lost_its_power_is_told_again(impatient: None) -> None:
    card = OnbonCard()
    async with on_tcp(card) as plug, running(config("onbon", f"127.0.0.1:{plug.port}")) as (devices, health):
        devices[0].show(sign("A001"))
        await card.until(lambda lines: lines == ["A001"])
        plug.power_off()
        await until_state(health, "lost")
        assert health.devices["one"].error
        devices[0].show(sign("A002"))
        seen = len(card.shown)
        await plug.power_on()
        assert await card.until(bool, after=seen) == ["A002"]
        await until_state(health, "shown")
        plug.power_off()
        await until_state(health, "lost")
        seen = len(card.shown)
        await plug.power_on()
        assert await card.until(bool, after=seen) == ["A002"], "the same sign, unasked"
        assert health.devices["one"].lost == 2


async def test_a_card_that_hangs_is_noticed_by_its_silence(impatient: None) -> None:
    card = OnbonCard()
    async with on_tcp(card) as plug, running(config("onbon", f"127.0.0.1:{plug.port}")) as (devices, health):
        devices[0].show(sign("A001"))
        await until_state(health, "shown")
        card.error = None
        await until_state(health, "lost")
        assert "no answer" in health.devices["one"].error
        card.error = 0
        await until_state(health, "shown")
        assert card.pings, "that is how it was noticed"


@pytest.mark.parametrize(("error", "tries"), [(3, 4), (5, 4), (4, 1), (0x0C, 1), (0x77, 1)])
async def test_a_card_that_refuses_keeps_its_connection(impatient: None, error: int, tries: int) -> None:
    card = OnbonCard()
    async with on_tcp(card) as plug, running(config("onbon", f"127.0.0.1:{plug.port}")) as (devices, health):
        await trio.sleep(0.05)
        card.error, card.chatter = error, b"\x00\xff" * 3
        devices[0].show(sign("A001"))
        await until_state(health, "refused")
        assert "the card says" in health.devices["one"].error
        card.error = 0
        devices[0].show(sign("A002"))
        await card.until(lambda lines: lines == ["A002"])
        await until_state(health, "shown")
        assert plug.connections == 1


async def test_a_busy_card_gets_it_a_moment_later(impatient: None) -> None:
    card = OnbonCard()
    async with on_tcp(card) as plug, running(config("onbon", f"127.0.0.1:{plug.port}")) as (devices, health):
        card.error = 3

        async def ready() -> None:
            await trio.sleep(0.015)
            card.error = 0

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ready)
            devices[0].show(sign("A001"))
        await card.until(lambda lines: lines == ["A001"])
        await until_state(health, "shown")


async def test_whatever_a_card_says_the_gateway_goes_on(impatient: None) -> None:
    chance = random.Random(7)
    card = OnbonCard()
    async with on_tcp(card) as plug, running(config("onbon", f"127.0.0.1:{plug.port}")) as (devices, health):
        for number in range(60):
            card.chatter = chance.randbytes(chance.randrange(300)) + chance.choice([b"", b"\x5a", b"\xa5"])
            card.error = chance.choice([0, 3, 4, 5, 0x0C, 0xFF, None])
            devices[0].show(sign(f"A{number:03}"))
            await trio.sleep(0.005)
        card.chatter, card.error = b"", 0
        devices[0].show(sign("A999"))
        await card.until(lambda lines: lines == ["A999"])
        await until_state(health, "shown")


async def test_several_cards_on_one_serial_line(impatient: None) -> None:
    cards = [OnbonCard(number) for number in (1, 2, 3)]
    async with on_serial(*cards) as line:
        configs = [
            config("onbon", line.path, name=f"bar{card.address}", target=card.address) for card in cards
        ]
        async with running(*configs) as (devices, health):
            for turn in range(5):
                for card, each in zip(cards, devices, strict=True):
                    each.show(sign(f"A{turn}{card.address}"))
                for card in cards:
                    await card.until(lambda lines, card=card, turn=turn: lines == [f"A{turn}{card.address}"])
            for card in cards:
                await until_state(health, "shown", f"bar{card.address}")
            cards[1].error = None
            await until_state(health, "lost", "bar2")
            cards[0].error = 0
            devices[0].show(sign("A900"))
            await cards[0].until(lambda lines: lines == ["A900"])
            cards[1].lose_power()
            cards[1].error = 0
            seen = len(cards[1].shown)
            assert await cards[1].until(bool, after=seen) == ["A42"]


async def test_cards_of_one_line_are_not_spoken_to_at_once(impatient: None) -> None:
    cards = [OnbonCard(number) for number in (1, 2, 3, 4)]
    async with on_serial(*cards) as line:
        line.answer_s = 0.03
        configs = [
            config("onbon", line.path, name=f"bar{card.address}", target=card.address) for card in cards
        ]
        async with running(*configs) as (devices, _):
            for turn in range(3):
                for each in devices:
                    each.show(sign(f"A{turn}"))
                for card in cards:
                    await card.until(lambda lines, turn=turn: lines == [f"A{turn}"])
        assert line.collisions == 0


async def test_two_gateways_do_not_share_a_serial_line(impatient: None) -> None:
    card = OnbonCard()
    async with on_serial(card) as line:
        with ExitStack() as other:
            other.enter_context(Lines().claimed(line.path))
            async with running(config("onbon", line.path)) as (devices, health):
                devices[0].show(sign("A001"))
                await until_state(health, "lost")
                assert "another program uses" in health.devices["one"].error
                assert (card.shown, card.pings) == ([], 0)
                other.close()
                await until_state(health, "shown")


async def test_what_a_card_said_before_is_no_answer(impatient: None) -> None:
    card = OnbonCard()
    async with on_serial(card) as line, running(config("onbon", line.path)) as (devices, health):
        devices[0].show(sign("A001"))
        await until_state(health, "shown")
        await line.say(decoders.onbon_reply(0xA0, 0, 4))
        devices[0].show(sign("A002"))
        await card.until(lambda lines: lines == ["A002"])
        await until(lambda: health.devices["one"].sent == 2)
        assert health.devices["one"].state == "shown"


async def test_a_serial_line_that_is_none_is_told(impatient: None, tmp_path: Any) -> None:
    file = tmp_path / "ttyUSB0"
    file.write_text("")
    for path, words in ((str(tmp_path / "gone"), "no such file"), (str(file), "no serial line")):
        async with running(config("onbon", path)) as (_, health):
            await until_state(health, "lost")
            assert words in health.devices["one"].error


async def test_a_text_card_gets_lines_and_is_told_again_after_a_break(impatient: None) -> None:
    card = TextCard(7)
    async with on_tcp(card) as plug:
        one = config("text", f"127.0.0.1:{plug.port}", target=7, rows=32, font=16)
        async with running(one) as (devices, health):
            devices[0].show(sign("A012 请办理", "综合受理"))
            assert await card.until(bool) == ["A012 请办理 综合受理"]
            await until_state(health, "sent")
            plug.power_off()
            await until_state(health, "lost")
            seen = len(card.shown)
            await plug.power_on()
            assert await card.until(bool, after=seen) == ["A012 请办理 综合受理"]


async def test_a_card_that_loses_its_power_without_a_word_is_told_again(
    impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    every_s = [each.refresh_s for each in (drivers.OnbonDriver, drivers.TextDriver, drivers.PixelDriver)]
    assert every_s == [30, 30, 1], "as docs/led.md has it"
    monkeypatch.setattr(drivers.OnbonDriver, "refresh_s", 0.1)
    monkeypatch.setattr(drivers.TextDriver, "refresh_s", 0.1)
    for protocol, card in (("onbon", OnbonCard()), ("text", TextCard())):
        async with on_serial(card) as line, running(config(protocol, line.path)) as (devices, _):
            devices[0].show(sign("A012"))
            await card.until(lambda lines: lines == ["A012"])
            card.lose_power()
            await card.until(lambda lines: lines == ["A012"], after=len(card.shown))


async def test_text_cards_share_a_serial_line() -> None:
    cards = [TextCard(1), TextCard(2)]
    async with on_serial(*cards) as line:
        configs = [config("text", line.path, name=f"bar{n}", target=n) for n in (1, 2)]
        async with running(*configs) as (devices, _):
            for each in devices:
                each.show(sign(each.config.name))
            for card in cards:
                assert await card.until(bool) == [f"bar{card.address}"]


async def test_a_wall_gets_the_picture_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers.PixelDriver, "refresh_s", 0.1)
    async with (
        on_udp() as wall,
        running(config("ddp", f"127.0.0.1:{wall.port}", colour="white")) as (devices, health),
    ):
        devices[0].show(sign("A012 请办理"))
        await wall.wait(lambda datagrams: len(datagrams) >= 15)
        await until_state(health, "sent")
    screen = decoders.DdpWall(128, 16)
    for datagram in wall.datagrams:
        screen.take(datagram)
    assert len(set(screen.pictures)) == 1
    assert len(screen.pictures) >= 3
    assert health.devices["one"].sent == 1, "a repetition is nothing new"


async def test_a_port_that_nobody_has_is_noticed_and_found_when_it_is_there(impatient: None) -> None:
    async with on_udp() as wall:
        port = wall.port
    async with running(config("flaschen", f"127.0.0.1:{port}", x=8, y=4, layer=2)) as (devices, health):
        devices[0].show(sign("A012"))
        await until_state(health, "lost")
        async with on_udp(port) as wall:
            await wall.wait(bool)
            size, place, _ = decoders.flaschen_picture(wall.datagrams[0])
            assert (size, place) == ((128, 16), (8, 4, 2))


async def test_a_call_is_inverted_once_a_second_and_then_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers.PixelDriver, "refresh_s", 60.0)
    monkeypatch.setattr("displays.led.sign.FLASH_S", 2.0)
    async with on_udp() as wall, running(config("sacn", "127.0.0.1", universe=9)) as (devices, _):
        monkeypatch.setattr("displays.led.config.PORTS", {"sacn": wall.port})
        devices[0].show(sign("A012 请办理", calling=True, call="A012 1"))
        await trio.sleep(3.2)
    screen = decoders.SacnWall(128, 16, 9)
    lights = []
    for datagram in wall.datagrams:
        screen.take(datagram)
        if len(screen.universes) == 13 and len({u.sequence for u in screen.universes.values()}) == 1:
            lights.append(sum(any(screen.picture[at : at + 3]) for at in range(0, len(screen.picture), 3)))
    few, many = min(lights), max(lights)
    assert few + many == 128 * 16
    assert lights[0] == many, "inverted at first"
    assert lights[-1] == few, "still in the end"
    assert 2 <= len(lights) <= 4, "a change each half second, no more"


async def test_a_call_flashes_once_whatever_else_changes_on_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers.PixelDriver, "refresh_s", 60.0)
    monkeypatch.setattr("displays.led.sign.FLASH_S", 0.6)
    first, second = Line(("A013",), True, "A013 1"), Line(("A012",), True, "A012 1")
    served = Sign((first, Line(("A012 2号窗口",))))
    async with on_udp() as wall:
        two = config("flaschen", f"127.0.0.1:{wall.port}", rows=32, font=16)
        async with running(two) as (devices, _):

            async def pictures(shown: Sign) -> int:
                before = len(wall.datagrams)
                devices[0].show(shown)
                await trio.sleep(0.9)
                return len(wall.datagrams) - before

            assert await pictures(Sign((first, second))) > 1
            assert await pictures(served) == 1, "who has come makes nobody else's call a new one"
            assert await pictures(stale_sign(served, "10:24", two, len)) == 1
            assert await pictures(served) == 1, "nor does a line that was broken"
            assert await pictures(Sign((Line(("A013",), True, "A013 2"), second))) > 1
            assert await pictures(Sign((Line(("等候叫号",)), Line(("",))))) == 1
            assert await pictures(Sign((first, Line(("",))))) > 1, "called again after it was taken back"
