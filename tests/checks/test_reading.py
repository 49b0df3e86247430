"""Files of data: bounds that hold before anything is parsed, and the line of what is wrong."""

from __future__ import annotations

import gzip
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verify.__main__ import main
from verify.checks.reading import DataError, brief, json_lines, json_of, line_of, text_in, toml_of
from verify.corpus.failures import failures_in, remember
from verify.corpus.words import cases_in
from verify.reports.records import numbered_records
from verify.runs.behaviour.record import read_behaviours
from verify.runs.sweep.progress import read_state

pytestmark = pytest.mark.injected

WORD = "conv_i1_k1_same_ones"


def refusal(read: Callable[[], Any]) -> str:
    with pytest.raises((ValueError, OSError)) as refused:
        read()
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "why", "line"),
    [
        ("", "Expecting value at column 1", 1),
        ("{\n\n'a'}", "Expecting property name enclosed in double quotes at column 1", 3),
        ("[" * 33, "it is nested too deep, more than 32 levels", 1),
        ("\n" + '{"a":' * 33 + "1" + "}" * 33, "it is nested too deep, more than 32 levels", 2),
        ("9" * 101, "it has a number of 101 digits, more than 100", 1),
        ("[1e999]", "it has a number beyond range, 1e999", 1),
        ("[NaN]", "NaN is no number", 1),
        ('{"a": 1, "b": 2, "a": 3}', "it has the key 'a' twice", 1),
        ('["\n"]', "Invalid control character at at column 3", 1),
    ],
)
def test_json_that_is_wrong_is_refused_by_line(text: str, why: str, line: int) -> None:
    with pytest.raises(DataError) as refused:
        json_of(text)
    assert (str(refused.value), refused.value.line) == (why, line)


def test_json_may_have_brackets_in_its_texts_and_many_beside_each_other() -> None:
    assert json_of('["' + "[" * 100 + '\\"["]') == ["[" * 100 + '"[']
    assert json_of(f"[{', '.join(['[]'] * 100)}]") == [[]] * 100


def test_half_of_a_pair_of_surrogates_is_escaped() -> None:
    assert json_of('{"\\ud800": ["a\\udfff", "\\ud83d\\ude00"]}') == {"\\ud800": ["a\\udfff", "😀"]}


@pytest.mark.parametrize(
    ("text", "why", "line"),
    [
        ("a = 1\nb = ]", "Invalid value at column 5", 2),
        ("a = 1\n'", "Expected", 2),
        ('a = """\n', "Unterminated string at its end", 2),
        ("x = " + "[" * 33, "it is nested too deep, more than 32 levels", 1),
        ("\nx = " + "{a=" * 33, "it is nested too deep, more than 32 levels", 2),
        ("a." * 32 + "b = 1", "a key has more than 32 parts", 1),
        ("x = " + "9" * 5000, "it has a number or a date beyond range", 1),
        ("x = 0x" + "f" * 100, "it has a number of more than 100 digits", 1),
        ("a = 1\na = 2", "Cannot overwrite a value", 2),
    ],
)
def test_toml_that_is_wrong_is_refused_by_line(text: str, why: str, line: int) -> None:
    with pytest.raises(DataError) as refused:
        toml_of(text)
    assert str(refused.value).startswith(why)
    assert refused.value.line == line


def test_toml_may_have_brackets_and_dots_in_its_texts() -> None:
    text = "a = '" + "[" * 50 + "' # " + "{" * 50 + '\nb = """' + "[.\n" * 50 + '"""\n'
    assert toml_of(text) == {"a": "[" * 50, "b": "[.\n" * 50}


@pytest.mark.parametrize(
    ("header", "key", "number", "line"),
    [
        ("[tool.x]", "seed", 0, 3),
        ("[[tool.x.deviation]]", "", 1, 7),
        ("[[tool.x.deviation]]", "word", 0, 6),
        ("[tool.x]", "absent", 0, 2),
        ("[tool.y]", "word", 0, 6),
        ("[tool.y]", "", 0, 1),
    ],
)
def test_line_of_a_key_is_found(header: str, key: str, number: int, line: int) -> None:
    entries = "[[tool.x.deviation]] # why\nword = 'a'\n[[ tool . \"x\".deviation ]]\n"
    assert line_of(f"\n[tool.x]\nseed = 1\n\n{entries}", header, key, number=number) == line


