"""Limits: what a subject is documented to refuse, as data, with words that show that it still does."""

from __future__ import annotations

from typing import NamedTuple

from verify.cases.domain import Condition
from verify.cases.predicates import Predicate
from verify.checks.releases import seen_in


class Limit(NamedTuple):
    """A documented limit: cases for which `when` holds are outside a domain.

    `says` are words of the errors, and each of the `words` is a case that provokes one of them; `link` is
    where it is documented. `ours` says that the error is the harness's own: there is no argument by which
    the subject could be asked, and nothing is asked. `versions` are those of the subject's framework in which
    it was found; in others it is asked first.
    """

    when: Predicate
    says: tuple[str, ...]
    words: tuple[str, ...] = ()
    link: str = ""
    ours: bool = False
    versions: tuple[str, ...] = ()

    def covers(self, version: str | None) -> bool:
        """Whether it was found in a version of the subject's framework; in any where it says none."""
        return seen_in(self.versions, version)

    @property
    def condition(self) -> Condition:
        """What keeps its cases out of a domain."""
        return Condition(self.when, self.says[0])
