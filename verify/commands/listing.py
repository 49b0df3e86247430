"""`list`: everything that has a name."""

from __future__ import annotations

import argparse

from verify.cases.fills import FILLS
from verify.cases.operations import OPERATIONS
from verify.checks.subject import versions
from verify.faults import FAULTS
from verify.subjects.registry import BUILTIN
from verify.subjects.tensorflow.switches import onednn, threads

SENTENCE = "name subjects, operations, fills, properties, faults and versions"


def add(parser: argparse.ArgumentParser) -> None:
    """It has no options."""


def command(options: argparse.Namespace) -> int:
    from verify.gate.properties import PROPERTIES

    _section("subjects", [f"{name:<24}{what}" for name, what in BUILTIN.items()])
    _section("", [f"{'fault:NAME':<24}a fault of the catalogue, to see what is said of it"])
    _section("", [f"{'package.module:callable':<24}your own: a callable that takes a case"])
    _section("operations", [", ".join(OPERATIONS)])
    _section("fills", [", ".join(FILLS)])
    _section("properties", [f"{each.name:<24}{each.title}" for each in PROPERTIES])
    _section("faults", [f"{each.name:<30}{each.sentence}" for each in FAULTS])
    found = {**versions(), "oneDNN": onednn()}
    _section("versions", [f"{name:<24}{number}" for name, number in {**found, "threads": threads()}.items()])
    return 0


def _section(title: str, lines: list[str]) -> None:
    for number, line in enumerate(lines):
        print(f"{title if number == 0 else '':<12}{line}")
