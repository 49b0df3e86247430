"""Exported scripts make the calls of the subject, and show what it shows."""

from __future__ import annotations

import ast
import contextlib
import io
import subprocess
import sys
from subprocess import PIPE
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from strategies import cases
from tests.export.exported import EVERY_WAY, candidates
from verify import Case, compare
from verify.cases.dtypes import FORMATS
from verify.cases.operands import Array
from verify.cases.operations import AROUND
from verify.checks.deviations import Deviation, routes_of
from verify.checks.path import Examiner
from verify.checks.predictions import explains
from verify.checks.subject import Description, describe
from verify.export import CannotExport
from verify.export.script import LINE_LIMIT, script
from verify.export.source import Expression, Recording, literal_of, recorded_calls
from verify.oracle.compare import LOST
from verify.subjects.litert.ways import OperatorWay
from verify.subjects.registry import load
from verify.subjects.tensorflow import subject
from verify.subjects.tensorflow.ways import WAYS, Way, known_deviations, subject_of


class Ran(NamedTuple):
    """What a script ended with and printed, and its names."""

    code: object
    output: str
    names: dict[str, Any]


def run(text: str) -> Ran:
    """Run a script in this process; an error that it raises is its code."""
    names: dict[str, Any] = {"__name__": "__main__"}
    output, code = io.StringIO(), None
    with contextlib.redirect_stdout(output), np.errstate(), np.printoptions():
        try:
            exec(compile(text, "exported.py", "exec"), names)
        except SystemExit as end:
            code = end.code
        except Exception as error:  # noqa: BLE001 - whatever TensorFlow raises is what the script ends with
            code = error
    return Ran(code, output.getvalue(), names)


def taking(way: Way) -> Description:
    """The subject that goes one way alone."""
    return describe(subject_of("tensorflow", (way,)))


def built_in(name: str) -> Description:
    return describe(subject(name))


def answered(way: Way | OperatorWay, case: Case) -> Array | str:
    """A subject's answer, or the class of its error."""
    try:
        return way(case) if isinstance(way, OperatorWay) else way.answer(case)
    except Exception as error:  # noqa: BLE001 - any error of TensorFlow's is an answer to compare
        return type(error).__name__


def shown(ran: Ran) -> Array | str:
    """A script's answer, or the class of its error."""
    return type(ran.code).__name__ if isinstance(ran.code, Exception) else ran.names["y"]


CALLS = [(way, case) for way in EVERY_WAY for case in candidates(taking(way), way.operation)]


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
@pytest.mark.parametrize(
    ("way", "case"), [pytest.param(*call, id=f"{call[0].mode}-{call[0].name}-{call[1]}") for call in CALLS]
)
def test_a_script_gives_the_very_bits_of_the_subject(way: Way, case: Case) -> None:
    ran, answer = run(script(case, taking(way))), answered(way, case)
    assert np.array_equal(shown(ran), answer)
    assert (ran.code is None) == (not isinstance(answer, str) and compare(case, answer).holds)


def exported_or_empty(case: Case, name: str) -> str:
    """The script of a case, or nothing where it is declined or too large."""
    try:
        return script(case, built_in(name))
    except CannotExport:
        return ""


def imported_by(text: str) -> set[str]:
    """The modules that a script imports."""
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)]
    return {alias.name for node in imports for alias in node.names}


@pytest.mark.parametrize("name", WAYS)
@given(data=st.data())
@settings(max_examples=15)
def test_a_script_of_any_case_has_at_most_40_lines_and_needs_nothing_of_ours(
    name: str, data: st.DataObject
) -> None:
    drawn = cases(operations=built_in(name).operations, around=AROUND, max_side=4)
    text = exported_or_empty(data.draw(drawn), name)
    assert len(text.splitlines()) <= LINE_LIMIT
    assert imported_by(text) <= {"base64", "keras", "numpy", "os", "sys", "tensorflow", "zlib"}


SHOWN = [
    pytest.param(name, deviation, id=f"{name}-{deviation.name}")
    for name in WAYS
    for deviation in known_deviations(name)
    if routes_of(deviation, built_in(name)) and not deviation.sporadic and not {*LOST} & {*deviation.kinds}
    if not deviation.name.startswith("uniform-")  # whose two operations have no script
]


