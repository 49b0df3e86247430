"""What else one would gate a convolution by: judged cases a second, and the faults seen, in the same time.

python -m tests.benchmarks.bench_against [SECONDS [SEEDS]] prints the table. The others are what one writes in
ten minutes: Hypothesis draws sizes and arrays, and `numpy.testing.assert_allclose` compares with the loops of
the article, or with ONNX's reference evaluator. All draw float32 convolutions of two axes. The time is CPU of
drawing and judging; faults are tried beside it, and count as seen where the test would fail.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from onnx.reference import ReferenceEvaluator

from strategies import cases
from verify import Case
from verify.cases.given import Given
from verify.cases.operands import Array, Operands
from verify.checks.path import compare
from verify.faults import FAULTS
from verify.faults.fault import Conduct, Fault, right_answer
from verify.faults.visibility import is_visible

Judge = Callable[[Case, Array], bool]
"""Whether a test passes where a subject answers this."""


class Rival(NamedTuple):
    """A way to gate: what it draws, what is due, made once a case, and what it lets pass."""

    draws: st.SearchStrategy[Case]
    wanted: Callable[[Case], Any]
    passes: Callable[[Case, Any, Array], bool]


class Score(NamedTuple):
    """What came of so many seconds: the cases judged, right answers that failed, and the faults seen."""

    judged: int
    alarms: int
    seen: frozenset[str]


@st.composite
def plain(draw: st.DrawFn) -> Case:
    """Sizes and arrays of their own from small ranges, as one would write it."""
    batch, channels, filters = (draw(st.integers(1, most)) for most in (2, 4, 4))
    size, kernel = (draw(st.tuples(*[st.integers(1, most)] * 2)) for most in (8, 3))
    strides, dilations = (draw(st.tuples(*[st.integers(1, most)] * 2)) for most in (3, 2))
    padding = draw(st.sampled_from(["SAME", "VALID"]))
    numbers = st.floats(-10, 10, width=32)
    spans = [(taps - 1) * step + 1 for taps, step in zip(kernel, dilations, strict=True)]
    assume(padding == "SAME" or all(span <= cells for span, cells in zip(spans, size, strict=True)))
    shaped = Case(
        batch=batch,
        size=size,
        channels=channels,
        kernel=kernel,
        filter_count=filters,
        strides=strides,
        dilations=dilations,
        padding=padding,
        epilogue=("bias",),
    )
    x = draw(arrays(np.float32, shaped.input_shape, elements=numbers))
    w = draw(arrays(np.float32, shaped.filter_shape, elements=numbers))
    bias = draw(arrays(np.float32, (filters,), elements=numbers))
    shared = {name: value for name, value in vars(shaped).items() if name not in ("axes", "size", "kernel")}
    return Given.of_arrays({**shared, "format": shaped.format}, shaped.axes, Operands(x, w, bias))


def by_loops(case: Case) -> Array:
    """The lecture's loops: one window after another, with its filters."""
    x, w = case.input, case.filters
    pads = [(0, 0), *((axis.before, axis.after) for axis in case.axes), (0, 0)]
    padded = np.pad(x, pads)
    answer = np.zeros(case.output_shape, np.float32)
    (down, right), (rows, columns) = case.strides, case.dilations
    height, width = (axis.span for axis in case.axes)
    for image, top, left, number in np.ndindex(answer.shape):
        y, z = top * down, left * right
        window = padded[image, y : y + height : rows, z : z + width : columns]
        answer[image, top, left, number] = np.sum(window * w[..., number]) + case.bias[number]
    return answer


