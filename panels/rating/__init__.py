"""The rating tablet of a window: asks whoever was just served, and nobody else."""

from __future__ import annotations

from pathlib import Path

PAGE = {
    "route": "/rating/<hall>/<window>",
    "root": Path(__file__).parent,
    "index": "index.html",
    "title": "评价器",
    "roles": ["rating"],
}
"""Served by the core: `root` under `/pages/rating/`, `index` at `route`."""
