"""Examples that have failed, shared: in a folder, from an artefact of CI, or in Redis."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

from tests import forked
from tests.places import PLANTED, ROOT
from tests.waiting import comes
from verify import Case, Mismatch, reference
from verify.__main__ import main
from verify.cases.operands import Array
from verify.checks.subject import Subject
from verify.config.database import database_at
from verify.config.options import database
from verify.config.session import Options, Session
from verify.gate import conformance

KEY, VALUE = b"a property", b"an example"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYPOTHESIS_STORAGE_DIRECTORY", str(tmp_path / "usual"))
    monkeypatch.setattr("hypothesis.configuration.__hypothesis_home_directory", None)


@pytest.fixture(scope="module")
def redis() -> Iterator[str]:
    """The URL of a Redis server of our own, on the loopback address."""
    pytest.importorskip("redis")
    if not (server := shutil.which("redis-server")):
        pytest.skip("there is no redis-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = subprocess.Popen(
        [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    try:
        assert comes(lambda: answers(port))
        yield f"redis://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(10)


def answers(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def artefact(source: Path, *, name: str = "hypothesis-example-db") -> None:
    """Put a folder of examples where Hypothesis keeps the artefact that it has just fetched."""
    kept = Path("usual", "github-artifacts", name)
    kept.mkdir(parents=True)
    stamp = datetime.now(UTC).isoformat().replace(":", "_")
    with zipfile.ZipFile(kept / f"{stamp}.zip", "w") as packed:
        for file in filter(Path.is_file, source.rglob("*")):
            packed.write(file, file.relative_to(source))


def test_examples_in_a_folder_are_kept():
    database_at(Path("mine")).save(KEY, VALUE)
    assert set(database_at(Path("mine")).fetch(KEY)) == {VALUE}


def test_examples_in_redis_are_kept(redis: str):
    database_at(redis).save(KEY, VALUE)
    assert set(database_at(redis).fetch(KEY)) == {VALUE}


def test_examples_of_an_artefact_are_read():
    DirectoryBasedExampleDatabase("shared").save(KEY, VALUE)
    artefact(Path("shared"))
    assert set(database_at("github:octo/conv").fetch(KEY)) == {VALUE}


def test_new_examples_beside_an_artefact_are_kept_in_the_usual_folder():
    DirectoryBasedExampleDatabase("shared").save(KEY, VALUE)
    artefact(Path("shared"))
    examples = database_at("github:octo/conv")
    examples.save(KEY, b"another")
    assert set(examples.fetch(KEY)) == {VALUE, b"another"}
    assert set(DirectoryBasedExampleDatabase("usual/examples").fetch(KEY)) == {b"another"}


def test_artefact_that_cannot_be_had_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hypothesis.database.GitHubArtifactDatabase._fetch_artifact", lambda self: None)
    with pytest.raises(ValueError, match=r"^github:octo/conv: Couldn't acquire a new or existing artifact\."):
        database_at("github:octo/conv")


def test_redis_that_does_not_answer_is_one_sentence():
    pytest.importorskip("redis")
    with pytest.raises(ValueError, match=r"^'redis://127.0.0.1:1' does not answer: .*refused"):
        database_at("redis://127.0.0.1:1")


def test_redis_without_its_client_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.delitem(sys.modules, "hypothesis.extra.redis", raising=False)
    with pytest.raises(ValueError, match=r"^'redis://x' needs redis: pip install 'conv-verify\[redis\]'$"):
        database_at("redis://x")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("mine", Path("mine")),
        ("github:octo/conv-2.0", "github:octo/conv-2.0"),
        ("redis://localhost:6379/1", "redis://localhost:6379/1"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
    ],
)
def test_place_is_read(text: str, place: str | Path):
    assert database(text) == place


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("github:octo", "'github:octo' is not github:OWNER/REPO"),
        ("github:octo/conv/3", "'github:octo/conv/3' is not github:OWNER/REPO"),
        ("http://x", "'http://x' is no folder, github:OWNER/REPO or redis://HOST:PORT"),
        ("", "'' is no folder, github:OWNER/REPO or redis://HOST:PORT"),
    ],
)
def test_place_that_is_none_is_refused(text: str, sentence: str):
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
        database(text)
    assert str(refused.value) == sentence


def test_setting_that_is_no_place_is_refused(capsys: pytest.CaptureFixture[str]):
    Path("pyproject.toml").write_text("[tool.conv-verify]\ndatabase = 'github:octo'\n")
    assert main(["run"]) == 2
    assert capsys.readouterr().err == (
        "conv-verify: pyproject.toml, line 2: tool.conv-verify.database: "
        "'github:octo' is not github:OWNER/REPO\n"
    )


def is_wrong_for_two_channels(case: Case) -> Array:
    return reference(case).astype(case.dtype) + (case.channels == 2)


def is_wrong_for_one_channel(case: Case) -> Array:
    return reference(case).astype(case.dtype) + (case.channels == 1)


def keys(place: str) -> list[bytes]:
    """Under what the smallest examples of a folder are kept."""
    kept = database_at(place).fetch(b".hypothesis-keys")
    return [key for key in kept if not key.endswith(b".secondary")]


def session(place: str | Path | None, examples: int) -> Session:
    return Session(options=Options(examples=examples, database=database_at(place) if place else None))


def is_seen(
    place: str | Path | None,
    examples: int,
    subject: Subject = is_wrong_for_two_channels,
) -> bool:
    """Whether a subject that few cases show to be wrong is seen to be, with the database at a place."""
    gated: Any = conformance(subject, fills=("ints",), ranks=(1,))
    gated.gate.session = session(place, examples)
    try:
        gated().test_values()
    except Mismatch:
        return True
    return False


@pytest.fixture
def always_the_same() -> Iterator[None]:
    """The profile that draws the same cases every time."""
    before = settings.get_current_profile_name()
    settings.load_profile("ci")
    yield
    settings.load_profile(before)


MANY, ONE = 100, 1
"""Enough cases to see it; and so few that only what is kept can show it."""


def test_gate_begins_with_the_examples_of_its_database():
    assert not is_seen("mine", ONE)
    assert is_seen("mine", MANY)
    assert is_seen("mine", ONE)
    assert not is_seen("other", ONE)


@pytest.mark.usefixtures("always_the_same")
def test_gate_that_draws_the_same_every_time_asks_its_database_too():
    assert is_seen("mine", MANY)
    assert is_seen("mine", ONE)
    assert not is_seen(None, ONE)


@pytest.mark.usefixtures("always_the_same")
def test_database_changes_nothing_of_what_is_drawn_the_same_every_time():
    seen = [is_seen(place, examples) for examples in (4, 8) for place in ("a", "b")]
    assert seen[0::2] == seen[1::2]


def test_gates_share_examples_in_redis(redis: str):
    assert not is_seen(redis, ONE)
    assert is_seen(redis, MANY)
    assert is_seen(redis, ONE)


def test_gate_reads_the_examples_of_an_artefact():
    assert is_seen("there", MANY)
    artefact(Path("there"))
    assert is_seen("github:octo/conv", ONE)


@pytest.mark.parametrize("subject", [is_wrong_for_two_channels, is_wrong_for_one_channel])
def test_properties_keep_examples_of_their_own(subject: Subject):
    gated: Any = conformance(subject, fills=("ints", "dyadic"), ranks=(1,))
    gated.gate.session = session("mine", MANY)
    for test in (gated().test_values, gated().test_precision, gated().test_form):
        with suppress(Mismatch):
            test()
    assert len(keys("mine")) == 2


def test_subjects_keep_examples_of_their_own():
    assert is_seen("mine", MANY)
    assert is_seen("mine", MANY, is_wrong_for_one_channel)
    assert len(keys("mine")) == 2


def test_run_keeps_what_has_failed_in_the_database_that_is_given():
    command = ("verify", "run", "subjects_to_gate:writes", "--examples", "2")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}"}
    forked.run(*command, "--database", "mine", environment=environment)
    assert [file for file in Path("mine").rglob("*") if file.is_file()] != []


def test_test_suite_keeps_what_has_failed_where_the_settings_say(
    pytester: pytest.Pytester, run_gates: Callable[..., pytest.RunResult]
):
    pytester.makepyfile(
        test_mine="from verify.gate import conformance\nTestMine = conformance('subjects_to_gate:writes')"
    )
    pytester.makefile(".toml", pyproject="[tool.conv-verify]\ndatabase = 'mine'\n")
    run_gates("-k", "inputs", "--conv-examples=2")
    assert [file for file in Path("mine").rglob("*") if file.is_file()] != []
