"""The supervisor's floor page: the hall at a glance, what calls for attention, and every act on it."""

from __future__ import annotations

from pathlib import Path

PAGE = {
    "route": "/floor/<hall>",
    "root": Path(__file__).parent,
    "index": "index.html",
    "title": "值班台",
    "roles": ["supervisor", "admin", "inspector", "helper"],
}
"""Served by the core: `root` under `/pages/floor/`, `index` at `route`."""
