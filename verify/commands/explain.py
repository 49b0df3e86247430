"""`explain`: the arithmetic of one output cell, of all, or a page on which the window moves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from verify.cases.case import Case
from verify.checks.streams import styled_output
from verify.commands.cli import WithoutSettings, command_named
from verify.config.call import ARRAY, CallOptions, call_options
from verify.config.flags import Isolation, isolation_options, loader_of
from verify.config.options import SUBJECT, WORD, output_option

if TYPE_CHECKING:
    from verify.reports.explanation.answered import Answered


@command_named("explain", kind=WithoutSettings)
@click.argument("word", required=False, type=WORD, help="a case (in its place: --x and --w)")
@click.option("--at", metavar="INDEX", help="the cell, as 0,2,1,0 (default: first, or worst)")
@click.option("--all", "is_all", is_flag=True, help="every cell's sum, too")
@output_option("--html", help="write a page on which the window moves")
@click.option("--subject", type=SUBJECT, help="put what it answers beside what is due")
@click.option("--answer", type=ARRAY, help="put an array that you have beside what is due")
@call_options
@isolation_options
def command(
    *,
    word: str | None,
    at: str | None,
    is_all: bool,
    html: Path | None,
    subject: str | None,
    answer: str | None,
    call: CallOptions,
    isolation: Isolation,
) -> int:
    from verify.reports.explanation.explain import checked, parse_index

    _require_one(word, call, subject, answer)
    case, title, array = _asked(word, call, answer)
    index = checked(case, None if at is None else parse_index(at))
    if html is not None:
        from verify.reports.explanation.picture import require_picture

        require_picture(html, case, title=title)
    answered = array if subject is None else _answered(subject, case, isolation)
    if answered is not None:
        case = case.held_to(answered.scheme, answered.arithmetic)
    worst = answered.verdict.worst if answered else None
    if at is None and worst is not None:
        index = worst.index
    if html is not None:
        from verify.reports.explanation.picture import write_picture

        write_picture(html, case, title=title, at=index, answered=answered)
        print(f"wrote {html}" + (f"\n{answered.message or answered.sentence}" if answered else ""))
    else:
        _print(case, index, title=title, answered=answered)
    if is_all:
        from verify.reports.explanation.whole import all_sums

        print()
        for line in all_sums(case):
            print(line)
    return {"agrees": 0, "disagrees": 1}.get(answered.verdict.outcome, 3) if answered else 0


def _require_one(word: str | None, call: CallOptions, subject: str | None, answer: str | None) -> None:
    """Raise UsageError, one sentence, unless there is a word, or arrays, and at most one answer."""
    if word is None and (call.x is None or call.w is None):
        raise click.UsageError("Missing argument 'WORD', or your own arrays: --x x.npy --w w.npy")
    if word is not None and call.given:
        raise click.UsageError(
            f"{call.given[0]} is for your own arrays, and {word!r} is a case, which has its own"
        )
    if subject is not None and answer is not None:
        raise click.UsageError("--subject and --answer both say what was answered; give one")
    if subject is not None and word is None:
        raise click.UsageError(
            f"{subject!r} answers cases, which are words: put what it answered to your arrays beside "
            "what is due by --answer y.npy"
        )


def _asked(word: str | None, call: CallOptions, answer: str | None) -> tuple[Case, str, Answered | None]:
    """The case, what it is called, and the array that is its answer, if one is given."""
    if word is not None and answer is None:
        return Case.parse(word), word, None
    from verify.reports.explanation.given import array_in, call_in, title_of

    array = None if answer is None else array_in(answer, option="--answer")
    if word is not None and array is not None:
        from verify.reports.explanation.answered import answered_array

        case = Case.parse(word)
        return case, word, answered_array(str(answer), array, case)
    arguments, read = call_in(call.operation or "conv", call.arguments)
    title = title_of(read, call.arguments)
    if array is None:
        return read.case, title, None
    from verify.reports.explanation.answered import answered_call

    return read.case, title, answered_call(str(answer), array, read, arguments=arguments)


def _answered(name: str, case: Case, isolation: Isolation) -> Answered:
    from verify.checks.subject import describe
    from verify.reports.explanation.answered import answered_by

    return answered_by(describe(loader_of(isolation)(name)), case)


def _print(case: Case, index: tuple[int, ...], *, title: str, answered: Answered | None) -> None:
    from verify.reports.colour import has_colours
    from verify.reports.explanation.explain import explain
    from verify.reports.explanation.lines import coloured, entry, plain_text
    from verify.reports.explanation.whole import whole_lines

    output = styled_output()
    text_of = coloured if has_colours(is_terminal=output.isatty()) else plain_text
    lines = explain(case, index, title=title)
    heading = lines.index(())
    lines[heading:heading] = whole_lines(case, index)
    if answered is not None and answered.answer is not None and answered.answer.shape == case.output_shape:
        lines += entry("answered", f"{answered.answer[index].item()!r} by {answered.name}")
    output.write(f"{text_of(lines)}\n")
    if answered is not None and answered.message:
        from verify.reports.failing import message_lines

        output.write(f"\n{text_of(message_lines(answered.message))}\n")
    elif answered is not None:
        print(f"\n{answered.sentence}")
