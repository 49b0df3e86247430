"""A block is judged quickly, and as everywhere."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from tests.planted import convolutions, with_ways
from verify import Case, Declined, Mismatch, check
from verify.cases.enumeration import Enumeration, enumeration_upto
from verify.cases.operands import Array, Operands
from verify.cases.predicates import Predicate
from verify.checks.bulk import Swept, examine_in_bulk, shared_operands
from verify.checks.deviations import Deviation
from verify.checks.subject import Subject

SMALL = enumeration_upto(3)
GRADIENTS = ("transpose", "filtergrad")
EVERYTHING = [
    enumeration_upto(
        3,
        ranks=(1,),
        operations=("conv", *GRADIENTS),
        groups=2,
        channels=2,
        filters=2,
        dtypes=("float16", "int32"),
    ),
    enumeration_upto(
        3, ranks=(1,), operations=("depthwise", "separable"), channels=2, multiplier=2, filters=2
    ),
    enumeration_upto(
        2,
        operations=("conv", "separable", *GRADIENTS),
        batch=2,
        cells=1,
        data_formats=("channels_first",),
    ),
    enumeration_upto(
        2,
        ranks=(1,),
        operations=("conv", "depthwise", "filtergrad"),
        paddings=("same", "explicit"),
        fills=("coded", "reals", "unread", "nonfinite"),
        around=("border", "bias", "residual", "leaky", "tanh"),
        dtypes=("float32", "int32"),
    ),
]


def cases_of(enumeration: Enumeration) -> Iterator[Case]:
    return (case for _, case in enumeration.cases(0, enumeration.count))


def swept(subject: Subject, enumeration: Enumeration = SMALL, **options: tuple[Deviation, ...]) -> Swept:
    return examine_in_bulk(subject, enumeration, places=range(enumeration.count), **options)


def outcome(case: Case, subject: Subject) -> str:
    """What `check` says of a case: an outcome or a kind."""
    try:
        return check(Case.parse(str(case)), subject).outcome
    except Mismatch as error:
        return str(error.verdict.kind)


def outcomes(block: Swept) -> Counter[str]:
    """What a block came to, in the words of `outcome`."""
    counts = Counter({kind.split(" ", 3)[3]: 0 for kind in block.counterexamples})
    for kind, count in block.counterexamples.items():
        counts[kind.split(" ", 3)[3]] += count
    others = {"agrees": block.agreed, "vacuous": block.vacuous, "declined": block.declined.total()}
    return +(counts + Counter(others))


def bits_of(operands: Operands) -> list[tuple[bytes, tuple[int, ...], str]]:
    parts = (np.zeros(0) if part is None else part for part in operands)
    return [(part.tobytes(), part.shape, part.dtype.name) for part in parts]


def right(case: Case) -> Array:
    return convolutions.reference(case).astype(case.dtype)


SUBJECTS = {
    "right": convolutions.right,
    "odd cell before": convolutions.odd_cell_before,
    "stride ignored": convolutions.same_ignores_stride,
    "dilation ignored": convolutions.dilation_ignored,
    "kernel flipped": convolutions.kernel_flipped,
    "widened": convolutions.widened,
    "flattened": convolutions.flattened,
    "cropped": convolutions.cropped,
    "off by one": convolutions.off_by_one,
    "poisoned": convolutions.poisoned,
    "zeros": convolutions.zeros,
    "raises": convolutions.raises,
    "exits": convolutions.exits,
    "declines": convolutions.declines,
    "writes to its input": convolutions.writing_to("input"),
    "writes to its filters": convolutions.writing_to("filters"),
    "no array": convolutions.returning(None),
}


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_a_block_comes_to_what_check_says_of_each_case(subject: Subject) -> None:
    enumeration = enumeration_upto(3, ranks=(1,))
    assert outcomes(swept(subject, enumeration)) == Counter(
        outcome(case, subject) for case in cases_of(enumeration)
    )


@pytest.mark.parametrize("enumeration", EVERYTHING)
def test_operands_that_cases_share_are_those_that_each_would_make(enumeration: Enumeration) -> None:
    assert [bits_of(shared_operands(case).operands) for case in cases_of(enumeration)] == [
        bits_of(case.make_operands()) for case in cases_of(enumeration)
    ]


@pytest.mark.parametrize("enumeration", EVERYTHING)
def test_what_is_right_holds_on_every_operation(enumeration: Enumeration) -> None:
    block = swept(right, enumeration)
    assert block.agreed + block.vacuous == block.cases == enumeration.count


def test_a_case_counts_once_as_the_worst_that_its_ways_came_to() -> None:
    block = swept(with_ways.one_wrong)
    assert block.cases == SMALL.count
    assert block.counterexamples == swept(with_ways.shifts).counterexamples
    assert {counterexample.way for counterexample in block.first.values()} == {"wrong"}


def test_of_what_compiles_the_first_way_that_has_a_case_is_asked() -> None:
    assert swept(with_ways.one_wrong_compiled).counterexamples.total() == 0


def is_told_apart(part: Array) -> bool:
    return len(np.unique(part)) == part.size


def test_every_cell_and_every_tap_has_a_number_of_its_own() -> None:
    assert all(is_told_apart(case.input) and is_told_apart(case.filters) for case in cases_of(SMALL))
    assert swept(right).repeated == 0


def test_cases_in_which_a_number_occurs_twice_are_counted() -> None:
    enumeration = Enumeration(
        size=4, kernel=4, stride=1, dilation=1, dtypes=("float16",), paddings=("same",), channels=3
    )
    twice = [
        not (is_told_apart(case.input) and is_told_apart(case.filters)) for case in cases_of(enumeration)
    ]
    assert 0 < swept(lambda case: np.zeros(case.output_shape, case.dtype), enumeration).repeated == sum(twice)


@pytest.mark.parametrize("place", [0, 1, 500, SMALL.count - 1])
def test_a_fault_of_a_single_case_is_found(place: int) -> None:
    (_, corner), *_ = SMALL.cases(place, place + 1)
    block = swept(lambda case: right(case) + (case == corner))
    (first,) = block.first.values()
    assert (block.counterexamples.total(), first.place, first.word) == (1, place, str(corner))


@pytest.mark.parametrize("place", [0, 575])
def test_one_element_that_is_off_by_a_bit_is_found(place: int) -> None:
    def nudged(case: Case) -> Array:
        y = right(case)
        y.flat[-1:] = np.nextafter(y.flat[-1:], np.float32(np.inf))
        return y

    block = examine_in_bulk(nudged, SMALL, places=range(place, place + 1))
    assert block.counterexamples == {"conv float32 same value": 1}


def test_a_subject_cannot_spoil_the_operands_of_later_cases() -> None:
    def spoils(case: Case) -> Array:
        y = right(case)
        if case.strides == (1, 1):
            case.input[...] = 0
            case.filters[...] = 0
        return y

    whole = list(cases_of(SMALL))
    strided = [case for case in whole if case.strides != (1, 1)]
    block = swept(spoils)
    assert block.counterexamples.total() == len(whole) - len(strided)


DEVIATION = Deviation(
    name="stride-of-two",
    subjects=("*",),
    kinds=("value",),
    when=Predicate("max(strides) == 2"),
    word="conv_i2_k1_s2_same_coded",
    sentence="It is off by one.",
)


def test_a_recorded_deviation_is_counted_by_its_name() -> None:
    def strided(case: Case) -> Array:
        return right(case) + (max(case.strides) == 2)

    known = swept(strided, known=(DEVIATION,))
    assert known.known == {"stride-of-two": swept(strided).counterexamples.total()}
    assert not known.counterexamples


def test_what_is_declined_is_counted_by_its_reason() -> None:
    def picky(case: Case) -> Array:
        if case.padding == "VALID":
            raise Declined(f"no VALID of {case.rank} axes")
        return right(case)

    assert swept(picky).declined == {"no VALID of 2 axes": enumeration_upto(3, paddings=("valid",)).count}


def test_of_each_kind_the_first_counterexample_is_kept() -> None:
    halves = (
        examine_in_bulk(convolutions.off_by_one, SMALL, places=places)
        for places in (range(300, 500), range(100, 300))
    )
    total = Swept()
    for half in halves:
        total.add(half)
    assert [example.place for example in total.first.values()] == [100]


@pytest.mark.parametrize(
    "subject", [convolutions.poisoned, convolutions.raises, convolutions.declines, convolutions.off_by_one]
)
def test_what_was_swept_survives_json(subject: Subject) -> None:
    block = swept(subject)
    read = Swept.from_data(json.loads(json.dumps(block.to_data())))
    assert repr(read) == repr(block)  # of NaN as well


def test_a_long_block_gives_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify.checks.bulk.BEAT_S", 0.0)
    beats: list[int] = []
    examine_in_bulk(right, SMALL, places=range(10), beat=lambda: beats.append(1))
    assert len(beats) == 10
