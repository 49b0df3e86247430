"""The last sentence of a run, which says that it holds exactly where the exit code is 0."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.cases.shards import ALL, Shard
from verify.reports.conclusion import exit_code, run_sentence
from verify.reports.tally import Failure, Tally

NAMES = ("pinned", "known", "faults", "values", "bits")


def counters(word: str) -> st.SearchStrategy[Counter[str]]:
    return st.sampled_from([Counter(), Counter({word: 3})])


def tallies() -> st.SearchStrategy[list[Tally]]:
    """Tallies of some properties, of which each may have graded, declined, excused or failed something."""
    tally = st.builds(
        Tally,
        subject=st.just("mine:conv"),
        name=st.sampled_from(NAMES),
        title=st.sampled_from(NAMES),
        agreed=st.sampled_from([0, 5, 100]),
        vacuous=st.sampled_from([0, 4]),
        declined=counters("not today"),
        known=counters("its own"),
        visible=st.sampled_from([Counter(), Counter({"kernel-flipped": 2}), Counter({"kernel-flipped": 0})]),
        failures=st.sampled_from([{}, {"value": Failure(kind="value", word="conv_i1_k1_same_ones")}]),
        note=st.sampled_from(["", "its time was up"]),
    )
    return st.lists(tally, max_size=4)


@given(tallies(), st.sampled_from([ALL, Shard(1, 2)]))
def test_a_run_holds_exactly_where_its_exit_code_is_0(made: list[Tally], shard: Shard) -> None:
    assert run_sentence(made, shard=shard).startswith("Holds") == (exit_code(made, shard=shard) == 0)


@given(tallies(), st.sampled_from([ALL, Shard(1, 2)]))
def test_nothing_holds_where_nothing_was_graded(made: list[Tally], shard: Shard) -> None:
    left = [tally for tally in made if not tally.agreed]
    assert not run_sentence(left, shard=shard).startswith("Holds")
    assert exit_code(left, shard=shard) != 0


@given(tallies(), st.sampled_from([ALL, Shard(1, 2)]))
def test_nothing_holds_where_there_was_an_error(made: list[Tally], shard: Shard) -> None:
    sentence = run_sentence(made, shard=shard, broken="it has no disk")
    assert sentence.startswith("Disagrees: ") or sentence == "Could not run: it has no disk"


@pytest.mark.parametrize(
    ("name", "counts"), [("pinned", {"declined": Counter(no=3)}), ("known", {"known": Counter(old=14)})]
)
def test_words_that_were_declined_or_excused_alone_prove_too_little(
    name: str, counts: dict[str, Counter[str]]
) -> None:
    made = [Tally(subject="mine:conv", name=name, title=name, **counts)]
    assert run_sentence(made) == "Proves too little: nothing was graded for any property."
    assert exit_code(made) == 3
