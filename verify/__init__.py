"""A verification harness for convolutions: cases, a proved reference, derived bounds, verdicts."""

# The modules `reference`, `compare` and `check` are shadowed here by the functions of those names.
from verify.cases.case import Case
from verify.cases.word import InvalidCase
from verify.checks.assertion import assert_conv
from verify.checks.examination import Mismatch
from verify.checks.path import check, compare
from verify.checks.subject import Declined
from verify.oracle.compare import Verdict
from verify.oracle.reference import conv, reference

__all__ = [
    "Case",
    "Declined",
    "InvalidCase",
    "Mismatch",
    "Verdict",
    "assert_conv",
    "check",
    "compare",
    "conv",
    "reference",
]
