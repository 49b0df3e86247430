"""Names of padding that repeats the wrong cells, of subjects that are wrong at some numbers alone."""

from __future__ import annotations

import pytest

from tests.checks.test_names import names
from tests.planted.modes import Pad, along_one, by, from_near_end, padded_by, turned_round


@pytest.mark.parametrize(
    ("pad", "mode", "name"),
    [
        (by("constant"), "circular", "padding-mode-ignored"),
        (by("edge"), "symmetric", "padding-mode-as-replicate"),
        (by("symmetric"), "reflect", "reflect-repeats-the-edge"),
        (by("reflect"), "symmetric", "symmetric-skips-the-edge"),
        (from_near_end, "circular", "circular-from-the-near-end"),
        (turned_round, "replicate", "padding-mode-of-other-end"),
        (turned_round, "circular", "padding-mode-of-other-end"),
    ],
)
@pytest.mark.parametrize("kernel", [3, 5])
def test_padding_that_repeats_other_cells_is_named(pad: Pad, mode: str, name: str, kernel: int) -> None:
    subject = padded_by(pad, mode, lambda case: case.kernel == (kernel,))
    assert names(subject, f"conv_i9_c2_k{kernel}_f2_p2.1_{mode}_ints1") == [name]


@pytest.mark.parametrize(("axis", "which"), [(0, "first"), (1, "last")])
def test_a_mode_on_one_axis_alone_is_named(axis: int, which: str) -> None:
    subject = padded_by(along_one(axis), "reflect", lambda case: case.rank == 2)
    assert names(subject, "conv_i5x6_c2_k3x3_p1.1x1.1_reflect_ints1") == [f"padding-mode-on-{which}-axis"]
