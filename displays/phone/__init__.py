"""A citizen's ticket on a phone: how many are ahead, where to go, what to do next."""

from __future__ import annotations

from pathlib import Path

PAGE = {
    "route": "/t/<hall>/<ticket>",
    "root": Path(__file__).parent,
    "index": "index.html",
    "title": "我的号",
    "roles": ["citizen"],
}
"""Served by the core: `root` under `/pages/phone/`, `index` at `route`, which is a ticket's link `page`."""
