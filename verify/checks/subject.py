"""A subject, and all that is known of it: one frozen description, made in one place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from verify.cases.case import Case
from verify.cases.operations import AROUND, OPERATIONS
from verify.checks.deviations import CONDITION_NAMES, Deviation
from verify.faults import Fault
from verify.oracle.compare import Verdict

Subject = Callable[[Case], Any]
"""An implementation under test: it takes a case and returns an array, or raises Declined."""


class Declared(Protocol):
    """The attributes by which a subject may describe itself. Each may be missing or None.

    The first group is for everyone, the second for what runs in another process.
    """

    name: str
    """What messages and commands call it; by default `module:qualified.name`."""
    operations: Collection[str]
    """The operations that it answers; by default `("conv",)`."""
    around: Collection[str]
    """What it supports before and after them, such as a border; by default `("bias", "relu")`."""
    refuses: Collection[str]
    """The operations whose illegal calls it refuses; by default none."""
    switches: Mapping[str, str]
    """Environment variables that change its answers, with their values where it runs; by default none."""
    version: str
    """Its own version, or its framework's, by which deviations are chosen; by default unknown."""
    known: Collection[Deviation]
    """Its known deviations; by default none."""
    condition_names: Mapping[str, Any]
    """What conditions may use beside the case's names and `switches`; by default as in CONDITION_NAMES."""
    close: Callable[[], object]
    """Releases what it holds, such as a process; it may be asked again afterwards. By default nothing."""

    options: str
    """What `replay` needs to run it in the same way; by default nothing."""
    versions: Mapping[str, str]
    """The versions of Python and packages where it runs; by default those of this process."""
    source: str
    """A digest of the file that it is written in; by default it is computed."""
    headline: str
    """A line on what it is and where it runs; by default its name and the versions."""


class Declined(Exception):
    """Raised by a subject for a case that it does not support; the message says why."""


class Elsewhere(Exception):
    """Raised by a subject that runs in another process, for the verdict that was reached there."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.sentence)
        self.verdict = verdict


@cache
def elsewhere(name: str) -> type[Elsewhere]:
    """A class of its own for what is called `name` there: an error's class and place, or a signal.

    Hypothesis and the tallies distinguish errors by their classes.
    """
    return type(name, (Elsewhere,), {})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a string")
    return value


def _word(value: Any) -> str:
    if _text(value).split() != [value]:
        raise TypeError("a string without white space")
    return str(value)


def _texts_by_name(value: Any) -> Mapping[str, str]:
    pairs = value.items() if isinstance(value, Mapping) else [(None, None)]
    if not all(isinstance(text, str) for pair in pairs for text in pair):
        raise TypeError("a mapping of strings to strings")
    return MappingProxyType(dict(pairs))


def _condition_names(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not value.keys() <= CONDITION_NAMES.keys():
        raise TypeError(f"a mapping of some of {', '.join(CONDITION_NAMES)}")
    return {name: tuple(part) if isinstance(part, list) else part for name, part in value.items()}


def _some_of(vocabulary: Collection[str], *, least: int = 0) -> Callable[[Any], tuple[str, ...]]:
    def checked(value: Any) -> tuple[str, ...]:
        is_list = isinstance(value, Collection) and not isinstance(value, str | Mapping)
        if not is_list or len(value) < least or not all(word in vocabulary for word in value):
            raise TypeError(f"a list of some of {', '.join(vocabulary)}")
        return tuple(map(str, value))

    return checked


def _deviations(value: Any) -> tuple[Deviation, ...]:
    if not isinstance(value, Collection) or not all(isinstance(entry, Deviation) for entry in value):
        raise TypeError("a list of deviations")
    return tuple(value)


def _call(value: Any) -> Callable[[], object]:
    if not callable(value):
        raise TypeError("a function")
    checked: Callable[[], object] = value
    return checked


@dataclass(frozen=True, kw_only=True)
class Description:
    """All that is known of a subject, made by `describe`: what it declares, else the defaults.

    It is a subject itself, which asks the one that it describes. `module` is where that is defined.
    Each attribute of `Declared` is a field here, with its default and what takes the value.
    """

    call: Subject
    module: str
    name: str = field(metadata={"takes": _word})
    operations: tuple[str, ...] = field(default=("conv",), metadata={"takes": _some_of(OPERATIONS, least=1)})
    around: tuple[str, ...] = field(default=("bias", "relu"), metadata={"takes": _some_of(AROUND)})
    refuses: tuple[str, ...] = field(default=(), metadata={"takes": _some_of(OPERATIONS)})
    switches: Mapping[str, str] = field(default_factory=dict, metadata={"takes": _texts_by_name})
    version: str | None = field(default=None, metadata={"takes": _text})
    known: tuple[Deviation, ...] = field(default=(), metadata={"takes": _deviations})
    condition_names: Mapping[str, Any] = field(default_factory=dict, metadata={"takes": _condition_names})
    close: Callable[[], object] = field(default=lambda: None, metadata={"takes": _call})
    options: str = field(default="", metadata={"takes": _text})
    versions: Mapping[str, str] = field(default_factory=dict, metadata={"takes": _texts_by_name})
    source: str = field(default="", metadata={"takes": _text})
    headline: str = field(default="", metadata={"takes": _text})

    def __call__(self, case: Case) -> Any:
        return self.call(case)

    @property
    def label(self) -> str:
        """The name with the switches that it runs under."""
        return labelled(self.name, self.switches)


def describe(subject: Subject, *, name: str | None = None) -> Description:
    """The description of a subject, under another name where one is given; a description as it is.

    Raises TypeError for what cannot be called, and ValueError, one sentence, for an attribute of a
    wrong value.
    """
    if isinstance(subject, Description):
        return subject if name is None else replace(subject, name=name)
    if not callable(subject):
        raise TypeError(f"{subject!r} is no subject: a subject is a callable that takes a case")
    declared: dict[str, Any]
    if isinstance(subject, Fault):
        declared = {"name": name or name_of(subject), "operations": tuple(OPERATIONS), "around": AROUND}
    else:
        declared = _declared(subject, name)
    switches = {"switches": declared.get("switches", {})}
    declared["condition_names"] = {**CONDITION_NAMES, **declared.get("condition_names", {}), **switches}
    return Description(call=subject, module=str(getattr(subject, "__module__", "")), **declared)


def _declared(subject: Subject, name: str | None) -> dict[str, Any]:
    """What a subject says of itself, under the names of the fields; it has a `name` in any case."""
    declared: dict[str, Any] = {"name": name or name_of(subject)}
    for attribute in fields(Description):
        if "takes" in attribute.metadata and attribute.name != "name":
            takes = attribute.metadata["takes"]
            value = _said(subject, attribute.name, named=declared["name"], takes=takes)
            if value is not None:
                declared[attribute.name] = value
    return declared


def _said(subject: Subject, attribute: str, *, named: str, takes: Callable[[Any], Any]) -> Any:
    """The value of a subject's attribute, or None; ValueError, one sentence, for a wrong value."""
    try:
        value = getattr(subject, attribute, None)
    except Exception as error:
        wrong = f"{attribute}, which raises {type(error).__name__}: {error}"
        raise ValueError(f"the subject {named!r} has {wrong}") from error
    try:
        return None if value is None else takes(value)
    except TypeError as expected:
        raise ValueError(f"the subject {named!r} has {attribute} = {value!r}, not {expected}") from None


