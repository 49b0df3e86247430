"""The table of subjects by name, each imported when it is first asked for."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from verify.cases.case import Case
from verify.cases.epilogue import AROUND
from verify.cases.operations import OPERATIONS
from verify.checks.check import Subject
from verify.checks.deviations import Deviation
from verify.faults import fault_named

BUILTIN: Mapping[str, str] = MappingProxyType(
    {
        "tensorflow": "eager; the seed says by which of the functions of tf.nn",
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


def labelled(name: str, environment: Mapping[str, str]) -> str:
    """A subject's name with the settings that it is to run under."""
    return " ".join((name, *(f"{switch}={value}" for switch, value in environment.items())))


def split_label(label: str) -> tuple[str, dict[str, str]]:
    """The name and the settings of a label."""
    name, *settings = label.split(" ")
    return name, dict(setting.split("=", 1) for setting in settings)


_UNDECLARED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"operations": ("conv",), "around": ("bias", "relu"), "refuses": ()}
)


def declared(subject: Subject) -> dict[str, tuple[str, ...]]:
    """What a subject says of itself, in attributes of these names.

    The `operations` that it answers, what it bears `around` them, and the operations of which it
    `refuses` illegal calls. One that says nothing answers convolutions with a bias and relu.
    """
    return {name: tuple(getattr(subject, name, default)) for name, default in _UNDECLARED.items()}


class UnknownSubject(ValueError):
    """A name that is neither built in nor a `package.module:callable` that can be imported."""


def load(name: str) -> Subject:
    """The subject of a name: a built-in one, `fault:NAME` or `package.module:callable`.

    Raises UnknownSubject, one sentence, also where the module or its framework is not installed.
    """
    family = name.partition(":")[0]
    if name in BUILTIN:
        return _built_in(name)
    if family == "fault":
        return _Planted(name)
    if family in BUILTIN or ":" not in name:
        near = difflib.get_close_matches(name, BUILTIN, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UnknownSubject(
            f"{name!r} is no subject: it is one of {', '.join(BUILTIN)}, or package.module:callable{hint}"
        )
    return _Own(name)


def relatives(name: str) -> tuple[str, ...]:
    """The subjects that come with one: those built in on the same framework, or itself alone."""
    if name not in BUILTIN:
        return (name,)
    family = name.partition(":")[0]
    return tuple(each for each in BUILTIN if each.partition(":")[0] == family)


def _built_in(name: str) -> Subject:
    try:
        subject: Subject = import_module(f"verify.subjects.{name.partition(':')[0]}").subject(name)
    except ModuleNotFoundError as missing:
        package = (missing.name or "a module").partition(".")[0]
        raise UnknownSubject(f"{name!r} needs {package}, which is not installed") from None
    except ImportError as missing:
        raise UnknownSubject(f"{name!r} cannot be imported: {missing}") from None
    return subject


class _Planted:
    """A fault of the catalogue as a subject, `fault:NAME`, to see what is said of it."""

    operations = tuple(OPERATIONS)
    around = AROUND

    def __init__(self, name: str) -> None:
        self.name = name
        try:
            self._fault = fault_named(name.partition(":")[2])
        except ValueError as unknown:
            raise UnknownSubject(str(unknown)) from None

    def __call__(self, case: Case) -> Any:
        return self._fault(case)


class _Own:
    """A user's callable under the name that it was asked for by."""

    def __init__(self, name: str) -> None:
        module, _, path = name.partition(":")
        if "" not in sys.path and os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())
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
        self.name = name
        self.switches: Mapping[str, str] = getattr(target, "switches", {})
        self.known: Sequence[Deviation] = getattr(target, "known", ())
        self.version: str | None = getattr(target, "version", None)
        for attribute, value in declared(target).items():
            setattr(self, attribute, value)
        self._call: Subject = target

    def __call__(self, case: Case) -> Any:
        return self._call(case)


def source(subject: Subject) -> str:
    """A digest of the file that a user's own callable is written in; "" for what is built in."""
    if said := getattr(subject, "source", ""):
        return str(said)
    target = getattr(subject, "_call", subject)
    module = sys.modules.get(getattr(target, "__module__", type(target).__module__))
    file = getattr(module, "__file__", None)
    if getattr(subject, "name", None) in BUILTIN or file is None or not os.path.exists(file):
        return ""
    return sha256(Path(file).read_bytes()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """What is in play, by name, without importing it."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in ("numpy", "hypothesis", "tensorflow"):
        try:
            # What is imported knows its version under any name that it was installed by (tensorflow-cpu).
            found[package] = getattr(sys.modules.get(package), "__version__", None) or version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
