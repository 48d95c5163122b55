"""Mistakes of whoever runs a command: told in two lines, never as a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callq.domain.errors import CallqError

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_PROBLEM = 1
"""Something is wrong with what was given or found."""

EXIT_USAGE = 2
"""The command line itself cannot be understood; argparse uses the same."""

EXIT_INTERRUPTED = 130
"""Ended by Ctrl-C before the work was done."""


class UserError(CallqError):
    """The command cannot be done as asked.

    Attributes:
      hint: what to do instead; may be empty.
      exit_code: exit status of the process.
    """

    def __init__(self, message: str, hint: str = "", exit_code: int = EXIT_PROBLEM) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = exit_code


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The single exceptions of a group, however deep; nurseries wrap what their tasks raise."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from leaves(each)
    else:
        yield error


def explain(error: BaseException) -> UserError | None:
    """What to tell the user about `error`; None when it is a fault of callq and deserves its traceback."""
    found = list(leaves(error))
    if any(isinstance(each, KeyboardInterrupt) for each in found):
        return UserError("interrupted", exit_code=EXIT_INTERRUPTED)
    if not all(isinstance(each, CallqError | OSError) for each in found):
        return None
    told = next((each for each in found if isinstance(each, UserError)), None)
    return told or UserError(str(found[0]))
