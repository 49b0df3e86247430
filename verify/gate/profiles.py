"""Hypothesis's profiles `dev`, `ci` and `night`, and the cases that a gate draws under each."""

from __future__ import annotations

from hypothesis import settings
from hypothesis._settings import CI
from hypothesis.errors import InvalidArgument

PROFILES = {"dev": 200, "ci": 500, "night": 20_000}
"""Profile → cases for each property. Hypothesis has a `ci` of its own, which draws the same every time."""


def register_profiles() -> None:
    """Register those that nobody has registered; none has a deadline."""
    for name, examples in PROFILES.items():
        try:
            settings.get_profile(name)
        except InvalidArgument:
            settings.register_profile(name, deadline=None, max_examples=examples)


def profile_examples() -> int:
    """The cases of the profile in use: those that it says, but of Hypothesis's own `ci` more."""
    return PROFILES["ci"] if settings.default is CI else settings().max_examples


register_profiles()
