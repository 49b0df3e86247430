"""Regions: named parts of the space of cases that libraries treat by a kernel of their own."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, NamedTuple, TypeAlias

from verify.cases.case import Case
from verify.cases.dtypes import DTYPES, QUANTISED
from verify.cases.expressions import Expression
from verify.cases.grammar import require_grammar
from verify.cases.operations import OPERATIONS
from verify.cases.predicates import FUNCTIONS, Predicate, names_of
from verify.cases.word import PADDINGS

NAMES = ("rank", "kernel", "stride", "dilation", "span", "taps", "outs", "channels", "groups")
"""What a number that is written as text may use: of an axis its own, of a count those of the last axis, the
taps of a kernel, the windows of an image, and the counts that are drawn before."""

EXPENSIVE = ("float64", "int32", *QUANTISED)
"""Dtypes whose sums take NumPy ten times as long: of real numbers in twice the precision, or of integers."""

MOST_PRODUCTS = {token: 150_000 if token in EXPENSIVE else 1_000_000 for token in DTYPES}
"""Dtype → the products of the largest case that is drawn in a region, so that the reference takes 5 ms."""
MOST_STEPS = 300
"""Taps and groups, multiplied, of the largest case of a gradient, whose reference takes one after another."""


class Formula(NamedTuple):
    """A number that is written as text, such as `span - 1`."""

    text: str
    expression: Expression

    def __call__(self, names: Mapping[str, Any]) -> int:
        return int(self.expression.value(names))


Number: TypeAlias = int | Formula
Option: TypeAlias = Number | tuple[Number, ...]
Pair: TypeAlias = tuple[Number, ...]


class Draws(NamedTuple):
    """What is drawn inside a region: the options of each number, the simplest first.

    `kernel`, `stride` and `dilation` are one number for all axes, or one for each; `size` and `pads` are
    drawn for each axis, `last` and `last_pads` for the last one; where an axis `turns`, their order may be
    the reverse.
    """

    ranks: tuple[int, ...] = (2, 1, 2, 3)
    paddings: tuple[str, ...] = PADDINGS
    dtypes: tuple[str, ...] = (*("float32",) * 4, "float16", "bfloat16", "float64", "int32", *QUANTISED)
    formats: tuple[str, ...] = (*("channels_last",) * 4, "channels_first")
    kernel: tuple[Option, ...] = (3, 1, 2)
    stride: tuple[Option, ...] = (1,)
    dilation: tuple[Option, ...] = (1,)
    size: tuple[Number, ...] = (3, 4, 5, 6, 7, 8)
    last: tuple[Number, ...] = ()
    turns: bool = False
    pads: tuple[Pair, ...] = ((0, 0), (1, 1), (1, 0), (0, 1))
    last_pads: tuple[Pair, ...] = ()
    border: tuple[Pair, ...] = ()
    batch: tuple[Number, ...] = (1, 1, 2, 3)
    channels: tuple[Number, ...] = (1, 2, 3, 4)
    groups: tuple[Number, ...] = (1,)
    filters: tuple[Number, ...] = (1, 2, 3, 4)
    multiplier: tuple[Number, ...] = (1, 1, 2)


@dataclass(frozen=True, kw_only=True)
class Region:
    """A part of the space of cases, with the libraries whose kernels change there and where that is written.

    One with a larger `chance` is drawn more often. `draws` are the options that differ from the usual ones,
    `by` more of them for an operation, and `float64` those of the dtypes whose reference is EXPENSIVE.
    """

    name: str
    sentence: str
    operations: tuple[str, ...]
    when: Predicate
    libraries: Mapping[str, str]
    chance: int = 1
    draws: Mapping[str, Any] = field(default_factory=dict)
    by: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    float64: Mapping[str, Any] = field(default_factory=dict)

    def holds(self, case: Case, names: Mapping[str, Any] | None = None) -> bool:
        """Whether a case is inside; `names` is `names_of(case)`, where it is there."""
        if case.illegal or case.is_bias_gradient or case.operation not in self.operations:
            return False
        return self.when.holds(names_of(case) if names is None else names)

    def drawn(self, operation: str, dtype: str) -> Draws:
        """What is drawn of an operation in a dtype."""
        return self._drawn[operation, dtype in EXPENSIVE]

    @cached_property
    def _drawn(self) -> Mapping[tuple[str, bool], Draws]:
        return {
            (name, is_smaller): Draws(
                **{**self.draws, **self.by.get(name, {}), **(self.float64 if is_smaller else {})}
            )
            for name in self.operations
            for is_smaller in (False, True)
        }


def work(case: Case) -> int:
    """The products of a convolution or gradient, those with padding counted."""
    windows = case.batch * math.prod(axis.out for axis in case.axes)
    taps = math.prod(case.kernel)
    if case.traits.has_multiplier:
        pointwise = case.filter_count if case.traits.has_pointwise else 0
        return windows * case.channels * case.multiplier * (taps + pointwise)
    return windows * taps * (case.channels // case.groups) * case.filter_count


def is_affordable(case: Case) -> bool:
    """Whether the reference of a case takes as little as that of a drawn one must."""
    steps = math.prod(case.kernel) * case.groups if not case.traits.is_convolution else case.groups
    return work(case) <= MOST_PRODUCTS[case.format.token] and steps <= MOST_STEPS


@cache
def _text() -> str:
    return files("verify.cases").joinpath("regions.toml").read_text(encoding="utf-8")


@cache
def region_names() -> tuple[str, ...]:
    """The names of all regions; they are found without reading the rest, which takes 10 ms."""
    return tuple(re.findall(r'^name = "(.+)"$', _text(), re.MULTILINE))


@cache
def regions() -> Mapping[str, Region]:
    """Every region by its name, from `regions.toml`."""
    return parse_regions(_text())


def regions_of(case: Case) -> tuple[str, ...]:
    """The names of the regions that a case lies in."""
    candidates = _by_operation().get(case.operation, ())
    if case.illegal or case.is_bias_gradient:
        return ()
    names = names_of(case)
    return tuple(region.name for region in candidates if region.when.holds(names))


def is_in(case: Case, names: Collection[str] | None) -> bool:
    """Whether a case lies in one of these regions; any does where these are None."""
    return names is None or any(name in names for name in regions_of(case))


@cache
def _by_operation() -> Mapping[str, Sequence[Region]]:
    every = regions().values()
    return {name: [region for region in every if name in region.operations] for name in OPERATIONS}


def parse_regions(text: str) -> dict[str, Region]:
    """The regions of a TOML text.

    Raises ValueError, one sentence that names the region, for an entry with a missing or unknown key, a bad
    condition or a number that cannot be read.
    """
    table = tomllib.loads(text)
    require_grammar(table.get("grammar"), "regions.toml")
    sources = table["source"]
    parsed: dict[str, Region] = {}
    for entry in table["region"]:
        name = entry.get("name", "")
        try:
            region = _region(entry, sources)
        except (KeyError, TypeError, ValueError) as wrong:
            what = f"it has no {wrong}" if isinstance(wrong, KeyError) else str(wrong)
            raise ValueError(f"the region {name!r} cannot be read: {what}") from None
        if name in parsed:
            raise ValueError(f"there are two regions {name!r}")
        parsed[name] = region
    return parsed


_KEYS = {"name", "sentence", "operations", "when", "sources", "chance", "draws", "float64"}


def _region(entry: Mapping[str, Any], sources: Mapping[str, Sequence[str]]) -> Region:
    if unknown := [*set(entry) - _KEYS]:
        raise ValueError(f"{unknown[0]!r} is none of its keys")
    draws = dict(entry["draws"])
    by = {operation: _draws(fields) for operation, fields in draws.pop("by", {}).items()}
    if others := [name for name in (*entry["operations"], *by) if name not in OPERATIONS]:
        raise ValueError(f"{others[0]!r} is no operation")
    smaller = _draws(entry.get("float64", {}))
    if early := [name for name in smaller if name in ("ranks", "paddings", "dtypes", "formats")]:
        raise ValueError(f"{early[0]!r} is drawn before the dtype, and is the same in float64")
    return Region(
        name=entry["name"],
        sentence=entry["sentence"],
        operations=tuple(entry["operations"]),
        when=Predicate(entry["when"]),
        libraries={sources[source][0]: sources[source][1] for source in reversed(entry["sources"])},
        chance=entry.get("chance", 1),
        draws=_draws(draws),
        by=by,
        float64=smaller,
    )


def _draws(fields: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := [*set(fields) - set(Draws._fields)]:
        raise ValueError(f"{unknown[0]!r} is nothing that is drawn")
    words = ("paddings", "dtypes", "formats")
    return {
        name: value if name == "turns" else tuple(value) if name in words else _option(value)
        for name, value in fields.items()
    }


def _option(value: Any) -> Any:
    """Numbers as they are, lists as tuples, texts as formulas."""
    if isinstance(value, list):
        return tuple(map(_option, value))
    if isinstance(value, str):
        return Formula(value, Expression(value, names=NAMES, functions=FUNCTIONS))
    return value
