"""Where a callable runs: in a worker that imports it, else in this process, which says why."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.planted import convolutions, ending
from verify import Case
from verify.checks.subject import Subject
from verify.config.flags import Isolation, loaders_of_tests
from verify.faults import fault_named
from verify.subjects.contained import contained
from verify.subjects.isolated import usual, worker_of

pytestmark = pytest.mark.injected


def closure() -> Subject:
    return lambda case: convolutions.right(case)


UNNAMED = "in this process, where a crash ends the run: it cannot be named by a module"


@pytest.mark.parametrize("subject", [closure(), partial(convolutions.right)], ids=["a closure", "a partial"])
def test_what_no_module_names_stays_here(subject: Subject) -> None:
    described = contained(subject)
    assert (worker_of(described), described.here) == (None, UNNAMED)
    assert described.line.endswith(UNNAMED)


def test_a_callable_that_its_module_names_runs_in_a_worker() -> None:
    described = contained(convolutions.right)
    assert (worker_of(described) is not None, described.here) == (True, "")
    assert described.name == "tests.planted.convolutions:right"
    described.close()


def test_what_is_set_outside_of_its_module_keeps_it_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convolutions.right, "ranks", (2,), raising=False)
    described = contained(convolutions.right)
    assert worker_of(described) is None
    assert described.here.endswith(
        "a worker that imports tests.planted.convolutions:right finds other spaces"
    )


def test_a_callable_of_a_name_of_its_own_keeps_it() -> None:
    described = contained(ending.has_a_name)
    assert (worker_of(described) is not None, described.name) == (True, "mine")
    described.close()


def test_a_fault_stays_here_without_a_word() -> None:
    assert contained(fault_named("kernel-flipped")).here == ""
    assert usual("fault:kernel-flipped").here == ""


HERE = "test_gate:subject.<locals>.answer runs " + UNNAMED


@pytest.mark.parametrize(
    ("subject", "options", "said"),
    [
        ("subject()", [], HERE),
        ("'subjects_to_gate:right'", [], ""),
        ("'subjects_to_gate:right'", ["--pdb"], "ends the run: a debugger is asked for"),
    ],
)
def test_a_suite_says_which_subjects_stay_in_its_process(
    pytester: pytest.Pytester,
    run_gates: Callable[..., pytest.RunResult],
    subject: str,
    options: list[str],
    said: str,
) -> None:
    pytester.makepyfile(
        test_gate=f"""
        from verify.gate import conformance
        from subjects_to_gate import right

        def subject():
            def answer(case):
                return right(case)
            return answer

        TestIt = conformance({subject}, operations=("conv",), dtypes=("float32",), fills=("ones",))
        """
    )
    result = run_gates("--conv-examples=2", "-k", "test_form", *options)
    assert (
        (f"{said}\n" in f"{result.stdout}\n") if said else (" runs in this process" not in str(result.stdout))
    )


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        ("os._exit(0)", "crashed: it raised Exited: os._exit was called, which ends the process"),
        ("sys.exit(0)", "crashed: it raised SystemExit: 0"),
        ("raise_(KeyboardInterrupt)", "disagrees with the reference: it raised KeyboardInterrupt"),
    ],
)
def test_a_closure_cannot_end_pytest_without_a_verdict(
    pytester: pytest.Pytester, run_gates: Callable[..., pytest.RunResult], end: str, sentence: str
) -> None:
    pytester.makepyfile(
        test_gate=f"""
        import os, sys
        from verify.gate import conformance

        def raise_(error):
            raise error

        def subject():
            return lambda case: {end}

        TestIt = conformance(subject(), operations=("conv",))
        """
    )
    result = run_gates("--conv-examples=2", "-k", "test_pinned")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"*{sentence}*"])


def test_what_a_closure_leaves_for_the_end_changes_no_exit_code(
    pytester: pytest.Pytester, run_gates: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile(
        test_gate="""
        import atexit, os
        from subjects_to_gate import right
        from verify.gate import conformance

        def subject():
            def answer(case):
                atexit.register(os._exit, 0)
                return right(case) + 1
            return answer

        TestIt = conformance(subject(), operations=("conv",))
        """
    )
    assert run_gates("--conv-examples=2", "-k", "test_pinned").ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    ("asked", "here"),
    [
        ({"isolation": Isolation(isolate=False), "is_debugged": False}, "ends the run: --no-isolate"),
        ({"isolation": Isolation(timeout=3.0), "is_debugged": True}, "ends the run: a debugger is asked for"),
    ],
)
def test_a_suite_keeps_all_in_its_process_where_that_is_asked(asked: dict[str, Any], here: str) -> None:
    loaders = loaders_of_tests(**asked)
    assert loaders["load"]("tests.planted.convolutions:right").here.endswith(here)
    assert loaders["place"](convolutions.right).here.endswith(here)


def test_a_suite_has_the_timeout_of_its_settings() -> None:
    loaders = loaders_of_tests(Isolation(timeout=3.0), is_debugged=False)
    for described in (
        loaders["load"]("tests.planted.convolutions:right"),
        loaders["place"](convolutions.right),
    ):
        assert worker_of(described).timeout_s == 3.0
        described.close()


def test_a_case_is_answered_alike_in_a_worker_and_here() -> None:
    case = Case.parse("conv_i3_k2_same_ones")
    described = contained(convolutions.right)
    assert described(case).tobytes() == convolutions.right(case).tobytes()
    described.close()
