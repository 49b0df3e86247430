"""Tests of the explanation: its numbers are the answer's, its arithmetic holds, it fits 80 columns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.plain import cases
from verify import Case, reference
from verify.explain import Line, coloured, explain, parse_index, plain

EXACT = ("ones", "iota", "impulse", "ints", "dyadic")
LECTURE = "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"
LECTURE_ANSWERS = np.array([[6, 4, 3, 13, 7, 4, 10, 9, 5], [-1, -3, 1, 0, 6, 2, 1, -3, 12]])
EXTREMES = (
    "conv_i1300000_k2_s999999999_d1299999_same",
    "conv_i1_k9999_s999999999_d9999_same",
    "conv_i1x1_k1x1_s999999999x999999999_d999999999x999999999_same",
    "conv_i40x9_k40x9_c9_f3_valid_i32_bias_relu_dyadic8",
    "conv_i9x40x2_k4x40x2_c9_same_i32_cf_dyadic9",
    "conv_i5_k5_p1234567.1234567_f64_reals3",
    "conv_n2_i5x5x5_c16_k3x3x3_f16_s4x4x4_d2x2x2_g4_p10.11x10.11x10.11_bf16_cf_bias_relu_reals65535",
)

LECTURE_FIRST = """\
conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n
answer   shape (1, 3, 3, 2), NHWC
cell     (0, 0, 0, 0): batch 0, row 0, column 0, filter 0

axis 0   row: size 7, kernel 3, stride 2, dilation 1, padding VALID
         span = (3-1)*1 + 1 = 3
         out = (7-3)//2 + 1 = 3
         first = 0*2 - 0 = 0
         window 0 reads cells 0 1 2
axis 1   column: size 7, kernel 3, stride 2, dilation 1, padding VALID
         span = (3-1)*1 + 1 = 3
         out = (7-3)//2 + 1 = 3
         first = 0*2 - 0 = 0
         window 0 reads cells 0 1 2

channel 0: window × filter = products, summing to 3
  0 0 0      0  0  1      0  0  0
  0 0 1  ×  -1  1  1  =   0  0  1
  0 2 1      0  1  0      0  2  0
channel 1: window × filter = products, summing to 1
  0 0 0      1  1  1      0  0  0
  0 1 0  ×   0  1  1  =   0  1  0
  0 0 2      0  1  0      0  0  0
channel 2: window × filter = products, summing to 1
  0 0 0     -1  0  0      0  0  0
  0 2 1  ×  -1  1  1  =   0  2  1
  0 2 2      0 -1  0      0 -2  0

sum      3 + 1 + 1 = 5
bias     5 + 1 = 6
answer   6
"""

LECTURE_LAST = """\
conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n
answer   shape (1, 3, 3, 2), NHWC
cell     (0, 2, 2, 1): batch 0, row 2, column 2, filter 1

axis 0   row: size 7, kernel 3, stride 2, dilation 1, padding VALID
         span = (3-1)*1 + 1 = 3
         out = (7-3)//2 + 1 = 3
         first = 2*2 - 0 = 4
         window 2 reads cells 4 5 6
axis 1   column: size 7, kernel 3, stride 2, dilation 1, padding VALID
         span = (3-1)*1 + 1 = 3
         out = (7-3)//2 + 1 = 3
         first = 2*2 - 0 = 4
         window 2 reads cells 4 5 6

channel 0: window × filter = products, summing to 4
  0 0 0      0  0  0     0 0 0
  2 2 0  ×   1  1 -1  =  2 2 0
  0 0 0     -1  1  1     0 0 0
channel 1: window × filter = products, summing to 6
  2 2 0      0  1 -1     0 2 0
  2 2 0  ×   1  1 -1  =  2 2 0
  0 0 0     -1  1 -1     0 0 0
channel 2: window × filter = products, summing to 2
  2 0 0      1  1  0     2 0 0
  0 0 0  ×  -1 -1  0  =  0 0 0
  0 0 0      0 -1  1     0 0 0

sum      4 + 6 + 2 = 12
bias     12 + 0 = 12
answer   12
"""

SAME = """\
conv_i4x5_c2_k3x2_f2_s2x1_same_cf_bias_relu_ints19
answer   shape (1, 2, 2, 5), NCHW
cell     (0, 1, 1, 4): batch 0, row 1, column 4, filter 1

