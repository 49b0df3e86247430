"""The guides, followed: what they say to type exists, and so does what they name."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest
import yaml

from tests.places import ROOT
from tests.test_rooms import OUTSIDE, ROOMS
from verify import Case
from verify.__main__ import main
from verify.cases.fills import FILLS
from verify.cases.operations import OPERATIONS
from verify.commands.cli import COMMANDS, cli, command_of
from verify.commands.guide import TOPICS
from verify.entry import OPTIONS
from verify.faults import FAULTS
from verify.oracle.arithmetic import arithmetics

GITHUB = ROOT / ".github"
GUIDE = ROOT / "verify" / "guide"
"""The user's guide, of one file for each topic."""
FILES = (ROOT / "README.md", *sorted(GITHUB.glob("*.md")), *(GUIDE / f"{topic}.md" for topic in TOPICS))
GUIDES = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in FILES}
USERS = "\n".join(text for name, text in GUIDES.items() if not name.startswith(".github"))
"""All that is written for users: the README and the guide."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CODE = re.compile(r"^```(?:console|sh|text)\n(.*?)^```$|(?<!`)`([^`\n]+)`", re.MULTILINE | re.DOTALL)
SPELLED = {"ml_dtypes": "ml_dtypes", "onnx": "ONNX", "jinja2": "Jinja2", "numpy": "NumPy", "pytest": "pytest",
           "threadpoolctl": "threadpoolctl", "tensorflow": "TensorFlow",
           "onnxruntime": "ONNX Runtime", "ai_edge_litert": "LiteRT", "openvino": "OpenVINO",
           "jax": "JAX", "torch": "PyTorch", "distributed": "Dask",
           "fsspec": "fsspec", "keras": "Keras"}  # fmt: skip
"""Package → its name in a table, where that is not the capitalised one."""

PLACES = ("verify/", "strategies/", "tests/", ".github/", ".ci/")
YOURS = {"tests/test_conv.py", "tests/test_conv.py:conv2d", "tests/pins", "tests/strategies.py"}
"""Files that a guide means to be in the reader's own project."""


def code_of(guide: str) -> Iterator[str]:
    """The lines of code in a guide, what prompts begin them left out."""
    for block, span in CODE.findall(guide):
        yield from (line.removeprefix("$ ") for line in (block or span).splitlines())


def words_of(line: str) -> list[str]:
    """The words of a command as a shell splits them; a sentence with an apostrophe has none."""
    with suppress(ValueError):
        return shlex.split(line, comments=True)
    return []


def calls_of(guide: str) -> Iterator[list[str]]:
    """The arguments of each `conv-verify` that a guide types, up to the end of its command."""
    for line in code_of(guide):
        for words in map(words_of, re.split(r"&&|;|>", line)):
            if words[:1] == ["conv-verify"]:
                yield words[1:]
            elif words[1:3] == ["-m", "verify"]:
                yield words[3:]


CALLS = sorted({tuple(call) for guide in GUIDES.values() for call in calls_of(guide) if call})
"""Every command line of ours that a guide has."""


def options_of(command: str) -> dict[str, click.Parameter]:
    return {
        spelling: option
        for option in command_of(command).params
        for spelling in (*option.opts, *option.secondary_opts)
    }


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_a_command_of_a_guide_exists_with_its_options(call: tuple[str, ...]) -> None:
    command, *arguments = (word for word in call if word != "COMMAND")
    if command.isupper() or (not arguments and command not in COMMANDS):
        pytest.skip("it stands for any command")
    typed = {word.split("=")[0] for word in arguments if word.startswith("--")} - {"--help"}
    assert typed <= options_of(command).keys()


def test_guides_have_commands_to_follow() -> None:
    assert {call[0] for call in CALLS} >= {"run", "sweep", "pin", "export", "report", "selftest", "list"}


@pytest.mark.parametrize("span", sorted({
    span for guide in GUIDES.values() for span in code_of(guide) if re.match(r"[a-z]+ .*--[a-z]", span)
    and span.split()[0] in COMMANDS
}))  # fmt: skip
def test_a_command_without_its_program_has_its_options(span: str) -> None:
    command, *arguments = re.sub(r"[\[\]]", "", span).split()
    assert {word for word in arguments if word.startswith("--")} <= options_of(command).keys()


def test_every_option_that_users_read_of_exists() -> None:
    spoken = {span.split()[0].strip("…") for span in code_of(USERS) if span.startswith("--")}
    ours = {option for command in COMMANDS for option in options_of(command)} | {*OPTIONS}
    ours |= {option for parameter in cli.params for option in parameter.opts}
    assert len(spoken) > 20
    assert spoken - ours == {"--hypothesis-profile"}


