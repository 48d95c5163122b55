"""The plain text protocol of simple cards: ``40 address text 0D``, the text in GBK, without an answer."""

from __future__ import annotations

from typing import Final

TCP_PORT: Final = 5000
START: Final = 0x40
END: Final = 0x0D
ADDRESSES: Final = (0, 255)


def message(text: str, address: int) -> bytes:
    """A message for the card at an address; control characters are taken out, what GBK has not is ``?``."""
    plain = "".join(char for char in text if char >= " " and char != "\x7f")
    return bytes((START, address)) + plain.encode("gbk", errors="replace") + bytes((END,))
