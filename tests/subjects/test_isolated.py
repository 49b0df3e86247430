"""A subject in a worker process: what is lost is a verdict, and what is answered is the same as here."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from tests.places import ROOT
from tests.planted import convolutions, fragile
from verify import Case, Declined, Mismatch, Verdict, check
from verify.checks.check import Crashed, OutOfMemory, TimedOut
from verify.checks.journal import Journal, folder, left
from verify.gate import conformance
from verify.gate.properties import PROPERTIES
from verify.oracle.compare import KINDS
from verify.subjects.isolated import Isolated, NoWorker
from verify.subjects.registry import load

CASE = Case.parse("conv_n2_i5x4_c2_k3x2_f2_same_bias_ints3")
SMALLEST = "conv_i1_k1_same_ones"

Isolate = Callable[..., Isolated]


@pytest.fixture
def isolate() -> Iterator[Isolate]:
    """Makes isolated subjects of `tests.planted.fragile`, and ends their workers."""
    made = []

    def make(name: str, module: str = "tests.planted.fragile", **options: object) -> Isolated:
        made.append(Isolated(f"{module}:{name}", **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def verdict_of(subject: object, case: Case = CASE, **options: object) -> Verdict:
    try:
        return check(case, subject, **options)
    except Mismatch as mismatch:
        return mismatch.verdict


def mismatch(subject: object, case: Case = CASE, **options: object) -> Mismatch:
    with pytest.raises(Mismatch) as found:
        check(case, subject, **options)
    return found.value


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not waited for does not."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def ends(pid: int, within_s: float = 5.0) -> bool:
    end = time.monotonic() + within_s
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not is_alive(pid)


LOST = {
    "aborts": (Crashed, "it was killed by SIGABRT"),
    "reads_nowhere": (Crashed, "it was killed by SIGSEGV"),
    "divides_by_zero": (Crashed, "it was killed by SIGFPE"),
    "exits": (Crashed, "it exited with code 7"),
    "hangs": (TimedOut, "it gave no answer in 1 s"),
    "takes_all_memory": (OutOfMemory, "it raised MemoryError: Unable to allocate 8.00 TiB for an "),
    "is_refused_natively": (OutOfMemory, "it was killed by SIGABRT"),
    "is_killed": (OutOfMemory, "it was killed by SIGKILL, as the kernel does"),
    "closes_its_stream": (Crashed, "it exited with code 0"),
}


@pytest.mark.parametrize(("name", "kind", "sentence"), [(name, *each) for name, each in LOST.items()])
def test_a_subject_that_is_lost_is_a_verdict(
    isolate: Isolate, name: str, kind: type[Mismatch], sentence: str
) -> None:
    found = mismatch(isolate(name, limit_s=1))
    assert type(found) is kind
    assert found.verdict.sentence.startswith(sentence)


@pytest.mark.parametrize("name", LOST)
def test_the_next_answer_comes_within_half_a_second(isolate: Isolate, name: str) -> None:
    subject = isolate(name, limit_s=1)
    mismatch(subject)
    start = time.monotonic()
    mismatch(subject)
    assert time.monotonic() - start < 0.5 + (name == "hangs")


@pytest.mark.parametrize("each", PROPERTIES, ids=lambda each: each.name)
def test_a_crash_fails_every_property(isolate: Isolate, each: object) -> None:
    assert type(mismatch(isolate("aborts"), kinds=each.kinds, repeats=each.repeats)) is Crashed


def test_a_crash_says_where_and_what_was_printed(isolate: Isolate) -> None:
    line = fragile.aborts.__code__.co_firstlineno + 2
    assert str(mismatch(isolate("aborts"), Case.parse(SMALLEST))).splitlines() == [
        "tests.planted.fragile:aborts crashed: it was killed by SIGABRT",
        f"  case     {SMALLEST}",
        f"  crashed  at {fragile.__file__}:{line} in aborts",
        "  stderr   no kernel for this",
        f"  replay   conv-verify replay --isolate tests.planted.fragile:aborts {SMALLEST}",
    ]


def test_a_hang_says_where(isolate: Isolate) -> None:
    place = mismatch(isolate("hangs", limit_s=1)).verdict.place
    assert place == f"at {fragile.__file__}:{fragile.hangs.__code__.co_firstlineno + 2} in hangs"


def test_the_replay_line_names_the_interpreter_and_the_time() -> None:
    subject = Isolated("tensorflow", python="/opt/my env/python", limit_s=3)
    assert subject.options == "--python '/opt/my env/python' --timeout 3"


def test_a_want_of_memory_in_this_process_is_the_same_kind() -> None:
    assert type(mismatch(fragile.takes_all_memory)) is OutOfMemory


def test_a_worker_keeps_to_its_memory(isolate: Isolate) -> None:
    plenty = Case.parse("conv_n4096_i64x64_k1x1_same_ones")  # 64 MiB for each array
    subject = isolate("right", "tests.planted.convolutions", limit_bytes=2**26)
    assert type(mismatch(subject, plenty)) is OutOfMemory
    assert verdict_of(subject).outcome == "agrees"


ANSWERS = [
    *(
        ("tests.planted.convolutions", name)
        for name in ("right", "widened", "flattened", "cropped", "off_by_one")
    ),
    *(
        ("tests.planted.convolutions", name)
        for name in ("poisoned", "zeros", "declines", "raises", "raises_at_length")
    ),
    *(("tests.planted.convolutions", name) for name in ("exits", "input_downcast")),
    *(
        ("tests.planted.fragile", name)
        for name in ("zero_d", "of_objects", "of_words", "backwards", "in_columns")
    ),
    *(("tests.planted.fragile", name) for name in ("returns_none", "returns_a_list", "writes_to_its_input")),
    *(("tests.planted.fragile", name) for name in ("takes_all_memory", "prints")),
]
WORDS = (
    str(CASE),
    SMALLEST,
    "conv_n0_i2_k1_f2_same_ones",
    "conv_i5_c3_k2_cf_valid_bf16_reals",
    "conv_i5_c3_k2_valid_f16_dyadic1",
    "conv_i5_c3_k2_valid_f64_unread",
    "conv_i3x2x2_k2x1x1_same_i32_bias_relu_ints2",
    "conv_i3_k1_s0_same_ones_illegal",
)


@pytest.mark.parametrize(("module", "name"), ANSWERS, ids=lambda each: each)
def test_the_verdict_is_that_of_the_same_call_in_this_process(
    isolate: Isolate, module: str, name: str
) -> None:
    isolated, here = isolate(name, module), load(f"{module}:{name}")
    words = WORDS if name not in ("off_by_one", "poisoned", "writes_to_its_input", "cropped") else WORDS[:1]
    cases = [Case.parse(word) for word in words]
    there, as_here = (
        [repr(verdict_of(each, case, repeats=2)) for case in cases] for each in (isolated, here)
    )
    assert there == as_here


def test_an_answer_has_the_same_bits(isolate: Isolate) -> None:
    case = Case.parse("conv_i5_c3_k2_cf_valid_bf16_reals")
    answer = isolate("right", "tests.planted.convolutions")(case)
    assert answer.dtype == ml_dtypes.bfloat16
    assert answer.tobytes() == convolutions.right(case).tobytes()


def test_what_a_subject_writes_to_its_operands_is_written_here(isolate: Isolate) -> None:
    here = Case.parse(str(CASE))
    isolate("writes_to_its_input")(here)
    assert np.argwhere(here.input != CASE.input).tolist() == [[0, 0, 0, 0]]


def test_what_is_declined_is_declined(isolate: Isolate) -> None:
    with pytest.raises(Declined, match="no kernel for this shape"):
        isolate("declines", "tests.planted.convolutions")(CASE)


def test_a_subject_that_interrupts_itself_is_refused(isolate: Isolate) -> None:
    assert verdict_of(isolate("interrupts")).sentence == "it raised KeyboardInterrupt"


def test_errors_at_two_places_have_two_classes(isolate: Isolate) -> None:
    causes = [
        type(mismatch(isolate(name, "tests.planted.convolutions")).__cause__) for name in ("raises", "exits")
    ]
    assert causes[0] is not causes[1]
    assert causes[0] is type(mismatch(isolate("raises", "tests.planted.convolutions")).__cause__)


def test_a_crash_shrinks_to_its_smallest_case(isolate: Isolate) -> None:
    gated = conformance(isolate("aborts_on_stride"), fills=("ones",), ranks=(1,), dtypes=("f32",))
    with pytest.raises(Crashed) as found:
        gated().test_values()
    assert str(found.value.case) == "conv_i1_c3_k1_s2_same_ones"


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
    mismatch(isolate("hangs_with_a_child", limit_s=0.5))
    assert ends(int((tmp_path / "pid").read_text()))


def test_another_server_takes_over_from_one_that_was_lost(isolate: Isolate) -> None:
    subject = isolate("right", "tests.planted.convolutions")
    subject(CASE)
    os.kill(subject._server._process.pid, signal.SIGKILL)
    kinds = [verdict_of(subject).kind for _ in range(9)]  # it may answer until the kernel has killed it
    assert set(kinds) <= {None, "crashed"}
    assert kinds[-1] is None


PARENT = """
import os, sys
from verify import Case
from verify.checks.journal import journal
from verify.subjects.isolated import Isolated
subject = Isolated("tests.planted.fragile:hangs", limit_s=1000)
subject.start()
journal.note(subject.name, {word!r})
print(subject._server._process.pid, flush=True)
subject(Case.parse({word!r}))
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that waits for a worker which hangs, and has printed its server's number."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    code = PARENT.format(word=SMALLEST)
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
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
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert (left(), left()) == ([("tests.planted.fragile:hangs", SMALLEST)], [])


