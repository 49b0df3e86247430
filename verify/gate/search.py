"""Hypothesis's search for a disagreement, and its profiles."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis._settings import CI
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import SearchStrategy

from verify.cases.case import Case
from verify.config.session import Options

PROFILES = {"quick": 8, "dev": 200, "ci": 500, "night": 20_000}
"""Profile → cases for each property. Hypothesis has a `ci` of its own, which draws the same every time."""


def register_profiles() -> None:
    """Register the profiles that are not registered yet, without a deadline."""
    for name, examples in PROFILES.items():
        try:
            settings.get_profile(name)
        except InvalidArgument:
            settings.register_profile(name, deadline=None, max_examples=examples)


register_profiles()

Test = Callable[..., None]


def is_quick() -> bool:
    """Whether the profile in use asks for what is written down, and draws what there is time for."""
    return bool(settings.get_current_profile_name() == "quick")


def profile_examples() -> int:
    """The number of cases of the profile in use; more than it says for Hypothesis's own `ci`."""
    return PROFILES["ci"] if settings.default is CI else settings().max_examples


class Drawing(NamedTuple):
    """How cases are drawn: with these settings, and with this seed if they are the same every time.

    The first search of a test `reuses` the examples that are kept.
    """

    used: settings
    seed: int | None = None
    reuses: bool = True

    def again(self, examples: int) -> Drawing:
        """That of another search of the same test, of so many other cases."""
        other = None if self.seed is None else zlib.crc32(f"{self.seed} again".encode())
        return Drawing(settings(self.used, max_examples=examples), other, reuses=False)


def drawing_of(options: Options, subject: str, test: str, *, fewer: int = 1) -> Drawing:
    """How a test of a subject draws its cases, by the options of a session and by Hypothesis's profile.

    A subject is given so many times `fewer` cases as it costs. A shard draws its share, by a seed of its own.
    """
    examples = options.examples or profile_examples()
    shares = fewer * options.shard.parts * (2 if subject in options.halved else 1)
    examples = -(-examples // shares)
    # What a subject declines is rejected: that is counted, and is no fault of the strategy.
    healthy = [*settings().suppress_health_check, HealthCheck.filter_too_much]
    used = settings(deadline=None, max_examples=examples, print_blob=False, suppress_health_check=healthy)
    is_fixed = options.seed is not None or used.derandomize
    if is_fixed or options.database is not None:
        # Hypothesis allows no database where it draws the same every time; a seed works beside one.
        database = options.database if options.seed is None or options.reuses else None
        used = settings(used, derandomize=False, database=database)
    # Each property draws its own cases; otherwise all would see the same geometry.
    drawn = f"{options.seed} {subject} {test}{f' {options.shard}' * options.shard.is_part}"
    return Drawing(used, zlib.crc32(drawn.encode()) if is_fixed else None)


class Progress:
    """How many cases a search has `asked` up to its first disagreement."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.asked, self._is_open = 0, True

    def count(self, *, disagrees: bool) -> None:
        self.asked += self._is_open
        self._is_open = self._is_open and not disagrees


def searching(test: Test, strategy: SearchStrategy[tuple[str, Case]], drawing: Drawing) -> Test:
    """The search of a test, `test(self, asked)`."""
    # All phases but the one that guesses which lines are to blame: a case is explained by its arithmetic.
    reusing = [Phase.reuse] if drawing.reuses else []
    search: Test = given(asked=strategy)(test)
    seeded = search if drawing.seed is None else seed(drawing.seed)(search)
    return _interruptible(settings(drawing.used, phases=[*reusing, Phase.generate, Phase.shrink])(seeded))


def _interruptible(search: Test) -> Test:
    """A search that Ctrl-C ends while Hypothesis prepares it, too, which then asserts that it has begun."""

    def searched(*given: object) -> None:
        try:
            search(*given)
        except AssertionError as failed:
            if type(failed) is AssertionError and isinstance(failed.__context__, KeyboardInterrupt):
                raise failed.__context__ from None
            raise

    return searched