@pytest.mark.parametrize(
    "call",
    [
        ("explain", "conv_i1x1x3_k1x1x1_s1x1x3_same_float64_iota"),
        ("explain", "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"),
        ("run", "--help"),
        ("pin", "conv_i1x2_k1x2_same_ones", "--reason", "SAME's odd cell went before"),
        ("pin", "--check"),
    ],
    ids=" ".join,
)
def test_a_cheap_command_of_the_readme_exits_0(
    call: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(list(call)) == 0


def paths_of(guide: str) -> set[str]:
    """The paths inside the project that a guide names in code, or links to."""
    words = {word.strip("`',:;.") for line in code_of(guide) for word in line.split()}
    return {word for word in words if word.startswith(PLACES)} - YOURS


@pytest.mark.parametrize(("name", "path"), [
    (name, path) for name, guide in GUIDES.items() for path in sorted(paths_of(guide))
])  # fmt: skip
def test_a_path_that_a_guide_names_exists(name: str, path: str) -> None:
    pattern = re.sub(r"NAME", "*", path.rstrip("/"))
    assert any(ROOT.glob(pattern)), f"{name} names {path}"


@pytest.mark.parametrize(("name", "target"), [
    (name, target) for name, guide in GUIDES.items()
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", guide)
])  # fmt: skip
def test_a_link_leads_to_a_file(name: str, target: str) -> None:
    assert ((ROOT / name).parent / target).is_file()


def test_every_word_of_a_case_in_a_guide_is_a_case() -> None:
    operations = "|".join(OPERATIONS)
    pattern = re.compile(rf"\b(?:{operations})_i\d[\w.]*_(?:{'|'.join(FILLS)})\d*(?:_illegal)?\b")
    words = {word for guide in GUIDES.values() for word in pattern.findall(guide)}
    assert words
    assert [str(Case.parse(word)) for word in sorted(words)] == sorted(words)


def test_an_arithmetic_that_a_guide_declares_exists() -> None:
    declared = re.findall(r'arithmetic = "([^"]+)"', USERS)
    assert declared
    assert all(map(arithmetics, declared))


def test_the_guide_says_how_many_faults_there_are() -> None:
    assert f" {len(FAULTS)} *faults*" in GUIDES["verify/guide/verdicts.md"]


def test_every_topic_is_a_file_that_ships_and_that_the_readme_links() -> None:
    assert sorted(path.stem for path in GUIDE.iterdir()) == sorted(TOPICS)
    assert re.findall(r"\]\(verify/guide/(\w+)\.md\)", GUIDES["README.md"]) == sorted(
        TOPICS, key=TOPICS.index
    )
    assert "guide/*.md" in PROJECT["tool"]["setuptools"]["package-data"]["verify"]


def test_the_readme_fits_and_explains_its_words_before_it_uses_them() -> None:
    readme = GUIDES["README.md"]
    assert len(readme.splitlines()) <= 200
    words = [row[0].strip("*") for row in rows_of(readme, "word")]
    assert sorted(words) == ["declined", "domain", "fill", "finding", "known", "region", "vacuous", "way"]
    before = readme[: readme.index("| word |")]
    assert [word for word in words if re.search(rf"\b{word}s?\b", before)] == []


def test_the_guide_has_every_operation_and_fill_among_the_tokens() -> None:
    tokens = set(re.findall(r"`([a-z]+)(?:7|231n)?`", GUIDES["verify/guide/words.md"]))
    names = {name.removesuffix("231n") for name in (*OPERATIONS, *FILLS)}
    assert names - tokens == set()


def rows_of(guide: str, header: str) -> list[list[str]]:
    """The cells of the table that begins with a header, row by row."""
    table = guide.partition(f"| {header} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table]


def test_the_table_of_rooms_is_what_the_code_is_held_to() -> None:
    rows = rows_of(GUIDES[".github/CONTRIBUTING.md"], "room")
    said = {room.strip("`"): {*outside.split(", ")} - {"nothing"} for room, _, outside in rows}
    held = {room: {SPELLED.get(name, name.capitalize()) for name in OUTSIDE[room]} for room in ROOMS}
    assert list(said.items()) == list(held.items())


def test_the_drawing_has_every_room_and_no_other() -> None:
    drawing = GUIDES[".github/ARCHITECTURE.md"].partition("```mermaid\n")[2].partition("```")[0]
    named = set(re.findall(r"^ +(\w+) -.*> (\w+)$", drawing, re.MULTILINE))
    assert {room for arrow in named for room in arrow} == {*ROOMS, "strategies"}


def test_the_changelog_has_the_version_that_is_released() -> None:
    assert f"## [{PROJECT['project']['version']}]" in GUIDES[".github/CHANGELOG.md"]


WORKFLOW = yaml.safe_load((GITHUB / "workflows" / "ci.yml").read_text("utf-8"))["jobs"]


def test_the_workflow_has_the_versions_of_python_that_the_classifiers_have() -> None:
    (setup,) = [step for step in WORKFLOW["without-tensorflow"]["steps"] if "setup-python" in str(step)]
    tested = [*WORKFLOW["gate"]["strategy"]["matrix"]["python"], setup["with"]["python-version"]]
    prefix = "Programming Language :: Python :: 3."
    classifiers = [name for name in PROJECT["project"]["classifiers"] if name.startswith(prefix)]
    assert tested == [name.rpartition(" ")[2] for name in classifiers]


def test_the_gate_of_the_workflow_is_the_one_that_runs_anywhere() -> None:
    assert WORKFLOW["gate"]["steps"][-1]["run"] == ".ci/run"
    assert (ROOT / ".ci" / "run").is_file()


def test_hooks_are_commands_that_the_tests_install() -> None:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    extra = {re.split(r"[<>=]", line)[0] for line in PROJECT["project"]["optional-dependencies"]["test"]}
    assert {hook["entry"].split()[0] for hook in local["hooks"]} <= extra


@pytest.mark.parametrize("extra", ["test", "mutation"])
def test_contributing_installs_extras_that_exist(extra: str) -> None:
    assert "'.[test,mutation]'" in GUIDES[".github/CONTRIBUTING.md"]
    assert extra in PROJECT["project"]["optional-dependencies"]


@pytest.mark.parametrize("key", ["source_paths", "also_copy", "pytest_add_cli_args_test_selection"])
def test_mutation_tests_change_and_run_files_that_exist(key: str) -> None:
    assert [path for path in PROJECT["tool"]["mutmut"][key] if not (ROOT / path).exists()] == []
