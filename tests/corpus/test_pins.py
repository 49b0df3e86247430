"""Pins: words that every run asks first, and the commands that keep them."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tests.places import PLANTED, ROOT
from tests.progress import settled
from verify import Case
from verify.__main__ import main
from verify.corpus.words import cases_in, existing, pin, pins_of, stale, unpin

ODD, EVEN, OTHER = "conv_i1x2_k1x2_same_ones", "conv_i4_k1_valid_iota", "conv_i9_k1_same_ones"
TODAY = date(2026, 1, 31)

PINNED = f"""\
# grammar 2

# 2026-01-31: the odd cell
{ODD}

# 2026-01-31: it read one cell too many
{EVEN}
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def pinned(place: Path | str, *words: str, reason: str = "why") -> list[str]:
    """Pin words; those that were new."""
    added = pin(Path(place), {Case.parse(word): reason for word in words}, today=TODAY)
    return [str(case) for case in added]


def words(place: Path | str) -> list[str]:
    return [str(case) for case in cases_in(place)]


def written(file: str, text: str) -> Path:
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    mark = "" if "# grammar 2" in text else "# grammar 2\n"  # at the end, so that lines keep their numbers
    Path(file).write_text(f"{text}{mark}", encoding="utf-8")
    return Path(file)


def test_pins_stand_under_their_reason_and_date():
    pinned("pins", ODD, reason="the odd cell")
    pinned("pins", EVEN, reason="it read one\n  cell too many")
    assert Path("pins/pins.txt").read_text() == PINNED


def test_word_that_is_pinned_is_not_pinned_again():
    pinned("pins", ODD)
    assert pinned("pins", ODD, EVEN) == [EVEN]
    assert words("pins") == [ODD, EVEN]


def test_word_in_another_file_of_the_folder_is_not_pinned_again():
    written("pins/lecture.txt", f"{ODD}\n")
    assert pinned("pins", ODD) == []
    assert [file.name for file in Path("pins").iterdir()] == ["lecture.txt"]


def test_word_in_another_spelling_is_not_pinned_again():
    written("pins/mine.txt", "conv_k1x2_same_i1x2_ones\n")
    assert pinned("pins", ODD) == []


def test_place_may_be_a_file():
    pinned("mine.txt", ODD)
    assert words("mine.txt") == [ODD]


def test_pin_begins_a_line_of_its_own():
    written("pins/pins.txt", f"# grammar 2\n{ODD}")
    pinned("pins", EVEN)
    assert words("pins") == [ODD, EVEN]


