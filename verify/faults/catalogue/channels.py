"""Faults of channels: filters, groups and channels in the wrong order, or left out after whole blocks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array, Operands
from verify.faults.fault import IMAGE, Answer, Inputs, make_fault

Change = Callable[[Case, Array], Array | None]
"""An array with its channels first of all axes to one like it, or to None where nothing changes."""


def _changed(case: Case, array: Array, *, change: Change, is_image: bool = True) -> Array | None:
    axis = 1 if case.channels_first and is_image else -1
    channels = change(case, np.moveaxis(array, axis, 0))
    return None if channels is None else np.ascontiguousarray(np.moveaxis(channels, 0, axis))


def _of_answer(change: Change) -> Answer:
    """Other channels of the answer."""
    return Answer(
        lambda case, right: _changed(case, right, change=change, is_image=case.operation != "filtergrad")
    )


def _of_input(change: Change) -> Inputs:
    """Other channels of the input."""

    def operands(case: Case) -> Operands | None:
        x = _changed(case, case.input, change=change)
        return None if x is None else case.operands._replace(input=x)

    return Inputs(operands)


def _dealt(channels: Array, parts: int) -> Array:
    """Channels as so many parts, a new first axis."""
    return channels.reshape(parts, len(channels) // parts, *channels.shape[1:])


def _exchanged(channels: Array, parts: int) -> Array:
    """The first channels of all parts, then the second ones, and so on."""
    return _dealt(channels, parts).swapaxes(0, 1).reshape(channels.shape)


def _neighbour(case: Case, channels: Array) -> Array:
    members = len(channels) // case.groups
    return np.concatenate([channels[:-members], channels[-2 * members : -members]])


def _reinterpreted(case: Case, channels: Array) -> Array:
    """The memory of a channels-first input read as channels last."""
    batch, count, *spatial = case.input.shape
    return np.moveaxis(case.input.reshape(batch, *spatial, count), -1, 0)


def _without_tail(block: int) -> Change:
    """Zeros in the channels after the last whole block of so many, where there are both."""

    def change(case: Case, channels: Array) -> Array | None:
        whole = len(channels) // block * block
        if whole in (0, len(channels)):
            return None
        return np.concatenate([channels[:whole], np.zeros_like(channels[whole:])])

    return change


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
        change=_of_answer(lambda case, channels: np.roll(channels, 1, axis=0)),
    ),
    fault(
        name="groups-reversed",
        sentence="the groups' answers in the opposite order",
        applies=f"groups > 1 and {IMAGE}",
        word="conv_i1_c2_k1_f2_g2_same_iota",
        change=_of_answer(lambda case, channels: _dealt(channels, case.groups)[::-1].reshape(channels.shape)),
    ),
    fault(
        name="last-group-reads-neighbour",
        sentence="the last group reads the channels of the group before it",
        applies=f"groups > 1 and {IMAGE}",
        word="conv_i1_c2_k1_f2_g2_same_iota",
        change=_of_input(_neighbour),
    ),
    fault(
        name="groups-interleaved",
        sentence="channels dealt out to the groups in turn instead of in blocks",
        applies=f"groups > 1 and {IMAGE}",
        needs=f"{_READ} > groups",
        word="conv_i1_c4_k1_f2_g2_same_iota",
        change=_of_input(lambda case, channels: _exchanged(channels, len(channels) // case.groups)),
    ),
    *(
        fault(
            name=f"channels-after-{block}s-lost",
            sentence=f"channels of the input left out after whole blocks of {block}",
            applies=f"{_READ} > {block} and {IMAGE}",
            needs=f"{_READ} % {block} > 0",
            word=f"conv_i1_c{block + 1}_k1_same_ones",
            change=_of_input(_without_tail(block)),
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
            change=_of_answer(_without_tail(block)),
        )
        for block in (4, 8, 16)
    ),
    fault(
        name="multipliers-first",
        sentence="depthwise answers laid out by multiplier, then by channel",
        applies="operation == 'depthwise' and multiplier > 1",
        needs="channels > 1",
        word="depthwise_i1_c2_k1_m2_same_iota",
        change=_of_answer(lambda case, channels: _exchanged(channels, case.channels)),
    ),
    fault(
        name="channels-first-as-last",
        sentence="a channels-first input read as channels last",
        applies=f"channels_first and {IMAGE}",
        needs=f"{_READ} > 1 and (max(size) > 1 or operation == 'transpose')",
        word="conv_i2_c2_k1_same_cf_iota",
        change=_of_input(_reinterpreted),
    ),
)
