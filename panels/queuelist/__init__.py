"""The list of the queue for paper, kept fresh as long as the server is there."""

from __future__ import annotations

from pathlib import Path

PAGE = {
    "route": "/desk/<hall>/list",
    "root": Path(__file__).parent,
    "index": "index.html",
    "title": "排队表",
    "roles": ["helper", "clerk", "supervisor", "admin", "inspector"],
}
"""Served by the core: `root` under `/pages/queuelist/`, `index` at `route`."""
