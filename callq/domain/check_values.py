"""Checks of single values of a configuration: codes, texts, numbers, dates and references.

Each takes the path of a value and yields what is wrong with it, so that `callq.domain.check` reads as
the list of what a hall must satisfy.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from callq.domain.hall import CODE_RE, PREFIX_RE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Topic = Literal[
    "value",
    "duplicate",
    "unknown_zone",
    "unknown_service",
    "unknown_skill",
    "unknown_session",
    "unknown_resource",
    "unknown_clerk",
    "unknown_window",
    "unservable",
    "beyond_calls",
]
"""Kinds of mistakes: those about others' codes mean nothing while the others could not be read."""


class ConfigProblem(NamedTuple):
    """One mistake in a configuration.

    Attributes:
      path: where, e.g. ``services[2].zone``; indexes count from 0.
      message: what is wrong.
      hint: what to write instead.
      topic: kind of mistake, for readers that treat kinds differently.
    """

    path: str
    message: str
    hint: str
    topic: Topic = "value"


MAX_CHARS: Final = {
    "name": 40,
    "name_en": 80,
    "place": 40,
    "place_en": 60,
    "label": 8,
    "directions": 60,
    "directions_en": 90,
    "examples": 40,
    "notices": 120,
    "phone": 40,
    "address": 80,
    "engine": 40,
    "call": 80,
    "elsewhere": 80,
    "again": 20,
    "digits": 10,
    "logo": 8,
    "theme": 12,
    "theme_en": 24,
    "everyday": 12,
    "public_url": 80,
    "precheck": 60,
    "hint": 80,
    "reason": 12,
    "reason_en": 28,
}
"""Longest text by key, in characters: what the screens can show without cutting."""

REQUIRED_TEXT: Final = frozenset({"name", "label", "examples", "notices", "digits", "precheck", "reason"})
"""Texts that may not be empty where they are given."""

RANGES: Final = {
    # rules
    "recall_gap_s": (0, 300),
    "max_calls": (1, 10),
    "min_calls_before_miss": (1, 10),
    "missed_shown_min": (0, 480),
    "rejoin_k": (1, 20),
    "rejoin_max": (0, 10),
    "missed_abandon_min": (1, 480),
    "hold_max_min": (1, 1440),
    "undo_s": (0, 300),
    "transfer_wait_min": (1, 240),
    "auto_call_s": (0, 600),
    "auto_start_s": (0, 600),
    "serving_end_h": (1, 20),
    "come_back_days": (0, 30),
    "no_show_limit": (0, 100),
    "no_show_days": (1, 365),
    "rate_window_min": (1, 120),
    "rate_phone_h": (1, 168),
    # services
    "target_wait_min": (1, 480),
    "quota": (1, 99_999),
    "min_level": (1, 3),
    "first": (1, 99_999),
    "last": (1, 99_999),
    # bookings
    "capacity": (1, 1000),
    "days_ahead": (0, 90),
    "cancel_before_h": (0, 168),
    "grace_min": (0, 120),
    "early_min": (0, 240),
    # load
    "target_appointment_min": (1, 480),
    "target_priority_min": (1, 480),
    "daily": (0, 100_000),
    "service_min": (0.1, 480),
    "service_cv": (0, 5),
    # routing
    "pressure": (0, 100),
    "guard": (0, 100),
    "better_soon_s": (0, 600),
    "first_contact_min": (0, 240),
    # tides
    "beta": (-3, 3),
    "opening_min": (0, 60),
    "min_open_min": (0, 240),
    "close_after_min": (0, 120),
    "close_margin": (0, 50),
    "override_min": (0, 480),
    "rate": (0, 1000),
    "least": (1, 1000),
    # outlets
    "wait_min": (0, 480),
    # voice
    "repeat": (1, 3),
    "stale_s": (10, 120),
    "volume": (0, 100),
    # screens
    "recent": (6, 8),
    "picture_s": (5, 300),
    # warnings
    "waiting": (0, 1000),
    "waiting_severe": (0, 1000),
    "late_severe": (0, 10),
    "unstaffed_min": (0, 480),
    "serving_min": (0, 480),
    "paused_min": (0, 480),
    # desk
    "priority_share": (0, 100),
    "priority_free": (0, 10_000),
    # ratings
    "bad_level": (0, 3),
    "due_workdays": (0, 30),
    "due_h": (1, 720),
    "attempts": (1, 10),
    "keep_days": (1, 730),
}
"""Inclusive ranges of numbers by key; beyond them a value is a slip, not a policy."""

MOST_CHECKS: Final = 20
"""Of one list that helpers walk through."""

