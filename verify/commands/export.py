"""`export`: a case as a script, a test, arrays or a model."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import click

from verify.cases.case import Case
from verify.cases.large import require_whole
from verify.checks.replacing import replace_file
from verify.commands.cli import command_named
from verify.config.options import DEVICE, PLACE, SUBJECT, WORD, choice, output_option
from verify.export import CannotExport
from verify.subjects.device import choose
from verify.subjects.isolated import usual
from verify.subjects.registry import is_builtin, is_tensorflow, load, switches_of

FORM = choice("FORM", "script", "issue", "pytest", "npz", "onnx")


@command_named("export")
@click.argument("word", type=WORD, help="a case")
@click.option("--as", "form", type=FORM, required=True, help="script, issue, pytest, npz or onnx")
@click.option("--subject", type=SUBJECT, help="asked by a script or a pytest file (default: tensorflow)")
@click.option("--device", type=DEVICE, help="cpu or cuda, where that subject computes")
@output_option("--output", kind=PLACE, help="where to write (default: standard output, or WORD)")
def command(*, word: str, form: str, subject: str | None, device: str | None, output: Path | None) -> int:
    case = Case.parse(word)
    if form != "pytest":
        require_whole(case, f"exported as {form}")
    if form in ("npz", "onnx"):
        if subject:
            raise CannotExport(f"{form} holds a case and no subject such as {subject!r}")
        if device:
            raise CannotExport(f"{form} holds a case, which no subject computes on {device!r}")
        return _files(case, form, output)
    choose(device)
    subject = subject or "tensorflow"
    text = {"script": _script, "issue": _issue, "pytest": _pytest}[form](case, subject)
    if output is None:
        sys.stdout.write(text)
    else:
        replace_file(output, text.encode())
        print(f"wrote {output}")
    return 0


def _script(case: Case, subject: str) -> str:
    if not is_tensorflow(subject):
        raise CannotExport(f"a script asks TensorFlow and needs nothing else: export {subject!r} as pytest")
    asked = load(subject)  # before the import: where TensorFlow is missing, this says so
    from verify.export.script import script

    return script(case, asked)


def _pytest(case: Case, subject: str) -> str:
    from verify.export.pytest_file import pytest_file

    return pytest_file(case, subject, _switches_of(subject))


def _switches_of(subject: str) -> Mapping[str, str]:
    """The settings that a subject reads; a wrong name is answered as one."""
    if is_builtin(subject):
        return switches_of(subject)
    own = usual(subject)
    own.close()
    return own.switches


def _issue(case: Case, subject: str) -> str:
    """The report of what a subject does with a case, asked in a worker, as it may end the process."""
    from verify.checks.deviations import applying
    from verify.checks.diagnosis import diagnosed
    from verify.checks.path import Examiner
    from verify.export.issue import issue
    from verify.subjects.trial import usual_tried

    asked = usual_tried(subject)
    ways = asked.having(case)
    known = applying(asked.known, asked)
    is_answered = False
    for way in ways:
        examination = Examiner(subject=way, known=known, repeats=2).examine(case)
        if examination.verdict.kind:
            break
        is_answered = is_answered or examination.outcome != "declined"
    else:
        version = f" {asked.version}" if asked.version else ""
        declines = f"it declines it: {examination.verdict.sentence}"
        why = "there is nothing to report" if is_answered else declines
        raise CannotExport(f"{case} shows nothing wrong with {asked.name}{version}: {why}")
    write = _script if is_tensorflow(subject) else _pytest
    return issue(diagnosed(examination), write(case, examination.subject.name))


def _files(case: Case, form: str, output: Path | None) -> int:
    path = output or Path(f"{case}.npz" if form == "npz" else str(case))
    module, name = ("arrays", "write_arrays") if form == "npz" else ("onnx_model", "write_onnx")
    try:
        write = getattr(import_module(f"verify.export.{module}"), name)
    except ModuleNotFoundError as missing:
        why = f"an ONNX model needs {missing.name}, which is not installed: python -m pip install onnx"
        raise CannotExport(why) from None
    write(case, path)
    print(f"wrote {path}")
    return 0
