"""The scanner finds each key of any document where it stands."""

from __future__ import annotations

import tomllib

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from callq.config import load_hall
from callq.config.export import export_hall
from callq.config.positions import locate

DOCUMENT = '''\
# comment with [[brackets]] and = "quotes"
a = 1
"b c" = """x
[[not]] = 'a header' """   # but this is a comment
d.e = { f = [1, [2, "]"]], g = '}' }
[t . u]
v = [  # first
  "one",
  { w = 1 },

  "three", # ] not the end
]
[[list]]
x = 2026-05-01T08:00:00+08:00
[[list]]
x = """a\\"""b"""
y = \'\'\'it''s\'\'\'
[list.sub]
z = -1.5e3
[[list.deep]]
q = ""
'''


def paths_of(value: object, path: str = "") -> set[str]:
    """Every path of a parsed document."""
    if isinstance(value, dict):
        found = {f"{path}.{key}" if path else key for key in value}
        return found.union(*(paths_of(v, f"{path}.{k}" if path else k) for k, v in value.items()))
    if isinstance(value, list):
        found = {f"{path}[{i}]" for i in range(len(value))}
        return found.union(*(paths_of(v, f"{path}[{i}]") for i, v in enumerate(value)))
    return set()


def test_every_path_of_a_document_is_placed() -> None:
    positions = locate(DOCUMENT)
    assert paths_of(tomllib.loads(DOCUMENT)) <= set(positions) | {"t"}
    assert {path: positions[path] for path in ("b c", "d.e.f[1][1]", "t.u", "t.u.v[2]", "list[1].y")} == {
        "b c": (3, 1),
        "d.e.f[1][1]": (5, 21),
        "t.u": (6, 1),
        "t.u.v[2]": (11, 3),
        "list[1].y": (17, 1),
    }
    assert positions["list[1].sub.z"].line == 19
    assert positions["list[1].deep[0].q"].line == 21


@settings(deadline=None)
@given(st.text(st.sampled_from("\"'\\#=[]{}\n\r,.x号 "), max_size=30))
def test_no_text_in_a_value_leads_the_scanner_astray(text: str) -> None:
    written = export_hall(msgspec.structs.replace(load_hall("county"), name=text))
    assert paths_of(tomllib.loads(written)) == set(locate(written))
