"""The agent's file: what may be in it, and what a technician is told of a mistake."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.agent.channels import Place
from callq.config.agent_file import AgentFileError
from panels.callbox.config import AgentConfig, Box, Keypad, Line, Transfer, check, load
from tests.unit.documents import rows, section, text

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
hall = "county"

[[keypads]]
name = "pad"
window = "w1"
device = "/dev/input/event9"

[[lines]]
name = "hub"
protocol = "95h"
address = "/dev/ttyUSB0"
services = ["general"]

[[lines.boxes]]
name = "box"
window = "w2"
address = 2

[[lines]]
name = "display"
protocol = "lcd21"
address = "192.168.1.60"
keys = { "21" = "enter" }

[[lines.boxes]]
name = "shown"
window = "w3"
address = 1
"""


def test_a_good_file() -> None:
    config, problems = check(GOOD)
    assert problems == []
    assert config is not None
    assert [box.name for box in config.boxes] == ["pad", "box", "shown"]
    hub, display = config.lines
    assert (hub.serial, hub.baud, hub.call) == (True, 9600, "enter")
    assert display.place == Place("192.168.1.60", 4001)


@pytest.mark.parametrize(
    ("old", "new", "key", "message", "hint"),
    [
        ('"county"', '"County!"', "hall", "is not a code", "1 to 32"),
        ('hall = "county"', 'hall = "county"\nserver = "x"', "server", "no address of a server", "http://"),
        ('hall = "county"', 'hall = "county"\nkeep_s = 0', "keep_s", "out of range", "from 1 to 120"),
        ('hall = "county"', 'hall = "county"\nlost_after_s = 1', "lost_after_s", "out of range", "from 5"),
        ('hall = "county"', 'hall = "county"\nreasons = [""]', "reasons[0]", "no reason", "1 to 64"),
        ('hall = "county"', f'hall = "county"\nreasons = {["x"] * 10}', "reasons", "digits", "at most 9"),
        ('hall = "county"', 'hall = "county"\ntransfers = [{}]', "transfers[0]", "no single", "service ="),
        ("/dev/input/event9", "event9", "keypads[0].device", "is no path", "by-id"),
        ('device = "/dev/input/event9"', "", "keypads[0].device", "in one way", "by-path"),
        ("[[lines]]", 'match = "x"\n[[lines]]', "keypads[0].device", "in one way", "match ="),
        ('device = "/dev/input/event9"', 'usb = "1c4f"', "keypads[0].usb", "no USB id", "lsusb"),
        ("[[lines]]", 'keys = { f1 = "undo" }\n[[lines]]', "keypads[0].keys.f1", "no such key", "enter"),
        ("[[lines]]", 'keys = { slash = "und" }\n[[lines]]', "keypads[0].keys", "'und'", "'undo'"),
        ('"95h"', '"96h"', "lines[0].protocol", "'96h' is not possible here", "'95h'"),
        ('"/dev/ttyUSB0"', '"/dev/ttyUSB0"\nbaud = 12', "lines[0].baud", "12 is no speed", "9600"),
        ('"192.168.1.60"', '"192.168.1.60:99999"', "lines[1].address", "is no address", "192.168.1.60:4001"),
        ('"192.168.1.60"', '"/dev/ttyUSB0"', "lines[1].address", "used twice", "lines[0]"),
        ("address = 2", "address = 256", "lines[0].boxes[0].address", "out of range", "from 0 to 255"),
        ('name = "shown"', 'name = "pad"', "lines[1].boxes[0].name", "used twice", "keypads[0].name"),
        ('{ "21" = "enter" }', "{}", "lines[1].keys", "no key has a meaning", '"21"'),
        ('"21" =', '"2" =', "lines[1].keys.2", "no hexadecimal bytes", "2103"),
        ('"21" = "enter" }', '"21" = "enter" }\nshow = "A"', "lines[1].show", "no hexadecimal byte", "A1"),
        ('"21" = "enter" }', '"21" = "enter" }\ntext = "{x}"', "lines[1].text", "mean nothing", "waiting"),
        ("address = 2", "", "lines[0].boxes[0].address", "missing", ""),
    ],
)
def test_a_mistake_is_told(old: str, new: str, key: str, message: str, hint: str) -> None:
    assert old in GOOD
    config, problems = check(GOOD.replace(old, new, 1))
    assert config is None
    found = [problem for problem in problems if problem.key.startswith(key)]
    assert found, problems
    assert message in found[0].message
    assert hint in found[0].hint
    assert found[0].line > 0


def test_boxes_are_told_apart() -> None:
    again = '[[lines.boxes]]\nname = "box3"\nwindow = "w3"\naddress = 2\n'
    _, (problem,) = check(GOOD.replace('[[lines]]\nname = "display"', again + '[[lines]]\nname = "display"'))
    assert problem.key == "lines[0].boxes[1].address"
    keypad = '[[keypads]]\nname = "b"\nwindow = "w1"\ndevice = "/dev/input/event9"\n'
    _, (problem,) = check(GOOD.replace("[[lines]]", keypad + "[[lines]]", 1))
    assert (problem.key, "same device" in problem.message) == ("keypads[1].device", True)
    _, problems = check('hall = "county"')
    assert "there are no boxes" in problems[0].message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(AgentFileError, match="1 problems"):
        load(tmp_path / "none.toml")
    (path := tmp_path / "gbk.toml").write_bytes("hall = '大厅'".encode("gbk"))
    with pytest.raises(AgentFileError) as caught:
        load(path)
    assert "UTF-8" in caught.value.problems[0].message


def test_every_key_is_described() -> None:
    page = text("docs/callbox.md")
    for heading, struct in (("Top level", AgentConfig), ("[[keypads]]", Keypad), ("[[lines]]", Line)):
        table = rows(section(page, heading))
        assert set(table) == set(struct.__struct_fields__), heading
        for field in msgspec.structs.fields(struct):
            if isinstance(field.default, int | str) and field.default not in (True, False, ""):
                assert (
                    f"`{field.default}`" in table[field.name] or f"| {field.default} |" in table[field.name]
                )
    for inner in (Box, Transfer):
        assert all(f"`{name}`" in page for name in inner.__struct_fields__)


def test_the_example_is_good() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", text("docs/callbox.md"), re.DOTALL)
    config, problems = check(example)
    assert problems == []
    assert config is not None
    assert config.boxes
    assert tomllib.loads(example)["server"] == config.server
