"""The parent's side of workers: they begin, end with whoever started them, and say why there is none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.places import ROOT
from tests.subjects.asked import CASE, SMALLEST, mismatch_of, verdict_of
from tests.subjects.conftest import Isolate
from tests.waiting import LIMIT_S, comes
from verify.checks.journal import left
from verify.subjects.isolated import Isolated
from verify.subjects.server import NoWorker


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not waited for does not."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def ends(pid: int) -> bool:
    return comes(lambda: not is_alive(pid))


def test_the_environment_is_the_workers_alone(isolate: Isolate) -> None:
    subject = isolate("speaks_of_its_process", environment={"SWITCH": "on"})
    assert verdict_of(subject).sentence == "on False"
    assert subject.switches == {"SWITCH": "on"}
    assert "SWITCH" not in os.environ


def test_a_worker_ends_with_its_subject(isolate: Isolate) -> None:
    subject = isolate("right", "tests.planted.convolutions")
    subject(CASE)
    pid = subject._server._process.pid
    subject.close()
    assert not is_alive(pid)


def test_what_a_hanging_subject_started_ends_with_it(
    isolate: Isolate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLEEPER", str(tmp_path / "pid"))
    subject = isolate("hangs_with_a_child")
    subject(CASE)  # by which the child is there
    subject.timeout_s = 0.5
    mismatch_of(subject)
    assert ends(int((tmp_path / "pid").read_text()))


def test_another_server_takes_over_from_one_that_was_lost(isolate: Isolate) -> None:
    subject = isolate("right", "tests.planted.convolutions")
    subject(CASE)
    lost, kinds = subject._server, []
    os.kill(lost._process.pid, signal.SIGKILL)
    # What it has forked may answer until the kernel has killed that too.
    assert comes(lambda: kinds.append(verdict_of(subject).kind) or subject._server is not lost)
    assert set(kinds) <= {None, "crashed"}
    assert verdict_of(subject).kind is None


PARENT = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background job ignores
from verify import Case
from verify.checks.journal import journal
from verify.subjects.isolated import Isolated
subject = Isolated("tests.planted.fragile:hangs", timeout_s=1000)
subject.start()
journal.note(subject.name, {word!r})
print(subject._server._process.pid, flush=True)
subject(Case.parse({word!r}))
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that waits for a worker which hangs, and has printed its server's number."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HANGS": str(tmp_path / "hangs")}
    code = PARENT.format(word=SMALLEST)
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tmp_path,
    ) as process:
        yield process
        process.kill()


def test_a_killed_parent_leaves_its_word_and_no_worker(
    parent: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert ends(server)
    monkeypatch.chdir(tmp_path)
    assert (left(), left()) == ([("tests.planted.fragile:hangs", SMALLEST)], [])


def test_ctrl_c_ends_the_wait_for_an_answer(parent: subprocess.Popen[str], tmp_path: Path) -> None:
    server = int(parent.stdout.readline())
    assert comes((tmp_path / "hangs").exists)
    parent.send_signal(signal.SIGINT)
    _, stderr = parent.communicate(timeout=LIMIT_S)
    assert stderr.splitlines()[-1] == "KeyboardInterrupt"
    assert ends(server)


def refusal(name: str, python: str = sys.executable) -> str:
    with pytest.raises(NoWorker) as refused:
        Isolated(name, python=python).start()
    return str(refused.value)


def test_an_unknown_subject_is_refused_in_the_words_of_its_interpreter() -> None:
    where = f"tests.planted.fragile has no 'none' (in {sys.executable})"
    sentence = f"'tests.planted.fragile:none' is no subject: {where}"
    assert refusal("tests.planted.fragile:none") == sentence


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        ("/nowhere/python", "'/nowhere/python' cannot be run: No such file or directory"),
        ("/", "'/' cannot be run: Permission denied"),
        ("/bin/true", "'/bin/true' cannot run 'tensorflow': it exited with code 0"),
    ],
)
def test_what_is_no_interpreter_is_refused(python: str, sentence: str) -> None:
    assert refusal("tensorflow", python) == sentence


def test_an_interpreter_without_numpy_is_refused(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    why = "it exited with code 1: ModuleNotFoundError: No module named 'numpy'"
    assert refusal("tensorflow", str(bare)) == f"{str(bare)!r} cannot run 'tensorflow': {why}"


def test_a_module_that_kills_its_process_on_import_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deadly.py").write_text("import os\nos.abort()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert refusal("deadly:f") == f"{sys.executable!r} cannot run 'deadly:f': it was killed by SIGABRT"


ELSEWHERE = """
import signal, socket, sys
sys.modules.update(dict.fromkeys(("fcntl", "resource", "pwd", "grp")))
del signal.SIGKILL, socket.send_fds, socket.recv_fds
from verify.subjects.isolated import usual
print(usual.__name__)
"""


def test_isolated_subjects_can_be_imported_where_there_is_no_unix() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.stdout, done.stderr) == ("usual\n", "")
