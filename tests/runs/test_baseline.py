"""A baseline of behaviour: what is recorded, what is a change, and what a run says of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.places import PLANTED, ROOT
from verify import Case, Declined, check, reference
from verify.__main__ import main
from verify.cases.case import Array
from verify.checks.check import Subject
from verify.faults import fault_named
from verify.faults.summation import CORRECT
from verify.gate.judging import Gate
from verify.oracle.bounds import judgement
from verify.runs.baseline import asked_of, fixed
from verify.runs.baseline.behaviour import Behaviour, grouped, observe
from verify.runs.baseline.changes import changes
from verify.runs.baseline.comparison import compared
from verify.runs.baseline.likeness import likeness
from verify.runs.baseline.record import Record, parse, read, recorded, text_of
from verify.runs.baseline.ulps import answer_of, distances, distribution, ordinals, spelled
from verify.runs.baseline.watch import Told, Watch

FILE = Path("behaviour.json")
LONG, SHORT, EXACT, HALF = (
    "conv_i8x8_c128_k3x3_f4_s3x3_same_reals",
    "depthwise_i40_c4_k24_valid_reals2",
    "conv_i6x6_c64_k1x1_f4_valid_dyadic1",
    "conv_i5x5_c48_k3x3_f8_same_f16_reals1",
)
FORWARD, PAIRWISE = CORRECT["forward"], CORRECT["pairwise"]
FLOATS = ("f16", "bf16", "f32", "f64")
DTYPES = [np.dtype(each) for each in (np.float16, ml_dtypes.bfloat16, np.float32, np.float64, np.int32)]
TF32 = fault_named("operands-in-tf32")


def behaviours(subject: Subject, *words: str) -> dict[str, Behaviour]:
    """How a subject answers these cases."""
    return grouped(observe(subject, "subject", map(Case.parse, words)))


def record(subject: Subject, *words: str, machine: str = "this", **versions: str) -> Record:
    return Record(behaviours(subject, *words), {"processor": machine}, versions)


def text(subject: Subject, word: str) -> str:
    """What is recorded of one answer."""
    return next(iter(behaviours(subject, word).values())).cases[word]


def told(was: Record, now: Record) -> str:
    """What a reader is told of a change."""
    return "\n".join(compared("mine", now, {"mine": was}, FILE).lines)


# The text of an answer.


def numbers(raw: bytes, dtype: np.dtype[Any]) -> Array:
    """The values that have these bits, with 1 for a NaN."""
    values = np.frombuffer(raw, dtype)
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(values), dtype.type(1), values)


RAW = st.binary(min_size=24, max_size=24)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@given(first=RAW, second=RAW)
def test_text_gives_back_every_bit_of_an_answer(dtype: np.dtype[Any], first: bytes, second: bytes):
    got, due = numbers(first, dtype), numbers(second, dtype)
    assert answer_of(spelled(got, due), due).tobytes() == got.tobytes()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_next_number_is_one_away(dtype: np.dtype[Any]):
    one = np.ones(1, dtype)
    above = (one.view(f"i{dtype.itemsize}") + 1).view(dtype)
    assert (spelled(above, one), spelled(one, above)) == ("1", "-1")


def test_zeros_are_neighbours():
    assert ordinals(np.array([-0.0, 0.0], np.float32)).tolist() == [-1, 0]


def test_the_same_distance_is_written_once():
    assert spelled(np.array([1, 1, 1, 2]), np.array([1, 1, 1, 4])) == "0*3 -2"


def test_nan_is_told_from_a_number():
    nan, one = np.array([np.nan, np.nan, 1.0]), np.array([np.nan, 1.0, np.nan])
    assert spelled(nan, one) == "0 nan number"


def test_infinity_follows_the_largest_number():
    largest = np.array([np.finfo(np.float32).max])
    assert spelled(np.array([np.inf], np.float32), largest) == "1"


def test_text_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"^'1x' is no distance$"):
        distances("0 1x")


def test_distances_are_counted_in_steps():
    found = ["0", "-1", "1", "3", "-4", "999", "nan"]
    assert distribution(found) == {"0": 1, "1": 2, "to 4": 2, "more": 1, "nan": 1}


# The fixed cases.


def test_fixed_cases_are_distinct():
    assert len(set(fixed())) == len(fixed())


@pytest.mark.parametrize("case", fixed(), ids=str)
def test_fixed_case_grades_a_right_answer(case: Case):
    assert check(case, FORWARD).outcome == "agrees"


@pytest.mark.parametrize("token", FLOATS)
def test_every_two_orders_have_other_bits_in_the_fixed_cases(token: str):
    reals = [str(case) for case in fixed() if case.fill == "reals" and case.format.token == token]
    found = {order: behaviours(subject, *reals) for order, subject in CORRECT.items()}
    assert [pair for pair in combinations(CORRECT, 2) if found[pair[0]] == found[pair[1]]] == []


def test_subject_is_asked_what_it_says_that_it_answers():
    asked = asked_of(FORWARD)  # it says nothing: convolutions with a bias and relu
    assert {case.operation for case in asked} == {"conv"}
    assert {step for case in asked for step in case.epilogue} == {"bias", "relu"}


# What is recorded.


def declines(case: Case) -> Array:
    raise Declined("not today")


def fails(case: Case) -> Array:
    raise RuntimeError("no")


def flattens(case: Case) -> Array:
    return FORWARD(case).reshape(-1)


def widens(case: Case) -> Array:
    return reference(case)


def reuses_its_buffer(case: Case, buffer: Array = np.zeros((1, 17, 4), np.float32)) -> Array:  # noqa: B008
    buffer += 1
    return buffer


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        (declines, "(declined)"),
        (fails, "(refused)"),
        (flattens, "(shape)"),
        (widens, "(dtype)"),
        (reuses_its_buffer, "(not repeatable)"),
    ],
)
def test_why_there_is_no_answer_is_recorded(subject: Subject, said: str):
    assert text(subject, SHORT) == said


def test_right_answer_of_exact_sums_is_the_references():
    assert text(FORWARD, EXACT) == "0*144"


def half_the_bound_too_large(case: Case) -> Array:
    rule = judgement(case)
    return np.asarray(rule.wanted + rule.allowed / 2).astype(case.dtype)


def test_bias_is_the_mean_of_the_errors_with_their_sign():
    error = behaviours(half_the_bound_too_large, LONG)["rounding f32"].error
    assert (error["bias"], error["median"]) == (pytest.approx(0.5, rel=0.01), pytest.approx(0.5, rel=0.01))


def test_errors_that_are_all_alike_have_no_variance():
    assert behaviours(half_the_bound_too_large, LONG)["rounding f32"].error["variance"] < 1e-4


def test_cases_are_counted_by_property_and_dtype():
    assert list(behaviours(FORWARD, LONG, EXACT, HALF)) == ["rounding f32", "precision f32", "rounding f16"]


# The file.


def test_what_was_written_is_read():
    kept = {"mine": record(FORWARD, LONG, EXACT, numpy="2.0")}
    assert parse(text_of(kept), FILE) == kept


def test_other_answer_changes_one_line_of_cases():
    before, after = (text_of({"mine": record(each, LONG, SHORT)}) for each in (FORWARD, PAIRWISE))
    changed = set(after.splitlines()) - set(before.splitlines())
    assert sorted(line.split('"')[1] for line in changed if "_" in line) == [LONG, SHORT]


def test_file_has_the_versions_and_the_machine():
    found = recorded(FORWARD, {})
    assert (found.versions["numpy"], found.machine["cores"]) == (np.__version__, str(os.cpu_count()))


def test_version_of_a_users_subject_is_recorded():
    subject = SimpleNamespace(name="mine", version="1.5")
    assert recorded(subject, {}).versions["subject"] == "1.5"  # type: ignore[arg-type]


def test_no_file_has_nothing(tmp_path: Path):
    assert read(tmp_path / "none.json") == {}


FOREIGN = [
    ("[]", "its format is None, and 1 is read here"),
    ('{"format": 2}', "its format is 2, and 1 is read here"),
    ('{"format": 1}', "its entries are not as `run --baseline` writes them"),
    ('{"format": 1, "subjects": {"a": 3}}', "its entries are not as `run --baseline` writes them"),
    ("name = 3", "Expecting value: line 1 column 1 (char 0)"),
    (text_of({"mine": record(FORWARD, EXACT)}).replace("0*144", "0*14"), f"{EXACT} has 144 values, not 14"),
    (text_of({"mine": record(FORWARD, EXACT)}).replace("0*144", "x"), "'x' is no distance"),
]


@pytest.mark.parametrize(("content", "sentence"), FOREIGN)
def test_what_is_no_baseline_is_refused(content: str, sentence: str):
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
        parse(content, FILE)
    assert str(refused.value) == f"{FILE} is no baseline: {sentence}; delete it or name another file"


# What is a change.


def test_same_bits_on_another_machine_with_other_versions_are_no_change():
    was = record(FORWARD, LONG, machine="that", tensorflow="2.20")
    assert changes(was, record(FORWARD, LONG, machine="this", tensorflow="2.21")) == []


def test_another_order_is_a_change_where_every_bound_holds():
    found = changes(record(FORWARD, LONG), record(PAIRWISE, LONG))
    assert [each.group for each in found] == ["rounding f32"]
    assert check(Case.parse(LONG), PAIRWISE).holds


def test_downcast_is_a_change_where_the_bound_holds():
    found = changes(record(FORWARD, LONG), record(TF32, LONG))
    assert [(each.other, each.values) for each in found] == [(36, 36)]
    assert check(Case.parse(LONG), TF32).holds


def test_case_that_is_declined_now_is_a_change():
    found = changes(record(FORWARD, LONG), record(declines, LONG))
    assert [dict(each.turned) for each in found] == [{"answered → declined": 1}]


def test_case_that_fails_where_it_was_declined_is_a_change():
    found = changes(record(declines, LONG), record(fails, LONG))
    assert [dict(each.turned) for each in found] == [{"declined → refused": 1}]


def test_case_that_only_one_record_has_is_no_change():
    assert changes(record(FORWARD, LONG, SHORT), record(FORWARD, LONG, HALF)) == []


CHANGED = f"""
mine answers otherwise than {FILE} says
  rounding f32    36 of 36 values have other bits, in 1 of 1 case
                  errors are larger: 95 % within 0.000775 → 0.346 of the bound
                  correctly rounded: 4 → 0 of 36
                  looks like operands rounded to TF32
  the same        precision f32
  such as         {LONG}
  versions        tensorflow 2.20 → 2.21
  machine         the same"""


def narrows_reals(case: Case) -> Array:
    return TF32(case) if case.fill == "reals" else FORWARD(case)


def test_change_is_told_literally():
    was = record(FORWARD, LONG, EXACT, tensorflow="2.20")
    assert told(was, record(narrows_reals, LONG, EXACT, tensorflow="2.21")) == CHANGED


def narrows_long_sums(case: Case) -> Array:
    return TF32(case) if case.products > 1000 else FORWARD(case)


def test_some_cases_of_several_are_told_by_operation():
    was, now = record(FORWARD, LONG, SHORT), record(narrows_long_sums, LONG, SHORT)
    assert "in 1 of 2 cases\n                  of conv 1\n" in told(was, now)


def test_case_that_neither_has_answered_is_not_counted():
    was, now = (record(unless_narrow(each), LONG, SHORT) for each in (FORWARD, TF32))
    assert "36 of 36 values have other bits, in 1 of 1 case\n" in told(was, now)


def unless_narrow(subject: Subject) -> Subject:
    """The subject, which declines sums of few products."""
    return lambda case: subject(case) if case.products > 1000 else declines(case)


def test_errors_that_all_lean_to_one_side_are_told():
    was, now = record(FORWARD, LONG), record(half_the_bound_too_large, LONG)
    assert "bias: 3.4e-05 → 0.5 of the bound" in told(was, now)


def test_errors_beyond_the_bound_are_told():
    was, now = record(FORWARD, SHORT), record(lambda case: FORWARD(case) * np.float32(1.01), SHORT)
    assert "the largest: 0.12 → 6990 of the bound" in told(was, now)


def test_another_machine_is_named():
    said = told(record(FORWARD, LONG, machine="that"), record(PAIRWISE, LONG, machine="this"))
    assert said.endswith("  machine         processor that → this")


def test_cases_that_a_file_does_not_have_are_told():
    said = told(record(FORWARD, LONG), record(FORWARD, LONG, SHORT))
    assert "1 case that it does not have yet: --update-baseline adds them" in said


def test_subject_under_other_switches_is_compared_beside():
    before = {"mine ON=0 MORE=1": record(FORWARD, LONG), "mine ON=0 MORE=0": record(FORWARD, LONG)}
    found = compared("mine ON=1 MORE=0", record(PAIRWISE, LONG), before, FILE)
    assert [line for line in found.lines if "beside" in line] == ["  beside mine ON=0 MORE=0"]
    assert not found.changed


# What answers look like.


@pytest.mark.parametrize(
    ("order", "phrase"),
    [
        ("forward", "products added one after another"),
        ("reversed", "products added from the last to the first"),
        ("pairwise", "products added in pairs, then the pairs"),
        ("blocked", "products added in blocks of eight, then the blocks"),
        ("higher precision", "sums in more than the accumulator's precision"),
    ],
)
def test_order_is_known_by_its_bits(order: str, phrase: str):
    assert likeness({LONG: text(CORRECT[order], LONG)}) == phrase


def test_downcast_is_known_whatever_the_order():
    reordered: Callable[[Case], Array] = lambda case: TF32(case) + (PAIRWISE(case) - FORWARD(case))  # noqa: E731
    assert likeness({LONG: text(reordered, LONG)}) == "operands rounded to TF32"


def test_one_value_that_is_wrong_is_no_downcast():
    dropped = fault_named("one-product-dropped")
    assert likeness({HALF: text(dropped, HALF)}) == ""


def test_answers_that_are_like_nothing_are_not_named():
    assert likeness({LONG: text(half_the_bound_too_large, LONG)}) == ""


# A run.


def run(folder: Path, *options: str, order: str = "forward") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "verify", "run", "behaving:adds", "--examples", "1", "--seed", "1", *options],
        capture_output=True, text=True, check=False, cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}", "ORDER": order},
    )  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Sequence[subprocess.CompletedProcess[str]]:
    """A first run, and one in another order."""
    folder = tmp_path_factory.mktemp("runs")
    settings = f"[tool.conv-verify]\nbaseline = '{FILE}'\n"
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    return run(folder), run(folder, order="pairwise")


def last(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    return done.returncode, done.stdout.splitlines()[-1]


def test_first_run_writes_the_baseline(runs: Sequence[subprocess.CompletedProcess[str]]):
    assert last(runs[0]) == (0, f"baseline   behaving:adds: new in {FILE}, 41 cases")


def test_another_order_fails_a_run_in_which_every_bound_holds(
    runs: Sequence[subprocess.CompletedProcess[str]],
):
    changed = f"Changed: the subject, since {FILE} was written; --update-baseline accepts it."
    assert last(runs[1]) == (1, changed)
    assert "\nHolds: " in runs[1].stdout


class Named:
    """A subject that is called the same whatever it does."""

    name, operations, around = "mine", ("depthwise",), ()

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def __call__(self, case: Case) -> Any:
        return self._subject(case)


def watched(file: Path, subject: Subject, until: float = float("inf"), *, update: bool = False) -> Told:
    """What a run says of a subject."""
    watch = Watch(file, until, update=update)
    held = SimpleNamespace(cls=SimpleNamespace(gate=Gate(Named(subject), None)))
    watch.pytest_runtest_setup(held)
    watch.pytest_runtest_setup(held)
    return watch.told()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A baseline of sums from the first product to the last."""
    watched(tmp_path / FILE, FORWARD)
    return tmp_path / FILE


