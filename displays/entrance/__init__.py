"""The screen at the entrance: what is done where, how long that takes, and every window's state."""

from __future__ import annotations

from pathlib import Path

PAGE = {
    "route": "/tv/<hall>/entrance",
    "root": Path(__file__).parent,
    "index": "index.html",
    "title": "入口屏",
    "roles": ["screen", "admin", "supervisor", "clerk", "helper", "inspector"],
}
"""Served by the core: `root` under `/pages/entrance/`, `index` at `route`."""
