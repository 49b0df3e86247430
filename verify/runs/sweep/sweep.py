"""A sweep: every case of a small enumeration put to a subject, and what that proved, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from typing import Any

from rich.console import Console
from rich.text import Text

from verify.cases.enumeration import LARGEST_COUNTS, Enumeration
from verify.checks.bulk import Counterexample, Swept
from verify.checks.deviations import Deviation, to_text
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import disagreement, line
from verify.checks.path import Examiner
from verify.checks.subject import Description, Subject, describe
from verify.checks.versions import source_of, versions, versions_of
from verify.gate.survey import surveyed
from verify.reports.failing import examination_text, failure_text
from verify.reports.live import going_on
from verify.reports.phrases import LabelledText, most_common, plural
from verify.reports.summary import REASONS, print_lines
from verify.runs.interrupted import say_interrupted
from verify.runs.sweep.jobs import Jobs, Plan, close
from verify.runs.sweep.losses import as_found, loss_message
from verify.runs.sweep.progress import Progress, identity, read_state, restore
from verify.subjects.isolated import worker_of


def sweep(console: Console, plan: Plan) -> int:
    """Sweep the enumeration and print what was proved; returns the exit code.

    1 if there is a counterexample, 3 if no case could have failed or the sweep was interrupted,
    which leaves its state; else 0. Raises ForeignState for a file that is not this sweep's, what keeps
    it from its subject, and Broken for a job that was lost.
    """
    subject = plan.first or plan.make()
    worker = worker_of(subject)
    if worker is None or worker.alone:
        plan = replace(plan, jobs=1)  # a user's function in this process may count its calls
    try:
        return _sweep(console, plan, subject, describe(subject))
    finally:
        close(subject)


def _sweep(console: Console, plan: Plan, subject: Subject, description: Description) -> int:
    _, survey = surveyed(description, plan.deviations) if plan.excuse else (description, None)
    known = survey.known if survey else ()
    what = _identity(plan, description, known)
    progress = _new_progress(console, plan, what)
    _print_head(console, plan, description, progress)
    if survey:
        print_lines(console, (("release", text) for text in islice(survey.lines(description), 1)))
    jobs = Jobs(plan, progress, first=subject, known=known)
    stop = _count_blocks(console, jobs, what)
    swept = jobs.so_far()
    print_lines(console, rows_of_cases(swept))
    print_lines(console, rows_of_time(swept, jobs=plan.jobs, rate=jobs.rate))
    stop = _print_counterexamples(console, swept, description, plan.enumeration, stop)
    console.print(Text(f"\n{sweep_sentence(plan.enumeration, swept)}", style="bold"), soft_wrap=True)
    if progress.done and not jobs.is_over:
        ending = f"unsaved  {jobs.unsaved}" if jobs.unsaved else f"go on with  {plan.again}"
        console.print(ending, highlight=False, markup=False, soft_wrap=True)
    if stop and not isinstance(stop, KeyboardInterrupt):
        raise stop
    return sweep_exit_code(plan.enumeration, swept)


def _count_blocks(console: Console, jobs: Jobs, what: dict[str, Any]) -> BaseException | None:
    """Count what the jobs hand in, and save it; what ended that before its end."""
    try:
        with going_on(console, jobs.line, at=jobs.at), jobs.interruptible():
            for _ in jobs.run():
                jobs.save(what)
    except BaseException as stop:  # noqa: BLE001 - what was found is shown first
        return stop
    finally:
        jobs.leave(what)
    return None


def _identity(plan: Plan, subject: Description, known: tuple[Deviation, ...]) -> dict[str, Any]:
    packages = versions_of(subject)
    del packages["hypothesis"]  # a sweep draws nothing
    return identity(
        plan.enumeration,
        subject=subject.name,
        version=packages.pop("subject", subject.version),
        deviations=sha256(to_text(known).encode()).hexdigest()[:16],
        file=source_of(subject),
        **packages,
        **subject.switches,
    )


def _new_progress(console: Console, plan: Plan, what: dict[str, Any]) -> Progress:
    if plan.resume:
        return restore(plan.state, plan.enumeration, what)
    if plan.state.exists():
        read_state(plan.state)
        text = f"{plan.state} holds an interrupted sweep, which is dropped without --resume"
        console.print(Text(text, style="dim"), soft_wrap=True)
    return Progress(plan.enumeration)


def _print_head(console: Console, plan: Plan, subject: Description, progress: Progress) -> None:
    packages = [f"{package} {number}" for package, number in versions().items() if package != "hypothesis"]
    here = ", ".join((subject.name, *packages))
    say_interrupted(lambda line: console.print(Text(line, style="dim"), soft_wrap=True))
    where = "; ".join(filter(None, (subject.headline or here, subject.here)))
    console.print(Text(where, style="dim"), soft_wrap=True)
    if plan.jobs_phrase:
        console.print(Text(plan.jobs_phrase, style="dim"), soft_wrap=True)
    print_lines(console, rows_of_enumeration(plan.enumeration))
    print_lines(console, rows_of_ways(subject, plan.enumeration))
    if progress.done:
        print_lines(console, [("resumed", f"after {progress.swept.cases:,} cases")])


def _print_counterexamples(
    console: Console,
    swept: Swept,
    subject: Description,
    enumeration: Enumeration,
    stop: BaseException | None,
) -> BaseException | None:
    """The first of each kind, in the order of the enumeration; asked again until something stops that.

    Returns what has stopped it, or the sweep.
    """
    for first in sorted(swept.first.values(), key=lambda first: first.place):
        text = failure_text(_message_as_found(first, subject))
        if stop is None:
            try:
                text = _message(first, subject, enumeration)
            except BaseException as error:  # noqa: BLE001 - what was found is shown first
                stop = error
        console.print()
        console.print(text, soft_wrap=True)
    return stop


def _message(counterexample: Counterexample, whole: Description, enumeration: Enumeration) -> Text:
    """The message of a counterexample; with the fault it looks like, if it disagrees the same way again."""
    found = as_found(counterexample, whole)
    if counterexample.asked and (worker := worker_of(whole)):
        worker.begin_anew()  # so that the case is asked alone
    again = Examiner(subject=found.subject, noted_as=found.subject.name).examine(found.case)
    if again.verdict.kind == counterexample.verdict.kind:
        return examination_text(diagnosed(again))
    if counterexample.asked:
        return failure_text(loss_message(counterexample, whole, enumeration))
    text = _message_as_found(counterexample, whole)
    return failure_text(f"{text}\n{line('again', 'it did not disagree in this way when it was asked again')}")


def _message_as_found(counterexample: Counterexample, whole: Description) -> str:
    """The message of a counterexample, without asking it again."""
    return disagreement(as_found(counterexample, whole), with_faults=False)


def sweep_exit_code(enumeration: Enumeration, swept: Swept) -> int:
    """0 holds, 1 disagrees, 3 proves too little: cases are left, or none could have failed."""
    if swept.counterexamples:
        return 1
    return 0 if swept.cases == enumeration.count and swept.graded else 3


def sweep_sentence(enumeration: Enumeration, swept: Swept) -> str:
    """What a sweep proved, in one sentence."""
    total, what = enumeration.count, f"of {enumeration_phrase(enumeration)}"
    wrong, known, declined = (
        counts.total() for counts in (swept.counterexamples, swept.known, swept.declined)
    )
    if wrong:
        cases = f"all {total:,} cases" if swept.cases == total else f"{swept.cases:,} of {total:,} cases"
        return f"Disagrees: {wrong:,} {plural(wrong, 'counterexample')} among {cases} {what}."
    if swept.cases < total:
        return f"Interrupted: no counterexample so far, after {swept.cases:,} of {total:,} cases {what}."
    if not swept.graded:
        return f"Proves too little: none of all {total:,} cases {what} could have failed."
    but = f", except for {known:,} known {plural(known, 'deviation')}" if known else ""
    less = f"; {declined:,} of them {'was' if declined == 1 else 'were'} declined" if declined else ""
    return f"No counterexample among all {total:,} cases {what}{but}{less}."


def enumeration_phrase(enumeration: Enumeration) -> str:
    """The enumeration in one phrase: `conv, rank 2, with size ≤ 6, kernel ≤ 4, …, both paddings`."""
    ranks = f"rank{'s' * (len(enumeration.ranks) > 1)} {_listed(enumeration.ranks)}"
    numbers = [f"{name} ≤ {getattr(enumeration, name)}" for name in ("size", "kernel", "stride", "dilation")]
    more = [
        f"{name} ≤ {getattr(enumeration, name)}" for name in LARGEST_COUNTS if getattr(enumeration, name) > 1
    ]
    dtypes = [f"in {_listed(enumeration.dtypes)}"] * (enumeration.dtypes != ("float32",))
    layout = [_layout(enumeration)] * (enumeration.data_formats != ("channels_last",))
    fills = [f"filled {_listed(enumeration.fills)}"] * (enumeration.fills != ("coded",))
    around = [f"with and without {step}" for step in enumeration.around]
    parts = (_listed(enumeration.operations), ranks, ", ".join((f"with {numbers[0]}", *numbers[1:], *more)))
    more = [*_steps_phrase(enumeration), _paddings_phrase(enumeration), *dtypes, *layout, *fills, *around]
    return ", ".join((*parts, *more))


def fixed(enumeration: Enumeration) -> str:
    """What all cases of an enumeration share, in one phrase."""
    single = {"batch": "batch 1", "channels": "1 channel", "filters": "1 filter"}
    counts = [text for name, text in single.items() if getattr(enumeration, name) == 1]
    dtypes = [enumeration.dtypes[0]] * (len(enumeration.dtypes) == 1)
    layout = [_layout(enumeration)] * (len(enumeration.data_formats) == 1)
    fills = [f"filled {enumeration.fills[0]}"] * (len(enumeration.fills) == 1)
    return ", ".join((*counts, *dtypes, *layout, *fills))


def _layout(enumeration: Enumeration) -> str:
    return _listed(tuple(name.replace("_", " ") for name in enumeration.data_formats))


def _steps_phrase(enumeration: Enumeration) -> list[str]:
    steps = {*enumeration.steps}
    if "both" in steps:
        return []
    missing = [step for step in ("strided", "dilated") if step not in steps]
    return [f"no axis {' or '.join(missing) or 'both strided and dilated'}"]


def _paddings_phrase(enumeration: Enumeration) -> str:
    named = [padding.upper() for padding in ("same", "valid") if padding in enumeration.paddings]
    words = ["both paddings"] if len(named) == 2 else [f"{name} padding" for name in named]
    if "explicit" in enumeration.paddings:
        words.append(f"explicit padding of ≤ {enumeration.cells} cell{'s' * (enumeration.cells > 1)} an end")
    is_repeating = enumeration.padding_modes != ("zeros",)
    return " and ".join(words) + f", of {_listed(enumeration.padding_modes)}" * is_repeating


def _listed(names: tuple[Any, ...]) -> str:
    *most, last = map(str, names)
    return f"{', '.join(most)} and {last}" if most else last


def rows_of_enumeration(enumeration: Enumeration) -> Iterator[LabelledText]:
    """The enumeration, before the first case."""
    yield "cases", f"{enumeration.count:,}, each with {fixed(enumeration)}"
    if enumeration.excluded:
        negative = f"{enumeration.excluded:,} combinations whose output size would be negative"
        yield "excluded", negative + _unrepeatable(enumeration)


def _unrepeatable(enumeration: Enumeration) -> str:
    is_repeating = enumeration.padding_modes != ("zeros",)
    return ", or whose padding has more cells than it may repeat" * is_repeating


def rows_of_ways(subject: Description, enumeration: Enumeration) -> Iterator[LabelledText]:
    """The ways that are asked, where the subject has several that have cases of the enumeration."""
    ways = [name for name, way in subject.ways.items() if _has_any(way, enumeration)]
    if len(ways) > 1 and subject.compiles:
        yield "asked", f"the first way that has a case, of {_listed(tuple(ways))}: name one to sweep it alone"
    elif len(ways) > 1:
        yield "asked", f"{_listed(tuple(ways))}, each case by every way that has it"


def _has_any(way: Description, enumeration: Enumeration) -> bool:
    spaces = (way.domain.spaces.get(operation) for operation in enumeration.operations)
    return any(space and {*space.ranks} & {*enumeration.ranks} for space in spaces)


def rows_of_cases(swept: Swept) -> Iterator[LabelledText]:
    """The results of the cases; together they are all cases."""
    yield "graded", f"{swept.graded:,}"
    if swept.vacuous:
        yield "vacuous", f"{swept.vacuous:,}: right, as any answer of zeros would be"
    for label, counts in (("declined", swept.declined), ("known", swept.known)):
        yield from most_common(label, counts, limit=REASONS)
    if swept.repeated:
        yield "repeated", f"{swept.repeated:,} cases have operands in which a number occurs twice"


def rows_of_time(swept: Swept, *, jobs: int, rate: float) -> Iterator[LabelledText]:
    """Where the jobs spent their time; the rest went to making cases and to messages."""
    parts = ("subject", "reference", "comparison")
    if spent := swept.seconds["job"]:
        shares = ", ".join(f"{part} {100 * swept.seconds[part] / spent:.0f} %" for part in parts)
        yield "time", f"{spent:.1f} s in {jobs} {plural(jobs, 'job')}, {rate:,.0f} cases a second: {shares}"
