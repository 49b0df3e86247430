"""The head of a page: when, by what, and with which seed, profile, versions and switches a run was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from verify.reports.merge import Merged, Run
from verify.reports.records import Record
from verify.reports.tally import grouped

Facts = tuple[tuple[str, str], ...]


def facts_of(runs: Merged, subjects: Mapping[str, Record], code: int) -> Facts:
    """Names with their values; of several runs, shard by shard, each value once.

    `subjects` are the records of those that were gated, by their labels.
    """
    facts = [fact for name in _OF_RUN for fact in _each(name, runs.runs)]
    facts += [("versions", line) for line in _by_value(_versions(subjects, runs.environments))]
    facts += [("switches", line) for line in _by_value(_switches(subjects))]
    took = sum(run.end["elapsed"] for run in runs.runs if run.end)
    return tuple(dict.fromkeys([*facts, ("took", f"{took:,.1f} s"), ("exit code", f"{code}")]))


_OF_RUN = ("time", "environment", "profile", "seed", "shard")


def _each(name: str, runs: Sequence[Run]) -> list[tuple[str, str]]:
    return [(name, text) for run in runs if (text := _text(name, run.begun))]


def _text(name: str, begun: Record) -> str:
    """What a run says of itself by this name; its environment without the profile, which has a line."""
    value = begun[name]
    if name == "seed" and value is None:
        return "none given"
    return f"{value}".removesuffix(f"; profile {begun['profile']}")


def _versions(subjects: Mapping[str, Record], environments: Sequence[str]) -> dict[str, str]:
    """Where a subject runs, if some of it is not said of the run."""
    said = {part for line in environments for part in line.replace(";", ",").split(", ")}
    listed = {
        name: ", ".join(f"{package} {version}" for package, version in record["versions"].items())
        for name, record in subjects.items()
    }
    return {name: line for name, line in listed.items() if not set(line.split(", ")) <= said}


def _switches(subjects: Mapping[str, Record]) -> dict[str, str]:
    """The switches of each subject, and of each way that has others."""
    switches = {name: _settings(record["switches"]) for name, record in subjects.items()}
    for name, record in subjects.items():
        for way, each in record.get("ways", {}).items():
            if each["switches"] != record["switches"]:
                switches[f"{name}/{way}"] = _settings(each["switches"])
    return switches


def _settings(switches: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in switches.items()) or "none"


def _by_value(lines: Mapping[str, str]) -> list[str]:
    """Each value once, with the names that it is of where there are several values."""
    names = grouped(lines, lambda name: lines[name])
    return [value if len(names) == 1 else f"{value} ({', '.join(of)})" for value, of in names.items()]
