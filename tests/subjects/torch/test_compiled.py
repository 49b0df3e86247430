"""PyTorch's layers compiled by inductor, a few of them; all with `--long`."""

from __future__ import annotations

import pytest

from tests.subjects.asked import drawn
from verify import Case
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.gate.survey import judgeable
from verify.subjects.registry import UnknownSubject, load
from verify.subjects.torch import subject
from verify.subjects.torch.compiled import WAYS, require_compiler

try:
    require_compiler()
except ImportError as missing:
    pytest.skip(str(missing), allow_module_level=True)

HERE = describe(subject("torch:compile"))


def test_layer_is_compiled_and_right():
    case = Case.parse("conv_n2_i4x3_c2_k3x2_f3_s2x1_same_bias_relu_iota")
    assert Examiner(subject=HERE.ways["nn.Conv"], known=()).examine(case).outcome == "agrees"


@pytest.mark.long
@pytest.mark.parametrize("name", WAYS)
def test_every_answer_is_right_or_predicted(name):
    way = judgeable(HERE.ways[name], HERE.known)
    examiner = Examiner(subject=way, known=HERE.known)
    examined = [examiner.examine(case) for case in drawn(way, 5, seed=3)]
    assert [str(each.case) for each in examined if each.fails] == []


@pytest.mark.long
@pytest.mark.parametrize("entry", HERE.known, ids=lambda entry: entry.name)
def test_every_deviation_happens(entry):
    case = Case.parse(entry.word)
    way = next(way for way in HERE.having(case) if entry.is_of_way(way.name))
    assert Examiner(subject=way, known=(entry,)).examine(case).deviation == entry


def test_missing_compiler_is_one_sentence(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(UnknownSubject) as refused:
        load("torch:compile")
    assert str(refused.value) == (
        "'torch:compile' cannot be imported: torch.compile needs a C++ compiler, "
        "and CXX=no-such-compiler is none: install one"
    )
