"""What the subjects of gates leave running does not keep a session of pytest from ending."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from verify.checks.leftovers import end_in_spite_of_leftovers, noting_leftovers
from verify.gate.session import gate_of


class Leftovers:
    """Notes what runs after a gate's test that did not before it."""

    def __init__(self) -> None:
        self._session: pytest.Session | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        if gate_of(item) is None:
            return (yield)
        with noting_leftovers():
            return (yield)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._session = session

    def pytest_unconfigure(self) -> None:
        end_in_spite_of_leftovers(self._code)

    def _code(self) -> int:
        """The exit code of the session."""
        return int(self._session.exitstatus) if self._session else int(pytest.ExitCode.INTERNAL_ERROR)
