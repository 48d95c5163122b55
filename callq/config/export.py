"""Writing a configuration as a hall file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from callq.domain.hall import plain

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


def export_hall(config: HallConfig) -> str:
    """TOML of `config`; loading it gives a configuration with the same digest.

    Only what differs from the defaults is written: top level, tables and then the lists of tables, what
    services refer to before the services.
    """
    data = plain(config)
    lines = [f"# 大厅配置文件 / hall file: {config.id}"]
    lines += [_pair(key, value) for key, value in data.items() if key not in _TABLES + _ARRAYS]
    for key in _TABLES:
        if data.get(key):
            lines += ["", f"[{key}]", *(_pair(*item) for item in data[key].items())]
    for key in _ARRAYS:
        for element in data.get(key, ()):
            lines += ["", f"[[{key}]]", *(_pair(*item) for item in element.items())]
    return "\n".join(lines) + "\n"


def _pair(key: str, value: Any) -> str:  # noqa: ANN401 - any value of a TOML document
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
        return "{ " + ", ".join(f"{k} = {toml_value(v)}" for k, v in value.items()) + " }" if value else "{}"
    return "[" + ", ".join(toml_value(item) for item in value) + "]"
