"""The documents are held to the code: what they name exists, and what exists is in them."""

from __future__ import annotations

import inspect
import json
import re
import tomllib
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest

from callq.cli import build_parser
from callq.domain import commands as cmd
from callq.domain.check_values import MAX_CHARS, RANGES
from callq.domain.errors import STATUS, Code
from callq.domain.events import Batch, Event
from callq.domain.hall import (
    Booking,
    Check,
    Clerk,
    Contact,
    Desk,
    Device,
    HallConfig,
    HallNotice,
    Holiday,
    Item,
    Language,
    Minimum,
    MovedWorkday,
    NumberRange,
    Outlet,
    Printer,
    ProfileSlot,
    RatingReason,
    Ratings,
    Resource,
    Routing,
    Rules,
    Screens,
    Service,
    Session,
    Skill,
    Tides,
    Voice,
    VolumeHours,
    Warnings,
    WindowConfig,
    Zone,
    ZoneScreen,
)
from callq.journal.redis import keys
from callq.views.view import VIEWS, View, project
from callq.web import bodies, session, window_bodies
from callq.web.feed_wire import Incoming
from callq.web.roles import ALLOWED, Role
from callq.web.routes import ROUTES
from callq.wire import messages as m
from tests.harness import Hall
from tests.unit.documents import ROOT, prose, rows, section, slug, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READMES = ("README.md", "README.zh-CN.md")
DOCS = ROOT / "docs"
PAGES = sorted(
    [*(ROOT / name for name in (*READMES, "CHANGELOG.md", "CONTRIBUTING.md")), *DOCS.rglob("*.md")]
)
PARTS = ("domain", "config", "wire", "views", "journal", "runtime", "web")


# Links and names -----------------------------------------------------------------------------------


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        path = (page.parent / place).resolve() if place else page
        assert path.exists(), f"{relative(page)} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, f"{relative(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_file_that_is_named_exists(page: Path) -> None:
    tops = "callq|tests|docs|deploy|displays|panels|scripts|requirements|.ci"
    named = re.findall(rf"`((?:{tops}|{'|'.join(PARTS)})/[\w./*-]*)`", page.read_text(encoding="utf-8"))
    for name in named:
        # Short names such as `web/roles.py` are below the package.
        assert list(ROOT.glob(name)) or list((ROOT / "callq").glob(name)), f"{relative(page)} names {name}"


@pytest.mark.parametrize("name", READMES)
def test_every_guide_is_linked_from_the_readme(name: str) -> None:
    for page in DOCS.glob("*.md"):
        assert f"(docs/{page.name})" in text(name)


@pytest.mark.parametrize("name", READMES)
def test_the_two_commands_are_targets(name: str) -> None:
    targets = re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE)
    assert re.findall(r"^\$ make (\w+)", text(name), re.MULTILINE) == ["demo", "test"]
    for page in PAGES:
        for target in re.findall(r"[`$] ?make ([a-z]+)", page.read_text(encoding="utf-8")):
            assert target in targets, f"{relative(page)} names make {target}"


@pytest.mark.parametrize("name", READMES)
def test_the_command_line_is_named_as_it_is(name: str) -> None:
    def commands(parser: Any, line: str) -> Iterator[str]:
        for action in parser._actions:
            if action.choices and isinstance(action.choices, dict):
                for word, inner in action.choices.items():
                    below = list(commands(inner, f"{line} {word}"))
                    if inner.get_default("run") or not below:  # some do something by themselves as well
                        yield f"{line} {word}"
                    yield from below

    have = set(commands(build_parser(), "callq"))
    assert have
    limits = re.findall(r"`(callq [a-z ]+)`", text(name))
    assert set(limits) == have


@pytest.mark.parametrize("name", [*READMES, "docs/http.md"])
def test_every_command_of_the_api_is_named(name: str) -> None:
    unions = (
        window_bodies.WindowCommandBody,
        bodies.TicketCommandBody,
        bodies.BookingCommandBody,
        bodies.HallCommandBody,
    )
    kinds = [kind for union in unions for kind in (get_args(union) or (union,))]
    for kind in kinds:
        assert f"`{kind.__struct_config__.tag}`" in text(name)


@pytest.mark.parametrize("name", READMES)
def test_every_page_has_its_address_in_the_readme(name: str) -> None:
    pages = tomllib.loads(text("pyproject.toml"))["project"]["entry-points"]["callq.pages"]
    assert pages
    for place in pages.values():
        route = EntryPoint("page", place, "callq.pages").load()["route"]
        address = re.sub(r"<\w+>", r"\\w+", route) + r"(\?voice=on)?#token=…"
        # A ticket's page comes with the ticket.
        assert re.search(f"`{address}`", text(name)) or route == "/t/<hall>/<ticket>", route


def test_decisions_are_numbered_and_complete() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))
    for number, page in enumerate(pages, 1):
        content = page.read_text(encoding="utf-8")
        assert page.name.startswith(f"{number:04d}-")
        assert content.startswith(f"# {number:04d} ")
        marks = re.findall(r"^\*\*(\w+)\.\*\*", content, re.MULTILINE)
        assert marks == ["Context", "Decision", "Grounds", "Consequences"] or number == 5, page.name


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads(text("pyproject.toml"))
    wanted = [
        *project["project"]["dependencies"],
        *(one for extra in project["project"]["optional-dependencies"].values() for one in extra),
        *(one for group in project["dependency-groups"].values() for one in group),
        *json.loads(text("package.json"))["devDependencies"],
    ]
    names = {re.match(r"[A-Za-z0-9._-]+", one)[0] for one in wanted}  # type: ignore[index]
    assert set(rows(text("docs/decisions/0005-dependencies.md"))) == names


