"""Each kind of file that is read, mutated: one sentence with the file, a documented exit, nothing run."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from tests.hostile import array_values, json_values, mutations, toml_values, word_values
from tests.planted import convolutions
from tests.reports.html.recorded import asked, run_of, written
from verify import Case
from verify.__main__ import main
from verify.cases.enumeration import enumeration_upto
from verify.checks import journal
from verify.checks.bulk import examine_in_bulk
from verify.checks.path import Examiner
from verify.checks.reading import brief
from verify.checks.subject import describe
from verify.commands.cli import command_of
from verify.config.flags import of_tests
from verify.corpus.failures import failed, remember
from verify.runs.behaviour.comparison import differences, summary_of, table_of
from verify.runs.behaviour.record import behaviour_of, observe, read_behaviours, text_of
from verify.runs.sweep.progress import Progress, identity, restore, save_state
from verify.runs.sweep.sweep import rows_of_cases, rows_of_time, sweep_sentence
from verify.subjects.by_path import outside

pytestmark = pytest.mark.injected

SAMPLED, WHOLE = 120, 10_000
"""Mutations of each kind of file, and with `--long`."""

WORD, OTHER = "conv_i1_k1_same_ones", "conv_i2x2_c2_k2x2_f2_same_bias_relu_reals3"
SUBJECT = "tests.planted.convolutions:off_by_one"
ENUMERATION = enumeration_upto(2)
WHAT = identity(ENUMERATION, subject="mine", file="1234")


def examined(word: str) -> Any:
    return Examiner(subject=describe(convolutions.off_by_one, name=SUBJECT)).examine(Case.parse(word))


def make_failures(file: Path) -> None:
    first = replace(failed(examined(WORD)), timeout=2.5, fault="adds-one", versions={"numpy": "2.0"})
    second = replace(first, word=OTHER, switches={"OMP_NUM_THREADS": "1"}, fixed="2026-02-01")
    remember(file, [first, second, replace(first, subject="tensorflow:graph", kind="crashed")])


def make_corpus(file: Path) -> None:
    file.write_text(f"# grammar 2\n\n# 2026-01-01: why\n{WORD}\n# also\n{OTHER} # so\n", "utf-8")


KNOWN = f'''\
grammar = 2

[[deviation]]
name = "adds-one"
subjects = ["tests.planted.*:off_by_one"]
kinds = ["value", "refused"]
when = "rank == 1 and dtype in ('float32', 'float64') or all(size > 2 for size in out)"
word = "{WORD}"
sentence = """One is added
to each value."""
instead = {{padding = "'valid'", perhaps = "'nan'"}}
link = "https://example.org"
expires = 2126-12-31

[[deviation]]
name = "raises"
subjects = ["x:y"]
kinds = ["refused", "crashed", "answered"]
when = "max(strides) > 1"
word = "{WORD}"
sentence = "It raises."
error = "^ValueError: .*rank"
signal = ["SIGSEGV", "SIGFPE"]
answered = "(batch, 1)"
versions = [">=1.3,<1.5", "2.21"]
'''


def make_known(file: Path) -> None:
    file.write_text(KNOWN, "utf-8")


def make_settings(file: Path) -> None:
    entries = KNOWN.replace("[[deviation]]", "[[tool.conv-verify.deviation]]").removeprefix("grammar = 2\n")
    table = (
        '[project]\nname = "x"\n\n[tool.conv-verify]\ngrammar = 2\nsubjects = ["mylib:conv"]\nexamples = 5\n'
        'max-time = 3.5\noperations = ["conv"]\nranks = [1, 2]\nmatrix = false\ndatabase = "examples"\n'
    )
    file.write_text(f"{table}{entries}", "utf-8")


def make_baseline(file: Path) -> None:
    subject = describe(convolutions.right)
    cases = [Case.parse(word) for word in (WORD, OTHER, "conv_i2_k2_s0_same_ones_illegal")]
    record = behaviour_of(subject, observe(subject, cases, name=subject.name))
    file.write_text(text_of({"mine": record, "mine A=1": record}), "utf-8")


def make_state(file: Path) -> None:
    progress = Progress(ENUMERATION)
    places = progress.places(0)
    progress.add(0, examine_in_bulk(convolutions.off_by_one, ENUMERATION, places=places))
    save_state(file, progress, WHAT)


def make_records(file: Path) -> None:
    words = (WORD, OTHER, "conv_i2x2_k2x2_valid_iota", "transpose_i3_k2_s2_same_ints")
    written(run_of(asked(convolutions.off_by_one, words), code=1), file)


def make_journal(file: Path) -> None:
    file.write_text(f"mylib:conv\t{WORD}\n", "utf-8")


def make_array(file: Path) -> None:
    np.save(file, np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1))
    np.save("w.npy", np.ones((2, 2, 1, 1), np.float32))


def make_archive(file: Path) -> None:
    make_array(Path("input.npy"))
    np.savez_compressed(file, np.load("input.npy"))


def replayed(file: Path) -> int:
    """Replay and forget, of subjects that are stood in for where they may be loaded at all."""
    main(["replay", "--failures", str(file), "--forget", "nobody:here", WORD])
    return main(["replay", "--failures", str(file)])


def converted(file: Path) -> int:
    return max(main(["pin", "--check", "--corpus", str(file)]), main(["pin", "--convert", str(file)]))


def with_known(file: Path) -> int:
    return main(["replay", "--no-isolate", SUBJECT, WORD, "--known", str(file), "--failures", "none.jsonl"])


def with_settings(file: Path) -> int:
    code = main(["pin", "--check"])
    try:
        of_tests(file.parent, command_of("run"))
    except ValueError as wrong:
        print(f"conv-verify: {brief(str(wrong))}", file=sys.stderr)
        return 2
    return code


def compared(file: Path) -> int:
    try:
        before = read_behaviours(file)
    except ValueError as wrong:
        print(f"conv-verify: {brief(str(wrong))}", file=sys.stderr)
        return 2
    now = read_behaviours(Path("valid"))["mine"]
    for record in before.values():
        changes = differences(record, now)
        if changes:
            print(
                "\n".join([*table_of(changes, ("before", "now"), most=5), *summary_of(changes, record, now)])
            )
    text_of(before)
    return 0


def resumed(file: Path) -> int:
    try:
        progress = restore(file, ENUMERATION, WHAT)
    except ValueError as wrong:
        print(f"conv-verify: {brief(str(wrong))}", file=sys.stderr)
        return 2
    swept = progress.swept
    print([*rows_of_cases(swept), *rows_of_time(swept, jobs=1, rate=1.0)], sweep_sentence(ENUMERATION, swept))
    save_state(Path("again.json"), progress, WHAT)
    return 1 if swept.counterexamples else 0


def reported(file: Path) -> int:
    return main(["report", str(file), "--html", "page.html"])


def explained(file: Path) -> int:
    return main(["explain", "--x", str(file), "--w", "w.npy"])


def after_a_kill(file: Path) -> int:
    for subject, word in journal.left():
        Case.parse(word)
        print(f"An earlier process was killed when {subject} was at {word}")
    return 0


Kind = tuple[str, Callable[[Path], None], Callable[[Path], int], Callable[[bytes, Random], bytes]]

KINDS: dict[str, Kind] = {
    "failures": ("failures.jsonl", make_failures, replayed, json_values),
    "corpus": ("pins.txt", make_corpus, converted, word_values),
    "known": ("known.toml", make_known, with_known, toml_values),
    "settings": ("pyproject.toml", make_settings, with_settings, toml_values),
    "baseline": ("baseline.json", make_baseline, compared, json_values),
    "state": ("sweep.json", make_state, resumed, json_values),
    "records": ("records.jsonl", make_records, reported, json_values),
    "journal": (".conv-verify/running-1", make_journal, after_a_kill, word_values),
    "array": ("x.npy", make_array, explained, array_values),
    "archive": ("x.npz", make_archive, explained, array_values),
}

_heard: list[str] | None = None
"""The events of this process that start something, while they are listened to."""

_STARTS = (
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "ctypes.dlopen",
    "socket.connect",
)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _heard is not None:
        if event in _STARTS:
            _heard.append(f"{event} {arguments}")
        elif event == "import" and arguments[0] in ("this", "antigravity", "evil"):
            _heard.append(f"import {arguments[0]}")


sys.addaudithook(_hear)


@pytest.fixture
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of its own, in which subjects that a record may name are stood in for."""
    global _heard  # noqa: PLW0603 - a hook cannot be taken away
    monkeypatch.chdir(tmp_path)

    def load(label: str) -> Any:
        assert label.startswith((SUBJECT, "tensorflow", "fault:")) or not outside(label.partition(" ")[0])
        assert "LD_PRELOAD" not in label
        return convolutions.right

    monkeypatch.setattr("verify.runs.recorded.loader_of", lambda isolation: load)
    monkeypatch.setattr("verify.runs.recorded.outside", lambda name: "" if name == SUBJECT else outside(name))
    monkeypatch.setattr("verify.runs.replay.diagnosed", lambda failure: failure)
    _heard = []
    yield
    assert _heard == []
    _heard = None


