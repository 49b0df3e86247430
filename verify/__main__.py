"""The command line: `python -m verify COMMAND`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import NoReturn

from verify.commands import diff, explain, listing, replay, run

COMMANDS: Mapping[str, ModuleType] = MappingProxyType(
    {"run": run, "replay": replay, "diff": diff, "explain": explain, "list": listing}
)
"""Every command by its name."""

EXIT_CODES = "exit codes: 0 holds, 1 disagrees, 2 could not run, 3 proves too little"


class _Parser(argparse.ArgumentParser):
    """argparse, with a wrong option answered by one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and ("words" not in options or any(word.startswith("-") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        options.words += rest  # argparse takes no more words after an option
    try:
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


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="conv-verify", description="Verify convolutions against a proved reference.", epilog=EXIT_CODES
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        what = module.SENTENCE
        each = commands.add_parser(name, help=what, description=what, epilog=EXIT_CODES)
        each.set_defaults(command=module.command)
        module.add(each)
    return parser


if __name__ == "__main__":
    sys.exit(main())
