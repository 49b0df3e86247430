"""Relations: other ways to ask what a case asks, whose answers may have the same bits and need not.

A correct convolution may add up in another order for a batch than for one image, or with two threads. Whether
it does is a fact that is measured, and a disagreement only where it is demanded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array, Operands
from verify.cases.spelling import nearest
from verify.oracle.compare import different_bits

RELATIONS: Mapping[str, str] = MappingProxyType(
    {
        "repeatability": "the same case twice in one process",
        "process-invariance": "the same case in two processes",
        "thread-invariance": "the same case with one thread and with two",
        "batch-invariance": "the last image alone, and in its batch",
        "filter-invariance": "the same filters in the reverse order",
    }
)
"""Name of a relation → what is asked of it; the answers are the same where it holds, bit for bit."""


class Varied(Case):
    """A case with operands of its own, unlike another of its word, so that nothing that is kept is taken."""

    def make_operands(self) -> Operands:
        """Its own arrays themselves."""
        arrays: Operands | None = vars(self).get("operands")
        return super().make_operands() if arrays is None else arrays

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Varied) and made_from(self) == made_from(other) and super().__eq__(other)

    __hash__ = Case.__hash__


def demanded(names: Collection[str]) -> tuple[str, ...]:
    """The relations of some names; ValueError, one sentence, for a name that there is not."""
    if isinstance(names, str):
        raise ValueError(f"demand is {names!r}, not a list: write demand=({names!r},)")  # noqa: TRY004
    for name in names:
        if name not in RELATIONS:
            near = nearest(name, RELATIONS)
            raise ValueError(f"demand has {name!r}; choose from {', '.join(RELATIONS)}{near}")
    return tuple(dict.fromkeys(names))


def varied(case: Case, relation: str) -> Case | None:
    """The case whose answer a relation compares with a part of this one's; None where it has none.

    It is asked as it is: a copy would make operands of its own.
    """
    operands = {"batch-invariance": _last_image, "filter-invariance": _reversed_filters}[relation](case)
    if operands is None:
        return None
    made = Varied.__new__(Varied)
    changes = {"batch": 1} if relation == "batch-invariance" else {}
    vars(made).update(vars(case.copied(**changes)), operands=operands, varied=(str(case), relation))
    return made


def part_of(case: Case, answer: Array, relation: str) -> Array:
    """What of the answer to a case is the answer to the varied one."""
    if relation == "batch-invariance":
        return answer[-1:]
    return answer.take(_order(case), axis=1 if case.channels_first else -1)


def made_from(case: Case) -> tuple[str, str] | None:
    """The word of the case that one was made from, and by which relation; None for any other."""
    made: tuple[str, str] | None = vars(case).get("varied")
    return made


def unlike(first: Array, again: Array) -> str:
    """How the bits of two answers differ, in a phrase; "" where they are the same."""
    if first.shape != again.shape or first.dtype != again.dtype:
        return f"{first.dtype.name} {first.shape} and {again.dtype.name} {again.shape}"
    if first.tobytes() == again.tobytes():
        return ""
    differ = different_bits(first, again)
    index = tuple(int(place) for place in np.argwhere(differ)[0])
    pair = f"{float(first[index])!r} and {float(again[index])!r} at {index}"
    return f"{int(differ.sum())} of {differ.size} values differ, {pair}"


def _last_image(case: Case) -> Operands | None:
    if case.batch < 2 or not case.traits.answers_image or case.illegal:
        return None
    operands = case.operands
    residual = None if operands.residual is None else np.ascontiguousarray(operands.residual[-1:])
    return operands._replace(input=np.ascontiguousarray(operands.input[-1:]), residual=residual)


def _order(case: Case) -> Array:
    """The channels of the answer, those of each group in the reverse order."""
    return np.arange(case.filter_count).reshape(case.groups, -1)[:, ::-1].reshape(-1)


def _reversed_filters(case: Case) -> Operands | None:
    traits, count = case.traits, case.filter_count // max(case.groups, 1)
    is_forward = traits.answer == "result" and traits.has_filters and not case.illegal
    if not is_forward or count < 2 or case.quantised.is_per_channel:
        return None
    operands, axis = case.operands, 1 if case.channels_first else -1
    axes = {"pointwise" if traits.has_pointwise else "factor": -1, "residual": axis}
    axes |= dict.fromkeys(("bias", "mean", "variance", "scale", "offset"), -1)
    arrays = {name: getattr(operands, name) for name in axes}
    return operands._replace(
        **{
            name: np.ascontiguousarray(array.take(_order(case), axis=axes[name]))
            for name, array in arrays.items()
            if array is not None
        }
    )
