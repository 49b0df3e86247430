"""The profile of the project's own tests, and a pytest to run tests of plugins in."""

from __future__ import annotations

import os

from hypothesis import settings

pytest_plugins = ["pytester"]

settings.load_profile("ci" if os.environ.get("CI") else "dev")
