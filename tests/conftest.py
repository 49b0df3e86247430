"""The profile of the project's own tests, and a pytest to run tests of plugins in."""

from __future__ import annotations

import os

from hypothesis import settings

pytest_plugins = ["pytester"]
collect_ignore = ["example_project"]  # it is run as a project of its own

EXAMPLES = 100
"""Cases of each property that is tested here; a gate of eight subjects draws them 80 times."""

settings.register_profile(
    "project", deadline=None, derandomize=bool(os.environ.get("CI")), max_examples=EXAMPLES, print_blob=False
)
settings.load_profile("project")