def by_onnx(case: Case) -> Array:
    """ONNX's reference evaluator, of a graph of the case's sizes."""
    node = onnx.helper.make_node(
        "Conv",
        ["x", "w", "b"],
        ["y"],
        strides=list(case.strides),
        dilations=list(case.dilations),
        pads=[*(axis.before for axis in case.axes), *(axis.after for axis in case.axes)],
        kernel_shape=list(case.kernel),
    )
    operands = {
        "x": np.moveaxis(case.input, -1, 1),
        "w": np.transpose(case.filters, (3, 2, 0, 1)),
        "b": case.bias,
    }
    values = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, value.shape)
        for name, value in operands.items()
    ]
    answer = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "conv", values, [answer]))
    return np.moveaxis(ReferenceEvaluator(model).run(None, operands)[0], 1, -1)


def is_close(_: Case, wanted: Array, answer: Array) -> bool:
    """By the tolerance that tests of convolutions in float32 are usually given."""
    try:
        np.testing.assert_allclose(answer, wanted, rtol=1e-4, atol=1e-4)
    except AssertionError:
        return False
    return True


RIVALS: dict[str, Rival] = {
    "conv-verify": Rival(
        cases(operations=("conv",), ranks=(2,), dtypes=("float32",)),
        lambda case: None,
        lambda case, _, answer: compare(case, answer).holds,
    ),
    "arrays, assert_allclose, loops": Rival(plain(), by_loops, is_close),
    "arrays, assert_allclose, ONNX's reference evaluator": Rival(plain(), by_onnx, is_close),
}


def score_of(rival: Rival, number: int, seconds: float) -> Score:
    """What a rival does in so many seconds of drawing and judging, by a seed."""
    judged = alarms = 0
    seen: set[str] = set()
    aside = 0.0

    class Over(BaseException):
        """The end, which Hypothesis passes on."""

    @contextmanager
    def not_counted() -> Iterator[None]:
        nonlocal aside
        start = time.process_time()
        yield
        aside += time.process_time() - start

    @seed(number)
    @settings(
        max_examples=10**6,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=rival.draws)
    def judge_all(case: Case) -> None:
        nonlocal judged, alarms
        with not_counted():
            answer = right_answer(case if isinstance(case, Given) else case.copied())
        passed = rival.passes(case, rival.wanted(case), answer)
        judged, alarms = judged + 1, alarms + (not passed)
        with not_counted():
            seen.update(
                fault.name for fault in FAULTS if fault.name not in seen and shows(fault, case, rival)
            )
        if time.process_time() - start - aside > seconds:
            raise Over

    start = time.process_time()
    with pytest.raises(Over):
        judge_all()
    return Score(judged, alarms, frozenset(seen))


def shows(fault: Fault, case: Case, rival: Rival) -> bool:
    """Whether a case fails by what a fault would answer."""
    if rival is RIVALS["conv-verify"]:
        return is_visible(fault, case)
    if isinstance(fault.change, Conduct):
        return False  # a plain test asks once, and looks at nothing but the answer
    right = right_answer(case)
    wrong = fault.wrong(case, right)
    if wrong is None:
        return False
    return wrong.shape != right.shape or not rival.passes(case, rival.wanted(case), wrong)


@pytest.mark.parametrize("number", range(2))
def test_it_judges_more_and_sees_more_than_what_one_would_write(number: int) -> None:
    ours, *others = (score_of(rival, number, seconds=2.0) for rival in RIVALS.values())
    for other in others:
        assert ours.judged > other.judged
        assert len(ours.seen) > len(other.seen)
    assert not ours.alarms


def main(seconds: float = 10.0, seeds: int = 3) -> None:
    print(f"{'':<54}{'cases a second':>16}{'faults seen':>13}{'of all':>8}{'alarms':>8}")
    scores = {
        name: [score_of(rival, number, seconds) for number in range(seeds)] for name, rival in RIVALS.items()
    }
    every = frozenset().union(*(score.seen for many in scores.values() for score in many))
    for name, many in scores.items():
        rate = statistics.median(score.judged / seconds for score in many)
        faults = statistics.median(len(score.seen) for score in many)
        alarms = sum(score.alarms for score in many)
        print(f"{name:<54}{rate:>16,.0f}{faults:>13g}{len(every):>8}{alarms:>8}")


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((float, int), sys.argv[1:], strict=False)))
