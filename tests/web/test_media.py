"""Pictures and videos of the screens: whole, in parts, from the cache, and nothing from beside the folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import trio

from callq.journal.memory import MemoryJournal
from callq.web import media
from callq.web.media import MediaFolder
from tests.web.conftest import Door, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

VIDEO = bytes(range(256)) * 1200
PICTURE = b"\x89PNG" + b"p" * 100


@pytest.fixture
async def shows(tmp_path: Path) -> AsyncIterator[Door]:
    folder = tmp_path / "media"
    (folder / "deep").mkdir(parents=True)
    (folder / "guide.mp4").write_bytes(VIDEO)
    (folder / "防火 (1).PNG").write_bytes(PICTURE)
    (folder / "empty.png").write_bytes(b"")
    (folder / "notes.txt").write_text("x")
    (folder / "page.html").write_text("x")
    (folder / "deep" / "in.png").write_bytes(PICTURE)
    (folder / "folder.png").mkdir()
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    async with serving(MemoryJournal(), media=MediaFolder(folder)) as door:
        yield door


async def test_a_file_comes_whole_with_its_kind_and_may_be_kept(shows: Door) -> None:
    answer = await shows.http.get("/media/guide.mp4")

    assert (answer.status_code, answer.content) == (200, VIDEO)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "max-age=600" in answer.headers["cache-control"]
    again = await shows.http.get("/media/guide.mp4", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    picture = await shows.http.get("/media/防火 (1).PNG")
    assert (picture.content, picture.headers["content-type"]) == (PICTURE, "image/png")


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-", (0, len(VIDEO))),
        ("bytes=100-199", (100, 200)),
        ("bytes=70000-", (70_000, len(VIDEO))),
        ("bytes=-10", (len(VIDEO) - 10, len(VIDEO))),
        ("bytes=5-99999999", (5, len(VIDEO))),
    ],
)
async def test_a_part_is_what_was_asked_for(shows: Door, asked: str, part: tuple[int, int]) -> None:
    answer = await shows.http.get("/media/guide.mp4", headers={"Range": asked})

    begin, end = part
    assert (answer.status_code, answer.content) == (206, VIDEO[begin:end])
    assert answer.headers["content-range"] == f"bytes {begin}-{end - 1}/{len(VIDEO)}"


async def test_a_part_that_is_not_there_or_not_understood(shows: Door) -> None:
    size = len(VIDEO)
    beyond = await shows.http.get("/media/guide.mp4", headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    assert (await shows.http.get("/media/guide.mp4", headers={"Range": "bytes=-0"})).status_code == 416
    for asked in ("bytes=-", "lines=1-2", "bytes=1-2,5-6", "bytes=9-2x"):
        assert (await shows.http.get("/media/guide.mp4", headers={"Range": asked})).status_code == 200
    changed = {"Range": "bytes=0-9", "If-Range": '"other"'}
    assert (await shows.http.get("/media/guide.mp4", headers=changed)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *("missing.png", "empty.png", "notes.txt", "page.html", "folder.png", "link.png", "deep/in.png"),
        *("../secret.png", "%2e%2e/secret.png", "..%2fsecret.png", "%2e%2e%2fsecret.png", "..%5csecret.png"),
        *(".png", "%00.png", "guide.mp4%00.png", "", "guide.mp4/", "x" * 200 + ".png"),
    ],
)
async def test_nothing_else_is_there(shows: Door, path: str) -> None:
    answer = await shows.http.get(f"/media/{path}")

    assert answer.status_code == 404
    assert b"secret" not in answer.content
    assert "Traceback" not in answer.text


async def test_what_is_too_large_is_not_there(shows: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(media.MOST_BYTES, "video", len(VIDEO) - 1)
    assert (await shows.http.get("/media/guide.mp4")).status_code == 404
    monkeypatch.setitem(media.MOST_BYTES, "video", len(VIDEO))
    assert (await shows.http.get("/media/guide.mp4")).status_code == 200


async def test_who_goes_away_in_the_middle_leaves_nothing_open(
    shows: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        async with shows.http.stream("GET", "/media/guide.mp4") as answer:
            assert answer.status_code == 200
    monkeypatch.setattr(media, "MOST_AT_ONCE", 1)
    status = 429
    with trio.fail_after(10):
        while status == 429:
            status = (await shows.http.get("/media/guide.mp4")).status_code
    assert (await shows.http.get("/media/guide.mp4")).content == VIDEO
    assert len(os.listdir("/proc/self/fd")) <= opened + 3


async def test_without_a_folder_there_is_nothing(door: Door) -> None:
    assert (await door.http.get("/media/guide.mp4")).status_code == 404
