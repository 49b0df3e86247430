"""The command line: its commands by name, their help, and the settings that they read."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any

import click
from click.core import augment_usage_errors

from verify.config.everywhere import color_option, version_option

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "run": "gate subjects: draw cases, check each, say what was proved",
        "campaign": "gate subjects for hours by the workers of a cluster",
        "sweep": "check every case up to a small size, without drawing any",
        "replay": "check named cases, or what failed, again; report each",
        "report": "sum up the records of runs, such as those of all shards",
        "pin": "keep words, under a reason, that every run asks first",
        "words": "write the convolutions of a model as words, to run, replay and compare",
        "diff": "put the same cases to a subject in two interpreters",
        "explain": "show how one output cell is computed",
        "known": "hold known deviations and limits to another release; update them",
        "selftest": "test the harness: every fault caught and named, no false alarm",
        "export": "take a case elsewhere: a script, a test file, arrays, an ONNX model",
        "guide": "read the user's guide, topic by topic",
        "list": "name subjects, operations, fills, properties, faults and versions",
    }
)
"""Every command, which is a module of this room, and what it does."""

JUDGING = frozenset(COMMANDS) - {"explain", "export", "guide", "list", "words"}
"""Commands whose exit code says what they found or did, whether or not they can print it."""

EXIT_CODES = "exit codes: 0 holds, 1 disagrees, 2 could not run, 3 proves too little"


class Command(click.Command):
    """A command whose help fits one screen, and which takes the settings that are its options."""

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.params.append(color_option(is_shown=False))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing and not {*ctx.help_option_names} & {*args}:
            self._use_settings(ctx)
        with augment_usage_errors(ctx):  # which names the command in every one
            return super().parse_args(ctx, args)

    def _use_settings(self, context: click.Context) -> None:
        from verify.checks.project import settings_of
        from verify.config.options import defaults_of, options_of

        keys = options_of(command_of("run"))
        if keys.keys() & options_of(self).keys():
            context.obj = settings_of()
            context.default_map = defaults_of(self, context.obj, keys)

    def invoke(self, ctx: click.Context) -> Any:
        """The exit code; what was lost of a subject and is counted nowhere is said at the end, and fails."""
        code = super().invoke(ctx)
        if "verify.checks.losses" not in sys.modules:  # nothing was asked
            return code
        from verify.checks.losses import code_after_losses, losses_told

        texts = losses_told()
        for text in texts:
            print(f"\n{text}")
        return code_after_losses(code, is_lost=bool(texts))

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_help(self, ctx, formatter, _records_of(self, ctx))


class WithoutSettings(Command):
    """A command that no setting changes, though an option may have the name of one of a run's."""

    def _use_settings(self, context: click.Context) -> None:
        """Nothing is read."""


class Commands(click.Group):
    """The command line, whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        if cmd_name not in COMMANDS:
            raise click.exceptions.NoSuchCommand(cmd_name, possibilities=COMMANDS, ctx=ctx)
        return command_of(cmd_name)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_help(self, ctx, formatter, [*COMMANDS.items()], _records_of(self, ctx))


def _records_of(command: click.Command, context: click.Context) -> list[tuple[str, str]]:
    """What a help shows of each option, and what that is for."""
    return [record for option in command.params if (record := option.get_help_record(context))]


def _write_help(
    command: click.Command,
    context: click.Context,
    formatter: click.HelpFormatter,
    *blocks: Sequence[tuple[str, str]],
) -> None:
    formatter.width = shutil.get_terminal_size().columns
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    formatter.write(f"usage: {usage}\n{command.help}\n\n")
    for rows in filter(None, blocks):
        with formatter.indentation():
            formatter.write_dl(rows)
        formatter.write("\n")
    formatter.write(f"{EXIT_CODES}\n")


def command_of(name: str) -> click.Command:
    command: click.Command = import_module(f"verify.commands.{name}").command
    return command


def command_named(name: str, *, kind: type[Command] = Command) -> Callable[[Callable[..., Any]], Command]:
    """Make a function the command of a name."""
    return click.command(name, cls=kind, help=COMMANDS[name], options_metavar="[OPTION…]")


cli = Commands(
    help="Verify convolutions against a proved reference.",
    params=[color_option(is_shown=True), version_option()],
    options_metavar="",
    subcommand_metavar="COMMAND …",
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
