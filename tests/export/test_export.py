"""Cases taken elsewhere: a pytest file, arrays, an ONNX model; and the command that writes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from strategies import cases
from tests.places import ROOT
from tests.planted import convolutions
from verify import Case, compare, conv, reference
from verify.__main__ import main
from verify.cases.operands import Array
from verify.cases.operations import AROUND, OPERATIONS
from verify.export import CannotExport
from verify.export.arrays import VERSION, write_arrays
from verify.export.onnx_model import Exported, exported, write_onnx
from verify.export.pytest_file import pytest_file

WORD = "conv_i4_k2_s2_same_ints3"
ODD = "conv_i5x4_c2_k2x3_f3_s1x2_same_bias_ints3"


# pytest.


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest says of the files of three planted subjects, in one process of its own."""
    folder = tmp_path_factory.mktemp("exported")
    for name in ("right", "odd_cell_before", "declines"):
        text = pytest_file(Case.parse(ODD), f"tests.planted.convolutions:{name}")
        (folder / f"test_{name}.py").write_text(text, "utf-8")
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}", "COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)
    return done.stdout


def test_a_pytest_file_passes_where_its_subject_is_right(ran: str) -> None:
    assert f"PASSED test_right.py::test_tests_planted_convolutions_right_on_{ODD}\n" in ran


def test_a_pytest_file_fails_where_its_subject_is_wrong(ran: str) -> None:
    assert f"FAILED test_odd_cell_before.py::test_tests_planted_convolutions_odd_cell_before_on_{ODD}" in ran
    assert f"replay   conv-verify replay tests.planted.convolutions:odd_cell_before {ODD}\n" in ran


def test_a_pytest_file_fails_where_its_subject_declines(ran: str) -> None:
    assert f"FAILED test_declines.py::test_tests_planted_convolutions_declines_on_{ODD}" in ran
    assert "AssertionError: no kernel for this shape\n" in ran


