"""`report`: what the records of one or more runs prove together."""

from __future__ import annotations

import argparse
from pathlib import Path

SENTENCE = "sum up the records of runs, such as those of all shards"


def add(parser: argparse.ArgumentParser) -> None:
    records = "records that `run --report` has written"
    page = "write a page of HTML that needs nothing else"
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=records)
    parser.add_argument("--html", type=Path, metavar="PAGE", help=page)


def command(options: argparse.Namespace) -> int:
    from verify.reports import github
    from verify.reports.html.page import require, write_page
    from verify.reports.merge import merged
    from verify.reports.summary import print_summary, sentence
    from verify.reports.terminal import Terminal

    if options.html:
        require(options.html)
    found, console = merged(options.files), Terminal()
    for line in found.environments:
        console.print(line, style="dim", highlight=False)
    console.print()
    print_summary(console, found.tallies, lacks=found.lacks)
    for line in found.baselines:
        console.say(line)
    if found.broken:
        console.say(f"\nCould not run: {found.broken}")
    said = sentence(found.tallies, lacks=found.lacks)
    github.publish(found.tallies, said, holds=found.exit_code == 0, say=console.say)
    if options.html:
        write_page(options.html, options.files)
    return found.exit_code
