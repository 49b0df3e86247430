"""A domain: the cases that a subject, or one of its ways, says it answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.dtypes import DTYPES, FORMATS
from verify.cases.fills import FILLS
from verify.cases.memory import LAYOUTS
from verify.cases.modes import PADDING_MODES, ZEROS
from verify.cases.operations import AROUND, OPERATIONS, kind_of
from verify.cases.predicates import Predicate, names_of
from verify.cases.quantised import PLAIN
from verify.cases.trimming import BELOW_STRIDE, OUTPUT_PADDINGS, output_padding_kind
from verify.cases.weights import OWN, WEIGHTS
from verify.cases.word import PADDINGS, InvalidCase

RANKS = (1, 2, 3)
DATA_FORMATS = ("channels_last", "channels_first")

LISTS: Mapping[str, Sequence[Any]] = {
    "operations": tuple(OPERATIONS),
    "ranks": RANKS,
    "dtypes": tuple(DTYPES),
    "data_formats": DATA_FORMATS,
    "paddings": PADDINGS,
    "padding_modes": PADDING_MODES,
    "output_paddings": OUTPUT_PADDINGS,
    "weight_dtypes": WEIGHTS,
    "around": AROUND,
    "views": tuple(LAYOUTS),
}
"""What a domain lists, and everything that each list may have."""

SPACE_LISTS = tuple(name for name in LISTS if name != "operations")
"""What it lists of each operation."""

_FORMATS_OF_RANKS = {
    **dict.fromkeys(("NWC", "NHWC", "NDHWC"), "channels_last"),
    **dict.fromkeys(("NCW", "NCHW", "NCDHW"), "channels_first"),
}


_OF_EVERY_CASE = ("ranks", "dtypes", "data_formats", "paddings", "padding_modes", "weight_dtypes")
"""Lists that have something of each case."""


def spelled(name: str, value: Any) -> Any:
    """A value of a list as that spells it, as a case says it ("NHWC", "SAME", its dtype) and in any case."""
    if isinstance(value, np.dtype | type) and name == "dtypes":
        value = value.name if isinstance(value, np.dtype) else value.__name__
    if not isinstance(value, str):
        return value
    word = _FORMATS_OF_RANKS.get(value.upper(), value.lower())
    return word if word in LISTS.get(name, ()) else value


def words_of(name: str) -> tuple[Any, ...]:
    """All that may be written for the values of a list."""
    return (*LISTS.get(name, ()), *(_FORMATS_OF_RANKS if name == "data_formats" else ()))


BOUNDS: Mapping[str, Callable[[Case], int]] = {
    "max_side": lambda case: max(case.size),
    "max_kernel": lambda case: max(case.kernel),
    "max_stride": lambda case: max(case.strides),
    "max_dilation": lambda case: max(case.dilations),
    "max_channels": lambda case: max(case.channels, case.filter_count),
    "max_groups": lambda case: case.groups,
    "max_batch": lambda case: case.batch,
}
"""What a domain bounds, and the number of a case that is bounded."""


def smaller(first: int | None, second: int | None) -> int | None:
    """The smaller of two bounds, of which None is none."""
    return min((bound for bound in (first, second) if bound is not None), default=None)


class Space(NamedTuple):
    """The cases of one operation that lists and bounds leave; a bound of None is none."""

    ranks: tuple[int, ...] = RANKS
    dtypes: tuple[str, ...] = tuple(FORMATS)
    data_formats: tuple[str, ...] = DATA_FORMATS
    paddings: tuple[str, ...] = PADDINGS
    padding_modes: tuple[str, ...] = (ZEROS,)
    output_paddings: tuple[str, ...] = BELOW_STRIDE
    weight_dtypes: tuple[str, ...] = (OWN,)
    around: tuple[str, ...] = AROUND
    views: tuple[str, ...] = ()
    max_side: int | None = None
    max_kernel: int | None = None
    max_stride: int | None = None
    max_dilation: int | None = None
    max_channels: int | None = None
    max_groups: int | None = None
    max_batch: int | None = None

    def why_not(self, case: Case) -> str:
        """What of a case is outside, in a phrase; "" for a case inside."""
        has: dict[str, Collection[Any]] = {
            "ranks": (case.rank,),
            "dtypes": (case.format.token,),
            "data_formats": (format_of(case),),
            "paddings": (case.padding_kind,),
            "padding_modes": () if case.padding == "VALID" else (case.padding_mode,),
            "output_paddings": (output_padding_kind(case),) if case.traits.answer == "source" else (),
            "weight_dtypes": (case.weights,),
            "around": [*map(kind_of, case.epilogue), *(["border"] if case.border else [])],
            "views": [layout for _, layout in case.memory],
        }
        for name, values in has.items():
            if others := [value for value in values if value not in getattr(self, name)]:
                if name == "views":
                    return (
                        f"it takes no operand that is {others[0]} in memory; its `views` say which it takes"
                    )
                listed = ", ".join(map(str, getattr(self, name)))
                return f"it answers {name.replace('_', ' ')} {listed or 'none'}, not {others[0]}"
        for name, number_of in BOUNDS.items():
            most = getattr(self, name)
            if most is not None and number_of(case) > most:
                return f"it answers {name} {most}, not {number_of(case)}"
        return ""

    def within(self, other: Space) -> Space:
        """What both leave, in this one's order."""
        left: dict[str, Any] = {
            name: tuple(value for value in getattr(self, name) if value in getattr(other, name))
            for name in SPACE_LISTS
        }
        left |= {name: smaller(getattr(self, name), getattr(other, name)) for name in BOUNDS}
        return Space(**left)

    def is_empty_of(self, operation: str) -> bool:
        """Whether a list that every case of an operation is in has nothing."""
        of_a_transpose = ("output_paddings",) * (OPERATIONS[operation].answer == "source")
        return not all(getattr(self, name) for name in (*_OF_EVERY_CASE, *of_a_transpose))


