"""`list`: everything that has a name."""

from __future__ import annotations

from contextlib import suppress

import click

from verify.cases.fills import FILLS
from verify.cases.memory import LAYOUTS
from verify.cases.modes import PADDING_MODES
from verify.cases.operations import OPERATIONS
from verify.cases.regions import region_names, regions
from verify.checks.relations import RELATIONS
from verify.checks.versions import FRAMEWORKS, version_installed, versions
from verify.commands.cli import command_named
from verify.config.options import choice
from verify.faults import FAULTS
from verify.subjects.documented import entries_of_limits, names_of_deviations
from verify.subjects.registry import BUILTIN, UnknownSubject, is_installed, load
from verify.subjects.tensorflow.switches import kernel_threads, onednn


@command_named("list")
@click.argument("what", type=choice("[regions]", "regions"), required=False)
@click.option("--ways/--no-ways", help="every way of the built-in subjects (imports them)")
def command(*, what: str | None, ways: bool) -> int:
    if what == "regions":
        print("\n".join(_regions()))
        return 0
    if ways:
        print("\n".join(_ways()))
        return 0
    from verify.gate.properties import PROPERTIES

    _section("subjects", [f"{name:<24}{what}" for name, what in BUILTIN.items()])
    _section("", [f"{'fault:NAME':<24}a fault of the catalogue, to see what is said of it"])
    _section("", [f"{'SUBJECT/WAY':<24}by one of its ways: `list --ways` names them"])
    _section("", [f"{'package.module:callable':<24}your own: a callable that takes a case"])
    _section("operations", [", ".join(OPERATIONS)])
    _section("fills", [", ".join(FILLS)])
    _section("layouts", [f"mem{{x,w,v,y,b}}{name:<12}{what}" for name, what in LAYOUTS.items()])
    _section("paddings", [f"same, valid, explicit; their cells hold {', '.join(PADDING_MODES)}"])
    _section("relations", [f"{name:<24}{what}" for name, what in RELATIONS.items()])
    _section("properties", [f"{prop.name:<24}{prop.title}" for prop in PROPERTIES])
    _section("faults", [f"{fault.name:<30}{fault.sentence}" for fault in FAULTS])
    _section("regions", [f"{len(region_names())}, where libraries change their kernel: `list regions`"])
    deviations = [f"{name:<56}{link}".rstrip() for name, link in names_of_deviations()]
    _section("deviations", deviations)
    limits = (f"{entry['says'][0]}  {entry.get('link', '')}" for entry in entries_of_limits())
    _section("limits", [*dict.fromkeys(limits)])
    environment = {**versions(), **_installed(), "oneDNN": onednn(), "threads": kernel_threads()}
    _section("versions", [f"{name:<24}{version}" for name, version in environment.items()])
    return 0


def _installed() -> dict[str, str]:
    """The frameworks that are installed, which nothing has imported."""
    return {name: number for name in FRAMEWORKS if (number := version_installed(name))}


def _regions() -> list[str]:
    """Every region with its sentence, and under it each library with a link to where it decides."""
    lines = []
    for region in regions().values():
        lines.append(f"{region.name:<36}{region.sentence}")
        lines += [f"{'':<36}{library}: {link}" for library, link in region.libraries.items()]
    return lines


def _ways() -> list[str]:
    """Every way of a built-in subject that is installed, after the subject's name.

    One that cannot be loaded here has none: compiled PyTorch without a compiler, Keras where it is
    imported on TensorFlow.
    """
    lines: list[str] = []
    for name in filter(is_installed, BUILTIN):
        with suppress(UnknownSubject):
            lines += [f"{name}/{way}" for way in load(name).ways]
    return lines


def _section(title: str, lines: list[str]) -> None:
    for number, line in enumerate(lines):
        print(f"{title if number == 0 else '':<12}{line}")
