"""The gate and its plugin: one test for each property, so that none hides another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from tests.planted import convolutions
from tests.reports.test_records import Gated
from verify import Case, reference
from verify.cases.operands import Array
from verify.cases.operations import OPERATIONS
from verify.cases.predicates import Predicate
from verify.checks.deviations import Deviation
from verify.checks.path import Examiner
from verify.checks.subject import Subject
from verify.config.session import Options, Session
from verify.gate import conformance
from verify.gate.properties import EVERYTHING, PROPERTIES
from verify.gate.search import PROFILES
from verify.subjects.isolated import Isolated

Gate = Callable[..., pytest.RunResult]


@pytest.fixture(scope="module")
def done() -> dict[tuple[str, ...], pytest.RunResult]:
    """What came of the gates of this file, which draw by one seed, by what each was asked."""
    return {}


@pytest.fixture
def gate(pytester: pytest.Pytester, run_gates: Gate, done: dict[tuple[str, ...], pytest.RunResult]) -> Gate:
    """Runs pytest on a file that gates some of `subjects_to_gate`, in a process of its own, once."""

    def run(subjects: str, *options: str, narrowing: str = "") -> pytest.RunResult:
        gates = [
            f'Test_{subject} = conformance("subjects_to_gate:{subject}", {narrowing})'
            for subject in subjects.split()
        ]
        asked = (subjects, narrowing, *options)
        if asked not in done:
            pytester.makepyfile(test_mine="\n".join(["from verify.gate import conformance", *gates]))
            done[asked] = run_gates("--hypothesis-seed=1", "-rA", "--conv-examples=30", *options)
        return done[asked]

    return run


def reported(result: pytest.RunResult, outcome: str, subject: str = "") -> set[str]:
    """The names of the tests, of all gates or of a subject's, that a run reports as FAILED, say."""
    lines = [line for line in result.outlines if line.startswith(f"{outcome} test_mine.py::Test_{subject}")]
    return {line.split("::")[2].split(" ")[0] for line in lines}


NARROWED = "ranks=(1, 2), dtypes=('float32',)"
"""For a gate of which it does not matter in which ranks and dtypes it asks."""

WIDENED = {"test_elsewhere", "test_met", "test_faults", "test_form"}
WRITTEN = {"test_pinned", "test_elsewhere", "test_met", "test_faults"}
LEGAL = {f"test_{judged.name}" for judged in PROPERTIES if not judged.illegal}


def test_illegal_calls_are_asked_of_a_subject_that_says_it_refuses_them(gate: Gate) -> None:
    assert reported(gate("refuses", "-k", "refusals"), "PASSED") == {"test_refusals"}


def test_illegal_calls_that_are_not_drawn_are_not_asked(gate: Gate) -> None:
    result = gate("refuses_what_is_not_drawn", "-k", "refusals")
    why = "subjects_to_gate:refuses_what_is_not_drawn says of no operation that is left that it refuses *"
    result.stdout.fnmatch_lines([f"SKIPPED * {why}"])


def test_an_illegal_call_that_is_answered_is_a_disagreement(gate: Gate) -> None:
    result = gate("answers_anything", narrowing=NARROWED)
    assert reported(result, "FAILED") - WRITTEN == {"test_refusals"}
    result.stdout.fnmatch_lines(["* it answered a call that must be refused, with * below 1"])


def test_a_right_subject_passes_every_property(gate: Gate) -> None:
    result = gate("right")
    assert reported(result, "PASSED") == {*WRITTEN, *LEGAL}
    result.stdout.fnmatch_lines(["Holds: * cases graded and none disagrees."])


BROKEN = {
    "shifts_values": "test_values",
    "truncates": "test_precision",
    "rounds_badly": "test_rounding",
    "poisons": "test_unread",
    "swallows": "test_nonfinite",
    "widens": "test_form",
    "writes": "test_inputs",
    "wavers": "test_bits",
}
"""Subjects with one property that each breaks."""


