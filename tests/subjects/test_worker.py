"""The worker's side: what is answered, declined or refused there is what it would have been here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from tests.planted import convolutions
from tests.subjects.asked import CASE, SMALLEST, mismatch_of, verdict_of
from tests.subjects.conftest import Isolate
from verify import Case, Declined
from verify.checks.examination import OutOfMemory
from verify.subjects.isolated import Isolated
from verify.subjects.registry import load


def test_a_worker_keeps_to_its_memory(isolate: Isolate) -> None:
    plenty = Case.parse("conv_n4096_i64x64_k1x1_same_ones")  # 64 MiB for each array
    subject = isolate("right", "tests.planted.convolutions", memory_bytes=2**26)
    assert type(mismatch_of(subject, plenty)) is OutOfMemory
    assert verdict_of(subject).outcome == "agrees"


ANSWERS = [
    *(
        f"tests.planted.convolutions:{name}"
        for name in (
            *("right", "widened", "flattened", "cropped", "off_by_one", "poisoned", "zeros", "declines"),
            *("raises", "raises_at_length", "exits", "input_downcast"),
        )
    ),
    *(
        f"tests.planted.fragile:{name}"
        for name in (
            *("zero_d", "of_objects", "of_words", "backwards", "in_columns", "returns_none"),
            *("returns_a_list", "writes_to_its_input", "takes_all_memory", "prints"),
        )
    ),
    *(
        f"tests.planted.odd_answers:{name}"
        for name in (
            *("objects", "structs", "structs_of_objects", "records", "words", "new_words", "bytes_", "dates"),
            *("spans", "complex_", "masked", "of_a_subclass", "far_too_many", "without_end", "at_length"),
        )
    ),
]
WORDS = (
    str(CASE),
    SMALLEST,
    "conv_n0_i2_k1_f2_same_ones",
    "conv_i5_c3_k2_cf_valid_bfloat16_reals",
    "conv_i5_c3_k2_valid_float16_dyadic1",
    "conv_i5_c3_k2_valid_float64_unread",
    "conv_i3x2x2_k2x1x1_same_int32_bias_relu_ints2",
    "conv_i3_k1_s0_same_ones_illegal",
)


ONCE = ("off_by_one", "poisoned", "writes_to_its_input", "cropped")
"""Names of those that are asked one case."""


@pytest.fixture(scope="module")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file that says which subject `tests.planted.turns` is, here and in a worker."""
    with pytest.MonkeyPatch.context() as patch:
        path = tmp_path_factory.mktemp("turns") / "turn"
        patch.setenv("TURN", str(path))
        yield path


@pytest.fixture(scope="module")
def isolated_turns(turn: Path) -> Iterator[Isolated]:
    subject = Isolated("tests.planted.turns:takes_turns")
    yield subject
    subject.close()


@pytest.mark.parametrize("name", ANSWERS)
def test_the_verdict_is_that_of_the_same_call_in_this_process(
    turn: Path, isolated_turns: Isolated, name: str
) -> None:
    turn.write_text(name)
    cases = [Case.parse(word) for word in (WORDS[:1] if name.endswith(ONCE) else WORDS)]
    there, here = (
        [repr(verdict_of(subject, case, repeats=2)) for case in cases]
        for subject in (isolated_turns, load("tests.planted.turns:takes_turns"))
    )
    assert there == here


def test_an_answer_has_the_same_bits(isolate: Isolate) -> None:
    case = Case.parse("conv_i5_c3_k2_cf_valid_bfloat16_reals")
    answer = isolate("right", "tests.planted.convolutions")(case)
    assert answer.dtype == ml_dtypes.bfloat16
    assert answer.tobytes() == convolutions.right(case).tobytes()


def test_what_a_subject_writes_to_its_operands_is_written_here(isolate: Isolate) -> None:
    here = Case.parse(str(CASE))
    isolate("writes_to_its_input")(here)
    assert np.argwhere(here.input != CASE.input).tolist() == [[0, 0, 0, 0]]


def test_what_is_declined_is_declined(isolate: Isolate) -> None:
    with pytest.raises(Declined, match="no kernel for this shape"):
        isolate("declines", "tests.planted.convolutions")(CASE)


def test_a_subject_that_interrupts_itself_is_refused(isolate: Isolate) -> None:
    assert verdict_of(isolate("interrupts")).sentence == "it raised KeyboardInterrupt"


def test_errors_at_two_places_have_two_classes(isolate: Isolate) -> None:
    raises, exits = (isolate(name, "tests.planted.convolutions") for name in ("raises", "exits"))
    causes = [type(mismatch_of(subject).__cause__) for subject in (raises, exits, raises)]
    assert causes[0] is not causes[1]
    assert causes[0] is causes[2]
