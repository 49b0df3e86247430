"""Misuse at the command line: one sentence and exit code 2, whatever the command."""

from __future__ import annotations

import sys

import pytest

WORD = "conv_i1_k1_same_ones"

COMMANDS = {
    "run": ("run", "{}", "--examples", "5"),
    "run in workers": ("run", "--isolate", "{}", "--examples", "5"),
    "replay": ("replay", "{}", WORD),
    "replay in workers": ("replay", "--isolate", "{}", WORD),
    "sweep": ("sweep", "{}", "--upto", "2"),
    "sweep here": ("sweep", "--no-isolate", "{}", "--upto", "2"),
    "diff": ("diff", sys.executable, sys.executable, "--subject", "{}"),
}


@pytest.mark.parametrize("subject", ["Convolution", "takes_operands", "returns_declined"])
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_misuse_is_one_sentence_and_exit_2(command, words: tuple[str, ...], subject: str) -> None:
    name = f"tests.planted.misused:{subject}"
    done = command(*(word.format(name) for word in words))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"conv-verify: the subject {name!r} ")
    assert done.stderr.count("\n") == 1


def test_an_error_of_a_subject_is_a_disagreement_and_no_misuse(command) -> None:
    done = command("run", "tests.planted.misused:raises", "--examples", "5")
    assert done.returncode == 1
    assert "it raised TypeError: what it computes is wrong" in done.stdout
