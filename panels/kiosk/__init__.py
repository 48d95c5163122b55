"""The kiosk: take a number, check a booking in, come back after a miss."""

from __future__ import annotations

from pathlib import Path

PAGE = {
    "route": "/kiosk/<hall>",
    "root": Path(__file__).parent,
    "index": "index.html",
    "title": "自助取号",
    "roles": ["kiosk", "admin", "supervisor", "helper"],
    "connect": [
        f"{scheme}://{host}:{port}"
        for scheme, port in (("http", 19196), ("ws", 1919), ("ws", 9002))
        for host in ("127.0.0.1", "localhost")
    ],
}
"""Served by the core: `root` under `/pages/kiosk/`, `index` at `route`; `connect`: card readers."""
