"""Known deviations of a user's own subject: what they excuse, and when they fail a run."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests import forked
from tests.places import ROOT
from tests.planted import convolutions
from verify import Case, reference
from verify.__main__ import main
from verify.cases.operands import Array
from verify.cases.predicates import Predicate
from verify.checks.deviations import Deviation, recorded
from verify.checks.examination import Examination
from verify.checks.path import Examiner, excused
from verify.checks.predictions import explains
from verify.checks.subject import Subject, describe
from verify.config.session import Options, Session
from verify.faults import fault_named
from verify.gate import conformance
from verify.gate.survey import survey_of

WORD = "conv_i1_k1_same_ones"

ENTRY = f"""\
grammar = 2
[[deviation]]
name = "adds-one"
subjects = ["tests.checks.test_known:*"]
kinds = ["value", "non-finite"]
when = "rank == 1"
word = "{WORD}"
sentence = "It adds one along one axis."
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def adds_one(case: Case) -> Array:
    """Wrong along one axis, in version 1.4."""
    return reference(case).astype(case.dtype) + (case.rank == 1)


adds_one.version = "1.4"  # type: ignore[attr-defined]


def right(case: Case) -> Array:
    return reference(case).astype(case.dtype)


def written(*more: str, entry: str = ENTRY) -> None:
    Path("known.toml").write_text("\n".join([entry, *more]), encoding="utf-8")


