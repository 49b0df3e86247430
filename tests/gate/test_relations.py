"""The gate's property of relations: measured as facts, and demanded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.planted import related
from verify.checks.subject import describe
from verify.gate import conformance
from verify.gate.relating import Related, lacking
from verify.reports.html.related import relation_tables
from verify.reports.records import Record
from verify.reports.relations import relation_lines, relation_table
from verify.reports.schema import _require
from verify.reports.tally import Tally

FEW: dict[str, Any] = {
    "around": (),
    "dtypes": ("float32",),
    "ranks": (1,),
    "regions": ("pointwise", "both-at-16", "sums-above-256", "one-filter"),
}


def measured(subject: Any, **asked: Any) -> Tally:
    held: Any = conformance(subject, **FEW, **asked)
    records: list[Record] = []
    held.gate.session.record = records.append
    try:
        held().test_relations()
    except pytest.fail.Exception:
        pass
    finally:
        held.gate.close_subject()
    tally: Tally = held.gate.close("test_relations", 0.5)
    for record in records:
        _require(record)
    return tally


def test_relations_are_facts_by_region_and_fail_nothing() -> None:
    tally = measured(lambda case: related.by_batch(case), relations=True)
    assert tally.verdict == "holds"
    assert set(tally.relations["repeatability"].values()) == {""}
    assert "values differ" in tally.relations["batch-invariance"]["sums-above-256"]
    assert tally.relations["thread-invariance"] == {}
    ((_, line),) = relation_lines([tally])
    assert "repeatability in 4 of 4 regions" in line
    assert "thread-invariance not measured" in line
    assert relation_table([tally]) is not None
    ((table,),) = (tables.tables for tables in relation_tables([tally]))
    squares = dict(zip(table.columns, dict(table.rows)["sums-above-256"], strict=True))
    assert (squares["repeatability"].text, squares["batch-invariance"].text) == ("same", "others")
    assert squares["thread-invariance"].note == "not measured"


def test_what_is_demanded_and_does_not_hold_disagrees() -> None:
    tally = measured(related.by_batch, demand=("batch-invariance", "repeatability"))
    (failure,) = tally.failures.values()
    assert "batch-invariance is demanded, and in" in failure.text
    assert "regions the bits are others (" in failure.text
    assert [*tally.relations] == ["batch-invariance", "repeatability"]


def test_threads_and_processes_are_asked_in_workers() -> None:
    names = ("thread-invariance", "process-invariance")
    tally = measured("tests.planted.related:by_threads", demand=names)
    (failure,) = tally.failures.values()
    assert "thread-invariance is demanded" in failure.text
    assert set(tally.relations["process-invariance"].values()) == {""}


@pytest.mark.parametrize(
    ("relation", "matrix", "why"),
    [
        ("process-invariance", {}, "it runs in this process"),
        ("thread-invariance", {}, "it runs in this process"),
        ("thread-invariance", {"KERNEL": ("a", "b")}, "none of its settings is of threads"),
        ("batch-invariance", {}, "no case could show it"),
    ],
)
def test_what_cannot_be_measured_says_why_where_it_is_demanded(
    relation: str, matrix: dict[str, tuple[str, ...]], why: str
) -> None:
    subject = replace(describe(related.by_batch), matrix=matrix)
    none = Related(subject=subject, asked={})
    assert none.measured(relation, {}) == {}
    assert lacking("mine", none, relation, {}) == f"mine: {relation} is demanded, and {why}"


def test_a_gate_that_measures_and_demands_nothing_has_no_such_test() -> None:
    assert not hasattr(conformance(related.by_batch), "test_relations")
    with pytest.raises(ValueError, match="did you mean 'thread-invariance'"):
        conformance(related.by_batch, demand=("thread-invarience",))
