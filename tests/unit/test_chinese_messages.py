"""Whatever a check of a hall file says, it says in Chinese as well."""

from __future__ import annotations

import re

import pytest

from callq.config import check, read_source
from callq.config.chinese import chinese
from tests.unit.messages import templates

CJK = re.compile(r"[\u4e00-\u9fff]")


def test_every_sentence_of_the_checks_has_a_chinese_one() -> None:
    found = templates()
    assert len(found) > 150
    filled = {sentence: re.sub(r"\{\}", "'x'", sentence) for sentence in found}
    assert [sentence for sentence, said in filled.items() if not CJK.search(chinese(said))] == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("there is no zone 'hal'", "没有这个区域 'hal'"),
        ("expected a whole number, found a text", "应是整数，却是文字"),
        ("write a number from 1 to 480", "请写 1 到 480 之间的数"),
        ("'1' is used twice in this zone", "'1' 用了两次（同一区域）"),
        ("the sentence does not say {window}", "句子里没有 {window}"),
        ("add booking = {} to the service, or leave appointment out", "请给业务设置预约，或去掉预约渠道"),
        ("nobody knows this sentence", "nobody knows this sentence"),
    ],
)
def test_what_was_filled_in_stays(said: str, words: str) -> None:
    assert chinese(said) == words


@pytest.mark.parametrize("cut", [200, 800, 1600, 3000])
def test_mistakes_of_a_spoiled_file_are_all_in_chinese(cut: int) -> None:
    text = read_source("county")
    rest = text[cut:].replace("zone = ", "zoen = ").replace(" = 2", " = 9.5")
    spoiled = f"{text[:cut]}\nodd line\nzonne = 5\n{rest}"
    found = check(spoiled)
    assert found
    assert [one.message for one in found if not CJK.search(chinese(one.message))] == []
    assert [one.hint for one in found if not CJK.search(chinese(one.hint))] == []
