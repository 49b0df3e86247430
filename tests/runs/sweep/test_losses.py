"""A worker that is lost in a sweep is a finding, also where its case alone does not lose it again."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests import forked
from tests.places import PLANTED, ROOT
from verify import Case
from verify.cases.enumeration import enumeration_upto
from verify.cases.predicates import Predicate
from verify.checks.bulk import Counterexample, Swept
from verify.checks.deviations import Deviation
from verify.config.flags import Isolation
from verify.oracle.compare import disagrees
from verify.runs.in_order import fewest
from verify.runs.sweep.jobs import Plan, maker
from verify.runs.sweep.sweep import sweep

pytestmark = pytest.mark.injected

SHORT, LONG = enumeration_upto(3, ranks=(1,)), enumeration_upto(4, ranks=(1,))
BLOCK = 16
"""Cases of a block here: a process is lost in its second one, and its third call of that many is not."""
LOST = "tests.planted.lost_once"

Outcome = tuple[int, str]


@pytest.fixture
def swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Sweeps a planted subject in workers; the exit code and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("verify.runs.sweep.progress.BLOCK", BLOCK)
    monkeypatch.setattr("verify.runs.sweep.losses.BLOCK", BLOCK)
    monkeypatch.setattr("verify.runs.sweep.losses.SHORTENING_S", 60.0)
    monkeypatch.setenv("LOST_ONCE", str(tmp_path / "once"))

    def run(name: str, *, timeout_s: float = 10.0, **options: Any) -> Outcome:
        printed = io.StringIO()
        make = maker(f"{LOST}:{name}", Isolation(isolate=True, timeout=timeout_s))
        plan = Plan(**{"enumeration": SHORT, "make": make, "state": tmp_path / "state.json", **options})
        code = sweep(Console(file=printed, width=200, color_system=None), plan)
        return code, printed.getvalue()

    return run


Sweep = Callable[..., Outcome]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_abort_at_a_late_call_is_found_and_replayed(swept: Sweep, jobs: int) -> None:
    enumeration = SHORT if jobs == 1 else LONG
    code, printed = swept("aborts_late", jobs=jobs, enumeration=enumeration)
    assert (code, "crashed: it was killed by SIGABRT" in printed) == (1, True)
    assert (
        "again    not lost on this case alone, but again after 30 cases before it in one process" in printed
    )
    (line,) = set(re.findall(r"conv-verify (replay .* --in-order)$", printed, re.MULTILINE)[:1])
    replayed = command(*shlex.split(line))
    assert (replayed.returncode, "was lost at the 31st of 31 cases" in replayed.stdout) == (1, True)


def test_an_end_without_a_signal_is_found(swept: Sweep) -> None:
    code, printed = swept("exits_late")
    assert (code, "crashed: it exited with code 0" in printed) == (1, True)


def test_a_hang_that_comes_late_is_found(swept: Sweep) -> None:
    code, printed = swept("hangs_late", timeout_s=0.5)
    assert (code, "timed out: it gave no answer in 0.5 s" in printed) == (1, True)
    assert "again    not lost on this case alone, but again after" in printed


def test_a_process_that_is_killed_once_is_found(swept: Sweep) -> None:
    code, printed = swept("is_killed_once")
    assert (code, "it was killed by SIGKILL" in printed) == (1, True)
    assert "again    not lost again, on this case alone or after the 30 cases" in printed
    (file,) = re.findall(r"replay .* (\S+) --in-order$", printed, re.MULTILINE)
    words = [line for line in Path(file).read_text().splitlines() if not line.startswith("#")]
    assert words == [str(case) for _, case in SHORT.cases(31 - BLOCK, 31)]


def test_what_breaks_a_later_case_is_found_with_both_words(swept: Sweep) -> None:
    code, printed = swept("breaks_what_comes_later")
    (line,) = re.findall(r"replay .*breaks_what_comes_later (.*) --in-order$", printed, re.MULTILINE)[:1]
    first, last = map(Case.parse, line.split())
    assert (code, first.size, last.kernel) == (1, (2,), (2,))
    assert "again after 1 case before it in one process" in printed


SPORADIC = Deviation(
    name="spoils", subjects=("*",), kinds=("crashed",), when=Predicate("size == (2,)"),
    word="conv_i2_k1_same_coded", sentence="It writes where it must not.", sporadic=True,
)  # fmt: skip


def test_a_crash_after_a_case_that_is_known_to_crash_at_times_is_known(swept: Sweep) -> None:
    code, printed = swept("aborts_late", deviations=(SPORADIC,))
    assert (code, "known      1: spoils\n" in printed) == (0, True)
    assert swept("aborts_late", deviations=(SPORADIC,), excuse=False)[0] == 1


@pytest.mark.parametrize("causes", [(3, 17), (0, 17), (16, 17), (2, 9, 17)])
def test_the_fewest_cases_that_lose_a_process_are_those_that_it_takes(causes: tuple[int, ...]) -> None:
    cases = [case for _, case in LONG.cases(0, 18)]
    guilty = [cases[place] for place in causes]

    def place_of(asked: Any) -> int:
        places = [number for number, case in enumerate(asked, start=1) if case in guilty]
        return places[-1] if len(places) == len(guilty) else 0

    assert fewest(cases, place_of, limit_s=60) == guilty


def test_nothing_is_left_out_of_cases_that_are_counted() -> None:
    cases = [case for _, case in LONG.cases(0, 40)]
    asked: list[int] = []

    def place_of(some: Any) -> int:
        asked.append(len(some))
        return 33 if len(some) >= 33 else 0

    assert fewest(cases, place_of, limit_s=60) == cases[:33]
    assert len(asked) < 30


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}"}
    return forked.run("verify", *arguments, environment=environment)


def test_what_a_process_was_asked_is_kept_in_the_state_of_a_sweep() -> None:
    lost = Counterexample(7, "conv_i1_k1_same_coded", disagrees("crashed", "it ended"), "", ((0, 4), (6, 8)))
    kept = Swept(first={"lost": lost}, counterexamples=Counter({"lost": 1}))
    data = json.loads(json.dumps(kept.to_data()))
    assert Swept.from_data(data).first == kept.first
    data["first"]["lost"].pop()  # as an earlier version has written it
    assert Swept.from_data(data).first == {"lost": lost._replace(asked=())}
