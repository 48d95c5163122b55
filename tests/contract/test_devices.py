"""What every journal does for devices: it keeps when they were heard, for all nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.conftest import AnyJournal


async def test_when_devices_were_heard_is_kept_by_hall(journal: AnyJournal) -> None:
    assert await journal.devices_seen("demo", {}) == {}
    assert await journal.devices_seen("demo", {"tv-1": 1_795_395_600_000, "bar-1": 2}) == {
        "tv-1": 1_795_395_600_000,
        "bar-1": 2,
    }
    assert await journal.devices_seen("demo", {"bar-1": 3}) == {"tv-1": 1_795_395_600_000, "bar-1": 3}
    assert await journal.devices_seen("other", {}) == {}
    await journal.forget_devices("demo", ["bar-1", "nobody"])
    assert await journal.devices_seen("demo", {}) == {"tv-1": 1_795_395_600_000}
