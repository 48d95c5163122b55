"""The desk and the helpers' tablet: numbers for others, finding tickets, pre-checks, going along."""

from __future__ import annotations

from pathlib import Path

PAGE = {
    "route": "/desk/<hall>",
    "root": Path(__file__).parent,
    "index": "index.html",
    "title": "导办台",
    "roles": ["helper", "supervisor", "admin"],
}
"""Served by the core: `root` under `/pages/desk/`, `index` at `route`."""
