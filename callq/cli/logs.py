"""Logs: to stderr, for people or for machines."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import TYPE_CHECKING, Literal, TextIO, cast

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

LogFormat = Literal["console", "json"]
Level = Literal["debug", "info", "warning", "error"]


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


def configure_logs(form: LogFormat, level: Level) -> None:
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
    last: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if form == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                # The fancy one prints local variables: what citizens typed has no place in a log.
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Steady(sys.stderr))),
        cache_logger_on_first_use=True,
    )

    def drop_meta(logger: object, name: str, event: EventDict) -> EventDict:
        return structlog.stdlib.ProcessorFormatter.remove_processors_meta(logger, name, event)

    # What libraries say through the standard library comes in the same form; they are told to be brief.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[drop_meta, *last])
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
