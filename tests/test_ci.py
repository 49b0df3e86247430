"""The guide's workflows for other people's CI, and the example project that they run in."""

from __future__ import annotations

import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis.database import GitHubArtifactDatabase

from tests.places import ALONE

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "tests" / "example_project"
GITHUB, SHARING, GITLAB = re.findall(
    r"```yaml\n(.*?)```", (ROOT / "verify" / "guide" / "ci.md").read_text("utf-8"), re.DOTALL
)

KEPT = Path(".hypothesis", "examples")
"""Where the example project keeps examples; a workflow caches the folder that it is in."""

PROGRAMS = {"conv-verify": "verify", "pytest": "pytest"}
"""Command → the module that it is."""

Command = Callable[[str], "subprocess.CompletedProcess[str]"]


def steps() -> list[dict[str, Any]]:
    """Those of the one job of the GitHub workflow."""
    (job,) = yaml.safe_load(GITHUB)["jobs"].values()
    listed: list[dict[str, Any]] = job["steps"]
    return listed


def job() -> dict[str, Any]:
    """The one job of the GitLab pipeline."""
    (pipeline,) = yaml.safe_load(GITLAB).values()
    assert isinstance(pipeline, dict)
    return pipeline


def commands() -> list[str]:
    """What both run, except for the installation."""
    lines = [step["run"] for step in steps() if "run" in step] + job()["script"]
    return [line for line in lines if shlex.split(line)[0] in PROGRAMS]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the example project."""
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    return folder


@pytest.fixture
def command(project: Path) -> Command:
    """Runs a line of a workflow in the project, on a few examples."""
    variables = {
        "CI": "true",
        "COLUMNS": "100",
        ALONE: "1",
        "PYTEST_PLUGINS": "_hypothesis_pytestplugin,verify.pytest_plugin",
        "PYTHONPATH": str(ROOT),
    }

    def run(line: str) -> subprocess.CompletedProcess[str]:
        program, *arguments = shlex.split(re.sub(r"examples [0-9]+", "examples 30", line))
        return subprocess.run(
            [sys.executable, "-m", PROGRAMS[program], *arguments],
            capture_output=True, text=True, check=False, cwd=project, env={**os.environ, **variables},
        )  # fmt: skip

    return run


@pytest.mark.parametrize("text", [GITHUB, GITLAB], ids=["github", "gitlab"])
def test_a_workflow_has_at_most_18_lines_and_a_limit_of_time(text: str) -> None:
    assert len(text.splitlines()) <= 18
    assert re.search(r"timeout(-minutes)?: \d+", text)


def test_the_workflow_of_github_may_read_the_repository_alone() -> None:
    assert yaml.safe_load(GITHUB)["permissions"] == {"contents": "read"}


def test_examples_are_shared_under_the_name_that_is_read_again() -> None:
    (step,) = yaml.safe_load(SHARING)
    assert (
        step["with"]["name"] == signature(GitHubArtifactDatabase.__init__).parameters["artifact_name"].default
    )
    assert (Path(step["with"]["path"]), step["with"]["include-hidden-files"]) == (KEPT, True)


def used(action: str) -> dict[str, Any]:
    """The one step of the GitHub workflow that uses an action."""
    (step,) = [step for step in steps() if step.get("uses", "").startswith(f"{action}@")]
    return step


def test_the_workflow_of_github_keeps_the_examples_of_red_runs_too() -> None:
    restored, saved = used("actions/cache/restore")["with"], used("actions/cache/save")
    assert Path(restored["path"]) == Path(saved["with"]["path"]) == KEPT.parent
    assert saved["with"]["key"].startswith(restored["restore-keys"])
    assert saved["if"] == "always()"


def test_the_workflow_of_github_uploads_what_the_gate_writes_red_or_green() -> None:
    upload = used("actions/upload-artifact")
    assert upload["if"] == "always()"
    written = fnmatch.filter(shlex.split(commands()[0]), upload["with"]["path"])
    assert written == ["gate.jsonl", "gate.html"]


def test_the_pipeline_of_gitlab_keeps_the_examples_and_shows_the_verdicts() -> None:
    assert [Path(path) for path in job()["cache"]["paths"]] == [KEPT.parent]
    assert f"--junitxml {job()['artifacts']['reports']['junit']}" in job()["script"][-1]


def test_both_workflows_gate() -> None:
    assert [shlex.split(line)[0] for line in commands()] == ["conv-verify", "pytest"]


def test_the_gate_of_github_runs_in_the_example_project(command: Command) -> None:
    done = command(commands()[0])
    # So few examples may prove too little for a subject that declines most of what is drawn.
    assert done.returncode in (0, 3), done.stdout + done.stderr


def test_the_gate_of_gitlab_grades_the_example_project_in_every_property(
    command: Command, project: Path
) -> None:
    done = command(commands()[1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Holds: " in done.stdout
    assert (project / "junit.xml").is_file()


def test_the_example_is_gated_in_at_most_five_lines() -> None:
    lines = (EXAMPLE / "tests" / "test_conv.py").read_text("utf-8").splitlines()
    assert 0 < len(lines) <= 5


def test_a_bug_in_the_example_is_red_and_kept_with_a_line_that_replays(
    project: Path, command: Command
) -> None:
    file = project / "mylib" / "conv.py"
    right = file.read_text("utf-8")
    file.write_text(right.replace("return total // 2, total - total // 2", "return total, 0"), "utf-8")
    red = command("pytest tests --conv-examples 30 -k values")
    assert red.returncode == 1
    assert any((project / KEPT).iterdir())
    (word,) = set(re.findall(r"conv-verify (replay mylib\.conv:conv2d \S+)", red.stdout))
    assert command(f"conv-verify {word}").returncode == 1
    file.write_text(right, "utf-8")
    assert command(f"conv-verify {word}").stdout.startswith("FIXED ")
