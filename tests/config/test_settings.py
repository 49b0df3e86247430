"""The `[tool.conv-verify]` table: what it sets, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from verify.__main__ import main
from verify.checks.project import settings_of
from verify.commands.cli import command_of
from verify.config.flags import Known, known_options
from verify.config.options import (
    INTEGER,
    PLACE,
    POSITIVE,
    PYTHON,
    SECONDS,
    choice,
    defaults_of,
    listed,
    options_of,
)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def pyproject(text: str, folder: str = ".") -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    Path(folder, "pyproject.toml").write_text(text, encoding="utf-8")


def table(line: str, folder: str = ".") -> None:
    pyproject(f"[tool.conv-verify]\n{line}\n", folder)


@click.command
@click.argument("subjects", nargs=-1)
@click.option("--examples", type=POSITIVE)
@click.option("--seed", type=INTEGER)
@click.option("--max-time", type=SECONDS)
@click.option("--operations", type=listed("operations"))
@click.option("--profile", type=choice("NAME", "dev", "ci"), default="dev")
@click.option("--python", type=PYTHON)
@click.option("--matrix", is_flag=True)
@click.option("--isolate/--no-isolate", default=None)
@click.option("--corpus", type=PLACE, default=Path("pins"))
def command(**options: Any) -> dict[str, Any]:
    return options


def read(*arguments: str) -> dict[str, Any]:
    """The options of a command line, with the settings of the current folder."""
    defaults = defaults_of(command, settings_of(), options_of(command))
    return command.main(arguments, standalone_mode=False, default_map=defaults)


@pytest.mark.parametrize(
    ("line", "option", "value"),
    [
        ("subjects = ['a:f', 'b:g']", "subjects", ("a:f", "b:g")),
        ("examples = 5", "examples", 5),
        ("seed = -1", "seed", -1),
        ("max-time = 2", "max_time", 2.0),
        ("max-time = 2.5", "max_time", 2.5),
        ("operations = ['conv', 'transpose']", "operations", ("conv", "transpose")),
        ("profile = 'ci'", "profile", "ci"),
        ("python = 'python3.12'", "python", "python3.12"),
        ("matrix = true", "matrix", True),
        ("isolate = true", "isolate", True),
        ("isolate = false", "isolate", False),
        ("matrix = false", "matrix", False),
        ("corpus = 'tests/pins'", "corpus", Path("tests/pins")),
    ],
)
def test_every_kind_of_option_can_be_set(line: str, option: str, value: object):
    table(line)
    assert read()[option] == value


@pytest.mark.parametrize(
    ("line", "arguments", "option", "value"),
    [
        ("examples = 5", ["--examples", "7"], "examples", 7),
        ("subjects = ['a:f']", ["b:g"], "subjects", ("b:g",)),
        ("isolate = true", ["--no-isolate"], "isolate", False),
        ("corpus = 'a'", ["--corpus", "b"], "corpus", Path("b")),
    ],
)
def test_command_line_wins(line: str, arguments: list[str], option: str, value: object):
    table(line)
    assert read(*arguments)[option] == value


def test_table_is_found_upward(monkeypatch: pytest.MonkeyPatch):
    table("examples = 5")
    pyproject("[project]\nname = 'x'\n", "a/b")
    monkeypatch.chdir("a/b")
    assert read()["examples"] == 5


def test_nearest_table_is_taken(monkeypatch: pytest.MonkeyPatch):
    table("examples = 5")
    table("seed = 1", "a")
    monkeypatch.chdir("a")
    assert (read()["examples"], read()["seed"]) == (None, 1)


def test_paths_start_from_the_folder_of_the_file(monkeypatch: pytest.MonkeyPatch):
    table("corpus = 'tests/pins'")
    Path("a").mkdir()
    monkeypatch.chdir("a")
    assert read()["corpus"] == Path("../tests/pins")


def test_usual_paths_start_from_the_folder_of_the_file(monkeypatch: pytest.MonkeyPatch):
    table("examples = 5")
    Path("a").mkdir()
    monkeypatch.chdir("a")
    assert read()["corpus"] == Path("../pins")


def test_paths_of_the_command_line_start_from_the_current_folder(monkeypatch: pytest.MonkeyPatch):
    table("corpus = 'tests/pins'")
    Path("a").mkdir()
    monkeypatch.chdir("a")
    assert read("--corpus", "mine")["corpus"] == Path("mine")


def test_without_a_table_nothing_is_set():
    pyproject("[project]\nname = 'x'\n")
    assert read() == command.main([], standalone_mode=False)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("example = 5", "tool.conv-verify.example is no setting; did you mean 'examples'?"),
        ("xyzzy = 5", "tool.conv-verify.xyzzy is no setting"),
        ("max_time = 5", "tool.conv-verify.max_time is no setting; did you mean 'max-time'?"),
        ("help = true", "tool.conv-verify.help is no setting"),
        ("examples = '5'", "tool.conv-verify.examples is '5', not a whole number"),
        ("examples = true", "tool.conv-verify.examples is True, not a whole number"),
        ("examples = 0", "tool.conv-verify.examples: '0' is not a positive number"),
        ("seed = 1.5", "tool.conv-verify.seed is 1.5, not a whole number"),
        ("max-time = '5'", "tool.conv-verify.max-time is '5', not a number of seconds"),
        ("max-time = -5", "tool.conv-verify.max-time: '-5' is not a positive number of seconds"),
        ("operations = 'conv'", "tool.conv-verify.operations is 'conv', not a list of strings"),
        ("subjects = [1]", "tool.conv-verify.subjects is [1], not a list of strings"),
        ("profile = 'fast'", "tool.conv-verify.profile: 'fast' is none of dev, ci"),
        ("matrix = 'yes'", "tool.conv-verify.matrix is 'yes', not true or false"),
        ("isolate = 1", "tool.conv-verify.isolate is 1, not true or false"),
        ("corpus = ['a']", "tool.conv-verify.corpus is ['a'], not a string"),
    ],
)
def test_wrong_setting_is_refused_by_file_and_key(line: str, sentence: str):
    table(line)
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
        read()
    assert str(refused.value) == f"pyproject.toml, line 2: {sentence}"


def test_operation_that_is_none_is_refused_by_file_and_key():
    table("operations = ['sing']")
    with pytest.raises(
        ValueError, match=r"^pyproject.toml, line 2: tool.conv-verify.operations: 'sing' is none of conv"
    ):
        read()


def test_table_that_is_none_is_refused():
    pyproject("[tool]\nconv-verify = 3\n")
    with pytest.raises(ValueError, match=r"^pyproject.toml, line 2: tool.conv-verify is 3, not a table$"):
        settings_of()


def test_file_that_is_no_toml_is_refused():
    pyproject("[tool\n")
    with pytest.raises(ValueError, match=r"^pyproject.toml, line 1: it cannot be read: Expected ']' at"):
        settings_of()


def test_command_with_a_wrong_setting_is_one_sentence_and_exit_2(capsys: pytest.CaptureFixture[str]):
    table("example = 5")
    assert main(["run"]) == 2
    sentence = "pyproject.toml, line 2: tool.conv-verify.example is no setting; did you mean 'examples'?"
    assert capsys.readouterr() == ("", f"conv-verify: {sentence}\n")


def test_setting_of_another_command_is_no_error(capsys: pytest.CaptureFixture[str]):
    table("max-time = 5")
    assert main(["pin", "conv_i1_k1_same_ones", "--reason", "so"]) == 0


def test_command_without_settings_reads_no_file(capsys: pytest.CaptureFixture[str]):
    pyproject("[tool\n")
    assert main(["explain", "conv_i1_k1_same_ones"]) == 0


@click.command
@known_options
def knowing(known: Known) -> Known:
    return known


@pytest.mark.parametrize(
    ("line", "arguments", "excuse"),
    [
        ("", [], True),
        ("", ["--no-known"], False),
        ("no-known = true", [], False),
        ("no-known = false", [], True),
        ("known = 'known.toml'", ["--no-known"], False),
        ("no-known = true", ["--known", "known.toml"], True),
        ("no-known = true\nknown = 'known.toml'", [], False),
    ],
)
def test_deviations_are_excused_as_the_command_line_says(line: str, arguments: list[str], *, excuse: bool):
    Path("known.toml").touch()
    table(line)
    settings = settings_of()
    defaults = defaults_of(knowing, settings)
    known = knowing.main(arguments, standalone_mode=False, default_map=defaults, obj=settings)
    assert known == Known(excuse=excuse)


def test_every_option_of_a_run_is_a_setting():
    keys = (
        "subjects examples max-time profile seed matrix shard report html large relations demand pin corpus "
        "words failures known no-known database baseline update-baseline isolate python timeout device jobs "
        "operations ranks dtypes data-formats paddings padding-modes output-paddings weight-dtypes "
        "around views fills steps reductions regions max-side max-kernel max-stride max-dilation "
        "max-channels max-groups max-batch verbose quiet"
    )
    assert " ".join(options_of(command_of("run"))) == keys


@pytest.mark.parametrize(
    ("text", "meant"), [("NHCW", "NHWC"), ("nhcw", "NHWC"), ("channel_last", "channels_last")]
)
def test_data_format_that_is_none_names_the_nearest_of_either_spelling(text: str, meant: str) -> None:
    with pytest.raises(click.BadParameter, match=f"did you mean '{meant}'"):
        listed("data_formats").convert(text, None, None)
