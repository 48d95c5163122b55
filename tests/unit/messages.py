"""Every sentence that checks of a hall file can say, read from their sources."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.unit.documents import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = [
    *sorted((ROOT / "callq/domain").glob("check*.py")),
    ROOT / "callq/domain/advice.py",
    ROOT / "callq/config/__init__.py",
    ROOT / "callq/config/proposal.py",
    ROOT / "callq/config/reader.py",
    ROOT / "callq/config/syntax.py",
    ROOT / "callq/web/editor.py",
]
MAKERS = {"ConfigProblem": (1, 2), "Misread": (1, 2), "Problem": (3, 4)}
"""Where message and hint stand among the arguments of what makes a mistake."""


def templates() -> set[str]:
    """Sentences with ``{}`` for what is filled in."""
    found = set()
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = {
                    target.id: assigned.value
                    for assigned in ast.walk(node)
                    if isinstance(assigned, ast.Assign)
                    for target in assigned.targets
                    if isinstance(target, ast.Name)
                }
                for call in ast.walk(node):
                    name = getattr(getattr(call, "func", None), "id", "")
                    if isinstance(call, ast.Call) and name in MAKERS:
                        for at in MAKERS[name]:
                            if at < len(call.args):
                                found |= set(_said(call.args[at], names))
    return found


def _said(node: ast.expr, names: dict[str, ast.expr]) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            parts = [""]
            for value in values:
                inner: list[str] = ["{}"]
                if isinstance(value, ast.Constant):
                    inner = [str(value.value)]
                elif isinstance(value, ast.FormattedValue) and isinstance(value.value, ast.Name):
                    known = names.get(value.value.id)
                    said = list(_said(known, names)) if known is not None else []
                    inner = said or ["{}"]
                parts = [part + more for part in parts for more in inner]
            yield from parts
        case ast.IfExp(body=body, orelse=orelse):
            yield from _said(body, names)
            yield from _said(orelse, names)
        case ast.Name(id=name) if name in names and names[name] is not node:
            yield from _said(names[name], {key: value for key, value in names.items() if key != name})
