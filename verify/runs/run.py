"""A run of the gate: its parts in one process or in several, and then what they proved."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from rich.text import Text

from verify.checks.interrupts import Interrupted, interruptible, shielded
from verify.checks.losses import code_after_losses, losses_told, take_over
from verify.gate.session import beginning
from verify.reports import github
from verify.reports.conclusion import exit_code, run_sentence
from verify.reports.findings import findings
from verify.reports.overview import Detail, print_proved
from verify.reports.records import Record, Stream, end, nowhere
from verify.reports.tally import Tally
from verify.reports.terminal import Terminal
from verify.runs.behaviour.baseline import Conclusion, Watch
from verify.runs.gating import Outcome, Request, gate_all
from verify.runs.interrupted import say_interrupted
from verify.runs.jobs import Crew, Done, jobs_for
from verify.runs.keeping import keep
from verify.runs.screen import Screen
from verify.runs.sharing import SHARES, Gating, Part, longest_alike, may_divide, parts_of
from verify.subjects.server import stop_kept


def run(console: Terminal, request: Request, watch: Watch | None = None) -> int:
    """Gate the subjects, print what was proved, return the exit code. A `watch` compares with a baseline."""
    start = time.monotonic()
    stream = Stream.anew(request.report) if request.report else None
    write: Callable[[Record], None] = stream.write if stream else nowhere
    say_interrupted(partial(console.print, style="dim", soft_wrap=True))
    screen = Screen(console, request, write)
    write(beginning(request.options, request.subjects, profile=request.profile))
    outcomes = _outcomes(request, screen, watch)
    ended = _ended(request, screen.tallies(), outcomes, watch)
    failed = [each for outcome in outcomes for each in outcome.failures]
    kept = keep(ended.tallies, failed, failures=request.failures, pin_to=request.pin_to)
    for finding in findings(ended.tallies):
        write(finding.record())
    elapsed, changed = time.monotonic() - start, ended.compared.sentence
    write(end(elapsed, ended.code, interrupted=ended.interrupted, broken=ended.broken, baseline=changed))
    if stream and stream.broken:
        kept.append(f"unwritten  {stream.broken}: the report is incomplete; name another by --report")
    _print_end(console, ended, kept, request.detail, took=elapsed)
    return ended.code


def _outcomes(request: Request, screen: Screen, watch: Watch | None) -> list[Outcome]:
    """Gate the subjects, all in this process or each in a job, and show them as if it had been one by one."""
    many, noun = (len(SHARES), "part") if may_divide(request) else (1, "subject")
    jobs = jobs_for(len(request.subjects) * many, request.jobs, noun, alone=request.alone)
    screen.begin(jobs)
    parts = parts_of(request, jobs.number)
    crew = Crew(
        parts, Gating(request, jobs.number, watch), longest_alike(parts), keeps=True, arrive=screen.arrive
    )
    try:
        if jobs.number > 1 and crew.start(jobs.number):
            return _of_jobs(crew, screen)
        with screen.live():
            return [gate_all(request, screen.take, watch)]
    finally:
        crew.close()
        stop_kept()


def _of_jobs(crew: Crew[Part], screen: Screen) -> list[Outcome]:
    """The outcomes of all parts; at Ctrl-C of those that were begun."""
    outcomes: list[Outcome] = []
    with (
        screen.live_of(crew),
        interruptible(crew.interrupt),
        suppress(Interrupted),  # which is raised once all that was begun has ended
        shielded(),
    ):
        for _, message in crew.said():
            if isinstance(message, Done):
                outcomes.append(message.result or _lost(message.lost))
            else:
                screen.take(message)
    if crew.is_left:
        outcomes.append(Outcome(interrupted=True))
    return outcomes


def _lost(why: str) -> Outcome:
    """The outcome of a part that has none."""
    return Outcome(broken=[why]) if why else Outcome(interrupted=True)


class Ended(NamedTuple):
    """The end of a run: its tallies, sentence and exit code, and how it compares with its baseline."""

    tallies: Sequence[Tally]
    conclusion: str
    code: int
    interrupted: bool
    broken: str
    losses: Sequence[str]
    compared: Conclusion


def _ended(
    request: Request, tallies: Sequence[Tally], outcomes: Sequence[Outcome], watch: Watch | None
) -> Ended:
    """What a run comes to, with the exit code of the gate and of the baseline together."""
    broken = next((reason for outcome in outcomes for reason in outcome.broken), "")
    interrupted = any(outcome.interrupted for outcome in outcomes)
    shard = request.options.shard
    for outcome in outcomes:
        take_over(outcome.losses)
        if watch and outcome.observed:
            watch.take(outcome.observed)
    conclusion = run_sentence(tallies, interrupted=interrupted, shard=shard, broken=broken)
    code = 2 if broken else exit_code(tallies, shard=shard) or (3 if interrupted else 0)
    losses = losses_told()
    code, compared = code_after_losses(code, is_lost=bool(losses)), Conclusion([])
    if watch and not broken and not interrupted:
        compared = watch.conclude()
        code = min(filter(None, (code, compared.code)), default=0)
    return Ended(tallies, conclusion, code, interrupted, broken, losses, compared)


def _print_end(console: Terminal, ended: Ended, kept: Sequence[str], detail: Detail, *, took: float) -> None:
    """Print what was found, after it was recorded: the summary, what was kept of it, and the baseline."""
    conclusion, broken, compared = ended.conclusion, ended.broken, ended.compared
    if ended.tallies:
        console.print()
        print_proved(console, ended.tallies, conclusion, detail=detail, took=took)
    for line in kept:
        console.say(line)
    if broken and not conclusion.endswith(broken):  # beside what disagrees
        console.say(f"\nCould not run: {broken}")
    elif not ended.tallies:
        console.say(f"\n{conclusion}")
    for text in ended.losses:
        console.say(f"\n{text}")
    for text in compared.lines:
        console.say(text)
    if compared.sentence:
        console.print(Text(f"\n{compared.sentence}", style="bold"), soft_wrap=True)
    proved = " ".join(filter(None, (conclusion, compared.sentence)))
    github.publish(ended.tallies, proved, holds=ended.code == 0, say=console.command)
