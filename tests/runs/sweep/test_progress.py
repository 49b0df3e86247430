"""The state of a sweep is written whole, read back, and taken for no other sweep's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.planted import convolutions
from verify.cases.enumeration import Enumeration, enumeration_upto
from verify.checks.bulk import examine_in_bulk
from verify.runs.sweep.progress import BLOCK, ForeignState, Progress, identity, restore, save_state

ENUMERATION = enumeration_upto(3)
WHAT = identity(ENUMERATION, subject="mine", file="1234")


ANEW = "delete it, or name another by --state"


def progress_after(blocks: int) -> Progress:
    progress = Progress(ENUMERATION)
    for number in range(blocks):
        progress.add(
            number, examine_in_bulk(convolutions.off_by_one, ENUMERATION, places=progress.places(number))
        )
    return progress


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The file of a sweep that has done two blocks."""
    path = tmp_path / "state.json"
    save_state(path, progress_after(2), WHAT)
    return path


def refusal(path: Path, enumeration: Enumeration = ENUMERATION, what: dict[str, Any] = WHAT) -> str:
    with pytest.raises(ForeignState) as refused:
        restore(path, enumeration, what)
    return str(refused.value).replace(f"{str(path)!r}", "it")


def test_a_state_is_read_back(state: Path) -> None:
    restored, before = restore(state, ENUMERATION, WHAT), progress_after(2)
    assert (restored.done, restored.swept.cases) == (2, 2 * BLOCK)
    assert restored.swept.counterexamples == before.swept.counterexamples
    assert repr(restored.swept.first) == repr(before.swept.first)


def test_the_blocks_that_are_left_are_those_not_done(state: Path) -> None:
    restored = restore(state, ENUMERATION, WHAT)
    assert list(range(restored.done, restored.blocks)) == [2, 3, 4]
    assert [restored.places(number) for number in (0, 4)] == [
        range(BLOCK),
        range(4 * BLOCK, ENUMERATION.count),
    ]


def test_all_blocks_together_are_all_cases() -> None:
    progress = progress_after(5)
    assert progress.is_complete
    assert progress.swept.cases == ENUMERATION.count


def test_a_block_that_lacks_a_case_is_refused() -> None:
    short = examine_in_bulk(convolutions.right, ENUMERATION, places=range(BLOCK - 1))
    with pytest.raises(RuntimeError, match="block 0 has 255 of 256 cases"):
        Progress(ENUMERATION).add(0, short)


@pytest.mark.parametrize("number", [0, 2])
def test_only_the_next_block_is_counted(number: int) -> None:
    progress = progress_after(1)
    with pytest.raises(RuntimeError, match=f"block {number} .* or is not next"):
        progress.add(number, examine_in_bulk(convolutions.right, ENUMERATION, places=progress.places(number)))


def test_the_state_of_another_sweep_is_refused(state: Path) -> None:
    other = enumeration_upto(3, kernel=1)
    assert refusal(state, other, identity(other, subject="mine", file="1234")) == (
        "it is of another sweep: of kernel it has 2, not 1; begin anew without --resume"
    )
    assert refusal(state, ENUMERATION, {**WHAT, "subject": "yours"}) == (
        "it is of another sweep: of subject it has mine, not yours; begin anew without --resume"
    )
    assert refusal(state, ENUMERATION, {**WHAT, "tensorflow": "2.21.0"}) == (
        "it is of another sweep: of tensorflow it has nothing, not 2.21.0; begin anew without --resume"
    )


def test_the_state_of_a_subject_that_was_changed_is_refused(state: Path) -> None:
    said = refusal(state, ENUMERATION, {**WHAT, "file": "5678"})
    changed = "the file of mine has changed since"
    assert said == f"it is of another sweep: {changed}; begin anew without --resume"


@pytest.mark.parametrize("text", ["{}", "[]", '{"mark": "conv-verify sweep, form 3"}'])
def test_a_file_of_anything_else_is_refused(state: Path, text: str) -> None:
    state.write_text(text)
    assert refusal(state) == f"it, line 1, is no state of a sweep: {ANEW}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it, line 1, is no state of a sweep, as Expecting value at column 1: delete it"),
        ("\n{", "it, line 2, is no state of a sweep, as Expecting property name"),
    ],
)
def test_a_file_that_is_no_json_is_refused_with_the_line(state: Path, text: str, why: str) -> None:
    state.write_text(text)
    assert refusal(state).startswith(why)


def test_a_file_with_a_nul_is_refused_with_the_line(state: Path) -> None:
    state.write_text("\x00")
    with pytest.raises(ForeignState) as refused:
        restore(state, ENUMERATION, WHAT)
    assert str(refused.value) == f"{state}, line 1: it is not text: it has a NUL; name another by --state"


def test_the_state_of_another_version_is_refused(state: Path) -> None:
    state.write_text('{"mark": "conv-verify sweep, form 1", "sweep": {}, "done": [[0, 3]]}')
    assert refusal(state) == f"it, line 1, is a sweep of another version of conv-verify: {ANEW}"


def test_a_file_that_is_missing_is_said_to_be(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.json") == "there is no it to resume from: begin without --resume"


def test_a_state_whose_counts_do_not_add_up_is_refused(state: Path) -> None:
    held = json.loads(state.read_text())
    held["done"] = 3
    state.write_text(json.dumps(held))
    why = "it has 512 cases in blocks of 768"
    assert refusal(state) == f"it, line 1, is a damaged state of a sweep, as {why}: {ANEW}"


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("swept", {}, "swept: it has no 'first'"),
        ("swept", {"first": {}, "agreed": -1}, "swept: agreed: -1 is not a whole number from 0 to "),
        ("done", "two", "done: 'two' is not a whole number from 0 to "),
        ("done", None, "done: None is not a whole number from 0 to "),
    ],
)
def test_a_state_that_is_damaged_is_refused(state: Path, key: str, value: Any, why: str) -> None:
    state.write_text(json.dumps({**json.loads(state.read_text()), key: value}))
    assert refusal(state).startswith(f"it, line 1, is a damaged state of a sweep, as {why}")
    assert refusal(state).endswith(f": {ANEW}")


def test_a_state_in_whose_place_is_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.json").mkdir()
    said = "it is a folder where a file is needed: move it away, or name another by --state"
    assert refusal(tmp_path / "state.json") == said


def test_a_state_whose_folder_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    said = f"{str(tmp_path / 'kept')!r} is a file where a folder is needed: move it away, or name another"
    assert refusal(tmp_path / "kept" / "state.json") == f"{said} by --state"


def test_a_state_that_cannot_be_written_leaves_the_one_before(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Path, target: Path) -> Path:
        raise OSError("no space left on device")

    before = state.read_text()
    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OSError, match="no space"):
        save_state(state, progress_after(1), WHAT)
    assert (state.read_text(), list(state.parent.iterdir())) == (before, [state])
