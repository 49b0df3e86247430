"""Files of words of the first grammar: refused where they are read, and rewritten by `pin --convert`."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from verify import Case
from verify.cases.grammar import converted, require_grammar
from verify.checks.deviations import parse_deviations
from verify.checks.project import settings_of
from verify.config.options import entries_of
from verify.corpus.convert import convert
from verify.corpus.failures import failures_in
from verify.corpus.words import cases_in, pin, unpin
from verify.reports.records import numbered_records
from verify.runs.behaviour.record import read_behaviours
from verify.runs.sweep.progress import read_state

OLD = {
    "conv_i3_k2_same_f16": "conv_i3_k2_same_float16",
    "conv_i3_k2_same_bf16_iota": "conv_i3_k2_same_bfloat16_iota",
    "conv_i3_k2_same_f32_ints3": "conv_i3_k2_same_ints3",
    "conv_i5_k1_f16_same_f16_ones": "conv_i5_k1_f16_same_float16_ones",
    "conv_i5_k1_f64_same_f32_ones": "conv_i5_k1_f64_same_ones",
    "conv_i3_k2_same_f64_f16": "conv_i3_k2_same_f64_float16",
    "conv_i3_k2_f4_same_f16": "conv_i3_k2_f4_same_float16",
    "conv_i3_k2_same_bf16_f16": "conv_i3_k2_same_bfloat16_f16",
    "conv_i32_k2_same": "conv_i32_k2_same",
    "conv_i32_k2_same_i32": "conv_i32_k2_same_int32",
    "conv_i32_i5_k2_same": "conv_int32_i5_k2_same",
    "conv_i32_i32_k2_f16_same": "conv_i32_int32_k2_f16_same",
    "conv_i32_k1_f32_same_i32_ones": "conv_i32_k1_f32_same_int32_ones",
    "filtergrad_n3_i32_c2_k3_f4_d2_g2_valid_i32_bias_ints4": (
        "filtergrad_n3_i32_c2_k3_f4_d2_g2_valid_int32_bias_ints4"
    ),
    "transpose_i1_k1_same_ones_o3_illegal": "transpose_i1_k1_same_ones_o3_illegal",
    "conv_i3_k3_leaky0.25_same_z1.0_f64": "conv_i3_k3_leaky0.25_same_z1.0_float64",
}
"""Words of the first grammar, and the same in this one."""

CORPUS = """# 2025-01-02: SAME's odd cell went before
conv_i3_k2_same_f16_ints3  # seen twice

# a f16 in a comment stays
conv_i32_k1_f32_same_i32_iota
conv_i3_k2_same_ones
"""

KNOWN = """# What is wrong.

[[deviation]]
name = "one"
subjects = ["mine:*"]
kinds = ["value"]
when = "rank == 1 and dtype in ('f16', \\"bf16\\")" # of one axis
word = "conv_i1_k1_same_f16_ones"
accumulator = 'f16'
sentence = "One is added."
"""

PROJECT = """[tool.other]
dtypes = ["f32"] # theirs

[tool.conv-verify]
subjects = ["mine"]

