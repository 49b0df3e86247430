"""Faults of channels, of the batch and of what follows the sums: exchanged, repeated or left out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from verify.cases.case import Case
from verify.cases.operands import Array, Operands
from verify.faults.catalogue.blocks import BLOCKS
from verify.faults.fault import IMAGE, Answer, Inputs, Steps, make_fault
from verify.faults.index_maps import cast
from verify.oracle.epilogue import follow, for_channels, wrapped
from verify.oracle.problem import problem_of
from verify.oracle.reference import linear

_ChannelChange = Callable[[Case, Array], Array | None]
"""An array with its channels first of all axes to one like it, or to None where nothing changes."""


def _changed(case: Case, array: Array, *, change: _ChannelChange, is_image: bool = True) -> Array | None:
    axis = 1 if case.channels_first and is_image else -1
    channels = change(case, np.moveaxis(array, axis, 0))
    return None if channels is None else np.ascontiguousarray(np.moveaxis(channels, 0, axis))


def _of_answer(change: _ChannelChange) -> Answer:
    """Other channels of the answer."""
    return Answer(
        lambda case, right: _changed(case, right, change=change, is_image=case.traits.answers_image)
    )


def _of_input(change: _ChannelChange) -> Inputs:
    """Other channels of the input."""

    def operands(case: Case) -> Operands | None:
        x = _changed(case, case.input, change=change)
        return None if x is None else case.operands._replace(input=x)

    return Inputs(operands)


def _dealt(channels: Array, parts: int) -> Array:
    """Channels split into `parts`, a new first axis."""
    return channels.reshape(parts, len(channels) // parts, *channels.shape[1:])


def _exchanged(channels: Array, parts: int) -> Array:
    """The first channels of all parts, then the second ones, and so on."""
    return _dealt(channels, parts).swapaxes(0, 1).reshape(channels.shape)


def _neighbour(case: Case, channels: Array) -> Array:
    members = len(channels) // case.groups
    return np.concatenate([channels[:-members], channels[-2 * members : -members]])


def _within_groups(order: Callable[[NDArray[np.int64]], NDArray[np.int64]]) -> _ChannelChange:
    """The channels of each group in another order."""

    def change(case: Case, channels: Array) -> Array | None:
        members = np.arange(len(channels)).reshape(case.groups, -1)
        return channels[order(members).reshape(-1)]

    return change


def _first_group(case: Case, channels: Array) -> Array:
    first = len(channels) // case.groups
    return np.concatenate([channels[:first]] * case.groups)


def _summed_groups(case: Case, channels: Array) -> Array:
    """In every group the sums of the groups' channels, not rounded."""
    wide = channels.astype(np.int64 if case.format.exact_integers else np.float64)
    return np.concatenate([_dealt(wide, case.groups).sum(axis=0)] * case.groups)


def _reinterpreted(case: Case, channels: Array) -> Array:
    """The memory of a channels-first input read as channels last."""
    batch, count, *spatial = case.input.shape
    return np.moveaxis(case.input.reshape(batch, *spatial, count), -1, 0)


def _without_tail(block: int) -> _ChannelChange:
    """Zeros in the channels after the last whole block, if there is a whole block and a rest."""

    def change(case: Case, channels: Array) -> Array | None:
        whole = len(channels) // block * block
        if whole in (0, len(channels)):
            return None
        return np.concatenate([channels[:whole], np.zeros_like(channels[whole:])])

    return change


def _with(operand: str, change: Callable[[Array], Array]) -> Inputs:
    return Inputs(lambda case: case.operands._replace(**{operand: change(getattr(case.operands, operand))}))


def _bias_last(case: Case, right: Array) -> Array | None:
    problem = problem_of(case)._replace(epilogue=_without(case, "bias"))
    sums = linear(problem, case.operands._replace(bias=None), exact=True)
    values, _ = follow(problem, case.operands, sums)
    return cast(wrapped(values + for_channels(problem, case.bias), case.format), case.dtype)


