"""The gateway's file: what may be in it, and what a technician is told of a mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.agent.channels import Place, place_of
from callq.config.agent_file import AgentFileError
from displays.led.config import Device, GatewayConfig, check, load
from tests.unit.documents import rows, section, text

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
server = "http://127.0.0.1:8080"
hall = "county"

[[devices]]
name = "w1"
protocol = "onbon"
address = "192.168.1.50"
columns = 128
rows = 16
window = "w1"

[[devices]]
name = "zone"
protocol = "sacn"
address = "multicast"
columns = 192
rows = 32
zone = "hall"
font = 16
colour = "white"
"""


def test_a_good_file() -> None:
    config, problems = check(GOOD)
    assert problems == []
    assert config is not None
    first, second = config.devices
    assert first.place == Place("192.168.1.50", 5005)
    assert (first.line_rows, first.line_count, first.confirms, first.pixels) == (16, 1, True, False)
    assert (second.line_rows, second.line_count, second.confirms, second.pixels) == (16, 2, False, True)


@pytest.mark.parametrize(
    ("old", "new", "key", "message", "hint"),
    [
        (
            '"onbon"',
            '"onbonn"',
            "devices[0].protocol",
            "'onbonn' is not possible here",
            "did you mean 'onbon'?",
        ),
        ("columns = 128", "colums = 128", "devices[0].colums", "unknown key", "did you mean 'columns'?"),
        ("columns = 128", "columns = 8", "devices[0].columns", "8 is out of range", "from 16 to 2048"),
        ("rows = 16", "rows = 12", "devices[0].rows", "12 is out of range", "from 16 to 512"),
        ("font = 16", "font = 20", "devices[1].font", "20 is not possible", "16, 24 or 32"),
        ("rows = 16", "rows = 16\nfont = 24", "devices[0].font", "24 rows does not fit into 16", "smaller"),
        ('window = "w1"', "", "devices[0].window", "neither window nor zone", 'window = "w1"'),
        ('window = "w1"', 'window = "w1"\nzone = "hall"', "devices[0].zone", "both given", 'window = "w1"'),
        ('"192.168.1.50"', '"192.168.1.50:99999"', "devices[0].address", "is no address", "host:port"),
        ('"192.168.1.50"', '"http://x"', "devices[0].address", "is no address", "192.168.1.50:5005"),
        ('"192.168.1.50"', '"multicast"', "devices[0].address", "only sACN", "host"),
        ('"192.168.1.50"', '"/dev/ttyUSB0"\nbaud = 12', "devices[0].baud", "12 is no speed", "9600"),
        ('"multicast"', '"/dev/ttyUSB0"', "devices[1].address", "sacn has no serial line", "host"),
        ("rows = 16", 'rows = 16\ncolour = "white"', "devices[0].colour", "no white", "yellow"),
        (
            "rows = 16",
            'rows = 16\nvertical = "eights"\ny = 3',
            "devices[0].y",
            "not a multiple of 8",
            "8 pixels",
        ),
        ('name = "zone"', 'name = "w1"', "devices[1].name", "'w1' is used twice", "devices[0].name"),
        ('name = "zone"', 'name = "Zone 1"', "devices[1].name", "'Zone 1' is not a code", "a-z"),
        ('colour = "white"', "universe = 63999", "devices[1].universe", "would be 64035", "smaller"),
        ('"http://127.0.0.1:8080"', '"127.0.0.1:8080"', "server", "no address of a server", "http://"),
        ('"http://127.0.0.1:8080"', '"http://a:b@c"', "server", "no address of a server", "http://"),
        (
            'hall = "county"',
            'hall = "county"\nlost_after_s = 1',
            "lost_after_s",
            "1 is out of range",
            "5 to 600",
        ),
        ('hall = "county"', 'hall = "county"\nfonts = ["/no.ttf"]', "fonts[0]", "there is no file", ".otf"),
        ('hall = "county"', "", "hall", "this key is missing", "add hall"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, key: str, message: str, hint: str) -> None:
    assert old in GOOD
    config, problems = check(GOOD.replace(old, new, 1))
    assert config is None
    found = next(problem for problem in problems if problem.key == key)
    assert message in found.message
    assert hint in found.hint
    changed = GOOD.replace(old, new, 1).splitlines()
    if "missing" not in message and "neither" not in message:
        assert key.rsplit(".", 1)[-1].split("[")[0] in changed[found.line - 1]
    assert len(problems) == 1


def device(name: str, **more: object) -> str:
    fields = {
        "name": name,
        "protocol": "onbon",
        "address": "card",
        "columns": 128,
        "rows": 16,
        "window": "w1",
    }
    lines = [f"{key} = {msgspec.json.encode(value).decode()}" for key, value in {**fields, **more}.items()]
    return "\n".join(["[[devices]]", *lines, ""])


@pytest.mark.parametrize(
    ("one", "other", "key"),
    [
        ({}, {}, "devices[1].target"),
        ({}, {"target": 2}, None),
        ({}, {"x": 64}, None),
        ({"address": "/dev/ttyS0"}, {"address": "/dev/ttyS0", "target": 2}, None),
        ({"protocol": "ddp"}, {"protocol": "ddp"}, "devices[1].address"),
        ({"protocol": "sacn"}, {"protocol": "sacn", "universe": 13}, "devices[1].universe"),
        ({"protocol": "sacn"}, {"protocol": "sacn", "universe": 14}, None),
        ({"protocol": "flaschen"}, {"protocol": "flaschen"}, "devices[1].address"),
        ({"protocol": "flaschen"}, {"protocol": "flaschen", "y": 16}, None),
        ({"protocol": "flaschen"}, {"protocol": "flaschen", "columns": 2000}, "devices[1].columns"),
        ({"protocol": "text"}, {"protocol": "text", "target": 256}, "devices[1].target"),
    ],
)
def test_devices_do_not_write_over_each_other(
    one: dict[str, object], other: dict[str, object], key: str | None
) -> None:
    if key == "devices[1].columns":
        other = {**other, "rows": 32, "y": 16}
    config, problems = check('hall = "county"\n' + device("a", **one) + device("b", **other))
    assert [problem.key for problem in problems] == ([key] if key else [])
    assert (config is None) == bool(key)


def test_two_cards_on_one_line_have_different_speeds_only_by_mistake() -> None:
    line = {"address": "/dev/ttyS0"}
    _, problems = check('hall = "county"\n' + device("a", **line) + device("b", **line, target=2, baud=9600))
    assert [problem.key for problem in problems] == ["devices[1].baud"]


def test_no_devices_and_too_many() -> None:
    assert [p.key for p in check('hall = "county"\ndevices = []')[1]] == ["devices"]
    many = "".join(device(f"d{number}", target=number) for number in range(501))
    assert [p.message for p in check('hall = "county"\n' + many)[1]] == ["too many devices"]


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("card", ("card", 7)),
        ("card:5005", ("card", 5005)),
        ("[fe80::1]:80", ("fe80::1", 80)),
        ("[::1]", ("::1", 7)),
    ],
)
def test_addresses(address: str, place: tuple[str, int]) -> None:
    assert place_of(address, 7) == place


