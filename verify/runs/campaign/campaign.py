"""A campaign from its start to its end: what is asked of it, the link to its workers, and what it proved."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

from rich.text import Text

from verify.checks.interrupts import Interrupted, interruptible, shielded
from verify.corpus.failures import Failed, remember
from verify.gate.session import environment
from verify.reports import github
from verify.reports.conclusion import exit_code, run_sentence
from verify.reports.live import going_on
from verify.reports.overview import Detail, print_proved
from verify.reports.phrases import plural
from verify.reports.tally import Tally
from verify.reports.terminal import Terminal
from verify.runs.campaign.dealing import Dealing, Unfit
from verify.runs.campaign.link import LOCAL, Link, Unreachable, require_dask
from verify.runs.campaign.merging import Merging
from verify.runs.campaign.paging import write_page_of
from verify.runs.campaign.store import OPTION, Store, Unkept
from verify.runs.campaign.tasks import Plan
from verify.runs.interrupted import say_interrupted
from verify.runs.keeping import keep

HOUR_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """The request for a campaign: its plan, for how long, by which workers, and what to keep of it.

    It ends sooner where so many `seeds` are done. `words` are asked first of all. `workers` are started for
    the address `local`; a task takes `limit_s` at most. What disagrees is pinned in `pin_to`, and recorded in
    the file `failures`.
    """

    plan: Plan
    hours: float
    address: str
    workers: int
    state: str | Path
    words: Sequence[str] = ()
    seeds: int | None = None
    limit_s: float
    pin_to: Path | None = None
    failures: Path | None = None
    html: Path | None = None
    detail: Detail = "overview"


@dataclass(kw_only=True)
class Ended:
    """How a campaign ended: whether by Ctrl-C, or why it could not go on; what failed, for `replay`.

    `worked_s` are the seconds of all workers at tasks that have come, and `had_s` those that they had.
    """

    interrupted: bool = False
    broken: str = ""
    failed: list[Failed]
    worked_s: float = 0.0
    had_s: float = 0.0


def campaign(console: Terminal, request: Request) -> int:
    """Deal the tasks of a campaign out until its time is up, print what they proved, return the exit code.

    Raises ValueError, one sentence, for what is wrong before any task is dealt out.
    """
    require_dask()
    until = time.monotonic() + request.hours * HOUR_S
    store = Store(request.state)
    store.require(request.plan.identity)
    say_interrupted(partial(console.print, style="dim", soft_wrap=True))
    link = Link(request.address, workers=request.workers)
    try:
        store.claim(request.plan.identity)
        merging = Merging(request.plan, store, request.plan.first(request.words))
        ended = _dealt(console, request, link, merging, until)
        return _concluded(console, request, store, merging, ended)
    finally:
        link.close()  # which may take seconds


def _dealt(console: Terminal, request: Request, link: Link, merging: Merging, until: float) -> Ended:
    """Deal the tasks out, and keep and count what they come to, until the end."""
    name, ended, start = uuid4().hex[:12], Ended(failed=[]), time.monotonic()
    limit_s = request.limit_s
    tasks = merging.left(request.seeds)
    dealing = Dealing(link, name, tasks, request.plan.message, until, limit_s, console.say)
    try:
        with _shown(console, request, link, merging, dealing), interruptible():
            merging.count()
            for task, answer in dealing.answers():
                with shielded():
                    failed = [Failed(**failure) for failure in answer["failures"]]
                    ended.failed += failed
                    _record(request, failed)  # before its records, without which it is done again
                    merging.add(task.name, answer["records"])
                    ended.worked_s += answer["seconds"]
                    ended.had_s = (time.monotonic() - start) * link.seen[1]
                merging.count()
    except Interrupted:
        ended.interrupted = True
    except (Unfit, Unkept, Unreachable) as wrong:
        ended.broken = str(wrong)
    link.tell("leave", name)
    return ended


def _record(request: Request, failed: Sequence[Failed]) -> None:
    """Record what failed as soon as it is known; the end says if this cannot be."""
    if request.failures and failed:
        with suppress(OSError, ValueError):
            remember(request.failures, failed)


@contextmanager
def _shown(
    console: Terminal, request: Request, link: Link, merging: Merging, dealing: Dealing
) -> Iterator[None]:
    """Say where the campaign is made, and show in the block how far it is."""
    if request.detail != "result":
        console.print(environment("dev"), style="dim", highlight=False, soft_wrap=True)
        for text in _beginning(request, link, merging):
            console.print(Text(text, style="dim"), soft_wrap=True)

    with going_on(console, lambda: progress(link, merging, dealing)):
        yield


def _beginning(request: Request, link: Link, merging: Merging) -> Iterator[str]:
    """The lines on a campaign before its first task."""
    workers, threads = link.count()
    where = "on this machine" if request.address == LOCAL else f"of the scheduler at {link.address}"
    shown = f"; dashboard {link.dashboard}" if link.dashboard else ""
    of_threads = f" of {threads} threads" * (threads != workers)
    yield f"{workers} {plural(workers, 'worker')}{of_threads} {where}{shown}"
    if merging.before:
        yield f"goes on from {request.state}, where {merging.before:,} tasks are done"


def progress(link: Link, merging: Merging, dealing: Dealing) -> str:
    """How far a campaign is, in one line."""
    workers, _ = link.seen
    left = max(dealing.until - time.monotonic(), 0)
    done, cases, findings = len(merging.done), merging.cases, merging.failures
    parts = [
        f"{done:,} {plural(done, 'task')} done",
        f"{dealing.dealt_out:,} dealt out to {workers:,} {plural(workers, 'worker')}",
        f"{cases:,} cases",
        f"{findings:,} {plural(findings, 'failure')}",
        *([f"{dealing.again:,} dealt out again"] if dealing.again else []),
        f"{left / 60:,.0f} min left" if left else "the last tasks end",
    ]
    return ", ".join(parts) if workers else f"no worker is there; {', '.join(parts)}"


def _concluded(console: Terminal, request: Request, store: Store, merging: Merging, ended: Ended) -> int:
    """Print what a campaign proved and keep what it found; its exit code."""
    try:
        merging.count_the_rest()
    except Unkept as wrong:
        ended.broken = ended.broken or str(wrong)
    tallies = merging.tallies()
    lacks = [] if ended.interrupted else merging.lacks()
    conclusion = run_sentence(tallies, interrupted=ended.interrupted, lacks=lacks, broken=ended.broken)
    code = _code(tallies, ended, lacks)
    if tallies:
        console.print()
        print_proved(console, tallies, conclusion, detail=request.detail)
    else:
        console.say(f"\n{conclusion}")
    if ended.had_s and request.detail != "result":
        share = min(ended.worked_s / ended.had_s, 1)
        console.say(f"workers   at tasks for {share:.0%} of their time, {ended.worked_s:,.0f} s together")
    for line in keep(tallies, ended.failed, failures=request.failures, pin_to=request.pin_to):
        console.say(line)
    if merging.cut:
        tasks = f"{len(merging.cut):,} {plural(len(merging.cut), 'task')}"
        console.say(f"cut off   {tasks} by --task-timeout, such as {merging.cut[0]}: what was asked counts")
    for package, numbers in merging.mixed.items():
        console.say(f"mixed     {package} {' and '.join(numbers)}: not all tasks ran in the same version")
    for name in merging.dropped:
        console.say(f"dropped   {name}, which was not whole in {request.state}: the next start does it again")
    console.say(f"kept      {request.state}  (the same command goes on from it; {OPTION} names another)")
    if ended.broken and tallies and not conclusion.endswith(ended.broken):
        console.say(f"\nCould not run: {ended.broken}")
    github.publish(tallies, conclusion, holds=code == 0, say=console.command)
    if request.html and (why := write_page_of(request.html, store, merging.names, tallies)):
        console.say(why)
    return code


def _code(tallies: Sequence[Tally], ended: Ended, lacks: Sequence[str]) -> int:
    """The exit code of a run of all that was done."""
    if ended.broken:
        return 2
    return exit_code(tallies) or (3 if ended.interrupted or lacks else 0)