@pytest.mark.parametrize(("subject", "broken"), BROKEN.items())
def test_a_broken_property_fails_alone(gate: Gate, subject: str, broken: str) -> None:
    result = gate(" ".join(BROKEN), narrowing=NARROWED)
    failed, passed = (reported(result, outcome, f"{subject}::") for outcome in ("FAILED", "PASSED"))
    assert failed - WRITTEN == {broken}
    assert failed | passed == {*WRITTEN, *LEGAL}


def test_two_faults_are_both_reported(gate: Gate) -> None:
    result = gate("has_two_faults", "-k", "values")
    result.stdout.fnmatch_lines(
        ["* disagrees with the reference: it raised RuntimeError: two axes are too many"]
    )
    result.stdout.fnmatch_lines(
        ["  replay   conv-verify replay subjects_to_gate:has_two_faults conv_i1_c2_k1_*"]
    )
    result.stdout.fnmatch_lines(["Disagrees: 2 findings in * cases."])


def test_a_property_that_graded_nothing_fails(gate: Gate) -> None:
    result = gate("declines", narrowing="ranks=(1,)")
    assert reported(result, "FAILED") == LEGAL
    result.stdout.fnmatch_lines(["declined   *: not today, with 1 axes"])
    result.stdout.fnmatch_lines(["Proves too little: nothing was graded for values on exact fills, *"])
    assert not any(word in result.stdout.str() for word in ("FailedHealthCheck", "Unsatisfiable"))


def test_a_property_without_cases_is_skipped_with_the_reason(gate: Gate) -> None:
    result = gate("right", "-k", "precision", narrowing='fills=("ints",)')
    skipped = "SKIPPED * the narrowings leave no case for precision on dyadic"
    result.stdout.fnmatch_lines([skipped])
    assert "test_precision" not in reported(result, "PASSED")


def test_an_unknown_subject_is_one_error_in_one_sentence(gate: Gate) -> None:
    result = gate("missing")
    result.stdout.fnmatch_lines(
        ["'subjects_to_gate:missing' is no subject: subjects_to_gate has no 'missing'"]
    )
    assert result.parseoutcomes()["errors"] == 1


def test_a_wrong_narrowing_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"^ranks has 4; choose from 1, 2, 3$"):
        conformance("right", ranks=(4,))


def test_the_summary_names_versions_switches_and_profile(gate: Gate) -> None:
    line = r"python [\d.]+, numpy [\d.]+, hypothesis [\d.]+; profile \w+$"
    gate("right").stdout.re_match_lines([r"=+ conv-verify =+$", line], consecutive=True)


def test_examples_are_set_on_the_command_line(gate: Gate) -> None:
    gate("right", "--conv-examples=7", "-k", "values").stdout.re_match_lines(
        [r"values on exact fills +[67] "]
    )


@pytest.mark.parametrize(
    ("narrowings", "sentence"),
    [
        ({"ranks": 2}, "ranks is 2, not a list: write ranks=(2,)"),
        ({"dtypes": "float32"}, "dtypes is 'float32', not a list: write dtypes=('float32',)"),
        ({"rank": (2,)}, "rank is no narrowing; did you mean 'ranks'?"),
        (
            {"operations": ("convolution",)},
            f"operations has 'convolution'; choose from {', '.join(OPERATIONS)}; did you mean 'conv'?",
        ),
    ],
)
def test_a_wrong_narrowing_is_one_sentence_when_the_class_is_made(narrowings: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=r"^\w+ ") as refused:
        conformance("tests.planted.subjects_to_gate:right", **narrowings)
    assert str(refused.value) == sentence


def test_workers_of_xdist_send_what_they_saw(gate: Gate) -> None:
    alone = gate("widens", narrowing=NARROWED)
    shared = gate("widens", "-p", "xdist", "-n", "2", narrowing=NARROWED)
    shared.stdout.fnmatch_lines(["Disagrees: 1 finding in * cases."])
    assert reported(shared, "FAILED") == reported(alone, "FAILED") == WIDENED