def shows(deviation: Deviation, way: Description) -> bool:
    """Whether a way answers a deviation's word as that says."""
    return explains(deviation, Examiner(subject=way).examine(Case.parse(deviation.word)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "deviation"), SHOWN)
def test_a_script_shows_every_recorded_deviation(name: str, deviation: Deviation) -> None:
    case, ways = Case.parse(deviation.word), routes_of(deviation, built_in(name))
    way = next(way for way in ways if way.domain.holds(case) and shows(deviation, way))
    assert isinstance(way.call, Way | OperatorWay)
    ran, answer = run(script(case, way)), answered(way.call, case)
    assert ran.code is not None
    assert isinstance(shown(ran), str) == isinstance(answer, str)


CONV3D = "conv_i1x1x3_k1x1x1_s1x1x3_same_float64_iota"


CRASH = "filtergrad_i2x0_k1x1_s2x2_same_float64_ones"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    """The exit code, output and errors of two scripts, by interpreters that have no path to this package."""
    running = {}
    for word in (CONV3D, CRASH):
        folder = tmp_path_factory.mktemp("alone")
        (folder / "issue.py").write_text(script(Case.parse(word), built_in("tensorflow")), "utf-8")
        command = [sys.executable, "-I", "issue.py"]
        running[word] = subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True, cwd=folder)
    ended = {word: process.communicate() for word, process in running.items()}
    return {word: (running[word].returncode, *outputs) for word, outputs in ended.items()}


def test_a_script_on_its_own_prints_expected_and_actual_and_exits_1(alone: dict[str, Any]) -> None:
    code, output, errors = alone[CONV3D]
    assert code == 1
    assert "expected: float64 (1, 1, 1, 1, 1) [[[[[1.]]]]]\n" in output
    assert "actual:   float64 (1, 1, 1, 1, 1) [[[[[2.]]]]]\n" in output
    assert errors.endswith("DIFFERS in 1 of 1 values\n")


def test_a_script_of_a_crash_says_what_was_expected_and_crashes(alone: dict[str, Any]) -> None:
    code, output, _ = alone[CRASH]
    assert code < 0
    assert output.endswith("expected: float64 (1, 1, 1, 1) [[[[0.]]]]\n")


def test_a_script_of_an_illegal_call_expects_an_error() -> None:
    text = script(Case.parse("conv_i3x3_k2x2_s0x1_valid_ones_illegal"), built_in("tensorflow"))
    ran = run(text)
    assert ran.code is None
    assert "expected: an error\n" in ran.output
    assert "# expected: an error: 's0x1' has a number below 1\n" in text


@pytest.mark.parametrize("subject", ["tensorflow:graph", "tensorflow:graph/tf.nn.conv2d+unknown-sizes"])
def test_a_script_of_an_illegal_call_agrees_where_the_trace_is_refused(subject: str) -> None:
    ran = run(script(Case.parse("conv_i2x2_k1x1_same_ones_wfloat16_illegal"), load(subject)))
    assert ran.code is None
    assert ran.output.endswith("actual:   TypeError (agrees)\n")


@pytest.mark.parametrize(
    "spoil",
    [
        ("y, again = run(), run()", "y, again = run() + 1, run() + 1"),
        ("y, again = run(), run()", "y, again = run(), -run()"),
        ("y, again = run(), run()", "y = again = run().astype('float32')"),
        ("y, again = run(), run()", "y = again = run()[..., :0]"),
        ("y, again = run(), run()", "y = again = run() * np.nan"),
    ],
    ids=["a value", "the second time", "the dtype", "the shape", "a NaN"],
)
def test_a_script_sees_what_differs(spoil: tuple[str, str]) -> None:
    text = script(Case.parse("conv_i3_k2_same_float64_ints3"), built_in("tensorflow"))
    assert run(text).code is None
    assert str(run(text.replace(*spoil)).code).startswith("DIFFERS")


def test_a_script_allows_what_the_bound_allows_and_no_more() -> None:
    text = script(Case.parse("conv_i30_k9_same_reals3"), built_in("tensorflow"))
    off = "run() + np.float32({}) * allowed.astype('f')"
    within, beyond = (text.replace("y, again = run()", f"y, again = {off.format(by)}") for by in (0.5, 2.5))
    assert not str(run(within).code).startswith("DIFFERS in")
    assert str(run(beyond).code).startswith("DIFFERS in")


