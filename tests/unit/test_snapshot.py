"""Snapshots: a state read back is the same hall, whatever had happened to it."""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from callq.domain import commands as cmd
from callq.domain.apply import apply
from callq.domain.errors import BETWEEN_RELEASES, BadBytes
from callq.domain.events import SCHEMA_VERSION, Undone, decode_batch
from callq.domain.snapshot import DERIVED, FORMAT, MAGIC, _Body, decode_state, encode_state
from callq.domain.state import OTHERWISE, PLAIN, HallState, canonical
from callq.domain.ticket import Ticket
from callq.domain.undo import NoUndo
from callq.domain.window import Window
from tests.golden.day import FOLDER, newest, outcome
from tests.harness import Hall, check_invariants
from tests.restored import goes_on_the_same, parts, restored

if TYPE_CHECKING:
    from pathlib import Path

SNAPSHOTS = sorted(FOLDER.glob("snapshot-*.json"))


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())  # type: ignore[no-any-return]


def payloads_of(schema: int) -> list[bytes]:
    return [base64.b64decode(e[1]) for e in load(FOLDER / f"stream-v{schema}.json")["entries"]]


def test_every_moment_of_the_golden_day_is_kept_exactly() -> None:
    hall = newest()
    again = goes_on_the_same("test", hall.payloads, every=1)
    assert parts(again) == parts(hall.state)


def test_a_state_has_nothing_that_a_snapshot_forgets() -> None:
    assert set(HallState.__slots__) == set(_Body.__struct_fields__) | DERIVED


def test_what_tells_two_states_apart_is_all_of_them() -> None:
    """The configuration by its digest; look-ups, counts and the hours of today follow from the rest."""
    said = [*PLAIN, *OTHERWISE]
    assert sorted({*said, "config", *DERIVED}) == sorted(HallState.__slots__)


def test_whatever_a_ticket_or_a_window_can_have_was_kept_at_some_moment() -> None:
    """The golden day tries every field, so that a new one is tried as well, or asks for a scene."""
    seen: dict[type, set[str]] = {Ticket: set(), Window: set()}
    state = HallState("test")
    for payload in payloads_of(SCHEMA_VERSION):
        apply(state, decode_batch(payload), NoUndo())
        again = restored(state)
        for thing in (*again.tickets.values(), *again.windows.values()):
            for field in msgspec.structs.fields(type(thing)):
                if getattr(thing, field.name) != field.default:
                    seen[type(thing)].add(field.name)
    for kind, names in seen.items():
        assert names == set(kind.__struct_fields__), kind  # type: ignore[attr-defined]


def test_an_undo_reaches_back_over_a_restart() -> None:
    hall = Hall()
    hall.staff()
    ticket = hall.issue(services=("social",), person=cmd.Person(id_hash="ann"))
    hall.do(cmd.CallNext(window="w1"))
    hall.do(cmd.Start(window="w1"))
    before = repr(ticket)
    hall.do(cmd.Complete(window="w1"))
    assert ticket.step == 1
    hall.state = restored(hall.state)
    (undone,) = hall.do(cmd.Undo(window="w1")).events
    assert undone == Undone(window="w1", ticket=ticket.id, act="complete")
    ticket = hall.state.tickets[ticket.id]
    assert repr(ticket).partition("touched")[0] == before.partition("touched")[0]
    assert hall.state.windows["w1"].ticket is ticket
    check_invariants(hall.state)


def test_what_is_read_back_shares_nothing_with_what_was_written() -> None:
    hall = newest()
    written, before = hall.state, canonical(hall.state)
    hall.state = restored(written)
    hall.do(cmd.Start(window="w3"))
    hall.do(cmd.Complete(window="w3"))
    hall.issue()
    assert canonical(hall.state) != before
    assert canonical(written) == before


def test_an_empty_hall_is_kept_too() -> None:
    assert restored(HallState("new")).hall == "new"


def test_what_was_applied_without_a_log_is_not_taken_back_in_silence() -> None:
    with pytest.raises(RuntimeError):
        NoUndo().rollback()


# Older and newer ones ------------------------------------------------------------------------------


def test_there_is_a_snapshot_of_every_schema_that_has_them() -> None:
    assert [load(path)["schema"] for path in SNAPSHOTS] == list(range(3, SCHEMA_VERSION + 1))
    assert {load(path)["format"] for path in SNAPSHOTS} == set(range(1, FORMAT + 1))


