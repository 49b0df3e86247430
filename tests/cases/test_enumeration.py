"""An enumeration holds every case of its numbers, once, and counts them."""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from typing import Any

import pytest

from verify import Case, InvalidCase
from verify.cases.enumeration import Enumeration, enumeration_upto
from verify.cases.word import ends

SMALL = {"size": 3, "kernel": 2, "stride": 2, "dilation": 2}

ENUMERATIONS = {
    "rank 1": Enumeration(size=7, kernel=5, stride=3, dilation=3, ranks=(1,)),
    "rank 2": Enumeration(**SMALL),
    "rank 3": Enumeration(size=2, kernel=2, stride=1, dilation=2, ranks=(3,)),
    "explicit": Enumeration(
        size=1, kernel=2, stride=2, dilation=2, ranks=(1, 2), paddings=("explicit", "valid"), cells=1
    ),
    "groups": Enumeration(**SMALL, ranks=(1,), batch=2, channels=4, filters=2, groups=4),
    "depthwise": Enumeration(
        **{**SMALL, "stride": 1, "size": 2},
        operations=("depthwise", "separable"),
        ranks=(1, 3),
        filters=2,
        multiplier=2,
    ),
    "gradients": Enumeration(**SMALL, operations=("transpose", "filtergrad"), ranks=(1,), filters=2),
    "dtypes": Enumeration(**SMALL, ranks=(1,), dtypes=("float16", "int32"), data_formats=("channels_first",)),
    "quantised": Enumeration(
        size=3,
        kernel=2,
        stride=1,
        dilation=1,
        operations=("conv", "depthwise"),
        ranks=(1,),
        dtypes=("int8", "uint8", "int16"),
        around=("border", "bias"),
        fills=("coded", "levels"),
    ),
    "around": Enumeration(
        size=2,
        kernel=2,
        stride=2,
        dilation=1,
        operations=("conv", "filtergrad"),
        ranks=(1,),
        dtypes=("float32", "int32"),
        paddings=("same", "explicit"),
        around=("border", "bias", "leaky"),
    ),
    "formats and fills": Enumeration(
        **SMALL,
        operations=("conv", "transpose"),
        ranks=(1,),
        dtypes=("float32", "int32"),
        data_formats=("channels_first", "channels_last"),
        fills=("ones", "reals", "unread"),
    ),
    "strided": Enumeration(**SMALL, ranks=(1, 2), steps=("strided",)),
    "strided or dilated": Enumeration(**SMALL, ranks=(2,), steps=("strided", "dilated")),
}
QUANTISED = {
    "int8": "int8_qx2z-3_qw0.5_qy1z-100",
    "uint8": "uint8_qx2z125_qw0.5_qy1z28",
    "int16": "int16_qx2z-3_qw0.5_qy1z-100",
}
each_enumeration = pytest.mark.parametrize("enumeration", ENUMERATIONS.values(), ids=ENUMERATIONS)


def cases_of(enumeration: Enumeration) -> list[Case]:
    return [case for _, case in enumeration.cases(0, enumeration.count)]


def words_of(enumeration: Enumeration) -> list[str]:
    """The words of every combination of numbers, whether or not it is a case, from nothing but loops."""

    def upto(most: int) -> range:
        return range(1, most + 1)

    words = []
    sides = list(
        product(*map(upto, (enumeration.size, enumeration.kernel, enumeration.stride, enumeration.dilation)))
    )
    counts = (
        enumeration.batch,
        enumeration.channels,
        enumeration.filters,
        enumeration.multiplier,
        enumeration.groups,
    )
    pairs = list(product(range(enumeration.cells + 1), repeat=2))
    sides = [side for side in sides if has_step(enumeration, stride=side[2], dilation=side[3])]
    ends_of = [tokens for tokens in product(*map(optional, AFTER)) if {*tokens} <= {"", *after(enumeration)}]
    for operation, rank, dtype, padding in product(
        enumeration.operations, enumeration.ranks, enumeration.dtypes, enumeration.paddings
    ):
        for axes, (n, c, f, m, g) in product(product(sides, repeat=rank), product(*map(upto, counts))):
            i, k, s, d = ("x".join(map(str, numbers)) for numbers in zip(*axes, strict=True))
            shape = f"{operation}_n{n}_i{i}_c{c}_k{k}_f{f}_m{m}_s{s}_d{d}_g{g}"
            tokens = [padding]
            if padding == "explicit":
                tokens = ["p" + ends(cells) for cells in product(pairs, repeat=rank)]
            borders = ["", "z" + ends(((1, 1),) * rank)] if "border" in enumeration.around else [""]
            rest = product(
                tokens,
                [QUANTISED.get(dtype, dtype)],
                borders,
                formats(enumeration),
                ends_of,
                enumeration.fills,
            )
            for token, of, border, first, steps, fill in rest:
                parts = (shape, token, border, of, first, *steps, fill)
                words.append("_".join(part for part in parts if part))
    return words


AFTER = (("bias",), ("leaky0.25",))


