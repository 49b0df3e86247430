"""TensorFlow on the CPU: a subject for each of its roads to a convolution, and what is known of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.cases.epilogue import AROUND
from verify.cases.operands import Array
from verify.cases.predicates import Predicate, names_of
from verify.checks import deviations
from verify.checks.check import Declined
from verify.checks.deviations import Deviation
from verify.subjects.tensorflow.calls import ENTRIES
from verify.subjects.tensorflow.forward import NotDepthwise
from verify.subjects.tensorflow.gradients import NotSeparable
from verify.subjects.tensorflow.imported import SWITCHES, tf
from verify.subjects.tensorflow.layers import LAYERS, NoLayer, cannot_say
from verify.subjects.tensorflow.modes import MODES


class Limit(NamedTuple):
    """A documented limit of the entry points that `entries` are patterns of, in some modes.

    `when` is the condition, `says` are words of the errors, and `words` are cases that provoke them.
    `ours` says that they are the harness's own: TensorFlow has no argument by which it could be asked.
    """

    entries: tuple[str, ...]
    when: Predicate
    says: tuple[str, ...]
    words: tuple[str, ...]
    link: str
    modes: tuple[str, ...] = ("eager", "graph", "keras")
    ours: bool = False

    def is_of(self, mode: str, entry: str) -> bool:
        return mode in self.modes and any(fnmatchcase(entry, pattern) for pattern in self.entries)


class Road(NamedTuple):
    """How a subject runs: its mode, and the entry points that it takes in turn."""

    mode: str
    entries: tuple[str, ...]


OURS = (NoLayer, NotDepthwise, NotSeparable)
"""What the harness says of calls that TensorFlow has no argument for."""

_USUAL = (
    "conv_nd",
    "convolution",
    "depthwise",
    "separable",
    "conv_nd_transpose",
    "conv_transpose",
    "conv_nd_filter_gradient",
)

_GRADIENTS = tuple(each for each in ENTRIES if each.endswith("gradient") and not each.startswith("raw"))
_UNCONVERTED = ("depthwise_input", "separable_input", "depthwise_filter", "separable_filter")
_ALL = tuple(dict.fromkeys((*_USUAL, *_GRADIENTS)))

ROADS: Mapping[str, Road] = MappingProxyType(
    {
        "tensorflow": Road("eager", _USUAL),
        "tensorflow:convolution": Road(
            "eager", ("convolution", "conv_transpose", "convolution_filter_gradient")
        ),
        "tensorflow:gradient": Road("eager", _GRADIENTS),
        "tensorflow:raw": Road("eager", tuple(each for each in ENTRIES if each.startswith("raw"))),
        "tensorflow:graph": Road("graph", _ALL),
        "tensorflow:xla": Road("xla", _ALL),
        "tensorflow:keras": Road("keras", tuple(LAYERS)),
        "tensorflow:lite": Road("lite", tuple(each for each in _ALL if not each.startswith(_UNCONVERTED))),
    }
)
"""Every subject by its name."""


@cache
def limits() -> tuple[Limit, ...]:
    """TensorFlow's documented limits, from `limits.toml`."""
    text = files("verify.subjects.tensorflow").joinpath("limits.toml").read_text("utf-8")
    return tuple(_limit_of(entry) for entry in tomllib.loads(text)["limit"])


@cache
def limits_of(mode: str, entry: str) -> tuple[Limit, ...]:
    """The limits of one entry point in one mode."""
    return tuple(each for each in limits() if each.is_of(mode, entry))


def _limit_of(entry: Mapping[str, Any]) -> Limit:
    listed: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    return Limit(**{**listed, "when": Predicate(entry["when"])})


@cache
def known(name: str) -> tuple[Deviation, ...]:
    """What is recorded of this subject in the installed TensorFlow, from `known.toml`."""
    text = files("verify.subjects.tensorflow").joinpath("known.toml").read_text("utf-8")
    return deviations.read(text, subject=name, version=tf.__version__)


def call(mode: str, entry: str, case: Case) -> Array:
    """TensorFlow's answer through one entry point in one mode; its own errors pass through."""
    if entry in ENTRIES:
        ENTRIES[entry].require(case)
    return MODES[mode](entry, case)


def subject(name: str) -> TensorflowSubject:
    """The subject of a built-in name."""
    return TensorflowSubject(name, ROADS[name])


class TensorflowSubject:
    """Calls the first of its entry points that supports a case; declines where none does.

    The seed says with which of them it begins, so that all are exercised and a replay calls the same.
    """

    around = AROUND

    def __init__(self, name: str, road: Road) -> None:
        self.name = name
        self.switches: Mapping[str, str] = SWITCHES
        self.known = known(name)
        self.version: str = tf.__version__
        self.operations = tuple(dict.fromkeys(map(operation_of, road.entries)))
        self.refuses = self.operations
        self._road = road

    def __call__(self, case: Case) -> Any:
        try:
            return call(*self.way(case), case)
        except OURS as why:
            if case.illegal:
                raise Declined(str(why)) from None
            raise

    def way(self, case: Case) -> tuple[str, str]:
        """The mode and the entry point by which it answers a case; raises Declined where it has none."""
        entries = [each for each in self._road.entries if operation_of(each) == case.operation]
        if not entries:
            raise Declined(f"{self.name} has no {case.operation}")
        # A call that is refused whatever its numbers are shows nothing of them.
        names = names_of(mended(case) if case.illegal else case, self.switches)
        first = case.seed % len(entries)
        refusals = []
        for entry in entries[first:] + entries[:first]:
            met = [each for each in limits_of(self._road.mode, entry) if each.when.holds(names)]
            if met:
                refusals.append(f"{api_of(entry, case)}: {met[0].says[0]}")
            elif case.illegal and (why := cannot_say(entry, case)):
                refusals.append(f"{api_of(entry, case)}: {why}")
            else:
                return self._road.mode, entry
        raise Declined(refusals[0])


def mended(case: Case) -> Case:
    """A plain legal call with what an illegal one has beside its numbers: dtype, format, padding, groups."""
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


def operation_of(entry: str) -> str:
    """The operation that an entry point answers."""
    return (ENTRIES[entry] if entry in ENTRIES else LAYERS[entry]).operation


def api_of(entry: str, case: Case) -> str:
    """An entry point as TensorFlow names it."""
    return (ENTRIES[entry] if entry in ENTRIES else LAYERS[entry]).api.format(n=case.rank)
