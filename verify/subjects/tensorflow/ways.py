"""TensorFlow's ways to a convolution, the subjects that have them, and what is known of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import MappingProxyType
from typing import TypeAlias

from verify.cases.case import Case
from verify.cases.domain import Domain, Space
from verify.cases.operands import Array
from verify.cases.operations import OPERATIONS
from verify.checks.deviations import Deviation
from verify.checks.limits import Limit
from verify.checks.subject import Declined
from verify.subjects.built_in import BuiltIn, NoCall, conditions_inside, known_of
from verify.subjects.documented import limits_of
from verify.subjects.litert.ways import OperatorWay
from verify.subjects.processor import condition_names
from verify.subjects.tensorflow.entries import ENTRIES, Entry
from verify.subjects.tensorflow.fake_quantised import CONVERTED as CONVERTED_WAYS
from verify.subjects.tensorflow.fake_quantised import EAGER as EAGER_GRIDS
from verify.subjects.tensorflow.fake_quantised import FakeQuantisedWay
from verify.subjects.tensorflow.forward import PADDING_MODES
from verify.subjects.tensorflow.imported import SWITCHES, tf
from verify.subjects.tensorflow.layers import LAYERS, Layer
from verify.subjects.tensorflow.lite import WAYS as LITE_WAYS
from verify.subjects.tensorflow.modes import MODES
from verify.subjects.tensorflow.switches import MATRIX
from verify.subjects.tensorflow.uniform import WAYS as UNIFORM_WAYS
from verify.subjects.tensorflow.uniform import UniformWay
from verify.subjects.tensorflow.unsaid import cannot_say

_BY_NAME: Mapping[str, Entry | Layer] = {**ENTRIES, **LAYERS}

_UNKNOWN = {"none": "", "sizes": "+unknown-batch", "all": "+unknown-sizes"}
"""What a graph's trace leaves open → what that adds to a way's name."""


_FILLED = (
    "batch > 0 and 0 not in size and 0 not in out",
    "tf.pad has no cells of an empty array to repeat, and VALID no answer without a window",
)


@dataclass(frozen=True)
class Way:
    """One entry point in one mode, both by name, for these numbers of spatial axes; a subject of its own.

    `unknown` is what a trace of it leaves open: see `modes.graph`.
    """

    mode: str
    entry: str
    ranks: tuple[int, ...] = (1, 2, 3)
    unknown: str = "none"

    @property
    def operation(self) -> str:
        """The operation that it computes."""
        return _BY_NAME[self.entry].operation

    def api(self, rank: int) -> str:
        """The entry point as TensorFlow names it, for so many axes."""
        return _BY_NAME[self.entry].api.format(n=rank)

    @property
    def name(self) -> str:
        """The entry point's name, and what is done with it."""
        name = self.api(self.ranks[0]).rpartition(" ")[2].removeprefix("tf.raw_ops.")
        gradient = re.search(r"_(input|filter)_gradient$", self.entry)
        is_taped = gradient and not self.entry.startswith("raw")
        by = f"+{gradient[1]}-gradient" if gradient and is_taped else ""
        return f"{name.removeprefix('keras.layers.')}{by}{_UNKNOWN[self.unknown]}"

    @property
    def operations(self) -> tuple[str, ...]:
        return (self.operation,)

    @cached_property
    def domain(self) -> Domain:
        """The cases of its operation and axes; what it is documented not to support are its limits."""
        space = Space(ranks=self.ranks)
        if not self.entry.startswith("padded"):
            return Domain(spaces={self.operation: space})
        padded = space._replace(paddings=("same", "explicit"), padding_modes=PADDING_MODES)
        return Domain(spaces={self.operation: padded}, conditions=conditions_inside((_FILLED,)))

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Those of its entry point; of the call after `tf.pad`, which has VALID, none of explicit padding."""
        called = self.entry.removeprefix("padded_")
        limits = limits_of("tensorflow", self.mode, called)
        if called == self.entry:
            return limits
        return tuple(limit for limit in limits if "padding == 'explicit'" not in limit.when.text)

    def __call__(self, case: Case) -> Array:
        """TensorFlow's answer; its own errors pass through. Raises Declined where no call can be written."""
        if case.illegal and (reason := cannot_say(self.entry, case)):
            raise Declined(reason)
        try:
            return self.answer(case)
        except NoCall as error:
            if case.illegal:
                raise Declined(str(error)) from None
            raise

    def answer(self, case: Case) -> Array:
        """TensorFlow's answer; its own errors pass through, and NoCall where no call can be written."""
        if self.entry in ENTRIES:
            ENTRIES[self.entry].require(case)
        traced = {"unknown": self.unknown} if self.unknown != "none" else {}
        return MODES[self.mode](self.entry, case, **traced)


