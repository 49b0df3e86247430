"""Several changes of one convolution, one after another, and the judgement of what they make of a case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.exactness import exact_limit, promises_exact_sums
from verify.cases.geometry import Axis
from verify.cases.operands import Array, Operands
from verify.cases.predicates import names_of
from verify.faults.fault import Answer, Call, Conduct, Fault, Geometry, Inputs, Other, Shape, Steps, Sums
from verify.faults.index_maps import Maps, map_of, outs_of, right_maps, sums_by_maps
from verify.oracle.bounds import judge_operands, judge_sums
from verify.oracle.compare import Judgement
from verify.oracle.dynamic import bias_of_sums
from verify.oracle.epilogue import for_channels, wrapped
from verify.oracle.problem import Problem, problem_of

AnswerOf = Callable[[Case, Array], Array | None]


class Computed(NamedTuple):
    """What is computed in place of a case: other numbers and operands, other cells, another answer.

    `case` has the numbers and the operands that are taken, `maps` the cells that windows read where these
    are not those of its axes, and `answers` change the answer, one after another. `sums` are other sums of
    the products, masked where none is written.
    """

    case: Case
    maps: Maps | None = None
    sums: Callable[[Case, Maps], np.ma.MaskedArray[Any, Any]] | None = None
    answers: tuple[AnswerOf, ...] = ()


def computed_with(case: Case, **fields: Any) -> Case:
    """A case with other fields, its own axes and operands among them, none of which is checked.

    The operands stay, whatever their shapes are.
    """
    kept = {"axes": case.axes, "operands": case.operands}
    other = object.__new__(Case)
    vars(other).update({**vars(case), **kept, **fields})
    return other


def with_axes(case: Case, axes: tuple[Axis, ...]) -> Case:
    """A case computed along other axes."""
    return computed_with(
        case,
        axes=axes,
        strides=tuple(axis.stride for axis in axes),
        dilations=tuple(axis.dilation for axis in axes),
    )


def with_fault(computed: Computed, fault: Fault) -> Computed:
    """What is computed where there is a fault as well, if it applies to the case."""
    case = computed.case
    if not (fault.is_of(case.scheme) and fault.applies.holds(names_of(case))):
        return computed
    match fault.change:
        case Call(axes) if (moved := axes(case)) is not None:
            return computed._replace(case=with_axes(case, moved))
        case Geometry(maps) | Call(_, Geometry(maps)):
            return computed._replace(maps=maps(case) or computed.maps)
        case Inputs(change):
            operands = change(case)
            return computed if operands is None else with_operands(computed, operands)
        case Steps(epilogue):
            return computed._replace(case=computed_with(case, epilogue=epilogue(case)))
        case Answer(answer):
            return computed._replace(answers=(*computed.answers, answer))
        case Other(other):
            return computed._replace(case=other(case) or case)
        case Sums(sums):
            return computed._replace(sums=sums)
        case Conduct() | Shape():
            raise ValueError(f"the fault {fault.name!r} predicts no answer")


def with_operands(computed: Computed, operands: Operands) -> Computed:
    return computed._replace(case=computed_with(computed.case, operands=operands))


def require_predictions(faults: Sequence[Fault]) -> None:
    """Raise ValueError, one sentence, for faults that predict no answer, or none together."""
    if silent := [fault.name for fault in faults if isinstance(fault.change, Conduct | Shape)]:
        raise ValueError(f"the fault {silent[0]!r} predicts no answer")
    moving = [fault.name for fault in faults if isinstance(fault.change, Geometry | Call)]
    if len(moving) > 1:
        raise ValueError(f"the faults {' and '.join(moving)} both say which cells are read")


@np.errstate(invalid="ignore", over="ignore")
def judged(computed: Computed, asked: Case, *, accumulator: str | None = None) -> Judgement | None:
    """The judgement of what is computed in place of the case that was `asked`; None where nothing can be.

    It demands equality where the fill promises exact sums and no `accumulator` is given, the token of a
    dtype in which the sums are then bounded.
    """
    case = computed.case
    problem = problem_of(case)
    if accumulator is not None:
        form = problem.format._replace(accumulator=accumulator)
        problem = problem._replace(format=form, arithmetic="")
    exact = accumulator is None and promises_exact_sums(asked)
    maps = computed.maps
    if maps is None and any(min(axis.before, axis.after) < 0 for axis in case.axes):
        maps = [map_of(axis) for axis in case.axes]
    outs = outs_of(case.axes) if maps is None else [*map(len, maps)]
    shape = _shape(case, outs)
    if shape is None:
        return None
    if outs != outs_of(asked.axes) and maps is None:
        maps = [map_of(axis) for axis in case.axes]
    if computed.sums is not None:
        rule = _by_sums(computed, maps or right_maps(case), asked, problem=problem, exact=exact)
    elif maps is None:
        rule = judge_operands(problem, case.operands, products=asked.products, exact=exact)
    else:
        rule = _by_maps(case, maps, shape, problem=problem, products=asked.products, exact=exact)
    for answer in computed.answers:
        rule = _answered(rule, answer, case=case)
    return rule


def _shape(case: Case, outs: Sequence[int]) -> tuple[int, ...] | None:
    """The shape of an answer of so many windows, with a residual along whose axes of 1 cell it is repeated.

    None where the operands of the case do not go together with so many.
    """
    windows, spatial = tuple(outs), slice(2, None) if case.channels_first else slice(1, -1)
    takes_image = "result" in (case.traits.input, case.traits.factor)
    if takes_image and not case.is_bias_gradient and case.cotangent.shape[spatial] != windows:
        return None
    if case.traits.answer != "result":
        return case.output_shape
    shape, residual = list(case.output_shape), case.operands.residual
    shape[spatial] = windows
    try:
        return tuple(shape) if residual is None else np.broadcast_shapes(tuple(shape), residual.shape)
    except ValueError:
        return None


def _by_maps(
    case: Case, maps: Maps, shape: tuple[int, ...], *, problem: Problem, products: int, exact: bool
) -> Judgement:
    """The judgement of sums of this shape over the cells of maps, some of which may lie outside the input."""
    inside = [axis._replace(before=max(axis.before, 0), after=max(axis.after, 0)) for axis in case.axes]
    problem = problem._replace(axes=tuple(inside))

    def magnitude() -> Array:
        return _sums(_of_magnitudes(case), maps, problem, shape)

    sums = wrapped(_sums(case, maps, problem, shape), problem.format)
    return judge_sums(problem, case.operands, sums, magnitude, products=products, exact=exact, doubled=False)


def _of_magnitudes(case: Case) -> Case:
    """The case whose operands have the magnitudes of another's."""
    sizes: dict[str, Any] = {
        name: None if part is None else np.abs(part.astype(np.float64))
        for name, part in case.operands._asdict().items()
    }
    return computed_with(case, operands=Operands(**sizes))


