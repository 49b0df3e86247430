"""Imports that are begun ahead are waited for when a subject is loaded, which says what is wrong."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.subjects.asked import CASE
from verify.config.flags import Isolation, import_ahead
from verify.subjects.device import DEVICE
from verify.subjects.isolated import import_all_ahead, isolated, worker_of
from verify.subjects.server import NoWorker, copies_of_kept, end_lives, stop_kept

pytestmark = pytest.mark.injected

MINE = """
import time
from verify import reference
open({log!r}, "a").write("imported ")
time.sleep({seconds})

def conv(case):
    return reference(case).astype(case.dtype)
"""


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In a folder whose modules can be imported, with no worker before and after."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    stop_kept()
    yield
    stop_kept()


def mine(seconds: float) -> Path:
    log = Path("log").absolute()
    Path("mine.py").write_text(MINE.format(log=str(log), seconds=seconds))
    return log


def test_a_subject_takes_the_worker_whose_imports_were_begun() -> None:
    log = mine(0.0)
    import_all_ahead(["mine:conv"])
    subject = isolated("mine:conv")
    assert subject(CASE).shape == CASE.output_shape
    assert log.read_text().split() == ["imported"]


def test_on_a_gpu_too_there_is_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEVICE, "cuda")
    mine(0.0)
    import_all_ahead(["mine:conv"])
    isolated("mine:conv")
    copies = [copy for _, copy in copies_of_kept()]
    for copy in filter(None, copies):
        copy.close()
    assert len(copies) == 1


def test_imports_go_on_while_others_are_begun() -> None:
    mine(3.0)
    begun = time.monotonic()
    import_all_ahead(["mine:conv SWITCH=0", "mine:conv SWITCH=1"])
    assert time.monotonic() - begun < 3.0
    assert [isolated(f"mine:conv SWITCH={value}").switches for value in "01"] == [
        {"SWITCH": "0"},
        {"SWITCH": "1"},
    ]


def test_imports_that_nobody_waits_for_end_at_once() -> None:
    mine(1000.0)
    import_all_ahead(["mine:conv"])
    begun = time.monotonic()
    stop_kept()
    assert time.monotonic() - begun < 5.0


def test_a_life_that_is_ended_leaves_the_imports() -> None:
    log = mine(0.0)
    subject = isolated("mine:conv")
    subject(CASE)
    end_lives()
    assert subject(CASE).shape == CASE.output_shape
    assert (subject.call.lives, log.read_text().split()) == (2, ["imported"])


def test_a_copy_of_a_worker_leads_a_session_of_its_own() -> None:
    mine(0.0)
    worker = worker_of(isolated("mine:conv"))
    ((original, copy),) = copies_of_kept()
    assert worker is not None
    assert worker._server is original
    server = original._process.pid
    pids = map(int, Path(f"/proc/{server}/task/{server}/children").read_text().split())
    assert [os.getsid(pid) == pid for pid in pids] == [True]
    assert copy is not None
    copy.close()


def test_nothing_is_begun_without_workers() -> None:
    log = mine(0.0)
    import_ahead(["mine:conv"], Isolation(isolate=False))
    stop_kept()
    assert not log.exists()


@pytest.mark.parametrize(
    ("label", "python"), [("no_such:conv", None), ("mine:nothing", None), ("mine:conv", "/no/python")]
)
def test_what_is_wrong_is_said_when_the_subject_is_loaded(label: str, python: str | None) -> None:
    mine(0.0)
    options = {"python": python} if python else {}
    import_all_ahead([label], **options)
    for _ in range(2):
        with pytest.raises(NoWorker):
            isolated(label, **options)
