"""Writing a configuration as a hall file."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from callq.domain.hall import CODE_RE, plain

if TYPE_CHECKING:
    from callq.domain.hall import HallConfig

_TABLES: Final = ("contact", "rules", "routing", "tides", "voice", "screens", "warnings", "ratings")
_ARRAYS: Final = (
    "zones",
    "sessions",
    "holidays",
    "moved_workdays",
    "resources",
    "services",
    "windows",
    "clerks",
    "outlets",
    "printers",
    "items",
    "devices",
)
_LINE: Final = 100
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def export_hall(config: HallConfig) -> str:
    """TOML of `config`; loading it gives a configuration with the same digest.

    Only what differs from the defaults is written: top level, tables and then the lists of tables, what
    services refer to before the services.
    """
    return export_document(plain(config))


def export_document(data: dict[str, Any]) -> str:
    """The same of plain data, whatever it holds.

    What is no table, or no list of tables, where one belongs is written as the value that it is.
    """
    tables = {key: data[key] for key in _TABLES if isinstance(data.get(key), dict)}
    arrays = {key: data[key] for key in _ARRAYS if _is_array(data.get(key))}
    lines = [f"# 大厅配置文件 / hall file: {data['id']}"] if _is_code(data.get("id")) else []
    lines += [_pair(key, value) for key, value in data.items() if key not in tables and key not in arrays]
    for key, table in tables.items():
        lines += ["", f"[{key}]", *(_pair(*item) for item in table.items())]
    for key, elements in arrays.items():
        for element in elements:
            lines += ["", f"[[{key}]]", *(_pair(*item) for item in element.items())]
    return "\n".join(lines) + "\n"


def _is_array(value: Any) -> bool:  # noqa: ANN401 - any value of a TOML document
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _is_code(value: object) -> bool:
    return isinstance(value, str) and CODE_RE.fullmatch(value) is not None


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else toml_value(key)


def _pair(key: str, value: Any) -> str:  # noqa: ANN401 - any value of a TOML document
    key = _key(key)
    line = f"{key} = {toml_value(value)}"
    if isinstance(value, list | tuple) and len(line) > _LINE:
        return "\n".join([f"{key} = [", *(f"  {toml_value(item)}," for item in value), "]"])
    return line


def toml_value(value: Any) -> str:  # noqa: ANN401 - any value of a TOML document
    """A value in TOML, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        # JSON's escapes are a subset of TOML's, but JSON leaves DEL alone and TOML forbids it.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{_key(k)} = {toml_value(v)}" for k, v in value.items()) + " }"
            if value
            else "{}"
        )
    return "[" + ", ".join(toml_value(item) for item in value) + "]"
