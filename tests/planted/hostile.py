"""Subjects whose words act on a terminal, on a log of CI, or on the order of reading."""

from __future__ import annotations

from verify import Case, Declined
from verify.cases.operands import Array

WORDS = (
    "half \ud800, \x1b[31mred\x1b[0m, \u202eturned\u202c, accent é, \x9b31m, \x7f, bell \a ##[error]x\n"
    "::error title=x::forged\n  ::set-output name=a::b"
)


def raises(case: Case) -> Array:
    raise ValueError(WORDS)


def declines(case: Case) -> Array:
    raise Declined(WORDS)


for subject in (raises, declines):
    subject.ranks = (1,)  # type: ignore[attr-defined]
    subject.dtypes = ("float32",)  # type: ignore[attr-defined]
    subject.data_formats = ("NHWC",)  # type: ignore[attr-defined]
    subject.around = ()  # type: ignore[attr-defined]
    subject.max_groups = 1  # type: ignore[attr-defined]
