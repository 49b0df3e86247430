"""One entry adds a fill, a dtype or an operation's trait: everything else follows from the tables."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from strategies.cases import DRAWN_FILLS, DTYPES
from strategies.narrowed import OFTEN
from tests.places import ROOT
from verify import Case, InvalidCase
from verify.cases.dtypes import FORMATS
from verify.cases.fills import FILLS
from verify.cases.operations import EPILOGUE, OPERATIONS
from verify.gate.properties import PROPERTIES

ENTRIES = {
    "verify/cases/fills.py": (
        ("_ROWS = (\n", "def _halves(part: Part) -> Values:\n    return _ints(part) // 2\n\n\n_ROWS = (\n"),
        (
            '    Fill("coded"',
            '    Fill("halves", _halves, exactness.of_ints, is_seeded=True),\n    Fill("coded"',
        ),
    ),
    "verify/cases/dtypes.py": (
        (
            '        Format("int32"',
            (
                '        Format("float8_e4m3fn", 4, -6, 448.0, "float32"),\n'
                '        Format("uint16", 16, 0, 2.0**15 - 1, "uint16"),\n'
                '        Format("int32"'
            ),
        ),
    ),
}
"""File → what is found there, and the same with one more entry."""

USED = """
import json, sys
import numpy as np
from strategies.cases import DRAWN_FILLS, DTYPES
from strategies import cases
from strategies.sample import sample
from verify import Case, InvalidCase, check, reference
from verify.cases.exactness import promises_exact_sums
from verify.cases.operations import is_exact_step
from verify.gate.properties import PROPERTIES

drawn = {
    "halves": sample(150, 1, cases(fills=("halves",), max_side=4, max_channels=4)),
    "float8e4m3fn": sample(150, 1, cases(dtypes=("float8e4m3fn",), max_side=4, max_channels=4)),
    "uint16": sample(150, 1, cases(dtypes=("uint16",), max_side=4, max_channels=4)),
}
answered = {name: [check(case, lambda case: reference(case).astype(case.dtype)).holds for case in found]
            for name, found in drawn.items()}

def refusal(word):
    try:
        return str(Case.parse(word))
    except InvalidCase as refused:
        return str(refused)

print(json.dumps({
    "read back": all(Case.parse(str(case)) == case for found in drawn.values() for case in found),
    "agree": {name: all(held) for name, held in answered.items()},
    "exact": sum(
        promises_exact_sums(case) and all(map(is_exact_step, case.epilogue)) for case in drawn["halves"]
    ),
    "fills of uint16": sorted({case.fill for case in drawn["uint16"]}),
    "drawn": [name in (*DRAWN_FILLS, *DTYPES) for name in drawn],
    "judged": [judged.name for judged in PROPERTIES if "halves" in judged.fills],
    "words": [refusal(word) for word in (
        "conv_i5_k2_same_halves7", "conv_i16_k2_same", "conv_i16_k2_same_uint16",
        "conv_i5_k2_same_uint16_elu",
        "conv_i5_k2_same_uint16_reals", "conv_i5_k2_same_halvs",
    )],
}))
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy of the project says that has one more fill and two more dtypes, an entry each."""
    copy = tmp_path_factory.mktemp("extended")
    for package in ("verify", "strategies"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file, entries in ENTRIES.items():
        extend(copy / file, entries)
    done = subprocess.run(
        [sys.executable, "-c", USED],
        capture_output=True,
        text=True,
        check=True,
        cwd=copy,
        env={"PYTHONPATH": str(copy)},
    )
    return json.loads(done.stdout)


def extend(path: Path, entries: tuple[tuple[str, str], ...]) -> None:
    text = path.read_text(encoding="utf-8")
    for place, entry in entries:
        assert text.count(place) == 1
        text = text.replace(place, entry)
    path.write_text(text, encoding="utf-8")


def test_one_entry_adds_a_fill_that_is_drawn_and_judged(extended):
    assert extended["drawn"] == [True] * 3
    assert extended["judged"] == ["values", "form", "inputs", "bits"]
    assert extended["exact"] > 100


def test_one_entry_adds_a_dtype_that_takes_the_fills_it_can_hold(extended):
    assert extended["fills of uint16"] == ["coded", "dyadic", "halves", "impulse", "ints", "iota", "ones"]


@pytest.mark.parametrize("name", ["halves", "float8e4m3fn", "uint16"])
def test_right_answers_to_a_new_entry_agree(extended, name):
    assert extended["agree"][name]


def test_new_entries_are_words(extended):
    assert extended["read back"]
    assert extended["words"] == [
        "conv_i5_k2_same_halves7",
        "conv_i16_k2_same_ones",
        "conv_i16_k2_same_uint16_ones",
        "'conv_i5_k2_same_uint16_elu' is no case: 'elu' needs a floating-point dtype, not uint16",
        (
            "'conv_i5_k2_same_uint16_reals' is no case: "
            "the fill 'reals' needs a floating-point dtype, not uint16"
        ),
        "'conv_i5_k2_same_halvs' is no case: 'halvs' is not a token; did you mean 'halves'?",
    ]


def test_every_drawn_fill_is_judged_by_the_property_that_it_names():
    judged = {fill: [held.name for held in PROPERTIES[:5] if fill in held.fills] for fill in DRAWN_FILLS}
    assert judged == {fill: [FILLS[fill].judged_by] for fill in DRAWN_FILLS}


def test_fills_that_show_the_most_are_drawn_more_often():
    assert tuple(FILLS)[:-1] == DRAWN_FILLS
    assert OFTEN == ("ints", "dyadic", "coded", "reals", "nonfinite", "unread", "levels", "dyadic", "levels")


def test_dtypes_are_drawn_from_the_simplest():
    assert DTYPES == ("float32", "float64", "float16", "bfloat16", "int32")
    assert set(DTYPES) == set(FORMATS)


SMALLEST = "i1_k1_same"


def is_taken(operation: str, tokens: str) -> bool:
    """Whether an operation takes tokens beside the smallest that it needs."""
    try:
        Case.parse(f"{operation}_{SMALLEST}_{tokens}")
    except InvalidCase:
        return False
    return True


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_takes_what_its_entry_says(operation):
    tokens = {
        "f2": operation.has_filters,
        "m2": operation.has_multiplier,
        "c2_g2" + "_f2" * operation.has_filters: operation.has_groups,
        "z1.0": operation.takes_border,
    }
    assert {token: is_taken(operation.name, token) for token in tokens} == tokens


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_takes_the_steps_that_its_entry_has(operation):
    spelled = {step: "leaky0.25" if step == "leaky" else step for step in EPILOGUE}
    assert tuple(step for step in EPILOGUE if is_taken(operation.name, spelled[step])) == operation.epilogue


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_has_the_ranks_that_its_entry_has(operation):
    sides = {rank: "x".join("1" * rank) for rank in (1, 2, 3)}
    words = {rank: f"{operation.name}_i{side}_k{side}_same" for rank, side in sides.items()}
    legal = {rank for rank, word in words.items() if word_is_legal(word)}
    assert legal == set(operation.ranks)


def word_is_legal(word: str) -> bool:
    try:
        return bool(Case.parse(word))
    except InvalidCase:
        return False


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_has_illegal_calls(operation):
    assert word_is_legal(f"{operation}_i1_k1_s0_same_illegal")
