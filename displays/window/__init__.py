"""The screen over a window: its number, whom it calls, and what it does."""

from __future__ import annotations

from pathlib import Path

PAGE = {
    "route": "/tv/<hall>/window/<window>",
    "root": Path(__file__).parent,
    "index": "index.html",
    "title": "窗口屏",
    "roles": ["screen", "device", "rating", "admin", "supervisor", "clerk", "helper", "inspector"],
}
"""Served by the core: `root` under `/pages/window/`, `index` at `route`."""
