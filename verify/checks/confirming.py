"""Faults held to other cases: one keeps its name only if the subject answers those as the fault does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.dtypes import FORMATS
from verify.cases.fills import FILLS
from verify.cases.levels import KINDS
from verify.cases.memory import LAYOUTS
from verify.cases.modes import ZEROS
from verify.cases.operands import Array
from verify.cases.patience import patience
from verify.cases.quantised import Quantised
from verify.cases.word import InvalidCase, Padding
from verify.checks.asking import ask
from verify.checks.subject import Description
from verify.faults import Fault
from verify.faults.fault import right_answer
from verify.faults.visibility import is_alike, is_explained, preferred

CONFIRMATIONS = 5
"""Other cases on which the fault is wrong, and the subject as wrong as the fault, that a name takes."""
ELSEWHERE = 2
"""Of these, the geometries other than that of the case that failed: other data alone does not confirm."""
CONFIRMED = 9
"""Cases that confirm a fault, even where nothing else is left to tell it from."""
MISSED = 8
"""Cases on which the fault is wrong and the subject right, after which no more are asked for its sake."""
ASKED = 24
"""Cases that are put to the subject at most."""
CONFIRMING_S = 5.0
"""Seconds after which no more of them are."""

_Change = dict[str, Any]


class _Place(NamedTuple):
    """What a case does along its axes."""

    size: tuple[int, ...]
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: Padding


class _Said(NamedTuple):
    """The wrong answer of a fault to a case, and whether it is shown by what the fault knows of it."""

    answer: Array
    is_shown: bool


class Suspect(NamedTuple):
    """A fault that would explain a disagreement, with what other cases have said of it.

    `places` has the geometry of each case that confirms it; `misses` counts the cases on which it is wrong
    and the subject right, as where a kernel is wrong for some sizes alone.
    """

    fault: Fault
    places: tuple[_Place, ...] = ()
    misses: int = 0

    def needs_more(self, place: _Place) -> bool:
        """Whether another case could still confirm it."""
        return self.misses < MISSED and not self.is_confirmed(place)

    def is_confirmed(self, place: _Place) -> bool:
        """Whether enough cases confirm it, enough of them other than the one that failed, at that place."""
        others = {other for other in self.places if other != place}
        return len(self.places) >= CONFIRMATIONS and len(others) >= ELSEWHERE


def confirmed(faults: Sequence[Fault], *, case: Case, subject: Description) -> tuple[Fault, ...]:
    """Those of some faults that answer other cases as the subject does.

    An answer that is neither what a fault says nor right refutes the fault, and so does a wrong one where
    the fault changes nothing. Of those that remain, the faults that the subject has wherever they show, if
    there are any.
    """
    suspects, place = [Suspect(fault) for fault in faults], _place(case)
    asked, is_over = 0, patience(CONFIRMING_S)
    for plain in confirming(case, faults, subject) if faults else ():
        other = subject.held(plain)
        if _is_settled(suspects, place=place, asked=asked) or asked == ASKED or is_over():
            break
        right = right_answer(other)
        said = [_said(suspect.fault, other, right) for suspect in suspects]
        if not _is_useful(suspects, said, place=place, asked=asked):
            continue
        answer, _ = ask(subject, plain.copied())
        if not isinstance(answer, np.ndarray):
            continue
        asked += 1
        native = answer.astype(answer.dtype.newbyteorder("="))
        held = [
            _held(suspect, wrong, other, answer=native, right=right)
            for suspect, wrong in zip(suspects, said, strict=True)
        ]
        suspects = [suspect for suspect in held if suspect is not None]
    left = [suspect for suspect in suspects if suspect.is_confirmed(place)]
    everywhere = [suspect for suspect in left if not suspect.misses]
    return preferred([suspect.fault for suspect in everywhere or left])


def _is_settled(suspects: Sequence[Suspect], *, place: _Place, asked: int) -> bool:
    """Whether nothing is left to ask: no suspect needs more, and there are no two to tell from each other."""
    if asked < CONFIRMED:
        return not suspects
    possible = [one for one in suspects if one.misses < MISSED or one.is_confirmed(place)]
    return len(possible) < 2 and not any(one.needs_more(place) for one in possible)


def _said(fault: Fault, case: Case, right: Array) -> _Said | None:
    """What a fault says of a case, or None where it answers right."""
    wrong = fault.wrong(case, right)
    if wrong is None or is_alike(right, wrong, case=case):
        return None
    return _Said(wrong, not is_explained(right, fault, wrong, case=case))


def _is_useful(
    suspects: Sequence[Suspect], said: Sequence[_Said | None], *, place: _Place, asked: int
) -> bool:
    """Whether a case confirms one that needs it, tells some from each other, or is one of the first."""
    pairs = zip(suspects, said, strict=True)
    shown = ((one, wrong) for one, wrong in pairs if wrong is not None and wrong.is_shown)
    if asked < CONFIRMED or any(one.needs_more(place) for one, _ in shown):
        return True
    left = [wrong for one, wrong in zip(suspects, said, strict=True) if one.misses < MISSED]
    known = [wrong if wrong is not None and wrong.is_shown else None for wrong in left]
    return any(not _is_same(known[0], other) for other in known[1:])


def _is_same(first: _Said | None, other: _Said | None) -> bool:
    if first is None or other is None:
        return first is other
    return first.answer.shape == other.answer.shape and first.answer.tobytes() == other.answer.tobytes()


def _held(suspect: Suspect, said: _Said | None, case: Case, *, answer: Array, right: Array) -> Suspect | None:
    """What is known of a suspect after one more answer; None where it is refuted."""
    is_shown = said is not None and said.is_shown
    if said is not None and is_explained(answer, suspect.fault, said.answer, case=case):
        return suspect._replace(places=(*suspect.places, *[_place(case)] * is_shown))
    if not is_alike(answer, right, case=case):
        return None
    return suspect._replace(misses=suspect.misses + is_shown)


def _place(case: Case) -> _Place:
    return _Place(case.size, case.kernel, case.strides, case.dilations, case.padding)


def confirming(case: Case, faults: Sequence[Fault], subject: Description) -> Iterator[Case]:
    """Cases near one that failed, and near those that show the faults in question; every one of them once.

    All are in the subject's domain: what it answers outside says nothing.
    """
    seen = {case}
    ties = _tied(case) if any(fault.schemes for fault in faults) else ()
    laid = _otherwise_laid(case)
    for base in (case, *_shifted_words(case, faults)):
        for other in (base, *ties, *laid, *_near(base)):
            if other not in seen and subject.domain.holds(other):
                yield other
            seen.add(other)


def _near(case: Case) -> Iterator[Case]:
    """Cases that have some of a case's numbers, with several fills."""
    turn = len(KINDS) if case.fill_traits.needs_quantised else 1  # whose seed chooses a kind of numbers, too
    own = [(case.fill, case.seed + more * turn) for more in (1, 2, 3)]
    for fill, seed in dict.fromkeys((("coded", 0), own[0], ("dyadic", 1), ("ints", 3), ("dyadic", 0), *own)):
        for change in (*_larger(case), *_single(case)):
            with suppress(InvalidCase):
                yield replace(case, **{**change, "fill": fill, "seed": seed if FILLS[fill].is_seeded else 0})


