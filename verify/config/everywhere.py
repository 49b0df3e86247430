"""Options of the whole command line: colours, which every command takes, and the version."""

from __future__ import annotations

import platform
from types import MappingProxyType
from typing import Any, get_args

import click

from verify.reports.colour import When, coloured

PACKAGES = MappingProxyType({"numpy": "NumPy", "hypothesis": "Hypothesis", "tensorflow": "TensorFlow"})
"""The packages whose versions are said with our own, as they are written."""


class _Whens(click.Choice[str]):
    """When there are colours; what is none of these is refused as any other word is."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from verify.cases.spelling import one_of

        try:
            return one_of(value, self.choices)
        except ValueError as wrong:
            self.fail(str(wrong), param, ctx)


def color_option(*, is_shown: bool) -> click.Option:
    """The option by which colours are chosen; where a command is not given it, it has those of before."""

    def choose(context: click.Context, _: click.Parameter, when: When | None) -> None:
        if when is not None:
            context.with_resource(coloured(when))  # until the command ends

    return click.Option(
        ["--color"],
        metavar="WHEN",
        type=_Whens(get_args(When)),
        expose_value=False,
        callback=choose,
        hidden=not is_shown,
        help="auto, always or never, before or after a command (default: auto)",
    )


def version_option() -> click.Option:
    """The option that says what runs, imports none of it, and ends."""

    def say(context: click.Context, _: click.Parameter, value: Any) -> None:
        if value and not context.resilient_parsing:
            print(_versions())
            context.exit()

    return click.Option(
        ["--version"], is_flag=True, expose_value=False, is_eager=True, callback=say,
        help="what runs: conv-verify, Python, NumPy, Hypothesis and TensorFlow",
    )  # fmt: skip


def _versions() -> str:
    from verify.checks.versions import version_installed

    said = [f"{PACKAGES[name]} {version_installed(name) or '(not installed)'}" for name in PACKAGES]
    ours = version_installed("conv-verify") or "(not installed)"
    return f"conv-verify {ours}: {', '.join([f'Python {platform.python_version()}', *said])}"