@pytest.mark.parametrize(
    ("subject", "variable", "value"),
    [
        ("tensorflow:xla", "TF_ENABLE_ONEDNN_OPTS", "1"),
        ("onnxruntime", "CONV_VERIFY_ORT_THREADS", "2"),
        ("torch:compile/module-trained", "CONV_VERIFY_TORCH_THREADS", "2"),
        ("keras", "KERAS_BACKEND", "jax"),
        ("jax", "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false"),
        ("tests.planted.switched:reads", "PLANTED_SWITCH", "7"),
    ],
)
def test_a_pytest_file_carries_the_settings_of_its_subject_that_the_environment_sets(
    subject: str, variable: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS" if subject != "tensorflow:xla" else "OMP_NUM_THREADS", "2")
    for label in (subject, f"{subject} {variable}={value}"):
        file = tmp_path / "test_exported.py"
        assert main(["export", WORD, "--as", "pytest", "--subject", subject, "--output", f"{file}"]) == 0
        assert f'usual("{label}")' in file.read_text("utf-8")
        monkeypatch.setenv(variable, value)


def test_a_pytest_file_is_a_few_lines() -> None:
    assert pytest_file(Case.parse(WORD), "tensorflow:keras") == (
        f'"""tensorflow:keras on {WORD}, exported by `conv-verify export`."""\n'
        "\n"
        "from verify import Case, check\n"
        "from verify.subjects.isolated import usual\n"
        "\n"
        "\n"
        f"def test_tensorflow_keras_on_{WORD}() -> None:\n"
        f'    verdict = check(Case.parse("{WORD}"), usual("tensorflow:keras"), repeats=2)\n'
        '    assert verdict.outcome != "declined", verdict.sentence\n'
    )


# Arrays.


def archived(word: str, folder: Path) -> dict[str, Array]:
    """The arrays of a case, written and read again without pickles."""
    write_arrays(Case.parse(word), folder / "case.npz")
    with np.load(folder / "case.npz", allow_pickle=False) as archive:
        return dict(archive)


def test_arrays_are_the_operands_and_the_answer(tmp_path: Path) -> None:
    archive, case = archived(ODD, tmp_path), Case.parse(ODD)
    assert set(archive) == {"input", "filters", "bias", "expected", "allowed", "metadata"}
    assert np.array_equal(archive["input"], case.input)
    assert np.array_equal(archive["expected"], reference(case))
    assert not archive["allowed"].any()


def test_arrays_and_metadata_are_enough_to_work_the_answer_out(tmp_path: Path) -> None:
    archive = archived(ODD, tmp_path)
    metadata = json.loads(str(archive["metadata"]))
    answer = conv(
        archive["input"], archive["filters"], bias=archive["bias"],
        strides=metadata["strides"], dilations=metadata["dilations"], groups=metadata["groups"],
        padding=metadata["pads"], data_format=metadata["data_format"],
    )  # fmt: skip
    assert np.array_equal(answer, archive["expected"])


def test_a_wrong_answer_lies_beyond_what_the_arrays_allow(tmp_path: Path) -> None:
    word = "conv_i5x4_c2_k2x3_f3_s1x2_same_bias_reals3"
    archive, case = archived(word, tmp_path), Case.parse(word)
    right, wrong = (convolutions.answer(case), convolutions.odd_cell_before(case))
    assert (np.abs(right - archive["expected"]) <= archive["allowed"]).all()
    assert not (np.abs(wrong - archive["expected"]) <= archive["allowed"]).all()


def test_arrays_of_bfloat16_are_held_as_float32(tmp_path: Path) -> None:
    archive = archived("filtergrad_i4_k2_s2_same_bfloat16_ints3", tmp_path)
    assert {archive[name].dtype for name in ("input", "cotangent")} == {np.dtype("float32")}
    assert json.loads(str(archive["metadata"]))["dtype"] == "bfloat16"


def test_metadata_has_the_scales_of_filters_that_are_kept_as_integers(tmp_path: Path) -> None:
    archive = archived("conv_i5_k2_f2_same_int8weights_qw0.5x0.25_ints3", tmp_path)
    metadata = json.loads(str(archive["metadata"]))
    assert (metadata["weights"], metadata["w_scale"]) == ("int8", [0.5, 0.25])
    kept = archive["filters"] / np.array(metadata["w_scale"], np.float32)
    assert (kept == kept.round()).all()
    assert np.abs(kept).max() <= 127


def test_metadata_has_a_version_and_the_word(tmp_path: Path) -> None:
    metadata = json.loads(str(archived(WORD, tmp_path)["metadata"]))
    assert (metadata["version"], metadata["word"]) == (VERSION, WORD)


# ONNX.


def outcome(made: Exported, answer: Any) -> str:
    """Whether an answer lies within what an exported model allows: "same", "differs", or its shape."""
    if answer.shape != made.expected.shape or answer.dtype != made.expected.dtype:
        return f"{answer.dtype} {answer.shape}"
    got, wanted = answer.astype(np.float64), made.expected.astype(np.float64)
    allowed = 0.0 if made.allowed is None else made.allowed
    with np.errstate(invalid="ignore"):
        close = (np.abs(got - wanted) <= allowed) | (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    return "same" if close.all() else "differs"


def by_runtime(model: onnx.ModelProto, inputs: dict[str, Array]) -> Array:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    answer: Array = session.run(None, inputs)[0]
    return answer


def by_reference(model: onnx.ModelProto, inputs: dict[str, Array]) -> Array:
    with np.errstate(all="ignore"):
        answer: Array = ReferenceEvaluator(model).run(None, inputs)[0]
    return answer


EXPRESSED = cases(
    operations=[name for name in OPERATIONS if name != "filtergrad"],
    around=AROUND,
    dtypes=("float32",),
    max_side=7,
)


def is_refused(case: Case) -> bool:
    try:
        exported(case)
    except CannotExport:
        return True
    return False


def is_empty(case: Case) -> bool:
    return 0 in case.output_shape or 0 in case.input_shape


@given(case=EXPRESSED.filter(lambda case: not is_empty(case)))
def test_onnxruntime_answers_every_model_as_is_due(case: Case) -> None:
    made = exported(case)
    assert outcome(made, by_runtime(made.model, made.inputs)) == "same"


@given(case=EXPRESSED)
def test_the_answer_of_a_model_is_the_reference_with_channels_first(case: Case) -> None:
    if is_refused(case):
        return
    made = exported(case)
    answer = made.expected if case.channels_first else np.moveaxis(made.expected, 1, -1)
    assert compare(case, answer).holds


# In dtypes that the runtime has no kernel for.
@pytest.mark.parametrize(
    "word",
    [
        "conv_i5x4_c2_k2x3_f2_s2x1_d1x2_g2_same_z1.0x0.1_float64_bias_leaky0.25_ints3",
        "conv_i7_c2_k3_f2_p1.2_cf_bfloat16_bias_relu_ints3",
        "depthwise_i5x4_c2_k2x3_m2_s2x1_valid_float16_norm_residual_tanh_ints3",
        "separable_i5x4_c2_k2x3_f3_m2_same_float64_relu6_reals3",
        "transpose_i5x4x3_c1_k2x3x1_f2_s2x1x3_same_float64_bias_reals3",
    ],
)
def test_the_reference_of_onnx_answers_a_model_as_is_due(word: str) -> None:
    made = exported(Case.parse(word))
    assert outcome(made, by_reference(made.model, made.inputs)) == "same"


def spoilt(word: str, name: str, value: list[int]) -> str:
    """What becomes of a model whose node has another attribute."""
    made = exported(Case.parse(word))
    (node,) = [node for node in made.model.graph.node if node.op_type in ("Conv", "ConvTranspose")]
    (attribute,) = [item for item in node.attribute if item.name == name]
    attribute.ints[:] = value
    return outcome(made, by_runtime(made.model, made.inputs))


@pytest.mark.parametrize(
    ("word", "name", "value"),
    [
        ("conv_i5x4_k2x3_s1x1_same_ints3", "pads", [1, 1, 0, 1]),
        ("conv_i5x5_k2x3_s1x2_p1.1x1.1_ints3", "pads", [0, 1, 2, 1]),
        ("transpose_i5x4_k2x3_s2x1_same_ints3", "pads", [1, 1, 0, 1]),
        ("conv_i5x4_k2x1_d2x1_p1.1x0.0_reals3", "pads", [2, 0, 0, 0]),
    ],
)
def test_a_wrong_model_is_seen_to_fail(word: str, name: str, value: list[int]) -> None:
    assert spoilt(word, name, value) == "differs"


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("filtergrad_i3_k2_same_ones", "ONNX has no operator for the gradient with respect to filters"),
        ("conv_i3_k2_same_int32_ones", "ONNX's Conv has no int32"),
        ("conv_i3_k2_same_float64_leaky0.2_ones", "LeakyRelu holds its slope as a float32, which 0.2 is not"),
        ("conv_i3_k2_s0_same_ones_illegal", "it is a call that must be refused"),
        ("conv_i0_k1_s2_same_ones", "on one axis no window fits, for which ONNX has no sure size"),
    ],
)
def test_what_onnx_cannot_express_is_refused(word: str, why: str) -> None:
    with pytest.raises(CannotExport) as refusal:
        exported(Case.parse(word))
    assert str(refusal.value) == f"{word} has no ONNX model: {why}"