def name_of(subject: Subject) -> str:
    """The name that a subject says, or its place: `module:qualified.name`, in angle brackets for an object.

    No other attribute is read, as that might start its worker.
    """
    if isinstance(subject, Fault):
        return f"fault:{subject.name}"
    place = _qualified_name(subject)
    return _said(subject, "name", named=place, takes=_word) or place


def _qualified_name(subject: Subject) -> str:
    if hasattr(subject, "__qualname__") and not hasattr(subject, "__self__"):
        return f"{subject.__module__}:{subject.__qualname__}"
    kind = type(getattr(subject, "__self__", subject))
    return f"{kind.__module__}:<{kind.__qualname__}>"


def labelled(name: str, environment: Mapping[str, str]) -> str:
    """A subject's name with the settings that it is to run under."""
    return " ".join((name, *(f"{switch}={value}" for switch, value in environment.items())))


def split_label(label: str) -> tuple[str, dict[str, str]]:
    """The name and the settings of a label."""
    name, *settings = label.split(" ")
    return name, dict(setting.split("=", 1) for setting in settings)


def source_of(subject: Description) -> str:
    """A digest of the file that a user's own callable is written in; "" for what is built in."""
    file = getattr(sys.modules.get(subject.module), "__file__", None)
    if subject.source or file is None or subject.module.startswith("verify.") or not Path(file).exists():
        return subject.source
    return sha256(Path(file).read_bytes()).hexdigest()[:16]


def versions_of(subject: Description) -> dict[str, str]:
    """The versions where a subject runs, by package."""
    return dict(subject.versions or versions())


def versions() -> dict[str, str]:
    """The versions in this process, by package, without importing it."""
    numbers = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in ("numpy", "hypothesis", "tensorflow"):
        try:
            # An imported module knows its version, whatever its distribution is called (tensorflow-cpu).
            numbers[package] = getattr(sys.modules.get(package), "__version__", None) or version(package)
        except PackageNotFoundError:
            numbers[package] = "not installed"
    return numbers