def test_a_failure_is_shown_once_with_one_line_to_replay_it(gate: Gate) -> None:
    printed = "\n".join(gate("shifts_values", narrowing=NARROWED).outlines)
    replayed = "  replay   conv-verify replay subjects_to_gate:shifts_values conv_"
    failures, summary = printed.split("= conv-verify =")
    assert (failures.count(replayed), summary.count(replayed)) == (0, 1)
    assert (
        failures.count("subjects_to_gate:shifts_values disagrees with the reference: ") > 1
    )  # one a property


def test_the_lecture_and_the_pins_are_judged_before_any_case_is_drawn(
    gate: Gate, pytester: pytest.Pytester
) -> None:
    pins = pytester.mkdir("pins")
    (pins / "mine.txt").write_text(
        "# grammar 2\n# it failed once\nconv_i5_k2_same_bfloat16_ints77\n", encoding="utf-8"
    )
    written = "pinned or elsewhere or faults or met or values"
    result = gate("right", "-k", written, narrowing=f"corpus={str(pins)!r}")
    order = [
        r"pinned words +2 ",
        r"words that failed elsewhere +\d+ ",
        r"a case for each fault +\d+ ",
        r"each way, dtype and region +\d+ ",
        r"values on exact fills +\d+ ",
    ]
    result.stdout.re_match_lines(order, consecutive=True)


def test_every_pinned_word_that_fails_is_reported(gate: Gate, pytester: pytest.Pytester) -> None:
    words = "# grammar 2\nconv_i5_k2_same_ints77\nconv_i4_k1_same_ints77\n"
    pins = pytester.makefile(".txt", pins=words)
    result = gate("shifts_values", "-k", "pinned", narrowing=f"corpus={str(pins)!r}")
    failed = ["* (conv_i5_k2_same_ints77)", "* (conv_i4_k1_same_ints77)", "  case     conv_i5_k2_same_ints77"]
    result.stdout.fnmatch_lines(
        [*failed, "  found by pinned words in 2 cases", "Disagrees: 1 finding in 3 cases."]
    )


def test_a_pinned_word_that_fails_does_not_stand_in_for_the_smallest(gate: Gate) -> None:
    result = gate("has_two_faults", narrowing='fills=("ints",)')
    assert reported(result, "FAILED") == {*WRITTEN, "test_values"}


def deviation(word: str, when: str) -> Deviation:
    return Deviation("planted", ("mine",), ("value",), Predicate(when), word, "It adds one.")


def plus_one_in_one_axis(case: Case) -> Array:
    return reference(case).astype(case.dtype) + (case.rank == 1)


def run_gate(gated: type, test: str) -> None:
    getattr(gated(), f"test_{test}")()


def test_a_recorded_deviation_is_known_and_passes() -> None:
    entry = deviation("conv_i1_k1_same_ones", "rank == 1")
    gated = conformance(plus_one_in_one_axis, known=[entry], fills=("ones", "ints"))
    run_gate(gated, "values")
    run_gate(gated, "known")
    assert gated.gate.judges["test_values"].tallier.tally.known["planted"] > 0  # type: ignore[attr-defined]


def test_a_disagreement_that_no_entry_explains_fails() -> None:
    entry = deviation("conv_i1_k1_same_ones", "rank == 2")
    gated = conformance(plus_one_in_one_axis, known=[entry], fills=("ones",), ranks=(1,))
    with pytest.raises(AssertionError, match="values differ"):
        run_gate(gated, "values")


def test_a_deviation_that_no_longer_happens_fails_the_gate() -> None:
    entry = deviation("conv_i1x1_k1x1_same_ones", "rank == 2")
    gated = conformance(plus_one_in_one_axis, known=[entry])
    with pytest.raises(pytest.fail.Exception, match="no longer deviates where 'planted' records a deviation"):
        run_gate(gated, "known")


@pytest.mark.parametrize("profile", PROFILES)
def test_no_profile_has_a_deadline(profile: str) -> None:
    assert settings.get_profile(profile).deadline is None


def test_the_ci_profile_draws_the_same_cases_every_time() -> None:
    assert settings.get_profile("ci").derandomize


