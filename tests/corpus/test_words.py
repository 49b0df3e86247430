"""Pinned words in text files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from verify import Case
from verify.corpus.words import SHIPPED, cases_in, cases_of_lines

TEXT = """\
# The smallest SAME with an odd cell.
conv_i1x2_k1x2_same_ones

  conv_i3_k1_valid_iota   # a comment after the word
conv_k2x1_i4x1_same_ones
"""
WORDS = ["conv_i1x2_k1x2_same_ones", "conv_i3_k1_valid_iota", "conv_i4x1_k2x1_same_ones"]


def words(place: str | Path) -> list[str]:
    return [str(case) for case in cases_in(place)]


def written(path: Path, text: str) -> Path:
    path.write_text(f"{text}# grammar 2\n", encoding="utf-8")
    return path


def refusal(place: Path) -> str:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
        cases_in(place)
    return str(refused.value)


def lines_of(file: Path) -> list[str]:
    """The words of a file as they are written."""
    lines = [line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line]


def test_file_is_read_in_order(tmp_path):
    assert words(written(tmp_path / "mine.txt", TEXT)) == WORDS


def test_place_may_be_a_string(tmp_path):
    assert words(str(written(tmp_path / "mine.txt", TEXT))) == WORDS


def test_windows_line_ends_are_taken(tmp_path):
    assert words(written(tmp_path / "mine.txt", TEXT.replace("\n", "\r\n"))) == WORDS


def test_directory_is_read_file_by_file(tmp_path):
    written(tmp_path / "b.txt", "conv_i2_k1_same_ones\n")
    written(tmp_path / "a.txt", "conv_i1_k1_same_ones\n")
    assert words(tmp_path) == ["conv_i1_k1_same_ones", "conv_i2_k1_same_ones"]


def test_other_files_of_a_directory_are_passed_over(tmp_path):
    written(tmp_path / "README.md", "no word\n")
    assert words(tmp_path) == []


def test_folders_of_a_directory_are_passed_over(tmp_path):
    (tmp_path / "old.txt").mkdir()
    assert words(tmp_path) == []


def test_pipe_or_link_to_nothing_in_a_directory_is_an_error_as_its_words_are_not_asked(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    assert refusal(tmp_path).endswith("pipe.txt' is a pipe where a file is needed: name another")
    (tmp_path / "pipe.txt").unlink()
    (tmp_path / "gone.txt").symlink_to("nothing.txt")
    assert refusal(tmp_path) == f"there is no file or folder '{tmp_path}/gone.txt'"


def test_comments_alone_hold_no_case(tmp_path):
    assert words(written(tmp_path / "mine.txt", "# nothing yet\n\n")) == []


def test_lines_need_no_file():
    assert list(cases_of_lines(["conv_i1_k1_same_ones"], "stdin")) == [Case.parse("conv_i1_k1_same_ones")]


def test_wrong_line_is_named_with_its_file(tmp_path):
    file = written(tmp_path / "mine.txt", "# why\n\nconv_i1_k1_same_ones\nconv_i1_k1_sane\n")
    assert refusal(file) == (
        f"{file}, line 4: 'conv_i1_k1_sane' is no case: 'sane' is not a token; did you mean 'same'?"
    )


def test_wrong_line_of_a_directory_is_named_with_its_file(tmp_path):
    file = written(tmp_path / "mine.txt", "conv_i1\n")
    assert refusal(tmp_path) == (
        f"{file}, line 1: 'conv_i1' is no case: it has no kernel token, such as k3x3"
    )


def test_two_words_on_a_line_are_refused(tmp_path):
    file = written(tmp_path / "mine.txt", "conv_i1_k1_same_ones conv_i2_k1_same_ones\n")
    assert refusal(file).startswith(
        f"{file}, line 1: 'conv_i1_k1_same_ones conv_i2_k1_same_ones' is no case: "
    )


def test_place_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"^there is no file or folder '.*none.txt'$"):
        cases_in(tmp_path / "none.txt")


def test_file_that_is_not_text_is_an_error(tmp_path):
    (tmp_path / "mine.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"mine.txt, line 1: it is not text in UTF-8, as its byte 0xff"):
        cases_in(tmp_path / "mine.txt")


def test_shipped_corpus_pins_the_lecture():
    assert words(SHIPPED) == ["conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"]


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.txt")), ids=lambda file: file.name)
def test_shipped_words_are_written_as_cases_print_them(file):
    assert lines_of(file) == words(file)


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.txt")), ids=lambda file: file.name)
def test_shipped_files_begin_with_a_reason(file):
    assert file.read_text(encoding="utf-8").startswith("# ")
