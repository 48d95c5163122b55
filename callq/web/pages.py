"""Pages for people: found through entry points, read once, served by content hash.

Every file is in memory under the address it is served at, so that no address can lead outside the
folders, and nothing is read while a screen waits. Pages run under a strict policy: scripts and
styles from here only, connections to here only.
"""

from __future__ import annotations

import hashlib
import re
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from callq import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GROUP: Final = "callq.pages"
"""Entry points: a name, and a dict with `route`, `root`, `index`, `title`, `roles`; optional `connect`."""

KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".woff2": "font/woff2",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".webmanifest": "application/manifest+json",
}
"""What is served at all; anything else in a page's folder stays there."""

VERSION: Final = "/static/version.txt"
"""Where pages ask which they are."""

_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:]+\](:[0-9]{1,5})?")


_PART: Final = re.compile(r"<!-- part: ([a-z-]+) -->")


class Page(NamedTuple):
    """A page.

    Attributes:
      name: of its entry point.
      route: address template, e.g. ``/tv/<hall>/<zone>``.
      html: address of its document.
      title: for people.
      roles: whose token it wants.
      connect: services of the device itself that its scripts may reach, e.g. of a card reader.
    """

    name: str
    route: str
    html: str
    title: str
    roles: tuple[str, ...]
    connect: tuple[str, ...] = ()


class Asset(NamedTuple):
    """A file as it is served."""

    content: bytes
    kind: str
    etag: str


class Pages:
    """All pages and their files."""

    def __init__(self, pages: Iterable[Page], assets: Mapping[str, Asset]) -> None:
        self.pages = tuple(pages)
        self.assets = dict(assets)
        """By address."""

    def headers(self, host: str, address: str = "") -> dict[str, str]:
        """Headers of everything a page loads.

        Args:
          host: that the browser asked; older browsers do not count WebSockets as `'self'`.
          address: of what is served; a page's document may let its scripts reach services of the device.
        """
        sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
        reached = "".join(f" {one}" for page in self.pages if page.html == address for one in page.connect)
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
            f"media-src 'self'; manifest-src 'self'; connect-src 'self'{sockets}{reached}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
        }


def load_pages() -> Pages:
    """Read the home page, the shared files, and every page that is installed.

    A page that cannot be loaded is reported and left out: a hall must not stand still for it.
    """
    static = Path(str(files("callq.web"))) / "static"
    parts = _parts(static / "_parts")
    assets = _assets("/static", static, parts)
    pages = [Page("home", "/", "/static/home/index.html", "callq", ())]
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        try:
            given = entry.load()
            prefix = f"/pages/{entry.name}"
            page = Page(
                entry.name,
                given["route"],
                f"{prefix}/{given['index']}",
                given["title"],
                tuple(given["roles"]),
                _loopback(given.get("connect", ())),
            )
            found = _assets(prefix, Path(given["root"]), parts)
        except Exception as error:
            structlog.get_logger().error("page_left_out", page=entry.name, error=repr(error))
            continue
        pages.append(page)
        assets |= found
    assets[VERSION] = _version(assets)
    return Pages(pages, assets)


def _version(assets: Mapping[str, Asset]) -> Asset:
    """What pages are: of two that say the same every file was the same when they were loaded."""
    whole = "".join(f"{address} {assets[address].etag}\n" for address in sorted(assets))
    content = f"{__version__}+{hashlib.blake2b(whole.encode(), digest_size=4).hexdigest()}\n".encode()
    etag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    return Asset(content, "text/plain; charset=utf-8", etag)


def _loopback(addresses: Iterable[str]) -> tuple[str, ...]:
    """The same, if all of them are of the device itself.

    Raises:
      ValueError: one is not.
    """
    for address in addresses:
        if not re.fullmatch(r"(http|ws)://(localhost|127\.0\.0\.1):[0-9]{1,5}", address):
            raise ValueError(f"{address} is not on the device")
    return tuple(addresses)


def _parts(folder: Path) -> dict[str, str]:
    """What documents have in common, by name."""
    return {path.stem: path.read_text(encoding="utf-8").strip() for path in sorted(folder.glob("*.html"))}


def _assets(prefix: str, root: Path, parts: Mapping[str, str]) -> dict[str, Asset]:
    """Files below `root` by address; ``<!-- part: NAME -->`` in a document stands for that part."""
    found = {}
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        kind = KINDS.get(path.suffix)
        hidden = any(part.startswith((".", "_")) for part in inside.parts)
        if kind is None or hidden or not path.is_file() or not path.resolve().is_relative_to(root.resolve()):
            continue
        content = path.read_bytes()
        if path.suffix == ".html":
            content = _PART.sub(lambda found: parts[found[1]], content.decode()).encode()
        etag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
        found[f"{prefix}/{inside.as_posix()}"] = Asset(content, kind, etag)
    return found
