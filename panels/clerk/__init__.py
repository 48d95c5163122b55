"""The clerk's panel at a window: sign in, call, serve, with one key for each act."""

from __future__ import annotations

from pathlib import Path

PAGE = {
    "route": "/panel/<hall>/<window>",
    "root": Path(__file__).parent,
    "index": "index.html",
    "title": "窗口操作台",
    "roles": ["clerk", "admin", "supervisor"],
}
"""Served by the core: `root` under `/pages/clerk/`, `index` at `route`."""
