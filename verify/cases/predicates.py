"""A condition on a case, written as one line of data: `rank == 3 and max(dilations) > 1`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import CodeType, MappingProxyType
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.operations import kind_of, slope_of

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "float32": lambda number: float(np.float32(number)),
    **{function.__name__: function for function in (all, any, len, max, min, set, sum, tuple, zip)},
}

_ALIKE = (
    *("operation", "rank", "batch", "size", "channels", "kernel", "multiplier", "border", "strides"),
    *("dilations", "groups", "channels_first", "epilogue", "fill", "seed", "illegal", "given_out"),
)
"""Attributes of a case that a condition has by their own names."""

_SAMPLES = [Case(size=(2,) * rank, kernel=(1,) * rank, padding="SAME") for rank in (1, 2, 3)]


def names_of(case: Case, more: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """The names that a condition may use, with their values: those of a case, and `more`.

    `padding` is "same", "valid" or "explicit", `dtype` a token; `out` has each axis's output size,
    `span` the cells that its dilated kernel covers, `pads` its (before, after) cells,
    `bordered` the size with the border, `slope` is that of a leaky relu.
    An illegal case has no `out`, `span` and `products`, and `pads` only where they are written or
    none; `given_out` are the sizes that an illegal transpose is given.
    """
    axes = () if case.illegal else case.axes
    return {
        **{name: getattr(case, name) for name in _ALIKE},
        "bordered": tuple(size + sum(ends) for size, ends in zip(case.size, case.borders, strict=True)),
        "filters": case.filter_count,
        "products": 0 if case.illegal else case.products,
        "padding": case.padding_mode,
        "dtype": case.format.token,
        "slope": next((slope_of(step) for step in case.epilogue if kind_of(step) == "leaky"), 0.0),
        "out": tuple(axis.out for axis in axes),
        "span": tuple(axis.span for axis in axes),
        "pads": _written(case) if case.illegal else tuple((axis.before, axis.after) for axis in axes),
        **more,
    }


def _written(case: Case) -> tuple[tuple[int, int], ...]:
    """The cells of explicit padding, none of VALID; those of SAME are not known of an illegal case."""
    if isinstance(case.padding, str):
        return ((0, 0),) * case.rank if case.padding == "VALID" else ()
    return case.padding


class Predicate:
    """A compiled condition, which may use `more` names than those of a case, with values like these.

    Raises ValueError, naming the text, for one that cannot be evaluated.
    """

    def __init__(self, text: str, more: Mapping[str, Any] = MappingProxyType({})) -> None:
        self.text = text
        try:
            self._code: CodeType = compile(text, "<condition>", "eval")
            for sample in _SAMPLES:
                self._value(names_of(sample, more))
        except Exception as error:  # noqa: BLE001 - evaluating any text may raise anything
            raise ValueError(f"the condition {text!r} cannot be evaluated: {error}") from None

    def holds(self, names: Mapping[str, Any]) -> bool:
        """Whether the condition holds of a case; `names` is `names_of(case)`."""
        return bool(self._value(names))

    def _value(self, names: Mapping[str, Any]) -> Any:
        namespace = {"__builtins__": {}, **_FUNCTIONS, **names}
        return eval(self._code, namespace)  # noqa: S307 - conditions are data as trusted as the user's code