def optional(steps: tuple[str, ...]) -> tuple[str, ...]:
    return ("", *steps)


def after(enumeration: Enumeration) -> set[str]:
    """What may follow, as a word spells it."""
    return {"leaky0.25" if step == "leaky" else step for step in enumeration.around}


def formats(enumeration: Enumeration) -> list[str]:
    return ["cf" if name == "channels_first" else "" for name in enumeration.data_formats]


def has_step(enumeration: Enumeration, *, stride: int, dilation: int) -> bool:
    return (
        "both" in enumeration.steps
        or (stride == 1 == dilation)
        or (dilation == 1 and "strided" in enumeration.steps)
        or (stride == 1 and "dilated" in enumeration.steps)
    )


@cache
def refusal(word: str) -> str | None:
    try:
        Case.parse(word)
    except InvalidCase as refused:
        return str(refused)
    return None


@each_enumeration
def test_an_enumeration_holds_each_case_that_its_numbers_make_and_no_other(enumeration: Enumeration) -> None:
    legal = {Case.parse(word) for word in words_of(enumeration) if refusal(word) is None}
    assert set(cases_of(enumeration)) == legal


@each_enumeration
def test_an_enumeration_holds_each_case_once(enumeration: Enumeration) -> None:
    assert len(cases_of(enumeration)) == len(set(cases_of(enumeration))) == enumeration.count


@each_enumeration
def test_what_is_excluded_would_have_a_negative_output(enumeration: Enumeration) -> None:
    refusals = [why for word in words_of(enumeration) if (why := refusal(word))]
    assert enumeration.excluded == sum("the output size would be negative" in why for why in refusals)


def everything_of(case: Case) -> list[Any]:
    """The word, the hash, the operands and every field of a case, with the values that it keeps."""
    operands = [(part.shape, part.tobytes()) for part in case.make_operands() if part is not None]
    return [str(case), hash(case), operands, {**vars(case), "axes": case.axes, "format": case.format}]


@each_enumeration
def test_a_case_of_an_enumeration_is_the_one_that_its_word_names(enumeration: Enumeration) -> None:
    cases = cases_of(enumeration)
    plain = [Case.parse(str(case)) for case in cases]
    assert list(map(everything_of, cases)) == list(map(everything_of, plain))


@each_enumeration
def test_a_stretch_of_places_holds_the_cases_between_them(enumeration: Enumeration) -> None:
    whole, start, stop = (
        list(enumeration.cases(0, enumeration.count)),
        enumeration.count // 3,
        enumeration.count - 5,
    )
    assert list(enumeration.cases(start, stop)) == whole[start:stop]
    assert [place for place, _ in whole] == list(range(enumeration.count))


def fitting(size: int, kernel: int, stride: int, dilation: int) -> int:
    """Choices for an axis whose kernel exceeds it by less than a stride, so that VALID is legal."""
    numbers = product(*(range(1, most + 1) for most in (size, kernel, stride, dilation)))
    return sum((k - 1) * d + 1 <= i + s for i, k, s, d in numbers)


def test_the_cases_of_two_paddings_are_squares_of_the_choices_for_an_axis() -> None:
    assert enumeration_upto(6).count == (6 * 4 * 3 * 2) ** 2 + fitting(6, 4, 3, 2) ** 2
    assert enumeration_upto(6).excluded == (6 * 4 * 3 * 2) ** 2 - fitting(6, 4, 3, 2) ** 2


def test_a_size_brings_its_kernels_strides_and_dilations() -> None:
    assert enumeration_upto(6) == Enumeration(size=6, kernel=4, stride=3, dilation=2)
    assert enumeration_upto(1) == Enumeration(size=1, kernel=2, stride=2, dilation=2)
    assert enumeration_upto(8, stride=1, kernel=None) == Enumeration(size=8, kernel=6, stride=1, dilation=3)


@each_enumeration
def test_the_text_of_an_enumeration_is_read_back(enumeration: Enumeration) -> None:
    assert Enumeration.from_text(enumeration.to_text()) == enumeration


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ({"size": 33}, "a sweep's size is 1 to 32, not 33"),
        ({"channels": 0}, "a sweep's channels is 1 to 8, not 0"),
        ({"ranks": (4,)}, "the rank 4 is none of 1, 2, 3"),
        ({"paddings": ("same", "same")}, "the padding 'same' is named twice"),
        (
            {"dtypes": ()},
            "a sweep needs a dtype, one of float16, bfloat16, float32, float64, int32, int8, uint8, int16",
        ),
        (
            {"operations": ("depthwise",), "ranks": (3,)},
            "depthwise has 1 or 2 spatial axes, not 3",
        ),
        (
            {"dtypes": ("int32",), "fills": ("reals",)},
            "conv in int32 has no fill reals",
        ),
        (
            {"size": 32, "kernel": 32, "stride": 32, "dilation": 32},
            "1,048,576 choices for each axis are too many to sweep: at most 1,000,000",
        ),
    ],
)
def test_numbers_that_no_sweep_has_are_refused(numbers: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        Enumeration(**{**SMALL, **numbers})
