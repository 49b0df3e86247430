"""A condition on a case, written as one line of data: `rank == 3 and max(dilations) > 1`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from verify.cases.bounded import total
from verify.cases.case import Case
from verify.cases.expressions import Expression, Refused
from verify.cases.misfits import is_misquantised
from verify.cases.operations import kind_of, slope_of
from verify.cases.word import quoted

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "float32": lambda number: float(np.float32(number)),
    "sum": total,
    **{function.__name__: function for function in (all, any, len, max, min, set, tuple, zip)},
}

_ALIKE = (
    *("operation", "rank", "batch", "size", "channels", "kernel", "multiplier", "border", "strides"),
    *("padding_mode", "dilations", "groups", "channels_first", "epilogue", "fill", "seed", "illegal"),
    *("given_out", "given_shapes", "given_dtypes", "memory", "weights", "trimmed"),
)
"""Attributes of a case that a condition has by their own names."""

_SAMPLES = [Case(size=(2,) * rank, kernel=(1,) * rank, padding="SAME") for rank in (1, 2, 3)]


def names_of(case: Case, more: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """The names that a condition may use, with their values: those of a case, and `more`.

    `padding` is "same", "valid" or "explicit", `padding_mode` what it holds, `trimmed` the windows that
    a transpose's input lacks, or (), `dtype` its name in NumPy;
    `out` has each axis's output size, `span` the cells that its dilated kernel covers, `pads` its
    (before, after) cells,
    `bordered` the size with the border, `slope` is that of a leaky relu. `quantised` says whether the dtype
    is, whose scales and zero points have their names in `Quantised`; `multiplier_of_sums` is the largest of
    scale of x · scale of w / scale of y.
    An illegal case has no `out`, `span` and `products`, and `pads` only where they are written or
    none, but for a quantised one that is `misquantised`: all that is wrong are its scales, zero points and
    dtypes. `given_out` are the sizes that an illegal gradient is given, `given_shapes` and `given_dtypes`
    pairs of a letter and a shape or the name of a dtype, and `memory` of a letter and how that operand lies.
    """
    misquantised = is_misquantised(case)
    axes = () if case.illegal and not misquantised else case.axes
    return {
        **{name: getattr(case, name) for name in _ALIKE},
        **case.quantised._asdict(),
        "quantised": case.format.is_quantised,
        "misquantised": misquantised,
        "multiplier_of_sums": case.quantised.multiplier,
        "bordered": tuple(size + sum(ends) for size, ends in zip(case.size, case.borders, strict=True)),
        "filters": case.filter_count,
        "products": 0 if case.illegal else case.products,
        "padding": case.padding_kind,
        "dtype": case.format.token,
        "slope": next((slope_of(step) for step in case.epilogue if kind_of(step) == "leaky"), 0.0),
        "out": tuple(axis.out for axis in axes),
        "span": tuple(axis.span for axis in axes),
        "pads": _written(case)
        if case.illegal and not misquantised
        else tuple((axis.before, axis.after) for axis in axes),
        **more,
    }


def _written(case: Case) -> tuple[tuple[int, int], ...]:
    """The cells of explicit padding, none of VALID; those of SAME are not known of an illegal case."""
    if isinstance(case.padding, str):
        return ((0, 0),) * case.rank if case.padding == "VALID" else ()
    return case.padding


_SAMPLE_NAMES = [names_of(sample) for sample in _SAMPLES]
NAMES: tuple[str, ...] = tuple(_SAMPLE_NAMES[0])
"""The names that a condition has of a case."""


class Predicate:
    """A condition, which may use `more` names than those of a case, with values like these.

    Raises ValueError, naming the text, for one that cannot be evaluated. One that `is_ours` is not read
    before it is asked, as there are many, of which a command needs few.
    """

    def __init__(
        self, text: str, more: Mapping[str, Any] = MappingProxyType({}), *, is_ours: bool = False
    ) -> None:
        self.text = text
        self._more = more
        if not is_ours:
            self._expression  # noqa: B018 - it is read here

    @cached_property
    def _expression(self) -> Expression:
        samples = [{**names, **self._more} for names in _SAMPLE_NAMES]
        try:
            expression = Expression(self.text, names=samples[0], functions=FUNCTIONS)
            for names in samples:
                expression.value(names)
        except Refused as refusal:
            raise self._wrong(refusal) from None
        return expression

    def holds(self, names: Mapping[str, Any]) -> bool:
        """Whether the condition holds of a case; `names` is `names_of(case)`.

        Raises ValueError, naming the text, where it cannot be evaluated for these; of an illegal call, which
        may have strides of 0 or no padding, it does not hold then.
        """
        try:
            return bool(self._expression.value(names))
        except Refused as refusal:
            if names["illegal"]:
                return False
            raise self._wrong(refusal) from None

    def _wrong(self, refusal: Refused) -> ValueError:
        return ValueError(f"the condition {quoted(self.text)} cannot be evaluated: {refusal}")