def test_a_case_that_is_declined_has_no_script() -> None:
    with pytest.raises(
        CannotExport, match=r"conv_i3x3_k1x1_same_float64_cf_ones cannot be exported: .* NHWC"
    ):
        script(Case.parse("conv_i3x3_k1x1_same_float64_cf_ones"), built_in("tensorflow"))


def test_arrays_that_no_issue_holds_have_no_script() -> None:
    with pytest.raises(CannotExport, match=r"script of [0-9,]+ characters, more than an issue .* as npz"):
        script(Case.parse("conv_i200x200_k3x3_same_reals"), built_in("tensorflow"))


def test_large_arrays_that_a_formula_gives_have_one() -> None:
    text = script(Case.parse("conv_n9_i99x99_c99_k1x1_same_ones"), built_in("tensorflow"))
    assert 'x = np.full([9, 99, 99, 99], 1, "float32")\n' in text
    assert 'expected = np.full([9, 99, 99, 1], 99, "float64")\n' in text


# The source of arrays.

NUMBERS = arrays.arrays(
    st.sampled_from([form.dtype for form in FORMATS.values() if form.token != "bfloat16"]),
    arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=6),
)


def rebuilt(array: Array) -> Array:
    import base64
    import zlib

    from verify.subjects.tensorflow.imported import tf

    made: Array = eval(literal_of(array), {"np": np, "tf": tf, "base64": base64, "zlib": zlib})
    return made


def canonical(array: Array) -> bytes:
    """The bits of an array, every NaN as the same one."""
    return np.where(np.isnan(array), np.float64(np.nan), array).tobytes()


@given(array=NUMBERS)
@example(array=np.arange(5000.0) % 7 + 1)
@example(array=np.arange(5000.0).reshape(50, 100) - 2500)
@example(array=np.linspace(0, 1, 999, dtype="f4"))
@example(array=np.array([-0.0, 0.0, np.inf, -np.inf, np.nan]))
@example(array=Case.parse("conv_i9x9_c9_k3x3_same_bfloat16_reals").input)
@example(array=Case.parse("conv_i9_k3_same_bfloat16_reals").input)
@example(array=Case.parse("conv_i2x3_c15_k1x1_same_float16_nonfinite2").input)
@example(array=np.linspace(-3e9, 3e9, 500))
def test_the_source_of_an_array_is_that_array(array: Array) -> None:
    made = rebuilt(array)
    assert (made.dtype, made.shape, canonical(made)) == (array.dtype, array.shape, canonical(array))


# Recording.


def recorded(act: Any, width: int = 100) -> list[str]:
    record = Recording({}, "float32")
    return record.source(act(Expression(record, "tf"), Expression(record, "x")), width)


def test_a_value_that_is_used_once_is_written_where_it_is_used() -> None:
    assert recorded(lambda tf, x: tf.nn.relu(tf.abs(x) + 1)) == ["return tf.nn.relu(tf.abs(x) + 1)"]


def test_a_value_that_is_used_twice_has_a_name() -> None:
    def twice(tf: Any, x: Any) -> Any:
        y = tf.abs(x)
        return tf.add(y, y)

    assert recorded(twice) == ["y1 = tf.abs(x)", "return tf.add(y1, y1)"]


def test_a_value_that_would_make_a_line_too_long_has_a_name() -> None:
    assert recorded(lambda tf, x: tf.f(tf.g(x)), 10) == ["y1 = tf.g(x)", "return tf.f(y1)"]


def test_a_sum_keeps_its_brackets_where_it_needs_them() -> None:
    assert recorded(lambda tf, x: (x + 1).half) == ["return (x + 1).half"]


def test_a_block_is_indented_and_keeps_its_calls() -> None:
    def watched(tf: Any, x: Any) -> Any:
        with tf.Tape() as tape:
            tape.watch((x, x))
            y = tf.abs(x)
        return tape.gradient(y, x, by=tf.float32)

    assert recorded(watched) == [
        "with tf.Tape() as y1:",
        "    y1.watch([x, x])",
        "    y3 = tf.abs(x)",
        "return y1.gradient(y3, x, by=tf.float32)",
    ]


def test_recording_leaves_the_modules_as_they_were() -> None:
    from verify.subjects.tensorflow import entries

    was = entries.tf
    with pytest.raises(AttributeError), recorded_calls({}, "float32"):
        _ = entries.tf.__path__
    assert entries.tf is was
