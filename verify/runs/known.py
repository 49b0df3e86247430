"""The data on subjects, held to the release that runs: what still happens, what is gone, written down."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from verify.checks.deviations import applying
from verify.checks.subject import Description, Subject, describe
from verify.corpus.rewrite import rewrite
from verify.gate.survey import Survey, survey_of
from verify.reports.terminal import Terminal
from verify.runs.interrupted import say_interrupted

DATA = Path(__file__).parents[1] / "subjects" / "tensorflow"
"""The folder of `known.toml` and `limits.toml`."""


def known(console: Terminal, labels: Sequence[str], load: Callable[[str], Subject], *, update: bool) -> int:
    """Say of each subject what of its data holds, and with `update` write the release into the data; 0."""
    happening: set[str] = set()
    releases: set[str] = set()
    is_kept = True
    say_interrupted(console.say)
    for label in labels:
        subject = describe(load(label))
        survey = survey_of(subject, applying(subject.known, subject))
        lines = list(survey.lines(subject)) or [_in_the_data(subject, survey)]
        for line in lines:
            console.say(line)
        if len(lines) > 1 or survey.happening or survey.limits:
            happening |= {entry.name for entry in survey.happening}
            releases.add(release_of(subject.version or ""))
            is_kept = is_kept and not survey.lifted and not survey.reworded
    if update and releases:
        for release in sorted(releases):
            _write_down(release, happening, limits=is_kept)
            console.say(f"wrote {release} into {DATA}")
        if not is_kept:
            console.say("limits.toml is unchanged: mend the limits above, then add the release by hand")
    elif update:
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


def _write_down(release: str, names: Iterable[str], *, limits: bool) -> None:
    rewrite(DATA / "known.toml", lambda text: with_release(text, release, names))
    if limits:
        rewrite(DATA / "limits.toml", lambda text: _listed(text, release, count=1))


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
