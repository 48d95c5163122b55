"""`callq callbox` as a technician runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import trio

from callq.cli import main
from callq.journal.memory import MemoryJournal
from panels.callbox import check as check_module
from panels.callbox.check import check
from panels.callbox.config import AgentConfig, Box, Keypad, Line
from tests.callbox import boxes
from tests.callbox.boxes import on_pty, on_server
from tests.callbox.test_config import GOOD
from tests.web.conftest import serving

if TYPE_CHECKING:
    from pathlib import Path

    from callq.agent.findings import Finding


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "callbox.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_mistakes_are_told_like_those_of_a_hall(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD.replace("address = 2", "address = 300"), encoding="utf-8")
    assert main(["callbox", "check", str(file)]) == 1
    err = capsys.readouterr().err
    assert f"{file}:17: lines[0].boxes[0].address: 300 is out of range\n    hint: write a number" in err
    assert main(["callbox", "run", str(file)]) == 1


def test_without_a_token_nothing_runs(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALLQ_CALLBOX_TOKEN", raising=False)
    assert main(["callbox", "run", str(file)]) == 1
    err = capsys.readouterr().err
    assert "set CALLQ_CALLBOX_TOKEN; make one: callq token create --role clerk" in err


async def test_a_check_says_what_is_right_and_what_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_module, "LISTEN_S", 0.3)
    async with on_server() as gone:
        pass
    async with serving(MemoryJournal()) as door, on_pty() as wire, on_server() as far:
        hub = Line(
            name="hub",
            protocol="95h",
            address=wire.path,
            boxes=(Box(name="here", window="w1", address=1), Box(name="away", window="w9", address=2)),
        )
        keys = {"21": "enter"}
        display = Line(
            name="display",
            protocol="lcd21",
            address=far.path,
            boxes=(Box(name="lcd", window="w2", address=1),),
            keys=keys,  # type: ignore[arg-type]
        )
        unplugged = Line(
            name="unplugged",
            protocol="95h",
            address=gone.path,
            boxes=(Box(name="other", window="w2", address=1),),
        )
        pads = (
            Keypad(name="pad", window="w1", device=wire.path),
            Keypad(name="nothing", window="w1", device=str(tmp_path / "none")),
        )
        config = AgentConfig(server=door.url, hall="test", keypads=pads, lines=(hub, display, unplugged))
        found: dict[str, list[Finding]] = {}
        token = await door.token("clerk", hall="test")

        async def poll() -> None:
            while True:
                await wire.say(b"\x00\x01" + boxes.hub_frame(0x11, 1, 0) + boxes.hub_frame(0x11, 7, 0))
                await trio.sleep(0.05)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(poll)
            async for finding in check(config, token):
                found.setdefault(finding.what, []).append(finding)
            nursery.cancel_scope.cancel()
        assert {what for what, each in found.items() if all(one.ok for one in each)} == {"server", "here"}
        assert "no window 'w9'" in found["panel w9"][0].message
        assert [found[name][0].ok for name in ("away", "lcd", "pad", "nothing", "unplugged")] == [
            False,
            None,
            False,
            False,
            False,
        ]
        assert "is it an input device" in found["pad"][0].message
        noise, strangers = found["hub"]
        assert "bytes that make no sense" in noise.message
        assert strangers.message == "heard as well: 7"
        assert wire.said == b"", "a check says nothing on a line"
        (finding,) = [one async for one in check(config, None) if one.what == "server"]
        assert finding.ok is None


def test_the_agent_runs_until_a_signal(file: Path) -> None:
    """Without server, keypad or line it runs, says so, and ends when it is told to."""
    file.write_text(GOOD.replace('"county"', '"county"\nserver = "http://127.0.0.1:9"'), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "callq.cli", "callbox", "run", str(file), "--log-format", "json"],
        env={**os.environ, "CALLQ_CALLBOX_TOKEN": "none"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        seen = ""
        while not ("callbox_running" in seen and "feed_lost" in seen and "callbox_missing" in seen):
            line = process.stderr.readline()
            assert line, seen
            seen += line
    finally:
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=20)
    assert process.returncode == 0, rest
    assert "callbox_stopped" in rest
