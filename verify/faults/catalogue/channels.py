"""Faults of channels: filters, groups and channels in the wrong order, or left out after whole blocks."""

from __future__ import annotations

import numpy as np

from verify.cases.case import Array, Case, Operands
from verify.cases.predicates import Predicate
from verify.faults.fault import Answer, Fault, Inputs
from verify.oracle.problem import Problem


def channels_of(case: Case, y: Array) -> Array:
    """A view of an image, or of filters, with its channels first of all axes."""
    is_image = case.operation != "filtergrad"
    return np.moveaxis(y, 1 if case.channels_first and is_image else -1, 0)


def _rotated(case: Case, right: Array) -> Array | None:
    """The answer's channels one further, the last one first."""
    return _copied(case, np.roll(channels_of(case, right), 1, axis=0))


def _groups_reversed(case: Case, right: Array) -> Array | None:
    channels = channels_of(case, right)
    groups = channels.reshape(case.groups, len(channels) // case.groups, *channels.shape[1:])[::-1]
    return _copied(case, groups.reshape(channels.shape))


def _copied(case: Case, channels: Array) -> Array:
    """An answer from its channels, which come first, laid out as the right one."""
    is_image = case.operation != "filtergrad"
    return np.ascontiguousarray(np.moveaxis(channels, 0, 1 if case.channels_first and is_image else -1))


def _multipliers_first(case: Case, right: Array) -> Array | None:
    """The answer's channels lie by multiplier, then by channel."""
    channels = channels_of(case, right)
    parts = channels.reshape(case.channels, case.multiplier, *channels.shape[1:])
    return _copied(case, parts.swapaxes(0, 1).reshape(channels.shape))


def _images(case: Case, given: Operands) -> Array:
    """A copy of the input with its channels first of all axes."""
    return np.moveaxis(given.input.copy(), 1 if case.channels_first else -1, 0)


def _with_input(case: Case, problem: Problem, given: Operands, channels: Array) -> tuple[Problem, Operands]:
    x = np.moveaxis(channels, 0, 1 if case.channels_first else -1)
    return problem, given._replace(input=np.ascontiguousarray(x))


def _neighbour(case: Case, problem: Problem, given: Operands) -> tuple[Problem, Operands] | None:
    channels = _images(case, given)
    members = len(channels) // case.groups
    channels[-members:] = channels[-2 * members : -members].copy()
    return _with_input(case, problem, given, channels)


def _interleaved(case: Case, problem: Problem, given: Operands) -> tuple[Problem, Operands] | None:
    """Channel c belongs to group c modulo the groups."""
    channels = _images(case, given)
    dealt = channels.reshape(len(channels) // case.groups, case.groups, *channels.shape[1:])
    parts = dealt.swapaxes(0, 1)
    return _with_input(case, problem, given, parts.reshape(channels.shape))


def _reinterpreted(case: Case, problem: Problem, given: Operands) -> tuple[Problem, Operands] | None:
    """The memory of a channels-first input read as channels last."""
    batch, channels, *spatial = given.input.shape
    x = np.moveaxis(given.input.reshape(batch, *spatial, channels), -1, 1)
    return problem, given._replace(input=np.ascontiguousarray(x))


def _input_tail(block: int) -> Inputs:
    """Channels after the last whole block of so many are left out of the sums."""

    def given(case: Case, problem: Problem, operands: Operands) -> tuple[Problem, Operands] | None:
        channels = _images(case, operands)
        if len(channels) < block or not len(channels) % block:
            return None
        channels[len(channels) // block * block :] = 0
        return _with_input(case, problem, operands, channels)

    return Inputs(given)


def _answer_tail(block: int) -> Answer:
    """Channels of the answer after the last whole block of so many are never written."""

    def answer(case: Case, right: Array) -> Array | None:
        wrong = right.copy()
        channels = channels_of(case, wrong)
        if len(channels) < block or not len(channels) % block:
            return None
        channels[len(channels) // block * block :] = 0
        return wrong

    return Answer(answer)


def _fault(name: str, sentence: str, applies: str, needs: str, word: str, change: Inputs | Answer) -> Fault:
    return Fault(name, "channels", sentence, Predicate(applies), Predicate(needs), word, change)


_IMAGE = "operation != 'filtergrad'"
_ANSWERED = (
    "(channels if operation == 'transpose' "
    "else channels * multiplier if operation == 'depthwise' else filters)"
)
_READ = "(filters if operation == 'transpose' else channels)"

CHANNELS = (
    _fault(
        "filters-rotated",
        "the answer's channels one place further than they belong",
        "True",
        f"{_ANSWERED} > 1",
        "conv_i1_k1_f2_same_iota",
        Answer(_rotated),
    ),
    _fault(
        "groups-reversed",
        "the groups' answers in the opposite order",
        f"groups > 1 and {_IMAGE}",
        "True",
        "conv_i1_c2_k1_f2_g2_same_iota",
        Answer(_groups_reversed),
    ),
    _fault(
        "last-group-reads-neighbour",
        "the last group reads the channels of the group before it",
        f"groups > 1 and {_IMAGE}",
        "True",
        "conv_i1_c2_k1_f2_g2_same_iota",
        Inputs(_neighbour),
    ),
    _fault(
        "groups-interleaved",
        "channels dealt out to the groups in turn instead of in blocks",
        f"groups > 1 and {_IMAGE}",
        f"{_READ} > groups",
        "conv_i1_c4_k1_f2_g2_same_iota",
        Inputs(_interleaved),
    ),
    *(
        _fault(
            f"channels-after-{block}s-lost",
            f"channels of the input left out after whole blocks of {block}",
            f"{_READ} > {block} and {_IMAGE}",
            f"{_READ} % {block} > 0",
            f"conv_i1_c{block + 1}_k1_same_ones",
            _input_tail(block),
        )
        for block in (4, 8, 16)
    ),
    *(
        _fault(
            f"filters-after-{block}s-lost",
            f"channels of the answer never written after whole blocks of {block}",
            f"{_ANSWERED} > {block}",
            f"{_ANSWERED} % {block} > 0",
            f"conv_i1_k1_f{block + 1}_same_ones",
            _answer_tail(block),
        )
        for block in (4, 8, 16)
    ),
    _fault(
        "multipliers-first",
        "depthwise answers laid out by multiplier, then by channel",
        "operation == 'depthwise' and multiplier > 1",
        "channels > 1",
        "depthwise_i1_c2_k1_m2_same_iota",
        Answer(_multipliers_first),
    ),
    _fault(
        "channels-first-as-last",
        "a channels-first input read as channels last",
        f"channels_first and {_IMAGE}",
        f"{_READ} > 1 and (max(size) > 1 or operation == 'transpose')",
        "conv_i2_c2_k1_same_cf_iota",
        Inputs(_reinterpreted),
    ),
)
