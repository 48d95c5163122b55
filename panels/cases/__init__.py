"""Cases of bad ratings: what is to be called back, by when, and what came of it."""

from __future__ import annotations

from pathlib import Path

PAGE = {
    "route": "/cases/<hall>",
    "root": Path(__file__).parent,
    "index": "index.html",
    "title": "差评办件",
    "roles": ["supervisor", "admin", "inspector"],
}
"""Served by the core: `root` under `/pages/cases/`, `index` at `route`."""
