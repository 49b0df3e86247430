"""A case whose arrays are given, and not made from a fill: it has no word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verify.cases.case import Case
from verify.cases.fills import FILLS, Fill
from verify.cases.geometry import Axis
from verify.cases.operands import NORM_EPSILON, Operands


class Given(Case):
    """A case with arrays of its own, in the shapes that its numbers say; it equals itself alone.

    Nothing is checked: its arrays may be larger than those of a case, and of another dtype.
    """

    arrays: Operands
    epsilon: float = NORM_EPSILON
    is_large = False

    @classmethod
    def of_arrays(
        cls,
        shared: Mapping[str, Any],
        axes: tuple[Axis, ...],
        arrays: Operands,
        *,
        epsilon: float = NORM_EPSILON,
    ) -> Given:
        """The case of these arrays; `shared` and `axes` are those of `Case.of_axes`."""
        made = cls.of_axes(shared, axes)
        assert isinstance(made, Given)
        vars(made).update(arrays=arrays, epsilon=epsilon)
        return made

    def make_operands(self) -> Operands:
        """The given arrays themselves; nothing that is asked about arrays writes to them."""
        return self.arrays

    @property
    def norm_epsilon(self) -> float:
        return self.epsilon

    @property
    def fill_traits(self) -> Fill:
        """Those of real numbers, of which nothing is known beforehand."""
        return FILLS["reals"]

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)
