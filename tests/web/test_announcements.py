"""Announcements through the doors: the view, the sound, and what is told where there is none."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import httpx
import pytest
import trio

from callq.domain.hall import Language, Voice
from callq.journal.memory import MemoryJournal
from callq.voice import clips as clips_module
from callq.voice.clips import Clips
from callq.web import announcer as announcer_module
from tests.harness import small_hall
from tests.live import LiveServer
from tests.voice.sounds import heard, record
from tests.web.conftest import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.web.conftest import Door

PLAIN = Voice(chime=False, one="yi", languages=(Language(code="zh", call="请{number}到{window}"),))
PITCH = {"请": 300.0, "A": 400.0, "0": 500.0, "1": 600.0, "到": 700.0, "2": 800.0}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """A hall whose recordings can be told apart by their pitch."""
    record(tmp_path, "zh", **PITCH)
    async with serving(MemoryJournal(), small_hall(voice=PLAIN), clips=Clips(tmp_path, None)) as door:
        yield door


async def called(door: Door) -> str:
    """Call A001 to window 2; the address of its sound."""
    await door.staff("w2", "c2")
    await door.issue()
    await door.window("call_next", "w2")
    async with door.feed() as feed:
        snapshot = await feed.subscribe("announcements", zone="hall")
        (row,) = snapshot["data"]["announcements"]
        return str(row["audio_url"])


async def test_a_call_can_be_heard_at_its_address(door: Door) -> None:
    address = await called(door)
    answer = await door.ask("GET", address, token=await door.token("screen", hall="test"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers.get_list("cache-control") == ["private, max-age=300"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    wanted = [PITCH[name] for name in ("请", "A", "0", "0", "1", "到", "2")]
    assert heard(answer.content) == [pytest.approx(hertz, abs=20) for hertz in wanted]
    head = await door.ask("HEAD", address)
    assert (head.status_code, head.content) == (200, b"")


async def test_the_feed_withdraws_what_is_undone(door: Door) -> None:
    address = await called(door)
    async with door.feed() as feed:
        assert (await feed.subscribe("announcements", zone="hall"))["data"]["announcements"]
        await door.window("undo", "w2")
        assert (await feed.hear(type="change"))["data"]["announcements"] == []
    answer = await door.ask("GET", address)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_who_may_not_see_the_board_may_not_hear_it(door: Door) -> None:
    address = await called(door)
    assert (await door.ask("GET", address, token=None)).status_code == 401
    assert (await door.ask("GET", address, token=await door.token("rating"))).status_code == 403
    assert (await door.ask("GET", address, token=await door.token("screen", hall="other"))).status_code == 403


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (("zone=hall", "zone=cellar"), 400, "invalid"),
        (("zone=hall", "zone=upstairs"), 404, "not_found"),
        (("A001", "A002"), 404, "not_found"),
        (("zone=hall", "zone=hall&speed=9"), 400, "invalid"),
    ],
)
async def test_other_addresses_are_refused(
    door: Door, change: tuple[str, str], status: int, code: str
) -> None:
    answer = await door.ask("GET", (await called(door)).replace(*change))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_without_a_voice_the_answer_and_the_log_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    without = Clips(None, "no-such-engine")
    async with serving(MemoryJournal(), small_hall(voice=PLAIN), clips=without) as door:
        address = await called(door)
        for _ in range(3):
            answer = await door.ask("GET", address)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
            problem = answer.json()
            assert problem["code"] == "voice_unavailable"
            assert "请、A、0、1、到、2" in problem["detail"]
            assert "espeak-ng" in problem["hint"]
    log = capsys.readouterr().out
    assert log.count("voice_without_engine") == 1
    assert log.count("voice_missing") == 1, "once a minute"


async def test_making_sound_holds_nobody_up(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """While every maker is busy, other requests are answered; more than may wait are refused."""
    address = await called(door)
    monkeypatch.setattr(announcer_module, "WAITING_MAX", 1)
    make = Clips.make

    def slowly(clips: Clips, spoken: object) -> object:
        time.sleep(0.5)
        return make(clips, spoken)  # type: ignore[arg-type]

    monkeypatch.setattr(clips_module.Clips, "make", slowly)
    answers: list[int] = []

    async def ask() -> None:
        answers.append((await door.ask("GET", address)).status_code)

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(ask)
        await trio.sleep(0.1)
        await door.get("board?zone=hall")
        assert answers.count(200) == 0, "the board was answered first"
    assert sorted(answers) == [200] * 3 + [429] * 3


async def test_the_document_describes_the_sound(door: Door) -> None:
    document = json.loads((await door.ask("GET", "/v1/openapi.json")).content)
    operation = document["paths"]["/v1/halls/{hall}/announcements/{announcement}/audio"]["get"]
    assert list(operation["responses"]["200"]["content"]) == ["audio/wav"]


@pytest.mark.redis
@pytest.mark.parametrize("option", [True, False])
def test_a_server_takes_the_recordings_of_its_site(tmp_path: Path, option: bool) -> None:
    data = tmp_path / "data"
    folder = tmp_path / "recorded" if option else data / "voice"
    words = {
        "请": 300.0,
        "A": 400.0,
        "0": 500.0,
        "yao": 600.0,
        "号到": 700.0,
        "3": 800.0,
        "号窗口办理业务": 900.0,
    }
    record(folder, "zh", **words)
    server = LiveServer(data, more=("--voice", str(folder)) if option else ()).start()
    try:
        server.window("w3", "sign_in", clerk="c01")
        server.window("w3", "open")
        server.issue()
        server.window("w3", "call_next")
        call = server.ask("GET", "/v1/halls/county/board?zone=hall")["data"]["calls"][0]
        address = f"/v1/halls/county/announcements/{call['number']}-{call['at_ms']}/audio?zone=hall"
        token = {"Authorization": f"Bearer {server.admin}"}
        content = httpx.get(server.url + address, headers=token, timeout=10).content
    finally:
        server.stop()
    wanted = [words[name] for name in ("请", "A", "0", "0", "yao", "号到", "3", "号窗口办理业务")]
    assert heard(content)[1:] == [pytest.approx(hertz, abs=20) for hertz in wanted]


async def test_a_zone_has_one_announcer_and_the_next_follows(door: Door) -> None:
    token = await door.token("screen", hall="test")
    async with door.feed(token) as second, door.feed(token) as upstairs:
        async with door.feed(token) as first:
            await first.say(type="claim_announcer", zone="hall")
            assert await first.next() == {"type": "announcer", "zone": "hall", "granted": True}
            await second.say(type="claim_announcer", zone="hall")
            assert (await second.next())["granted"] is False
            await second.say(type="claim_announcer", zone="hall")
            await second.say(type="ping")
            assert (await second.next())["type"] == "pong", "claimed once is enough"
            await upstairs.say(type="claim_announcer", zone="upstairs")
            assert (await upstairs.next())["granted"] is True
        assert await second.next() == {"type": "announcer", "zone": "hall", "granted": True}


async def test_a_screen_that_comes_back_takes_its_place_at_once(door: Door) -> None:
    async with door.feed() as cut_off, door.feed() as other, door.feed() as back:
        await cut_off.say(type="claim_announcer", zone="hall", screen="one")
        assert (await cut_off.next())["granted"] is True
        await other.say(type="claim_announcer", zone="hall", screen="two")
        assert (await other.next())["granted"] is False
        await back.say(type="claim_announcer", zone="hall", screen="one")
        assert (await back.next())["granted"] is True
        assert (await cut_off.next())["granted"] is False
        await cut_off.socket.aclose()
        await other.say(type="ping")
        assert (await other.next())["type"] == "pong", "nothing has changed for the other"


async def test_who_speaks_for_the_whole_hall_stands_against_all_others(door: Door) -> None:
    async with door.feed() as everywhere:
        async with door.feed() as upstairs, door.feed() as hall:
            await upstairs.say(type="claim_announcer", zone="upstairs")
            assert (await upstairs.next())["granted"] is True
            await everywhere.say(type="claim_announcer")
            assert await everywhere.next() == {"type": "announcer", "granted": False}
            await hall.say(type="claim_announcer", zone="hall")
            assert (await hall.next())["granted"] is True, "it is not the turn of who waits for both"
        assert await everywhere.next() == {"type": "announcer", "granted": True}


async def test_claims_that_are_refused(door: Door) -> None:
    async with door.feed() as feed:
        await feed.say(type="claim_announcer", zone="cellar")
        assert (await feed.next())["problem"]["code"] == "invalid"
        await feed.say(type="claim_announcer", window="w1")
        assert (await feed.next())["problem"]["code"] == "invalid"
    for role in ("rating", "inspector", "helper", "clerk", "kiosk", "guide"):
        token = await door.token(role, hall="test")
        async with door.feed(token) as feed:
            await feed.say(type="claim_announcer", zone="hall")
            assert (await feed.next())["problem"]["code"] == "forbidden"
