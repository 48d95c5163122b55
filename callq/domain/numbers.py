"""Ticket numbers: a prefix and at least three digits, growing (A999, A1000)."""

from __future__ import annotations


def ticket_number(prefix: str, counter: int) -> str:
    """The printed number, e.g. ``A012``."""
    return f"{prefix}{counter:03d}"
