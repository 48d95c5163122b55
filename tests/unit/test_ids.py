"""Ids that are minted at the doors."""

from __future__ import annotations

import re
import time

import pytest

from callq.runtime import ids


def test_ticket_ids_are_crockford_base32_in_the_order_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = 1_790_000_000_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: now_ns)
    first = ids.new_ticket_id()
    now_ns += 1_000_000
    second = ids.new_ticket_id()
    assert re.fullmatch(r"[0-9a-hjkmnp-tv-z]{26}", first)
    assert first < second
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    value = 0
    for letter in first:
        value = value << 5 | alphabet.index(letter)
    assert value >> 80 == 1_790_000_000_000


def test_ids_of_one_millisecond_share_nothing_but_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_790_000_000_000_000_000)
    found = [ids.new_ticket_id() for _ in range(5_000)]
    assert len({id[:9] for id in found}) == 1
    assert len({id[10:18] for id in found}) == len({id[18:] for id in found}) == len(found)


@pytest.mark.parametrize("length", [10, 4095, 4096])
def test_random_bytes_are_given_once(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    drawn = iter(range(100))
    monkeypatch.setattr(ids, "_pool", bytearray())
    monkeypatch.setattr("os.urandom", lambda count: bytes([next(drawn)]) * count)
    given = [ids._random(length) for _ in range(3)]
    assert all(len(part) == length for part in given)
    joined = b"".join(given)
    assert all(joined.count(bytes([byte])) <= 4096 for byte in range(5))
