"""The command line: `conv-verify COMMAND`."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import NoReturn

from verify.commands import (
    diff,
    explain,
    export,
    listing,
    pin,
    replay,
    report,
    run,
    selftest,
    sweep,
    unpin,
)
from verify.config import settings

COMMANDS: Mapping[str, ModuleType] = MappingProxyType(
    {
        "run": run,
        "sweep": sweep,
        "replay": replay,
        "report": report,
        "pin": pin,
        "unpin": unpin,
        "diff": diff,
        "explain": explain,
        "selftest": selftest,
        "export": export,
        "list": listing,
    }
)
"""Every command by its name."""

EXIT_CODES = "exit codes: 0 holds, 1 disagrees, 2 could not run, 3 proves too little"


class _Parser(argparse.ArgumentParser):
    """argparse, with a wrong option answered by one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def format_help(self) -> str:
        """The help of a command on one screen: no headings, a line for each option."""
        if self._subparsers is not None:
            return super().format_help()
        lines = argparse.HelpFormatter(self.prog, max_help_position=27)
        lines.start_section(None)
        lines.add_arguments(each for each in self._actions if each.dest != "help")
        lines.end_section()
        lines.add_text(self.epilog)
        return f"usage: {self.prog} {self._usage()}\n{self.description}\n\n{lines.format_help()}"

    def _usage(self) -> str:
        many = {"*": "[{}…]", "?": "[{}]", "+": "{}…", "2": "{0} {0}"}
        named = [each for each in self._actions if not each.option_strings]
        return " ".join(
            ["[OPTION…]", *(many.get(str(each.nargs), "{}").format(each.metavar) for each in named)]
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    try:
        options = _options(arguments)
        return int(options.command(options))
    except KeyboardInterrupt:
        print("conv-verify: interrupted", file=sys.stderr)
        return 3
    except BrokenPipeError:
        # The reader of a pipe has gone; point stdout elsewhere so that closing it is silent.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except (ValueError, OSError) as wrong:
        print(f"conv-verify: {wrong}", file=sys.stderr)
        return 2


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line, those that it leaves out from the settings."""
    parser, parsers = _parser()
    options, rest = parser.parse_known_args(arguments)
    own, keys = parsers[options.name], settings.keys_of(parsers["run"])
    if settings.keys_of(own) & keys:
        settings.apply(settings.find(), own, keys)
        options, rest = parser.parse_known_args(arguments)
    if rest and ("words" not in options or any(word.startswith("-") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        options.words += rest  # argparse takes no more words after an option
    options.line = shlex.join(sys.argv[1:] if arguments is None else arguments)
    return options


def _parser() -> tuple[_Parser, dict[str, _Parser]]:
    """The parser of the command line, and that of each command."""
    parser = _Parser(
        prog="conv-verify", description="Verify convolutions against a proved reference.", epilog=EXIT_CODES
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parsers = {}
    for name, module in COMMANDS.items():
        what = module.SENTENCE
        each = parsers[name] = commands.add_parser(name, help=what, description=what, epilog=EXIT_CODES)
        each.set_defaults(name=name, command=module.command)
        module.add(each)
    return parser, parsers


if __name__ == "__main__":
    sys.exit(main())