def stored(file: Path) -> Array:
    array: Array = numpy_helper.to_array(onnx.TensorProto.FromString(file.read_bytes()))
    return array


def test_onnx_files_lie_as_in_its_backend_tests(tmp_path: Path) -> None:
    write_onnx(Case.parse("conv_i5x4_c2_k2x3_f2_same_bias_residual_relu_ints3"), tmp_path)
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    data = {f"test_data_set_0/{name}.pb" for name in ("input_0", "input_1", "output_0")}
    assert files == {"model.onnx", *data}


def test_onnx_files_are_read_and_run_as_its_backend_tests_do(tmp_path: Path) -> None:
    write_onnx(Case.parse(ODD), tmp_path)
    model, data = onnx.load(tmp_path / "model.onnx"), tmp_path / "test_data_set_0"
    answer = by_runtime(model, {model.graph.input[0].name: stored(data / "input_0.pb")})
    np.testing.assert_array_equal(answer, stored(data / "output_0.pb"), strict=True)


def test_a_bound_lies_beside_the_answer_that_need_not_be_equal(tmp_path: Path) -> None:
    write_onnx(Case.parse("conv_i5_k2_same_reals3"), tmp_path)
    allowed = stored(tmp_path / "test_data_set_0" / "allowed_0.pb")
    assert (allowed.dtype, allowed.shape) == (np.dtype("float64"), (1, 1, 5))
    assert (allowed > 0).all()