def test_processes_that_pin_at_once_lose_nothing():
    code = (
        "import sys; from verify.__main__ import main\n"
        "for size in range(1, 16): main(['pin', f'conv_i{sys.argv[1]}{size}_k1_same_ones', '--reason', 'so'])"
    )
    command = [sys.executable, "-c", code]
    running = [
        subprocess.Popen([*command, number], env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
        for number in "123"
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert sorted(words("conv-verify-pins")) == sorted(
        f"conv_i{number}{size}_k1_same_ones" for number in "123" for size in range(1, 16)
    )


def test_removed_word_goes_with_its_comment():
    written("pins/pins.txt", PINNED)
    (pin,) = unpin(Path("pins"), Case.parse(EVEN))
    assert str(pin) == "pins/pins.txt, line 7"
    assert Path("pins/pins.txt").read_text() == "".join(PINNED.splitlines(keepends=True)[:4])


def test_first_word_can_be_removed():
    written("pins/pins.txt", PINNED)
    unpin(Path("pins"), Case.parse(ODD))
    mark, _, _, _, *rest = PINNED.splitlines(keepends=True)
    assert Path("pins/pins.txt").read_text() == "".join([mark, *rest])


def test_comment_that_another_word_shares_stays():
    written("pins/pins.txt", f"# both\n{ODD}\n{EVEN}\n")
    unpin(Path("pins"), Case.parse(ODD))
    assert Path("pins/pins.txt").read_text() == f"# both\n{EVEN}\n# grammar 2\n"


def test_word_is_removed_from_every_file_and_spelling():
    written("pins/a.txt", f"{ODD}  # so\n{EVEN}\n{ODD}\n")
    written("pins/b.txt", "conv_k1x2_same_i1x2_ones\n")
    assert len(unpin(Path("pins"), Case.parse(ODD))) == 3
    assert words("pins") == [EVEN]


def test_word_is_removed_beside_one_that_is_stale():
    written("pins/a.txt", f"conv_k3\n{ODD}\n")
    unpin(Path("pins"), Case.parse(ODD))
    assert [pin.word for pin in pins_of(Path("pins"))] == ["conv_k3"]


def test_every_stale_word_is_named_with_its_file_and_line():
    written("pins/a.txt", f"# so\nconv_k3\n{ODD}\n")
    written("pins/b.txt", "\nconv_i3_k1_sane\n")
    assert stale(Path("pins")) == [
        "pins/a.txt, line 2: 'conv_k3' is no case: it has no size token, such as i3x3",
        "pins/b.txt, line 2: 'conv_i3_k1_sane' is no case: 'sane' is not a token; did you mean 'same'?",
    ]


def test_usual_place_need_not_be_there():
    assert existing(Path("..", "conv-verify-pins")) is None


def test_place_that_was_named_must_be_there():
    with pytest.raises(ValueError, match=r"^there is no file or folder 'tests/pins'$"):
        existing(Path("tests/pins"))


def test_pin_says_where_it_wrote(capsys: pytest.CaptureFixture[str]):
    assert main(["pin", ODD, "--reason", "odd"]) == 0
    assert main(["pin", ODD, EVEN, "--reason", "again", "--corpus", "conv-verify-pins"]) == 0
    assert capsys.readouterr().out == (
        f"pinned    {ODD}  (conv-verify-pins/pins.txt)\n"
        f"was there {ODD}\n"
        f"pinned    {EVEN}  (conv-verify-pins/pins.txt)\n"
    )


def test_removal_says_where_it_was(capsys: pytest.CaptureFixture[str]):
    pinned("conv-verify-pins", ODD)
    assert main(["pin", "--remove", ODD]) == 0
    assert capsys.readouterr().out == f"removed   {ODD}  (conv-verify-pins/pins.txt, line 4)\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["pin", ODD], "words and a reason are needed: pin WORD --reason TEXT"),
        (["pin", ODD, "--reason", " "], "words and a reason are needed: pin WORD --reason TEXT"),
        (["pin", "--reason", "so"], "words and a reason are needed: pin WORD --reason TEXT"),
        (["pin", "--check", ODD], "--check takes no words, no reason and no --remove"),
        (["pin", "--check", "--remove"], "--check takes no words, no reason and no --remove"),
        (["pin", "--remove"], "--remove needs words, and no reason: pin --remove WORD"),
        (
            ["pin", "--remove", ODD, "--reason", "so"],
            "--remove needs words, and no reason: pin --remove WORD",
        ),
    ],
)
def test_options_of_pin_that_do_not_go_together_are_one_sentence_with_its_help(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
):
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", f"conv-verify pin: {sentence} (see conv-verify pin --help)\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["pin", "conv_k3", "--reason", "so"],
            "'conv_k3' is no case: it has no size token, such as i3x3",
        ),
        (["pin", "--remove", EVEN], f"'{EVEN}' is not pinned in conv-verify-pins"),
        (["pin", "--check", "--corpus", "none"], "there is no file or folder 'none'"),
    ],
)
def test_wrong_pin_is_one_sentence_and_exit_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
):
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", f"conv-verify: {sentence}\n")


def test_check_of_pins_that_are_cases_holds(capsys: pytest.CaptureFixture[str]):
    pinned("conv-verify-pins", ODD, EVEN)
    assert main(["pin", "--check"]) == 0
    assert capsys.readouterr().out == "2 pinned words in conv-verify-pins, each of them a case.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["pin", "--check"],
        ["pin", OTHER, "--reason", "so"],
        ["run", "tests.planted.subjects_to_gate:right"],
        ["replay", "tests.planted.subjects_to_gate:right", "conv-verify-pins"],
    ],
    ids=" ".join,
)
def test_stale_pin_is_an_error_with_its_file_and_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    written("conv-verify-pins/pins.txt", f"{ODD}\nconv_k3\n")
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert "conv-verify-pins/pins.txt, line 2: 'conv_k3' is no case: it has no size" in printed.err
    assert printed.out == ""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A run of a subject that writes to its input, and of a few cases."""
    command = [
        sys.executable,
        "-m",
        "verify",
        "run",
        "subjects_to_gate:writes",
        "--examples",
        "5",
        *arguments,
    ]
    environment = {"PYTHONPATH": f"{ROOT}:{PLANTED}", "COLUMNS": "100"}
    return settled(subprocess.run(command, capture_output=True, text=True, check=False, env=environment))


def test_run_pins_what_it_has_shrunk_and_the_next_one_asks_it_first():
    first = run("--pin")
    assert first.stdout.endswith("\npinned    conv_i1_k1_same_ones  (conv-verify-pins/pins.txt)\n")
    _, _, comment, word = Path("conv-verify-pins/pins.txt").read_text().splitlines()
    assert (comment[14:], word) == (
        "subjects_to_gate:writes disagrees with the reference: it wrote to the input that it was given",
        "conv_i1_k1_same_ones",
    )
    again = run("--pin", "-v")
    assert again.stdout.splitlines()[3].split()[:4] == ["pinned", "words", "2", "cases"]
    assert (again.returncode, len(words("conv-verify-pins"))) == (1, 1)
