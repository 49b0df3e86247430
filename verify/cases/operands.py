"""The arrays that a case is put to a subject with, each under its name."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

NORM_EPSILON = 2.0**-10
"""What batch normalisation adds to the variance."""


class Norm(NamedTuple):
    """The parameters of a batch normalisation, one number for each channel of the answer.

    y = (x − mean) · scale / √(variance + epsilon) + offset; the epsilon of a word is NORM_EPSILON.
    """

    mean: Array
    variance: Array
    scale: Array
    offset: Array


class Operands(NamedTuple):
    """The arrays of a case, in its dtype and its data format; None where it has none.

    `factor` is what the input is multiplied with: the filters, or the cotangent of `filtergrad`.
    """

    input: Array
    factor: Array
    bias: Array | None = None
    pointwise: Array | None = None
    residual: Array | None = None
    mean: Array | None = None
    variance: Array | None = None
    scale: Array | None = None
    offset: Array | None = None

    @property
    def norm(self) -> Norm | None:
        """The parameters of the batch normalisation, or None where there is none."""
        if self.mean is None or self.variance is None or self.scale is None or self.offset is None:
            return None
        return Norm(self.mean, self.variance, self.scale, self.offset)
