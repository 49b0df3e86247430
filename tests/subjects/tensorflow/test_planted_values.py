"""A sample of wrong values planted in TensorFlow's own answers: nearly all of them are reported."""

from __future__ import annotations

import pytest

from verify.checks.subject import describe
from verify.runs.planted import REPORTED, planting_of
from verify.subjects.trial import usual_tried


@pytest.mark.parametrize("name", ["tensorflow", "tensorflow:convolution", "tensorflow:raw"])
def test_what_is_planted_is_reported(name: str) -> None:
    planting = planting_of(describe(usual_tried(name)), examples=60, seed=1)
    assert planting.planted > 25
    assert planting.share >= REPORTED, planting.missed
