"""Entry ids are a file format: a store written today must be readable for good."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callq.domain.errors import BadBytes
from callq.journal.chain import check_group, check_page
from callq.journal.port import GENESIS, Entry, EntryId, LineageBroken, chained

GOLDEN = Path(__file__).parent.parent / "golden" / "entry_ids.json"

payloads = st.lists(st.binary(max_size=40), min_size=1, max_size=8)
ids = st.builds(EntryId, st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))


def chain(start: EntryId, contents: list[bytes]) -> list[Entry]:
    entries = []
    for content in contents:
        entries.append(chained(start, content))
        start = entries[-1].id
    return entries


@pytest.mark.parametrize("case", json.loads(GOLDEN.read_text()), ids=lambda case: case["previous"])
def test_ids_are_what_they_were_when_the_format_was_fixed(case: Any) -> None:
    entry = chained(EntryId.parse(case["previous"]), bytes.fromhex(case["payload"]))
    assert str(entry.id) == case["id"]


@given(ids)
def test_an_id_is_read_back_as_it_was_written(entry_id: Any) -> None:
    assert EntryId.parse(str(entry_id)) == entry_id
    assert EntryId.parse(str(entry_id).encode()) == entry_id


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "1-2-3", "a-b", b"\xff-1"])
def test_what_is_not_an_id_is_bad_bytes(text: str) -> None:
    with pytest.raises(BadBytes):
        EntryId.parse(text)


@given(ids, payloads)
def test_revisions_count_up_and_chains_fit_in_63_bits(start: Any, contents: Any) -> None:
    entries = chain(start, contents)
    assert [entry.id.revision - start.revision for entry in entries] == [*range(1, len(contents) + 1)]
    assert all(0 <= entry.id.chain < 2**63 for entry in entries)
    check_group(start, entries)
    check_page("demo", start, entries)


@given(payloads, st.data())
def test_a_change_anywhere_in_the_past_changes_every_later_id(contents: Any, data: Any) -> None:
    at = data.draw(st.integers(0, len(contents) - 1))
    other = [*contents]
    other[at] = data.draw(st.binary(max_size=40).filter(lambda content: content != contents[at]))
    for one, two in zip(chain(GENESIS, contents)[at:], chain(GENESIS, other)[at:], strict=True):
        assert one.id != two.id


@given(st.lists(st.binary(max_size=4), min_size=2, max_size=6), st.data())
def test_a_group_with_an_entry_missing_or_moved_is_refused(contents: Any, data: Any) -> None:
    entries = chain(GENESIS, contents)
    at = data.draw(st.integers(0, len(entries) - 2))
    for wrong in (
        entries[:at] + entries[at + 1 :],
        [*entries[:at], entries[at + 1], entries[at], *entries[at + 2 :]],
    ):
        with pytest.raises(ValueError, match="not chained"):
            check_group(GENESIS, wrong)
        with pytest.raises(LineageBroken):
            check_page("demo", GENESIS, wrong)


@given(payloads)
def test_consecutive_entries_vouch_for_each_other_where_the_one_before_is_unknown(contents: Any) -> None:
    entries = chain(GENESIS, contents)
    check_page("demo", None, entries)
    for one, two in pairwise(entries):
        with pytest.raises(LineageBroken):
            check_page("demo", None, [one, two._replace(payload=two.payload + b"!")])
