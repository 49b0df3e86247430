"""What version a subject is of, and which switches it runs under, is said wherever it is judged."""

from __future__ import annotations

from importlib import metadata

import pytest

from tests.planted import with_ways
from verify import Case, Mismatch, check
from verify.checks.subject import Description, describe
from verify.checks.versions import version_installed, versions, versions_of
from verify.corpus.failures import failed
from verify.gate.recorder import record_of
from verify.subjects.isolated import isolated

CASE = Case.parse("conv_i1_k1_same_ones")


@pytest.fixture(params=["here", "in a worker"])
def subject(request: pytest.FixtureRequest) -> Description:
    is_here = request.param == "here"
    return describe(with_ways.released) if is_here else isolated("tests.planted.with_ways:released")


def mismatch_of(subject: Description) -> Mismatch:
    with pytest.raises(Mismatch) as caught:
        check(CASE, subject.ways["compiled"])
    return caught.value


def test_a_subject_says_its_version_and_its_switches_in_one_line(subject: Description) -> None:
    assert "version 1.4" in subject.line
    assert "OMP_NUM_THREADS=2" in subject.line
    assert subject.line.endswith("; compiled: version 1.5-compiled, OMP_NUM_THREADS=4")


def test_a_message_says_the_version_of_what_was_asked(subject: Description) -> None:
    assert "\n  version  1.5-compiled\n" in str(mismatch_of(subject))


def test_a_replay_line_has_the_switches_of_what_was_asked(subject: Description) -> None:
    assert "\n  replay   OMP_NUM_THREADS=4 conv-verify replay " in str(mismatch_of(subject))


def test_a_recorded_failure_has_both(subject: Description) -> None:
    failure = failed(mismatch_of(subject).examination)
    assert (failure.versions["subject"], failure.switches) == ("1.5-compiled", {"OMP_NUM_THREADS": "4"})


def test_a_record_of_a_run_has_both_of_each_way(subject: Description) -> None:
    record = record_of(subject, "mine")
    assert (record["versions"]["subject"], record["switches"]) == ("1.4", {"OMP_NUM_THREADS": "2"})
    assert record["ways"]["compiled"]["versions"]["subject"] == "1.5-compiled"
    assert record["ways"]["compiled"]["switches"] == {"OMP_NUM_THREADS": "4"}


def test_a_version_that_is_that_of_a_package_is_said_once() -> None:
    def mine(case: Case) -> None: ...

    mine.version = versions()["numpy"]  # type: ignore[attr-defined]
    assert versions_of(describe(mine)) == versions()


def test_no_metadata_is_read_for_the_name_of_a_package_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []
    monkeypatch.setattr(metadata, "packages_distributions", lambda: read.append("all") or {})
    assert version_installed("no_such_package") == ""
    assert read == []


def test_the_version_of_what_is_installed_under_another_name_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metadata, "packages_distributions", lambda: {"verify": ["numpy"]})
    assert version_installed("verify") == versions()["numpy"]
