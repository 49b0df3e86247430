"""Subjects that are wrong for several causes, or now and then, for tests of findings."""

from __future__ import annotations

from itertools import count

from verify import Case, reference
from verify.cases.operands import Array
from verify.faults import fault_named
from verify.faults.fault import answer_to
from verify.faults.index_maps import finished, map_of, sums_by_maps
from verify.oracle.problem import problem_of


def right(case: Case) -> Array:
    return reference(case).astype(case.dtype)


def refuses_no_images(case: Case) -> Array:
    """A loud error for an empty batch, and wrong values for a stride of 3."""
    if not case.batch:
        raise ValueError(f"no images in an input of shape {case.input.shape}")
    return right(case) + right(case).dtype.type(3 in case.strides)


_CALLS = count()


def is_wrong_half_of_the_time(case: Case) -> Array:
    answer = right(case)
    return answer + answer.dtype.type(next(_CALLS) % 2)


def has_a_fault_for_each_operation(case: Case) -> Array:
    """One fault in convolutions, another in depthwise ones."""
    return fault_named("stride-ignored" if case.operation == "conv" else "bias-twice")(case)


has_a_fault_for_each_operation.operations = ("conv", "depthwise")  # type: ignore[attr-defined]


def is_wrong_for_each_operation(case: Case) -> Array:
    """Wrong in no way that is known: for strides of 3 in convolutions, and with a batch in depthwise ones."""
    is_wrong = 3 in case.strides if case.operation == "conv" else case.batch > 1
    return right(case) + right(case).dtype.type(is_wrong)


is_wrong_for_each_operation.operations = ("conv", "depthwise")  # type: ignore[attr-defined]


def has_two_faults_of_values(case: Case) -> Array:
    """One fault in convolutions, another in depthwise ones, with wrong values both."""
    return fault_named("last-row-lost" if case.operation == "conv" else "only-first-of-batch")(case)


has_two_faults_of_values.operations = ("conv", "depthwise")  # type: ignore[attr-defined]


def refuses_odd_sizes(case: Case) -> Array:
    """An error for about half of the cases, and nothing else."""
    if case.size[0] % 2:
        raise ValueError("an odd number of cells")
    return right(case)


def refuses_one_axis(case: Case) -> Array:
    """Errors that are seen at once, in two wordings, and wrong values that are not."""
    if case.rank == 1:
        raise ValueError(f"{'an odd' if case.size[0] % 2 else 'an even'} input of {case.size[0]} cells")
    is_wrong = case.rank == 3 and 3 in case.strides and case.filter_count > 1
    return right(case) + right(case).dtype.type(is_wrong)


def pads_columns_at_the_other_end(case: Case) -> Array:
    """SAME's rows are right, and what goes after the columns goes before them."""
    if case.padding != "SAME" or case.rank != 2:
        return right(case)
    rows, columns = case.axes
    columns = columns._replace(before=columns.after, after=columns.before)
    return answer_to(problem_of(case)._replace(axes=(rows, columns)), case.operands)


pads_columns_at_the_other_end.ranks = (2,)  # type: ignore[attr-defined]


def dilates_by_one_more(case: Case) -> Array:
    """A gap between the taps of the last axis that is one cell wider than it should be, if there is one."""
    *others, last = case.axes
    gap = last.dilation + (last.dilation > 1)
    return finished(case, sums_by_maps(case, [*map(map_of, others), map_of(last, dilation=gap)]))


def answers_the_last_image_as_the_first(case: Case) -> Array:
    answer = right(case)
    answer[-1:] = answer[:1]
    return answer
