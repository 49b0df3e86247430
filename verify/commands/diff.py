"""`diff`: one subject in two interpreters."""

from __future__ import annotations

import os
import shlex
from operator import itemgetter
from pathlib import Path
from typing import Any

import click

from verify.cases.case import Case
from verify.checks.replacing import replace_file, require_replaceable
from verify.checks.subject import labelled
from verify.commands.cli import command_named
from verify.config.flags import jobs_option, narrowing_options, words_option
from verify.config.options import DEVICE, INTEGER, POSITIVE, PYTHON, SECONDS, SUBJECT, WORD, output_option
from verify.corpus.words import named_inside
from verify.subjects.processor import ONEDNN, onednn_by_default
from verify.subjects.registry import is_tensorflow


@command_named("diff")
@click.argument("pythons", nargs=2, metavar="PYTHON PYTHON", type=PYTHON, help="with NumPy and the framework")
@click.argument("cases", nargs=-1, type=WORD, help="as for replay; --words FILE too (default: drawn)")
@click.option(
    "--subject",
    type=SUBJECT,
    default="tensorflow",
    help="of `list`, or module:callable (default: tensorflow)",
)
@click.option("--examples", type=POSITIVE, default=200, help="cases to draw (default: 200)")
@click.option("--seed", type=INTEGER, default=0, help="draw the cases of this seed (default: 0)")
@words_option
@output_option("--report", help="write each difference, as JSON lines")
@output_option("--html", help="write what is printed as a page of HTML, too")
@narrowing_options
@jobs_option
@click.option("--timeout", type=SECONDS, help="limit of a case (default: 10); --device: cuda")
@click.option("--device", type=DEVICE, hidden=True)
def command(
    *,
    pythons: tuple[str, str],
    cases: tuple[str, ...],
    words: list[Case],
    subject: str,
    examples: int,
    seed: int,
    report: Path | None,
    html: Path | None,
    jobs: int | None,
    timeout: float | None,
    device: str | None,
    narrowings: dict[str, Any],
) -> int:
    from verify.gate.drawing import cases_by_way, sample
    from verify.reports.heartbeat import doing
    from verify.reports.records import Stream, nowhere
    from verify.reports.terminal import Terminal
    from verify.runs.diff import diff
    from verify.subjects.device import choose
    from verify.subjects.isolated import TIMEOUT_S, isolated
    from verify.subjects.trial import tried

    if html:
        require_replaceable(html)
    choose(device)
    label, settings = _under_usual_settings(subject)
    named = named_inside(cases, narrowings, further=words)
    first, second = (
        tried(isolated(label, python=python, timeout_s=timeout or TIMEOUT_S)) for python in pythons
    )
    domains = {way.name: way.drawn(**narrowings) for way in first.routes}
    if not named:
        with doing(lambda: f"drawing {examples:,} cases"):
            named = sample(examples, seed, cases_by_way(domains, **narrowings).map(itemgetter(1)))
    asked = [*pythons, "--subject", subject, *(("--device", device) if device else ())]
    again = f"{_prefix(subject, settings)}{shlex.join(['conv-verify', 'diff', *asked])}"
    stream, console = Stream.anew(report) if report else None, Terminal()
    console.record = html is not None
    if settings:
        console.say(settings)
    record = stream.write if stream else nowhere
    code = diff(console, first, second, named, again=again, jobs=jobs, record=record)
    if html:
        replace_file(html, console.export_html(inline_styles=True).encode())
    return _written(code, stream.broken if stream else "")


def _written(code: int, broken: str) -> int:
    """The exit code, of a report that could not be written too."""
    if broken:
        print(f"Could not run: the report is incomplete: {broken}")
    return 2 if broken else code


def _under_usual_settings(subject: str) -> tuple[str, str]:
    """The label of a subject as its users run it, and what is said of that.

    TensorFlow's own default of oneDNN is that of who upgrades, where the environment sets none.
    """
    if not is_tensorflow(subject) or (value := os.environ.get(ONEDNN)) is not None:
        return subject, ""
    value = str(int(onednn_by_default()))
    how = "on" if value == "1" else "off"
    said = (
        f"oneDNN is {how}, as TensorFlow has it by default on this CPU; {ONEDNN}={1 - int(value)} changes it"
    )
    return labelled(subject, {ONEDNN: value}), said


def _prefix(subject: str, settings: str) -> str:
    """The setting of the environment that a line to ask again begins with, where the subject reads it."""
    value = os.environ.get(ONEDNN)
    is_read = is_tensorflow(subject) and not settings
    return f"{ONEDNN}={value} " if value is not None and is_read else ""
