"""LiteRT, imported without what it prints on standard error."""

from __future__ import annotations

from verify.checks.versions import version_installed
from verify.subjects.litert.kernels import Engine
from verify.subjects.silence import silenced

with silenced(show_failure=True):
    from ai_edge_litert import schema_py_generated
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

VERSION = version_installed("ai_edge_litert")

ENGINE = Engine(
    interpreter=Interpreter,
    resolver=lambda name: getattr(OpResolverType, name),
    schema=schema_py_generated,
    framework="litert",
)
