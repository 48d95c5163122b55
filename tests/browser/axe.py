"""What axe-core finds on a page: rules for people with poor sight, a keyboard alone, or a screen reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")


def grave(page: Page) -> list[str]:
    """Serious and critical findings, one sentence each, of a page at rest."""
    page.wait_for_function("() => !document.querySelector('.fading') && !document.getAnimations().length")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{one['id']}: {one['help']} ({node['html'][:120]})"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
