"""What a disagreement looks like, found by asking the subject about other cases."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.fills import impulse_seed
from verify.cases.modes import ZEROS
from verify.cases.operands import Array
from verify.cases.patience import patience
from verify.cases.word import InvalidCase
from verify.checks.asking import ask
from verify.checks.confirming import confirmed
from verify.checks.examination import Examination
from verify.checks.growing import grows
from verify.checks.subject import Description
from verify.checks.undeclared import BY_FAULT, undeclared
from verify.checks.wavering import asked_again
from verify.faults import Fault, fault_named
from verify.faults.visibility import BY_KIND, NAMED, matching_faults
from verify.oracle.bounds import judgement
from verify.oracle.compare import NUMERIC_KINDS, where_differs


def diagnosed(examination: Examination) -> Examination:
    """A disagreement with what it looks like, for which the subject is asked about other cases.

    The case is asked again: one that wavers has no name and no probes. Otherwise the faults that explain it
    are held to other cases of its kind; where none is left, single products are probed.
    """
    if examination.case.is_large:  # no fault is computed at its size
        return replace(examination, faults=())
    examination = asked_again(examination)
    case, kind, subject = examination.case, examination.verdict.kind, examination.subject
    if examination.flaky or kind == "not repeatable":
        if grows(subject, case):
            return replace(examination, flaky="", faults=(fault_named("adds-onto-memory"),))
        return replace(examination, faults=() if examination.flaky else (fault_named("wavers"),))
    faults = matching_faults(examination.held, examination.answer, kind=kind)
    if kind not in BY_KIND:
        faults = confirmed(faults, case=case, subject=subject)
    is_numeric = kind in NUMERIC_KINDS
    arithmetic = _arithmetic(examination, faults) if is_numeric else ""
    probes = probed(case, subject) if not faults and is_numeric and not arithmetic else ""
    named = faults if len(faults) <= NAMED else ()
    return replace(examination, faults=named, arithmetic=arithmetic, probes=probes)


def _arithmetic(examination: Examination, faults: Sequence[Fault]) -> str:
    """The arithmetic that a fault is where it is meant, or where there is none, one that is not declared."""
    if faults:
        return BY_FAULT.get(faults[0].name, "") if len(faults) == 1 else ""
    return undeclared(examination)


PROBES = 64
"""Input cells that are probed at most."""
PROBING_S = 5.0
"""Seconds that are spent on it at most."""


class Term(NamedTuple):
    """A wrong element of a probe: the input cell that held the 1, and where its product went.

    Places and taps are those of the spatial axes. `tap` is the tap whose product is missing or wrong, or
    None where there should be none.
    """

    cell: tuple[int, ...]
    channel: int
    place: tuple[int, ...]
    filter: int
    tap: tuple[int, ...] | None


def probed(case: Case, subject: Description) -> str:
    """Where the wrong terms of a disagreement come from, in one sentence; nothing where none can be asked.

    One cell of the input is 1 and the others are 0; the factors are all different, so that each
    element of the answer tells which tap it has met.
    """
    plain = _plain(case, subject)
    if plain is None:
        return ""
    terms: list[Term] = []
    count = 0
    is_over = patience(PROBING_S)
    for seed in _impulse_seeds(plain):
        if is_over():
            break
        probe = replace(plain, seed=seed)
        answer, _ = ask(subject, replace(probe))
        if not isinstance(answer, np.ndarray) or answer.shape != probe.output_shape:
            continue
        count += 1
        terms += _wrong_terms(subject.held(probe), answer)
    if not count:
        return ""
    if not terms:
        return "single products are right: it is their sum, what follows it, or the values themselves"
    return f"wrong terms come from {_taps(plain, terms)}, {_region(plain, terms)}, {_channels(plain, terms)}"


def _plain(case: Case, subject: Description) -> Case | None:
    """The case with nothing after its sums, where impulses can be asked of it in the subject's domain.

    Where padding repeats a cell, several taps meet it at once, and their products are not told apart.
    """
    if case.padding_mode != ZEROS:
        return None
    with suppress(InvalidCase):
        epilogue = () if case.traits.answers_image else case.epilogue
        apart = tuple(pair for pair in case.memory if pair[1] != "expanded" and (epilogue or pair[0] != "b"))
        plain = replace(case, fill="impulse", seed=0, epilogue=epilogue, memory=apart)
        is_asked = math.prod(plain.input_shape) and "bias" not in plain.epilogue
        return plain if is_asked and subject.domain.holds(plain) else None
    return None


def _impulse_seeds(case: Case) -> Iterator[int]:
    """The seeds that put the impulse into every cell of a small input, or into some cells of a large one."""
    count = math.prod(case.input_shape)
    if count > PROBES:
        yield from range(PROBES)
    else:
        yield from (impulse_seed(case, place) for place in range(count))


def _wrong_terms(probe: Case, answer: Array) -> Iterator[Term]:
    rule = judgement(probe)
    wanted = rule.wanted
    x = _channels_last(probe, probe.input)
    *cell, channel = (int(indices[0]) for indices in np.nonzero(x)[1:])
    wrong = np.argwhere(_channels_last(probe, where_differs(rule, answer)))
    for index in map(tuple, wrong.tolist()):
        if probe.traits.answer == "filters":
            yield Term(tuple(cell), channel, (), index[-1], index[: probe.rank])
            continue
        value = _channels_last(probe, wanted)[index]
        yield Term(tuple(cell), channel, index[1:-1], index[-1], _tap_of(probe, value))


def _channels_last(case: Case, y: Array) -> Array:
    """An input, or an answer where that is an image, with its channels last."""
    is_filter = case.traits.answer == "filters" and y.shape == case.output_shape
    return np.moveaxis(y, 1, -1) if case.channels_first and not is_filter else y


def _tap_of(probe: Case, value: float) -> tuple[int, ...] | None:
    """The tap whose factor is a value: factors count 1, 2, 3 … where they are all different."""
    places = np.argwhere(probe.operands.factor.astype(np.float64) == value).tolist()
    return tuple(places[0][: probe.rank]) if value and len(places) == 1 else None


def _taps(case: Case, terms: Sequence[Term]) -> str:
    taps = {term.tap for term in terms if term.tap is not None}
    if not taps:
        return "products that belong elsewhere"
    if len(taps) == math.prod(case.kernel):
        return "every tap of the kernel" if len(taps) > 1 else "the one tap of the kernel"
    return _listed("kernel tap", sorted(taps))


def _region(case: Case, terms: Sequence[Term]) -> str:
    """Whether the cells lie at the border, or the windows reach into padding."""
    extent = _channels_last(case, case.input).shape[1:-1]
    at_border = [any(c in (0, size - 1) for c, size in zip(term.cell, extent, strict=True)) for term in terms]
    if case.traits.answer == "result" and all(_is_padded(case, term) for term in terms):
        return "windows that reach into the padding"
    if all(at_border) and min(extent) > 2:
        return "cells at the border of the input"
    if not any(at_border):
        return "cells inside the input"
    return "cells everywhere in the input"


def _is_padded(case: Case, term: Term) -> bool:
    if not any(axis.before or axis.after for axis in case.axes):
        return False
    windows = (axis.cells(window) for axis, window in zip(case.axes, term.place, strict=True))
    return any(cells[0] < 0 or cells[-1] >= axis.size for cells, axis in zip(windows, case.axes, strict=True))


def _channels(case: Case, terms: Sequence[Term]) -> str:
    """The channels of the input and of the answer that the terms join."""
    x = _channels_last(case, case.input).shape[-1]
    channels = _some("input channel", {term.channel for term in terms}, x)
    return f"{channels} and {_some('answer channel', {term.filter for term in terms}, case.output_channels)}"


def _some(name: str, numbers: set[int], count: int) -> str:
    if len(numbers) == count:
        return f"every {name}" if count > 1 else f"the one {name}"
    return f"{_listed(name, sorted(numbers))} of {count}"


def _listed(name: str, items: Sequence[object]) -> str:
    shown = ", ".join(map(str, items[:4])) + (" …" if len(items) > 4 else "")
    return f"{name}{'s' * (len(items) > 1)} {shown}"
