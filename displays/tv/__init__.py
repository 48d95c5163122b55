"""The zone screen: who is called to which window, who waits, who was missed."""

from __future__ import annotations

from pathlib import Path

PAGE = {
    "route": "/tv/<hall>/<zone>",
    "root": Path(__file__).parent,
    "index": "index.html",
    "title": "叫号屏",
    "roles": ["screen", "admin", "supervisor", "clerk", "helper", "inspector"],
}
"""Served by the core: `root` under `/pages/tv/`, `index` at `route`; zone `all` is the whole hall."""
