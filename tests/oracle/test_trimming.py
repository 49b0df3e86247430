"""Transposes that lack windows, exhaustively: by scattering, in fractions, as a convolution's adjoint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from tests.models import rational, scatter
from verify import Case, reference
from verify.cases.enumeration import Enumeration
from verify.cases.modes import PADDING_MODES
from verify.cases.operands import Array
from verify.faults.catalogue.output_padding import OUTPUT_PADDED
from verify.faults.visibility import is_visible
from verify.oracle.problem import problem_of
from verify.oracle.reference import linear
from verify.subjects.numpy.ways import WAYS

ENUMERATIONS = {
    "one axis": Enumeration(
        size=5, kernel=3, stride=3, dilation=3, ranks=(1,), operations=("transpose",),
        paddings=("same", "valid", "explicit"), cells=1,
    ),
    "one axis, counts": Enumeration(
        size=3, kernel=2, stride=2, dilation=2, ranks=(1,), operations=("transpose",),
        batch=2, channels=2, filters=2, groups=2, paddings=("same",),
        data_formats=("channels_last", "channels_first"),
    ),
    "two axes": Enumeration(
        size=3, kernel=2, stride=2, dilation=2, operations=("transpose",), paddings=("same", "valid"),
    ),
    "modes": Enumeration(
        size=3, kernel=2, stride=2, dilation=2, ranks=(1,), operations=("transpose",),
        paddings=("explicit",), cells=1, padding_modes=PADDING_MODES,
    ),
}  # fmt: skip


def trimmed(enumeration: Enumeration) -> Iterator[Case]:
    """Every case of an enumeration with every number of windows less that leaves one."""
    for _, quick in enumeration.cases(0, enumeration.count):
        case = Case.parse(str(quick))
        for fewer in product(*(range(max(axis.out, 1)) for axis in case.axes)):
            if any(fewer):
                yield replace(case, fill="ints", seed=3, trimmed=fewer)


def forward(case: Case, x: Array) -> Array:
    """What the convolution answers for `x`, in the windows that the case has."""
    plain = replace(case, operation="conv", trimmed=())
    vars(plain)["operands"] = plain.operands._replace(input=x, factor=case.filters)
    whole = rational.convolve(
        x,
        case.filters,
        pads=rational.pads_of(plain),
        strides=case.strides,
        dilations=case.dilations,
        groups=case.groups,
        channels_first=case.channels_first,
    )
    outs = tuple(slice(out) for out in rational.outs_of(case))
    return whole[(slice(None), slice(None), *outs) if case.channels_first else (slice(None), *outs)]


@pytest.mark.parametrize("name", [name for name in ENUMERATIONS if name != "modes"])
def test_the_reference_scatters_as_the_definition_says(name: str) -> None:
    count, wrong = 0, []
    for case in trimmed(ENUMERATIONS[name]):
        answer, count = reference(case), count + 1
        exact = (rational.linear(case), scatter.linear(case))
        if any(not np.array_equal(answer.astype(object), each) for each in exact):
            wrong.append(str(case))
    assert wrong == []
    assert count > 100


@pytest.mark.parametrize("name", [name for name in ENUMERATIONS if name != "modes"])
def test_it_is_the_adjoint_of_the_convolution(name: str) -> None:
    wrong = []
    for case in trimmed(ENUMERATIONS[name]):
        x = np.arange(1, 1 + int(np.prod(case.output_shape))).reshape(case.output_shape) % 7
        left = (forward(case, x) * case.cotangent.astype(int)).sum()
        if left != int((reference(case) * x).sum()):
            wrong.append(str(case))
    assert wrong == []


def test_cells_that_a_mode_repeats_are_added_up_as_well() -> None:
    wrong = []
    for case in trimmed(ENUMERATIONS["modes"]):
        whole = np.zeros((case.batch, replace(case, trimmed=()).axes[0].out, 1))
        whole[:, : case.axes[0].out] = case.input
        full = replace(case, trimmed=())
        vars(full)["operands"] = full.operands._replace(input=whole.astype(case.dtype))
        padded = _answered(full)
        if not np.array_equal(reference(case), padded):
            wrong.append(str(case))
    assert wrong == []


def _answered(case: Case) -> Array:
    """The transpose of the operands that a case was given."""
    return linear(problem_of(case), case.operands, exact=True)


@pytest.mark.parametrize("way", [name for name, way in WAYS.items() if "transpose" in way.domain.spaces])
def test_numpys_ways_answer_them(way: str) -> None:
    chosen = [case for case in trimmed(ENUMERATIONS["one axis"]) if WAYS[way].domain.holds(case)][::3]
    assert len(chosen) > 10
    for case in chosen:
        np.testing.assert_allclose(WAYS[way](case), reference(case), atol=1e-3, rtol=0)


@pytest.mark.parametrize("fault", OUTPUT_PADDED, ids=lambda fault: fault.name)
def test_a_fault_of_output_padding_is_visible_in_its_word_and_not_without_it(fault: object) -> None:
    case = Case.parse(fault.word)  # type: ignore[attr-defined]
    assert is_visible(fault, case)  # type: ignore[arg-type]
    assert not is_visible(fault, replace(case, trimmed=()))  # type: ignore[arg-type]
