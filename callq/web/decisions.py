"""Decision ids: what a routing decision offers, sealed: any node can act on it and nobody can alter it.

An id is base64url of a msgpack array and, in its last 16 bytes, a keyed hash over hall and array. Nothing
is stored: a node that has never seen the decision reads from it what each option issues, and derives from it
the id of the one ticket or booking that an option can become. These follow from nonce and rank alone, so
that a request that is repeated under a key, at another time and with other options, finds what it became.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from typing import TYPE_CHECKING, Final, get_args

import msgspec

from callq.domain.errors import Code, Rejected
from callq.domain.hall import ItemChannel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callq.wire import messages as m

VERSION: Final = 1
NONCE_BYTES: Final = 9
"""72 random bits: no two decisions are alike."""

_MAC_BYTES: Final = 16
_CHANNELS: Final[tuple[str, ...]] = get_args(ItemChannel)
_ID: Final = re.compile(r"[A-Za-z0-9_-]{40,2000}")
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"


class Offer(msgspec.Struct, frozen=True, array_like=True):
    """An option that can be committed."""

    service: str
    item: str = ""
    services: tuple[str, ...] = ()
    """Further ones of the visit."""
    slot_ms: int = 0
    """0: a ticket, else a booking of the slot that begins then."""


class Sealed(msgspec.Struct, frozen=True, array_like=True):
    """What an id holds."""

    version: int
    nonce: bytes
    valid_until_ms: int
    traits: tuple[str, ...]
    offers: tuple[Offer | int, ...]
    """By rank; a number is a channel that nothing is issued for."""
    became: int | None = None
    """Of a repeated request: the rank here of what the first one committed; 0: none of these options."""

    def ranks(self) -> list[int]:
        """Ranks that can be committed."""
        return [rank for rank, offer in enumerate(self.offers, 1) if isinstance(offer, Offer)]

    def offer(self, rank: int) -> Offer:
        """What an option issues.

        Raises:
          Rejected: `INVALID`, there is no such option, or nothing to issue.
        """
        if not 1 <= rank <= len(self.offers):
            raise Rejected(Code.INVALID, f"the decision has no option {rank}", self._hint())
        offer = self.offers[rank - 1]
        if isinstance(offer, int):
            channel = _CHANNELS[offer]
            raise Rejected(
                Code.INVALID, f"option {rank} ({channel}) has no ticket to issue", f"go there; {self._hint()}"
            )
        return offer

    def _hint(self) -> str:
        ranks = self.ranks()
        return f"these can be committed: {', '.join(map(str, ranks))}" if ranks else "none can be committed"


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Sealed).decode


def new_nonce() -> bytes:
    """For a decision that nobody repeats."""
    return secrets.token_bytes(NONCE_BYTES)


def derived_nonce(secret: bytes, *said: str | bytes) -> bytes:
    """For one that is committed at once under an idempotency key: the same for the same request."""
    parts = (part.encode() if isinstance(part, str) else part for part in said)
    return hmac.digest(secret, b"route-nonce|" + b"\0".join(parts), "sha256")[:NONCE_BYTES]


def sealed(
    options: Sequence[m.RouteOption],
    *,
    traits: Sequence[str],
    nonce: bytes,
    valid_until_ms: int,
) -> Sealed:
    """What the id of a decision with these options holds."""
    offers = tuple(_offer(option) for option in options)
    return Sealed(VERSION, nonce, valid_until_ms, tuple(traits), offers)


def _offer(option: m.RouteOption) -> Offer | int:
    if option.commit is None:
        return _CHANNELS.index(option.channel)
    slot_ms = (option.arrive_ms or 0) if option.commit == "booking" else 0
    return Offer(option.service, option.item or "", option.services, slot_ms)


def seal(secret: bytes, hall: str, held: Sealed) -> str:
    """The id that holds a decision."""
    content = _encode(held)
    return base64.urlsafe_b64encode(content + _mac(secret, hall, content)).decode().rstrip("=")


def unseal(secret: bytes, hall: str, decision: str) -> Sealed:
    """What an id holds, whenever and by whichever node it was made.

    Raises:
      Rejected: `INVALID`, this installation made no such id for this hall.
    """
    try:
        raw = base64.urlsafe_b64decode(decision + "=" * (-len(decision) % 4))
    except (binascii.Error, ValueError):
        raise _foreign() from None
    content, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    # Of the last character some bits mean nothing: only one spelling counts.
    alike = base64.urlsafe_b64encode(raw).decode().rstrip("=") == decision
    known = hmac.compare_digest(mac, _mac(secret, hall, content))
    if not (_ID.fullmatch(decision) and alike and known):
        raise _foreign()
    try:
        return _decode(content)
    except msgspec.ValidationError:
        raise _foreign() from None


def ticket_id(secret: bytes, hall: str, held: Sealed, rank: int) -> str:
    """The id of the ticket that an option becomes: of the form of all ticket ids, and harder to guess."""
    value = int.from_bytes(_derived(secret, hall, held, rank, "ticket")[:16])
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def booking_id(secret: bytes, hall: str, held: Sealed, rank: int) -> str:
    """The id of the booking that an option becomes."""
    value = int.from_bytes(_derived(secret, hall, held, rank, "booking")[:8])
    return "".join(_ALPHABET[(value >> 5 * place) & 31] for place in range(10))


def _derived(secret: bytes, hall: str, held: Sealed, rank: int, kind: str) -> bytes:
    return hmac.digest(secret, f"route-{kind}|{hall}|{rank}|".encode() + held.nonce, "sha256")


def _mac(secret: bytes, hall: str, content: bytes) -> bytes:
    return hmac.digest(secret, f"route|{hall}|".encode() + content, "sha256")[:_MAC_BYTES]


def _foreign() -> Rejected:
    return Rejected(
        Code.INVALID,
        "no decision that was made here for this hall",
        "send the `decision` of an answer as it came, or ask anew",
    )