class NoReply(ValueError):
    """A condition that could not be tested on a case: what its test raised, in one sentence."""


class Condition(NamedTuple):
    """What no list can say: a test that is true of the cases inside, or only of those outside.

    It is of one operation, or of all where that is "". `reason` says in a phrase why a case is outside: as
    the subject does not answer it, or, where it is `unjudged`, as its answer could not be judged. One that is
    `of_illegal` calls is tested with such a call itself, and refuses no legal case.
    """

    test: Predicate | Callable[[Case], Any]
    reason: str
    operation: str = ""
    is_inside: bool = False
    unjudged: bool = False
    of_illegal: bool = False

    def refuses(self, case: Case, names: Mapping[str, Any]) -> bool:
        """Whether a case is outside; NoReply, one sentence, for a function that raises an error."""
        if self.operation not in ("", case.operation) or (self.of_illegal and not case.illegal):
            return False
        if isinstance(self.test, Predicate):
            return self.test.holds(names) != self.is_inside
        try:
            return bool(self.test(case)) != self.is_inside
        except NoReply:
            raise
        except Exception as error:
            raise NoReply(f"{self.reason} raised {type(error).__name__} on {case}: {error}") from error


@dataclass(frozen=True, kw_only=True)
class Domain:
    """The cases inside the space of their operation that no condition refuses.

    `names` are what conditions may use beside a case's own names.
    """

    spaces: Mapping[str, Space] = field(default_factory=lambda: dict.fromkeys(OPERATIONS, Space()))
    conditions: tuple[Condition, ...] = ()
    names: Mapping[str, Any] = field(default_factory=dict)

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(self.spaces)

    @property
    def key(self) -> Any:
        """What is the same of domains that are made alike."""
        return tuple(self.spaces.items()), self.conditions, self.used

    @cached_property
    def used(self) -> tuple[tuple[str, str], ...]:
        """The names that its conditions use, with their values as text."""
        texts = " ".join(each.test.text for each in self.conditions if isinstance(each.test, Predicate))
        return tuple((name, repr(value)) for name, value in self.names.items() if name in texts)

    def holds(self, case: Case) -> bool:
        """Whether a case is inside; an illegal one, whether the legal call beside it is and it is asked."""
        return not self.why_not(case)

    def why_not(self, case: Case) -> str:
        """Why a case is outside, in a phrase; "" for a case inside."""
        if case.operation not in self.spaces:
            return f"it answers {', '.join(self.spaces)}, not {case.operation}"
        legal = mended(case) if case.illegal else case
        if outside := self.spaces[case.operation].why_not(legal):
            return outside
        names = names_of(legal, self.names) if self.conditions else {}
        usual = (
            each for each in self.conditions if not (case.illegal and (each.unjudged or each.of_illegal))
        )
        reason = next((each.reason for each in usual if each.refuses(legal, names)), "")
        return reason or (self._why_not_asked(case) if case.illegal else "")

    def _why_not_asked(self, case: Case) -> str:
        """Why an illegal call is not asked as it is, in a phrase; "" for one that is."""
        own = [each for each in self.conditions if each.of_illegal]
        names = names_of(case, self.names) if own else {}
        return next((each.reason for each in own if each.refuses(case, names)), "")

    def within(self, other: Domain) -> Domain:
        """What both leave, of the operations in this one's order."""
        spaces = {
            operation: space.within(other.spaces[operation])
            for operation, space in self.spaces.items()
            if operation in other.spaces
        }
        return Domain(
            spaces={name: space for name, space in spaces.items() if not space.is_empty_of(name)},
            conditions=(*self.conditions, *other.conditions),
            names={**other.names, **self.names},
        )

    def narrowed(self, narrowings: Mapping[str, Any]) -> Domain:
        """What the narrowings of `strategies.cases` leave, of those that a domain can say.

        Of views that are chosen, an operation that has none of them has nothing: its other cases show none.
        """
        said: dict[str, Any] = {
            name: tuple(spelled(name, word) for word in value) if name in LISTS else value
            for name, value in narrowings.items()
            if value is not None and (name in LISTS or name in BOUNDS)
        }
        operations = said.pop("operations", self.operations)
        space = Space(**{**_WHOLE, **said})
        left = Domain(spaces=dict.fromkeys(operations, space)).within(self)
        if not said.get("views"):
            return left
        return replace(left, spaces={name: part for name, part in left.spaces.items() if part.views})

    def carried(self, case: Case) -> Case | None:
        """The case, or the first inside with another data format, dtype or rank; None where there is none."""
        if self.holds(case):
            return case
        space = self.spaces.get(case.operation)
        if space is None:
            return None
        return next(filter(self.holds, _carried(case, space)), None)


