"""Reading what came over the wire: what is told of a mistake, and that equal content has equal bytes."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callq.domain.errors import Rejected
from callq.domain.hall import HallConfig
from callq.web.bodies import IssueBody
from callq.web.feed_wire import read_message
from callq.web.keys import body_digest
from callq.web.queries import EventsQuery
from callq.web.window_bodies import WindowCommandBody
from callq.wire.codec import canonical, from_json, from_msgpack, shaped, to_json, to_msgpack

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(plain)
def test_what_is_written_is_read(value: object) -> None:
    assert from_json(to_json(value)) == value
    assert from_msgpack(to_msgpack(value)) == value


@given(st.dictionaries(st.text(max_size=8), plain, min_size=2, max_size=5))
def test_equal_content_has_equal_bytes(value: dict[str, object]) -> None:
    backwards = dict(reversed(value.items()))
    assert canonical(value) == canonical(backwards)
    assert body_digest(b"s", "/a", value) == body_digest(b"s", "/a", backwards)


@given(plain, plain)
def test_other_content_address_or_secret_has_another_digest(one: object, two: object) -> None:
    digest = body_digest(b"s", "/a", one)
    assert len(digest) == 16
    if canonical(one) != canonical(two):
        assert digest != body_digest(b"s", "/a", two)
    assert digest != body_digest(b"s", "/b", one)
    assert digest != body_digest(b"t", "/a", one)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (from_json, from_msgpack):
        with contextlib.suppress(Rejected):
            read(body)


@given(plain)
def test_any_content_is_shaped_or_refused(value: object) -> None:
    for kind in (IssueBody, WindowCommandBody, HallConfig):
        with contextlib.suppress(Rejected):
            shaped(value, kind)


@given(plain, st.sampled_from(["subscribe", "unsubscribe", "command", "ping", "pong", "dance"]))
def test_any_message_is_understood_or_refused(value: object, kind: str) -> None:
    messages = [value, {"type": kind, "id": value}, {"type": kind, "id": 1, "view": value}]
    for message in [*messages, {**value, "type": kind, "id": 1} if isinstance(value, dict) else value]:
        with contextlib.suppress(Rejected):
            read_message(message)


@pytest.mark.parametrize(
    ("value", "kind", "hint"),
    [
        ({"service": "a", "persn": {}}, IssueBody, "did you mean `person`?"),
        ({"service": "a", "person": {"idno": "1"}}, IssueBody, "did you mean `id_no`?"),
        ({"command": "sign_in", "clark": "c"}, WindowCommandBody, "did you mean `clerk`?"),
        ({"command": "pause", "zzz": "c"}, WindowCommandBody, "known here: seen_clerk, reason"),
        ({"command": "open", "zzz": "c"}, WindowCommandBody, "known here: seen_clerk"),
        ({"command": "recal"}, WindowCommandBody, "did you mean `recall`?"),
        ({"zones": [{"code": "a", "nmae": "b"}]}, HallConfig, "did you mean `name`?"),
    ],
)
def test_a_mistake_is_told_with_what_was_probably_meant(value: object, kind: type, hint: str) -> None:
    with pytest.raises(Rejected) as refused:
        shaped(value, kind)
    assert refused.value.hint == hint


def test_numbers_in_a_query_are_text() -> None:
    assert shaped({"since": "7"}, EventsQuery, strict=False).since == 7
    with pytest.raises(Rejected):
        shaped({"since": "7"}, EventsQuery)
