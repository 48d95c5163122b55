"""What stands on the paper, read from the bytes as a printer reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from callq.cli import main
from callq.wire import messages as m
from panels.printer.config import check
from panels.printer.escpos import fault_of, ticket_bytes
from panels.printer.paper import blocks_of, minutes_of, wrapped
from panels.printer.qr import TooLong, qr_code
from panels.printer.sample import SAMPLE_LINK, sample_paper, sample_ticket
from tests.printer.simulator import Slip, fed

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Literal


def slip(
    *,
    number: str = "A031",
    priority: bool = False,
    english: bool = False,
    dots: Literal[384, 576] = 576,
    **more: object,
) -> Slip:
    ticket = msgspec.structs.replace(sample_ticket(number, priority=priority, english=english), **more)
    (found,) = fed(ticket_bytes(blocks_of(ticket, sample_paper(dots), SAMPLE_LINK), dots))
    return found


def test_a_ticket_says_number_service_place_and_wait() -> None:
    found = slip()
    assert found.largest["A031"] == 8
    assert found.largest["综合受理"] == 2
    for words in (
        "东源县政务服务中心",
        "请到这里等候叫号",
        "一楼东厅  综合区",
        "18 位",
        "20-30 分钟",
        "11月23日 10:24",
    ):
        assert words in found.text
    assert "过号 30 分钟内，请到导办台重新排队。" in found.text
    assert "5 号自助机  普通  咨询 0762-000 0000" in found.text
    assert found.codes == [SAMPLE_LINK]
    assert found.inverted == []


def test_priority_stands_in_a_box_and_a_wish_says_where_to_go() -> None:
    assert slip(priority=True).inverted == ["优先"]
    assert slip(traits=("wants_priority",)).inverted == ["已申请优先，请到导办台确认"]


def test_nothing_of_a_person_is_on_it() -> None:
    ticket = sample_ticket("A031", priority=False, english=False)
    known = {field.name for field in msgspec.structs.fields(type(ticket))} | {
        field.name for field in msgspec.structs.fields(m.Paper)
    }
    assert not known & {"person", "name", "id_no", "id_last4", "phone_last4"}


def test_unknown_is_not_nought() -> None:
    unknown = slip(wait=m.Wait(), ahead=3)
    assert "暂无法估计" in unknown.text
    first = slip(wait=m.Wait(), ahead=0)
    assert "您是下一位" in first.text
    assert "即将叫号" in first.text


def test_the_second_copy_says_so() -> None:
    again = m.Print(printer="k1", copy=2, state="pending", fault="", at_ms=1)
    assert "补打" in slip(print=again).text


def test_in_english() -> None:
    found = slip(english=True)
    assert "General Services" in found.text
    assert "Please wait here" in found.text
    assert all(char.isascii() or char in "━─5 号自助机" for char in found.text)


@pytest.mark.parametrize(("number", "times"), [("A031", 8), ("A1000", 6), ("AB1000", 5)])
def test_a_number_fits_narrow_paper_whole(number: str, times: int) -> None:
    assert slip(number=number, dots=384).largest[number] == times


def test_lines_are_broken_within_the_paper() -> None:
    assert wrapped("请看屏幕、听语音，叫到号再到窗口。", 10) == [
        "请看屏幕、",
        "听语音，叫",
        "到号再到窗",
        "口。",
    ]
    assert wrapped("Go to a window", 8) == ["Go to a", "window"]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(None, None, None), (0, 20, "1-2"), (480, 900, "8-15"), (1200, 1700, "20-30"), (720, 720, "10-15")],
)
def test_minutes_are_a_range(low: int | None, high: int | None, words: str | None) -> None:
    assert minutes_of(low, high) == words


def test_a_drawn_code_is_the_same_code() -> None:
    ticket = sample_ticket("A031", priority=False, english=False)
    data = ticket_bytes(blocks_of(ticket, sample_paper(576), SAMPLE_LINK), 576, "drawn")
    (found,) = fed(data)
    (picture,) = found.pictures
    # Six dots a module, after a quiet zone of four modules; looked at in the middle of each.
    modules = [[row[at] == "1" for at in range(27, len(row), 6)] for row in picture[27::6]]
    code = qr_code(SAMPLE_LINK.encode())
    assert [row[: len(code)] for row in modules[: len(code)]] == code
    assert found.codes == []


def test_codes_have_their_patterns_and_end_somewhere() -> None:
    for length in (1, 14, 15, 106, 107, 213, 412):
        code = qr_code(b"x" * length)
        assert [code[0][at] for at in range(8)] == [True] * 7 + [False]
        assert [code[6][at] for at in range(8, len(code) - 8)] == [
            at % 2 == 0 for at in range(8, len(code) - 8)
        ]
        assert code[len(code) - 8][8]
    with pytest.raises(TooLong):
        qr_code(b"x" * 413)


def test_what_is_wrong_is_told_by_what_has_to_be_mended() -> None:
    assert fault_of(0x12, 0x12, 0x12) == ""
    assert fault_of(0x1A, 0x16, 0x12) == "cover_open"
    assert fault_of(0x1A, 0x32, 0x72) == "paper_out"
    assert fault_of(0x1A, 0x52, 0x12) == "error"
    assert fault_of(0x1A, 0x12, 0x12) == "offline"


def test_the_file_is_read_like_a_hall_file() -> None:
    good, none = check('hall = "county"\n[[printers]]\nid = "k1"\naddress = "/dev/usb/lp0"\nqr = "drawn"\n')
    assert good is not None
    assert none == []
    _, problems = check('hall = "county"\nserver = "ftp://x"\n[[printers]]\nid = "k1"\naddress = "a b"\n')
    assert [problem.key for problem in problems] == ["server", "printers[0].address"]


@pytest.mark.parametrize("more", [[], ["--dots", "384"], ["--priority"], ["--english"]])
def test_a_preview_is_drawn(tmp_path: Path, more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    target = tmp_path / "ticket.png"
    assert main(["printer", "preview", "--output", str(target), *more]) == 0
    with Image.open(target) as picture:
        assert (picture.mode, picture.width) == ("1", (384 if more[:1] == ["--dots"] else 576) + 48)
        assert picture.convert("L").getextrema() == (0, 255)
    assert "A031" in capsys.readouterr().out
