"""Recorded failures, put to their subjects again: what a file says of these is data, and never obeyed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from verify.cases.case import Case
from verify.checks.subject import Description, Subject, describe, labelled
from verify.checks.ways import split_way
from verify.config.flags import Isolation, loader_of
from verify.corpus.failures import Failed
from verify.reports.phrases import plural
from verify.runs.replay import Became
from verify.subjects.by_path import outside
from verify.subjects.here import CAN_CONTAIN
from verify.subjects.registry import is_builtin, is_tensorflow

NEVER = re.compile(
    r"(LD|DYLD|PYTHON|GCONV|GLIBC|MALLOC|BASH|PERL|RUBY|NODE|JAVA|GIT|SSH|CUDA_INJECTION)|"
    r"(PATH|HOME|ENV|IFS|SHELL|TMPDIR|OMP_TOOL_LIBRARIES)$|.*(_PATH|_LIBRARY|_PLUGIN|_PRELOAD)$",
    re.IGNORECASE,
)
"""Names of switches that choose what code runs; none is taken from a record, whoever declares it."""

PLAIN = re.compile(r"[A-Za-z0-9_.,:;+=-]{0,100}")
"""A switch's value as a record may have it: no path, and nothing that a shell reads."""


class Unloaded(ValueError):
    """A recorded failure that is not put to its subject; the sentence says why, and what to do."""


class Again(NamedTuple):
    """Cases that failed, and their subject, or why it cannot be asked."""

    name: str
    cases: list[Case]
    subject: Subject | None
    why: str = ""


Load = Callable[[str, float | None], Subject]
"""The subject of a label, where a case may take so many seconds; raises ValueError or TypeError."""


def again(failed: Iterable[Failed], load: Load, *, is_trusted: bool) -> Iterator[Again]:
    """Each subject that has failed, as it ran, and the cases that it failed on; loaded one after another.

    Of a subject that is not `is_trusted`, the module must lie in the working tree.
    """
    left = sorted((failure for failure in failed if not failure.fixed), key=_run_of)
    for (name, _, switches), group in groupby(left, key=_run_of):
        failures = list(group)
        cases = list(dict.fromkeys(Case.parse(failure.word) for failure in failures))
        try:
            subject = _loaded(name, dict(switches), failures[0].timeout, load=load, is_trusted=is_trusted)
        except (ValueError, TypeError, OSError) as wrong:
            yield Again(name, cases, None, " ".join(str(wrong).split()))
        else:
            yield Again(name, cases, subject)


def as_recorded(isolation: Isolation) -> Load:
    """What loads subjects where the command line says; else each in a worker, with the time of its record."""

    def load(label: str, timeout: float | None) -> Subject:
        asked = isolation
        if isolation.is_usual and CAN_CONTAIN:
            asked = isolation._replace(isolate=True, timeout=timeout)
        return loader_of(asked)(label)

    return load


def unloaded(group: Again) -> list[Became]:
    """What became of cases whose subject cannot be asked, which is printed."""
    cases = f"{len(group.cases):,} {plural(len(group.cases), 'case')} of {group.name}"
    out = f"`conv-verify replay --forget {shlex.quote(group.name)}` takes them out"
    print(f"unloaded  {cases}: {group.why}; {out}")
    return [Became("unloaded", group.why)] * len(group.cases)


def _run_of(failure: Failed) -> tuple[str, float, tuple[tuple[str, str], ...]]:
    """What failures have in common that are replayed by one subject."""
    return failure.subject, failure.timeout or 0.0, tuple(sorted(failure.switches.items()))


def _loaded(
    name: str, switches: Mapping[str, str], timeout: float | None, *, load: Load, is_trusted: bool
) -> Subject:
    if not is_trusted:
        _require_trust(name)
    for switch, value in switches.items():
        if NEVER.match(switch) or not PLAIN.fullmatch(value):
            raise Unloaded(f"{switch} is not set from a record; set it yourself and replay the word alone")
    if is_tensorflow(name):
        from verify.subjects.tensorflow.switches import SETTINGS

        _require_declared(switches, SETTINGS)
        return load(labelled(name, switches), timeout)
    subject = load(name, timeout)
    description = describe(subject)
    if switches.items() <= _switches_of(description).items():
        return subject
    _require_declared(switches, {**_switches_of(description), **description.matrix})
    return load(labelled(name, switches), timeout)


def _require_trust(name: str) -> None:
    """Raise Unloaded for a subject that a file may not name: nothing of it is imported."""
    base, _ = split_way(name)
    if is_builtin(name) or base.startswith("fault:"):
        return
    if any(part.startswith("__") for part in re.split(r"[./:]", base)):
        raise Unloaded("no record may name what is Python's own")
    if place := outside(base):
        raise Unloaded(f"its module is outside the working tree, {place}; --trust imports it all the same")


def _require_declared(switches: Mapping[str, str], declared: Iterable[str]) -> None:
    if strange := [name for name in switches if name not in declared]:
        raise Unloaded(f"it does not declare the switch {strange[0]!r} of its record")


def _switches_of(description: Description) -> dict[str, str]:
    """What a subject and its ways declare."""
    of_ways = (way.switches for way in description.ways.values())
    return {name: value for each in (*of_ways, description.switches) for name, value in each.items()}
