"""The state of a campaign: written in one step, read only where it is whole, and of one campaign alone."""

from __future__ import annotations

import errno
import json
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.runs.campaign.asking import RIGHT, WRONG, plan_of
from verify.__main__ import main
from verify.reports.records import begin, end
from verify.runs.campaign import store as stores
from verify.runs.campaign.losses import compressed
from verify.runs.campaign.store import Store, Unkept

pytest.importorskip("fsspec")

RECORDS = [begin(environment="here"), end(1.0, 0)]
DATA = compressed(RECORDS)
PLAN = plan_of(RIGHT)


@pytest.fixture(params=["folder", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A folder that is not there yet, and one of another file system."""
    return str(tmp_path / "state") if request.param == "folder" else f"memory://{uuid4().hex}"


def test_what_is_kept_is_read_again_by_another(place: str) -> None:
    Store(place).claim(PLAN.identity)
    Store(place).keep("a.b-c", DATA)
    again = Store(place)
    again.require(PLAN.identity)
    assert (again.done(), again.records("a.b-c")) == ({"a.b-c"}, RECORDS)


def test_a_new_place_has_nothing_done(place: str) -> None:
    assert Store(place).done() == set()
    Store(place).require(PLAN.identity)


@pytest.mark.parametrize("cut", [0, 5, len(DATA) // 2, len(DATA) - 1])
def test_records_that_were_cut_off_are_none(place: str, cut: int) -> None:
    store = Store(place)
    store.claim(PLAN.identity)
    store.keep("a", DATA[:cut])
    assert store.records("a") is None


def test_records_without_their_end_are_none(place: str) -> None:
    store = Store(place)
    store.claim(PLAN.identity)
    store.keep("a", compressed(RECORDS[:1]))
    assert store.records("a") is None


@pytest.mark.parametrize(
    ("other", "name"),
    [
        (plan_of(WRONG), "subjects"),
        (plan_of(RIGHT, examples=4), "examples"),
        (plan_of(RIGHT, shares=3), "shares"),
        (plan_of(RIGHT, excuse=False), "excuse"),
        (plan_of(RIGHT, narrowings={}), "narrowings"),
    ],
)
def test_the_state_of_another_campaign_is_refused(place: str, other: Any, name: str) -> None:
    Store(place).claim(other.identity)
    with pytest.raises(ValueError, match=f"is the state of another campaign, with {name} .* by --state"):
        Store(place).require(PLAN.identity)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}'])
def test_a_folder_with_another_file_of_its_name_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / stores.MANIFEST).write_text(text, "utf-8")
    with pytest.raises(ValueError, match="by --state"):
        Store(tmp_path).require(PLAN.identity)
    assert (tmp_path / stores.MANIFEST).read_text("utf-8") == text


def test_a_full_store_is_one_sentence_and_keeps_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "state")
    store.claim(PLAN.identity)
    store.keep("a", DATA)

    def full(file: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(file))

    monkeypatch.setattr(stores, "replace_file", full)
    with pytest.raises(Unkept, match="the system says 'no space left on device': make room"):
        store.keep("b", DATA)
    assert (store.done(), store.records("a")) == ({"a"}, RECORDS)


def test_the_default_place_is_one_that_git_ignores(tmp_path: Path) -> None:
    Store(tmp_path / ".conv-verify" / "campaign").claim(PLAN.identity)
    assert (tmp_path / ".conv-verify" / ".gitignore").read_text("utf-8") == "*\n"


@pytest.mark.parametrize("place", ["nowhere://x", "s3://bucket/x", "ftp://127.0.0.1:1/x"])
def test_a_place_that_cannot_be_reached_is_one_sentence(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)  # as where it is not installed
    with pytest.raises(ValueError, match=f"--state '{place}' cannot be used: "):
        Store(place)


ERRORS = [RuntimeError("no credentials"), NotImplementedError(), ConnectionRefusedError(111, "Refused")]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("asked", ["cat_file", "ls", "pipe_file"])
def test_any_error_of_a_system_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, asked: str, error: Exception
) -> None:
    store = Store(f"memory://{uuid4().hex}")

    def refuse(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(store._system, asked, refuse)
    calls = {
        "cat_file": (lambda: store.require(PLAN.identity), lambda: store.records("a")),
        "ls": (store.done,),
        "pipe_file": (lambda: store.claim(PLAN.identity), lambda: store.keep("a", DATA)),
    }
    for call in calls[asked]:
        with pytest.raises(Unkept, match=r"the state of --state 'memory://.*' cannot be used, as the system"):
            call()


def test_the_manifest_says_what_is_asked(tmp_path: Path) -> None:
    Store(tmp_path).claim(PLAN.identity)
    manifest = json.loads((tmp_path / stores.MANIFEST).read_text("utf-8"))
    assert (manifest["subjects"], manifest["seed"], manifest["shares"]) == ([RIGHT], 0, 2)


def test_a_state_in_memory_is_refused_as_nothing_could_go_on_from_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["campaign", RIGHT, "--hours", "1", "--state", "memory://nights"]) == 2
    assert "'memory://nights' ends with this process, so that no campaign" in capsys.readouterr().err
