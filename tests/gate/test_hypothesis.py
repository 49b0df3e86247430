"""What Hypothesis and pytest see of a gate's drawn tests, and what of Hypothesis a gate rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from inspect import Parameter, Signature, getsource
from typing import Any

import pytest
from hypothesis import is_hypothesis_test, settings
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.errors import InvalidArgument
from hypothesis.internal.reflection import function_digest

from tests.planted import subjects_to_gate as subjects
from verify.config.session import Options
from verify.gate import conformance
from verify.gate.search import PROFILES, drawing_of, register_profiles


def drawn(subject: Any = subjects.right) -> list[Any]:
    """The tests of a gate that draw their cases."""
    return [test for test in vars(conformance(subject)).values() if is_hypothesis_test(test)]


def test_drawn_tests_are_tests_of_hypothesis():
    assert {test.__name__.partition("_of_")[0] for test in drawn()} >= {"test_values", "test_bits"}


def test_pytest_selects_drawn_tests_and_shows_their_events(
    pytester: pytest.Pytester, run_gates: Callable[..., pytest.RunResult]
):
    pytester.makepyfile(
        test_mine="from verify.gate import conformance\nTestMine = conformance('subjects_to_gate:right')"
    )
    few = ("-k", "form or pinned", "--conv-examples=5")
    statistics = ("-m", "hypothesis", "--hypothesis-show-statistics")
    done = run_gates(*few, *statistics)
    done.assert_outcomes(passed=1, deselected=14)
    done.stdout.fnmatch_lines(["test_mine.py::TestMine::test_form:", "*, outcome: agrees"])


@pytest.fixture
def profiles() -> Iterator[None]:
    """Hypothesis's profiles, which are as they were afterwards."""
    kept = {name: settings.get_profile(name) for name in PROFILES}
    before = settings.get_current_profile_name()
    yield
    for name, profile in kept.items():
        settings.register_profile(name, profile)
    settings.load_profile(before)


def examples(profile: str, *, fewer: int = 1) -> int:
    settings.load_profile(profile)
    return drawing_of(Options(), "mylib:conv", "test_values", fewer=fewer).used.max_examples


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(("profile", "count"), [("dev", 200), ("ci", 500), ("night", 20_000)])
def test_profiles_draw_so_many_cases(profile: str, count: int):
    assert examples(profile) == count


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(("profile", "count"), [("dev", 50), ("ci", 125), ("night", 5_000)])
def test_a_quarter_is_drawn_of_what_compiles_each_shape(profile: str, count: int):
    assert examples(profile, fewer=4) == count


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize("profile", PROFILES)
def test_profile_that_a_user_registered_is_not_overridden(profile: str):
    settings.register_profile(profile, max_examples=20)
    register_profiles()
    assert examples(profile) == 20


def digest(name: str, returned: str) -> bytes:
    """Hypothesis's key of a test of this name, whose signature has this return annotation."""

    def test(case: int) -> None: ...

    test.__name__ = test.__qualname__ = name
    parameter = Parameter("case", Parameter.POSITIONAL_OR_KEYWORD)
    test.__signature__ = Signature([parameter], return_annotation=returned)  # type: ignore[attr-defined]
    return function_digest(test)


def test_hypothesis_tells_tests_of_one_source_apart_by_their_signatures_alone():
    # The drawn tests of all gates have one source; so the annotation of each has its property and subject.
    assert digest("values", "values") == digest("precision", "values")
    assert digest("values", "values") != digest("values", "precision")


def test_drawn_tests_have_keys_of_their_own():
    tests = [*drawn(subjects.right), *drawn(subjects.widens)]
    assert len({function_digest(test.hypothesis.inner_test) for test in tests}) == len(tests)


def test_examples_that_users_keep_are_kept():
    # Hypothesis's key has this text in it. Whoever changes it says in a commit that kept examples are lost.
    (text,) = {getsource(test.hypothesis.inner_test) for test in drawn()}
    assert sha256(text.encode()).hexdigest()[:12] == "4c92cf6c4b1c"


def test_hypothesis_has_no_database_where_it_draws_the_same_every_time():
    # So a gate draws by a seed of its own where it has a database, too.
    assert settings(derandomize=True).database is None
    with pytest.raises(InvalidArgument, match="derandomize=True implies database=None"):
        settings(derandomize=True, database=InMemoryExampleDatabase())
