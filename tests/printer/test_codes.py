"""Codes on paper, read by a reader that is none of ours, as a phone would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest
import zxingcpp
from PIL import Image, ImageFilter

from callq.cli import main
from panels.printer.escpos import MODULE, ticket_bytes
from panels.printer.paper import blocks_of
from panels.printer.qr import qr_code
from panels.printer.sample import SAMPLE_LINK, sample_paper, sample_ticket
from tests.printer.simulator import fed

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = SAMPLE_LINK.replace(
    "https://queue.example.cn",
    "https://very-long-name-of-a-service-hall.paidui.some-county.some-city.gov.example.cn".ljust(80, "n")[
        :80
    ],
).replace("/dongyuan/", f"/{'d' * 32}/")
"""The longest address that a hall file lets stand before a ticket, and a long hall's name in it."""


def read(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def printed(link: str, dots: Literal[384, 576]) -> Image.Image:
    """The picture of a code as the bytes for a printer that draws none have it, on paper of that width."""
    ticket = sample_ticket("A031", priority=False, english=False)
    (slip,) = fed(ticket_bytes(blocks_of(ticket, sample_paper(dots), link), dots, "drawn"))
    (rows,) = slip.pictures
    assert len(rows[0]) <= dots
    picture = Image.new("L", (dots, len(rows) + 40), 255)
    left = (dots - len(rows[0])) // 2
    for y, row in enumerate(rows):
        for x, dot in enumerate(row):
            if dot == "1":
                picture.putpixel((left + x, 20 + y), 0)
    return picture


@pytest.mark.parametrize("dots", [384, 576])
@pytest.mark.parametrize("link", [SAMPLE_LINK, LONGEST], ids=["usual", "longest"])
def test_the_code_of_a_printed_ticket_leads_to_it(link: str, dots: Literal[384, 576]) -> None:
    picture = printed(link, dots)
    assert read(picture) == [link]
    # As a phone sees it: askew, out of focus, in bad light.
    seen = picture.rotate(17, expand=True, fillcolor=255).filter(ImageFilter.GaussianBlur(1.5))
    assert read(seen.point(lambda value: 90 + value // 3)) == [link]


@pytest.mark.parametrize(
    ("link", "dots", "module"),
    [(SAMPLE_LINK, 576, MODULE), (SAMPLE_LINK, 384, MODULE), (LONGEST, 576, MODULE), (LONGEST, 384, 5)],
)
def test_a_printer_that_draws_it_itself_is_told_to_use_six_dots_where_they_fit(
    link: str, dots: Literal[384, 576], module: int
) -> None:
    ticket = sample_ticket("A031", priority=False, english=False)
    (slip,) = fed(ticket_bytes(blocks_of(ticket, sample_paper(dots), link), dots))
    assert (slip.codes, slip.modules) == ([link], [module])
    assert (len(qr_code(link.encode())) + 8) * module <= dots


@pytest.mark.parametrize("dots", ["384", "576"])
def test_the_code_of_a_preview_leads_to_the_ticket(tmp_path: Path, dots: str) -> None:
    target = tmp_path / "ticket.png"
    assert main(["printer", "preview", "--output", str(target), "--dots", dots]) == 0
    with Image.open(target) as picture:
        assert read(picture.convert("L")) == [SAMPLE_LINK]


@pytest.mark.parametrize("length", [1, 14, 15, 26, 27, 62, 106, 107, 213, 251, 252, 331, 412])
def test_codes_of_every_kind_are_read(length: int) -> None:
    """Around the ends of versions: other numbers of blocks, alignment marks and bits of the length."""
    content = "".join(chr(33 + (7 * at + length) % 94) for at in range(length))
    code = qr_code(content.encode())
    side = len(code) + 8
    picture = Image.new("L", (side, side), 255)
    for y, row in enumerate(code):
        for x, dark in enumerate(row):
            picture.putpixel((x + 4, y + 4), 0 if dark else 255)
    assert read(picture.resize((side * 4, side * 4), Image.Resampling.NEAREST)) == [content]
