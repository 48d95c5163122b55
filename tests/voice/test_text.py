"""What is said, piece by piece."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callq.domain.hall import Language, Voice
from callq.voice.text import Told, freely, languages_of, sentence, spoken

HERE = Told("A012", "3", {}, False)
AWAY = Told("A012", "3", {"": "二楼企业区", "en": "Floor 2"}, True)
BOTH = Voice(languages=(Language(code="zh"), Language(code="en")))


def names(voice: Voice, told: Told) -> list[list[str]]:
    return [[piece.name for piece in saying.pieces] for saying in spoken(voice, told).sayings]


def test_digits_and_letters_are_read_one_by_one() -> None:
    assert names(Voice(), HERE) == [["请", "A", "0", "yao", "2", "号到", "3", "号窗口办理业务"]]
    assert names(Voice(one="yi"), HERE)[0][3] == "1"
    said = spoken(Voice(one="yi"), HERE).sayings[0].pieces
    assert [piece.say for piece in said if len(piece.name) == 1 and piece.name.isdecimal()] == [*"零一二三"]
    assert spoken(Voice(), HERE).sayings[0].pieces[3].say == "幺"


def test_mandarin_is_never_read_by_a_voice_with_wrong_phonemes() -> None:
    engines = {piece.engine for piece in spoken(Voice(), AWAY).sayings[0].pieces}
    assert engines == {"cmn-latn-pinyin", "en-us"}


def test_repeated_call_and_another_zone_are_said() -> None:
    assert sentence(languages_of(Voice())[0], AWAY) == "重呼，请A012号到二楼企业区3号窗口办理业务"
    assert names(Voice(), AWAY)[0][:2] == ["重呼", "请"]
    assert names(Voice(), AWAY)[0][-3:] == ["二楼企业区", "3", "号窗口办理业务"]


def test_languages_come_in_their_order() -> None:
    first, second = names(BOTH, HERE)
    assert first[0] == "请"
    assert second == ["Number", "A", "0", "1", "2", "please go to window", "3"]
    english = languages_of(BOTH)[1]
    assert sentence(english, AWAY) == "Repeated call, Number A012, please go to window 3, Floor 2"


def test_english_does_not_name_a_zone_that_has_no_english_name() -> None:
    told = AWAY._replace(zones={"": "二楼", "en": ""})
    assert "二楼" not in sentence(languages_of(BOTH)[1], told)
    assert "二楼" in sentence(languages_of(BOTH)[0], told)


def test_a_halls_own_words_and_another_language() -> None:
    cantonese = Language(
        code="yue", engine="yue", call="請{number}到{window}號窗", digits=tuple("零一二三四五六七八九")
    )
    voice = Voice(languages=(Language(code="zh", call="有请{number}，{window}号窗口"), cantonese))
    assert names(voice, HERE) == [
        ["有请", "A", "0", "yao", "2", "3", "号窗口"],
        ["請", "A", "0", "1", "2", "到", "3", "號窗"],
    ]
    # Without a sentence for elsewhere, its own one holds there as well.
    assert "二楼" not in sentence(languages_of(voice)[0], AWAY)


def test_labels_that_are_words() -> None:
    assert names(Voice(), HERE._replace(window="办1"))[0][5:] == ["号到", "办", "yao", "号窗口办理业务"]
    assert names(Voice(), HERE._replace(window="贵宾"))[0][-2:] == ["贵宾", "号窗口办理业务"]


def test_a_sentence_that_somebody_typed() -> None:
    said = freely(Voice(), "请A012号到3号窗口。Thank you")
    assert [piece.name for piece in said.sayings[0].pieces] == [
        *("请", "A", "0", "yao", "2", "号到", "3", "号窗口。Thank you"),
    ]


@given(
    number=st.from_regex(r"[A-HJ-NPR-Z]{1,2}[0-9]{3,5}", fullmatch=True),
    window=st.text(min_size=1, max_size=8),
    repeat=st.integers(1, 3),
    again=st.booleans(),
)
def test_every_character_of_a_number_is_said_once_in_its_place(
    number: str, window: str, repeat: int, again: bool
) -> None:
    told = Told(number, window, {}, again)
    voice = Voice(repeat=repeat, languages=BOTH.languages)
    for saying, language in zip(spoken(voice, told).sayings, languages_of(voice), strict=True):
        begin = [piece.name for piece in saying.pieces][1 + again :][: len(number)]
        assert [{"yao": "1"}.get(name, name) for name in begin] == list(number)
        assert all(piece.name.strip() and piece.engine for piece in saying.pieces)
        assert number in sentence(language, told)
    assert spoken(voice, told).about_ms > spoken(voice, told._replace(number="A")).about_ms


@pytest.mark.parametrize("repeat", [1, 2, 3])
def test_a_turn_is_as_long_as_all_that_is_said_in_it(repeat: int) -> None:
    once, chime = spoken(Voice(chime=False), HERE).about_ms, spoken(Voice(), HERE).about_ms
    assert chime > once
    assert spoken(Voice(chime=False, repeat=repeat), HERE).about_ms == once * repeat
