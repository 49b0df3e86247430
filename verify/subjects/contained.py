"""Callables that a worker can import by the name that their module has for them."""

from __future__ import annotations

import json
import sys
from typing import Any

from verify.checks.subject import Description, Subject, describe
from verify.faults import Fault
from verify.subjects.described import data_of
from verify.subjects.here import CAN_CONTAIN, NO_WORKERS, UNNAMED, stays_here
from verify.subjects.isolated import Isolated, worker_of
from verify.subjects.server import NoWorker


def contained(subject: Subject, **where: Any) -> Description:
    """The description of a callable: in a worker that imports it, else in this process, which it then says.

    `where` has the options of `Isolated`. A worker has what the callable's module says of it: what is set
    elsewhere, as in a test file that imports it, keeps it here.
    """
    here = describe(subject)
    if worker_of(here) or isinstance(subject, Description | Fault):
        return here
    name = _importable(subject)
    if not CAN_CONTAIN or not name:
        return stays_here(here, UNNAMED if CAN_CONTAIN else NO_WORKERS)
    there = Isolated(name, **where)
    try:
        said = there.start()
    except NoWorker:
        return stays_here(here, f"a worker cannot import {name}")
    own = json.loads(json.dumps(data_of(here)))
    if changed := [attribute for attribute, value in own.items() if said[attribute] != value]:
        there.close()
        return stays_here(here, f"a worker that imports {name} finds other {', '.join(changed)}")
    return describe(there, name=here.name)


def _importable(subject: Subject) -> str:
    """`module:qualified.name` of a callable, where its module has it by that name; else ""."""
    module, path = (getattr(subject, name, None) for name in ("__module__", "__qualname__"))
    target: Any = sys.modules.get(module) if isinstance(module, str) and isinstance(path, str) else None
    if target is None or module == "__main__" or not getattr(target, "__file__", None):
        return ""
    for part in str(path).split("."):
        target = getattr(target, part, None)
    return f"{module}:{path}" if target is subject else ""
