"""What can be drawn of an operation inside a domain: the decisions that are open, one after another."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from itertools import chain, islice, product
from typing import Any

from verify.cases.case import Case
from verify.cases.domain import Condition, Domain, Space, format_of
from verify.cases.dtypes import DTYPES
from verify.cases.geometry import dilated
from verify.cases.modes import ZEROS
from verify.cases.narrowings import DILATED, STRIDED, step_of
from verify.cases.operations import OPERATIONS
from verify.cases.predicates import names_of
from verify.cases.trimming import BELOW_STRIDE
from verify.cases.weights import OWN
from verify.cases.word import InvalidCase, Padding

from .probing import Change, asks_for_numbers, changes, fuller, towards
from .weighing import weighed

GROUPINGS = ("one", "some", "each")
"""One group of all channels, several groups, and a group for each channel."""

Decisions = tuple[Any, ...]
"""Rank, padding, dtype, data format, step and grouping, as far as they are made."""

STEP = 4
"""The decisions before that on the step."""


class Plan:
    """The decisions on a case of one operation inside a domain.

    A decision is open where some case that follows from it is inside, by what a few plain ones show: so
    that what is drawn lies inside by construction, but for what depends on other numbers. Where no plain
    one of any decisions is inside, as of a condition on `channels`, those with the first numbers are asked
    by which one is.
    """

    def __init__(self, operation: str, domain: Domain, steps: Sequence[str]) -> None:
        self.operation = OPERATIONS[operation]
        self.domain = domain
        self.space: Space = domain.spaces[operation]
        self._conditions = tuple(each for each in domain.conditions if each.operation in ("", operation))
        self._levels: tuple[tuple[Any, ...], ...] = (
            tuple(rank for rank in self.space.ranks if rank in self.operation.ranks),
            self.space.paddings,
            self.space.dtypes,
            self.space.data_formats,
            tuple(steps),
            self._groupings(),
        )
        self.has_modes = self.space.padding_modes != (ZEROS,)
        self.has_trimmed = self.operation.answer == "source" and self.space.output_paddings != BELOW_STRIDE
        self.has_weights = self.space.weight_dtypes != (OWN,)
        self._has_bias = "bias" in self.space.around
        modes = (("modes", str(self.space.padding_modes)),) if self.has_modes else ()
        weights = (("weights", str(self.space.weight_dtypes)),) if self.has_weights else ()
        names = (*domain.used, ("bias", str(self._has_bias)), *modes, *weights)
        self._open, self._known_open, self._changes = _open_decisions(
            operation, self._levels, self._conditions, names
        )
        self.key = operation, self.space, tuple(steps), self._conditions, names

    def _groupings(self) -> tuple[str, ...]:
        is_grouped = self.operation.has_groups and (self.space.max_groups or 2) > 1
        return GROUPINGS if is_grouped and (self.space.max_channels or 2) > 1 else GROUPINGS[:1]

    def open(self, made: Decisions = ()) -> tuple[Any, ...]:
        """The options of the next decision that leave a case."""
        if made not in self._open:
            options = self._levels[len(made)]
            self._open[made] = (
                options
                if not (self._conditions or self.has_weights)
                else tuple(option for option in options if self._is_open((*made, option)))
            )
            if not (made or self._open[made] or self._changes):
                self._changes.extend(islice(self._fitting(), 1))
                if self._changes:
                    self._open.clear()
                    self._known_open.clear()
                    return self.open()
        return self._open[made]

    def may_step(self, wanted: Collection[str], made: Decisions = ()) -> bool:
        """Whether one of these steps is open after some decisions."""
        options = self.open(made)
        if len(made) == STEP:
            return not set(wanted).isdisjoint(options)
        return any(self.may_step(wanted, (*made, option)) for option in options)

    def _fitting(self) -> Iterator[Change]:
        """What makes a plain case of some decisions fuller, so that it is inside."""
        first = tuple(options[0] for options in self._levels if options)
        if len(first) < len(self._levels) or not self._conditions:
            return
        shapes = list(product(*self._levels[:2], *((option,) for option in first[2:])))
        others = [
            (*first[:place], option, *first[place + 1 :])
            for place, options in enumerate(self._levels[2:], start=2)
            for option in options[1:]
        ]
        of_decisions = (
            plain_cases(self.operation.name, made, self.space.padding_modes) for made in (*shapes, *others)
        )
        plain = [cases[0] for cases in of_decisions if cases]
        if not all(map(asks_for_numbers, self._closing(plain))):
            return
        for change in changes():
            made_fuller = (fuller(case, change) for case, _ in plain)
            if any(case and not self.space.why_not(case) and self.holds(case) for case in made_fuller):
                yield change

    def _closing(self, plain: Sequence[tuple[Case, Mapping[str, Any]]]) -> list[Condition]:
        """The conditions that refuse each of some plain cases by themselves."""
        named = [(case, {**names, **self.domain.names}) for case, names in plain]
        return [
            condition
            for condition in self._conditions
            if all(condition.refuses(case, names) for case, names in named)
        ]

    def _is_open(self, made: Decisions) -> bool:
        """Whether the decisions leave a case; of the options of the next one, up to the first that does."""
        if made in self._open:
            return bool(self._open[made])
        if made not in self._known_open:
            left = self._levels[len(made) : len(made) + 1]
            self._known_open[made] = (
                any(self._is_open((*made, option)) for option in left[0])
                if left
                else next(self.plain(made), None) is not None
            )
        return self._known_open[made]

    def plain(self, made: Decisions) -> Iterator[Case]:
        """The plain cases of these decisions that are inside."""
        for case, names in self._plain(made):
            if (self._has_bias or not case.epilogue) and self._takes(case, {**names, **self.domain.names}):
                yield from weighed(case, self.space.weight_dtypes) if self.has_weights else (case,)

    def _plain(self, made: Decisions) -> Iterator[tuple[Case, Mapping[str, Any]]]:
        """The plain cases of these decisions with their names, fuller where plain ones are all outside."""
        for case, names in plain_cases(self.operation.name, made, self.space.padding_modes):
            if not self._changes:
                yield case, names
            for other in filter(None, (fuller(case, change) for change in self._changes)):
                yield other, names_of(other)

    def holds(self, case: Case) -> bool:
        """Whether a case that lists and bounds leave is inside."""
        return not self._conditions or self._takes(case, names_of(case, self.domain.names))

    def _takes(self, case: Case, names: Mapping[str, Any]) -> bool:
        """Whether no condition refuses a case of these names."""
        return not any(condition.refuses(case, names) for condition in self._conditions)

    def is_unjudged(self, case: Case) -> bool:
        """Whether a case is outside as its answer could not be judged."""
        conditions = [condition for condition in self._conditions if condition.unjudged]
        names = names_of(case, self.domain.names) if conditions else {}
        return any(condition.refuses(case, names) for condition in conditions)

    def inside(self, case: Case) -> Case | None:
        """The case, or the first inside of some that are plainer or nearer to one inside, if any is."""
        if self.holds(case):
            return case
        nearer = (towards(case, other) for other in islice(self.plain(decisions_of(case)), 1))
        for change in chain(plainer(case), chain.from_iterable(nearer)):
            with suppress(InvalidCase):
                other = replace(case, **change)
                if not self.space.why_not(other) and self.holds(other):
                    return other
        return None


@cache
def _open_decisions(
    operation: str,
    levels: tuple[tuple[Any, ...], ...],
    conditions: tuple[Condition, ...],
    names: tuple[tuple[str, str], ...],
) -> tuple[dict[Decisions, tuple[Any, ...]], dict[Decisions, bool], list[Change]]:
    """The options that are known to leave a case after some decisions, and whether some decisions leave one.

    Also what makes plain cases fuller. Shared by the plans that decide alike.
    """
    return {}, {}, []


def decisions_of(case: Case) -> Decisions:
    """The decisions that a case follows from."""
    groups = {1: "one", case.channels: "each"} if case.channels > 1 else {}
    step, grouping = step_of(case.strides, case.dilations), groups.get(case.groups, "some")
    return (
        *(case.rank, case.padding_kind, case.format.token, format_of(case)),
        *(step, grouping if case.groups > 1 else "one"),
    )


@cache
def plain_cases(
    operation: str, made: Decisions, modes: tuple[str, ...] = (ZEROS,)
) -> tuple[tuple[Case, Mapping[str, Any]], ...]:
    """Plain cases of these decisions and modes of padding, each with the names that a condition has of it.

    Those of one shape are made and checked once for all dtypes that stand for themselves, as neither dtype
    nor data format changes what is legal of it.
    """
    rank, padding, dtype, data_format, step, grouping = made
    form = DTYPES[dtype]
    is_first = data_format == "channels_first"
    shaped = _plain_shapes(
        operation, (rank, padding, dtype if form.is_quantised else "float32", step, grouping), modes
    )
    more = {"dtype": dtype, "channels_first": is_first}
    return tuple(
        (case.copied(dtype=form.dtype, channels_first=is_first), {**names, **more}) for case, names in shaped
    )


@cache
def _plain_shapes(
    operation: str, made: Decisions, modes: tuple[str, ...]
) -> tuple[tuple[Case, Mapping[str, Any]], ...]:
    """Plain cases, channels last, with the names that a condition has of each."""
    rank, padding, dtype, step, grouping = made
    groups = {"one": 1, "some": 2, "each": 4}[grouping]
    stride = 2 if step in STRIDED else 1
    dilation = 2 if step in DILATED else 1
    epilogues = ((), ("bias",)) if "bias" in OPERATIONS[operation].epilogue else ((),)
    shared: dict[str, Any] = {
        "operation": operation,
        "size": (6,) * rank,
        "channels": 4,
        "filter_count": 4 if OPERATIONS[operation].has_filters else 1,
        "groups": groups,
        "strides": (stride,) * rank,
        "dilations": (dilation,) * rank,
        "dtype": DTYPES[dtype].dtype,
    }
    cases: list[Case] = []
    for kernel in (2, 1, 3):
        span = dilated(kernel, dilation)
        for pads in _paddings(padding, rank, span):
            for epilogue in epilogues:
                with suppress(InvalidCase):
                    cases.append(Case(**shared, kernel=(kernel,) * rank, padding=pads, epilogue=epilogue))
    if modes != (ZEROS,):
        cases = [padded for case in cases for padded in padded_alike(case, modes)]
    return tuple((case, names_of(case)) for case in cases)


def padded_alike(case: Case, modes: Sequence[str]) -> Iterator[Case]:
    """A case in each of some modes of padding that it may have; as it is, where it has no padding."""
    if case.padding == "VALID":
        yield case
        return
    for mode in modes:
        with suppress(InvalidCase):
            yield replace(case, padding_mode=mode, border=case.border if mode == ZEROS else ())


def _paddings(mode: str, rank: int, span: int) -> tuple[Padding, ...]:
    if mode != "explicit":
        return ("SAME" if mode == "same" else "VALID",)
    return ((1, 0),) * rank, ((span - 1, 0),) * rank


def plainer(case: Case) -> Iterator[dict[str, Any]]:
    """Changes that make a case plainer in one respect, or in all that shape an answer."""
    rank, causal = case.rank, tuple((axis.span - 1, 0) for axis in case.axes)
    counts = {"groups": case.channels, "filter_count": case.channels} if case.traits.has_groups else {}
    no_steps = {"strides": (1,) * rank, "dilations": (1,) * rank}
    size = tuple(max(axis.span, axis.size, 1) for axis in case.axes)
    wide = {"size": size, "batch": max(case.batch, 1), "trimmed": ()}
    explicit = [] if isinstance(case.padding, str) else [{"padding": causal}]
    modes = [{"padding_mode": ZEROS}] if case.padding_mode != ZEROS else []
    single: list[dict[str, Any]] = [
        *modes,
        {"trimmed": ()},
        {"epilogue": ()},
        {"epilogue": ("bias",)},
        {"border": ()},
        {"strides": (case.strides[0],) * rank},
        {"strides": (1,) * rank},
        {"dilations": (1,) * rank},
        wide,
        counts,
        {"groups": 1},
        {"kernel": (1,) * rank, "dilations": (1,) * rank},
        *explicit,
        no_steps,
        {"channels": 1, "filter_count": 1, "groups": 1},
    ]
    yield from (change for change in single if change)
    yield {**wide, "border": (), "epilogue": (), "strides": (case.strides[0],) * rank}
    yield {**wide, "border": (), "epilogue": (), **no_steps, **({"padding": causal} if explicit else {})}
    yield {**wide, "border": (), "epilogue": (), **no_steps, "channels": 1, "filter_count": 1, "groups": 1}
