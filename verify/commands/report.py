"""`report`: what the records of one or more runs prove together."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verify.commands.cli import command_named
from verify.config.flags import detail_options
from verify.config.options import FILE, Misuse, output_option

if TYPE_CHECKING:  # which print, and are not needed to read a command line
    from verify.reports.overview import Detail


@command_named("report")
@click.argument("files", nargs=-1, required=True, type=FILE, help="records that `run --report` has written")
@output_option("--html", help="write a page of HTML that needs nothing else")
@click.option("--engines", is_flag=True, help="the table of ways, operations and dtypes alone, in Markdown")
@detail_options
def command(*, files: tuple[Path, ...], html: Path | None, engines: bool, detail: Detail) -> int:
    if engines and html:
        raise Misuse("--engines and --html exclude each other")
    from verify.reports import github
    from verify.reports.conclusion import run_sentence
    from verify.reports.html.page import require_page, why_no_page
    from verify.reports.merge import merged
    from verify.reports.overview import print_proved
    from verify.reports.terminal import Terminal

    if html:
        require_page(html)
    total, console = merged(files), Terminal()
    conclusion = run_sentence(total.tallies, lacks=total.lacks, broken=total.broken)
    if engines:
        from verify.reports.engines import engines_table

        print(engines_table(files))
        if total.exit_code:  # beside the table, which goes into a text
            print(conclusion, file=sys.stderr)
        return total.exit_code
    for line in total.environments:
        console.print(line, style="dim")
    console.print()
    print_proved(console, total.tallies, conclusion, detail=detail, took=total.elapsed)
    for line in total.baselines:
        console.say(line)
    if total.broken and not conclusion.endswith(total.broken):  # beside what disagrees
        console.say(f"\nCould not run: {total.broken}")
    github.publish(total.tallies, conclusion, holds=total.exit_code == 0, say=console.command)
    if html and (why := why_no_page(html, files, total)):
        console.say(why)
    return total.exit_code
