"""A pytest file that puts a case to a subject, by this package."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from types import MappingProxyType

from verify.cases.case import Case
from verify.cases.pages import said_of_memory
from verify.checks.subject import labelled

_TEMPLATE = '''\
"""{named} on {word}, exported by `conv-verify export`.{memory}"""

from verify import Case, check
from verify.subjects.isolated import usual


def test_{name}() -> None:
    verdict = check(Case.parse("{word}"), usual({label}), repeats=2)
    assert verdict.outcome != "declined", verdict.sentence
'''


def pytest_file(case: Case, subject: str, switches: Mapping[str, str] = MappingProxyType({})) -> str:
    """The source of a test that fails if the subject disagrees with the reference or declines the case.

    Its name carries those of its switches that the environment sets.
    """
    label = labelled(subject, {name: value for name, value in switches.items() if os.environ.get(name)})
    name = re.sub("[^a-zA-Z0-9]+", "_", f"{subject} on {case}")
    named = re.sub(r'["\\\\]', "'", subject)  # a file may have any name
    memory = "".join(f"\n\nIn memory, {said}." for said in said_of_memory(case))
    return _TEMPLATE.format(named=named, word=case, name=name, label=json.dumps(label), memory=memory)
