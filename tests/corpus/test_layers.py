"""The convolutions of a model as a file of words."""

from __future__ import annotations

from verify import Case
from verify.corpus.layers import corpus_of, words_of
from verify.corpus.words import cases_of_lines
from verify.subjects.tensorflow.models.nodes import Layer

SMALL, LARGE = Case.parse("conv_i3x3_k1x1_same_ones"), Case.parse("conv_i9x9_k3x3_valid_relu_ones")

LAYERS = [
    Layer("first", SMALL),
    Layer("second", LARGE, before="pad", after=("relu",)),
    Layer("third", SMALL, lacks="the silu of third"),
    Layer("fourth", reason="it is secret"),
]

TEXT = """\
# grammar 2
# mine: 4 convolutions in 2 words; 1 of them has no word

# 2 layers
# first
# third, without the silu of third
conv_i3x3_k1x1_same_ones

# 1 layer
# pad + second + relu
conv_i9x9_k3x3_valid_relu_ones

# no word
# fourth: it is secret
"""


def test_a_word_stands_once_under_its_layers() -> None:
    assert corpus_of(words_of("mine", LAYERS)) == TEXT


def test_a_file_of_words_is_read_as_it_was_written() -> None:
    assert [*cases_of_lines(TEXT.splitlines(), "mine")] == [SMALL, LARGE]


def test_a_word_stands_in_each_fill_that_it_can_have() -> None:
    words = words_of("mine", [Layer("first", Case.parse("transpose_i3x3_k1x1_same_ones"))])
    assert corpus_of(words, ["iota", "unread"]).splitlines()[-2:] == [
        "transpose_i3x3_k1x1_same_iota",
        "# no unread: the fill 'unread' is not for a transpose that reads every cell",
    ]


def test_a_name_breaks_no_line() -> None:
    text = corpus_of(words_of("mine", [Layer("a\nconv_i1_k1_same_ones\x1b[31m", SMALL)]))
    assert [*cases_of_lines(text.splitlines(), "mine")] == [SMALL]
    assert "\x1b" not in text
