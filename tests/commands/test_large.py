"""Large cases on the command line: judged where they can be, else one sentence."""

from __future__ import annotations

import pytest

from tests.commands.commanding import Command

TALL = "conv_i1500x1500_k2x2_s16x16_p0.0x0.99000_ints1"
LAYER = "conv_n64_i56x56_c256_k3x3_f256_same_ints1"


def test_replay_says_how_it_was_judged(command: Command) -> None:
    done = command("replay", "large:right", TALL)
    assert done.returncode == 0
    assert f"holds     {TALL}  (judged by projection onto 3 vectors and 96 whole cells)" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "act", "takes"),
    [
        (("explain", TALL), "explained", "1.1 GiB as float64 and 2,362,032"),
        (("export", LAYER, "--as", "script"), "exported as script", "0.8 GiB as float64 and 118,380,036,096"),
    ],
)
def test_what_needs_the_whole_answer_is_refused_in_a_sentence(
    arguments: tuple[str, ...], act: str, takes: str, command: Command
) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert done.stderr == (
        f"conv-verify: {arguments[1]!r} is too large to be {act}: it takes {takes} products; "
        "`replay SUBJECT WORD` judges it by projection\n"
    )


def test_a_cell_of_what_only_takes_much_work_is_explained(command: Command) -> None:
    done = command("explain", LAYER)
    assert done.returncode == 0
    assert "253 more channels" in done.stdout
