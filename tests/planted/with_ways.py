"""Subjects that say what they answer, and one that has ways, for tests of the gate."""

from __future__ import annotations

from types import MappingProxyType

from tests.planted.subjects_to_gate import declines, right
from verify import Case
from verify.cases.operands import Array


def channels_first_alone(case: Case) -> Array:
    """Right, and an error where it is asked in another data format."""
    if not case.channels_first:
        raise TypeError("channels first, please")
    return right(case)


channels_first_alone.data_formats = ("NCHW",)  # type: ignore[attr-defined]


def takes_little(case: Case) -> Array:
    """Right for one axis, no dilation and float64 alone."""
    if case.rank != 1 or case.format.token != "float64" or max(case.dilations) > 1:
        raise TypeError("one axis, f64 and no dilation, please")
    return right(case)


takes_little.ranks = (1,)  # type: ignore[attr-defined]
takes_little.dtypes = ("float64",)  # type: ignore[attr-defined]
takes_little.supports = "max(dilations) == 1"  # type: ignore[attr-defined]


def two_axes(case: Case) -> Array:
    if case.rank != 2:
        raise TypeError("two axes, please")
    return right(case)


two_axes.ranks = (2,)  # type: ignore[attr-defined]


def shifts(case: Case) -> Array:
    """Wrong in every value."""
    return right(case) + 1


def layers(case: Case) -> Array:
    """Each case is put to one of the ways."""
    raise AssertionError


layers.ways = MappingProxyType({"plain": right, "two-axes": two_axes, "fast": shifts})  # type: ignore[attr-defined]
layers.refuses = ()  # type: ignore[attr-defined]


def gradients_channels_first(case: Case) -> Array:
    """Right, of little."""
    return right(case)


gradients_channels_first.operations = ("transpose",)  # type: ignore[attr-defined]
gradients_channels_first.data_formats = ("NCHW",)  # type: ignore[attr-defined]
gradients_channels_first.dtypes = ("float64",)  # type: ignore[attr-defined]


def one_wrong(case: Case) -> Array:
    """Each case is put to one of the ways."""
    raise AssertionError


one_wrong.ways = MappingProxyType({"right": right, "wrong": shifts})  # type: ignore[attr-defined]


def one_declines(case: Case) -> Array:
    """Each case is put to one of the ways."""
    raise AssertionError


one_declines.ways = MappingProxyType({"right": right, "declines": declines})  # type: ignore[attr-defined]


def one_wrong_compiled(case: Case) -> Array:
    """Each case is put to one of the ways."""
    raise AssertionError


one_wrong_compiled.ways = MappingProxyType({"right": right, "wrong": shifts})  # type: ignore[attr-defined]
one_wrong_compiled.compiles = True  # type: ignore[attr-defined]


def released(case: Case) -> Array:
    """Each case is put to one of the ways."""
    raise AssertionError


def compiled(case: Case) -> Array:
    """Wrong in every value, of a version and with switches of its own."""
    return shifts(case)


compiled.version = "1.5-compiled"  # type: ignore[attr-defined]
compiled.switches = MappingProxyType({"OMP_NUM_THREADS": "4"})  # type: ignore[attr-defined]
released.version = "1.4"  # type: ignore[attr-defined]
released.switches = MappingProxyType({"OMP_NUM_THREADS": "2"})  # type: ignore[attr-defined]
released.ways = MappingProxyType({"eager": right, "compiled": compiled})  # type: ignore[attr-defined]


def takes_the_columns_stride(case: Case) -> Array:
    """Wrong only where one column comes out of strides that differ: its rows go by the column's stride."""
    answer = right(case)
    if case.rank != 2 or case.channels_first or case.result_shape[2] != 1 or case.result_shape[1] < 2:
        return answer
    if not case.strides[0] == 1 < case.strides[1] or case.kernel[1] == 1 or case.channels > 1:
        return answer
    rows = range(0, answer.shape[1] * case.strides[1], case.strides[1])
    return answer[:, [min(row, answer.shape[1] - 1) for row in rows]]


takes_the_columns_stride.around = ()  # type: ignore[attr-defined]


def of_bfloat16(case: Case) -> Array:
    """Right, of one axis in one dtype."""
    return right(case)


of_bfloat16.ranks = (1,)  # type: ignore[attr-defined]
of_bfloat16.dtypes = ("bfloat16",)  # type: ignore[attr-defined]
of_bfloat16.around = ()  # type: ignore[attr-defined]
