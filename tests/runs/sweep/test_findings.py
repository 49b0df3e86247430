"""What a sweep is of, in one phrase."""

from __future__ import annotations

import pytest

from verify.cases.enumeration import Enumeration, enumeration_upto
from verify.runs.sweep.sweep import enumeration_phrase, fixed


@pytest.mark.parametrize(
    ("enumeration", "phrase"),
    [
        (
            enumeration_upto(6),
            "conv, rank 2, with size ≤ 6, kernel ≤ 4, stride ≤ 3, dilation ≤ 2, both paddings",
        ),
        (
            enumeration_upto(
                3, ranks=(1, 2), operations=("conv", "transpose"), paddings=("same",), channels=2
            ),
            (
                "conv and transpose, ranks 1 and 2, with size ≤ 3, kernel ≤ 2, stride ≤ 2, dilation ≤ 2, "
                "channels ≤ 2, SAME padding"
            ),
        ),
        (
            enumeration_upto(
                3,
                paddings=("valid", "explicit"),
                dtypes=("float16", "bfloat16", "float64"),
                data_formats=("channels_first",),
            ),
            (
                "conv, rank 2, with size ≤ 3, kernel ≤ 2, stride ≤ 2, dilation ≤ 2, VALID padding and "
                "explicit padding of ≤ 1 cell an end, in float16, bfloat16 and float64, channels first"
            ),
        ),
        (
            enumeration_upto(
                2, steps=("strided", "dilated"), fills=("ones", "reals"), around=("bias", "relu")
            ),
            (
                "conv, rank 2, with size ≤ 2, kernel ≤ 2, stride ≤ 2, dilation ≤ 2, "
                "no axis both strided and dilated, both paddings, filled ones and reals, "
                "with and without bias, with and without relu"
            ),
        ),
    ],
)
def test_an_enumeration_is_described_in_one_phrase(enumeration: Enumeration, phrase: str) -> None:
    assert enumeration_phrase(enumeration) == phrase


def test_what_all_cases_share_is_said() -> None:
    assert fixed(enumeration_upto(2)) == "batch 1, 1 channel, 1 filter, float32, channels last, filled coded"
    assert fixed(enumeration_upto(2, channels=2, dtypes=("float16", "float32"))) == (
        "batch 1, 1 filter, channels last, filled coded"
    )
