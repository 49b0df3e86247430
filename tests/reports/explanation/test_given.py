"""Arrays in files, read as a call, and how they are refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from verify import conv
from verify.oracle import bounds
from verify.oracle.bounds import rule_of
from verify.oracle.calls import Arguments, call_of
from verify.oracle.compare import compare_values
from verify.reports.explanation.answered import answered_call
from verify.reports.explanation.given import array_in, call_in, title_of
from verify.reports.explanation.whole import all_sums

X = np.arange(18, dtype=np.float32).reshape(1, 3, 3, 2)
W = np.arange(16, dtype=np.float32).reshape(2, 2, 2, 2) - 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "w.npy", W)
    np.savez(tmp_path / "both.npz", x=X, w=W)
    np.savez(tmp_path / "one.npz", X)
    (tmp_path / "text.npy").write_text("no array")
    (tmp_path / "empty.npy").touch()
    np.save(tmp_path / "objects.npy", np.array([object()]), allow_pickle=True)
    whole = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "open.npy").write_bytes(whole.replace(b"}", b"(", 1))
    (tmp_path / "cut.npy").write_bytes(whole[:-1])
    (tmp_path / "spoiled.npz").write_bytes(
        (tmp_path / "one.npz").read_bytes().replace(X.tobytes(), b"x" * 72)
    )
    return tmp_path


@pytest.mark.parametrize("name", ["x.npy", "both.npz:x", "one.npz"])
def test_array_is_read_from_a_file_or_an_archive(folder: Path, name: str) -> None:
    np.testing.assert_array_equal(array_in(f"{folder}/{name}", option="--x"), X)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("text.npy", "is no file of NumPy's that holds numbers: numpy.save writes one"),
        ("empty.npy", "is no file of NumPy's that holds numbers: numpy.save writes one"),
        ("objects.npy", "is no file of NumPy's that holds numbers: numpy.save writes one"),
        ("open.npy", "is no file of NumPy's that holds numbers: numpy.save writes one"),
        ("cut.npy", "is no file of NumPy's that holds numbers: numpy.save writes one"),
        ("spoiled.npz", "is no file of NumPy's that holds numbers: numpy.save writes one"),
        ("both.npz", "has 2 arrays: add a colon and one of x, w"),
        ("both.npz:y", "there is no y; it has x, w"),
        ("x.npy:x", "holds one array and no names; leave out :x"),
    ],
)
def test_other_files_are_refused_in_one_sentence(folder: Path, name: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"--x {folder}/{name}.*{sentence}"):
        array_in(f"{folder}/{name}", option="--x")


def test_pipe_in_the_place_of_an_array_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=r"is a pipe where a file is needed: name another by --x"):
        array_in(f"{tmp_path}/pipe", option="--x")


def test_sums_of_own_arrays_are_those_of_the_reference(folder: Path) -> None:
    given = {"x": f"{folder}/x.npy", "w": f"{folder}/w.npy", "padding": "SAME", "strides": 2}
    _, call = call_in("conv", given)
    answers = [float(line.rpartition(" ")[2]) for line in all_sums(call.case)]
    assert answers == conv(X, W, padding="same", strides=2).ravel().tolist()


def test_own_arrays_are_called_by_their_files(folder: Path) -> None:
    given = {"x": f"{folder}/x.npy", "w": f"{folder}/w.npy", "padding": 1, "strides": None}
    _, call = call_in("conv", given)
    assert title_of(call, given) == (
        f"conv of {folder}/x.npy (1, 3, 3, 2) and {folder}/w.npy (2, 2, 2, 2), padding 1"
    )


@pytest.mark.parametrize("data_format", ["NHWC", "NCHW", "HWC", "CHW"])
def test_worst_element_of_an_answer_is_counted_as_the_case_is(data_format: str) -> None:
    x, w = (np.random.default_rng(3).standard_normal(array.shape).astype(np.float32) for array in (X, W))
    order = ["NHWC".index(letter) for letter in data_format]
    x = x.transpose(order) if "N" in data_format else x[0].transpose([axis - 1 for axis in order])
    arguments = Arguments(operation="conv", x=x, w=w, data_format=data_format)
    call = call_of(arguments)
    answer = conv(x, w, data_format=data_format).astype(np.float32)
    answer[(*(0,) * (answer.ndim - 1), 1)] += 100
    answered = answered_call("y", answer, call, arguments=arguments)
    assert answered.verdict == compare_values(rule_of(call.case), answered.answer)
    assert answered.verdict.worst is not None


def test_magnitudes_are_computed_once_for_one_judgement(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[object] = []
    magnitudes = bounds.magnitudes
    monkeypatch.setattr(bounds, "magnitudes", lambda *parts: (counted.append(parts), magnitudes(*parts))[1])
    x = np.random.default_rng(4).standard_normal(X.shape).astype(np.float32)
    rule_of(call_of(Arguments(operation="conv", x=x, w=W)).case)
    assert len(counted) == 1