def test_ctrl_c_ends_the_wait_for_an_answer(parent: subprocess.Popen[str], tmp_path: Path) -> None:
    server = int(parent.stdout.readline())
    time.sleep(0.3)
    parent.send_signal(signal.SIGINT)
    _, said = parent.communicate(timeout=10)
    assert said.splitlines()[-1] == "KeyboardInterrupt"
    assert ends(server)


def test_a_process_that_ends_well_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    journal = Journal()
    journal.note("mine", SMALLEST)
    written = [path.read_text() for path in folder().iterdir()]
    assert left() == []
    journal.close()
    assert (written, list(folder().iterdir())) == ([f"mine\t{SMALLEST}\n"], [])


def test_a_longer_line_leaves_nothing_behind_a_shorter_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    journal = Journal()
    journal.note("mine", str(CASE))
    journal.note("mine", SMALLEST)
    fcntl.flock(journal._file, fcntl.LOCK_UN)  # as the end of the process does
    found = left()
    journal.close()
    assert found == [("mine", SMALLEST)]


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


def test_known_deviations_come_with_the_version_of_the_worker() -> None:
    subject = Isolated("tensorflow")
    found = {each.name for each in subject.known}
    version = subject.versions["tensorflow"]
    subject.close()
    from verify.subjects.tensorflow.imported import tf
    from verify.subjects.tensorflow.roads import known

    assert (found, version) == ({each.name for each in known("tensorflow")}, tf.__version__)