def _without(case: Case, left_out: str) -> tuple[str, ...]:
    return tuple(step for step in case.epilogue if step != left_out)


def _first_repeated(case: Case, right: Array) -> Array | None:
    return np.ascontiguousarray(np.broadcast_to(right[:1], right.shape)) if len(right) > 1 else None


def _biased_along_the_last(case: Case, right: Array) -> Array | None:
    """As NumPy broadcasts it, where the last axis is as long as the bias; elsewhere that is an error."""
    if case.bias is None or right.shape[-1] != len(case.bias):
        return None
    problem = problem_of(case)
    sums = linear(problem, case.operands._replace(bias=None), exact=True)
    biased = wrapped(sums + case.bias.astype(sums.dtype), case.format)
    return cast(follow(problem, case.operands, biased)[0], case.dtype)


def _only_first(case: Case, right: Array) -> Array | None:
    wrong = right.copy()
    wrong[1:] = 0
    return wrong


fault = partial(make_fault, family="channels")
batch_fault = partial(make_fault, family="batch and bias")

_OUT_CHANNELS = (
    "(channels if operation == 'transpose' "
    "else channels * multiplier if operation == 'depthwise' else filters)"
)
_IN_CHANNELS = "(filters if operation == 'transpose' else channels)"

_BIASED = f"'bias' in epilogue and {IMAGE}"
_ACTIVE = "epilogue and epilogue[-1] not in ('bias', 'norm', 'residual')"

