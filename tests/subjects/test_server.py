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
from verify import check
from verify.checks.journal import left
from verify.subjects.descendants import _children_seen, children
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
    where = "tests.planted.fragile has no 'none'"
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


SLEEPERS = ("session", "daemon")


@pytest.mark.injected
@pytest.mark.parametrize("name", ["starts_and_hangs", "starts_and_aborts"])
def test_what_left_the_group_of_a_worker_ends_with_it(
    isolate: Isolate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("SLEEPERS", str(tmp_path))
    verdict = verdict_of(isolate(name, "tests.planted.bad_workers", timeout_s=1))
    assert verdict.kind in ("timed out", "crashed")
    assert comes(lambda: not any(map(is_alive, sleepers(tmp_path))))


def sleepers(folder: Path) -> list[int]:
    assert comes(lambda: all((folder / name).exists() and (folder / name).read_text() for name in SLEEPERS))
    return [int((folder / name).read_text()) for name in SLEEPERS]


@pytest.mark.injected
def test_what_left_the_group_ends_with_a_worker_that_is_closed(
    isolate: Isolate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLEEPERS", str(tmp_path))
    subject = isolate("starts_what_leaves_its_group", "tests.planted.bad_workers")
    subject(CASE)
    assert all(map(is_alive, sleepers(tmp_path)))
    subject.close()
    assert not any(map(is_alive, sleepers(tmp_path)))


PARENT_OF_SLEEPERS = """
import os, signal
from verify import Case
from verify.subjects.isolated import Isolated
Isolated("tests.planted.bad_workers:starts_what_leaves_its_group")(Case.parse({word!r}))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.injected
def test_what_left_the_group_ends_with_a_killed_parent(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SLEEPERS": str(tmp_path)}
    code = PARENT_OF_SLEEPERS.format(word=SMALLEST)
    killed = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert comes(lambda: not any(map(is_alive, sleepers(tmp_path))))


@pytest.mark.injected
def test_children_are_seen_where_the_kernel_keeps_no_list_of_them() -> None:
    with subprocess.Popen(["sleep", "1000"]) as child:
        assert child.pid in children()
        assert child.pid in _children_seen()
        assert os.getppid() not in _children_seen()
        child.kill()


TO_END = """
import subprocess
from verify.subjects.descendants import children, end_children
kept, other = (subprocess.Popen(["sleep", "1000"]) for _ in range(2))
end_children([kept.pid], listed=lambda: {listed})
print(sorted(children()) == [kept.pid])
kept.kill()
"""


@pytest.mark.injected
@pytest.mark.parametrize("listed", ["children()", "()"])
def test_only_children_that_are_not_kept_are_ended(listed: str) -> None:
    """Also where the kernel's list lacks them, as it may."""
    code = TO_END.format(listed=listed)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.injected
def test_a_worker_that_the_system_does_not_fork_is_not_the_subjects_fault(
    isolate: Isolate, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = isolate("forks_no_more", "tests.planted.surroundings")
    with pytest.raises(NoWorker) as refused:
        check(CASE, subject)
    assert str(refused.value) == (
        "no worker of 'tests.planted.surroundings:forks_no_more' can be started with "
        f"{sys.executable!r}: it cannot be forked: Resource temporarily unavailable"
    )
    monkeypatch.setattr(subject, "start", lambda: pytest.fail("it is not tried again"))
    with pytest.raises(NoWorker):
        check(CASE, subject)


@pytest.mark.injected
def test_a_worker_that_cannot_be_limited_says_why(isolate: Isolate) -> None:
    subject = isolate("sets_no_limit", "tests.planted.surroundings")
    with pytest.raises(
        NoWorker, match="it exited with code 1: ValueError: not allowed to raise maximum limit"
    ):
        check(CASE, subject)


@pytest.mark.injected
def test_the_limit_of_memory_is_the_lesser_one(isolate: Isolate) -> None:
    """Three gigabytes here, where a worker may take eight."""
    code = LIMITED.format(word=SMALLEST)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("3000000000 3000000000\n", "")


LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (3_000_000_000, 3_000_000_000))
from verify import Case, Declined
from verify.subjects.isolated import Isolated
try:
    Isolated("tests.planted.surroundings:says_its_limit")(Case.parse({word!r}))
except Declined as limit:
    print(limit)
"""
