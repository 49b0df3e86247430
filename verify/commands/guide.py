"""`guide`: the user's guide, topic by topic."""

from __future__ import annotations

import sys
from importlib.resources import files

import click

from verify.commands.cli import command_named
from verify.config.options import choice
from verify.reports.colour import has_colours

TOPICS = (
    "start",
    "failures",
    "subjects",
    "engines",
    "words",
    "verdicts",
    "settings",
    "deviations",
    "sweeps",
    "layers",
    "behaviour",
    "records",
    "cluster",
    "ci",
    "questions",
)
"""The topics, in the order in which one reads them."""


@command_named("guide")
@click.argument("topic", type=choice("[TOPIC]", *TOPICS), required=False)
def command(*, topic: str | None) -> int:
    if topic is None:
        print("\n".join(f"{name:<12}{_title(name)}" for name in TOPICS))
        print("\nconv-verify guide TOPIC prints one of them")
    elif (is_terminal := sys.stdout.isatty()) or has_colours(is_terminal=is_terminal):
        from verify.reports.terminal import Terminal

        Terminal().show(text_of(topic))
    else:
        print(text_of(topic), end="")  # so that its commands can be copied as they are
    return 0


def text_of(topic: str) -> str:
    """A topic of the guide, in Markdown."""
    return (files("verify") / "guide" / f"{topic}.md").read_text("utf-8")


def _title(topic: str) -> str:
    return text_of(topic).splitlines()[0].removeprefix("# ")
