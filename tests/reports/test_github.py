"""What GitHub shows of a run, as text."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from verify.reports.github import commands, job_summary, publish
from verify.reports.tally import Failure, Tally
from verify.subjects.sources import Place

MESSAGE = """\
mine disagrees with the reference: 50 % of 2 values differ
  case     conv_i1_k1_same_ones
  replay   conv-verify replay mine conv_i1_k1_same_ones"""


def tally(**more: object) -> Tally:
    return Tally(subject="mine:f_x", name="values", title="values on exact fills", **more)  # type: ignore[arg-type]


def failing(text: str = MESSAGE, word: str = "conv_i1_k1_same_ones") -> Tally:
    return tally(agreed=1200, failures={word: Failure(kind="value", word=word, text=text)})


HOLDS = tally(
    agreed=5,
    vacuous=2,
    declined=Counter({"no": 3}),
    visible=Counter({"kernel-flipped": 2, "odd-cell-before": 0}),
)


def test_failure_is_an_annotation_with_its_replay_line():
    assert commands([failing()], "Disagrees.", holds=False) == [
        (
            "::error title=mine disagrees with the reference%3A 50 %25 of 2 values differ"
            "::mine disagrees with the reference: 50 %25 of 2 values differ"
            "%0A  case     conv_i1_k1_same_ones"
            "%0A  replay   conv-verify replay mine conv_i1_k1_same_ones"
            "%0A  found by values on exact fills"
        )
    ]


def test_title_of_an_annotation_ends_at_no_comma_or_colon():
    (line,) = commands([failing("a: b, c\r::x")], "", holds=False)
    assert line.startswith("::error title=a%3A b%2C c::a: b, c%0D::x%0A")


def test_run_that_proves_too_little_is_an_annotation():
    said = "Proves too little: nothing was graded."
    assert commands([HOLDS], said, holds=False) == [
        "::error title=Proves too little%3A nothing was graded.::Proves too little: nothing was graded."
    ]


def test_run_that_holds_has_no_annotation():
    assert commands([HOLDS], "Holds.", holds=True) == []


def test_annotation_stands_at_the_line_of_the_subject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").touch()
    Path("mine.py").write_text("import numpy\n\n\ndef f_x(case):\n    return case.input\n", "utf-8")
    (found,) = commands([failing()], "", holds=False)
    assert found.startswith("::error file=mine.py,line=4,title=mine disagrees")
    (little,) = commands([tally(vacuous=2)], "Proves too little.", holds=False)
    assert little == "::error file=mine.py,line=4,title=Proves too little.::Proves too little."


def test_annotation_stands_where_it_is_said_to() -> None:
    (line,) = commands([failing()], "", holds=False, place_of=lambda name: Place(f"a,b/{name}.py", 7))
    assert line.startswith("::error file=a%2Cb/mine%3Af_x.py,line=7,title=")


def test_no_more_annotations_than_github_shows():
    many = [failing(word=f"conv_i{number}_k1_same_ones") for number in range(1, 30)]
    assert len(commands(many, "", holds=False)) == 10


SUMMARY = """\
### conv-verify

**Disagrees: 1 finding in 1,201 cases.**

```text
mine disagrees with the reference: 50 % of 2 values differ
  case     conv_i1_k1_same_ones
  replay   conv-verify replay mine conv_i1_k1_same_ones
  found by values on exact fills
```

| mine:f\\_x | cases | graded | declined | vacuous | known | verdict |
| :-- | --: | --: | --: | --: | --: | :-- |
| values on exact fills | 1,201 | 1,201 | 0 | 0 | 0 | ❌ disagrees |
| values on exact fills | 10 | 5 | 3 | 2 | 0 | ✅ holds |

Faults that the cases of mine:f\\_x would have shown: 1 of 2.
"""


def test_summary_of_a_job_is_literally():
    said = "Disagrees: 1 finding in 1,201 cases."
    assert job_summary([failing(), HOLDS], said) == SUMMARY


def test_fence_is_longer_than_any_in_the_message():
    assert "\n````text\na\n```\n" in job_summary([failing("a\n```")], "")


def test_row_of_a_table_stays_one_row():
    text = job_summary([Tally(subject="a|b\nc<d>", name="values", title="values")], "")
    assert "\n| a\\|b c\\<d\\> | cases |" in text


def test_summary_of_many_failures_says_how_many_more():
    many = [failing(word=f"conv_i{number}_k1_same_ones") for number in range(1, 23)]
    assert "\n… and 2 more findings.\n" in job_summary(many, "")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.chdir(tmp_path)
    return []


def test_nothing_is_published_elsewhere(said: list[str]):
    publish([failing()], "Disagrees.", holds=False, say=said.append)
    assert said == []


def test_commands_are_said_in_an_action(said: list[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    publish([failing()], "Disagrees.", holds=False, say=said.append)
    assert said == commands([failing()], "Disagrees.", holds=False)


def test_summary_is_added_to_that_of_the_job(said: list[str], monkeypatch: pytest.MonkeyPatch):
    Path("summary.md").write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    publish([HOLDS], "Holds.", holds=True, say=said.append)
    assert Path("summary.md").read_text(encoding="utf-8") == f"before\n{job_summary([HOLDS], 'Holds.')}\n"
