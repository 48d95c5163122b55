"""The pages' sources: what old screens can read, and words in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path for folder in ("callq/web/static", "displays", "panels") for path in (ROOT / folder).rglob("*.js")
)
CATALOGUES = {lang: ROOT / f"callq/web/static/words.{lang}.js" for lang in ("zh", "en")}

ABOUT_HANZI = [
    ROOT / "panels/kiosk/initials.js",
    ROOT / "callq/web/static/standstill.js",
    ROOT / "displays/tv/where.js",
]
"""Has hanzi themselves, and no words."""

TOO_NEW = {
    "optional chaining": r"\?\.[A-Za-z_$\[(]",
    "nullish coalescing": r"\?\?",
    "object spread": r"\{\s*\.\.\.",
    "catch without a binding": r"catch\s*\{",
    "newer than ES2017": r"\.(flat|flatMap|matchAll|replaceAll|at|finally)\(|Object\.fromEntries|globalThis",
}
TOO_NEW_STYLE = (
    r"[:\s(](clamp|min|max)\(|(?<!-)aspect-ratio:|\binset:|:has\(|@container|:focus-visible|^\s+gap:"
)


def code(path: Path) -> str:
    """Without comments."""
    return re.sub(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def entries(lang: str) -> dict[str, str]:
    return dict(
        re.findall(r'^  "([^"]+)": "(.*)",$', CATALOGUES[lang].read_text(encoding="utf-8"), re.MULTILINE)
    )


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_script_is_read_by_engines_of_2017(path: Path) -> None:
    source = code(path)
    found = {name for name, pattern in TOO_NEW.items() if re.search(pattern, source)}
    bodies = re.findall(r"^(?:export )?class .*?^}", source, re.DOTALL | re.MULTILINE)
    fields = [
        line for body in bodies for line in re.findall(r"^  (?:static |#)?\w+(?: =.*)?;", body, re.MULTILINE)
    ]

    assert found == set()
    assert fields == []


@pytest.mark.parametrize("path", sorted((ROOT / "displays").rglob("*.css")), ids=lambda path: path.name)
def test_screen_style_is_read_by_old_engines(path: Path) -> None:
    assert re.findall(TOO_NEW_STYLE, code(path), re.MULTILINE) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_words_are_in_the_catalogue_alone(path: Path) -> None:
    if path in (*CATALOGUES.values(), *ABOUT_HANZI):
        return

    assert re.findall(r"[\u4e00-\u9fff]+", code(path)) == []


def test_both_languages_say_the_same_with_the_same_figures() -> None:
    chinese, english = entries("zh"), entries("en")
    assert len(chinese) > 200
    assert set(chinese) == set(english)

    def figures(words: str) -> set[str]:
        return set(re.findall(r"\{\w+\}", words))

    assert [key for key in chinese if figures(chinese[key]) != figures(english[key])] == []


def test_no_word_is_left_over() -> None:
    used = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if path not in CATALOGUES.values())
    used += "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("*/*/**/*.html"))
    built = set(re.findall(r"`([\w.]+)\.\$\{", used))

    def is_used(key: str) -> bool:
        return f'"{key}"' in used or any(key.startswith(f"{stem}.") for stem in built)

    assert [key for key in entries("zh") if not is_used(key)] == []
