"""What all events have in common."""

from __future__ import annotations

import msgspec


class _Event(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="e",
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,
):
    """Base of events. Nothing in them points back, so the garbage collector need not look at them."""
