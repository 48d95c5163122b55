"""Tokens: what is kept, what is looked up, and what is believed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.domain.errors import Code, Rejected
from callq.journal.memory import MemoryJournal
from callq.web import tokens as tokens_module
from callq.web.roles import Role
from callq.web.tokens import Tokens, bearer, create_token, token_digest

if TYPE_CHECKING:
    from trio.testing import MockClock

SECRET = b"s" * 32


class CountingKeyring(MemoryJournal):
    """Counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__(SECRET)
        self.asked = 0

    async def token(self, digest: str) -> bytes | None:
        self.asked += 1
        return await super().token(digest)


async def is_refused(tokens: Tokens, token: str | None, hall: str | None = "test") -> None:
    with pytest.raises(Rejected) as refused:
        await tokens.authenticate(token, hall)
    assert refused.value.code is Code.UNAUTHORISED
    assert not token or token not in str(refused.value) + refused.value.hint


async def test_only_the_digest_of_a_token_is_kept() -> None:
    keyring = CountingKeyring()
    token, record = await create_token(
        keyring, Role.CLERK, created_ms=5, hall="test", window="w1", clerk="c1", name="面板"
    )
    assert token.startswith("cq_")
    assert len(token) == 3 + 43
    digest = hashlib.sha256(token.encode()).hexdigest()
    assert token_digest(token) == digest
    kept = await keyring.token(digest)
    assert kept is not None
    assert token.encode() not in kept
    assert msgspec.msgpack.decode(kept) == {
        "id": record.id,
        "role": "clerk",
        "created_ms": 5,
        "hall": "test",
        "window": "w1",
        "clerk": "c1",
        "name": "面板",
    }


async def test_a_known_token_is_looked_up_once() -> None:
    keyring = CountingKeyring()
    token, record = await create_token(keyring, Role.SCREEN, created_ms=1, hall="test")
    tokens = Tokens(keyring, SECRET)
    for _ in range(3):
        principal = await tokens.authenticate(token, "test")
        assert (principal.id, principal.role, principal.hall) == (record.id, Role.SCREEN, "test")
    assert keyring.asked == 1


async def test_an_unknown_token_is_not_looked_up_again_for_a_moment(autojump_clock: MockClock) -> None:
    keyring = CountingKeyring()
    tokens = Tokens(keyring, SECRET)
    seed = b"x" * 32
    later, _ = await create_token(CountingKeyring(), Role.SCREEN, created_ms=1, seed=seed)
    await is_refused(tokens, later)
    await is_refused(tokens, later)
    assert keyring.asked == 1
    await create_token(keyring, Role.SCREEN, created_ms=1, seed=seed)
    autojump_clock.jump(tokens_module.UNKNOWN_FOR_S + 0.1)
    assert (await tokens.authenticate(later, None)).role is Role.SCREEN


async def test_guesses_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens_module, "MAX_UNKNOWN", 10)
    tokens = Tokens(CountingKeyring(), SECRET)
    for n in range(50):
        await is_refused(tokens, f"cq_{n:043d}")
    assert len(tokens._unknown) == 10


async def test_what_is_no_token_never_reaches_the_store() -> None:
    keyring = CountingKeyring()
    tokens = Tokens(keyring, SECRET, "admin")
    for token in (None, "", "admin ", "cq_short", "cq_" + "ä" * 43, "ct_x.y", "x" * 10_000):
        await is_refused(tokens, token)
    assert keyring.asked == 0


async def test_the_first_administrator_is_one_only_where_it_is_set() -> None:
    assert (await Tokens(CountingKeyring(), SECRET, "admin").authenticate("admin", None)).role is Role.ADMIN
    for unset in (None, ""):
        await is_refused(Tokens(CountingKeyring(), SECRET, unset), "admin")


async def test_a_citizens_key_is_good_for_its_hall_and_ticket_and_installation() -> None:
    tokens = Tokens(CountingKeyring(), SECRET)
    key = tokens.citizen_key("test", "01abc")
    principal = await tokens.authenticate(key, "test")
    assert (principal.role, principal.hall, principal.ticket) == (Role.CITIZEN, "test", "01abc")
    await is_refused(tokens, key, "other")
    await is_refused(tokens, key, None)
    await is_refused(tokens, key.replace("01abc", "01abd"))
    await is_refused(Tokens(CountingKeyring(), b"t" * 32), key)


async def test_a_token_whose_parts_do_not_go_together_is_not_made() -> None:
    for more in ({"window": "w1"}, {"clerk": "c1"}):
        with pytest.raises(Rejected, match="without its hall"):
            await create_token(CountingKeyring(), Role.CLERK, created_ms=1, **more)  # type: ignore[arg-type]
    for more in ({}, {"hall": "test"}):
        with pytest.raises(Rejected, match="without its window"):
            await create_token(CountingKeyring(), Role.RATING, created_ms=1, **more)  # type: ignore[arg-type]
    with pytest.raises(Rejected, match="citizen"):
        await create_token(CountingKeyring(), Role.CITIZEN, created_ms=1)


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("", None),
        (None, None),
    ],
)
def test_the_token_of_a_header(header: str | None, token: str | None) -> None:
    assert bearer(header) == token
