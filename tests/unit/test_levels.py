"""Levels: what a batch needs its readers to know, held to the shapes of every schema so far."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest

from callq.config import load_hall
from callq.domain import commands as cmd
from callq.domain import events as ev
from callq.domain.apply import apply
from callq.domain.commands import SYSTEM, Person
from callq.domain.decide import decide
from callq.domain.errors import Rejected
from callq.domain.hall import HallConfig, Rules, Session, Skill
from callq.domain.levels import FIELDS, STRUCTS, required_level
from callq.domain.state import HallState
from callq.domain.undo import Undo
from tests.golden.day import FOLDER, shapes
from tests.guided import guided_hall
from tests.harness import MONDAY_9H, Hall, small_hall

SHAPES: dict[int, dict[str, list[str]]] = {
    int(path.stem.partition("-v")[2]): json.loads(path.read_text()) for path in FOLDER.glob("shapes-*.json")
}
OURS = {"Batch", "Actor"}
"""What holds the events: no level can be asked for what every batch has."""

OF_WRITERS = {("Batch", "digest"): 3}
"""What joined that later, and is left out by the writer itself until the hall has the level."""


def name_of(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag or kind.__name__)


def first_seen(struct: str, field: str | None = None) -> int | None:
    """The first schema that has a struct, or a field of one."""
    found = [v for v, seen in SHAPES.items() if struct in seen and (field is None or field in seen[struct])]
    return min(found, default=None)


def test_the_shapes_of_every_schema_are_kept() -> None:
    assert sorted(SHAPES) == list(range(1, ev.SCHEMA_VERSION + 1))
    assert SHAPES[ev.SCHEMA_VERSION] == shapes(), "write the shapes of a new schema: see CONTRIBUTING.md"


def test_nothing_that_was_ever_written_is_gone() -> None:
    now = shapes()
    for seen in SHAPES.values():
        for struct, fields in seen.items():
            assert set(fields) <= set(now[struct])


def test_whatever_is_not_in_the_first_schema_has_a_row_with_its_own() -> None:
    added = {name_of(kind): at for at, kinds in STRUCTS.items() for kind in kinds}
    joined = {
        (name_of(kind), name): at
        for at, kinds in FIELDS.items()
        for kind, names in kinds.items()
        for name in names
    }
    wanted_structs, wanted_fields = {}, {}
    for struct, fields in shapes().items():
        began = first_seen(struct)
        if began != 1:
            wanted_structs[struct] = began
        later = {(struct, field): first_seen(struct, field) for field in fields}
        wanted_fields.update({key: at for key, at in later.items() if at != began})
    assert added == wanted_structs
    assert joined | OF_WRITERS == wanted_fields
    assert not {struct for struct, _ in joined} & OURS


CHANNELS = {"kiosk", "counter", "phone", "web", "guide"}
CLASSES = {"ordinary", "appointment", "priority"}
DAYS = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
OUTLETS = {"self_service", "online", "phone", "doorstep", "agent"}
FAULTS = {"", "paper_out", "cover_open", "offline", "error"}
KINDS = {"comprehensive", "domain", "dedicated", "green", "result", "tidal", "remote", "fallback"}

VALUES: dict[tuple[str, str], set[object]] = {
    ("NumberRange", "channel"): {*CHANNELS},
    ("Device", "kind"): {"screen", "led", "kiosk", "call_box", "printer", "rating"},
    ("device_ordered", "order"): {"test", "restart", "resend"},
    ("RatedService", "channel"): {*CHANNELS},
    ("RatedService", "cls"): {"ordinary", "appointment", "priority"},
    ("case_opened", "rated_at"): {"window", "phone"},
    ("Booking", "slot_min"): {15, 20, 30, 60},
    ("WindowConfig", "kind"): {*KINDS},
    ("HallConfig", "policy"): {"longest_wait"},
    ("Session", "kind"): {"morning", "noon", "afternoon", "evening", "weekend", "booked_only"},
    ("Session", "days"): {*DAYS},
    ("MovedWorkday", "like"): {*DAYS},
    ("Rules", "rejoin"): {"void", "second_call", "k_back"},
    ("Rules", "next_while_serving"): {"refuse", "complete"},
    ("Rules", "next_while_called"): {"refuse", "miss"},
    ("ticket_issued", "cls"): {*CLASSES},
    ("ticket_issued", "channel"): {*CHANNELS},
    ("ticket_held", "kind"): {"without_papers", "with_papers", "waiting"},
    ("class_granted", "cls"): {*CLASSES},
    ("booked", "channel"): {*CHANNELS},
    ("Routing", "policy"): {"index", "longest_wait", "fixed_queue_ratio", "strict_priority"},
    ("Voice", "one"): {"yao", "yi"},
    ("Tides", "mode"): {"off", "advise", "automatic"},
    ("tides_set", "mode"): {"off", "advise", "automatic"},
    ("TideReason", "code"): {
        *("load", "service_load", "minimum", "unserved", "waited_for", "last", "cannot_close"),
        *("spare", "long_queue", "short_queue"),
    },
    ("Item", "channels"): {"window", "remote", "appointment", *OUTLETS},
    ("Outlet", "channel"): {*OUTLETS},
    ("Outlet", "days"): {*DAYS},
    ("Notice", "kind"): {"ordinary", "urgent"},
    ("notice_withdrawn", "reason"): {"withdrawn", "over"},
    ("Screens", "blocks"): {"recent", "waiting", "missed", "media"},
    ("ZoneScreen", "blocks"): {"recent", "waiting", "missed", "media"},
    ("Printer", "dots"): {384, 576},
    ("print_ended", "state"): {"printed", "failed", "unknown"},
    ("print_ended", "fault"): {*FAULTS},
    ("printer_reported", "fault"): {*FAULTS},
    ("Desk", "over_share"): {"supervisor", "refuse"},
}
"""What fields of the stream with a closed set of values may be, since the schema that brought them."""


def literals(root: object) -> dict[tuple[str, str], set[object]]:
    """The same, as the code has it."""
    found: dict[tuple[str, str], set[object]] = {}
    seen: set[type] = set()

    def values(annotation: object) -> set[object]:
        if get_origin(annotation) is Literal:
            return set(get_args(annotation))
        return set().union(*map(values, get_args(annotation)))

    def look(annotation: object) -> None:
        if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct) and annotation not in seen:
            seen.add(annotation)
            for field in msgspec.structs.fields(annotation):
                if allowed := values(field.type):
                    found[name_of(annotation), field.encode_name] = allowed
                look(field.type)
        for part in get_args(annotation):
            look(part)

    look(root)
    return found


def test_no_literal_of_the_stream_has_a_value_that_older_nodes_cannot_read() -> None:
    assert literals(ev.Batch) == VALUES, "a new value is a new field: see docs/extending.md"


def test_no_row_is_there_twice() -> None:
    rows = Counter(kind for kinds in STRUCTS.values() for kind in kinds)
    rows.update((kind, name) for kinds in FIELDS.values() for kind, names in kinds.items() for name in names)
    assert set(rows.values()) == {1}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("stream-*.json")), ids=lambda p: p.stem)
def test_a_golden_stream_needs_no_more_than_its_schema_and_at_times_all_of_it(path: Any) -> None:
    stream = json.loads(path.read_text())
    batches = [ev.decode_batch(base64.b64decode(payload)) for _, payload in stream["entries"]]
    needed = [required_level(batch.events) for batch in batches]
    assert all(level <= batch.v for level, batch in zip(needed, batches, strict=True))
    assert max(needed) == stream["schema"]


ISSUED = ev.TicketIssued(
    ticket="t",
    number="A001",
    counter=1,
    prefix="A",
    service="general",
    cls="ordinary",
    zone="hall",
    channel="web",
)
CALLED = ev.TicketCalled(ticket="t", window="w1", clerk="c1", why=ev.Why(rule="longest_wait"))
SKIPPED = ev.Skipped(series="A", prefix="A", first=2, last=21)
replace = msgspec.structs.replace


def configured(config: HallConfig) -> ev.HallConfigured:
    return ev.HallConfigured(config=config, digest="d")


SMALL = small_hall()


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (ISSUED, 1),
        (replace(ISSUED, party=2), 2),
        (replace(ISSUED, person=Person(id_hash="a")), 1),
        (CALLED, 1),
        (replace(CALLED, why=ev.Why(rule="called_by_name", reason="赶火车")), 2),
        (ev.TicketHeld(ticket="t", kind="waiting"), 2),
        (ev.EpochOpened(epoch="e"), 1),
        (ev.EpochOpened(epoch="e", skipped=(SKIPPED,)), 3),
        (ev.OutageRecorded(since_ms=1, until_ms=2), 3),
        (ev.FeatureLevelRaised(level=3), 3),
        (ev.FeatureLevelRaised(level=7), 7),
        (configured(SMALL), 1),
        (configured(replace(SMALL, rules=Rules(recall_gap_s=5))), 1),
        (configured(replace(SMALL, rules=Rules(rate_phone_h=12))), 2),
        (
            configured(
                replace(SMALL, sessions=(Session(code="d", name="日间", ticketing="8", serving="8"),)),
            ),
            2,
        ),
        (
            configured(
                replace(SMALL, clerks=(replace(SMALL.clerks[0], skills={"general": Skill(level=1)}),)),
            ),
            2,
        ),
    ],
    ids=lambda case: str(case) if isinstance(case, int) else type(case).__name__,
)
def test_an_event_needs_what_it_uses(event: ev.Event, level: int) -> None:
    assert required_level((event,)) == level
    assert required_level((CALLED, event, ISSUED)) == level


def test_defaults_of_events_are_left_out_wherever_they_come_from() -> None:
    """The encoder leaves out the very same object only: a default must be one that has no copies."""
    for kind in get_args(ev.Event):
        for field in msgspec.structs.fields(kind):
            default = field.default
            small = isinstance(default, int) and -5 <= default <= 256
            literal = get_origin(field.type) is Literal
            assert field.required or default in (None, "", ()) or small or literal, (kind, field.name)


def test_a_configuration_is_written_without_its_defaults_wherever_they_come_from() -> None:
    config = load_hall("dongyuan")
    timezone = "".join(["Asia/", "Shanghai"])
    explicit = replace(config, timezone=timezone, rules=replace(config.rules, hold_max_min=int("120")))
    assert b"Asia/Shanghai" in msgspec.msgpack.encode(explicit)
    hall = Hall(explicit)
    assert hall.state.config == explicit
    (configured,) = [e for e in ev.decode_batch(hall.payloads[0]).events if isinstance(e, ev.HallConfigured)]
    assert b"Asia/Shanghai" not in msgspec.msgpack.encode(configured)


def test_what_the_event_says_is_the_level_whatever_its_batch_shows() -> None:
    state = HallState("test")
    batch = ev.Batch(
        v=1,
        at_ms=1,
        who=SYSTEM,
        key="~1",
        command=msgspec.Raw(b"\xc0"),
        events=(ev.FeatureLevelRaised(level=3),),
    )
    apply(state, batch, Undo())
    assert state.level == 3


def test_older_readers_do_without_what_they_need_not_know() -> None:
    hall = Hall(level=2)
    hall.staff()
    ticket = hall.issue(services=("social",))
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.Hold(window="w1", kind="without_papers"))
    hall.later(60)
    (returned,) = hall.do(cmd.Returned(ticket=ticket.id)).events
    assert returned == ev.TicketReturned(ticket=ticket.id)
    hall.do(cmd.Suspend())
    assert hall.do(cmd.ResumeHall()).events == (ev.HallResumed(),)
    hall.do(cmd.StopIssuing(service="social", reason="上级系统故障"))
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Start(window="w1"))
    (_, deferred) = hall.do(cmd.Complete(window="w1")).events
    assert isinstance(deferred, ev.StepDeferred)
    assert (deferred.credit_until, hall.state.credits) == ("", {})
    assert {ev.decode_batch(payload).v for payload in hall.payloads} == {2}


def test_for_older_readers_an_undo_takes_back_one_act_and_only_what_came_last() -> None:
    hall = Hall(small_hall(rules=Rules(next_while_serving="complete")), level=2)
    hall.staff()
    first, second = hall.issue(), hall.issue()
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Start(window="w1"))
    hall.do(cmd.CallNext(window="w1"))
    (undone,) = hall.do(cmd.Undo(window="w1")).events
    assert undone == ev.Undone(window="w1", ticket=second.id, act="call")
    assert (first.state, hall.state.windows["w1"].acted) == ("done", None)
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Pause(window="w1"))
    with pytest.raises(Rejected):
        hall.do(cmd.Undo(window="w1"))


@pytest.mark.parametrize(("all_nodes_read", "raised"), [(0, []), (3, []), (4, [4])])
def test_a_new_hall_uses_at_once_what_it_needs_and_all_nodes_read(
    all_nodes_read: int, raised: list[int]
) -> None:
    """A hall with matters could not be created before: its first batch may use the first schemas only."""
    configure = cmd.Configure(config=guided_hall(), level=all_nodes_read)
    events = decide(HallState("test"), configure, MONDAY_9H).events
    assert [event.level for event in events if isinstance(event, ev.FeatureLevelRaised)] == raised
    plain = cmd.Configure(config=small_hall(), level=all_nodes_read)
    assert not [
        one
        for one in decide(HallState("test"), plain, MONDAY_9H).events
        if isinstance(one, ev.FeatureLevelRaised)
    ]