_RAW = tuple(entry for entry in ENTRIES if entry.startswith("raw"))
_BY_TAPE = tuple(entry for entry in ENTRIES if entry.endswith("gradient") and entry not in _RAW)
_TF_NN = tuple(entry for entry in ENTRIES if entry not in (*_RAW, *_BY_TAPE))
_EAGER = (*_TF_NN, "conv_nd_filter_gradient")
_TRACED = tuple(entry for entry in dict.fromkeys((*_EAGER, *_BY_TAPE)) if not entry.startswith("padded"))
_CONVERTED = tuple(entry for entry in _TRACED if not re.match("(depthwise|separable)_(input|filter)", entry))
_GENERAL = ("convolution", "conv_transpose", "convolution_filter_gradient")


def _ways(mode: str, entries: Iterable[str]) -> Iterator[Way]:
    """The ways of entry points in a mode: one for each number of axes that has a name of its own."""
    for entry in entries:
        ranks = [rank for rank in _ranks(entry) if rank in OPERATIONS[_BY_NAME[entry].operation].ranks]
        several = [(rank,) for rank in ranks] if "{n}" in _BY_NAME[entry].api else [tuple(ranks)]
        for unknown in _UNKNOWN if mode == "graph" else ("none",):
            yield from (Way(mode, entry, ranks, unknown) for ranks in several)


def _ranks(entry: str) -> tuple[int, ...]:
    """The numbers of axes of which there is such an entry point."""
    if entry in ("raw_conv", "raw_input_gradient", "raw_filter_gradient"):
        return (2, 3)
    if entry.startswith("raw_depthwise") or entry == "raw_padded_conv":
        return (2,)
    return (1, 2) if re.search("depthwise|separable", entry) else (1, 2, 3)


AnyWay: TypeAlias = Way | OperatorWay | UniformWay | FakeQuantisedWay

_OPERATORS: Mapping[str, tuple[AnyWay, ...]] = {
    "tensorflow:lite": (*LITE_WAYS, *CONVERTED_WAYS),
    "tensorflow:raw": (*UNIFORM_WAYS, *EAGER_GRIDS),
}

WAYS: Mapping[str, tuple[AnyWay, ...]] = MappingProxyType(
    {
        name: (*_ways(mode, entries), *_OPERATORS.get(name, ()))
        for name, mode, entries in (
            ("tensorflow", "eager", _EAGER),
            ("tensorflow:convolution", "eager", _GENERAL),
            ("tensorflow:gradient", "eager", _BY_TAPE),
            ("tensorflow:raw", "eager", _RAW),
            ("tensorflow:graph", "graph", _TRACED),
            ("tensorflow:xla", "xla", _TRACED),
            ("tensorflow:keras", "keras", LAYERS),
            ("tensorflow:lite", "lite", _CONVERTED),
        )
    }
)
"""Every subject by its name, with its ways."""


@cache
def known_deviations(name: str) -> tuple[Deviation, ...]:
    """The known deviations of this subject in the installed TensorFlow."""
    return known_of(name, version=tf.__version__)


COSTS = {"eager": 1, "keras": 2, "graph": 4, "xla": 8, "lite": 16}
"""Mode → how many eager calls a case of it takes, roughly, with its trace, compilation or conversion."""


def subject_of(name: str, ways: Iterable[AnyWay]) -> BuiltIn:
    """The subject of this name, with these of its ways."""
    by_name = {way.name: way for way in ways}
    modes = {way.mode for way in by_name.values()}
    return BuiltIn(
        name=name,
        version=tf.__version__,
        ways=by_name,
        known=known_deviations(name),
        switches=SWITCHES,
        matrix=MATRIX,
        condition_names=condition_names(SWITCHES),
        refuses=tuple(dict.fromkeys(each for way in by_name.values() for each in way.operations)),
        compiles=not modes.isdisjoint(("graph", "xla", "lite")),
        cost=max(map(COSTS.__getitem__, modes)),
    )
