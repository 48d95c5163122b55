"""Bearer tokens: made once, kept as digests, looked up once per process.

``cq_`` tokens are 256 random bits; the store keeps only their SHA-256. A citizen's ``ct_`` key needs
no storage: it is the ticket's id with a keyed hash over hall and ticket, so a photo of one ticket
opens no other. Neither is ever logged.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import msgspec
import trio

from callq.domain.errors import Code, Rejected
from callq.web.roles import Principal, Role

if TYPE_CHECKING:
    from callq.journal.port import Keyring

TOKEN_PREFIX: Final = "cq_"
CITIZEN_PREFIX: Final = "ct_"

UNKNOWN_FOR_S: Final = 2.0
"""How long a token that was not found is not looked up again; short, since it may be created any moment."""

MAX_UNKNOWN: Final = 4096

_TOKEN: Final = re.compile(r"cq_[A-Za-z0-9_-]{43}")
_CITIZEN: Final = re.compile(r"ct_(?P<ticket>[0-9a-z]{1,40})\.(?P<mac>[A-Za-z0-9_-]{43})")


class TokenRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept about a token; the secret itself is not."""

    id: str
    role: Role
    created_ms: int
    hall: str | None = None
    window: str | None = None
    clerk: str | None = None
    name: str = ""
    device: str | None = None

    def principal(self) -> Principal:
        """Whom it stands for."""
        return Principal(self.id, self.role, self.hall, self.window, self.clerk, None, self.name, self.device)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(TokenRecord).decode


def token_digest(token: str) -> str:
    """SHA-256 of a token, hex: what the store knows it by."""
    return hashlib.sha256(token.encode()).hexdigest()


async def create_token(
    keyring: Keyring,
    role: Role,
    *,
    created_ms: int,
    hall: str | None = None,
    window: str | None = None,
    clerk: str | None = None,
    name: str = "",
    device: str | None = None,
    seed: bytes | None = None,
) -> tuple[str, TokenRecord]:
    """Make a token durable.

    Args:
      keyring: where its digest is kept.
      role: any but `citizen`.
      created_ms: Unix milliseconds.
      hall: the only hall it counts in.
      window: the only window it may use; needs `hall`; a `rating` token needs one.
      clerk: the only clerk it may act as; needs `hall`.
      name: for people, e.g. where it is used.
      device: the only device it may report for; needs `hall`.
      seed: 32 secret bytes to make it from, where repeating a request must give the same token.

    Returns:
      The secret, to be shown once, and what is kept.

    Raises:
      Rejected: `INVALID`, the parts do not go together.
      StoreUnavailable: it may or may not have been kept; make another.
    """
    if role is Role.CITIZEN:
        raise Rejected(
            Code.INVALID, "a citizen has no token", "the key is in the answer that issued the ticket"
        )
    if hall is None and (window is not None or clerk is not None or device is not None):
        raise Rejected(Code.INVALID, "a window, clerk or device without its hall", "name the hall as well")
    if role is Role.RATING and window is None:
        raise Rejected(
            Code.INVALID, "a rating token without its window", "name the window of the tablet, and its hall"
        )
    raw = seed if seed is not None else secrets.token_bytes(32)
    token = TOKEN_PREFIX + _base64(raw)
    digest = token_digest(token)
    record = TokenRecord(
        id=f"tk_{digest[:16]}",
        role=role,
        created_ms=created_ms,
        hall=hall,
        window=window,
        clerk=clerk,
        name=name,
        device=device,
    )
    await keyring.put_token(digest, _encode(record))
    return token, record


class Tokens:
    """Turns a presented token into a principal.

    Args:
      keyring: where records are.
      secret: the installation's 32 bytes.
      admin_token: accepted as an administrator of all halls; None: no such token.
    """

    def __init__(self, keyring: Keyring, secret: bytes, admin_token: str | None = None) -> None:
        self._keyring = keyring
        self._secret = secret
        self._admin = admin_token.encode() if admin_token else None
        self._known: dict[str, Principal] = {}
        """By digest. Tokens are never changed or withdrawn, so what was found once stays true."""
        self._unknown: OrderedDict[str, float] = OrderedDict()
        """Digest to when it may be looked up again, oldest first."""

    def citizen_key(self, hall: str, ticket: str) -> str:
        """The key that opens one ticket."""
        mac = hmac.digest(self._secret, f"citizen|{hall}|{ticket}".encode(), "sha256")
        return f"{CITIZEN_PREFIX}{ticket}.{_base64(mac)}"

    async def authenticate(self, token: str | None, hall: str | None) -> Principal:
        """Who presents `token`.

        Args:
          token: as it came, without its scheme; None: nothing came.
          hall: of the address asked for; a citizen's key is good for its own only.

        Raises:
          Rejected: `UNAUTHORISED`.
          StoreUnavailable: cannot be looked up now.
        """
        if not token:
            raise _unauthorised("no token")
        if self._admin is not None and hmac.compare_digest(token.encode(), self._admin):
            return Principal("admin", Role.ADMIN, name="CALLQ_ADMIN_TOKEN")
        citizen = _CITIZEN.fullmatch(token)
        if citizen is not None and hall is not None:
            ticket = citizen["ticket"]
            if hmac.compare_digest(token, self.citizen_key(hall, ticket)):
                return Principal(f"ct_{ticket}", Role.CITIZEN, hall=hall, ticket=ticket)
        if not _TOKEN.fullmatch(token):
            raise _unauthorised("not a token of callq")
        return await self._look_up(token_digest(token))

    async def _look_up(self, digest: str) -> Principal:
        known = self._known.get(digest)
        if known is not None:
            return known
        now = trio.current_time()
        if self._unknown.get(digest, 0.0) > now:
            raise _unauthorised("unknown token")
        record = await self._keyring.token(digest)
        if record is None:
            self._unknown.pop(digest, None)
            self._unknown[digest] = now + UNKNOWN_FOR_S
            while len(self._unknown) > MAX_UNKNOWN:
                self._unknown.popitem(last=False)
            raise _unauthorised("unknown token")
        self._known[digest] = _decode(record).principal()
        return self._known[digest]


def bearer(header: str | None) -> str | None:
    """The token of an `Authorization` header; None when it has another scheme or is missing."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _unauthorised(detail: str) -> Rejected:
    return Rejected(Code.UNAUTHORISED, detail, "send `Authorization: Bearer TOKEN`")
