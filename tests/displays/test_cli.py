"""`callq led` as a technician runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import trio
from PIL import Image

from callq.cli import main
from callq.journal.memory import MemoryJournal
from displays.led import drivers
from displays.led.check import check
from displays.led.config import Device, GatewayConfig
from displays.led.preview import LAMP
from tests.displays.cards import OnbonCard, TextCard, on_serial, on_tcp, on_udp
from tests.displays.test_config import GOOD
from tests.web.conftest import serving

if TYPE_CHECKING:
    from pathlib import Path

    from callq.agent.findings import Finding


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "led.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_mistakes_are_told_like_those_of_a_hall(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD.replace("rows = 32", "rows = 3"), encoding="utf-8")
    assert main(["led", "check", str(file)]) == 1
    err = capsys.readouterr().err
    assert f"{file}:17: devices[1].rows: 3 is out of range\n    hint: write a number" in err
    assert "callq: " in err
    assert main(["led", "run", str(file)]) == 1
    assert main(["led", "preview", str(file), "--output", "x.png"]) == 1


def test_without_a_token_nothing_runs(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALLQ_LED_TOKEN", raising=False)
    assert main(["led", "run", str(file)]) == 1
    assert "hint: give --token-file, or set CALLQ_LED_TOKEN" in capsys.readouterr().err
    (secret := file.with_name("token")).write_text("two lines\nof it")
    assert main(["led", "run", str(file), "--token-file", str(secret)]) == 1
    assert "holds no token" in capsys.readouterr().err


def test_a_preview_is_a_picture_of_lamps(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = file.with_name("bar.png")
    assert main(["led", "preview", str(file), "--calling", "--output", str(output)]) == 0
    with Image.open(output) as picture:
        assert picture.size == (128 * LAMP, 16 * LAMP)
        plain = picture.convert("L").histogram()
    assert main(["led", "preview", str(file), "--calling", "--inverted", "--output", str(output)]) == 0
    with Image.open(output) as picture:
        assert picture.convert("L").histogram() != plain
    assert main(["led", "preview", str(file), "--device", "zone", "--output", str(output)]) == 0
    assert "192 columns and 32 rows, 2 lines of 16" in capsys.readouterr().out
    assert main(["led", "preview", str(file), "--device", "x", "--output", str(output)]) == 2
    assert "known: w1, zone" in capsys.readouterr().err
    assert main(["led", "preview", str(file), "--output", str(file / "x.png")]) == 1


def bar(name: str, protocol: str, address: str, **more: Any) -> Device:
    fields = {"columns": 128, "rows": 16, "window": "w1", **more}
    return Device(name=name, protocol=protocol, address=address, **fields)  # type: ignore[arg-type]


async def findings(config: GatewayConfig, token: str | None, *, pattern: bool = False) -> dict[str, Finding]:
    return {finding.what: finding async for finding in check(config, token, pattern=pattern)}


async def test_a_check_says_what_is_right_and_what_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "ANSWER_LIMIT_S", 0.3)
    monkeypatch.setattr("displays.led.check.PATTERN_S", 0.1)
    good, deaf, text, line = OnbonCard(), OnbonCard(), TextCard(), OnbonCard(5)
    deaf.error = None
    async with (
        serving(MemoryJournal()) as door,
        on_tcp(good) as a,
        on_tcp(deaf) as b,
        on_tcp(text) as c,
        on_serial(line) as line_of,
        on_udp() as wall,
    ):
        async with on_udp() as closed:
            pass
        devices = (
            bar("good", "onbon", f"127.0.0.1:{a.port}"),
            bar("deaf", "onbon", f"127.0.0.1:{b.port}"),
            bar("text", "text", f"127.0.0.1:{c.port}"),
            bar("line", "onbon", line_of.path, target=5, window="", zone="all"),
            bar("other", "onbon", line_of.path, target=6, window="w9"),
            bar("wall", "ddp", f"127.0.0.1:{wall.port}"),
            bar("none", "ddp", f"127.0.0.1:{closed.port}"),
            bar("narrow", "onbon", "127.0.0.1:1", columns=32),
        )
        config = GatewayConfig(server=door.url, hall="test", devices=devices)
        token = await door.token("device", hall="test")
        found = await findings(config, token)
        assert {what for what, one in found.items() if one.ok} == {"font", "server", "good", "line"}
        assert {what for what, one in found.items() if one.ok is None} == {"text", "wall", "none"}
        assert found["good"].message.endswith("answers")
        assert "no answer within" in found["deaf"].message
        assert "its power and network" in found["deaf"].hint
        assert "no window 'w9'" in found["strip w9"].message
        assert "plugged in" in found["other"].hint
        assert (good.shown, text.shown, wall.datagrams) == ([], [], []), "a check disturbs nobody"
        assert good.pings == 1

        found = await findings(config, token, pattern=True)
        assert good.shown == [["w1 测试"]]
        assert text.shown == [["w1 测试"]]
        assert line.shown == [["all 测试"]]
        assert wall.datagrams
        assert found["none"].ok is False
        assert "connection refused" in found["none"].message

        found = await findings(config, "nobody")
        assert found["server"].ok is False
        assert "unauthorised" in found["server"].message
        assert "callq token create --role device" in found["server"].hint
        found = await findings(
            GatewayConfig(server="http://127.0.0.1:9", hall="test", devices=devices), token
        )
        assert "connection refused" in found["server"].message
        assert "is a callq server running" in found["server"].hint
        found = await findings(GatewayConfig(server=door.url, hall="nowhere", devices=devices), token)
        assert found["server"].ok is False
        assert (await findings(config, None))["server"].ok is None


def test_a_number_that_does_not_fit_is_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    narrow = GOOD.replace("columns = 128", "columns = 32").replace('"192.168.1.50"', '"127.0.0.1:1"')
    file.write_text(narrow, encoding="utf-8")
    assert main(["led", "check", str(file)]) == 1
    out, err = capsys.readouterr()
    assert (
        "FAIL w1: A1000 takes 40 columns at 16 rows and there are 32\n     hint: choose a smaller font" in out
    )
    assert "ok   font: Chinese at 16, 24 and 32 rows" in out
    assert err == "2 of these fail\n"


async def test_the_gateway_as_a_process(file: Path) -> None:
    card = OnbonCard()
    async with serving(MemoryJournal()) as door, on_tcp(card) as plug:
        content = GOOD.split('[[devices]]\nname = "zone"')[0].replace(
            "192.168.1.50", f"127.0.0.1:{plug.port}"
        )
        await trio.Path(file).write_text(content.replace('"county"', '"test"'), encoding="utf-8")
        process = await trio.lowlevel.open_process(
            [*(sys.executable, "-m", "callq.cli", "led", "run", str(file)), "--server", door.url],
            env={**os.environ, "CALLQ_LED_TOKEN": await door.token("device", hall="test")},
            stderr=subprocess.PIPE,
        )
        try:
            await door.staff()
            await card.until(lambda lines: lines == ["等候叫号"])
            await door.issue()
            await door.window("call_next")
            await card.until(lambda lines: lines == ["A001 请办理"])
            process.send_signal(signal.SIGTERM)
            with trio.fail_after(10):
                assert await process.wait() == 0
        finally:
            process.kill()
            await process.wait()
            assert process.stderr is not None
            log = b"".join([chunk async for chunk in process.stderr]).decode()
            await process.stderr.aclose()
    assert '"event": "led_running"' in log
    assert '"event": "led_stopped"' in log
    assert card.shown[-1] == [" "]
