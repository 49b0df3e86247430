"""The command line: `python -m verify run | replay | diff | explain | list`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import NoReturn

from verify import corpus
from verify.case import Case
from verify.check import Subject
from verify.options import operations, positive, seconds
from verify.subjects import BUILTIN, MATRIX, labelled, load, onednn, split_label, threads, versions
from verify.word import FILLS, OPERATIONS

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
    for name, what, add, command in (
        ("run", "gate subjects: draw cases, check each, say what was proved", _add_run, _run),
        ("replay", "check named cases again, without drawing any", _add_replay, _replay),
        ("diff", "put the same cases to a subject in two interpreters", _add_diff, _diff),
        ("explain", "show how one output cell is computed", _add_explain, _explain),
        ("list", "name subjects, operations, fills, properties and versions", None, _list),
    ):
        each = commands.add_parser(name, help=what, description=what, epilog=EXIT_CODES)
        each.set_defaults(command=command)
        if add is not None:
            add(each)
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    named = "a name from `list`, or package.module:callable (default: all that `list` names)"
    matrix = "gate each subject under every setting of oneDNN, threads and deterministic ops, isolated"
    drawn = "200, 500 or 20,000 cases for each property; ci draws the same every time (default: dev)"
    add("subjects", nargs="*", metavar="SUBJECT", default=[*BUILTIN], help=named)
    add("--operations", type=operations, metavar="OP,…", help="(default: the subject's)")
    add("--examples", type=positive, metavar="N", help="cases for each property (default: the profile's)")
    add("--max-time", type=seconds, metavar="SECONDS", help="stop drawing after so many seconds")
    add("--profile", choices=("dev", "ci", "night"), default="dev", help=drawn)
    add("--seed", type=int, metavar="N", help="draw the cases of this seed")
    add("--matrix", action="store_true", help=matrix)
    add("--no-known", action="store_true", help="fail for disagreements that are recorded as known, too")
    _add_isolation(parser)


def _add_replay(parser: argparse.ArgumentParser) -> None:
    words = "a case, a corpus file or directory, or - for lines on standard input"
    parser.add_argument("subject", metavar="SUBJECT", help="a name from `list`, or package.module:callable")
    parser.add_argument("words", nargs="+", metavar="WORD", help=words)
    _add_isolation(parser)


def _add_isolation(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    own = "run subjects in workers, where a crash is a verdict (default: those that are built in)"
    add("--isolate", action=argparse.BooleanOptionalAction, help=own)
    add("--python", metavar="PATH", help="isolate in another interpreter")
    add("--timeout", type=seconds, metavar="SECONDS", help="isolate; a case may take so long (default: 10)")


def _add_diff(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    named = "a name from `list`, or package.module:callable (default: tensorflow)"
    add(
        "pythons", nargs=2, metavar="PYTHON", help="an interpreter that has NumPy and the subject's framework"
    )
    add("words", nargs="*", metavar="WORD", help="cases, as for replay (default: drawn ones)")
    add("--subject", metavar="SUBJECT", default="tensorflow", help=named)
    add("--examples", type=positive, metavar="N", default=200, help="cases to draw (default: 200)")
    add("--seed", type=int, metavar="N", default=0, help="draw the cases of this seed (default: 0)")
    add("--timeout", type=seconds, metavar="SECONDS", help="a case may take so long (default: 10)")


def _add_explain(parser: argparse.ArgumentParser) -> None:
    colors = ("auto", "always", "never")
    parser.add_argument("word", metavar="WORD", help="a case")
    parser.add_argument("--at", metavar="INDEX", help="the cell, such as 0,2,1,0 (default: the first)")
    parser.add_argument("--color", choices=colors, default="auto", help="(default: auto)")


def _run(options: argparse.Namespace) -> int:
    loader, subjects = _loader(options), options.subjects
    if options.matrix:
        subjects = [labelled(name, settings) for settings in MATRIX for name in subjects]
    for label in {split_label(label)[0]: label for label in reversed(subjects)}.values():
        loader(label)  # wrong names are found before anything runs
    from verify.run import TerminalConsole, run

    return run(
        TerminalConsole(),
        subjects,
        operations=options.operations,
        examples=options.examples,
        max_time=options.max_time,
        profile=options.profile,
        seed=options.seed,
        excuse=not options.no_known,
        load=loader,
    )


def _loader(options: argparse.Namespace) -> Callable[[str], Subject]:
    """What makes a subject of a name: in this process, or in a worker of its own."""
    from verify.subjects.isolated import LIMIT_S, isolated, usual

    is_asked = options.isolate or options.python or options.timeout or getattr(options, "matrix", False)
    if options.isolate is False and not is_asked:
        return load
    if not is_asked:
        return cache(usual)
    python, limit_s = options.python or sys.executable, options.timeout or LIMIT_S
    return cache(partial(isolated, python=python, limit_s=limit_s))


def _replay(options: argparse.Namespace) -> int:
    from verify.replay import replay

    named = [case for word in options.words for case in _cases(word)]
    return replay(_loader(options)(options.subject), named)


def _diff(options: argparse.Namespace) -> int:
    from verify.diff import diff, drawn
    from verify.run import TerminalConsole
    from verify.subjects.isolated import LIMIT_S, Isolated

    named = [case for word in options.words for case in _cases(word)]
    first, second = (
        Isolated(options.subject, python=python, limit_s=options.timeout or LIMIT_S)
        for python in options.pythons
    )
    first.start()
    second.start()
    return diff(TerminalConsole(), first, second, named or drawn(options.examples, options.seed))


def _cases(word: str) -> Iterator[Case]:
    """The cases that one argument names."""
    if word == "-":
        yield from corpus.parse(sys.stdin, "standard input")
    elif word.partition("_")[0] not in OPERATIONS and (os.sep in word or "." in word or os.path.exists(word)):
        found = corpus.read(word)
        if not found:
            raise ValueError(f"{word!r} holds no case; of a folder, the *.txt files are read")
        yield from found
    else:
        yield Case.parse(word)


def _explain(options: argparse.Namespace) -> int:
    from verify.explain import coloured, explain, parse_index, plain

    at = None if options.at is None else parse_index(options.at)
    lines = explain(Case.parse(options.word), at)
    auto = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    bright = options.color == "always" or (options.color == "auto" and auto)
    print((coloured if bright else plain)(lines))
    return 0


def _list(options: argparse.Namespace) -> int:
    from verify.gate import PROPERTIES

    _section("subjects", [f"{name:<24}{what}" for name, what in BUILTIN.items()])
    _section("", [f"{'package.module:callable':<24}your own: a callable that takes a case"])
    _section("operations", [", ".join(OPERATIONS)])
    _section("fills", [", ".join(FILLS)])
    _section("properties", [f"{each.name:<24}{each.title}" for each in PROPERTIES])
    found = {**versions(), "oneDNN": onednn()}
    _section("versions", [f"{name:<24}{number}" for name, number in {**found, "threads": threads()}.items()])
    return 0


def _section(title: str, lines: list[str]) -> None:
    for number, line in enumerate(lines):
        print(f"{title if number == 0 else '':<12}{line}")


if __name__ == "__main__":
    sys.exit(main())
