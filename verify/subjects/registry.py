"""The table of subjects by name, each imported when it is first asked for."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from verify.checks.project import root
from verify.checks.subject import Description, Subject, describe
from verify.faults import fault_named

BUILTIN: Mapping[str, str] = MappingProxyType(
    {
        "tensorflow": "eager; the seed chooses one of the functions of tf.nn",
        "tensorflow:convolution": "eager, by tf.nn.convolution and conv_transpose throughout",
        "tensorflow:gradient": "gradients that GradientTape takes of the forward calls",
        "tensorflow:raw": "the operations of tf.raw_ops themselves",
        "tensorflow:graph": "tf.function, rewritten by grappler; half of the seeds leave sizes unknown",
        "tensorflow:xla": "tf.function compiled by XLA",
        "tensorflow:keras": "layers of Keras, called eagerly",
        "tensorflow:lite": "converted to TensorFlow Lite and run by its interpreter",
    }
)
"""Name → what it runs."""


COMPILED = frozenset({"tensorflow:graph", "tensorflow:xla", "tensorflow:lite"})
"""Those that trace or compile each shape, which takes 10 to 70 ms."""


class UnknownSubject(ValueError):
    """A name that is neither built in nor a `package.module:callable` that can be imported."""


def load(name: str) -> Description:
    """The subject of a name: a built-in one, `fault:NAME` or `package.module:callable`.

    Raises UnknownSubject, one sentence, also if the module or its framework is not installed, and
    for a subject with a wrong attribute.
    """
    family, colon, rest = name.partition(":")
    if name in BUILTIN:
        return describe(_built_in(name))
    if family in BUILTIN or not colon:
        near = difflib.get_close_matches(name, BUILTIN, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UnknownSubject(
            f"{name!r} is no subject: it is one of {', '.join(BUILTIN)}, or package.module:callable{hint}"
        )
    try:
        return describe(fault_named(rest)) if family == "fault" else describe(_users_own(name), name=name)
    except ValueError as wrong:
        raise UnknownSubject(str(wrong)) from wrong.__cause__


def relatives(name: str) -> tuple[str, ...]:
    """The subjects that share its worker: those built in on the same framework, or itself alone."""
    if name not in BUILTIN:
        return (name,)
    family = name.partition(":")[0]
    return tuple(relative for relative in BUILTIN if relative.partition(":")[0] == family)


def _built_in(name: str) -> Subject:
    try:
        subject: Subject = import_module(f"verify.subjects.{name.partition(':')[0]}").subject(name)
    except ModuleNotFoundError as missing:
        package = (missing.name or "a module").partition(".")[0]
        raise UnknownSubject(f"{name!r} needs {package}, which is not installed") from None
    except ImportError as missing:
        raise UnknownSubject(f"{name!r} cannot be imported: {missing}") from None
    return subject


def _find_modules_of_the_project() -> None:
    """Have modules found in the current folder and then in that of the project, if they are not yet."""
    here, project = str(Path.cwd()), str(root())
    if "" not in sys.path and here not in sys.path:
        sys.path.insert(0, here)
    if project not in (here, *sys.path):
        sys.path.insert(1 + sys.path.index("" if "" in sys.path else here), project)


def _users_own(name: str) -> Subject:
    module, _, path = name.partition(":")
    _find_modules_of_the_project()
    try:
        target: Any = import_module(module)
    except (Exception, SystemExit) as error:
        reason = f"{type(error).__name__}: {error}"
        raise UnknownSubject(f"{name!r} is no subject: importing {module} raised {reason}") from error
    for part in path.split("."):
        if not hasattr(target, part):
            raise UnknownSubject(f"{name!r} is no subject: {module} has no {path!r}")
        target = getattr(target, part)
    if not callable(target):
        raise UnknownSubject(f"{name!r} is no subject: {path} is a {type(target).__name__}, not callable")
    subject: Subject = target
    return subject
