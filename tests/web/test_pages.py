"""Pages: served under strict headers, revalidated by hash, and nothing but what is meant to be served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from callq.web import pages as pages_module
from callq.web.pages import Pages, load_pages

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Door


class Entry:
    """An installed page, or one that cannot be loaded."""

    def __init__(self, name: str, given: dict[str, Any] | None) -> None:
        self.name = name
        self._given = given

    def load(self) -> dict[str, Any]:
        if self._given is None:
            raise ImportError("broken page")
        return self._given


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pages:
    root = tmp_path / "page"
    (root / "deep").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html>")
    (root / "deep" / "a.js").write_text("1")
    (root / "__init__.py").write_text("SECRET = 1")
    (root / ".hidden.js").write_text("x")
    (root / "_private.js").write_text("x")
    (tmp_path / "outside.js").write_text("x")
    (root / "link.js").symlink_to(tmp_path / "outside.js")
    page = {"route": "/x/<hall>", "root": root, "index": "index.html", "title": "X", "roles": ["screen"]}
    entries = [Entry("x", page), Entry("broken", None)]
    monkeypatch.setattr(pages_module, "entry_points", lambda group: entries)
    return load_pages()


def test_only_what_a_page_means_to_serve_has_an_address(loaded: Pages) -> None:
    mine = {address for address in loaded.assets if address.startswith("/pages/")}
    assert mine == {"/pages/x/index.html", "/pages/x/deep/a.js"}
    assert not any(address.endswith(".py") for address in loaded.assets)


def test_a_page_that_cannot_be_loaded_is_left_out(loaded: Pages) -> None:
    assert [(page.name, page.route) for page in loaded.pages] == [("home", "/"), ("x", "/x/<hall>")]
    assert loaded.pages[1].roles == ("screen",)


@pytest.mark.parametrize("address", ["/", "/tv/test/hall", "/panel/test/w1", "/static/feed.js"])
async def test_a_page_is_served_with_strict_headers(door: Door, address: str) -> None:
    answer = await door.ask("GET", address, token=None)
    assert answer.status_code == 200
    policy = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert f"ws://127.0.0.1:{door.port}" in policy["connect-src"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    kind = "text/javascript" if address.endswith(".js") else "text/html"
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"


async def test_the_kiosk_alone_reaches_card_readers_on_its_own_machine(door: Door) -> None:
    kiosk = (await door.ask("GET", "/kiosk/test", token=None)).headers["content-security-policy"]
    assert " http://127.0.0.1:19196 " in kiosk
    for address in ("/", "/panel/test/w1", "/pages/kiosk/kiosk.js"):
        other = (await door.ask("GET", address, token=None)).headers["content-security-policy"]
        assert "19196" not in other


def test_a_page_may_reach_nothing_but_its_own_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = {"route": "/x/<hall>", "root": tmp_path, "index": "index.html", "title": "X", "roles": []}
    entries = [
        Entry("x", {**page, "connect": ["http://evil.example:80"]}),
        Entry("y", {**page, "connect": []}),
    ]
    monkeypatch.setattr(pages_module, "entry_points", lambda group: entries)
    assert [loaded.name for loaded in load_pages().pages] == ["home", "y"]


async def test_an_unchanged_file_is_not_sent_again(door: Door) -> None:
    first = await door.ask("GET", "/static/feed.js", token=None)
    again = await door.ask("GET", "/static/feed.js", token=None, **{"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    changed = await door.ask("GET", "/static/feed.js", token=None, **{"If-None-Match": '"other"'})
    assert changed.status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static//etc/passwd",
        "/static/%2Fetc%2Fpasswd",
        "/pages/tv/__init__.py",
        "/pages/tv/../../callq/web/app.py",
        "/pages/none/index.html",
        "/static/",
    ],
)
async def test_no_address_leads_outside(door: Door, address: str) -> None:
    url = httpx.URL(door.url).copy_with(raw_path=address.encode())
    answer = await door.http.send(httpx.Request("GET", url))
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_a_strange_host_is_not_put_into_the_policy(door: Door) -> None:
    answer = await door.ask("GET", "/", token=None, Host="evil; script-src *")
    assert answer.status_code in (200, 400)
    assert "evil" not in answer.headers.get("content-security-policy", "")
