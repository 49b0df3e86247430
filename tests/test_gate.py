"""The gate: one test for each property, so that one broken property does not hide the others."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from verify import Case, reference
from verify.check import Subject
from verify.deviations import Deviation
from verify.gate import PROPERTIES, conformance
from verify.predicates import Predicate

ROOT = Path(__file__).parent.parent

SUBJECTS = '''
import numpy as np
from verify import Declined, reference

def right(case):
    return reference(case).astype(case.dtype)

def flips(case):
    """Wrong in values alone: the first axis is turned round."""
    return right(case)[:, ::-1]

def truncates(case):
    """Wrong in precision alone: 11 bits of each operand are kept, as TF32 does."""
    answer = right(case)
    if case.fill != "dyadic" or case.format.token not in ("f32", "f64"):
        return answer
    mantissa, exponent = np.frexp(answer.astype(np.float64))
    return np.ldexp(np.round(mantissa * 2**11) / 2**11, exponent).astype(case.dtype)

def poisons(case):
    """Wrong where it should not read: a NaN anywhere in the input reaches the answer."""
    answer = right(case)
    return answer if np.isfinite(case.input.astype(np.float64)).all() else answer * np.nan

def widens(case):
    """Wrong in dtype alone."""
    return reference(case) if case.format.token == "f32" else right(case)

def writes(case):
    """Wrong in what it does to its input."""
    answer = right(case)
    case.input[...] = 0
    return answer

calls = []

def wavers(case):
    """Wrong every second time, by one sign."""
    calls.append(case)
    answer = right(case)
    return answer if len(calls) % 2 else -answer

def declines(case):
    raise Declined("not today")

def loses(case):
    """Two faults at once: a value in rank 1, a shape in rank 2."""
    answer = right(case)
    if case.rank == 2:
        return answer[..., :0]
    return answer + 1 if case.rank == 1 else answer
'''


def gate(pytester: pytest.Pytester, subject: str, *options: str, **narrowings: object) -> pytest.RunResult:
    """Run a test file that gates one of the subjects above, in a process of its own."""
    pytester.makepyfile(
        subjects=SUBJECTS,
        test_mine=f"from verify.gate import conformance\\nTestMine = conformance({subject!r}, **{narrowings!r})".replace("\\\\n", "\\n"),
    )
    return pytester.runpytest_subprocess(
        "-p", "verify.pytest_plugin", "--conv-examples", "40", "--hypothesis-seed=1", *options
    )


def failed(result: pytest.RunResult) -> set[str]:
    """The names of the tests that failed."""
    lines = [line for line in result.outlines if line.startswith("FAILED ")]
    return {line.split("::")[-1].split(" ")[0] for line in lines}
