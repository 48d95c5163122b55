"""How two configurations differ, in words: by service, window, clerk and so on, Chinese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from callq.config.fields import ROOT, Field, by_name
from callq.config.labels import TABLES, choice_of
from callq.domain.hall import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callq.domain.hall import HallConfig

ChangeKind = Literal["added", "removed", "changed", "moved"]

_LONGEST: Final = 60
"""Characters of a value in a sentence."""


class Words(NamedTuple):
    """The same in two languages."""

    zh: str
    en: str


class KeyChange(NamedTuple):
    """A key of a table that is not the same.

    Attributes:
      path: below the table, e.g. ``booking.slot_min``, ``skills.medical``.
      label: what it is called.
      before, after: what it says; a default is said as one.
    """

    path: str
    label: Words
    before: Words
    after: Words


class Change(NamedTuple):
    """Something that differs.

    Attributes:
      section: top-level key, e.g. ``clerks``; of a plain key of the hall that key.
      id: of the row, e.g. ``c01``; empty where the section has no rows.
      kind: of a row, whether it is new, gone, other, or all rows are in another order (``moved``).
      keys: of one that changed.
      text: the whole in a sentence.
    """

    section: str
    id: str
    kind: ChangeKind
    keys: tuple[KeyChange, ...]
    text: Words


def changes(before: HallConfig, after: HallConfig) -> list[Change]:
    """What changes when `after` takes the place of `before`, section by section."""
    return changes_of(plain(before), plain(after))


def changes_of(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """The same of plain data without defaults."""
    return list(_Compared(before, after).all())


def summed_up(found: Sequence[Change], most: int = 3) -> Words:
    """Changes in one line: the first of them, and how many there are."""
    zh, en = (
        (list(map(str, said)) for said in zip(*(one.text for one in found[:most]), strict=True))
        if found
        else ([], [])
    )
    more = len(found) - most
    return Words(
        "；".join(zh) + (f"；另有 {more} 处" if more > 0 else ""),
        "; ".join(en) + (f"; and {more} more" if more > 0 else ""),
    )


class _Compared:
    """Two configurations as plain data."""

    def __init__(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        self._before, self._after = before, after
        self._tables = by_name()

    def all(self) -> Iterator[Change]:
        for field in self._tables[ROOT].fields:
            old, new = self._before.get(field.key), self._after.get(field.key)
            if old == new:
                continue
            row_key = self._tables[field.table].row_key if field.kind == "tables" else ""
            if row_key:
                yield from self._rows(field, row_key, old or [], new or [])
            elif field.kind == "table":
                yield self._one(
                    field.key, "", field.table, old or {}, new or {}, Words(field.label, field.label_en)
                )
            else:
                name = Words(field.label, field.label_en)
                key = KeyChange(field.key, name, self._said(field, old), self._said(field, new))
                yield Change(field.key, "", "changed", (key,), _sentence(Words("", ""), (key,)))

    def _rows(self, field: Field, row_key: str, old: list[Any], new: list[Any]) -> Iterator[Change]:
        olds = {str(row[row_key]): row for row in old}
        news = {str(row[row_key]): row for row in new}
        noun = TABLES[field.table]
        for code in [*olds, *(code for code in news if code not in olds)]:
            was, will = olds.get(code), news.get(code)
            if was == will:
                continue
            shown = will or was or {}
            name = shown.get("name") or shown.get("label") or ""
            named = Words(f"{noun[0]} {name}（{code}）" if name else f"{noun[0]} {code}", "")
            english = shown.get("name_en") or name
            named = Words(named.zh, f"{noun[1]} {english} ({code})" if english else f"{noun[1]} {code}")
            if was is None:
                text = Words(f"新增{named.zh}", f"New: {named.en}")
                yield Change(field.key, code, "added", (), text)
            elif will is None:
                text = Words(f"删除{named.zh}", f"Gone: {named.en}")
                yield Change(field.key, code, "removed", (), text)
            else:
                yield self._one(field.key, code, field.table, was, will, named)
        kept_old, kept_new = [c for c in olds if c in news], [c for c in news if c in olds]
        if kept_old != kept_new:
            text = Words(f"{field.label}：次序变了", f"{field.label_en}: another order")
            yield Change(field.key, "", "moved", (), text)

    def _one(
        self, section: str, code: str, table: str, old: dict[str, Any], new: dict[str, Any], name: Words
    ) -> Change:
        keys = tuple(self._keys(table, old, new, ""))
        return Change(section, code, "changed", keys, _sentence(name, keys))

    def _keys(self, table: str, old: dict[str, Any], new: dict[str, Any], under: str) -> Iterator[KeyChange]:
        for field in self._tables[table].fields:
            was, will = old.get(field.key), new.get(field.key)
            if was == will:
                continue
            path = f"{under}{field.key}"
            name = Words(field.label, field.label_en)
            if field.kind == "skills":
                for skill in dict.fromkeys([*(was or {}), *(will or {})]):
                    one, other = (was or {}).get(skill), (will or {}).get(skill)
                    if one != other:
                        label = Words(f"技能 {self._skill(skill)}", f"skill {skill}")
                        yield KeyChange(f"{path}.{skill}", label, _level(one), _level(other))
            elif field.kind == "table" and was is not None and will is not None:
                yield from self._keys(field.table, was, will, f"{path}.")
            else:
                yield KeyChange(path, name, self._said(field, was), self._said(field, will))

    def _skill(self, code: str) -> str:
        """A skill by the name of the service that needs it, if one alone does."""
        services = [*self._after.get("services", ()), *self._before.get("services", ())]
        found = {one["code"]: one["name"] for one in services if (one.get("skill") or one["code"]) == code}
        name = found.get(code) or next(iter(found.values()), code)
        return name if len(found) < 2 else f"{name}等 {len(found)} 项"

    def _said(self, field: Field, value: Any) -> Words:  # noqa: ANN401 - plain data
        if value is None:
            if field.default in (None, "", [], {}) or field.kind in ("table", "tables"):
                return Words("无", "none")
            said = self._said(field, field.default)
            return Words(f"{said.zh}（默认）", f"{said.en} (default)")
        if field.kind == "bool":
            return Words("是" if value else "否", "yes" if value else "no")
        if field.kind == "choice":
            return Words(*choice_of(value))
        if field.kind in ("int", "number"):
            gap = "" if field.unit == "%" else " "
            return Words(f"{value}{gap}{field.unit}".strip(), f"{value}{gap}{field.unit_en}".strip())
        if field.kind == "choices":
            chosen = [choice_of(one) for one in value]
            return Words("、".join(one[0] for one in chosen), ", ".join(one[1] for one in chosen))
        if field.kind == "table":
            keys = {one.key: one for one in self._tables[field.table].fields}
            parts = [(keys[key], self._said(keys[key], inner)) for key, inner in value.items() if key in keys]
            return Words(
                _short("、".join(f"{key.label} {said.zh}" for key, said in parts) or "有"),
                _short(", ".join(f"{key.label_en} {said.en}" for key, said in parts) or "yes"),
            )
        if field.kind == "tables":
            return Words(f"{len(value)} 项", f"{len(value)}")
        names = [self._named(field.refers, one) for one in (value if isinstance(value, list) else [value])]
        return Words(_short("、".join(one.zh for one in names)), _short(", ".join(one.en for one in names)))

    def _named(self, section: str, code: Any) -> Words:  # noqa: ANN401 - plain data
        """What a code stands for; a text is itself."""
        if isinstance(code, list):
            parts = [self._named(section, one) for one in code]
            return Words("+".join(one.zh for one in parts), "+".join(one.en for one in parts))
        if section:
            row_key = "id" if section in ("windows", "clerks") else "code"
            for data in (self._after, self._before):
                for row in data.get(section, ()):
                    if row[row_key] == code:
                        name = row.get("name") or row.get("label") or code
                        return Words(str(name), str(row.get("name_en") or name))
        return Words(f"“{code}”" if not section else str(code), f"“{code}”" if not section else str(code))


def _level(skill: Any) -> Words:  # noqa: ANN401 - plain data
    if skill is None:
        return Words("无", "none")
    if isinstance(skill, dict):
        until = skill.get("until")
        level = skill.get("level")
        return (
            Words(f"{level}（至 {until}）", f"{level} (until {until})")
            if until
            else Words(str(level), str(level))
        )
    return Words(str(skill), str(skill))


def _sentence(name: Words, keys: tuple[KeyChange, ...]) -> Words:
    zh = "；".join(f"{key.label.zh} {key.before.zh} → {key.after.zh}" for key in keys)
    en = "; ".join(f"{key.label.en} {key.before.en} → {key.after.en}" for key in keys)
    return Words(f"{name.zh}：{zh}" if name.zh else zh, f"{name.en}: {en}" if name.en else en)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
