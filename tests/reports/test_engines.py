"""The table of engines: what is counted, and that the guide's has every way and deviation that there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.places import ROOT
from verify.__main__ import main
from verify.reports.engines import HEAD, engines_table
from verify.subjects.documented import names_of_deviations
from verify.subjects.keras.switches import BACKEND
from verify.subjects.registry import BUILTIN, is_installed, load

TABLE = (ROOT / "verify" / "guide" / "engines.md").read_text("utf-8")
ROWS = [line.split(" | ") for line in TABLE.splitlines() if line.startswith("| `")]
PLACES = {(row[0].strip("| `"), row[1]) for row in ROWS}
SLOW = ("tensorflow", "torch:compile", "keras")
"""Those that take long to import, or need a compiler or a backend; all but the compiled are in the table."""

HERE = [name for name in BUILTIN if not name.startswith(SLOW) and is_installed(name)]


def record(**fields: object) -> str:
    usual = {"type": "case", "subject": "numpy", "way": "im2col", "property": "values", "name": "values"}
    usual |= {"word": "conv_i1_k1_same_ones", "outcome": "agrees", "error": 0.0, "visible": [], "rank": 1}
    usual |= {"operation": "conv", "dtype": "float32", "padding": "same"}
    return json.dumps({**usual, **fields})


def written(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "records.jsonl"
    begun = {"type": "run", "format": 1, "grammar": 2, "time": "2026-01-01T00:00:00+00:00", "environment": ""}
    begun |= {"seed": 1, "profile": "dev", "subjects": ["numpy"], "properties": {}, "shard": "1/1"}
    file.write_text("\n".join((json.dumps(begun), *lines)) + "\n", "utf-8")
    return file


def test_a_row_counts_what_one_way_answered_in_one_operation(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        record(),
        record(dtype="float16"),
        record(outcome="disagrees", kind="value", cause="a", message="b"),
        record(outcome="declined", sentence="no"),
        record(outcome="known", deviation="a-deviation", judged_by="nothing"),
        record(outcome="known", deviation="a-deviation", judged_by="a prediction", dtype="float16"),
        record(outcome="vacuous"),
        record(name="limits", property="limits are still refused"),
        record(word="conv_i1_k1_s0_same_ones_illegal"),
        record(operation="transpose", word="transpose_i1_k1_same_ones"),
        record(way="", subject="mine:conv"),
        json.dumps({"type": "subject", "subject": "keras", "versions": {}, "switches": {BACKEND: "jax"}}),
        record(way="layers.Conv", subject="keras"),
    )
    assert engines_table([file]).splitlines() == [
        *HEAD,
        "| `keras on jax/layers.Conv` | conv | float32 1 |  |  |  |",
        "| `mine:conv` | conv | float32 1 |  |  |  |",
        "| `numpy/im2col` | conv | float16 2, float32 2 | 1 | 1 | `a-deviation` 2 |",
        "| `numpy/im2col` | transpose | float32 1 |  |  |  |",
    ]


ROW = "| `numpy/im2col` | conv | float32 1 |  |  |  |"

END = {"type": "end", "elapsed": 1.0, "exit": 0, "interrupted": False, "broken": "", "baseline": ""}


@pytest.mark.parametrize(
    ("lines", "code", "said"),
    [
        ([record(), json.dumps(END)], 0, ""),
        ([record()], 3, "Proves too little: the run of records.jsonl was cut off"),
        ([record(), json.dumps({**END, "broken": "no worker"})], 2, "Could not run: no worker"),
        (
            [record(outcome="disagrees", kind="value", cause="a", message="b"), json.dumps(END)],
            1,
            "Disagrees: 1 finding in 1 case.",
        ),
    ],
    ids=["whole", "cut off", "broken", "disagreeing"],
)
def test_the_command_prints_the_table_and_exits_as_the_run_did(
    *,
    lines: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", written(tmp_path, *lines).name, "--engines"]) == code
    printed, errors = capsys.readouterr()
    assert printed.splitlines() == [*HEAD, ROW]
    assert errors.startswith(said)
    assert errors.count("\n") == bool(code)


def test_a_table_and_a_page_exclude_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(written(tmp_path, record()))
    assert main(["report", file, "--engines", "--html", str(tmp_path / "page.html")]) == 2
    assert "--engines and --html exclude each other" in capsys.readouterr().err


def test_what_is_no_record_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(written(tmp_path, record(dtype="float33"))), "--engines"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("name", HERE)
def test_the_guide_has_every_way_and_operation_of_an_engine_that_is_installed(name: str) -> None:
    ways = load(name).ways
    own = {
        (f"{name}/{way}", operation)
        for way, subject in ways.items()
        for operation in subject.domain.spaces
        if not {"int8", "uint8", "int16"} >= {*subject.domain.spaces[operation].dtypes}
    }
    assert own - PLACES == set()
    assert {place for place in PLACES if place[0].startswith(f"{name}/")} - own <= {
        (place, operation) for place, operation in PLACES if place.split("/")[1] in ways
    }


def test_every_engine_has_rows() -> None:
    engines = {place.split("/")[0].split()[0] for place, _ in PLACES}
    assert {*BUILTIN} - engines == {"torch:compile"}


def test_every_deviation_that_the_guide_names_exists() -> None:
    named = {name for row in ROWS for name in re.findall(r"`([a-z0-9-]+)` \d", row[-1])}
    assert named <= {name for name, _ in names_of_deviations()}
    assert len(named) > 20
