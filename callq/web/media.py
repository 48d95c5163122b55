"""Pictures and videos of the screens: files of one folder, read while they are sent.

A file is asked for by its name alone, which can be no path; what is larger than its kind may be, is no
picture or video, or is no plain file of the folder is not there. No token is asked for: a browser sends
none with a picture, and whatever lies in this folder hangs in a public hall anyway.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import trio
from quart import Response

from callq.domain.check_screens import MEDIA_NAME
from callq.domain.errors import Code
from callq.web.problems import Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from werkzeug.datastructures import Headers

MIB: Final = 1024 * 1024

KINDS: Final = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}

MOST_BYTES: Final = {"image": 20 * MIB, "video": 500 * MIB}
"""What is larger an old screen cannot show, or fills its memory."""

MOST_AT_ONCE: Final = 256
"""Files that are sent at the same time."""

SENT_WITHIN_S: Final = 600

CHUNK: Final = 64 * 1024

_RANGE: Final = re.compile(r"bytes=([0-9]{0,12})-([0-9]{0,12})")

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Accept-Ranges": "bytes",
    "Cache-Control": "public, max-age=600",
}


class _Found(NamedTuple):
    path: trio.Path
    kind: str
    size: int
    etag: str


class MediaFolder:
    """The folder that `--media` names; None: there is none."""

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._sending = 0

    async def answer(self, name: str, asked: Headers) -> Response:
        """A file, or the part of it that was asked for.

        Args:
          name: of a file in the folder.
          asked: headers of the request.

        Raises:
          Refusal: there is no such file, or too many are sent already.
        """
        found = await self._find(name)
        if found is None:
            raise Refusal(Code.NOT_FOUND, "no such file", "put it into the folder that --media names")
        headers = {**_HEADERS, "ETag": found.etag}
        if found.etag in asked.get("If-None-Match", ""):
            return Response(b"", 304, headers)
        headers["Content-Type"] = found.kind
        part = _part(asked.get("Range", ""), found.size)
        if part is None or asked.get("If-Range", found.etag) != found.etag:
            part, status = (0, found.size), 200
        elif part[0] >= part[1]:
            return Response(b"", 416, {**headers, "Content-Range": f"bytes */{found.size}"})
        else:
            status = 206
            headers["Content-Range"] = f"bytes {part[0]}-{part[1] - 1}/{found.size}"
        if self._sending >= MOST_AT_ONCE:
            raise Refusal(Code.TOO_MANY_REQUESTS, "too many files are sent already", "try again in a moment")
        headers["Content-Length"] = str(part[1] - part[0])
        answer = Response(self._send(found.path, *part), status, headers)
        # A video is taken as fast as it is shown; a browser whose answer ends goes on with a part.
        answer.timeout = SENT_WITHIN_S
        return answer

    async def _find(self, name: str) -> _Found | None:
        kind = KINDS.get(name[name.rfind(".") :].lower()) if "." in name else None
        if self._root is None or kind is None or not MEDIA_NAME.fullmatch(name):
            return None
        root = trio.Path(self._root)
        path = root / name
        try:
            inside = (await path.resolve()).is_relative_to(await root.resolve())
            if not inside or not await path.is_file():
                return None
            there = await path.stat()
        except OSError:
            return None
        if not 0 < there.st_size <= MOST_BYTES[kind.partition("/")[0]]:
            return None
        return _Found(path, kind, there.st_size, f'"{there.st_size:x}-{there.st_mtime_ns:x}"')

    async def _send(self, path: trio.Path, begin: int, end: int) -> AsyncIterator[bytes]:
        self._sending += 1
        try:
            async with await path.open("rb") as file:
                await file.seek(begin)
                left = end - begin
                while left > 0:
                    chunk = await file.read(min(CHUNK, left))
                    if not chunk:
                        return
                    left -= len(chunk)
                    yield chunk
        finally:
            self._sending -= 1


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """Begin and end of what a ``Range`` header asks for; None where it asks for nothing that we know."""
    found = _RANGE.fullmatch(asked)
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size
