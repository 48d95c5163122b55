"""The hall editor: what is fixed about a hall, changed as a draft, checked, put in force, and taken back."""

from __future__ import annotations

from pathlib import Path

PAGE = {
    "route": "/editor/<hall>",
    "root": Path(__file__).parent,
    "index": "index.html",
    "title": "大厅配置",
    "roles": ["supervisor", "admin", "inspector"],
}
"""Served by the core: `root` under `/pages/editor/`, `index` at `route`."""
