"""Streams written once are readable for good."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest

from callq.domain.apply import apply
from callq.domain.diagram import page
from callq.domain.errors import BadBytes
from callq.domain.events import SCHEMA_VERSION, Event, decode_batch, encode_batch
from callq.domain.state import HallState
from callq.domain.undo import Undo
from callq.journal.port import GENESIS, chained
from tests.golden.day import DAYS, FOLDER, newest, outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Hall

STREAMS = sorted(FOLDER.glob("stream-*.json"))


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())  # type: ignore[no-any-return]


def test_there_is_a_stream_of_every_schema() -> None:
    assert [load(path)["schema"] for path in STREAMS] == list(range(1, SCHEMA_VERSION + 1))


@pytest.mark.parametrize("path", STREAMS, ids=lambda p: p.stem)
def test_a_golden_stream_replays_to_the_state_it_had(path: Path) -> None:
    stream = load(path)
    state, previous = HallState("test"), GENESIS
    for entry_id, encoded in stream["entries"]:
        payload = base64.b64decode(encoded)
        previous = chained(previous, payload).id
        assert str(previous) == entry_id, "the hash chain has changed"
        batch = decode_batch(payload)
        if stream["schema"] == SCHEMA_VERSION:
            assert encode_batch(batch) == payload, "the same batch is written in other bytes now"
        apply(state, batch, Undo())
    assert json.loads(json.dumps(outcome(state))) == stream["outcome"]


def test_the_golden_day_has_every_event() -> None:
    seen = {
        type(e)
        for _, encoded in load(STREAMS[-1])["entries"]
        for e in decode_batch(base64.b64decode(encoded)).events
    }
    assert seen == set(get_args(Event))


def test_the_same_day_is_written_in_the_same_bytes() -> None:
    assert [base64.b64encode(p).decode() for p in newest().payloads] == [
        e[1] for e in load(STREAMS[-1])["entries"]
    ]


@pytest.mark.parametrize(("schema", "day"), [*DAYS.items()][:-1])
def test_the_day_of_an_older_schema_would_end_the_same_today(schema: int, day: Callable[[], Hall]) -> None:
    """And older nodes would read it, as long as the hall's level is that one."""
    hall = day()
    assert json.loads(json.dumps(outcome(hall.state))) == load(STREAMS[schema - 1])["outcome"]
    assert max(decode_batch(payload).v for payload in hall.payloads) == schema


@pytest.mark.parametrize("more", [{}, {"more": 1}], ids=["readable", "not readable"])
def test_a_newer_schema_is_refused_with_a_word(more: dict[str, int]) -> None:
    payload = base64.b64decode(load(STREAMS[-1])["entries"][0][1])
    newer = msgspec.msgpack.encode({**msgspec.msgpack.decode(payload), "v": SCHEMA_VERSION + 1, **more})
    with pytest.raises(BadBytes, match=rf"schema {SCHEMA_VERSION + 1}.*upgrade"):
        decode_batch(newer)


@pytest.mark.parametrize("damage", [b"", b"\xc1", b"\x81\xa1v\x01", b"{}"])
def test_damaged_bytes_are_refused(damage: bytes) -> None:
    with pytest.raises(BadBytes):
        decode_batch(damage)


def test_an_unknown_event_or_field_is_refused() -> None:
    batch = msgspec.msgpack.decode(base64.b64decode(load(STREAMS[-1])["entries"][1][1]))
    for event in ({"e": "ticket_teleported"}, {**batch["events"][0], "surprise": 1}):
        with pytest.raises(BadBytes):
            decode_batch(msgspec.msgpack.encode({**batch, "events": [event]}))


def test_the_machines_page_is_drawn_from_the_tables() -> None:
    docs = Path(__file__).parents[2] / "docs" / "machines.md"
    assert docs.read_text() == page()