def _by_sums(computed: Computed, maps: Maps, asked: Case, *, problem: Problem, exact: bool) -> Judgement:
    """The judgement of other sums, of all groups' products; every value is right where none is written."""
    assert computed.sums is not None
    case, of = computed.case, computed.sums
    bias = bias_of_sums(problem, case.operands)
    shift = 0.0 if bias is None else for_channels(problem, bias)
    sums, sizes = of(case, maps), of(_of_magnitudes(case), maps).filled(0) + np.abs(shift)
    wanted = wrapped(sums.filled(0) + shift, problem.format)
    rule = judge_sums(
        problem,
        case.operands,
        wanted,
        lambda: sizes,
        products=asked.products * case.groups,
        exact=exact and bool(np.max(sizes, initial=0.0, where=np.isfinite(sizes)) <= exact_limit(asked)),
        doubled=False,
    )
    return rule._replace(allowed=np.where(np.ma.getmaskarray(sums), np.inf, rule.allowed))


def _sums(case: Case, maps: Maps, problem: Problem, shape: tuple[int, ...]) -> Array:
    sums = sums_by_maps(case, maps)
    bias = bias_of_sums(problem, case.operands)
    with_bias = sums if bias is None else sums + for_channels(problem, bias).astype(sums.dtype)
    return np.broadcast_to(with_bias, shape)


def _answered(rule: Judgement, answer: AnswerOf, *, case: Case) -> Judgement:
    """The judgement of an answer that is changed after it was computed; its bound is the right one's."""
    allowed = rule.allowed
    right = rule.wanted.astype(case.dtype) if isinstance(allowed, float) else rule.wanted
    wrong = answer(case, right)
    if wrong is None:
        return rule
    if wrong.shape == rule.wanted.shape:
        return rule._replace(wanted=wrong.astype(np.float64))
    largest = allowed if isinstance(allowed, float) else np.full(wrong.shape, allowed.max(initial=0.0))
    return Judgement(wrong.astype(np.float64), largest, lambda index: "another shape is predicted")
