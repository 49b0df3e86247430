"""What subjects leave running does not keep a command or a session of pytest from ending."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT
from tests.subjects.asked import SMALLEST, verdict_of
from tests.subjects.conftest import Isolate, isolate
from tests.waiting import LIMIT_S

__all__ = ["isolate"]  # a fixture

pytestmark = pytest.mark.injected

RUNNING = "conv-verify: {} still running that a subject started; the process ends\n"


def ended(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of a process, which ends."""
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=LIMIT_S,
    )
    return done.returncode, done.stdout, done.stderr


SCRIPT = """
import atexit, multiprocessing, signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from verify.checks.leftovers import end_in_spite_of_leftovers, noting_leftovers

forever = threading.Event().wait
def later():
    threading.main_thread().join()
    time.sleep({left_s})
    print("and now the other")
{before}
with noting_leftovers():
    {inside}
atexit.register(print, "what runs at exit")
end_in_spite_of_leftovers(lambda: 5)
print("done")
sys.exit(4)
"""

THREAD = "threading.Thread(target=forever).start()"
POOL = "ThreadPoolExecutor(1).submit(forever)"
CHILD = "multiprocessing.get_context('fork').Process(target=signal.pause).start()"
LATER = "threading.Thread(target=later).start()"

USUAL = "what runs at exit\n"


@pytest.mark.parametrize(
    ("inside", "ending"),
    [
        ("pass", (4, f"done\n{USUAL}", "")),
        (THREAD, (5, f"done\n{USUAL}", RUNNING.format("1 thread was"))),
        (f"{THREAD}; {THREAD}", (5, f"done\n{USUAL}", RUNNING.format("2 threads were"))),
        (POOL, (5, f"done\n{USUAL}", RUNNING.format("1 thread was"))),
        (CHILD, (4, f"done\n{USUAL}", "")),
        (LATER, (4, f"done\nand now the other\n{USUAL}", "")),
    ],
)
def test_what_is_left_running_has_its_time_and_no_more(
    tmp_path: Path, inside: str, ending: tuple[int, str, str]
) -> None:
    script = SCRIPT.format(before="", inside=inside, left_s=0.1)
    assert ended(tmp_path, "-c", script) == ending


def test_what_others_started_is_waited_for_as_ever(tmp_path: Path) -> None:
    script = SCRIPT.format(before=LATER, inside="pass", left_s=1.5)
    assert ended(tmp_path, "-c", script) == (4, f"done\nand now the other\n{USUAL}", "")


ASKING = """
from verify.checks.exits import asking, keep_from_exiting
def asks():
    with asking():
        forever()
keep_from_exiting()
threading.Thread(target=asks, daemon=True).start()
"""


def test_a_subject_that_is_still_asked_does_not_keep_the_process(tmp_path: Path) -> None:
    script = SCRIPT.format(before=ASKING, inside=THREAD, left_s=0.1)
    assert ended(tmp_path, "-c", script) == (5, f"done\n{USUAL}", RUNNING.format("1 thread was"))


def test_a_command_ends_with_its_exit_code(tmp_path: Path) -> None:
    subject = "tests.planted.bad_workers:starts_threads_and_is_wrong"
    code, _, stderr = ended(tmp_path, "-m", "verify", "replay", "--no-isolate", subject, SMALLEST)
    assert code == 1
    assert stderr.endswith("still running that a subject started; the process ends\n")
    assert not [*(tmp_path / ".conv-verify").glob("running-*")]  # what runs at exit did


def test_a_worker_ends_whatever_its_subject_started(isolate: Isolate) -> None:
    subject = isolate("starts_threads", "tests.planted.bad_workers")
    assert verdict_of(subject).kind is None
    process = subject._server._process
    subject.close()
    assert process.returncode == 0


SUITE = """
from tests.planted.bad_workers import starts_threads
from verify.gate import conformance

TestIt = conformance(lambda case: starts_threads(case), ranks=(1,), dtypes=("float32",))

def test_form_of_another():
    assert False
"""


def test_a_session_of_pytest_ends_with_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(SUITE)
    alone = ("-p", "verify.entry", "-p", "no:cacheprovider", "-q", "--conv-examples", "1", "-k", "form")
    code, _, stderr = ended(tmp_path, "-m", "pytest", *alone, "test_it.py")
    assert code == 1
    assert stderr.endswith("still running that a subject started; the process ends\n")