axis 0   row: size 4, kernel 3, stride 2, dilation 1, padding SAME
         out = ceil(4/2) = 2
         total = max((2-1)*2 + (3-1)*1 + 1 - 4, 0) = 1
         before = 1//2 = 0, after = 1-0 = 1
         first = 1*2 - 0 = 2
         window 1 reads cells 2 3 ·
axis 1   column: size 5, kernel 2, stride 1, dilation 1, padding SAME
         out = ceil(5/1) = 5
         total = max((5-1)*1 + (2-1)*1 + 1 - 5, 0) = 1
         before = 1//2 = 0, after = 1-0 = 1
         first = 4*1 - 0 = 4
         window 4 reads cells 4 ·
         · is a cell of padding and counts as 0

channel 0: window × filter = products, summing to -22
   7  ·     -4 -4     -28   0
   3  ·  ×   2 -7  =    6   0
   ·  ·      7  1       0   0
channel 1: window × filter = products, summing to 51
   1  ·      3  8       3   0
  -6  ·  ×  -8 -9  =   48   0
   ·  ·      7 -1       0   0

sum      -22 + 51 = 29
bias     29 + 6 = 35
relu     max(35, 0) = 35
answer   35
"""

GROUPED = """\
conv_n2_i6_c4_k3_f2_d2_g2_p1.2_f16_reals19
answer   shape (2, 5, 2), NWC
cell     (1, 3, 1): batch 1, position 3, filter 1
group    1 (2 in all): filter 1 reads channels 2 to 3

axis 0   position: size 6, kernel 3, stride 1, dilation 2, padding (1, 2)
         padded = 1 + 6 + 2 = 9, span = (3-1)*2 + 1 = 5
         out = (9-5)//1 + 1 = 5
         first = 3*1 - 1 = 2
         window 3 reads cells 2 4 ·
         · is a cell of padding and counts as 0

channel 2: window × filter = products, summing to 0.002914
  -0.0064 -0.3206       · × -0.1152 -0.0068 -0.0067 = 7.3e-04  0.0022       0
channel 3: window × filter = products, summing to 0.353884
  -0.1438  0.2109       · × -2.1836  0.1891 -1.5967 =  0.3140  0.0399       0

sum      0.002914 + 0.353884 = 0.356797
answer   0.3567974157631397, which float16 holds as 0.3567
"""

ELIDED = """\
conv_i2x4x2_c5_k2x9x2_same_i32_dyadic2
answer   shape (1, 2, 4, 2, 1), NDHWC
cell     (0, 0, 0, 0, 0): batch 0, depth 0, row 0, column 0, filter 0

axis 0   depth: size 2, kernel 2, stride 1, dilation 1, padding SAME
         out = ceil(2/1) = 2
         total = max((2-1)*1 + (2-1)*1 + 1 - 2, 0) = 1
         before = 1//2 = 0, after = 1-0 = 1
         first = 0*1 - 0 = 0
         window 0 reads cells 0 1
axis 1   row: size 4, kernel 9, stride 1, dilation 1, padding SAME
         out = ceil(4/1) = 4
         total = max((4-1)*1 + (9-1)*1 + 1 - 4, 0) = 8
         before = 8//2 = 4, after = 8-4 = 4
         first = 0*1 - 4 = -4
         window 0 reads cells · · · · 0 1 2 3 ·
axis 2   column: size 2, kernel 2, stride 1, dilation 1, padding SAME
         out = ceil(2/1) = 2
         total = max((2-1)*1 + (2-1)*1 + 1 - 2, 0) = 1
         before = 1//2 = 0, after = 1-0 = 1
         first = 0*1 - 0 = 0
         window 0 reads cells 0 1
         · is a cell of padding and counts as 0

channel 0: window × filter = products, summing to 6833937666
  depth tap 0, on cell 0
            ·           ·     -1  2               0           0
            ·           ·     -1  1               0           0
            ·           ·     -1  1               0           0
            ·           ·  ×   1  1  =            0           0
   1227746397  -950482881     -1  2     -1227746397 -1900965762
   -297006203 -1215182359     -2 -1       594012406  1215182359
    867394677 -1822691537     -2 -1     -1734789354  1822691537
  depth tap 1, on cell 1
            ·           ·      2 -1               0           0
            ·           ·      1 -1               0           0
            ·           ·      2  2               0           0
            ·           ·  ×  -1 -2  =            0           0
  -1808415849  -542955635     -1 -1      1808415849   542955635
    972233083  -462818659      1 -2       972233083   925637318
   1575470283 -1815810013      2 -1      3150940566  1815810013
  … 8 more products, summing to -1150439587