def test_long_sentence_is_cut() -> None:
    assert brief("short") == "short"
    assert len(brief("x" * 5000)) == 1003


def a_folder(file: Path) -> None:
    file.mkdir()


def a_pipe(file: Path) -> None:
    os.mkfifo(file)


def a_device(file: Path) -> None:
    file.symlink_to("/dev/zero")


def a_socket(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(file.relative_to(Path.cwd())))


READERS: dict[str, Callable[[Path], Any]] = {
    "a text": text_in,
    "words": cases_in,
    "failures": failures_in,
    "records": lambda file: [*numbered_records(file)],
    "a baseline": read_behaviours,
    "the state of a sweep": read_state,
    "what is rewritten": lambda file: remember(file, []),
}


@pytest.mark.parametrize("make", [a_pipe, a_device, a_socket])
@pytest.mark.parametrize("what", READERS)
def test_what_is_no_file_is_one_sentence_at_once(
    what: str, make: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "file.txt"
    make(file)
    said = refusal(lambda: READERS[what](file))
    assert "file.txt" in said or make is a_device
    assert "\n" not in said


@pytest.mark.parametrize("make", [a_folder, a_pipe, a_device])
@pytest.mark.parametrize(
    "command",
    [
        ["replay", "--failures", "f"],
        ["replay", "--forget", "--failures", "f"],
        ["replay", "tests.planted.convolutions:right", WORD, "--known", "f"],
        ["replay", "tests.planted.convolutions:right", "./f"],
        ["report", "f"],
        ["pin", "--check", "--corpus", "f"],
        ["pin", "--convert", "f"],
        ["run", "tests.planted.convolutions:right", "--baseline", "f"],
        [
            "sweep",
            "tests.planted.convolutions:right",
            "--upto",
            "1",
            "--resume",
            "--state",
            "f",
            "--no-isolate",
        ],
    ],
    ids=lambda command: " ".join(command),
)
def test_command_with_no_file_is_one_sentence_and_exit_2(
    command: list[str],
    make: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if make is a_folder and "--corpus" in command:
        pytest.skip("words may lie in a folder")
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "f")
    assert main(command) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), said.startswith("conv-verify: ")) == (1, True)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"# grammar 2\n\xff\n", "line 2: it is not text in UTF-8, as its byte 0xff shows"),
        (b"# grammar 2\nconv\x00_i1\n", "line 2: it is not text: it has a NUL"),
        (b"# grammar 2\n\nconv_i1\n", "line 3: 'conv_i1' is no case"),
    ],
)
def test_words_that_are_none_are_refused_by_line(data: bytes, why: str, tmp_path: Path) -> None:
    file = tmp_path / "pins.txt"
    file.write_bytes(data)
    assert refusal(lambda: cases_in(file)).startswith(f"{file}, {why}")


def test_mark_of_the_order_of_bytes_is_no_word(tmp_path: Path) -> None:
    (tmp_path / "pins.txt").write_bytes(f"\ufeff# grammar 2\n{WORD}\n".encode())
    assert [str(case) for case in cases_in(tmp_path)] == [WORD]


def test_records_whose_first_line_is_cut_in_half_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"type": "run", "form')
    why = "line 1: it was cut off before its end, so that nothing is known of its run"
    assert refusal(lambda: [*numbered_records(file)]) == f"{file}, {why}"


def test_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "large"
    with file.open("wb") as sparse:
        sparse.truncate(2**40)
    assert refusal(lambda: text_in(file)).startswith(f"{file} is larger than 64 MiB")
    assert refusal(lambda: [*numbered_records(file)]) == f"{file}, line 1: it is longer than 4 MiB"


def test_records_may_be_compressed_and_what_was_cut_off_is_refused(tmp_path: Path) -> None:
    lines = b"one\ntwo\n" * 1000
    file, cut = tmp_path / "a.jsonl.gz", tmp_path / "cut.jsonl.gz"
    file.write_bytes(gzip.compress(lines))
    cut.write_bytes(gzip.compress(lines)[:-10])
    assert [line for _, line in json_lines(file)] == lines.splitlines(keepends=True)
    assert "it is not whole as gzip has it" in refusal(lambda: [*json_lines(cut)])
    cut.write_text("one", "utf-8")
    assert "line 1: it is not whole as gzip has it" in refusal(lambda: [*json_lines(cut)])


def test_null_device_is_a_file_without_anything() -> None:
    assert failures_in(Path(os.devnull)) == []
