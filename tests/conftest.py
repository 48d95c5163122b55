"""What all tests share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import settings

from tests.workers import Sharing

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["tests.redis.fixtures"]

settings.register_profile("laptop", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "laptop")


@pytest.fixture(autouse=True)
def _logs_as_by_default() -> Iterator[None]:
    """A command line that runs within a test sets logging up for the streams of that test only."""
    yield
    structlog.reset_defaults()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing | None:
    """Files are shared out in an order of our own."""
    return Sharing(config, log) if config.getvalue("dist") == "loadfile" else None
