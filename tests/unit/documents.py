"""Reading the documents: sections, tables, prose."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    """What stands between a heading and the next one of its rank or a higher one."""
    found = re.search(rf"^(#+) .*{re.escape(heading)}.*$", page, re.MULTILINE)
    assert found, f"no heading {heading!r}"
    rest = page[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(part: str) -> dict[str, str]:
    """Rows of the tables in `part` by each name that their first cell has in backticks."""
    found = {}
    for line in part.splitlines():
        if line.startswith("|"):
            first = line.split("|")[1]
            for name in re.findall(r"`([^`]+)`", first):
                found[name] = line
    return found


def cells(row: str) -> list[str]:
    """The cells of a table's row."""
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def prose(page: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