CHANNELS = (
    fault(
        name="filters-rotated",
        sentence="the answer's channels one place further than they belong",
        needs=f"{_OUT_CHANNELS} > 1",
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
        name="groups-ignored",
        sentence="groups ignored, every filter applied to the channels of the first one",
        applies=f"groups > 1 and {IMAGE}",
        word="conv_i1_c2_k1_f2_g2_same_iota",
        change=_of_input(_first_group),
    ),
    fault(
        name="groups-summed",
        sentence="groups ignored, every filter applied to the channels of each and the answers added",
        applies=f"groups > 1 and {IMAGE}",
        word="conv_i1_c2_k1_f2_g2_same_ones",
        change=_of_input(_summed_groups),
    ),
    fault(
        name="groups-interleaved",
        sentence="channels dealt out to the groups in turn instead of in blocks",
        applies=f"groups > 1 and {IMAGE}",
        needs=f"{_IN_CHANNELS} > groups",
        word="conv_i1_c4_k1_f2_g2_same_iota",
        change=_of_input(lambda case, channels: _exchanged(channels, len(channels) // case.groups)),
    ),
    *(
        fault(
            name=f"channels-after-{block}s-lost",
            sentence=f"channels of the input left out after whole blocks of {block}",
            applies=f"{_IN_CHANNELS} > {block} and {IMAGE}",
            needs=f"{_IN_CHANNELS} % {block} > 0",
            word=f"conv_i1_c{block + 1}_k1_same_ones",
            change=_of_input(_without_tail(block)),
            is_narrow=block > 16,
        )
        for block in BLOCKS
    ),
    *(
        fault(
            name=f"filters-after-{block}s-lost",
            sentence=f"channels of the answer never written after whole blocks of {block}",
            applies=f"{_OUT_CHANNELS} > {block}",
            needs=f"{_OUT_CHANNELS} % {block} > 0",
            word=f"conv_i1_k1_f{block + 1}_same_ones",
            change=_of_answer(_without_tail(block)),
            is_narrow=block > 16,
        )
        for block in BLOCKS
    ),
    fault(
        name="filters-interleaved",
        sentence="the groups' answers in turn instead of in blocks",
        applies="groups > 1",
        needs=f"{_OUT_CHANNELS} > groups",
        word="conv_i1_c2_k1_f4_g2_same_iota",
        change=_of_answer(lambda case, channels: _exchanged(channels, case.groups)),
    ),
    *(
        fault(
            name=f"{part}-{how}-in-group",
            sentence=f"channels of the {whole} {sentence} within each group",
            applies=f"{scope} and {IMAGE}",
            needs=f"{count} > groups",
            word=f"conv_i1_{word}_same_iota",
            change=make(_within_groups(order)),
        )
        for part, whole, count, make, words in (
            ("channels", "input", _IN_CHANNELS, _of_input, ("c2_k1", "c4_k1_f2_g2")),
            ("filters", "answer", _OUT_CHANNELS, _of_answer, ("k1_f2", "c2_k1_f4_g2")),
        )
        for how, sentence, scope, order, word in (
            ("reversed", "in the opposite order", "True", lambda members: members[:, ::-1], words[0]),
            (
                "rotated",
                "one place further than they belong",
                "True" if part == "channels" else "groups > 1",
                lambda members: np.roll(members, 1, axis=1),
                words[0] if part == "channels" else words[1],
            ),
        )
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
        needs=f"{_IN_CHANNELS} > 1 and (max(size) > 1 or operation == 'transpose')",
        word="conv_i2_c2_k1_same_cf_iota",
        change=_of_input(_reinterpreted),
    ),
)

BATCH = (
    batch_fault(
        name="last-bias-lost",
        sentence="the last channel of the answer without its bias",
        applies=_BIASED,
        word="conv_i1_k1_same_bias_ones",
        change=_with("bias", lambda bias: np.append(bias[:-1], np.zeros_like(bias[-1:]))),
    ),
    batch_fault(
        name="bias-of-first-channel",
        sentence="the bias of the first channel added to all",
        applies=_BIASED,
        needs=f"{_OUT_CHANNELS} > 1",
        word="conv_i1_k1_f2_same_bias_iota",
        change=_with("bias", lambda bias: np.repeat(bias[:1], len(bias))),
    ),
    batch_fault(
        name="bias-along-width",
        sentence="the bias added along the last axis, where that is as long and the channels come first",
        applies=f"channels_first and {_BIASED}",
        needs=f"{_OUT_CHANNELS} > 1",
        word="conv_i2_k1_f2_same_cf_bias_iota",
        change=Answer(_biased_along_the_last),
        is_narrow=True,
    ),
    batch_fault(
        name="bias-twice",
        sentence="the bias added twice",
        applies=_BIASED,
        word="conv_i1_k1_same_bias_ones",
        change=_with("bias", lambda bias: bias + bias),
    ),
    batch_fault(
        name="bias-after-activation",
        sentence="the bias added after the activation instead of before",
        applies=f"{_BIASED} and {_ACTIVE}",
        word="conv_i1_k1_same_bias_relu_ints",
        change=Answer(_bias_last),
    ),
    batch_fault(
        name="activation-lost",
        sentence="the activation left out",
        applies=_ACTIVE,
        word="conv_i1_k1_same_relu_ints",
        change=Steps(lambda case: case.epilogue[:-1]),
    ),
    batch_fault(
        name="residual-lost",
        sentence="the residual never added",
        applies="'residual' in epilogue",
        word="conv_i1_k1_same_residual_ones",
        change=Steps(lambda case: _without(case, "residual")),
    ),
    batch_fault(
        name="mean-lost",
        sentence="batch normalisation without its mean",
        applies="'norm' in epilogue",
        word="conv_i1_k1_same_norm_ones",
        change=_with("mean", np.zeros_like),
    ),
    batch_fault(
        name="batch-repeats-first",
        sentence="every answer of a batch is that to its first input",
        applies=f"batch > 1 and {IMAGE}",
        word="conv_n2_i1_k1_same_iota",
        change=Answer(_first_repeated),
    ),
    batch_fault(
        name="only-first-of-batch",
        sentence="only the first of a batch answered",
        applies=f"batch > 1 and {IMAGE}",
        word="conv_n2_i1_k1_same_ones",
        change=Answer(_only_first),
    ),
)
