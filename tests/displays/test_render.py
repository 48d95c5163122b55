"""Chinese as pixels: glyphs as their font has them, lines that fit, colours, and the picture for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from displays.led.config import FONTS, Device
from displays.led.preview import LAMP, draw
from displays.led.render import RGB, NoFont, Typesetter, cell_width
from displays.led.sign import Shown
from tests.displays import decoders

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

TYPESETTER = Typesetter()

UNIFONT_HEX = {
    # From unifont.hex: 16 rows, four digits for 16 pixels, two for 8.
    "请": "0040404027FC204003F80040E7FE200023F8220823F822082BF8320822280210",
    "A": "0000000018242442427E424242420000",
}

GB2312 = "".join(
    bytes((high, low)).decode("gb2312")
    for high in range(0xB0, 0xF8)
    for low in range(0xA1, 0xFF)
    if not (high == 0xD7 and low > 0xF9)
)


def device(**more: Any) -> Device:
    fields = {"name": "one", "protocol": "ddp", "address": "wall", "columns": 128, "rows": 16, "window": "w1"}
    return Device(**{**fields, **more})


def rows_of(image: Image.Image) -> list[str]:
    return [
        "".join("#" if image.getpixel((x, y)) else "." for x in range(image.width))
        for y in range(image.height)
    ]


@pytest.mark.parametrize("char", UNIFONT_HEX)
def test_sixteen_rows_are_the_glyphs_of_unifont(char: str) -> None:
    digits = UNIFONT_HEX[char]
    width = len(digits) // 4
    expected = [
        f"{int(digits[at : at + width // 4], 16):0{width}b}".translate({48: ".", 49: "#"})
        for at in range(0, len(digits), width // 4)
    ]
    assert rows_of(TYPESETTER.glyph(char, 16)) == expected


def test_there_are_all_characters_of_gb2312() -> None:
    assert len(GB2312) == 6763
    for rows in FONTS:
        box = TYPESETTER.glyph("\U0010fffe", rows).tobytes()
        lacking = [char for char in GB2312 if TYPESETTER.glyph(char, rows).tobytes() == box]
        assert lacking == []


@pytest.mark.parametrize("rows", FONTS)
def test_no_character_loses_its_head_or_feet(rows: int) -> None:
    (first, *_) = TYPESETTER._faces[rows]
    for char in GB2312:
        top, bottom = first._ink(char)
        drawn = TYPESETTER.glyph(char, rows).getbbox()
        assert drawn is not None
        assert drawn[3] - drawn[1] == bottom - top, char


@pytest.mark.parametrize("rows", FONTS)
def test_a_line_is_as_high_as_it_should_be_and_has_its_ink_nearly_everywhere(rows: int) -> None:
    box = TYPESETTER.line("请国窗", rows).getbbox()
    assert box is not None
    assert box[3] - box[1] >= rows - 3


def test_a_character_that_no_font_has_is_a_box() -> None:
    assert TYPESETTER.glyph("\U0010fffe", 16).getbbox() == (1, 1, 15, 15)


def test_fonts_that_are_named_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    from displays.led import render

    assert Typesetter([render.ZEN_HEI]).glyph("请", 16).tobytes() != TYPESETTER.glyph("请", 16).tobytes()
    monkeypatch.setattr(render, "SYSTEM_FONTS", dict.fromkeys(FONTS, ("/nowhere.otf",)))
    with pytest.raises(NoFont, match=r"/nowhere\.otf") as missing:
        Typesetter()
    assert "apt-get install fonts-unifont fonts-wqy-zenhei" in missing.value.hint
    assert Typesetter([render.UNIFONT]).width("A请", 16) == 24


@pytest.mark.parametrize(("align", "left"), [("left", 0), ("centre", 48), ("right", 96)])
def test_a_text_stands_where_it_should(align: str, left: int) -> None:
    shown = decoders.lit(TYPESETTER.rgb([Shown("A012")], device(align=align)), 128)
    glyphs = rows_of(TYPESETTER.line("A012", 16))
    assert [row[left : left + 32] for row in shown] == glyphs
    assert sum(row.count("#") for row in shown) == sum(row.count("#") for row in glyphs)


def test_colours_and_brightness() -> None:
    two = device(rows=32, font=16, colour="green", calling_colour="yellow", brightness=50)
    rgb = TYPESETTER.rgb([Shown("A", calling=True), Shown("B")], two)
    pixels = [tuple(rgb[at : at + 3]) for at in range(0, len(rgb), 3)]
    assert set(pixels[: 128 * 16]) == {(0, 0, 0), tuple(part // 2 for part in RGB["yellow"])}
    assert set(pixels[128 * 16 :]) == {(0, 0, 0), (0, 127, 0)}


def test_inverted_is_the_other_way_round() -> None:
    plain, other = (
        decoders.lit(TYPESETTER.rgb([Shown("A012", inverted=inverted)], device()), 128)
        for inverted in (False, True)
    )
    swapped = [row.translate({35: ".", 46: "#"}) for row in plain]
    assert other == swapped


@given(st.text(max_size=12), st.sampled_from(FONTS), st.integers(16, 200))
def test_whatever_the_text_the_picture_has_its_size(text: str, rows: int, columns: int) -> None:
    shown = TYPESETTER.rgb([Shown(text)], device(rows=rows, columns=columns))
    assert len(shown) == rows * columns * 3


def test_a_number_that_is_too_wide_is_drawn_smaller_and_never_cut() -> None:
    assert TYPESETTER.width("A1000", 24) > 48 >= TYPESETTER.width("A1000", 16)
    drawn = TYPESETTER.fitted("A1000", 24, 48)
    assert rows_of(drawn) == rows_of(TYPESETTER.line("A1000", 16))


def test_a_card_draws_half_squares_and_squares() -> None:
    assert cell_width("A012 请办理", 16) == 5 * 8 + 3 * 16


def test_a_preview_has_a_lamp_for_each_pixel(tmp_path: Path) -> None:
    one = device(columns=32, rows=16)
    picture = draw([Shown("A1")], one, TYPESETTER)
    assert picture.size == (32 * LAMP, 16 * LAMP)
    lamps = TYPESETTER.picture([Shown("A1")], one)
    for y in range(16):
        for x in range(32):
            red, green, blue = picture.getpixel((x * LAMP + LAMP // 2, y * LAMP + LAMP // 2))
            assert (red > green == blue) == any(lamps.getpixel((x, y)))  # type: ignore[arg-type]