PARITY = """
import sys
from verify import Case, check
from verify.subjects.isolated import Isolated
subject = Isolated("tensorflow")
print(check(Case.parse({word!r}), subject).outcome, subject.options, "tensorflow" in sys.modules)
"""


def test_tensorflow_answers_from_a_worker_and_is_never_imported_here() -> None:
    code = PARITY.format(word=str(CASE))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("agrees  False\n", "")


def test_every_kind_is_among_those_that_properties_may_judge() -> None:
    assert set(KINDS) > {"crashed", "timed out", "out of memory"}


def test_subjects_of_one_framework_share_a_process() -> None:
    first, second = (Isolated(name) for name in ("tensorflow", "tensorflow:convolution"))
    case = Case.parse("conv_i3_k2_same_iota")
    assert first(case).tolist() == second(case).tolist()
    assert first._server is second._server
    assert first._server is not None
    life = first._server.life
    assert first(case).tolist() == second(case).tolist()
    assert first._server.life is life


def test_a_case_that_is_known_to_crash_at_times_is_the_last_of_its_process(isolate):
    subject, spoiling = isolate("counts_its_calls"), Case.parse("conv_n2_i1_k1_same_ones")
    assert [subject(spoiling).flat[0] for _ in range(3)] == [1, 1, 1]


def test_other_cases_share_a_process(isolate):
    subject = isolate("counts_its_calls")
    assert [subject(Case.parse(SMALLEST)).flat[0] for _ in range(3)] == [1, 2, 3]
