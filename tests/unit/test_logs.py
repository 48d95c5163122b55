"""The log: its events are those of docs/logs.md, and in JSON each line is one object without secrets."""

from __future__ import annotations

import ast
import json
import logging
import re
import warnings
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final

import pytest
import structlog

from callq.cli.logs import LogFormat, configure_logs
from callq.cli.server import _log_ignored
from callq.journal.redis.store import Store
from tests.unit.documents import ROOT, cells, rows, text

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVELS: Final = {name: name for name in ("debug", "info", "warning", "error", "critical")} | {
    "exception": "error"
}
BOUND: Final = {"hall", "node", "window", "device", "exception"}
"""Fields that a line can have without its call naming them; those that every line has are told of once."""

FAULT: Final = {"error", "trace"}
"""What `log_fault` says of each."""

PAGE: Final = "docs/logs.md"


@dataclass
class Said:
    """What the source says of an event."""

    levels: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    open: bool = False
    """More fields come from a mapping."""


def is_logger(node: ast.expr) -> bool:
    match node:
        case ast.Name(id="log") | ast.Attribute(attr="_log"):
            return True
        case ast.Call(func=ast.Attribute(attr="get_logger")):
            return True
        case ast.Call(func=ast.Attribute(attr="bind", value=inner)):
            return is_logger(inner)
    return False


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Calls that log, with their level."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name="log_fault"):
                for inner in ast.walk(node):  # logs what it is given
                    inner.visited = True  # type: ignore[attr-defined]
            case ast.Call(func=ast.Attribute(attr=name, value=logger)) if name in LEVELS and is_logger(
                logger
            ):
                if not hasattr(node, "visited"):
                    yield node, LEVELS[name]
            case ast.Call(func=ast.Attribute(attr="log_fault") | ast.Name(id="log_fault")):
                yield node, "error"


def events() -> dict[str, Said]:
    found: dict[str, Said] = {}
    for path in sorted(
        p for package in ("callq", "displays", "panels") for p in (ROOT / package).rglob("*.py")
    ):
        for call, level in calls(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.relative_to(ROOT)}:{call.lineno}"
            (first, *_) = call.args
            assert isinstance(first, ast.Constant), f"{where}: the name of an event is a literal"
            assert isinstance(first.value, str)
            assert re.fullmatch(r"[a-z]+(_[a-z]+)*", first.value), (
                f"{where}: {first.value!r} is no snake_case"
            )
            said = found.setdefault(first.value, Said())
            said.levels.add(level)
            if not is_logger(call.func.value if isinstance(call.func, ast.Attribute) else call.func):
                said.fields |= FAULT
            for keyword in call.keywords:
                if keyword.arg is None:
                    said.open = True
                elif keyword.arg != "exc_info":
                    said.fields.add(keyword.arg)
    return found


EVENTS: Final = events()


def test_events_and_catalogue_are_the_same() -> None:
    described = rows(text(PAGE)).keys() - {"library_message", *LEVELS}
    assert described == EVENTS.keys()


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_described_as_it_is(name: str) -> None:
    said = EVENTS[name]
    _, level, fields, meaning, act = cells(rows(text(PAGE))[name])
    assert {level} == said.levels
    assert meaning
    assert act
    named = set(re.findall(r"`(\w+)`", fields))
    assert said.fields <= named, "every field is named"
    assert said.open or named <= said.fields | BOUND, "every field exists"


def test_the_fields_of_the_store_are_named() -> None:
    (described,) = [
        n
        for n in ast.walk(ast.parse(text("callq/journal/redis/store.py")))
        if isinstance(n, ast.FunctionDef) and n.name == Store.describe.__name__
    ]
    (made,) = [n for n in ast.walk(described) if isinstance(n, ast.Dict)]
    names = {key.value for key in made.keys if isinstance(key, ast.Constant)}
    assert names == set(re.findall(r"`(\w+)`", cells(rows(text(PAGE))["store_open"])[2])) - BOUND


# What a line is -------------------------------------------------------------------------------------

ID_NO: Final = "11010119900307001X"
PHONE: Final = "13812345678"
TOKEN: Final = "cq_" + "aB3-_" * 8 + "xyz"
KEY: Final = "ct_01m80f70fxr6jscyyf5b9bw3sn." + "aB3-_" * 8 + "xyz"


@pytest.fixture(autouse=True)
def _library_logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(level)


def lines(capture: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    told = capture.readouterr()
    assert told.out == ""
    assert told.err.endswith("\n")
    return [json.loads(line) for line in told.err.splitlines()]


def test_an_event_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "debug")
    structlog.get_logger().bind(hall="county").info("hall_running", revision=7, name="综合\n大厅")
    (line,) = lines(capsys)
    assert line.pop("timestamp")
    assert line == {
        "event": "hall_running",
        "level": "info",
        "hall": "county",
        "revision": 7,
        "name": "综合\n大厅",
    }


def test_a_traceback_is_a_field_and_shows_no_variables(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "debug")
    try:
        secret = "nobody " + "shall see"
        raise RuntimeError("first\nsecond")
    except RuntimeError:
        structlog.get_logger().exception("command_failed")
    (line,) = lines(capsys)
    assert "Traceback" in str(line["exception"])
    assert "first\nsecond" in str(line["exception"])
    assert secret not in str(line)


def test_libraries_speak_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "debug")
    logger = logging.getLogger("callq.http")
    logger.info("nobody needs that")
    logger.warning("a %s\nrequest", "bad")
    try:
        raise ValueError("odd")
    except ValueError:
        logger.exception("Error in ASGI Framework")
    warned, failed = lines(capsys)
    assert (warned["event"], warned["level"], warned["logger"]) == (
        "library_message",
        "warning",
        "callq.http",
    )
    assert warned["message"] == "a bad\nrequest"
    assert "ValueError: odd" in str(failed["exception"])


def test_a_warning_is_a_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        configure_logs("json", "info")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    (line,) = lines(capsys)
    assert line["logger"] == "py.warnings"


@pytest.mark.parametrize("secret", [ID_NO, PHONE, TOKEN, KEY, "anna:pa55"])
@pytest.mark.parametrize("form", ["json", "console"])
def test_whatever_gets_into_a_line_secrets_do_not(
    capsys: pytest.CaptureFixture[str], form: LogFormat, secret: str
) -> None:
    configure_logs(form, "debug")
    said = f"redis://{secret}@db:6379/0" if ":" in secret else f"for {secret}."
    log = structlog.get_logger()
    try:
        raise RuntimeError(said)
    except RuntimeError as error:
        log.exception("command_failed", error=repr(error))
        logging.getLogger("callq.http").exception("it was %s", said)
    log.info("nodes_changed", living=[said], more={"deep": (said,)})
    told = capsys.readouterr().err
    assert secret not in told
    assert told.count("…") >= 6


def test_what_an_operator_looks_for_stays(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "debug")
    facts = {
        "at": "1795312288000",
        "id": "17-12345678901234567890",
        "found": "17-123456789012345678",
        "ticket": "01m80f70fxr6jscyyf5b9bw3sn",
        "address": "redis://db:6379/0",
    }
    structlog.get_logger().info("group_refused", **facts)
    (line,) = lines(capsys)
    assert facts.items() <= line.items()


def test_an_exception_that_nobody_can_take_is_a_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "info")
    error = RuntimeError("in a destructor")
    _log_ignored(SimpleNamespace(exc_value=error))
    (line,) = lines(capsys)
    assert (line["event"], line["error"]) == ("exception_ignored", repr(error))