[[tool.conv-verify.deviation]]
name = "one"
subjects = ["*"]
kinds = ["value"]
when = "dtype == 'f32'"
word = "conv_i1_k1_same_f32_ones"
sentence = "One is added."
"""


def written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("word", OLD)
def test_word_of_the_first_grammar_means_the_same_in_this_one(word):
    assert converted(word) == OLD[word]
    assert Case.parse(converted(word))


def test_corpus_is_rewritten_with_its_comments(tmp_path):
    file = written(tmp_path / "mine.txt", CORPUS)
    done = convert(file)
    assert file.read_text("utf-8") == "# grammar 2\n" + CORPUS.replace("same_f16", "same_float16").replace(
        "same_i32", "same_int32"
    )
    assert [change.line for change in done.changes] == [2, 5]
    assert (done.renumbered, done.wrong) == (1, [])
    assert [case.dtype.name for case in cases_in(file)] == ["float16", "int32", "float32"]


def test_deviations_are_rewritten_with_their_comments(tmp_path):
    file = written(tmp_path / "known.toml", KNOWN)
    convert(file)
    text = file.read_text("utf-8")
    assert text == "grammar = 2\n\n" + (
        KNOWN.replace("'f16'", "'float16'")
        .replace('bf16\\"', 'bfloat16\\"')
        .replace("same_f16", "same_float16")
    )
    (entry,) = parse_deviations(text)
    assert (entry.word, entry.accumulator) == ("conv_i1_k1_same_float16_ones", "float16")


def test_settings_are_rewritten_in_their_own_table_alone(tmp_path):
    file = written(tmp_path / "pyproject.toml", PROJECT)
    convert(file)
    text = file.read_text("utf-8")
    assert 'dtypes = ["f32"] # theirs' in text
    assert "when = \"dtype == 'float32'\"" in text
    (entry,) = entries_of(settings_of(tmp_path))
    assert entry["word"] == "conv_i1_k1_same_ones"


def test_failures_are_rewritten(tmp_path):
    old = {"format": 1, "subject": "mine", "word": "conv_i3_k2_same_f16_ones", "kind": "value"}
    file = written(tmp_path / "failures.jsonl", f"{json.dumps({**old, 'first_seen': '2025-01-02'})}\n")
    convert(file)
    (failure,) = failures_in(file)
    assert failure.word == "conv_i3_k2_same_float16_ones"
    assert failure.first_seen == "2025-01-02"


@pytest.mark.parametrize("name", ["mine.txt", "known.toml", "failures.jsonl"])
def test_file_is_converted_once(name, tmp_path):
    old = json.dumps({"format": 1, "subject": "a", "word": "conv_i3_k1_same_f16", "first_seen": ""})
    text = {"mine.txt": CORPUS, "known.toml": KNOWN, "failures.jsonl": f"{old}\n"}[name]
    file = written(tmp_path / name, text)
    convert(file)
    after = file.read_text("utf-8")
    with pytest.raises(ValueError, match=r"says already that its words are of grammar 2$"):
        convert(file)
    assert file.read_text("utf-8") == after


def test_file_of_no_word_is_refused_and_left(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("import numpy as np\n\n# a comment\nONE = 1\n", encoding="utf-8")
    before = file.read_bytes()
    with pytest.raises(
        ValueError, match=r"mine.py has no word of a case, and is left as it is: .*, line 1: "
    ):
        convert(file)
    assert file.read_bytes() == before


def test_word_that_was_no_case_is_named_and_left(tmp_path):
    file = written(tmp_path / "mine.txt", "conv_i3_k1_same_f16\nconv_i3\n")
    done = convert(file)
    assert done.wrong == [f"{file}, line 2: 'conv_i3' is no case: it has no kernel token, such as k3x3"]
    assert file.read_text("utf-8") == "# grammar 2\nconv_i3_k1_same_float16\nconv_i3\n"


REFUSED = {
    "corpus": ("mine.txt", CORPUS, cases_in),
    "deviations": ("known.toml", KNOWN, lambda file: parse_deviations(file.read_text("utf-8"), file)),
    "settings": ("pyproject.toml", PROJECT, lambda file: entries_of(settings_of(file.parent))),
    "failures": ("failures.jsonl", '{"format": 1, "subject": "a", "word": "b"}\n', failures_in),
}


@pytest.mark.parametrize("what", REFUSED)
def test_file_of_the_first_grammar_is_refused_with_the_line_to_run(what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, text, read = REFUSED[what]
    file = written(Path(name), text)
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
        read(file)
    assert str(refused.value) == (
        f"{name} has words of grammar 1, and 2 is read here: run `conv-verify pin --convert {name}`"
    )


AGAIN = {
    "records": ('{"type": "run", "format": 1}\n', lambda file: [*numbered_records(file)], "run --report a"),
    "a baseline": (
        '{"format": 2, "subjects": {"a": {"cases": {"conv_i3": ""}}}}',
        read_behaviours,
        "run SUBJECT --baseline a",
    ),
    "a sweep": ('{"mark": "conv-verify sweep, form 3", "sweep": {}}', read_state, "sweep"),
}


@pytest.mark.parametrize("what", AGAIN)
def test_file_that_a_run_writes_anew_is_refused_with_the_line_to_run(what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, read, command = AGAIN[what]
    with pytest.raises(ValueError, match=r"^a has words of grammar 1, and 2 is read here: ") as refused:
        read(written(Path("a"), text))
    assert f"`conv-verify {command}`" in str(refused.value)


@pytest.mark.parametrize("version", [1, 3, "2", True, None])
def test_other_grammar_is_refused(version):
    with pytest.raises(ValueError, match=r"^a has words of grammar .*, and 2 is read here: "):
        require_grammar(version, "a")


def test_new_pin_says_its_grammar(tmp_path):
    case = Case.parse("conv_i3_k1_same_float16")
    pin(tmp_path, {case: "why"}, today=date(2026, 1, 2))
    file = tmp_path / "pins.txt"
    assert file.read_text("utf-8").splitlines()[0] == "# grammar 2"
    unpin(tmp_path, case)
    assert file.read_text("utf-8").splitlines() == ["# grammar 2"]


def test_file_without_words_needs_no_grammar(tmp_path):
    assert cases_in(written(tmp_path / "none.txt", "# nothing yet\n")) == []


def test_command_says_what_it_changed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    written(Path("mine.txt"), CORPUS)
    from verify.__main__ import main

    assert main(["pin", "--convert", "mine.txt"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "changed   conv_i3_k2_same_f16_ints3 -> conv_i3_k2_same_float16_ints3  (mine.txt, line 2)",
        "changed   conv_i32_k1_f32_same_i32_iota -> conv_i32_k1_f32_same_int32_iota  (mine.txt, line 5)",
        "1 word filled iota or coded: these fills have held other numbers since.",
        "mine.txt is of grammar 2 now: 2 changes.",
    ]


@pytest.mark.parametrize("more", [["conv_i1_k1_same"], ["--check"], ["--reason", "why"]])
def test_convert_takes_a_file_alone(more, capsys):
    from verify.__main__ import main

    assert main(["pin", "--convert", "mine.txt", *more]) == 2
    assert "--convert takes a file" in capsys.readouterr().err
