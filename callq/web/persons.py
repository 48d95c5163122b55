"""What callq keeps of a person: keyed hashes, last digits and a masked name, never a clear number.

Hashing happens at the door, before anything becomes a command, so that no clear number can reach
the journal, a log or an error text. The key is the installation's secret and the hall is part of
what is hashed: the space of identity numbers is small enough to be searched, so an unkeyed hash
would hide nothing, and two halls' records cannot be joined.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from typing import Final

from callq.domain.commands import Person
from callq.domain.errors import Code, Rejected

_ID: Final = re.compile(r"[0-9A-Z]{5,20}")
"""Resident identity cards (18), older ones (15), permits and passports. The check digit of
GB 11643 is not insisted on: cards with a wrong one exist and their holders must get a ticket."""

_PHONE: Final = re.compile(r"[0-9]{5,15}")


def known_person(
    secret: bytes, hall: str, *, id_no: str | None, name: str | None, phone: str | None
) -> Person | None:
    """What may be kept of a person; None when nothing was given.

    Args:
      secret: the installation's.
      hall: hashes of one hall cannot be compared with another's.
      id_no: number of an identity document, as read or typed.
      name: in full, as read or typed.
      phone: with or without separators and country code 86.

    Raises:
      Rejected: `INVALID`, plainly malformed; the text does not repeat what came.
    """
    number = _plain(id_no).upper()
    digits = re.sub(r"[\s()+.-]", "", _plain(phone))
    if len(digits) == 13 and digits.startswith("86"):
        digits = digits[2:]
    if number and not _ID.fullmatch(number):
        raise _malformed("id_no", "5 to 20 digits and letters")
    if digits and not _PHONE.fullmatch(digits):
        raise _malformed("phone", "5 to 15 digits")
    called = _plain(name)
    if not (number or digits or called):
        return None
    return Person(
        id_hash=_hash(secret, hall, "id_no", number) if number else "",
        id_last4=_tail(number),
        phone_hash=_hash(secret, hall, "phone", digits) if digits else "",
        phone_last4=_tail(digits),
        name=masked(called),
    )


def _tail(number: str) -> str:
    """The last four characters, of a number that is long enough to hide behind them."""
    return number[-4:] if len(number) >= 8 else ""


def masked(name: str) -> str:
    """A name as staff may see it: 张*; empty stays empty."""
    return f"{name[0]}*" if name else ""


def _plain(text: str | None) -> str:
    """Full-width digits and letters, as Chinese input methods type them, mean the plain ones."""
    return unicodedata.normalize("NFKC", text or "").strip()


def _hash(secret: bytes, hall: str, kind: str, value: str) -> str:
    return hmac.digest(secret, f"person|{hall}|{kind}|{value}".encode(), "sha256").hex()


def _malformed(field: str, expected: str) -> Rejected:
    return Rejected(Code.INVALID, f"`person.{field}` is malformed", f"{expected}; or leave it out")
