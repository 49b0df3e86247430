"""A process that SIGKILL ends is out of memory where the kernel counted that, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.subjects.asked import mismatch_of
from tests.subjects.conftest import Isolate
from verify.checks.examination import Crashed, OutOfMemory
from verify.subjects import evidence
from verify.subjects.evidence import memory_kills

pytestmark = pytest.mark.injected

NEW, OLD = "low 0\noom 3\noom_kill 2\noom_group_kill 9\n", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n"


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that has the kernel's files, none yet."""
    monkeypatch.setattr(evidence, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(evidence, "SYSTEM", tmp_path / "vmstat")
    monkeypatch.setattr(evidence, "GROUPS_OF_THIS", tmp_path / "groups")
    return tmp_path


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(
    ("files", "count"),
    [
        ({}, 0),
        ({"vmstat": "nr_free_pages 7\noom_kill 5\n"}, 5),
        ({"groups": "0::/a/b\n", "cgroup/a/b/memory.events": NEW, "vmstat": "oom_kill 5\n"}, 2),
        ({"groups": "0::/\n", "cgroup/memory.events": NEW}, 2),
        ({"groups": "4:cpu,memory:/a:b\n0::/\n", "cgroup/memory/a:b/memory.oom_control": OLD}, 4),
        ({"groups": "4:memory:/outside\n", "cgroup/memory/memory.oom_control": OLD}, 4),
        ({"groups": "0::/a\n", "cgroup/a/memory.events": "oom 1\n", "vmstat": "oom_kill 5\n"}, 5),
        ({"groups": "what is this\n", "vmstat": "\u00fc"}, 0),
    ],
)
def test_the_count_is_that_of_the_control_group_or_of_the_system(
    counted: Path, files: dict[str, str], count: int
) -> None:
    for name, text in files.items():
        write(counted / name, text)
    assert memory_kills() == count


def test_a_kill_that_the_kernel_counts_is_a_lack_of_memory(counted: Path, isolate: Isolate) -> None:
    write(counted / "vmstat", "oom_kill 5\n")
    subject = isolate("is_killed")
    subject.start()
    subject._begin()
    write(counted / "vmstat", "oom_kill 6\n")
    first, second = mismatch_of(subject), mismatch_of(subject)
    why = "it was killed by SIGKILL: the kernel ended a process that ran out of memory"
    assert (type(first), first.verdict.sentence) == (OutOfMemory, why)
    assert (type(second), second.verdict.sentence) == (Crashed, "it was killed by SIGKILL")


def test_another_signal_is_none_whatever_the_kernel_counts(counted: Path, isolate: Isolate) -> None:
    write(counted / "vmstat", "oom_kill 5\n")
    subject = isolate("exits")
    subject._begin()
    write(counted / "vmstat", "oom_kill 6\n")
    assert type(mismatch_of(subject)) is Crashed
