"""The data on subjects, held to the release that runs: what still happens, what is gone, written down."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from verify.checks.deviations import applying
from verify.checks.subject import Description, Subject, describe
from verify.corpus.rewrite import rewrite
from verify.gate.survey import Survey, survey_of
from verify.reports.terminal import Terminal
from verify.runs.interrupted import say_interrupted

SUBJECTS = Path(__file__).parents[1] / "subjects"
"""The folder of those of the frameworks, each with its `known.toml` and `limits.toml`."""


def data_of(name: str) -> Path:
    """The folder of the data on a subject's framework."""
    return SUBJECTS / name.partition("/")[0].partition(":")[0]


def known(console: Terminal, labels: Sequence[str], load: Callable[[str], Subject], *, update: bool) -> int:
    """Say of each subject what of its data holds, and with `update` write the release into the data; 0."""
    met: dict[tuple[Path, str], list[Survey]] = defaultdict(list)
    say_interrupted(console.say)
    for label in labels:
        subject = describe(load(label))
        survey = survey_of(subject, applying(subject.known, subject))
        lines = list(survey.lines(subject)) or [_in_the_data(subject, survey)]
        for line in lines:
            console.say(line)
        if len(lines) > 1 or survey.happening or survey.limits:
            met[data_of(subject.name), release_of(subject.version or "")].append(survey)
    for (folder, release), surveys in sorted(met.items()) if update else ():
        is_kept = not any(survey.lifted or survey.reworded for survey in surveys)
        _write_down(folder, release, surveys, limits=is_kept)
        console.say(f"wrote {release} into {folder}")
        if not is_kept:
            console.say("limits.toml is unchanged: mend the limits above, then add the release by hand")
    if update and not met:
        console.say("nothing to write: the data has this release")
    return 0


def _in_the_data(subject: Description, survey: Survey) -> str:
    limits = {limit for way in survey.routes.values() for limit in way.limits}
    return (
        f"{subject.name} {subject.version or 'of no version'}: {len(survey.known)} deviations and "
        f"{len(limits)} limits are in the data; `run` asks whether they hold"
    )


def release_of(version: str) -> str:
    """The release of a version, as `versions` lists it: "2.22" of 2.22.0rc0."""
    return ".".join(version.split(".")[:2])


def _write_down(folder: Path, release: str, surveys: Iterable[Survey], *, limits: bool) -> None:
    names = {entry.name for survey in surveys for entry in survey.happening}
    rewrite(folder / "known.toml", lambda text: with_release(text, release, names))
    if limits:
        rewrite(folder / "limits.toml", lambda text: _listed(text, release, count=1))


def with_release(text: str, release: str, names: Iterable[str]) -> str:
    """The text of a file of deviations with a release added to those of these names."""
    wanted = {f'name = "{name}"' for name in names}
    entries = re.split(r"(?m)^(?=\[\[deviation\]\])", text)
    return "".join(
        _listed(entry, release, count=1) if wanted & set(entry.splitlines()) else entry for entry in entries
    )


def _listed(text: str, release: str, *, count: int) -> str:
    """A text whose first list of versions has a release at its end."""

    def longer(listed: re.Match[str]) -> str:
        return listed[0] if f'"{release}"' in listed[1] else f'versions = [{listed[1]}, "{release}"]'

    return re.sub(r"(?m)^versions = \[([^\]]*)\]", longer, text, count=count)