def run(subject: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A short run of a subject of this file."""
    few = ("--examples", "5", "--seed", "1", "--operations", "conv")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    named = f"tests.checks.test_known:{subject}"
    return forked.run("verify", "run", named, *few, *arguments, environment=environment)


def test_recorded_deviation_is_excused_and_counted():
    written("versions = ['>=1.3,<1.5']", "expires = 9999-12-31")
    done = run("adds_one", "--known", "known.toml", "-v")
    assert (done.returncode, done.stderr) == (0, "")
    assert ": adds-one\n" in done.stdout
    assert "\nknown deviations still happen " in done.stdout


@pytest.mark.parametrize(
    ("settings", "entry"),
    [
        (f"[tool.conv-verify]\n{ENTRY}".replace("[[", "[[tool.conv-verify."), ""),
        ("[tool.conv-verify]\nknown = 'known.toml'\n", ENTRY),
    ],
    ids=["as entries", "as a file"],
)
def test_deviation_of_the_settings_is_known(settings: str, entry: str, capsys: pytest.CaptureFixture[str]):
    Path("pyproject.toml").write_text(settings, encoding="utf-8")
    written(entry=entry)
    assert main(["replay", "tests.checks.test_known:adds_one", WORD]) == 1
    assert capsys.readouterr().out.endswith("  known    adds-one: It adds one along one axis.\n")


def test_deviation_that_no_longer_happens_fails_the_run():
    written()
    done = run("right", "--known", "known.toml")
    assert done.returncode == 1
    assert (
        "tests.checks.test_known:right no longer deviates where 'adds-one' records a deviation: delete"
        in done.stdout
    )


def test_deviation_that_has_expired_fails_the_run():
    written("expires = 2026-01-31")
    done = run("adds_one", "--known", "known.toml")
    assert done.returncode == 1
    assert (
        "'adds-one', recorded of tests.checks.test_known:adds_one, expired on 2026-01-31: mend what it "
        "records, or give it another day\n"
    ) in done.stdout
    assert "Disagrees: 1 finding in " in done.stdout


def test_no_deviation_is_known_where_none_shall_be(capsys: pytest.CaptureFixture[str]):
    written()
    main(["replay", "tests.checks.test_known:adds_one", WORD, "--known", "known.toml", "--no-known"])
    assert "known  " not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            "colour = 'red'",
            "known.toml, line 2: the deviation 'adds-one' cannot be read: it has 'colour', which is none of ",
        ),
        (
            "versions = ['>=1']",
            "the deviation 'adds-one' is of >=1, and tests.checks.test_known:right has no `version`",
        ),
        (
            "[known]",
            "known.toml, line 10: a file of deviations holds `grammar`, [[deviation]] entries and nothing ",
        ),
    ],
)
@pytest.mark.parametrize(
    "command", [["run", "tests.checks.test_known:right"], ["replay", "tests.checks.test_known:right", WORD]]
)
def test_wrong_entry_is_one_sentence_and_exit_2(
    command: list[str], more: str, sentence: str, capsys: pytest.CaptureFixture[str]
):
    written(more)
    assert main([*command, "--known", "known.toml"]) == 2
    assert capsys.readouterr().err.startswith(f"conv-verify: {sentence}")


def test_file_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]):
    assert main(["replay", "tests.checks.test_known:right", WORD, "--known", "none.toml"]) == 2
    assert capsys.readouterr().err == "conv-verify: there is no file 'none.toml'\n"


@pytest.mark.parametrize("value", ["3", "['a']", "'known.toml'"])
def test_entries_in_the_settings_that_are_none_are_refused(value: str, capsys: pytest.CaptureFixture[str]):
    Path("pyproject.toml").write_text(f"[tool.conv-verify]\ndeviation = {value}\n", encoding="utf-8")
    assert main(["run"]) == 2
    assert capsys.readouterr().err == (
        f"conv-verify: pyproject.toml, line 2: tool.conv-verify.deviation is {value}, "
        "not [[tool.conv-verify.deviation]] entries\n"
    )


def test_replay_names_the_deviation_that_explains_it(capsys: pytest.CaptureFixture[str]):
    written()
    assert main(["replay", "tests.checks.test_known:adds_one", WORD, "--known", "known.toml"]) == 1
    assert capsys.readouterr().out.endswith("  known    adds-one: It adds one along one axis.\n")
    assert not Path(".conv-verify").exists()


def test_replay_leads_to_the_report_of_a_deviation(capsys: pytest.CaptureFixture[str]):
    written('link = "https://example.org/1"')
    main(["replay", "tests.checks.test_known:adds_one", WORD, "--known", "known.toml"])
    known = "  known    adds-one: It adds one along one axis. See https://example.org/1\n"
    assert capsys.readouterr().out.endswith(known)


def test_gates_of_a_test_suite_take_deviations_and_pins_from_the_settings(
    pytester: pytest.Pytester, run_gates: Callable[..., pytest.RunResult]
):
    pytester.makepyfile(
        test_mine="""
        from verify.gate import conformance
        TestMine = conformance("tests.checks.test_known:adds_one", ranks=(1,), fills=("ones",))
        """
    )
    pytester.makefile(".toml", known=ENTRY)
    pytester.makefile(".toml", pyproject="[tool.conv-verify]\nknown = 'known.toml'\ncorpus = 'pins.txt'\n")
    pytester.makefile(".txt", pins="# grammar 2\nconv_i5_k1_same_ones\n")
    common = ("--conv-examples=5", "-v", "-k", "values or pinned or known")
    result = run_gates(*common)
    result.assert_outcomes(passed=3)
    result.stdout.re_match_lines([r"pinned words +1 +0 +0 +0 +1 +holds", "known +.*adds-one"])


def test_wrong_settings_are_one_sentence_of_pytest(
    pytester: pytest.Pytester, run_gates: Callable[..., pytest.RunResult]
):
    pytester.makefile(".toml", pyproject="[tool.conv-verify]\nknown = 3\n")
    result = run_gates()
    assert result.errlines == ["ERROR: pyproject.toml, line 2: tool.conv-verify.known is 3, not a string", ""]


KNOWN = Deviation("adds-one", ("*",), ("value",), Predicate("rank == 1"), WORD, "It adds one.")


def disagreement() -> Examination:
    return Examiner(subject=describe(adds_one)).examine(Case.parse(WORD))


TAPS = Case.parse("conv_i3_k2_valid_iota")
FLIPS = KNOWN._replace(name="flips", word=str(TAPS), fault="kernel-flipped")


def asked(subject: Subject, case: Case = TAPS) -> Examination:
    return Examiner(subject=describe(subject)).examine(case)


def test_deviation_that_predicts_nothing_explains_whatever_comes():
    assert explains(KNOWN, asked(adds_one))
    assert explains(KNOWN, asked(fault_named("kernel-flipped")))


def test_deviation_of_a_fault_explains_the_answer_of_that():
    assert explains(FLIPS, asked(fault_named("kernel-flipped")))


@pytest.mark.parametrize("subject", [adds_one, fault_named("answer-shifted")])
def test_deviation_of_a_fault_explains_nothing_else(subject: Subject):
    assert not explains(FLIPS, asked(subject))


def test_first_entry_that_explains_is_named():
    other = KNOWN._replace(name="other", when=Predicate("rank == 2"))
    assert excused(asked(adds_one), [other, FLIPS, KNOWN, KNOWN]).deviation is KNOWN


def test_what_no_entry_explains_is_new():
    assert excused(disagreement(), [KNOWN._replace(kinds=("shape",))]).deviation is None


def test_own_deviations_come_before_those_of_the_subject():
    def subject(case: Case) -> Array:
        return adds_one(case)

    subject.known = [KNOWN]  # type: ignore[attr-defined]
    users = KNOWN._replace(name="own")
    assert [deviation.name for deviation in recorded(describe(subject), [users])] == ["own", "adds-one"]


def test_own_deviation_of_another_subject_is_left_out():
    assert recorded(describe(adds_one), [KNOWN._replace(subjects=("mylib:*",))]) == ()


def test_own_deviation_of_another_version_is_left_out_where_others_were_seen():
    gone, here = KNOWN._replace(versions=("<1.4", ">=2")), KNOWN._replace(name="here", versions=("1.4",))
    assert recorded(describe(adds_one), [gone, here]) == (here,)


def test_own_deviation_of_another_version_is_asked_first():
    gone = KNOWN._replace(versions=("<1.4", ">=2"))
    assert recorded(describe(adds_one), [gone]) == (gone,)
    assert survey_of(describe(adds_one), [gone]).happening == (gone,)
    assert survey_of(replace(describe(right), version="1.4"), [gone]).gone == (gone,)


def test_own_deviation_of_another_version_is_assumed_where_the_time_is_up():
    gone = KNOWN._replace(versions=("<1.4", ">=2"))
    survey = survey_of(replace(describe(right), version="1.4"), [gone], until=0)
    assert (survey.known, survey.gone, survey.unasked) == ((gone,), (), 1)
    (line,) = survey.lines(describe(adds_one))
    assert "1 could not be asked in the time and are assumed; add the release to the `versions`" in line


def test_word_of_another_version_is_stopped_where_the_time_is_up():
    def waits(case: Case) -> Array:
        time.sleep(30)
        return right(case)

    gone = KNOWN._replace(versions=("<1.4", ">=2"))
    start = time.monotonic()
    assert survey_of(replace(describe(waits), version="1.4"), [gone], until=start + 0.2).unasked == 1
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("versions", [(">=1.3,<1.5",), ("1.3", "1.4")])
def test_own_deviation_of_the_subjects_version_is_recorded(versions: tuple[str, ...]):
    assert len(recorded(describe(adds_one), [KNOWN._replace(versions=versions)])) == 1


def test_word_that_is_answered_as_another_fault_would_fails_the_gate():
    said = (
        "recorded as flips, which predicts 4.0 at (.|\n)*another kind: value that looks like kernel-flipped"
    )
    with pytest.raises(pytest.fail.Exception, match=said):
        conformance(adds_one, known=[FLIPS])().test_known()


def test_gate_takes_the_users_deviations_beside_given_ones():
    gate = conformance(convolutions.right, known=[KNOWN]).gate  # type: ignore[attr-defined]
    gate.session = Session(options=Options(deviations=(KNOWN._replace(name="own"),)))
    assert [deviation.name for deviation in gate.known] == ["own", "adds-one"]