MOST_COMPARED: Final = 2000
"""Names among which a near one is looked for: more than the largest hall has, fewer than take seconds."""

MOST_NAMED: Final = 60
"""Names that a hint lists."""

LEVELS: Final = (1, 3)
"""Range of a clerk's skill level."""

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_BAD_CATEGORIES: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
# Zero-width space and byte-order mark make equal-looking texts differ; direction overrides turn a
# whole screen line around. Other format characters are needed to write Mongolian and Uyghur.
_BAD_CHARS: Final = frozenset("\u200b\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that `word` was probably meant to be; None when nothing is close."""
    by_lower = {name.lower(): name for name in islice(known, MOST_COMPARED)}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def code(path: str, value: str) -> Iterator[ConfigProblem]:
    """A code for programs."""
    if not CODE_RE.fullmatch(value):
        yield ConfigProblem(
            path,
            f"{value!r} is not a code" if value else "the code is empty",
            "use 1 to 32 of a-z 0-9 - _, beginning with a letter or digit; names go into `name`",
        )


def prefix(path: str, value: str) -> Iterator[ConfigProblem]:
    """The letters before a number."""
    if PREFIX_RE.fullmatch(value):
        return
    taken = "I, O and Q read as digits" if set(value.upper()) & set("IOQ") else "one or two capital letters"
    yield ConfigProblem(path, f"{value!r} is not a ticket prefix", f"{taken}: use A-Z without I, O, Q")


def number(path: str, key: str, value: float) -> Iterator[ConfigProblem]:
    """A number within the range of its key."""
    low, high = RANGES[key]
    if not low <= value <= high:
        yield ConfigProblem(path, f"{value} is out of range", f"write a number from {low} to {high}")


def iso_date(path: str, value: str) -> Iterator[ConfigProblem]:
    """A date of the calendar."""
    if parse_date(value) is None:
        yield ConfigProblem(path, f"{value!r} is not a date", 'write year, month, day, e.g. "2026-10-01"')


def parse_date(value: str) -> date | None:
    """The date of an ISO text with hyphens; None for anything else."""
    if not _DATE.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def texts(at: str, values: Mapping[str, str]) -> Iterator[ConfigProblem]:
    """Several texts of one table by key."""
    for key, value in values.items():
        yield from text(f"{at}{key}", key, value)


def text(path: str, key: str, value: str) -> Iterator[ConfigProblem]:
    """A text that people read; empty only where its key may be."""
    if not value.strip():
        if value or key in REQUIRED_TEXT:
            yield ConfigProblem(path, "the text is empty", "write what people shall read")
        return
    bad = next((char for char in value if _unprintable(char)), None)
    if bad is not None:
        yield ConfigProblem(
            path,
            f"the text holds an invisible or control character (U+{ord(bad):04X})",
            "type the text again instead of pasting it; line breaks are not possible",
        )
    if value != value.strip():
        yield ConfigProblem(path, "the text begins or ends with a space", "remove the space")
    if len(value) > MAX_CHARS[key]:
        yield ConfigProblem(
            path,
            f"{len(value)} characters are too long for a screen",
            f"shorten it to {MAX_CHARS[key]} characters",
        )


def _unprintable(char: str) -> bool:
    return char in _BAD_CHARS or unicodedata.category(char) in _BAD_CATEGORIES


def reference(
    path: str, kind: str, value: str, known: Mapping[str, str], topic: Topic
) -> Iterator[ConfigProblem]:
    """A code of something else, with the name of each that is `known`."""
    if value in known:
        return
    # People write the shown name where the code is wanted: both lead to the code.
    by_name = {name: code for code, name in known.items()}
    guess = by_name.get(value) or nearest(value, known) or by_name.get(nearest(value, by_name) or "")
    more = ", …" if len(known) > MOST_NAMED else ""
    hint = f"did you mean {guess!r}?" if guess else f"known: {_listed(known) or 'none'}{more}"
    yield ConfigProblem(path, f"there is no {kind} {value!r}", hint, topic)


def _listed(known: Iterable[str]) -> str:
    return ", ".join(islice(known, MOST_NAMED))


def duplicates(
    path: str, values: Iterable[object], *, shown: list[str] | None = None, where: str = ""
) -> Iterator[ConfigProblem]:
    """Values that must differ; `path` has a ``{}`` for the index."""
    first: dict[object, int] = {}
    for index, value in enumerate(values):
        if value in first:
            yield ConfigProblem(
                path.format(index),
                f"{shown[index] if shown else value!r} is used twice{where}",
                f"it is already at {path.format(first[value])}",
                "duplicate",
            )
        first.setdefault(value, index)