channel 1: window × filter = products, summing to 12080699876
  depth tap 0, on cell 0
            ·           ·      1  2               0           0
            ·           ·      2  2               0           0
            ·           ·      2  2               0           0
            ·           ·  ×  -2  2  =            0           0
    -49109917    18407043     -1 -1        49109917   -18407043
    318169277    -5785047     -2 -2      -636338554    11570094
   -285022267 -1691009665      2 -2      -570044534  3382019330
  depth tap 1, on cell 1
            ·           ·      2  2               0           0
            ·           ·      1  1               0           0
            ·           ·      2 -2               0           0
            ·           ·  ×   2  2  =            0           0
    644242745 -1866562351      1 -2       644242745  3733124702
  -1148412413  -319158299     -2  2      2296824826  -638316598
   1947182321  1988891845     -2  2     -3894364642  3977783690
  … 8 more products, summing to 3743495943
channel 2: window × filter = products, summing to 1287963822
  depth tap 0, on cell 0
            ·           ·      2 -1               0           0
            ·           ·     -2  1               0           0
            ·           ·      2 -1               0           0
            ·           ·  ×  -1 -2  =            0           0
  -1042339771   502410907      1  1     -1042339771   502410907
   -443698409  2063127509     -2  2       887396818  4126255018
   -477342701 -1430793963     -2 -2       954685402  2861587926
  depth tap 1, on cell 1
            ·           ·      1  2               0           0
            ·           ·      1 -1               0           0
            ·           ·     -2  2               0           0
            ·           ·  ×   2 -2  =            0           0
  -1008576811   827783275      2 -1     -2017153622  -827783275
   1744359239  1954731673     -1 -2     -1744359239 -3909463346
    265496361  -283939379      2  2       530992722  -567878758
  … 8 more products, summing to 1533613040
… 2 more channels, summing to 4128313450

