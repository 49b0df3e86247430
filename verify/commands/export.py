"""`export`: a case as a script, a test, arrays or a model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from verify.cases.case import Case
from verify.export import CannotExport
from verify.subjects.registry import BUILTIN, load

SENTENCE = "take a case elsewhere: a script, a pytest file, arrays, an ONNX model"

FORMS = ("script", "pytest", "npz", "onnx")


def add(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    forms = "script (of TensorFlow alone), pytest (a test file), npz (arrays) or onnx (a model, with data)"
    named = "whom a script or a pytest file asks (default: tensorflow)"
    written = "where to write (default: standard output, WORD.npz, or the folder WORD)"
    option("word", metavar="WORD", help="a case")
    option("--as", dest="form", metavar="FORM", choices=FORMS, required=True, help=forms)
    option("--subject", metavar="SUBJECT", help=named)
    option("--output", type=Path, metavar="PATH", help=written)


def command(options: argparse.Namespace) -> int:
    case = Case.parse(options.word)
    if options.form in ("npz", "onnx"):
        if options.subject:
            raise CannotExport(f"{options.form} holds a case and no subject such as {options.subject!r}")
        return _files(case, options)
    subject = options.subject or "tensorflow"
    text = _script(case, subject) if options.form == "script" else _pytest(case, subject)
    if options.output is None:
        sys.stdout.write(text)
    else:
        options.output.write_text(text, "utf-8")
        print(f"wrote {options.output}")
    return 0


def _script(case: Case, subject: str) -> str:
    if subject not in BUILTIN:
        load(subject)  # a wrong name is answered as one
        raise CannotExport(f"a script asks TensorFlow and needs nothing else: export {subject!r} as pytest")
    from verify.export.script import script
    from verify.subjects import tensorflow

    return script(case, tensorflow.subject(subject))


def _pytest(case: Case, subject: str) -> str:
    from verify.export.pytest_file import pytest_file

    if subject not in BUILTIN:
        load(subject)
    return pytest_file(case, subject)


def _files(case: Case, options: argparse.Namespace) -> int:
    if options.form == "npz":
        from verify.export.arrays import write_arrays

        path = options.output or Path(f"{case}.npz")
        write_arrays(case, path)
    else:
        path = options.output or Path(str(case))
        _write_onnx(case, path)
    print(f"wrote {path}")
    return 0


def _write_onnx(case: Case, folder: Path) -> None:
    try:
        from verify.export.onnx_model import write_onnx
    except ModuleNotFoundError as missing:
        raise CannotExport(
            f"an ONNX model needs {missing.name}, which is not installed: python -m pip install onnx"
        ) from None
    write_onnx(case, folder)