# The hall file -------------------------------------------------------------------------------------

TABLES = {
    HallConfig: "Top level",
    Contact: "[contact]",
    Rules: "[rules]",
    Zone: "[[zones]]",
    Service: "[[services]]",
    WindowConfig: "[[windows]]",
    Clerk: "[[clerks]]",
    Session: "[[sessions]]",
    Holiday: "[[holidays]]",
    MovedWorkday: "[[moved_workdays]]",
    Resource: "[[resources]]",
    NumberRange: "Number ranges of a service",
    Booking: "Bookings of a service",
    Skill: "Skills with a certificate",
    Routing: "[routing]",
    Tides: "[tides]",
    ProfileSlot: "[[tides.profile]]",
    Device: "[[devices]]",
    Minimum: "[[tides.minima]]",
    Voice: "[voice]",
    VolumeHours: "[[voice.hours]]",
    Language: "[[voice.languages]]",
    Item: "[[items]]",
    Outlet: "[[outlets]]",
    HallNotice: "Notices of zones",
    Screens: "[screens]",
    ZoneScreen: "[[screens.zones]]",
    Warnings: "[warnings]",
    Printer: "[[printers]]",
    Check: "Pre-checks",
    Desk: "[desk]",
    Ratings: "[ratings]",
    RatingReason: "[[ratings.reasons]]",
}


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.__name__)
def test_every_key_of_the_hall_file_is_described(kind: type[msgspec.Struct]) -> None:
    described = rows(section(text("docs/hall-file.md"), TABLES[kind]))
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    assert set(fields) == set(described)
    for name, field in fields.items():
        row = described[name]
        assert ("required" in row.split("|")[2]) == field.required, row
        if not field.required and isinstance(field.default, int) and not isinstance(field.default, bool):
            assert f"| {field.default} |" in row
        if name in RANGES and field.type is not str:
            assert "{} to {}".format(*RANGES[name]) in row
        if name in MAX_CHARS and field.type is str:
            assert f"{MAX_CHARS[name]}" in row or f"{MAX_CHARS[name]}" in described["name"], row


