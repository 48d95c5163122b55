"""The formats of boxes, held against their descriptions; whatever else a line carries."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panels.callbox.codecs import evdev, hub95, lcd21
from tests.callbox import boxes

bytes_ = st.integers(0, 255)
noise = st.binary(max_size=30)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Bytes in pieces, as a serial line brings them."""
    ends = sorted({place % (len(data) + 1) for place in places})
    return [data[a:b] for a, b in zip([0, *ends], [*ends, len(data)], strict=True)]


hub_frames = st.tuples(st.sampled_from([0x11, 0x22, 0x33]), bytes_, bytes_, st.binary(min_size=6, max_size=6))


@given(st.lists(hub_frames, max_size=5), st.lists(st.integers(0, 99), max_size=9))
def test_frames_of_a_hub_come_through_in_any_pieces(
    frames: list[tuple[int, int, int, bytes]], places: list[int]
) -> None:
    decoder = hub95.Decoder()
    line = b"".join(boxes.hub_frame(*frame) for frame in frames)
    found = [tuple(one) for piece in cut(line, places) for one in decoder.feed(piece, 0.0)]
    assert found == frames
    assert decoder.garbage == 0


@given(noise.filter(lambda data: 0x95 not in data), hub_frames, noise.filter(lambda data: 0x95 not in data))
def test_noise_around_a_frame_is_counted_and_passed_over(
    before: bytes, frame: tuple[int, int, int, bytes], after: bytes
) -> None:
    decoder = hub95.Decoder()
    found = decoder.feed(before + boxes.hub_frame(*frame) + after, 0.0)
    assert [tuple(one) for one in found] == [frame]
    assert decoder.garbage == len(before + after)


@given(st.lists(noise, max_size=5))
def test_no_noise_ends_a_decoder(pieces: list[bytes]) -> None:
    hub, display = hub95.Decoder(), lcd21.Decoder()
    for piece in pieces:
        hub.feed(piece, 0.0)
        display.feed(piece, 0.0)
    # What a cut frame left behind is dropped after a silence.
    assert [frame.address for frame in hub.feed(boxes.hub_frame(0x22, 3, 0x0C), 1.0)] == [3]
    assert [frame.address for frame in display.feed(boxes.lcd_frame(3, 0x21, b"\x01"), 1.0)] == [3]


@given(hub_frames, st.integers(0, 10), st.integers(1, 255))
def test_a_changed_byte_makes_no_frame(frame: tuple[int, int, int, bytes], place: int, change: int) -> None:
    broken = bytearray(boxes.hub_frame(*frame))
    broken[place] ^= change
    assert hub95.Decoder().feed(bytes(broken), 0.0) == []


def test_the_agents_own_echo_is_no_frame_of_a_box() -> None:
    decoder = hub95.Decoder()
    echo = hub95.Shown(5, 3, 2).answer(1, 0x0C)
    (found,) = decoder.feed(echo + boxes.hub_frame(0x33, 1, 0x0C), 0.0)
    assert found.kind == hub95.CONFIRMED
    assert decoder.garbage == 0


@given(st.integers(0, 0xFFFF), bytes_, st.integers(0, 70_000), bytes_, bytes_)
def test_an_answer_is_what_the_description_says(
    number: int, window: int, waiting: int, address: int, request: int
) -> None:
    answer = boxes.hub_answer(hub95.Shown(number, window, waiting).answer(address, request))
    assert (answer.address, answer.request) == (address, request)
    assert (answer.raw, answer.window, answer.waiting) == (number, window, min(waiting, 0xFFFF))


def test_an_answer_in_bytes() -> None:
    # 12 of the first service at window 3, seven people wait.
    answer = hub95.Shown(0x100C, 3, 7).answer(1, 0x0C)
    assert answer.hex(" ") == "95 dd 01 0c 0c 10 03 07 00 00 5d"


lcd_frames = st.tuples(bytes_, bytes_, st.binary(max_size=20))


@given(st.lists(lcd_frames, max_size=4), st.lists(st.integers(0, 99), max_size=9))
def test_frames_of_a_display_box_come_through_in_any_pieces(
    frames: list[tuple[int, int, bytes]], places: list[int]
) -> None:
    decoder = lcd21.Decoder()
    line = b"".join(boxes.lcd_frame(*frame) for frame in frames)
    found = [tuple(one) for piece in cut(line, places) for one in decoder.feed(piece, 0.0)]
    assert found == frames
    assert decoder.garbage == 0


@given(lcd_frames)
def test_what_a_display_box_is_told(frame: tuple[int, int, bytes]) -> None:
    assert boxes.lcd_said(lcd21.Frame(*frame).encode()) == [frame]


@pytest.mark.parametrize("place", range(9))
def test_a_broken_frame_of_a_display_box_does_not_hide_the_next(place: int) -> None:
    broken = bytearray(boxes.lcd_frame(1, 0x21, b"\x02"))
    broken[place] ^= 0x40
    found = lcd21.Decoder().feed(bytes(broken) + boxes.lcd_frame(2, 0x21, b"\x03"), 0.0)
    assert [tuple(one) for one in found if one.address == 2] == [(2, 0x21, b"\x03")]
    assert all(one.address == 2 for one in found)


def test_a_frame_of_a_display_box_in_bytes() -> None:
    assert lcd21.Frame(1, 0xA1, b"A012").encode().hex(" ") == "ff 68 06 06 68 01 a1 41 30 31 32 76 16"
    with pytest.raises(ValueError, match="at most 253"):
        lcd21.Frame(1, 1, bytes(254)).encode()


keys = st.lists(
    st.tuples(st.sampled_from(sorted(boxes.KEYS.values())), st.sampled_from([0, 1, 2])), max_size=9
)


@given(keys, st.lists(st.integers(0, 499), max_size=9))
def test_a_key_counts_once_when_it_goes_down(events: list[tuple[int, int]], places: list[int]) -> None:
    caps = dict(zip(boxes.KEYS.values(), boxes.KEYS, strict=True))
    names = {
        "Enter": "enter",
        "+": "plus",
        "-": "minus",
        "*": "star",
        "/": "slash",
        ".": "dot",
        "Backspace": "backspace",
    }
    decoder = evdev.Decoder()
    data = b"".join(boxes.key_event(*event) for event in events)
    found = [cap for piece in cut(data, places) for cap in decoder.feed(piece)]
    down = [caps[code] for code, value in events if value == 1]
    assert found == [names.get(cap, cap) for cap in down]


def test_what_the_kernel_had_to_drop_presses_nothing() -> None:
    dropped = struct.pack("llHHi", 1, 2, 0, 3, 0)
    half = struct.pack("llHHi", 1, 2, 1, 96, 1)
    report = struct.pack("llHHi", 1, 2, 0, 0, 0)
    decoder = evdev.Decoder()
    assert list(decoder.feed(dropped + half + report)) == []
    assert list(decoder.feed(boxes.key_event(96, 1))) == ["enter"]
    assert list(decoder.feed(boxes.key_event(30, 1))) == [], "not a key of a keypad"
