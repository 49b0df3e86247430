"""Where the time of a run goes: seconds by part."""

from __future__ import annotations

from collections import Counter
from time import perf_counter


class Clock:
    """Adds up seconds under the names of parts: `with clock.part("subject"): …`."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def part(self, name: str) -> Part:
        return Part(self.seconds, name)


class Part:
    """A block whose seconds are added up under a name."""

    def __init__(self, seconds: Counter[str], name: str) -> None:
        self._seconds, self._name = seconds, name

    def __enter__(self) -> None:
        self._start = perf_counter()

    def __exit__(self, *raised: object) -> None:
        self._seconds[self._name] += perf_counter() - self._start  # type: ignore[assignment]
