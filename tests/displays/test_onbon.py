"""Onbon cards: published bytes, an independent decoder, and replies of every kind."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from displays.led.protocols import onbon
from tests.displays import decoders

A5x8 = b"\xa5" * 8


def framed(body: str) -> bytes:
    return A5x8 + bytes.fromhex(body) + b"\x5a"


PUBLISHED_TEXT = bytes.fromhex("3031323334355152535454562742")


def published_area(**more: int) -> bytes:
    """The area of a published example: text of 14 bytes, from the left, several lines.

    In place of mode and reserved byte it has the length of what follows, 2D 00, and its printed bytes have
    three zeros too many for their own length and checksum; without these the checksum is right.
    """
    area = onbon.Area(
        number=0,
        x=0,
        y=0,
        width=192,
        height=32,
        text=PUBLISHED_TEXT,
        several_lines=True,
        motion="left",
        speed=4,
        stay=5,
        timeout_s=2,
        horizontal="eights",
    )
    data = bytearray(onbon.update([area], mode=0x2D))
    for at, value in {"align": 16, "newline": 18, "display": 19}.items():
        if at in more:
            data[7 + 2 + value] = more[at]
    return onbon.frame(bytes(data))


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (onbon.PING, "01000080000000000000FE020500 A200010000 68F8"),
        (onbon.STATUS, "01000080000000000000FE020500 A102010000 2D40"),
        (onbon.CLEAR, "01000080000000000000FE020500 A310010000 51F8"),
    ],
    ids=["ping", "status", "clear"],
)
def test_published_frames(data: bytes, body: str) -> None:
    assert onbon.frame(data) == framed(body)


def test_a_published_area() -> None:
    made = published_area()
    assert made[:30] == framed("01000080000000000000FE023200 A306012D000001 2900")[:-1][:30]
    assert made[-3:] == bytes.fromhex("A87D5A")
    assert made[-21:-3] == bytes.fromhex("0E000000") + PUBLISHED_TEXT


def test_the_published_area_centred_on_one_line() -> None:
    assert published_area(align=0x0A, newline=1, display=1)[-3:] == bytes.fromhex("5EB95A")


def test_a_number_with_z_is_escaped() -> None:
    area = onbon.Area(number=0, x=0, y=0, width=128, height=16, text=b"Z012", align=onbon.alignment("centre"))
    assert onbon.frame(onbon.update([area])) == framed(
        "01000080000000000000FE022800 A3060100000001 1F00"
        "00008000008080100000000000000000 0A01010100000004000000 5B02303132 EB57"
    )


def test_a_header_is_escaped_too() -> None:
    assert onbon.frame(onbon.PING, target=0x5B5A) == framed(
        "5B025B01 0080000000000000FE020500 A200010000 7CE6"
    )


texts = st.text(st.characters(codec="gbk", exclude_categories=["Cc"]), max_size=40)


@given(
    text=texts,
    colour=st.sampled_from(sorted(onbon.COLOURS)),
    target=st.integers(0, 0xFFFF),
    place=st.tuples(*(st.integers(0, 0x7FFF) for _ in range(2))),
    align=st.sampled_from(("left", "right", "centre")),
)
def test_whatever_is_sent_a_card_reads(
    text: str, colour: str, target: int, place: tuple[int, int], align: onbon.Alignment
) -> None:
    areas = [
        onbon.Area(
            number=number,
            x=place[0],
            y=place[1],
            width=128,
            height=16,
            text=onbon.text_of(text, colour),
            align=onbon.alignment(align),
        )
        for number in range(2)
    ]
    (frame,) = decoders.onbon_frames(onbon.frame(onbon.update(areas), target=target))
    assert (frame.dst, frame.src, frame.device, frame.version) == (target, 0x8000, 0xFE, 2)
    assert (frame.option, frame.checkmode, frame.dispmode) == (0, 0, 0)
    for number, area in enumerate(decoders.onbon_areas(frame.data)):
        assert (area.number, area.x, area.y, area.width, area.height) == (number, *place, 128, 16)
        assert area.align & 3 == {"left": 0, "right": 1, "centre": 2}[align]
        assert area.align & 12 == 8
        assert decoders.onbon_text(area.text) == (colour, text.replace("\\", ""))


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.binary(max_size=30))
@example(0xA0, 0, 0, b"\xa5 cut short")
def test_an_answer_is_read_whatever_came_before_it(
    group: int, command: int, error: int, noise: bytes
) -> None:
    replies = onbon.Replies()
    whole = noise + decoders.onbon_reply(group, command, error, src=0x5AA5)
    found = [reply for at in range(len(whole)) for reply in replies.feed(whole[at : at + 1])]
    assert found[-1] == onbon.Reply(0x5AA5, group, command, error)


@given(
    st.lists(st.binary(max_size=200) | st.sampled_from([A5x8, b"\x5a", b"\xa6", b"\x5b\x02"]), max_size=60)
)
def test_no_bytes_make_the_reader_fail(chunks: list[bytes]) -> None:
    replies = onbon.Replies()
    for chunk in chunks:
        for reply in replies.feed(chunk):
            assert reply.told


@given(st.data())
def test_an_answer_with_a_wrong_bit_is_none(data: st.DataObject) -> None:
    whole = bytearray(decoders.onbon_reply(0xA0, 0x00, 0))
    at = data.draw(st.integers(8, len(whole) - 2))
    whole[at] ^= 1 << data.draw(st.integers(0, 7))
    replies = onbon.Replies()
    assert not list(replies.feed(bytes(whole)))


def test_noise_without_end_takes_no_memory() -> None:
    replies = onbon.Replies()
    for _ in range(100):
        assert list(replies.feed(b"\xa5" + b"x" * 1000)) == []
    assert len(replies._buffer) <= onbon.MAX_FRAME + 1001
    assert replies.spoilt
    replies.feed(b"\x5a")
    assert next(iter(replies.feed(b"\x5a" + decoders.onbon_reply(0xA0, 0, 3)))).told == "busy"


def test_what_gbk_lacks_is_a_question_mark_and_codes_of_others_are_taken_out() -> None:
    assert decoders.onbon_text(onbon.text_of("A\\C2\n1𠮷号", "red")) == ("red", "AC21?号")


def test_eights_round_widths_up() -> None:
    area = onbon.Area(
        number=0, x=16, y=8, width=100, height=16, text=b"x", horizontal="eights", vertical="eights"
    )
    (read,) = decoders.onbon_areas(onbon.update([area]))
    assert (read.x, read.width, read.y, read.height) == (16, 104, 1, 2)
    assert not read.x_in_pixels