def _otherwise_laid(case: Case) -> Iterator[Case]:
    """Larger cases in which an operand that is not C-contiguous lies in each way that there is."""
    larger = tuple(size + kernel + 1 for size, kernel in zip(case.size, case.kernel, strict=True))
    counts = {"channels": 2 * case.groups, "filter_count": 3 * case.groups, "batch": 2}
    wider = tuple(size + 2 for size in larger)
    changes: tuple[_Change, ...] = ({"size": larger, **counts}, {"size": larger}, {"size": wider, **counts})
    for letter in dict(case.memory):
        for layout, change in product(LAYOUTS, changes):
            with suppress(InvalidCase):
                yield replace(case, **{**change, "fill": "coded", "seed": 0, "memory": ((letter, layout),)})


def _tied(case: Case) -> Iterator[Case]:
    """Quantised cases of small numbers and many channels, half of whose sums lie at a half step, or fewer.

    With every second it does in float32 alone, by scales whose product is rounded: 0.1 · 0.02 / 0.002, and
    0.03 · 0.1, after which a sum of 3 that is multiplied first is no tie.
    """
    middle = case.format.middle
    more: _Change = {"channels": 9} if case.traits.has_multiplier else {"filter_count": 9 * case.groups}
    scales = ((1.0, 1.0), (0.1, 0.02), (1.0, 1.0), (0.03, 0.1))
    for number, steps in enumerate((2, 4, 4, 2, 8, 2, 16, 2)):
        x_scale, w_scale = (float(np.float32(scale)) for scale in scales[number % len(scales)])
        y_scale = float(np.float32(x_scale * w_scale)) * steps
        quantised = Quantised(x_scale, middle, (w_scale,), 0, y_scale, middle)
        seed = KINDS.index("small") + len(KINDS) * number
        ties: _Change = {"quantised": quantised, "fill": "levels", "seed": seed, "epilogue": ()}
        size = tuple(axis.span + 4 + number % 3 for axis in case.axes)
        few: _Change = {"batch": 1, "channels": min(case.channels, 2 * case.groups), "size": size}
        for change in ({**few, **more}, few, {}):
            with suppress(InvalidCase):
                yield replace(case, **{**ties, **change})


