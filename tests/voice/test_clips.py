"""The hall's recordings, and espeak-ng for what is missing: heard by their pitch."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from callq.domain.hall import Language, Voice
from callq.voice.clips import Clips, VoiceMissing
from callq.voice.text import Told, spoken
from tests.voice.sounds import heard, record, runs, samples_of, tone

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = Voice(chime=False, one="yi", languages=(Language(code="zh", call="请{number}到{window}"),))
TOLD = Told("A12", "3", {}, False)
PITCH = {"请": 300.0, "A": 400.0, "1": 500.0, "2": 600.0, "到": 700.0, "3": 800.0}


def close_to(*hertz: float) -> list[object]:
    return [pytest.approx(one, abs=20) for one in hertz]


def all_recorded(tmp_path: Path) -> Clips:
    record(tmp_path, "zh", **PITCH)
    return Clips(tmp_path, None)


def test_recordings_come_in_the_order_of_what_is_said(tmp_path: Path) -> None:
    made = all_recorded(tmp_path).make(spoken(PLAIN, TOLD))
    assert made.clips == ("请.wav", "A.wav", "1.wav", "2.wav", "到.wav", "3.wav")
    assert heard(made.content) == close_to(*PITCH.values())
    samples = samples_of(made.content)
    assert made.length_ms == len(samples) * 1000 // 22_050
    assert max(map(abs, samples)) < 32_767


def test_it_is_repeated_and_a_chime_comes_once(tmp_path: Path) -> None:
    clips = all_recorded(tmp_path)
    twice = Voice(chime=True, one="yi", repeat=2, languages=PLAIN.languages)
    sounds = heard(clips.make(spoken(twice, TOLD)).content)
    assert sounds[-12:] == close_to(*PITCH.values(), *PITCH.values())
    assert len(sounds) == 13
    assert sounds[0] == pytest.approx(550, abs=120), "the chime"


def test_two_languages_come_one_after_the_other(tmp_path: Path) -> None:
    clips = all_recorded(tmp_path)
    record(tmp_path, "en", **{"Go": 1000.0, "A": 1100.0, "1": 1200.0, "2": 1300.0, "to": 1400.0, "3": 1500.0})
    english = Language(code="en", call="Go {number} to {window}")
    both = Voice(chime=False, one="yi", languages=(*PLAIN.languages, english))
    assert heard(clips.make(spoken(both, TOLD)).content) == close_to(
        *PITCH.values(), 1000, 1100, 1200, 1300, 1400, 1500
    )


def test_a_clip_that_is_replaced_is_heard_at_once(tmp_path: Path) -> None:
    clips = all_recorded(tmp_path)
    first = clips.make(spoken(PLAIN, TOLD))
    assert clips.make(spoken(PLAIN, TOLD)) is first, "the same is made once"
    path = tmp_path / "zh" / "A.wav"
    path.write_bytes(tone(950))
    os.utime(path, ns=(1, 1))
    assert heard(clips.make(spoken(PLAIN, TOLD)).content)[1] == pytest.approx(950, abs=20)


def test_espeak_reads_what_is_missing(tmp_path: Path) -> None:
    clips = Clips(tmp_path)
    assert clips.speaks, "the tests need espeak-ng"
    record(tmp_path, "zh", **{name: hertz for name, hertz in PITCH.items() if name != "到"})
    said = spoken(PLAIN, TOLD)
    assert clips.missing(said) == {"zh": ["到"]}
    made = clips.make(said)
    assert made.clips == ("请.wav", "A.wav", "1.wav", "2.wav", None, "3.wav")
    sounds = heard(made.content)
    assert sounds[:4] == close_to(300, 400, 500, 600)
    assert sounds[-1] == pytest.approx(800, abs=20)
    assert len(sounds) > 5


def test_espeak_alone_says_every_piece_within_its_turn() -> None:
    clips = Clips(None)
    for voice in (
        Voice(),
        Voice(repeat=2, languages=(Language(code="zh"), Language(code="en"))),
    ):
        for number, window in (("A012", "3"), ("AB1999", "112"), ("E777", "办1")):
            said = spoken(voice, Told(number, window, {"": "二楼企业服务区", "en": "Business zone"}, True))
            made = clips.make(said)
            assert said.about_ms * 0.5 < made.length_ms <= said.about_ms
            samples = samples_of(made.content)
            assert max(map(abs, samples)) < 32_767, "clipped"
            assert len(runs(samples)) >= len(number)


def test_without_voice_it_is_told_what_to_do(tmp_path: Path) -> None:
    record(tmp_path, "zh", **{name: hertz for name, hertz in PITCH.items() if name not in "A到"})
    with pytest.raises(VoiceMissing) as told:
        Clips(tmp_path, "no-such-engine").make(spoken(PLAIN, TOLD))
    assert "A、到" in told.value.detail
    assert "install the package espeak-ng" in told.value.hint


def test_a_voice_that_espeak_does_not_have() -> None:
    voice = Voice(languages=(Language(code="xx", engine="no-such-voice", call="{number} {window}"),))
    with pytest.raises(VoiceMissing, match="no-such-voice"):
        Clips(None).make(spoken(voice, TOLD))


def test_a_broken_clip_is_named(tmp_path: Path) -> None:
    clips = all_recorded(tmp_path)
    (tmp_path / "zh" / "A.wav").write_bytes(b"an MP3")
    with pytest.raises(VoiceMissing, match=r"A\.wav"):
        clips.make(spoken(PLAIN, TOLD))


def test_no_label_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.wav").write_bytes(tone(440))
    clips = all_recorded(tmp_path)
    with pytest.raises(VoiceMissing):
        clips.make(spoken(PLAIN, TOLD._replace(window="../secret")))


def test_several_threads_may_make_at_once(tmp_path: Path) -> None:
    clips = all_recorded(tmp_path)
    found: list[list[int]] = []

    def make(number: str) -> None:
        found.append(heard(clips.make(spoken(PLAIN, TOLD._replace(number=number))).content))

    threads = [threading.Thread(target=make, args=(number,)) for number in ("A12", "A21", "A11", "A22") * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert sorted(map(tuple, found))[0][2:4] == pytest.approx((500, 500), abs=20)
