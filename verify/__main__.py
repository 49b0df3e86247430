"""The entry point of the command line: `conv-verify COMMAND`."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence

import click
from click.shell_completion import shell_complete

from verify.commands.cli import cli

PROGRAM = "conv-verify"

COMPLETION = "_CONV_VERIFY_COMPLETE"
"""The environment variable with which a shell asks for completions, or for the completion script."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    words = sys.argv[1:] if arguments is None else [*arguments]
    try:
        if instruction := os.environ.get(COMPLETION):
            return shell_complete(cli, {}, PROGRAM, COMPLETION, instruction)
        with cli.make_context(PROGRAM, [*words], obj=shlex.join(words)) as context:
            return int(cli.invoke(context))
    except click.exceptions.Exit as end:  # of a help
        return end.exit_code
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else PROGRAM
        sentence = " ".join(error.format_message().split()).rstrip(".")
        print(f"{path}: {sentence} (see {path} --help)", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return 3
    except BrokenPipeError:
        # The reader of the pipe has closed it; redirect stdout so that closing it is silent.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except (ValueError, OSError) as error:
        from verify.checks.files import refusal_of
        from verify.checks.reading import brief

        sentence = refusal_of(error) if isinstance(error, OSError) else str(error)
        print(f"{PROGRAM}: {brief(sentence)}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
