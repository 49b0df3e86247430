"""Where there are colours: by the option, by the environment, and on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.commanding import command_in
from verify.__main__ import main
from verify.reports.colour import coloured, has_colours

WORD = "conv_i3_k2_same_iota"
ENVIRONMENTS: dict[str, dict[str, str]] = {
    "nothing": {},
    "no": {"NO_COLOR": "1"},
    "force": {"FORCE_COLOR": "1"},
    "both": {"NO_COLOR": "1", "FORCE_COLOR": "1"},
    "empty": {"NO_COLOR": "", "FORCE_COLOR": ""},
    "dumb": {"TERM": "dumb"},
}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the environment of a name."""

    def enter(name: str) -> None:
        for variable in ("NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("TERM", "xterm")
        for variable, value in ENVIRONMENTS[name].items():
            monkeypatch.setenv(variable, value)

    return enter


@pytest.mark.parametrize("name", ENVIRONMENTS)
@pytest.mark.parametrize("is_terminal", [True, False])
def test_option_wins_then_no_color_then_force_color_then_the_terminal(
    *, is_terminal: bool, name: str, here: Callable[[str], None]
) -> None:
    here(name)
    wanted = {"no": False, "both": False, "force": True, "dumb": False}.get(name, is_terminal)
    assert has_colours(is_terminal=is_terminal) == wanted
    with coloured("always"):
        assert has_colours(is_terminal=is_terminal)
        with coloured("never"):
            assert not has_colours(is_terminal=is_terminal)
    assert has_colours(is_terminal=is_terminal) == wanted


@pytest.mark.parametrize(
    "arguments",
    [
        ["--color", "{}", "explain", WORD],
        ["explain", WORD, "--color", "{}"],
        ["--color", "{}", "guide", "questions"],
    ],
)
def test_option_is_taken_before_a_command_and_after_it(
    arguments: list[str], here: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    printed = []
    for when, environment in (("always", "no"), ("never", "force")):
        here(environment)
        main([argument.format(when) for argument in arguments])
        printed.append("\x1b[" in capsys.readouterr().out)
    assert printed == [True, False]


def test_wrong_time_of_colours_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--color", "alway"]) == 2
    assert capsys.readouterr().err == (
        "conv-verify run: Invalid value for '--color': 'alway' is none of auto, always, never; "
        "did you mean 'always'? (see conv-verify run --help)\n"
    )


def test_nothing_moves_a_cursor_off_a_terminal(tmp_path: Path) -> None:
    done = command_in(tmp_path)("--color", "always", "sweep", "subjects_to_gate:right", "--upto", "1")
    assert "\x1b[" in done.stdout
    assert {code[-1] for code in _codes(done.stdout)} == {"m"}


def _codes(text: str) -> list[str]:
    """The escape sequences of a text."""
    parts = text.split("\x1b[")[1:]
    ends = (next(place for place, sign in enumerate(part) if sign.isalpha()) for part in parts)
    return [part[: end + 1] for part, end in zip(parts, ends, strict=True)]
