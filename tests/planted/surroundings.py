"""Right subjects of processes whose surroundings refuse something."""

from __future__ import annotations

import os
import resource
from typing import Any, NoReturn

from tests.planted.convolutions import answer
from verify import Case, Declined
from verify.cases.operands import Array


def _refuse_to_fork() -> NoReturn:
    raise BlockingIOError(11, os.strerror(11))


def _refuse_to_limit(*_: Any) -> NoReturn:
    raise ValueError("not allowed to raise maximum limit")


class Refusing:
    """A subject in whose process something is refused, once it has been imported there."""

    def __init__(self, refuse: str) -> None:
        self._refuse = refuse
        self.__qualname__ = refuse

    @property
    def version(self) -> str:
        """Asked for by the worker's server, before it forks."""
        if self._refuse == "fork":
            os.fork = _refuse_to_fork
        else:
            resource.setrlimit = _refuse_to_limit
        return "1"

    def __call__(self, case: Case) -> Array:
        return answer(case)


forks_no_more, sets_no_limit = Refusing("fork"), Refusing("limit")


def says_its_limit(case: Case) -> Array:
    raise Declined(" ".join(map(str, resource.getrlimit(resource.RLIMIT_AS))))
