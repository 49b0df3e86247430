"""Faults of channels: filters, groups and channels in the wrong order, or left out after whole blocks."""

from __future__ import annotations

from functools import partial

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array, Operands
from verify.faults.catalogue.conditions import IMAGE
from verify.faults.fault import Answer, Inputs, make_fault


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


def _input_channels(case: Case) -> Array:
    """A copy of the input with its channels first of all axes."""
    return np.moveaxis(case.input.copy(), 1 if case.channels_first else -1, 0)


def _with_input(case: Case, channels: Array) -> Operands:
    x = np.moveaxis(channels, 0, 1 if case.channels_first else -1)
    return case.operands._replace(input=np.ascontiguousarray(x))


def _neighbour(case: Case) -> Operands:
    channels = _input_channels(case)
    members = len(channels) // case.groups
    channels[-members:] = channels[-2 * members : -members].copy()
    return _with_input(case, channels)


def _interleaved(case: Case) -> Operands:
    """Channel c belongs to group c modulo the groups."""
    channels = _input_channels(case)
    parts = channels.reshape(len(channels) // case.groups, case.groups, *channels.shape[1:])
    return _with_input(case, parts.swapaxes(0, 1).reshape(channels.shape))


def _reinterpreted(case: Case) -> Operands:
    """The memory of a channels-first input read as channels last."""
    batch, channels, *spatial = case.input.shape
    return _with_input(case, np.moveaxis(case.input.reshape(batch, *spatial, channels), -1, 0))


def _input_tail(block: int) -> Inputs:
    """Channels after the last whole block of so many are left out of the sums."""

    def operands(case: Case) -> Operands | None:
        channels = _input_channels(case)
        return _with_input(case, channels) if _tail_lost(channels, block) else None

    return Inputs(operands)


def _answer_tail(block: int) -> Answer:
    """Channels of the answer after the last whole block of so many are never written."""

    def answer(case: Case, right: Array) -> Array | None:
        wrong = right.copy()
        return wrong if _tail_lost(channels_of(case, wrong), block) else None

    return Answer(answer)


def _tail_lost(channels: Array, block: int) -> bool:
    """Write zeros to the channels after the last whole block of so many, where there are both."""
    has_tail = len(channels) >= block and len(channels) % block > 0
    if has_tail:
        channels[len(channels) // block * block :] = 0
    return has_tail


fault = partial(make_fault, family="channels")

_ANSWERED = (
    "(channels if operation == 'transpose' "
    "else channels * multiplier if operation == 'depthwise' else filters)"
)
_READ = "(filters if operation == 'transpose' else channels)"

CHANNELS = (
    fault(
        name="filters-rotated",
        sentence="the answer's channels one place further than they belong",
        needs=f"{_ANSWERED} > 1",
        word="conv_i1_k1_f2_same_iota",
        change=Answer(_rotated),
    ),
    fault(
        name="groups-reversed",
        sentence="the groups' answers in the opposite order",
        applies=f"groups > 1 and {IMAGE}",
        word="conv_i1_c2_k1_f2_g2_same_iota",
        change=Answer(_groups_reversed),
    ),
    fault(
        name="last-group-reads-neighbour",
        sentence="the last group reads the channels of the group before it",
        applies=f"groups > 1 and {IMAGE}",
        word="conv_i1_c2_k1_f2_g2_same_iota",
        change=Inputs(_neighbour),
    ),
    fault(
        name="groups-interleaved",
        sentence="channels dealt out to the groups in turn instead of in blocks",
        applies=f"groups > 1 and {IMAGE}",
        needs=f"{_READ} > groups",
        word="conv_i1_c4_k1_f2_g2_same_iota",
        change=Inputs(_interleaved),
    ),
    *(
        fault(
            name=f"channels-after-{block}s-lost",
            sentence=f"channels of the input left out after whole blocks of {block}",
            applies=f"{_READ} > {block} and {IMAGE}",
            needs=f"{_READ} % {block} > 0",
            word=f"conv_i1_c{block + 1}_k1_same_ones",
            change=_input_tail(block),
        )
        for block in (4, 8, 16)
    ),
    *(
        fault(
            name=f"filters-after-{block}s-lost",
            sentence=f"channels of the answer never written after whole blocks of {block}",
            applies=f"{_ANSWERED} > {block}",
            needs=f"{_ANSWERED} % {block} > 0",
            word=f"conv_i1_k1_f{block + 1}_same_ones",
            change=_answer_tail(block),
        )
        for block in (4, 8, 16)
    ),
    fault(
        name="multipliers-first",
        sentence="depthwise answers laid out by multiplier, then by channel",
        applies="operation == 'depthwise' and multiplier > 1",
        needs="channels > 1",
        word="depthwise_i1_c2_k1_m2_same_iota",
        change=Answer(_multipliers_first),
    ),
    fault(
        name="channels-first-as-last",
        sentence="a channels-first input read as channels last",
        applies=f"channels_first and {IMAGE}",
        needs=f"{_READ} > 1 and (max(size) > 1 or operation == 'transpose')",
        word="conv_i2_c2_k1_same_cf_iota",
        change=Inputs(_reinterpreted),
    ),
)
