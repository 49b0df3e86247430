"""Right subjects that say this or that of themselves, and how one that cannot be is refused."""

from __future__ import annotations

import pytest

from tests.planted import convolutions
from verify import Case
from verify.cases.operands import Array
from verify.checks.subject import Subject, describe


def declaring(**attributes: object) -> Subject:
    """A right subject with attributes of its own."""

    def subject(case: Case) -> Array:
        return convolutions.right(case)

    vars(subject).update(attributes)
    return subject


def refusal(**attributes: object) -> str:
    """What is said of a subject with attributes that cannot be."""
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
        describe(declaring(name="mine", **attributes))
    return str(refused.value)
