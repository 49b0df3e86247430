"""Shards: each case in one of them, and all of them together as one run."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.database import InMemoryExampleDatabase

from tests.planted import subjects_to_gate as subjects
from tests.planted.plain import cases
from verify import Case, Mismatch, reference
from verify.__main__ import main
from verify.cases.operands import Array
from verify.cases.regions import is_in, regions
from verify.cases.shards import ALL, Shard
from verify.checks.subject import Subject
from verify.config.session import Options, Session
from verify.gate import conformance
from verify.reports.merge import merged
from verify.reports.records import Record, Stream, begin, end
from verify.reports.tally import Tally, tallies_of


@given(cases())
def test_case_is_of_one_shard_alone(case: Case):
    assert [Shard(number, 7).holds(str(case)) for number in range(1, 8)].count(True) == 1


@given(cases())
def test_whole_holds_every_case(case: Case):
    assert ALL.holds(str(case))


def test_fills_of_one_shape_are_in_one_shard():
    words = [f"conv_i7_k3_same_{fill}" for fill in ("ones", "ints7", "dyadic1", "reals3")]
    assert len({Shard(1, 97).holds(word) for word in words}) == 1


@pytest.mark.parametrize(
    ("word", "number"),
    [("conv_i1_k1_same_ones", 3), ("conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n", 4)],
)
def test_shard_of_a_word_never_changes(word: str, number: int):
    assert [part for part in range(1, 6) if Shard(part, 5).holds(word)] == [number]


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "a/b", "1/3/5", "-1/3", ""])
def test_text_that_is_no_shard_is_refused(text: str):
    with pytest.raises(
        ValueError, match=f"^'{text}' is no shard: it is K/N, such as 1/3, with K from 1 to N$"
    ):
        Shard.parse(text)


def gated(subject: Subject, shard: Shard, *names: str, examples: int = 40) -> list[Record]:
    """The records of a shard of some tests."""
    records: list[Record] = []
    held: Any = conformance(subject, ranks=(1, 2))
    options = Options(examples=examples, seed=3, shard=shard)
    held.gate.session = Session(options=options, record=records.append)
    for name in names:
        with contextlib.suppress(Mismatch, ExceptionGroup):
            getattr(held(), f"test_{name}")()
        held.gate.close(f"test_{name}", 0.0)
    return records


def shards(subject: Subject, parts: int, *names: str) -> list[list[Record]]:
    return [gated(subject, Shard(part, parts), *names) for part in range(1, parts + 1)]


def comparable(tallies: list[Tally]) -> list[dict[str, Any]]:
    """All of some tallies but their time."""
    return [{**vars(tally), "seconds": {}, "elapsed": 0.0} for tally in tallies]


def test_shards_together_ask_all_that_is_written_down():
    names = ("pinned", "faults")
    whole = gated(subjects.right, ALL, *names)
    parts = [record for part in shards(subjects.right, 3, *names) for record in part]
    assert comparable(tallies_of(parts)) == comparable(tallies_of(whole))


def test_nothing_that_is_written_down_is_asked_in_two_shards():
    parts = shards(subjects.right, 3, "faults", "met")
    words = [[line["word"] for line in part if line["type"] == "case"] for part in parts]
    assert all(words)
    assert sum(len({*part}) for part in words) == len({*words[0], *words[1], *words[2]})


def words_drawn(shard: Shard, examples: int = 40) -> list[str]:
    records = gated(subjects.right, shard, "values", examples=examples)
    return [record["word"] for record in records if record["type"] == "case"]


def test_each_shard_draws_its_share_by_a_seed_of_its_own():
    """40 examples are drawn in 4 shares of 10, each the same every time, and together more than one draws."""
    parts = [words_drawn(Shard(number, 4)) for number in range(1, 5)]
    assert [words_drawn(Shard(number, 4)) for number in range(1, 5)] == parts
    assert all(0 < len(words) <= 10 for words in parts)
    assert len({word for words in parts for word in words}) > max(map(len, parts))
    assert words_drawn(ALL)[:5] not in [words[:5] for words in parts]


def test_shards_together_were_asked_for_what_one_run_is():
    parts = [record for part in shards(subjects.right, 4, "values") for record in part]
    (whole,), (together,) = tallies_of(gated(subjects.right, ALL, "values")), tallies_of(parts)
    assert together.examples == whole.examples == 40
    assert together.cases == len({record["word"] for record in parts if record["type"] == "case"})


def wrong_beyond_two_channels(case: Case) -> Array:
    return reference(case).astype(case.dtype) + (case.channels > 2)


def test_example_that_is_kept_is_asked_in_every_shard():
    kept = Options(database=InMemoryExampleDatabase(), examples=1)
    words = [
        failure_of(replace(kept, examples=100)),
        *(failure_of(replace(kept, shard=Shard(part, 3))) for part in (1, 2, 3)),
    ]
    assert words[0]
    assert words[1:] == words[:1] * 3


def failure_of(options: Options) -> str:
    """The word of what a session finds of a subject that is wrong, by the profile that needs no seed."""
    held: Any = conformance(wrong_beyond_two_channels, fills=("ints",), ranks=(1,))
    held.gate.session = Session(options=options)
    before = settings.get_current_profile_name()
    settings.load_profile("ci")
    with contextlib.suppress(Mismatch):
        held().test_values()
    settings.load_profile(before)
    return "".join(
        failure.word for failure in held.gate.judges["test_values"].tallier.reported().failures.values()
    )


REGIONS = tuple(regions())


@pytest.mark.parametrize("parts", [1, 3, len(REGIONS)])
def test_each_region_is_of_one_shard_alone(parts: int):
    dealt = [name for number in range(1, parts + 1) for name in Shard(number, parts).dealt(REGIONS)]
    assert sorted(dealt) == sorted(REGIONS)


def test_each_shard_has_a_region_where_there_are_more_shards_than_regions():
    assert [Shard(number, 5).dealt(("a", "b")) for number in range(1, 6)] == [("a",), ("b",)] * 2 + [("a",)]
    assert Shard(2, 5).dealt(()) == ()


def share_inside(words: list[str], names: Sequence[str]) -> float:
    """The share of words that are in one of some regions."""
    return sum(is_in(Case.parse(word), names) for word in words) / len(words)


def test_a_seeded_shard_draws_in_its_own_regions():
    """Others draw there only where they draw anywhere, or what is in several regions at once."""
    shards_of_4 = [Shard(number, 4) for number in range(1, 5)]
    drawn = [words_drawn(shard, examples=400) for shard in shards_of_4]
    inside = [[share_inside(words, shard.dealt(REGIONS)) for words in drawn] for shard in shards_of_4]
    assert [max(range(4), key=shares.__getitem__) for shares in inside] == [0, 1, 2, 3]


def test_what_a_seeded_shard_keeps_is_asked_again_by_the_same_shard_of_another_seed():
    """Another shard has other regions, in which what is kept is another case."""
    kept = Options(database=InMemoryExampleDatabase(), reuses=True, seed=0, examples=200, shard=Shard(1, 2))
    few = replace(kept, seed=1, examples=2)
    found = failure_of(kept)
    assert found
    assert failure_of(few) == found
    assert failure_of(replace(few, shard=Shard(2, 2))) != found


def report_of(shard: str, seed: int = 1) -> Path:
    """The file of a shard that judged nothing and came to its end."""
    stream = Stream.anew(Path(f"{shard.replace('/', 'of')}-{seed}.jsonl"))
    stream.write(begin(environment="", seed=seed, profile="dev", subjects=[], properties={}, shard=shard))
    stream.write(end(1.0, 0))
    return stream.file


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        ([("1/3", 1), ("2/3", 1), ("3/3", 1)], []),
        ([("1/1", 1)], []),
        ([("1/3", 1), ("3/3", 1)], ["shard 2/3 is missing"]),
        ([("1/2", 1), ("2/2", 5)], ["shard 2/2 is missing", "shard 1/2 is missing"]),
    ],
)
def test_shard_that_is_missing_is_named(
    files: list[tuple[str, int]], missing: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    report = merged(report_of(shard, seed) for shard, seed in files)
    assert (report.lacks, report.exit_code) == (missing, 3)


@pytest.mark.parametrize("arguments", [[], ["--profile", "night"]])
def test_shard_of_a_run_that_no_other_shard_is_of_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    assert main(["run", "tests.planted.subjects_to_gate:right", "--shard", "1/2", *arguments]) == 2
    assert capsys.readouterr().err == (
        "conv-verify: --shard needs --seed or --profile ci, so that all shards are of one run\n"
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("shard = '1/2'", ": --shard needs --seed or --profile ci, so that all shards are of one run"),
        (
            "shard = '3/2'",
            ": pyproject.toml, line 2: tool.conv-verify.shard: '3/2' is no shard: it is K/N, such as 1/3",
        ),
        ("report = 3", ": pyproject.toml, line 2: tool.conv-verify.report is 3, not a string"),
    ],
)
def test_shard_and_report_are_settings(
    line: str,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text(f"[tool.conv-verify]\n{line}\n")
    assert main(["run", "tests.planted.subjects_to_gate:right"]) == 2
    assert capsys.readouterr().err.startswith(f"conv-verify{sentence}")
