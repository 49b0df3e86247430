"""The subject of the package ai-edge-litert."""

from __future__ import annotations

from typing import Any

from verify.cases.case import Case
from verify.cases.domain import joined
from verify.checks.deviations import about
from verify.subjects.documented import deviations_in
from verify.subjects.litert.imported import ENGINE, VERSION
from verify.subjects.litert.ways import quantised_ways


class LitertSubject:
    """What is common to its ways."""

    version: str = VERSION

    def __init__(self, name: str) -> None:
        self.name = name
        self.known = about(deviations_in("litert"), subject=name, version=VERSION)
        self.ways = {way.name: way for way in quantised_ways(ENGINE)}
        self.domain = joined(way.domain for way in self.ways.values())

    def __call__(self, case: Case) -> Any:
        raise AssertionError("a case is put to a way")
