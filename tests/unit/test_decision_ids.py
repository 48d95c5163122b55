"""Ids of routing decisions: read anywhere, altered nowhere, and each option's ticket id follows from them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callq.domain.errors import Rejected
from callq.web import decisions
from callq.web.decisions import Offer, Sealed

SECRET = b"s" * 32
HELD = Sealed(
    1,
    b"nonce-of-9",
    1_795_396_200_000,
    ("elderly",),
    (Offer("general", "licence", ("estate",)), 1, Offer("estate", slot_ms=1_795_400_000_000)),
)


def test_an_id_holds_what_was_put_into_it() -> None:
    decision = decisions.seal(SECRET, "county", HELD)
    assert decisions.unseal(SECRET, "county", decision) == HELD
    assert len(decision) < 170
    assert HELD.ranks() == [1, 3]


def refused(decision: str, hall: str = "county", secret: bytes = SECRET) -> str:
    with pytest.raises(Rejected) as found:
        decisions.unseal(secret, hall, decision)
    return str(found.value.code)


def test_every_altered_character_is_noticed() -> None:
    decision = decisions.seal(SECRET, "county", HELD)
    for place, character in enumerate(decision):
        for other in "Aa_-9":
            if other != character:
                assert refused(decision[:place] + other + decision[place + 1 :]) == "invalid"
    assert refused(decision[:-1]) == "invalid"
    assert refused(decision + "A") == "invalid"
    assert refused(decision + "=") == "invalid"


def test_it_counts_for_its_hall_and_installation() -> None:
    decision = decisions.seal(SECRET, "county", HELD)
    assert refused(decision, "other") == "invalid"
    assert refused(decision, secret=b"t" * 32) == "invalid"


@given(st.text(max_size=80))
def test_nonsense_is_no_decision(said: str) -> None:
    assert refused(said) == "invalid"


def test_what_is_sealed_but_of_another_shape_is_refused() -> None:
    content = b"\x93\x01\x02\x03" + bytes(30)
    raw = content + decisions._mac(SECRET, "county", content)
    assert refused(base64.urlsafe_b64encode(raw).decode().rstrip("=")) == "invalid"


@pytest.mark.parametrize(("rank", "said"), [(0, "no option"), (4, "no option"), (2, "self_service")])
def test_an_option_that_issues_nothing_says_which_do(rank: int, said: str) -> None:
    with pytest.raises(Rejected, match=said) as found:
        HELD.offer(rank)
    assert "1, 3" in found.value.hint


def test_ids_follow_from_decision_rank_and_hall() -> None:
    def ids(hall: str = "county", nonce: bytes = HELD.nonce) -> list[str]:
        held = Sealed(1, nonce, HELD.valid_until_ms, (), HELD.offers)
        return [make(SECRET, hall, held, rank) for make in MAKERS for rank in (1, 2, 3)]

    found = ids()
    assert found == ids()
    assert len({*found, *ids("other"), *ids(nonce=b"other")}) == 3 * len(found)
    assert [len(one) for one in found] == [26] * 3 + [10] * 3
    # Whoever repeats a request under a key does so later, and is offered something else.
    later = Sealed(1, HELD.nonce, HELD.valid_until_ms + 1000, (), (2, Offer("social")), became=2)
    assert [make(SECRET, "county", later, rank) for make in MAKERS for rank in (1, 2, 3)] == found


MAKERS = (decisions.ticket_id, decisions.booking_id)


def test_a_nonce_from_a_key_is_the_same_again() -> None:
    one = decisions.derived_nonce(SECRET, "tk_1", "key", b"digest")
    assert one == decisions.derived_nonce(SECRET, "tk_1", "key", b"digest")
    assert one != decisions.derived_nonce(SECRET, "tk_1", "key", b"another")
    assert len(one) == len(decisions.new_nonce()) == decisions.NONCE_BYTES
    assert decisions.new_nonce() != decisions.new_nonce()