def test_what_a_subject_says_is_printed_as_it_is(gate: Gate) -> None:
    gate("declines_in_brackets", "-v", "-k", "values").stdout.fnmatch_lines(
        ["declined   *: only [[]float32] and [[]/no] more"]
    )


def test_errors_of_two_classes_are_two_failures(gate: Gate) -> None:
    gate("raises_by_rank", "-k", "values").stdout.fnmatch_lines(["Disagrees: 2 findings in *"])


def test_a_failure_shows_the_message_alone(gate: Gate) -> None:
    shown = "\n".join(gate("widens", "-k", "form").outlines)
    assert "subjects_to_gate:widens disagrees with the reference: the answer is float64, not float" in shown
    assert "tracebackhide" not in shown


def test_a_number_of_examples_that_is_none_is_refused(gate: Gate) -> None:
    gate("right", "--conv-examples=0").stderr.fnmatch_lines(
        ["*--conv-examples: '0' is not a positive number"]
    )


def in_half(case: Case) -> Array:
    """Sums in float16, one product after another."""
    x, w = case.input.reshape(-1), case.filters.reshape(-1)
    total = np.float16(0)
    for one, other in zip(x, w, strict=True):
        total = np.float16(total + one * other)
    return np.full(case.output_shape, total, case.dtype)


def one_more_than_in_half(case: Case) -> Array:
    return in_half(case) + np.float16(1)


HALF = Deviation(
    name="half",
    subjects=("mine",),
    kinds=("value",),
    when=Predicate("dtype == 'float16'"),
    word="conv_i1_c3_k1_same_float16_dyadic15",
    sentence="It adds in half.",
    accumulator="own",
)


def half_gate(subject: Subject) -> type:
    return conformance(
        subject, known=[HALF], fills=("dyadic",), dtypes=("float16",), ranks=(1,), paddings=("valid",)
    )


def test_a_deviation_of_the_accumulator_explains_values_within_its_bound() -> None:
    gated = half_gate(in_half).gate  # type: ignore[attr-defined]
    assert deviation_of(gated, "conv_i1_c3_k1_same_float16_dyadic15") == HALF


def test_a_deviation_of_the_accumulator_explains_no_more_than_that() -> None:
    gated = half_gate(one_more_than_in_half).gate  # type: ignore[attr-defined]
    assert deviation_of(gated, "conv_i1_c3_k1_same_float16_reals") is None


def deviation_of(gated: Gated, word: str) -> Deviation | None:
    """The deviation that explains a disagreement of a gate's subject."""
    examination = Examiner(subject=gated.subject, known=gated.known).examine(Case.parse(word))
    assert examination.verdict.kind is not None
    return examination.deviation


@pytest.mark.parametrize(("sporadic", "holds"), [(True, True), (False, False)])
def test_only_what_is_sporadic_need_not_happen_on_its_word(*, sporadic: bool, holds: bool) -> None:
    entry = HALF._replace(word="conv_i1_k1_same_float16_ones", accumulator="", sporadic=sporadic)
    gated = conformance(convolutions.right, known=[entry])
    if holds:
        gated().test_known()
    else:
        with pytest.raises(pytest.fail.Exception, match="no longer deviates"):
            gated().test_known()


def test_a_gate_starts_no_worker_when_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Isolated] = []
    monkeypatch.setattr(Isolated, "start", started.append)
    gated = conformance(Isolated("tests.planted.convolutions:right"))
    assert (gated.gate.name, started) == ("tests.planted.convolutions:right", [])  # type: ignore[attr-defined]


def test_a_gate_in_another_session_knows_what_that_knows() -> None:
    entry = deviation("conv_i1_k1_same_ones", "rank == 1")
    gated = conformance(convolutions.off_by_one, known=[entry]).gate  # type: ignore[attr-defined]
    assert gated.judge(EVERYTHING).by(gated.subject).known == (entry,)
    gated.session = Session(options=Options(excuse=False))
    assert gated.judge(EVERYTHING).by(gated.subject).known == ()