sum      6833937666 + 12080699876 + 1287963822 + 4128313450 = 24330914814
int32    24330914814 - 6*2**32 = -1438888962
answer   -1438888962
"""


@st.composite
def explained(
    draw: DrawFn, fills: Sequence[str] = (*EXACT, "reals", "unread")
) -> tuple[Case, tuple[int, ...]]:
    """A case with an answer, and one cell of it. Shrinks towards the first cell of the smallest case."""
    case = draw(cases(fills=fills).filter(lambda drawn: 0 not in drawn.output_shape))
    return case, draw(st.tuples(*(st.integers(0, size - 1) for size in case.output_shape)))


def text_of(word: str, at: str | None = None) -> str:
    return plain(explain(Case.parse(word), parse_index(at) if at else None))


def tail_of(word: str, at: str | None = None, *, label: str) -> list[str]:
    """The last lines, from a label on."""
    lines = text_of(word, at).splitlines()
    return lines[next(number for number, line in enumerate(lines) if line.startswith(label)) :]


def spans(lines: list[Line], style: str) -> list[str]:
    return [span.text for line in lines for span in line if span.style == style]


def answer_of(lines: list[Line]) -> float:
    """The last number, as the text has it."""
    return float(spans(lines, "result")[0].split(",")[0])


def formulas(lines: list[Line]) -> Iterator[tuple[str, str]]:
    """Every `expression = value` that stands beside a label or under one."""
    for line in lines:
        if len(line) == 2 and len(line[0].text) == 9:
            for sentence in re.split(r", (?=[a-z]+ = )", line[1].text):
                expression, _, value = re.sub("^[a-z]+ = ", "", sentence).partition(" = ")
                if value:
                    yield expression, value


def evaluated(expression: str) -> int:
    return int(eval(expression, {"ceil": math.ceil, "max": max}))


def drawn_products(lines: list[Line]) -> list[int]:
    rows = [text for text in spans(lines, "product") if text != "products"]
    return [int(number) for number in " ".join(rows).split()]


def left_out(lines: list[Line], what: str) -> tuple[int, int]:
    """How many products or channels are not drawn, and their sum."""
    found = re.findall(rf"… ([0-9]+) more {what}s?, summing to (.+)", plain(lines))
    return sum(int(count) for count, _ in found), sum(int(total) for _, total in found)


def sum_of(lines: list[Line]) -> int:
    """The number that the line of the sum, which may be wrapped, ends with."""
    found = re.search(r"^sum ([^a-z]+)", plain(lines), re.MULTILINE)
    return int(found[1].split()[-1]) if found else 0


def drawn_window(lines: list[Line]) -> str:
    """The cells of every window that is drawn, row by row."""
    rows = [line for line in lines if line and line[0].text == " "]
    return "".join(span.text for line in rows for span in line[1:] if span.style in ("window", "padding"))


@pytest.mark.parametrize(
    ("word", "at", "text"),
    [
        (LECTURE, None, LECTURE_FIRST),
        (LECTURE, "0,2,2,1", LECTURE_LAST),
        ("conv_i4x5_c2_k3x2_f2_s2x1_same_cf_bias_relu_ints19", "0,1,1,4", SAME),
        ("conv_n2_i6_c4_k3_f2_d2_g2_p1.2_f16_reals19", "1,3,1", GROUPED),
        ("conv_i2x4x2_c5_k2x9x2_same_i32_dyadic2", None, ELIDED),
    ],
)
def test_the_whole_text_is_pinned(word: str, at: str | None, text: str) -> None:
    assert text_of(word, at) + "\n" == text


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("column", range(3))
@pytest.mark.parametrize("number", range(2))
def test_every_answer_of_the_lecture_is_reached(row: int, column: int, number: int) -> None:
    lines = explain(Case.parse(LECTURE), (0, row, column, number))
    assert answer_of(lines) == LECTURE_ANSWERS[number, 3 * row + column]


@given(explained(fills=EXACT))
@settings(deadline=None, max_examples=150)
def test_last_number_equals_the_reference_on_exact_fills(drawn: tuple[Case, tuple[int, ...]]) -> None:
    case, at = drawn
    assert answer_of(explain(case, at)) == reference(case)[at]


@given(explained(fills=("reals",)))
@settings(deadline=None, max_examples=100)
def test_last_number_is_the_reference_up_to_rounding_on_reals(drawn: tuple[Case, tuple[int, ...]]) -> None:
    case, at = drawn
    wanted = float(reference(case)[at])
    assert math.isclose(answer_of(explain(case, at)), wanted, rel_tol=1e-12, abs_tol=1e-11)


@given(explained(fills=("unread",)))
@settings(deadline=None, max_examples=100)
def test_cells_that_no_window_reads_never_show(drawn: tuple[Case, tuple[int, ...]]) -> None:
    case, at = drawn
    lines = explain(case, at)
    assert answer_of(lines) == reference(case)[at]
    assert not re.search("nan|inf", plain(lines))


@given(explained(fills=EXACT))
@settings(deadline=None, max_examples=100)
def test_every_formula_adds_up(drawn: tuple[Case, tuple[int, ...]]) -> None:
    written = list(formulas(explain(*drawn)))
    assert len(written) >= 3 * drawn[0].rank
    assert [evaluated(expression) for expression, _ in written] == [int(value) for _, value in written]


@given(explained(fills=EXACT))
@example((Case.parse("conv_i9x40x2_k4x40x2_c9_same_i32_cf_dyadic9"), (0, 0, 0, 0, 0)))
@example((Case.parse("conv_i4x40x9_k4x8x9_c3_same_ints9"), (0, 1, 9, 3, 0)))
@settings(deadline=None, max_examples=100)
def test_what_is_drawn_and_what_is_left_out_make_the_sum(drawn: tuple[Case, tuple[int, ...]]) -> None:
    case, at = drawn
    lines = explain(case, at)
    products = drawn_products(lines)
    more, rest = left_out(lines, "product")
    channels, others = left_out(lines, "channel")
    assert len(products) + more + channels * math.prod(case.kernel) == case.products
    assert sum(products) + rest + others == sum_of(lines)


@given(explained())
@settings(deadline=None, max_examples=200)
def test_no_line_is_wider_than_80_columns(drawn: tuple[Case, tuple[int, ...]]) -> None:
    assert max(map(len, plain(explain(*drawn)).splitlines())) <= 80


@pytest.mark.parametrize("word", EXTREMES)
def test_no_line_of_an_extreme_case_is_wider_than_80_columns(word: str) -> None:
    assert max(map(len, text_of(word).splitlines())) <= 80


@given(explained())
@settings(deadline=None, max_examples=100)
def test_colour_adds_escapes_and_nothing_else(drawn: tuple[Case, tuple[int, ...]]) -> None:
    lines = explain(*drawn)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured(lines)) == plain(lines)
    assert coloured(lines) != plain(lines)


@given(explained())
@settings(deadline=None, max_examples=100)
def test_no_line_ends_with_a_space(drawn: tuple[Case, tuple[int, ...]]) -> None:
    assert not re.search(" $", plain(explain(*drawn)), re.MULTILINE)


def test_padding_is_dim_in_colour() -> None:
    text = coloured(explain(Case.parse("conv_i2_k3_same_ints3")))
    assert "reads cells\x1b[90m ·\x1b[0m\x1b[36m 0\x1b[0m\x1b[36m 1\x1b[0m\n" in text
    assert "\x1b[90m  ·\x1b[0m\x1b[36m  5\x1b[0m\x1b[36m -4\x1b[0m" in text


def test_padding_is_marked_and_a_zero_of_the_input_is_not() -> None:
    lines = explain(Case.parse("conv_i3x3_k3x3_same_impulse1"))
    assert drawn_window(lines).split() == ["·", "·", "·", "·", "0", "0", "·", "0", "0"]


def test_window_may_lie_on_padding_alone() -> None:
    text = text_of("conv_i4x4_k2x2_p3.0x0.0_bias_ints1")
    assert "window 0 reads cells · ·\n" in text
    assert text.endswith("sum      0\nbias     0 - 6 = -6\nanswer   -6")


def test_kernel_of_one_cell_is_one_product() -> None:
    assert tail_of("conv_i1_k1_same_ones", label="channel") == [
        "channel 0: window × filter = products, summing to 1",
        "  1  ×  1  =  1",
        "",
        "sum      1",
        "answer   1",
    ]


def test_integers_wrap_before_relu() -> None:
    assert tail_of("conv_i1x1_c3_k1x1_same_i32_bias_relu_dyadic28", label="sum") == [
        "sum      1795506503 - 1508586022 + 2270507658 = 2557428139",
        "bias     2557428139 - 249353301 = 2308074838",
        "int32    2308074838 - 1*2**32 = -1986892458",
        "relu     max(-1986892458, 0) = 0",
        "answer   0",
    ]


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("conv_i301_k301_valid_bf16_ones", "301, which bfloat16 holds as 300"),
        ("conv_i2049_k2049_valid_f16_ones", "2049, which float16 holds as 2048"),
        ("conv_i70000_k70000_valid_f16_ones", "70000, which float16 holds as inf"),
        ("conv_i2049_k2049_valid_ones", "2049"),
        ("conv_i1_k1_valid_reals", "-1.4137262447463357, which float32 holds as -1.4137262"),
        ("conv_i1_k1_valid_f64_reals", "-1.413726207548234"),
    ],
)
def test_answer_is_shown_as_its_dtype_holds_it_where_that_differs(word: str, answer: str) -> None:
    assert text_of(word).splitlines()[-1] == f"answer   {answer}"


@pytest.mark.parametrize(
    ("word", "at", "sentence"),
    [
        (LECTURE, (0, 1), "(0, 1) is no index of 4 numbers into the answer, whose shape is (1, 3, 3, 2)"),
        (LECTURE, (0, 3, 0, 0), "(0, 3, 0, 0) lies outside the answer, whose shape is (1, 3, 3, 2)"),
        (LECTURE, (0, 0, 0, -1), "(0, 0, 0, -1) lies outside the answer, whose shape is (1, 3, 3, 2)"),
        (
            "conv_i3_f2_k3_valid_cf_f32_ones",
            (0, 0, 1),
            "(0, 0, 1) lies outside the answer, whose shape is (1, 2, 1)",
        ),
        (
            "conv_n0_i3_k3_valid_ones",
            None,
            "'conv_n0_i3_k3_valid_ones' has no cell to explain: its answer has the shape (0, 1, 1)",
        ),
    ],
)
def test_cell_that_does_not_exist_is_refused(word: str, at: tuple[int, ...] | None, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        explain(Case.parse(word), at)


@given(st.lists(st.integers(0, 999_999_999), min_size=1, max_size=5), st.sampled_from([",", "x", ", "]))
def test_index_is_read_back(numbers: list[int], joint: str) -> None:
    assert parse_index(joint.join(map(str, numbers))) == tuple(numbers)


def test_index_is_read_as_a_failure_prints_it() -> None:
    assert parse_index("(0, 1, 2, 0)") == (0, 1, 2, 0)


@pytest.mark.parametrize("text", ["", "0,", "-1,0", "0;1", "a", "1.5", "0,,1", "٣", "1\n", "1234567890"])
def test_text_that_is_no_index_is_refused(text: str) -> None:
    sentence = f"{text!r} is not an index such as 0,1,2,0 (whole numbers joined by commas or x)"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        parse_index(text)
