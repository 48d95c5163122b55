"""What all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

pytest_plugins = ["tests.redis.fixtures"]

settings.register_profile("laptop", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "laptop")
