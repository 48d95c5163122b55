"""What an announcement says, piece by piece: pure, and the same on every node.

A sentence becomes pieces, each of which is one recording: digits one by one, letters, and the words
between them. So a hall can record some dozens of clips and have every call in a human voice.
"""

from __future__ import annotations

import re
import string
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from callq.domain.hall import Language

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callq.domain.hall import Voice

MANDARIN: Final = Language(
    code="zh",
    engine="cmn-latn-pinyin",
    call="请{number}号到{window}号窗口办理业务",
    elsewhere="请{number}号到{zone}{window}号窗口办理业务",
    again="重呼",
    digits=tuple("零一二三四五六七八九"),
)
"""Always by its pinyin: espeak-ng 1.51 has wrong phonemes for the voices ``cmn`` and ``zh``."""

ENGLISH: Final = Language(
    code="en",
    engine="en-us",
    call="Number {number}, please go to window {window}",
    elsewhere="Number {number}, please go to window {window}, {zone}",
    again="Repeated call",
    digits=("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
)

BUILT_IN: Final = {"zh": MANDARIN, "en": ENGLISH}

LETTERS_BY: Final = "en-us"
"""Voice of espeak-ng for the letters of numbers, in every language."""

YAO: Final = "幺"

_AROUND: Final = ",.;:!?-–—/()，。；：！？、（）·"
"""Punctuation that is not spoken at the ends of words."""

_BLANKS: Final = re.compile(r"({number}|{window}|{zone})")

PIECE_MS: Final = 260
"""Of each piece, beside what its characters take."""
HANZI_MS: Final = 270
LETTER_MS: Final = 90
"""Of a word in letters, each."""
DIGIT_MS: Final = PIECE_MS + HANZI_MS
CHIME_MS: Final = 1300
PAUSE_MS: Final = 400


class Piece(NamedTuple):
    """One recording.

    Attributes:
      name: of its clip, without ``.wav``: a digit, ``yao``, a capital letter, or the words themselves.
      say: what espeak-ng reads if there is no clip.
      engine: voice of espeak-ng.
    """

    name: str
    say: str
    engine: str

    @property
    def about_ms(self) -> int:
        """How long it takes at most, as far as one can tell without making it."""
        if len(self.name) == 1 or self.name == "yao":
            return DIGIT_MS
        return PIECE_MS + sum(
            HANZI_MS if unicodedata.east_asian_width(c) == "W" else LETTER_MS for c in self.name
        )


class Saying(NamedTuple):
    """An announcement in one language."""

    language: str
    pieces: tuple[Piece, ...]


class Spoken(NamedTuple):
    """An announcement as it is made into sound.

    Attributes:
      sayings: one for each language, in order.
      repeat: how often all of them are spoken.
      chime: whether a chime comes first.
    """

    sayings: tuple[Saying, ...]
    repeat: int
    chime: bool

    @property
    def about_ms(self) -> int:
        """How long it takes at most: what the turns of a room are reckoned by."""
        once = sum(sum(p.about_ms for p in saying.pieces) + PAUSE_MS for saying in self.sayings)
        return once * self.repeat + (CHIME_MS if self.chime else 0)


class Told(NamedTuple):
    """What an announcement is about.

    Attributes:
      number: of the ticket.
      window: label.
      zones: name of the window's zone by language code, with ``""`` for any other language; a language
        without one does not say where. Empty: the people are where the window is.
      again: whether the number was called before.
    """

    number: str
    window: str
    zones: dict[str, str]
    again: bool


def languages_of(voice: Voice) -> tuple[Language, ...]:
    """The languages of a hall, whole."""
    return tuple(_whole(language) for language in voice.languages) or (MANDARIN,)


def _whole(language: Language) -> Language:
    base = BUILT_IN.get(language.code)
    own_call = language.call or (base.call if base else "")
    return Language(
        code=language.code,
        engine=language.engine or (base.engine if base else ""),
        call=own_call,
        # A sentence of the hall's own holds everywhere, unless it has one for elsewhere as well.
        elsewhere=language.elsewhere or (base.elsewhere if base and not language.call else own_call),
        again=language.again or (base.again if base else ""),
        digits=language.digits or (base.digits if base else tuple("0123456789")),
    )


def sentence(language: Language, told: Told) -> str:
    """What is said, in writing: ``请A012号到3号窗口办理业务``."""
    blanks = _blanks(language, told)
    text = _BLANKS.sub(lambda blank: blanks[blank[1]], _template(language, told))
    comma = "，" if any(unicodedata.east_asian_width(c) == "W" for c in text) else ", "
    return f"{language.again}{comma}{text}" if told.again and language.again else text


def spoken(voice: Voice, told: Told) -> Spoken:
    """What is said, in pieces."""
    sayings = (
        Saying(language.code, tuple(_pieces(language, told, voice))) for language in languages_of(voice)
    )
    return Spoken(tuple(sayings), voice.repeat, voice.chime)


def freely(voice: Voice, text: str) -> Spoken:
    """Any sentence in a hall's first language; capital letters before digits are letters, digits digits."""
    language = languages_of(voice)[0]
    pieces: list[Piece] = []
    for number, words in re.findall(r"([A-Z]{0,2}[0-9]+)|((?:(?![A-Z]{0,2}[0-9]).)+)", text, re.DOTALL):
        pieces += _pieces_of(number, language, voice) if number else _words(words, language)
    return Spoken((Saying(language.code, tuple(pieces)),), voice.repeat, voice.chime)


def _template(language: Language, told: Told) -> str:
    return language.elsewhere if _zone(language, told) else language.call


def _zone(language: Language, told: Told) -> str:
    return told.zones.get(language.code, told.zones.get("", ""))


def _blanks(language: Language, told: Told) -> dict[str, str]:
    return {"{number}": told.number, "{window}": told.window, "{zone}": _zone(language, told)}


def _pieces(language: Language, told: Told, voice: Voice) -> Iterator[Piece]:
    if told.again and language.again:
        yield from _words(language.again, language)
    blanks = _blanks(language, told)
    for part in _BLANKS.split(_template(language, told)):
        if part in ("{number}", "{window}"):
            yield from _pieces_of(blanks[part], language, voice)
        else:
            yield from _words(blanks.get(part, part), language)


def _pieces_of(value: str, language: Language, voice: Voice) -> Iterator[Piece]:
    """A number or label: digits and letters one by one, anything else as words."""
    for run in re.findall(r"[0-9]|[A-Za-z]|[^0-9A-Za-z]+", value):
        if run in "0123456789":
            yield _digit(int(run), language, voice)
        elif run.isascii() and run.isalpha():
            yield Piece(run.upper(), run.upper(), LETTERS_BY)
        else:
            yield from _words(run, language)


def _digit(digit: int, language: Language, voice: Voice) -> Piece:
    if digit == 1 and language.code == "zh" and voice.one == "yao":
        return Piece("yao", YAO, language.engine)
    return Piece(str(digit), language.digits[digit], language.engine)


def _words(text: str, language: Language) -> Iterator[Piece]:
    """Words without the punctuation around them; nothing where nothing is left."""
    words = text.strip(_AROUND + string.whitespace)
    if any(char.isalnum() for char in words):
        yield Piece(words, words, language.engine)