def test_same_subject_has_not_changed(file: Path):
    same = f"baseline   mine: the same bits as in {file}, 7 cases"
    assert watched(file, FORWARD) == ([same], "", 0)


def test_change_leaves_what_is_recorded(file: Path):
    before = file.read_text(encoding="utf-8")
    assert watched(file, PAIRWISE).code == 1
    assert file.read_text(encoding="utf-8") == before


def test_change_is_accepted_by_an_update(file: Path):
    accepted = watched(file, PAIRWISE, update=True)
    assert (accepted.code, accepted.sentence) == (0, f"Rewritten: {file}, as the subject had changed.")
    assert watched(file, PAIRWISE).code == 0


def test_update_keeps_subjects_that_did_not_run(file: Path):
    other = {"other": record(FORWARD, EXACT)}
    file.write_text(text_of({**read(file), **other}), encoding="utf-8")
    watched(file, PAIRWISE, update=True)
    assert list(read(file)) == ["mine", "other"]


def test_subject_for_which_there_was_no_time_proves_too_little(tmp_path: Path):
    assert watched(tmp_path / FILE, FORWARD, until=0.0).code == 3


def test_foreign_file_stops_a_run_before_it_begins(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "b.json"
    file.write_text("{}", encoding="utf-8")
    assert main(["run", "verify.faults.summation:forward", "--baseline", str(file)]) == 2
    assert capsys.readouterr().err.startswith(f"conv-verify: {file} is no baseline: its format is None")


def test_nothing_to_update_is_said(capsys: pytest.CaptureFixture[str]):
    assert main(["run", "verify.faults.summation:forward", "--update-baseline"]) == 2
    assert capsys.readouterr().err == "conv-verify: --update-baseline needs --baseline FILE\n"