def answer(ask: Callable[[Path], int], file: Path) -> tuple[int, str]:
    """The exit code of what reads a file, and what it said on standard error."""
    error = StringIO()
    with Path("said").open("w", encoding="utf-8") as said, redirect_stdout(said), redirect_stderr(error):
        code = ask(file)
    return code, error.getvalue()


@pytest.mark.usefixtures("_alone")
@pytest.mark.parametrize("kind", KINDS)
def test_no_mutation_of_a_file_ends_but_in_a_documented_way(
    kind: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    name, make, ask, values = KINDS[kind]
    file = Path(name)
    file.parent.mkdir(exist_ok=True)
    make(file)
    valid, environment = file.read_bytes(), dict(os.environ)
    Path("valid").write_bytes(valid)
    code, said = answer(ask, file)
    assert (code in (0, 1), said) == (True, "") or kind in ("failures", "corpus"), (code, said)
    codes: Counter[int] = Counter()
    count = WHOLE if request.config.getoption("--long", default=False) else SAMPLED
    for number, data in enumerate(mutations(valid, count, seed=15, values=values)):
        file.write_bytes(data)
        try:
            code, said = answer(ask, file)
        except BaseException as error:
            raise AssertionError(f"mutation {number} of {kind}: {data[:2000]!r}") from error
        sentences = said.splitlines()
        assert code in (0, 1, 2, 3), data
        assert len(sentences) <= (9 if kind == "corpus" else 2), (said, data)
        assert max(map(len, sentences), default=0) < 1500, (said, data)
        assert all(line.isprintable() for line in sentences), (said, data)
        if (
            code == 2 and sentences and kind not in ("failures", "array")
        ):  # whose sentences may be of the call
            entry = "the deviation '" if kind == "known" else file.name
            assert file.name in said or entry in said, (said, data)
        codes[code] += 1
    assert dict(os.environ) == environment
    with capsys.disabled():
        if count == WHOLE:
            print(f"\n{kind}: {count:,} mutations, exits {dict(sorted(codes.items()))}")
