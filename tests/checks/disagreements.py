"""What tests of checks share: a disagreement that is due, and subjects that say what they are."""

from __future__ import annotations

import functools

import pytest

from verify import Case, Mismatch, check
from verify.cases.operands import Array
from verify.checks.examination import Examination
from verify.checks.subject import Subject

CASE = Case.parse("conv_n2_i5x4_c2_k3x2_f2_same_bias_ints3")


class Shown:
    """What a framework hands back: no array, but it can be shown as one."""

    def __init__(self, values: Array) -> None:
        self.values = values

    def __array__(self, dtype: object = None, copy: object = None) -> Array:
        return self.values


def mismatch(case: Case, subject: Subject, **options: object) -> Mismatch:
    with pytest.raises(Mismatch) as raised:
        check(case, subject, **options)
    return raised.value


def named(subject: Subject, name: str, **switches: str) -> Subject:
    """A subject with a name and switches, as a built-in one has them."""
    shown = functools.partial(subject)
    shown.name, shown.switches = name, switches
    return shown


def look_like(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """Have every disagreement look like a fault."""
    monkeypatch.setattr(Examination, "fault", fault)