def test_every_struct_of_the_hall_file_has_a_table() -> None:
    import callq.domain.hall as hall

    structs = {
        kind for _, kind in inspect.getmembers(hall, inspect.isclass) if issubclass(kind, msgspec.Struct)
    }
    assert {
        kind for kind in structs if not kind.__name__.startswith("_") and kind is not msgspec.Struct
    } == set(TABLES)


# HTTP ----------------------------------------------------------------------------------------------


def test_every_error_code_is_explained() -> None:
    described = rows(section(text("docs/http.md"), "Refusals"))
    assert set(described) == {code.value for code in Code}
    for code in Code:
        cells = described[code.value].split("|")
        assert cells[2].strip().startswith(str(STATUS[code]))
        assert all(cell.strip() for cell in cells[3:5]), f"{code}: what it means, and what to do"


def test_every_request_is_listed() -> None:
    listed = section(text("docs/http.md"), "Requests")
    for route in ROUTES:
        assert re.search(rf"`{route.method} {re.escape(route.path)}[`?]", listed), route.path


def test_the_table_of_roles_is_that_of_the_code() -> None:
    part = section(text("docs/http.md"), "Who may do what")
    lines = [line for line in part.splitlines() if line.startswith("|")]
    roles = [cell.strip() for cell in lines[0].split("|")[2:-1]]
    assert sorted(roles) == sorted(role.value for role in Role)
    shown = rows(part)
    assert set(shown) >= {permission.value for permission in ALLOWED}
    for permission, allowed in ALLOWED.items():
        cells = [cell.strip() for cell in shown[permission.value].split("|")[2:-1]]
        assert {role for role, cell in zip(roles, cells, strict=True) if cell} == {
            role.value for role in allowed
        }, permission


# The feed ------------------------------------------------------------------------------------------


def view_of(name: str, ticket: str) -> View:
    return View(
        name,
        zone="hall" if name in ("board", "announcements") else None,
        window="w1" if name in ("strip", "panel") else None,
        ticket=ticket if name == "ticket" else None,
    )


@pytest.mark.parametrize("name", VIEWS)
def test_every_key_of_a_view_is_described(name: str) -> None:
    hall = Hall()
    ticket = hall.issue()
    described = set(rows(section(text("docs/feed.md"), f"`{name}`:")))
    moments = [lambda: None, lambda: hall.staff(), lambda: hall.do(cmd.CallNext(window="w1"))]
    for happens in moments:
        happens()  # type: ignore[no-untyped-call]
        assert set(project(view_of(name, ticket.id), hall.state, hall.now_ms, {})) == described
    assert "`server_ms`" in section(text("docs/feed.md"), "Views")