def test_files_of_an_earlier_model_do_not_stay(tmp_path: Path) -> None:
    write_onnx(Case.parse("conv_i5_k2_same_residual_reals3"), tmp_path)
    write_onnx(Case.parse("conv_i5_k2_same_ints3"), tmp_path)
    assert {path.name for path in (tmp_path / "test_data_set_0").iterdir()} == {"input_0.pb", "output_0.pb"}


# The command.


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def export(*arguments: str) -> int:
    return main(["export", *arguments])


def test_a_text_is_printed_where_no_file_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    assert export(WORD, "--as", "pytest") == 0
    assert capsys.readouterr().out == pytest_file(Case.parse(WORD), "tensorflow")


@pytest.mark.needs_tensorflow
def test_a_text_is_written_where_a_file_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(WORD, "--as", "script", "--output", "issue.py") == 0
    assert capsys.readouterr().out == "wrote issue.py\n"
    compile((here / "issue.py").read_text("utf-8"), "issue.py", "exec")


def test_a_script_without_tensorflow_is_one_sentence_and_exits_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in [module for module in sys.modules if module.startswith("verify.subjects.tensorflow")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    assert export(WORD, "--as", "script") == 2
    assert capsys.readouterr().err == (
        "conv-verify: 'tensorflow' needs tensorflow, which is not installed: "
        "pip install 'conv-verify[tensorflow]'\n"
    )


def test_arrays_and_models_are_named_after_the_word(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [export(WORD, "--as", form) for form in ("npz", "onnx")] == [0, 0]
    assert capsys.readouterr().out == f"wrote {WORD}.npz\nwrote {WORD}\n"
    assert (here / f"{WORD}.npz").is_file()
    assert (here / WORD / "model.onnx").is_file()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((WORD, "--as", "npz", "--subject", "xla"), "npz holds a case and no subject such as 'xla'"),
        (
            (WORD, "--as", "script", "--subject", "tests.planted.convolutions:right"),
            (
                "a script asks TensorFlow and needs nothing else: "
                "export 'tests.planted.convolutions:right' as pytest"
            ),
        ),
        (("conv_i3_k2_s0_same_ones_illegal", "--as", "npz"),
         "conv_i3_k2_s0_same_ones_illegal is a call that must be refused, and has no answer to store"),
        (("conv_i3x3_k2x2_same_int32_ones", "--as", "onnx"),
         "conv_i3x3_k2x2_same_int32_ones has no ONNX model: ONNX's Conv has no int32"),
        ((WORD, "--as", "pytest", "--subject", "tests.planted.convolutions:nobody"),
         "'tests.planted.convolutions:nobody' is no subject: tests.planted.convolutions has no 'nobody'"),
        ((WORD, "--as", "pytest", "--output", "no/such/folder.py"),
         "there is no folder 'no/such': make it, or name another by --output"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("here")
def test_what_cannot_be_exported_is_one_sentence_and_exits_2(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(*arguments) == 2
    assert capsys.readouterr().err == f"conv-verify: {sentence}\n"


def test_a_form_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert export(WORD, "--as", "gist") == 2
    assert "'--as': 'gist' is none of script, issue, pytest, npz, onnx" in capsys.readouterr().err


@pytest.mark.usefixtures("here")
def test_onnx_that_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "verify.export.onnx_model")
    assert export(WORD, "--as", "onnx") == 2
    assert capsys.readouterr().err == (
        "conv-verify: an ONNX model needs onnx, which is not installed: python -m pip install onnx\n"
    )


def test_arrays_of_a_quantised_case_come_with_its_scales(tmp_path):
    word = "conv_i3x3_k2x2_f2_same_int8_qx0.5z-3_qw0.25x0.5_qy2_bias_ones"
    path = tmp_path / "case.npz"
    write_arrays(Case.parse(word), path)
    with np.load(path) as arrays:
        said = json.loads(str(arrays["metadata"]))
        dtypes = [arrays[name].dtype.name for name in ("input", "filters", "bias")]
    assert (said["x_scale"], said["x_zero_point"], said["w_scale"]) == (0.5, -3, [0.25, 0.5])
    assert dtypes == ["int8", "int8", "int32"]
