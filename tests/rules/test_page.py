"""The page of rules and its transcripts find each other."""

from __future__ import annotations

import importlib
import inspect
import re
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "rules.md"


def transcripts() -> Counter[str]:
    """How many tests tell each rule."""
    found: Counter[str] = Counter()
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(f"tests.rules.{path.stem}")
        for name, test in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("test_"):
                found.update(getattr(test, "rules", ()))
    return found


def listed() -> list[str]:
    """Ids in the page's tables."""
    return re.findall(r"^\| `([A-Z]-[a-z0-9-]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_rule_has_a_transcript_and_every_transcript_a_rule() -> None:
    assert len(listed()) > 100
    assert sorted(transcripts()) == sorted(set(listed()))


def test_no_rule_is_listed_twice() -> None:
    assert [rule for rule, count in Counter(listed()).items() if count > 1] == []
