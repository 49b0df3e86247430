"""Wrong subjects in workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from verify.subjects.isolated import Isolated

Isolate = Callable[..., Isolated]


@pytest.fixture
def isolate() -> Iterator[Isolate]:
    """Makes isolated subjects of `tests.planted.fragile`, and ends their workers."""
    made = []

    def make(name: str, module: str = "tests.planted.fragile", **options: object) -> Isolated:
        made.append(Isolated(f"{module}:{name}", **options))
        return made[-1]

    yield make
    for subject in made:
        subject.close()