def _larger(case: Case) -> tuple[_Change, ...]:
    """Changes that make a case show more."""
    larger = tuple(size + kernel + 2 for size, kernel in zip(case.size, case.kernel, strict=True))
    uneven = tuple(size + axis for axis, size in enumerate(larger))
    return (
        {},
        {"size": uneven},
        {"size": uneven, "kernel": tuple(kernel + 1 for kernel in case.kernel)},
        *_padded_and_grouped(case, uneven),
        {"size": uneven, "strides": _unlike(case.dilations)},
        {"size": tuple(size + 1 for size in uneven), "strides": _unlike(case.dilations)},
        {
            "size": uneven,
            "kernel": (2,) * case.rank,
            "dilations": tuple(3 - axis for axis in range(case.rank)),
        },
        {"batch": 3, "size": uneven},
        {"channels": 3 * case.groups, "filter_count": 5 * case.groups},
        {"channels": 5 * case.groups},
        {"channels": 17 * case.groups},
        {"filter_count": 17 * case.groups},
    )


def _unlike(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Strides that differ from axis to axis and from these dilations: one may be used for the other."""
    return tuple(2 + axis + len(numbers) * (number == 2 + axis) for axis, number in enumerate(numbers))


def _padded_and_grouped(case: Case, size: tuple[int, ...]) -> Iterator[_Change]:
    """Other cells at every end, where they are written, and one more group, where there are several.

    Modes of padding differ little in one cell: they are told apart by more of them, in a larger input.
    """
    padding = ((2, 1), (1, 3), (3, 2))[: case.rank]
    if case.padding_kind == "explicit":
        yield {"padding": padding}
    if case.padding_mode != ZEROS:
        yield {"padding": padding, "size": size}
    if case.groups > 1:
        more = case.groups + 1
        counts = {"channels": case.channels, "filter_count": case.filter_count}
        yield {"groups": more} | {name: count // case.groups * more for name, count in counts.items()}


def _single(case: Case) -> Iterator[_Change]:
    """Changes of one number, which leave what else a fault needs as it is."""
    yield {"batch": case.batch + 1}
    for more in (1, 2, 3):  # a window more leaves as many cells over
        yield {
            "size": tuple(size + more * axis.stride for size, axis in zip(case.size, case.axes, strict=True))
        }
    for name in ("kernel", "strides", "dilations"):
        yield {name: tuple(number + 1 for number in getattr(case, name))}
    for axis in range(case.rank):
        for more in (1, 2):
            yield {"size": tuple(size + more * (place == axis) for place, size in enumerate(case.size))}
    yield {"filter_count": 2 * case.filter_count}
    for more in (1, 2, 3):
        yield {"channels": case.channels + more * case.groups}
    for more in (4, 8, 16):
        yield from _a_block_longer(case, more)
    yield {"dtype": FORMATS["float64" if case.format.token == "float32" else "float32"].dtype}


def _a_block_longer(case: Case, more: int) -> Iterator[_Change]:
    """Sums longer by a block: it and its divisors leave as much over as before, larger blocks leave more."""
    yield {"channels": case.channels + more * case.groups}
    yield {"batch": case.batch + more}
    yield {"filter_count": case.filter_count + more * case.groups}
    yield {name: (*getattr(case, name)[:-1], getattr(case, name)[-1] + more) for name in ("size", "kernel")}


def _shifted_words(case: Case, faults: Sequence[Fault]) -> Iterator[Case]:
    """The words of faults, with the operation and the dtype of a case where they can have them."""
    for fault in faults:
        word = Case.parse(fault.word)
        for change in ({"operation": case.operation, "dtype": case.dtype}, {"dtype": case.dtype}, {}):
            with suppress(InvalidCase):
                changed = replace(word, **change)
                if changed.operation == case.operation:
                    yield changed
