"""What a technician sees on the command line; the commands themselves, without a server."""

from __future__ import annotations

import argparse
import re
import socket
import sys
from typing import TYPE_CHECKING, Any

import pytest
import trio

from callq import __version__
from callq.cli import build_parser, main
from callq.cli.errors import UserError, explain
from callq.cli.hall import format_problem
from callq.cli.ports import address, any_free, refuse_taken
from callq.config import Problem, load_hall, read_source
from callq.domain.hall import digest
from tests.voice.sounds import heard, record, samples_of

if TYPE_CHECKING:
    from pathlib import Path


def test_a_good_hall_is_summed_up_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hall", "check", "county"]) == 0
    out, err = capsys.readouterr()
    assert "县政务服务中心 (county), 2 zones, 4 services, 6 windows, 6 clerks" in out
    assert digest(load_hall("county")) in out
    assert (out.count("\n"), err) == (1, "")


def test_a_mistake_is_told_by_file_line_and_key(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "my hall.toml"
    path.write_text(read_source("county").replace('prefix = "G"', 'prefix = "O"'), encoding="utf-8")
    line = path.read_text(encoding="utf-8")[: path.read_text(encoding="utf-8").index('"O"')].count("\n") + 1
    assert main(["hall", "check", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(
        f"{path}:{line}: services[3].prefix: 'O' is not a ticket prefix\n    hint: I, O and Q"
    )
    assert err == f"{path}: 1 problem\n"
    assert "\x1b" not in out


def test_colour_is_only_for_terminals() -> None:
    problem = Problem(3, 1, "name", "the text is empty", "write what people shall read")
    plain = format_problem("x.toml", problem, colour=False)
    assert plain == "x.toml:3: name: the text is empty\n    hint: write what people shall read"
    assert "\x1b[31m" in format_problem("x.toml", problem, colour=True)


def test_a_missing_hall_file_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hall", "check", "countie"]) == 1
    assert "did you mean the sample 'county'?" in capsys.readouterr().out
    assert main(["serve", "--hall", "countie", "--data", "/nowhere"]) == 1
    err = capsys.readouterr().err
    assert "callq: the hall countie cannot be used\n  hint: " in err


def test_the_same_hall_twice_is_refused_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--hall", "county", "county", "--data", "/nowhere"]) == 1
    assert "both describe hall 'county'" in capsys.readouterr().err


def test_a_taken_port_names_the_next_free_one(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["demo", "--port", str(port)]) == 1
        err = capsys.readouterr().err
    assert f"port {port} is in use by another program" in err
    free = int(err.split("hint: ")[1].split(" is free")[0])
    assert port < free <= port + 100
    refuse_taken("127.0.0.1", free)


def test_a_host_that_is_not_ours_is_refused() -> None:
    with pytest.raises(UserError, match=r"cannot listen on 192\.0\.2\.1"):
        refuse_taken("192.0.2.1", any_free("127.0.0.1"))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"callq {__version__}\n"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hall",
        "serve --hall county",
        "demo --speed 0",
        "demo --speed nan",
        "demo --port 70000",
        "token create --role citizen --url x",
        "token create --role admin",
        "token create --role admin --url x --data y",
    ],
)
def test_a_command_line_that_cannot_be_meant_ends_with_usage(
    line: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(line.split())
    assert caught.value.code == 2
    assert "usage: callq" in capsys.readouterr().err


def test_only_what_exists_is_listed() -> None:
    listed = re.findall(r"(?m)^    (\w+) ", build_parser().format_help())
    assert listed == [
        "hall",
        "serve",
        "demo",
        "token",
        "doctor",
        "simulate",
        "led",
        "voice",
        "callbox",
        "printer",
        "ratings",
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("0.0.0.0:8080", ("0.0.0.0", 8080)),
        (":80", ("0.0.0.0", 80)),
        ("[::1]:9", ("::1", 9)),
        ("localhost:1", ("localhost", 1)),
    ],
)
def test_addresses(text: str, meant: Any) -> None:
    assert address(text) == meant


@pytest.mark.parametrize("text", ["8080", "host", "::1:80", "host:", "host:http", "host:99999", "host:-1"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        address(text)


def test_tokens_bound_to_a_window_name_their_hall(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["token", "create", "--role", "clerk", "--window", "w1", "--data", str(tmp_path)]) == 1
    assert "need --hall" in capsys.readouterr().err
    assert main(["token", "create", "--role", "clerk", "--data", str(tmp_path)]) == 1
    assert "not a data directory" in capsys.readouterr().err


def test_an_administrator_without_token_is_told_where_it_goes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALLQ_ADMIN_TOKEN", raising=False)
    assert main(["token", "create", "--role", "clerk", "--url", "http://127.0.0.1:1"]) == 1
    assert "CALLQ_ADMIN_TOKEN" in capsys.readouterr().err
    monkeypatch.setenv("CALLQ_ADMIN_TOKEN", "secret")
    assert main(["token", "create", "--role", "clerk", "--url", "http://127.0.0.1:1"]) == 1
    err = capsys.readouterr().err
    assert "is a callq server running" in err
    assert "secret" not in err


def test_faults_of_ours_keep_their_traceback_and_faults_of_theirs_do_not() -> None:
    theirs = ExceptionGroup("", [ExceptionGroup("", [UserError("no such thing", "look again")])])
    assert str(explain(theirs)) == "no such thing"
    assert explain(ExceptionGroup("", [UserError("x"), ZeroDivisionError()])) is None
    assert explain(ZeroDivisionError()) is None


async def test_checking_a_hall_imports_no_server() -> None:
    code = "import sys; from callq.cli import main; main(['hall', 'check', 'county']); print(*sys.modules)"
    done = await trio.run_process([sys.executable, "-c", code], capture_stdout=True)
    slow = {"trio", "redis", "hypercorn", "quart", "httpx", "rich", "structlog"}
    assert slow & set(done.stdout.decode().split()) == set()


def test_an_announcement_is_written_as_a_wav(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    record(
        tmp_path / "clips",
        "zh",
        **{"请": 300.0, "A": 400.0, "0": 500.0, "yao": 600.0, "2": 700.0, "3": 800.0},
    )
    assert main(["voice", "say", "A012", "--to", "3", "--voice", "clips", "--out", "a.wav"]) == 0
    out, err = capsys.readouterr()
    assert out == "请A012号到3号窗口办理业务\n"
    assert "read by espeak-ng, since zh has no clips: 号到 号窗口办理业务" in err
    sounds = heard((tmp_path / "a.wav").read_bytes())
    assert sounds[1:6] == [pytest.approx(hertz, abs=20) for hertz in (300, 400, 500, 600, 700)]

    assert main(["voice", "say", "请A012", "--voice", "clips", "--volume", "50"]) == 0
    sentence = (tmp_path / "announcement.wav").read_bytes()
    assert heard(sentence)[1:] == [pytest.approx(hertz, abs=20) for hertz in (300, 400, 500, 600, 700)]
    assert max(map(abs, samples_of(sentence))) == pytest.approx(0.5 * 0.85 * 32_767, rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["A012", "--to", "3", "--volume", "101"], "--volume 101 is out of range"),
        (["A012", "--to", "3", "--voice", "nowhere"], "nowhere is no folder"),
        (["A012", "--again"], "--zone and --again need --to"),
        (["A012", "--to", "3", "--out", "nowhere/a.wav"], "nowhere/a.wav cannot be written"),
        (["A012", "--to", "3", "--hall", "countie"], "the hall countie cannot be used"),
    ],
)
def test_a_mistake_in_an_announcement_is_no_traceback(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["voice", "say", *arguments]) != 0
    assert message in capsys.readouterr().err


def test_a_machine_without_an_engine_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["voice", "say", "A012", "--to", "3", "--out", str(tmp_path / "a.wav")]) == 1
    err = capsys.readouterr().err
    assert "there is no espeak-ng, and no clip for: 请、A、0" in err
    assert "hint: install the package espeak-ng" in err
    assert not (tmp_path / "a.wav").exists()