SHAPES = [
    *(
        m.Place,
        m.BoardCall,
        m.BoardWaiting,
        m.BoardMissed,
        m.BoardWindow,
        m.EntranceService,
        m.EntranceZone,
        m.PrinterNow,
        m.PrintJob,
        m.Strip,
        m.Window,
        m.Queue,
    ),
    *(m.HelpCall, m.RatingCall, m.LastTicket, m.ClerkDay, m.Option, m.PanelTicket, m.Why, m.LaneWhy, m.Step),
    *(m.Ticketing, m.Suspended, m.Rejoin, m.HeldTicket, m.Undoable, m.ServiceNow),
    *(m.Announcement, m.VolumeFrom),
    *(m.DeskService, m.DeskWindow, m.PriorityShare, m.Prechecks, m.Accompanied, m.Companion, m.Precheck),
    *(
        m.RatingReason,
        m.TicketRating,
        m.RateableStep,
        m.RatingsNow,
        m.CasesNow,
        m.Case,
        m.CaseAct,
        m.CaseRules,
    ),
    *(m.FloorWarning, m.Thresholds, m.Tides, m.Plan, m.PlanPast, m.PlanSlot, m.ZoneInfo),
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_field_of_a_row_is_named(shape: type[msgspec.Struct]) -> None:
    views = section(text("docs/feed.md"), "Views")
    for field in msgspec.structs.fields(shape):
        assert f"`{field.encode_name}`" in views


def test_every_message_of_a_client_is_described() -> None:
    described = rows(section(text("docs/feed.md"), "Messages"))
    for kind in get_args(Incoming):
        assert kind.__struct_config__.tag in described
        row = described[kind.__struct_config__.tag]
        for field in msgspec.structs.fields(kind):
            assert f"`{field.encode_name}`" in row
    assert "command" in described


def test_every_way_that_a_socket_ends_is_described() -> None:
    described = section(text("docs/feed.md"), "Close codes")
    endings = [value for value in vars(session).values() if isinstance(value, session.Closing)]
    assert endings
    for closing in endings:
        assert f"| {closing.code} | `{closing.reason}` |" in described
    assert len(re.findall(r"^\| \d{4} ", described, re.MULTILINE)) == len(endings)


# The journal ---------------------------------------------------------------------------------------


def test_every_event_is_described_with_its_fields() -> None:
    described = rows(section(text("docs/stream-format.md"), "Events"))
    for kind in get_args(Event):
        row = described.pop(kind.__struct_config__.tag)
        for field in msgspec.structs.fields(kind):
            assert f"`{field.encode_name}`" in row, kind
            optional = row.partition("optional")[2]
            assert field.required or f"`{field.encode_name}`" in optional, f"{kind}: {field.name} is optional"
    assert set(described) <= {"e"}


def test_every_field_of_a_batch_is_described_in_its_order() -> None:
    part = section(text("docs/stream-format.md"), "Payload")
    fields = [field.encode_name for field in msgspec.structs.fields(Batch)]
    assert re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) == fields


def test_the_hash_of_the_format_page_is_that_of_the_code() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", text("docs/stream-format.md"), re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    for case in json.loads(text("tests/golden/entry_ids.json")):
        assert namespace["next_id"](case["previous"], bytes.fromhex(case["payload"])) == case["id"]


def test_every_key_in_redis_is_described() -> None:
    described = set(rows(section(text("docs/redis.md"), "Keys")))
    constants = {
        value
        for name, value in vars(keys).items()
        if isinstance(value, str) and value.startswith("callq:") and not name.startswith("_")
    } - {keys.EVERYTHING}
    made = {
        make(*(name.upper() for name in inspect.signature(make).parameters))
        for _, make in inspect.getmembers(keys, inspect.isfunction)
    }
    assert described == constants | made


# How to add things ---------------------------------------------------------------------------------


def test_every_test_and_name_of_the_page_on_extending_exists() -> None:
    page = text("docs/extending.md")
    written = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    written += "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "callq").rglob("*.py"))
    for name in re.findall(r"`(test_\w+|_?[A-Z]{3,}(?:_[A-Z]+)*)`", page):
        assert re.search(rf"\b(def {name}\(|{name}\b)", written), name
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert code.splitlines()[-1] in text("callq/domain/routing/policies.py")


def test_both_readmes_say_the_same_things() -> None:
    one, other = (text(name) for name in READMES)
    for what in (r"\]\((docs/[^)#]+)", r"^(?:\$ )(\S+ \S+)", r"`(tests/[^`]+)`", r"`(/[^`]*)`"):
        assert re.findall(what, one, re.MULTILINE) == re.findall(what, other, re.MULTILINE)
    for heading in (r"^#+ ", r"^\|", r"^- "):
        assert len(re.findall(heading, one, re.MULTILINE)) == len(re.findall(heading, other, re.MULTILINE))


def test_every_picture_is_shown() -> None:
    shown = set(re.findall(r"\(docs/images/([^)]+)\)", text("README.md")))
    for page in DOCS.glob("*.md"):
        shown |= set(re.findall(r"\(images/([^)]+)\)", page.read_text(encoding="utf-8")))
    assert {path.name for path in (DOCS / "images").iterdir()} == shown
