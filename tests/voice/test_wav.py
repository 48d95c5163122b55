"""Sound as samples: what is read, joined and written, checked by reading it."""

from __future__ import annotations

import contextlib
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callq.domain.errors import BadBytes
from callq.voice import wav
from tests.voice.sounds import RATE, heard, runs, samples_of, tone


@pytest.mark.parametrize(
    ("rate", "channels"), [(22_050, 1), (44_100, 2), (8_000, 1), (48_000, 1), (16_000, 2)]
)
def test_recordings_of_any_usual_kind_keep_pitch_and_length(rate: int, channels: int) -> None:
    samples = wav.read(tone(440, 300, rate=rate, channels=channels))
    assert abs(wav.length_ms(samples) - 500) <= 1
    assert heard(wav.written(samples)) == [pytest.approx(440, abs=20)]


def test_all_widths_of_pcm_say_the_same() -> None:
    wanted = [round(20_000 * math.sin(i / 9)) for i in range(500)]

    def content(bits: int, data: bytes) -> bytes:
        layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, RATE * bits // 8, bits // 8, bits)
        return (
            b"RIFF\0\0\0\0WAVE"
            + layout
            + b"LIST\3\0\0\0abc\0"
            + struct.pack("<4sI", b"data", len(data))
            + data
        )

    assert list(wav.read(content(16, struct.pack("<500h", *wanted)))) == wanted
    assert list(wav.read(content(24, b"".join(b"\x55" + struct.pack("<h", v) for v in wanted)))) == wanted
    assert list(wav.read(content(32, b"".join(b"\x55\x55" + struct.pack("<h", v) for v in wanted)))) == wanted
    eight = wav.read(content(8, bytes((v >> 8) + 128 for v in wanted)))
    assert max(abs(a - b) for a, b in zip(eight, wanted, strict=True)) < 256


def test_a_size_that_a_stream_could_not_know_means_what_follows() -> None:
    content = bytearray(tone(440))
    at = content.index(b"data") + 4
    content[at : at + 4] = struct.pack("<I", 0x7FFFF000)
    assert heard(wav.written(wav.read(bytes(content)))) == [pytest.approx(440, abs=20)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF\0\0\0\0WAVE",
        b"ID3\x03 an MP3 of somebody" * 9,
        tone(440)[:30],
        tone(440).replace(b"fmt \x10\0\0\0\1\0", b"fmt \x10\0\0\0\3\0"),
        tone(440).replace(struct.pack("<I", RATE), struct.pack("<I", 1), 1),
        tone(440, 21_000),
    ],
)
def test_what_is_no_clip_is_refused(content: bytes) -> None:
    with pytest.raises(BadBytes):
        wav.read(content)


@given(st.binary(max_size=200), st.integers(0, 60))
def test_broken_files_raise_nothing_else(noise: bytes, at: int) -> None:
    good = tone(440, 5)
    for content in (noise, good[:at] + noise, good[:at] + noise + good[at:]):
        with contextlib.suppress(BadBytes):
            wav.read(content)


def test_a_prepared_clip_has_no_silence_at_its_ends_and_the_common_loudness() -> None:
    faint, loud = (wav.prepared(wav.read(tone(440, amplitude=a))) for a in (0.05, 0.9))
    for clip in (faint, loud):
        assert 300 <= wav.length_ms(clip) <= 335
        assert max(map(abs, clip)) == pytest.approx(0.85 * wav.PEAK, rel=0.01)
        assert abs(clip[0]) < 50
        assert abs(clip[-1]) < 50
    assert list(wav.prepared(wav.silence(100))) == []


@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=50), st.floats(0, 8))
def test_volume_never_wraps_around(values: list[int], by: float) -> None:
    louder = wav.scaled(wav.Samples("h", values), by)
    assert all(a * b >= 0 for a, b in zip(louder, values, strict=True))
    assert max(map(abs, louder)) <= wav.PEAK


def test_the_chime_falls_and_dies_away() -> None:
    chime = wav.chime()
    assert 600 <= wav.length_ms(chime) <= 900
    assert max(map(abs, chime)) <= wav.PEAK
    step = RATE // 10
    loudness = [
        math.sqrt(sum(v * v for v in chime[i : i + step]) / step) for i in range(0, len(chime) - step, step)
    ]
    assert loudness[-1] < loudness[0] / 5


def test_parts_are_joined_in_order_and_nothing_is_lost() -> None:
    parts = [wav.prepared(wav.read(tone(hertz))) for hertz in (300, 500, 800)]
    whole = wav.joined([parts[0], wav.silence(60), parts[1], wav.silence(60), parts[2]])
    assert len(whole) == sum(map(len, parts)) + 2 * (RATE * 60 // 1000)
    content = wav.written(whole)
    assert heard(content) == [pytest.approx(hertz, abs=20) for hertz in (300, 500, 800)]
    assert len(runs(samples_of(content))) == 3
