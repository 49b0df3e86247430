"""Ctrl-C: what is told of it, in blocks inside each other."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from subprocess import run

import pytest

from tests.places import ROOT
from verify.checks.interrupts import Interrupted, interruptible


def test_a_block_that_tells_nothing_leaves_what_is_told_around_it() -> None:
    told: list[str] = []
    with interruptible(lambda: told.append("outer")):
        with pytest.raises(Interrupted), interruptible(ends=False):
            os.kill(os.getpid(), signal.SIGINT)
        assert told == ["outer"]


def test_a_block_tells_its_own_and_then_what_was_told_before() -> None:
    told: list[str] = []
    with interruptible(lambda: told.append("outer"), ends=False):
        with pytest.raises(Interrupted), interruptible(lambda: told.append("inner")):
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGINT)
    assert told == ["inner", "outer"]


@pytest.mark.parametrize(
    "start",
    [
        ["-m", "verify"],
        ["-c", "import sys; from verify.entry.console import main; sys.exit(main())"],
    ],
    ids=["module", "script"],
)
def test_ctrl_c_while_a_command_is_imported_ends_it_without_a_traceback(
    start: list[str], tmp_path: Path
) -> None:
    (tmp_path / "click.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n", "utf-8")
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    done = run(
        [sys.executable, *start, "list", "fills"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