_WHOLE: Mapping[str, Any] = {
    "dtypes": tuple(DTYPES),
    "padding_modes": PADDING_MODES,
    "output_paddings": OUTPUT_PADDINGS,
    "weight_dtypes": WEIGHTS,
    "views": tuple(LAYOUTS),
}
"""Everything of the lists of which a space has some alone unless it says more."""

EVERY_CASE = Domain(spaces=dict.fromkeys(OPERATIONS, Space(**_WHOLE)))
"""Every case; one that says nothing has no quantised dtype, pads with zeros and is C-contiguous."""


def joined(domains: Iterable[Domain]) -> Domain:
    """The lists and bounds of what any of these domains has, in the order of the vocabulary."""
    spaces: dict[str, list[Space]] = {}
    for domain in domains:
        for operation, space in domain.spaces.items():
            spaces.setdefault(operation, []).append(space)
    return Domain(spaces={operation: _union(alike) for operation, alike in spaces.items()})


def _union(spaces: Sequence[Space]) -> Space:
    union: dict[str, Any] = {
        name: tuple(value for value in LISTS[name] if any(value in getattr(space, name) for space in spaces))
        for name in SPACE_LISTS
    }
    for name in BOUNDS:
        bounds = [getattr(space, name) for space in spaces]
        union[name] = None if None in bounds else max(bounds)
    return Space(**union)


def _carried(case: Case, space: Space) -> Iterator[Case]:
    """A case with what a space has in place of its rank, dtype and data format, the likest first."""
    ranks = sorted(space.ranks, key=lambda rank: abs(rank - case.rank))
    tokens = sorted(space.dtypes, key=lambda token: token != case.format.token)
    formats = sorted(space.data_formats, key=lambda name: name != format_of(case))
    for rank, token, data_format in product(ranks, tokens, formats):
        try:
            yield replace(
                with_rank(case, rank),
                dtype=DTYPES[token].dtype,
                channels_first=data_format == "channels_first",
            )
        except InvalidCase:
            continue


def format_of(case: Case) -> str:
    """One of DATA_FORMATS."""
    return DATA_FORMATS[case.channels_first]


def with_rank(case: Case, rank: int) -> Case:
    """A case with axes of one cell put before its own, or with its first axes left out."""
    if rank == case.rank:
        return case
    more = max(rank - case.rank, 0)
    names = ("size", "kernel", "strides", "dilations")
    change: dict[str, Any] = {name: ((1,) * more + getattr(case, name))[-rank:] for name in names}
    for name, pairs in (("padding", case.padding), ("border", case.border)):
        if pairs and not isinstance(pairs, str):
            change[name] = (((0, 0),) * more + pairs)[-rank:]
    if case.trimmed:
        change["trimmed"] = ((0,) * more + case.trimmed)[-rank:]
    return replace(case, **change)


def with_fill(case: Case, fill: str, *, seed: int) -> Case:
    """The case with another fill, and the seed where that takes one."""
    return replace(case, fill=fill, seed=seed if FILLS[fill].is_seeded else 0)


def as_grouped(case: Case) -> Case:
    """A depthwise convolution as the convolution of as many groups as channels that it is."""
    filters = case.channels * case.multiplier
    return replace(case, operation="conv", filter_count=filters, groups=case.channels, multiplier=1)


def mended(case: Case) -> Case:
    """A plain legal call with what an illegal one has beside its numbers: dtype, format, padding, groups.

    A call that is refused whatever its numbers are shows nothing of them.
    """
    channels, filters = max(case.channels, 1), max(case.filter_count, 1)
    groups = case.groups if case.groups > 0 and channels % case.groups == 0 == filters % case.groups else 1
    return replace(
        case,
        illegal=False,
        seed=0,
        given_out=(),
        given_shapes=(),
        given_dtypes=(),
        quantised=PLAIN,
        weights=OWN,
        memory=(),
        trimmed=(),
        batch=1,
        channels=channels,
        filter_count=filters,
        multiplier=max(case.multiplier, 1),
        size=(4,) * case.rank,
        kernel=(1,) * case.rank,
        strides=(),
        dilations=(),
        groups=groups,
        padding=case.padding if isinstance(case.padding, str) else ((1, 1),) * case.rank,
    )
