"""Logs: to stderr, for people or for machines.

In JSON every line is one object, whoever speaks: callq's own events (``docs/logs.md`` lists them),
libraries through the standard library, warnings, and what ends the process. What could be somebody's
secret or number is taken out of every line at the end, though no event should have it in the first place.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from typing import TYPE_CHECKING, Final, Literal, TextIO, cast

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

LogFormat = Literal["console", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

_SECRET: Final = re.compile(
    r"""
      \bc[qt]_[0-9A-Za-z_.-]{20,}                     # a token, a citizen's key
    | (?<=://)[^/\s@]*(?=@)                           # user and password of a URL
    | (?<![0-9A-Za-z.:-])                             # ids of entries have their digits after a dash
      (?:[0-9]{17}[0-9Xx] | 1[3-9][0-9]{9})           # an identity number, a mobile number
      (?![0-9A-Za-z-])
    """,
    re.VERBOSE,
)


class _Steady:
    """A text stream that loses lines rather than callers: a hall must outlive the reader of its log."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def configure_logs(form: LogFormat, level: LogLevel) -> None:
    """Send structlog's and the standard library's logs to stderr.

    Args:
      form: ``console`` for people (coloured on a terminal), ``json`` with one object a line.
      level: what is less important is dropped.
    """
    # structlog looks at every terminal library there is; `callq hall check` does not wait for that.
    import structlog

    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=form == "json"),
    ]
    last: list[Processor] = [
        # Not the fancy one, which prints local variables: what citizens typed has no place in a log.
        structlog.processors.format_exc_info,
        _without_secrets,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=repr)
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        ),
    ]
    stream = cast("TextIO", _Steady(sys.stderr))
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        # It writes a line and its end at once: threads share the stream.
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )

    def drop_meta(logger: object, name: str, event: EventDict) -> EventDict:
        return structlog.stdlib.ProcessorFormatter.remove_processors_meta(logger, name, event)

    # What libraries say through the standard library comes in the same form; they are told to be brief.
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_library_message, *shared], processors=[drop_meta, *last]
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
    logging.captureWarnings(form == "json")


def _library_message(_: object, __: str, event: EventDict) -> EventDict:
    """Another library's words are no name of an event."""
    record: logging.LogRecord = event["_record"]
    event.update(event="library_message", message=str(event["event"]).strip(), logger=record.name)
    return event


def _without_secrets(_: object, __: str, event: EventDict) -> EventDict:
    return cast("EventDict", _clean(event))


def _clean(value: object) -> object:
    match value:
        case str():
            return _SECRET.sub("…", value)
        case dict():
            return {key: _clean(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_clean(inner) for inner in value]
    return value