@pytest.mark.parametrize(
    "address", ["", "a b", "a:0", "a:65536", "a:x", "::1", "a/b", "[x]:1", "a..b", "a." + "b" * 64, "卡"]
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        place_of(address, 7)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(AgentFileError) as missing:
        load(tmp_path / "no.toml")
    assert "cannot be read" in missing.value.problems[0].message
    path = tmp_path / "gbk.toml"
    path.write_bytes('hall = "县"'.encode("gbk"))
    with pytest.raises(AgentFileError) as broken:
        load(path)
    assert "save it as UTF-8" in broken.value.problems[0].hint


@pytest.mark.parametrize("kind", [GatewayConfig, Device], ids=lambda kind: kind.__name__)
def test_every_key_is_described(kind: type[msgspec.Struct]) -> None:
    heading = {GatewayConfig: "Top level", Device: "[[devices]]"}[kind]
    described = rows(section(text("docs/led.md"), heading))
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    assert set(described) == set(fields)
    for name, field in fields.items():
        assert ("required" in described[name].split("|")[2]) == field.required, name
        if not field.required and field.default not in (None, "", ()):
            assert f"{field.default}" in described[name].split("|")[2], name


def test_the_example_of_the_page_is_good() -> None:
    example = section(text("docs/led.md"), "A complete example").split("```toml\n")[1].split("```")[0]
    config, problems = check(example)
    assert problems == []
    assert config is not None
    assert {one.protocol for one in config.devices} == {"onbon", "text", "ddp", "flaschen", "sacn"}