@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda p: p.stem)
def test_a_golden_snapshot_is_the_state_that_its_stream_leads_to(path: Path) -> None:
    golden = load(path)
    state = decode_state(base64.b64decode(golden["body"]))
    check_invariants(state)
    assert json.loads(json.dumps(outcome(state))) == golden["outcome"]
    replayed = HallState("test")
    for payload in payloads_of(golden["schema"]):
        apply(replayed, decode_batch(payload), NoUndo())
    assert parts(state) == parts(replayed)


def test_calls_are_still_spoken_by_a_hall_whose_snapshot_is_older_than_their_turns() -> None:
    hall = Hall()
    for window, clerk in (("w1", "c1"), ("w2", "c2")):
        hall.staff(window, clerk)
    for service in ("estate", "general", "general"):
        hall.issue(service)
    hall.do(cmd.CallNext(window="w1"))
    hall.later(2)
    hall.do(cmd.CallNext(window="w2"))
    hall.do(cmd.Start(window="w2"))
    announced = hall.state.announced
    assert [call.zones for call in announced] == [("hall",), ("hall", "upstairs")]
    # As versions wrote it that knew no turns.
    hall.state.announced = ()
    assert decode_state(encode_state(hall.state)).announced == announced


def test_the_same_state_is_written_in_the_same_bytes() -> None:
    assert base64.b64encode(encode_state(newest().state)).decode() == load(SNAPSHOTS[-1])["body"]


def test_what_a_later_version_added_is_passed_over_while_the_level_allows_it() -> None:
    state = newest().state
    written = encode_state(state)
    body = msgspec.msgpack.decode(written[12:])
    body["later"] = {"more": 1}
    for ticket in body["tickets"]:
        ticket += [None, "later"]
    seat = next(seat for seat in body["windows"] if seat[2])
    seat[0]["later"] = seat[2][5]["later"] = True
    rest = msgspec.msgpack.encode(body)
    again = decode_state(written[:8] + zlib.crc32(rest).to_bytes(4, "big") + rest)
    assert parts(again) == parts(state)


def head(level: int = SCHEMA_VERSION, version: int = FORMAT) -> bytes:
    return MAGIC + version.to_bytes(2, "big") + level.to_bytes(2, "big")


@pytest.mark.parametrize("newer", [head(level=SCHEMA_VERSION + 1), head(version=FORMAT + 1)])
def test_a_newer_one_is_refused_with_a_word(newer: bytes) -> None:
    body = encode_state(newest().state)
    assert body.startswith(head())
    with pytest.raises(BadBytes, match="upgrade") as refused:
        decode_state(newer + body[len(newer) :])
    assert refused.value.code == "too_new"


def test_one_of_another_build_of_an_open_level_is_refused_with_what_holds_for_it() -> None:
    written = encode_state(newest().state)
    body = msgspec.msgpack.decode(written[12:])
    body["prechecks"] = []
    rest = msgspec.msgpack.encode(body)
    with pytest.raises(BadBytes, match=f"schema {SCHEMA_VERSION} that cannot be read") as refused:
        decode_state(written[:8] + zlib.crc32(rest).to_bytes(4, "big") + rest)
    assert (refused.value.code, refused.value.hint) == ("bad_bytes", BETWEEN_RELEASES)
    assert "docs/stream-format.md" in str(refused.value)


def test_what_older_nodes_read_says_so() -> None:
    """A node of the version before goes on from a snapshot of this one, until the level is raised."""
    hall = Hall(level=2)
    assert encode_state(hall.state).startswith(head(level=2))


@pytest.mark.parametrize("at", [0, 5, 9, 12, 40, 2000, -1])
def test_one_damaged_byte_is_found(at: int) -> None:
    body = bytearray(encode_state(newest().state))
    body[at] ^= 0x55
    with pytest.raises(BadBytes):
        decode_state(bytes(body))


@pytest.mark.parametrize("length", [0, 3, 12, 100, -1])
def test_what_was_cut_off_is_found(length: int) -> None:
    with pytest.raises(BadBytes):
        decode_state(encode_state(newest().state)[:length])


def test_a_body_that_contradicts_itself_is_refused() -> None:
    state = newest().state
    at = next(w for w in state.windows.values() if w.ticket is not None)
    assert at.ticket is not None
    del state.tickets[at.ticket.id]
    with pytest.raises(BadBytes):
        decode_state(encode_state(state))
