"""The entry point of the command line: `conv-verify COMMAND`."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Sequence

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends imports without a word; commands handle it

import click
from click.shell_completion import shell_complete

from verify.checks import exits, outer
from verify.checks.interrupts import INTERRUPTED, interruptible
from verify.checks.leftovers import end_in_spite_of_leftovers, note_all
from verify.checks.streams import standard_streams
from verify.commands.cli import COMMANDS, JUDGING, cli
from verify.reports.heartbeat import spoken

PROGRAM = "conv-verify"

COMPLETION = "_CONV_VERIFY_COMPLETE"
"""The environment variable with which a shell asks for completions, or for the completion script."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code, which stands if a verdict cannot be written, and is said last."""
    if instruction := os.environ.get(COMPLETION):
        return shell_complete(cli, {}, PROGRAM, COMPLETION, instruction)
    words = sys.argv[1:] if arguments is None else [*arguments]
    if arguments is None:
        outer.allow()
    with standard_streams() as streams:
        with interruptible():
            code = _command(words)
        is_verdict = _name_in(words) in JUDGING and not {"-h", "--help"} & {*words}
        if code == 0 and streams.output.fate.lost and not is_verdict:
            code = exits.COULD_NOT_RUN  # what was asked for is what it could not write
        streams.say_what_is_lost(code, is_verdict=is_verdict)
    if arguments is None:
        exits.say_outside(code)
        note_all()
        end_in_spite_of_leftovers(lambda: code)
    return code


def _command(words: Sequence[str]) -> int:
    """Run one command; the exit code."""
    name = _name_in(words)
    try:
        with (
            cli.make_context(PROGRAM, [*words], obj=shlex.join(words)) as context,
            spoken(name or PROGRAM),
        ):
            return int(cli.invoke(context))
    except click.exceptions.Exit as end:  # of a help
        return end.exit_code
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else PROGRAM
        sentence = " ".join(error.format_message().split()).rstrip(".")
        print(f"{path}: {sentence} (see {path} --help)", file=sys.stderr)
        return exits.COULD_NOT_RUN
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        from verify.checks.files import refusal_of

        return _refused(refusal_of(error))
    except BaseException as error:  # noqa: BLE001 - what is not foreseen is no verdict, not even SystemExit
        from verify.checks.broken import broken_by

        return _refused(str(broken_by(error)))


def _name_in(words: Sequence[str]) -> str:
    """The name of the command that the words ask for, or nothing."""
    return next((word for word in words if word in COMMANDS), "")


def _refused(sentence: str) -> int:
    from verify.checks.reading import brief

    print(f"{PROGRAM}: {brief(sentence)}", file=sys.stderr)
    return exits.COULD_NOT_RUN


if __name__ == "__main__":
    sys.exit(main())
