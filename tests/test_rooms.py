"""The house: what each module may import, proved from the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# From the ground up. DESIGN's floors 2 to 4 are each two steps here: the reference needs the
# doubled sums, the verdicts need their words, a check raises its text.
FLOORS = [
    {
        "verify.runs",
        "verify.runs.sweep",
        "verify.config",
        "verify.corpus",
        "verify.reports",
        "verify.reports.explanation",
        "verify.subjects",
        "verify.checks",
        "verify.faults.catalogue",
        "verify.oracle",
        "verify.cases",
        "verify.cases.geometry",
        "verify.cases.dtypes",
        "verify.checks.clock",
        "verify.checks.deadline",
        "verify.checks.journal",
        "verify.subjects.processor",
        "verify.reports.records",
        "verify.checks.releases",
        "verify.corpus.rewrite",
        "verify.cases.shards",
        "verify.oracle.threads",
    },
    {"verify.cases.word"},
    {"verify.config.options"},
    {"verify.config.settings"},
    {"verify.cases.case"},
    {
        "verify.cases.fills",
        "verify.oracle.compensated",
        "verify.oracle.problem",
        "verify.cases.predicates",
        "verify.corpus.words",
        "verify.cases.simplify",
        "verify.cases.enumeration",
        "verify.reports.explanation.cell",
        "verify.reports.explanation.lines",
    },
    {
        "verify.oracle.epilogue",
        "verify.oracle.windows",
        "verify.reports.explanation.axes",
        "verify.reports.explanation.grids",
        "verify.reports.explanation.steps",
        "verify.corpus.pins",
    },
    {"verify.oracle.operations"},
    {"verify.oracle.reference"},
    {
        "verify.oracle.bounds",
        "verify.oracle.compare",
        "verify.reports.explanation.explain",
        "verify.faults.index_maps",
    },
    {"verify.faults.summation", "verify.faults.fault"},
    {
        "verify.faults.catalogue.padding",
        "verify.faults.catalogue.channels",
        "verify.faults.catalogue.batch",
        "verify.faults.catalogue.behaviour",
    },
    {"verify.faults.catalogue.windows", "verify.faults.catalogue.precision"},
    {"verify.faults.catalogue.gradients"},
    {"verify.faults"},
    {"verify.faults.visibility", "verify.faults.matching"},
    {"verify.checks.message", "verify.checks.deviations"},
    {"verify.checks.check"},
    {"verify.checks.probes"},
    {"verify.checks.diagnosis"},
    {"verify.checks.known"},
    {"verify.checks.bulk"},
    {"verify.runs.sweep.progress", "verify.runs.sweep.findings"},
    {"verify"},
    {"verify.subjects.registry"},
    {"verify.corpus.failures"},
    {"verify.config.flags"},
    {"verify.subjects.tensorflow.imported"},
    {"verify.subjects.tensorflow.forward", "verify.subjects.tensorflow.epilogue"},
    {"verify.subjects.tensorflow.gradients", "verify.subjects.tensorflow.raw"},
    {"verify.subjects.tensorflow.calls"},
    {"verify.subjects.tensorflow.layers"},
    {"verify.subjects.tensorflow.layer_gradients"},
    {"verify.subjects.tensorflow.modes"},
    {"verify.subjects.tensorflow.roads", "verify.subjects.protocol"},
    {"verify.subjects.tensorflow"},
    {"verify.subjects.isolated", "verify.subjects.worker"},
    {"verify.export"},
    {"verify.export.source", "verify.export.arrays", "verify.export.pytest_file", "verify.export.onnx_model"},
    {"verify.export.recording"},
    {"verify.export.ways"},
    {"verify.export.script"},
    {"strategies.row"},
    {"strategies.parts"},
    {"strategies.cases"},
    {"strategies.illegal"},
    {"strategies", "strategies.sample"},
    {
        "verify.reports.tally",
        "verify.faults.witnesses",
        "verify.config.database",
        "verify.gate.search",
        "verify.reports.terminal",
    },
    {"verify.reports.fault_coverage", "verify.gate.recorder"},
    {"verify.config.session", "verify.gate.properties"},
    {"verify.gate.judging"},
    {
        "verify.gate.conformance",
        "verify.reports.summary",
        "verify.runs.replay",
        "verify.runs.baseline",
        "verify.runs.baseline.ulps",
    },
    {"verify.gate"},
    {"verify.reports.github", "verify.reports.merge"},
    {"verify.reports.html.picture", "verify.reports.html.tables"},
    {"verify.reports.html.answer", "verify.reports.html.window"},
    {"verify.reports.html.content"},
    {"verify.reports.html.page", "verify.reports.html"},
    {"verify.reports.html.writing"},
    {"verify.pytest_plugin", "verify.runs.diff", "verify.runs.sweep.jobs", "verify.runs.baseline.behaviour"},
    {"verify.runs.baseline.record", "verify.runs.baseline.likeness"},
    {"verify.runs.baseline.changes"},
    {"verify.runs.baseline.comparison"},
    {"verify.runs.baseline.watch"},
    {"verify.runs.run", "verify.runs.selftest", "verify.runs.sweep.sweep"},
    {"verify.commands"},
    {"verify.commands.isolation", "verify.commands.words"},
    {
        "verify.commands.diff",
        "verify.commands.explain",
        "verify.commands.export",
        "verify.commands.selftest",
        "verify.commands.listing",
        "verify.commands.pin",
        "verify.commands.replay",
        "verify.commands.sweep",
        "verify.commands.report",
    },
    {"verify.commands.run", "verify.commands.unpin"},
    {"verify.__main__"},
]
FLOOR = {module: number for number, floor in enumerate(FLOORS) for module in floor}

DOORS = {
    "verify.config.database",
    "verify.gate.conformance",
    "verify.gate.judging",
    "verify.config.session",
    "verify.gate.search",
    "verify.pytest_plugin",
    "verify.runs.run",
    "verify.runs.diff",
    "verify.runs.sweep.sweep",
    "verify.__main__",
}
OUTSIDE = {
    # NumPy has no bfloat16; this extension of it is what frameworks exchange.
    "ml_dtypes": {"verify.cases.dtypes"},
    "threadpoolctl": {"verify.oracle.threads"},
    "tensorflow": {"verify.subjects.tensorflow.imported"},
    "keras": {"verify.subjects.tensorflow.imported"},
    "onnx": {"verify.export.onnx_model"},
    "hypothesis": {
        "strategies.row",
        "strategies.parts",
        "strategies.cases",
        "strategies.illegal",
        "strategies.sample",
        *DOORS,
    },
    "pytest": DOORS,
    "jinja2": {"verify.reports.html.page"},
    "redis": {"verify.config.database"},
    "rich": {
        "verify.reports.terminal",
        "verify.reports.summary",
        "verify.reports.fault_coverage",
        "verify.runs.selftest",
        *DOORS,
    },
}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module_of(path): path for top in ("verify", "strategies") for path in sorted((ROOT / top).rglob("*.py"))
}


def imports_of(module: str) -> set[str]:
    """Every module that a source names in an import, those inside functions included."""
    found = set()
    for node in ast.walk(ast.parse(SOURCES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            found |= {f"{source}.{a.name}" if f"{source}.{a.name}" in SOURCES else source for a in node.names}
    return found


def test_every_module_has_a_floor() -> None:
    assert set(SOURCES) == set(FLOOR)


@pytest.mark.parametrize("module", SOURCES)
def test_imports_point_down(module: str) -> None:
    inside = {name for name in imports_of(module) if name.split(".")[0] in ("verify", "strategies")}
    assert {name for name in inside if FLOOR[name] >= FLOOR[module]} == set()


@pytest.mark.parametrize("module", SOURCES)
def test_outside_packages_are_imported_where_they_belong(module: str) -> None:
    outside = {name.split(".")[0] for name in imports_of(module)}
    outside -= {"verify", "strategies", "numpy", *sys.stdlib_module_names}
    assert {name for name in outside if module not in OUTSIDE.get(name, set())} == set()


@pytest.mark.parametrize("module", SOURCES)
def test_every_module_says_in_one_sentence_what_it_is(module: str) -> None:
    first = (ast.get_docstring(ast.parse(SOURCES[module].read_text(encoding="utf-8"))) or "").split("\n\n")[0]
    assert first.endswith(".")


def loaded_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has after a statement."""
    code = f"{statement}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.splitlines()[-1].split())


HEAVY = {"tensorflow", "onnx", "hypothesis", "pytest", "rich"}


def test_importing_verify_loads_no_framework() -> None:
    assert loaded_by("import verify") & HEAVY == set()


def test_explaining_a_word_loads_no_framework() -> None:
    run = "from verify.__main__ import main; main(['explain', 'conv_i3x3_k2x2_same_ones'])"
    assert loaded_by(run) & HEAVY == set()


def test_help_loads_no_framework() -> None:
    run = "from verify.__main__ import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    assert loaded_by(run) & HEAVY == set()


def test_drawing_cases_loads_no_tensorflow() -> None:
    assert "tensorflow" not in loaded_by("import strategies")


def test_only_what_belongs_stands_at_the_top() -> None:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=False, cwd=ROOT)
    tops = {name.split("/")[0] for name in listed.stdout.splitlines()}
    allowed = {"verify", "strategies", "tests", "pyproject.toml", "README.md", "LICENSE"}
    assert {top for top in tops if not top.startswith(".")} - allowed == set()
