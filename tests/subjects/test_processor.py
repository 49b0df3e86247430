"""What is known of the CPU, and what it changes: the dtypes that oneDNN takes over."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from verify.subjects import processor
from verify.subjects.processor import cpu_model, features, onednn_by_default, onednn_dtypes


@pytest.fixture
def cpuinfo(tmp_path, monkeypatch):
    """Says what the kernel writes of the CPU."""
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(processor, "_CPUINFO", path)
    features.cache_clear()
    yield path.write_text
    features.cache_clear()


@pytest.mark.parametrize(
    ("flags", "dtypes"),
    [
        ({"avx2"}, ("float32",)),
        ({"avx512f"}, ("float32", "bfloat16")),
        ({"avx_ne_convert"}, ("float32", "bfloat16", "float16")),
        ({"avx512f", "avx512bw", "avx512_fp16"}, ("float32", "bfloat16", "float16")),
        ({"avx512f", "avx512bw", "amx_fp16"}, ("float32", "bfloat16", "float16")),
        ({"avx512f", "avx512_fp16"}, ("float32", "bfloat16")),
    ],
)
def test_onednn_takes_narrow_dtypes_where_the_cpu_has_instructions_for_them(flags, dtypes):
    assert onednn_dtypes(frozenset(flags)) == dtypes


def test_features_are_the_flags_of_the_first_processor(cpuinfo):
    cpuinfo("processor : 0\nflags\t\t: fpu avx2\nprocessor : 1\nflags\t\t: fpu\n")
    assert features() == {"fpu", "avx2"}


def test_cpu_of_another_make_has_no_features(cpuinfo):
    cpuinfo("processor : 0\nFeatures : asimd\n")
    assert features() == set()


def test_system_without_the_file_has_no_features(cpuinfo):
    assert features() == set()


def test_model_is_what_the_kernel_writes(cpuinfo):
    cpuinfo("processor\t: 0\nmodel name\t: Some CPU @ 2.60GHz\nmodel name\t: Another\n")
    assert cpu_model() == "Some CPU @ 2.60GHz"


def test_model_is_unknown_where_there_is_no_such_file(cpuinfo):
    assert cpu_model() == ""


@pytest.mark.parametrize(
    ("instructions", "is_on"), [({"avx2", "avx512f"}, False), ({"avx2", "avx_vnni"}, True), (set(), False)]
)
def test_onednn_is_on_by_default_where_there_are_instructions_for_networks(instructions, is_on):
    assert onednn_by_default(frozenset(instructions)) is is_on


@pytest.mark.needs_tensorflow
def test_tensorflow_has_the_same_default():
    """Asked where no setting says anything; the harness itself always sets one."""
    asked = "from tensorflow.python.util._pywrap_util_port import IsMklEnabled; print(IsMklEnabled())"
    others = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, env=others
    )
    assert done.stdout == f"{onednn_by_default()}\n"
