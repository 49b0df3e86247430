"""What is drawn of a cell's products: all of them or their count, with padding marked."""

from __future__ import annotations

import math
import re

from hypothesis import example, given, settings

from tests.reports.explanation.explained import EXACT, explained, readings, spans, tail_of
from verify import Case
from verify.reports.explanation.explain import explain
from verify.reports.explanation.lines import Line, plain_text


def drawn_products(lines: list[Line]) -> list[int]:
    rows = [text for text in spans(lines, "product") if text != "products"]
    return [int(number) for number in " ".join(rows).split()]


def left_out(lines: list[Line], what: str) -> tuple[int, int]:
    """How many products or blocks are not drawn, and their sum."""
    matches = re.findall(rf"… ([0-9]+) more (?:{what}), summing to (.+)", plain_text(lines))
    return sum(int(count) for count, _ in matches), sum(int(total) for _, total in matches)


def sum_of(lines: list[Line]) -> int:
    """The number that the line of the sum, which may be wrapped, ends with."""
    match = re.search(r"^sum ([^a-z]+)", plain_text(lines), re.MULTILINE)
    return int(match[1].split()[-1]) if match else 0


def products_of(case: Case, at: tuple[int, ...]) -> tuple[int, int]:
    """Products that make a cell: of one block, and in all."""
    if case.operation == "transpose":
        return readings(case, at), readings(case, at) * (case.filter_count // case.groups)
    block = (
        math.prod(axis.out for axis in case.axes)
        if case.operation == "filtergrad"
        else math.prod(case.kernel)
    )
    return block, case.products


def drawn_window(lines: list[Line]) -> str:
    """The cells of every window that is drawn, row by row."""
    rows = [line for line in lines if line and line[0].text == " "]
    return "".join(span.text for line in rows for span in line[1:] if span.style in ("window", "padding"))


@given(
    explained(operations=("conv", "depthwise", "transpose", "filtergrad"), fills=EXACT, around=("border",))
)
@example((Case.parse("conv_i9x40x2_k4x40x2_c9_same_int32_cf_dyadic9"), (0, 0, 0, 0, 0)))
@example((Case.parse("conv_i4x40x9_k4x8x9_c3_same_ints9"), (0, 1, 9, 3, 0)))
@example((Case.parse("transpose_i9x40x9_c2_k4x40x9_f90_g2_same_ints9"), (0, 4, 20, 4, 1)))
@example((Case.parse("filtergrad_n9_i9x40x9_c2_k2x2x2_f2_g2_same_int32_dyadic9"), (1, 0, 1, 0, 1)))
@settings(deadline=None, max_examples=200)
def test_what_is_drawn_and_what_is_left_out_make_the_sum(drawn: tuple[Case, tuple[int, ...]]) -> None:
    case, at = drawn
    lines = explain(case, at)
    products = drawn_products(lines)
    more, rest = left_out(lines, "products?")
    blocks, others = left_out(lines, "channels?|filters?|batch|batches")
    block, total = products_of(case, at)
    assert len(products) + more + blocks * block == total
    assert sum(products) + rest + others == sum_of(lines)


def test_padding_is_marked_and_a_zero_of_the_input_is_not() -> None:
    lines = explain(Case.parse("conv_i3x3_k3x3_same_impulse1"))
    assert drawn_window(lines).split() == ["·", "·", "·", "·", "0", "0", "·", "0", "0"]


def test_kernel_of_one_cell_is_one_product() -> None:
    assert tail_of("conv_i1_k1_same_ones", label="channel") == [
        "channel 0: window × filter = products, summing to 1",
        "  1  ×  1  =  1",
        "",
        "sum      1",
        "answer   1",
    ]
