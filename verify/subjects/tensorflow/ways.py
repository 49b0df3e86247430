"""TensorFlow's ways to compute a convolution, and the subjects that use them in turn."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.cases.operations import AROUND
from verify.cases.predicates import names_of
from verify.checks.deviations import Deviation, about
from verify.checks.subject import Declined
from verify.subjects.processor import condition_names
from verify.subjects.tensorflow.entries import ENTRIES, Entry
from verify.subjects.tensorflow.forward import NoCall
from verify.subjects.tensorflow.imported import SWITCHES, tf
from verify.subjects.tensorflow.layers import LAYERS, Layer, cannot_say
from verify.subjects.tensorflow.modes import MODES
from verify.subjects.tensorflow.tables import Limit, deviations, limits

_BY_NAME: Mapping[str, Entry | Layer] = {**ENTRIES, **LAYERS}


class Way(NamedTuple):
    """One entry point in one mode, both by name."""

    mode: str
    entry: str

    @property
    def operation(self) -> str:
        """The operation that it computes."""
        return _BY_NAME[self.entry].operation

    def api(self, case: Case) -> str:
        """The entry point as TensorFlow names it, for as many axes as the case has."""
        return _BY_NAME[self.entry].api.format(n=case.rank)

    def answer(self, case: Case) -> Array:
        """TensorFlow's answer; its own errors pass through."""
        if self.entry in ENTRIES:
            ENTRIES[self.entry].require(case)
        return MODES[self.mode](self.entry, case)


_RAW = tuple(entry for entry in ENTRIES if entry.startswith("raw"))
_BY_TAPE = tuple(entry for entry in ENTRIES if entry.endswith("gradient") and entry not in _RAW)
_TF_NN = tuple(entry for entry in ENTRIES if entry not in (*_RAW, *_BY_TAPE))
_EAGER = (*_TF_NN, "conv_nd_filter_gradient")
_TRACED = tuple(dict.fromkeys((*_EAGER, *_BY_TAPE)))
_CONVERTED = tuple(entry for entry in _TRACED if not re.match("(depthwise|separable)_(input|filter)", entry))
_GENERAL = ("convolution", "conv_transpose", "convolution_filter_gradient")

WAYS: Mapping[str, tuple[Way, ...]] = MappingProxyType(
    {
        name: tuple(Way(mode, entry) for entry in entries)
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
"""Every subject by its name, with the ways that it takes in turn."""


@cache
def limits_of(way: Way) -> tuple[Limit, ...]:
    """The limits of one entry point in one mode."""
    return tuple(limit for limit in limits() if limit.is_of(*way))


@cache
def known_deviations(name: str) -> tuple[Deviation, ...]:
    """The known deviations of this subject in the installed TensorFlow."""
    return about(deviations(), subject=name, version=tf.__version__)


class TensorflowSubject:
    """Takes the first of its ways that supports a case; declines if none does.

    The seed chooses the first, so that all are exercised and a replay takes the same.
    """

    around = AROUND

    def __init__(self, name: str, ways: tuple[Way, ...]) -> None:
        self.name = name
        self.switches: Mapping[str, str] = SWITCHES
        self.condition_names = condition_names(SWITCHES)
        self.known = known_deviations(name)
        self.version: str = tf.__version__
        self.operations = tuple(dict.fromkeys(way.operation for way in ways))
        self.refuses = self.operations
        self._ways = ways

    def __call__(self, case: Case) -> Any:
        try:
            return self.way(case).answer(case)
        except NoCall as error:
            if case.illegal:
                raise Declined(str(error)) from None
            raise

    def way(self, case: Case) -> Way:
        """The way in which it answers a case; raises Declined if it has none."""
        ways = [way for way in self._ways if way.operation == case.operation]
        if not ways:
            raise Declined(f"{self.name} has no {case.operation}")
        # A call that is refused for other reasons than its numbers tests nothing.
        names = names_of(mended(case) if case.illegal else case, self.condition_names)
        first = case.seed % len(ways)
        reasons = []
        for way in ways[first:] + ways[:first]:
            reason = next((limit.says[0] for limit in limits_of(way) if limit.when.holds(names)), "")
            reason = reason or (cannot_say(way.entry, case) if case.illegal else "")
            if not reason:
                return way
            reasons.append(f"{way.api(case)}: {reason}")
        raise Declined(reasons[0])


def mended(case: Case) -> Case:
    """A simple legal call with the dtype, data format, padding and groups of an illegal one."""
    divides = case.channels % case.groups == 0 == case.filter_count % case.groups
    return replace(
        case,
        illegal=False,
        seed=0,
        given_out=(),
        batch=1,
        size=(4,) * case.rank,
        kernel=(1,) * case.rank,
        strides=(),
        dilations=(),
        groups=case.groups if divides else 1,
        padding=case.padding if isinstance(case.padding, str) else ((1, 1),) * case.rank,
    )
