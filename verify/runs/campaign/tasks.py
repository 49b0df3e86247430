"""The tasks of a campaign: what each asks, the name by which its records are kept, and their order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from verify.cases.grammar import GRAMMAR
from verify.cases.shards import ALL, Shard
from verify.checks.versions import version_installed

PINS = "pins"
"""What the name of a task begins with that asks pinned words alone."""


def ours() -> dict[str, str]:
    """What a campaign goes on with in one version alone, so that a seed draws the same cases and words."""
    own = version_installed("conv-verify") or "a checkout"
    return {"conv-verify": own, "grammar": str(GRAMMAR), "Hypothesis": version("hypothesis")}


def required() -> dict[str, str]:
    """What a worker must have in the same version; the source of this package tells checkouts apart."""
    return {**ours(), "the source of conv-verify": _source(), "Dask": version_installed("distributed")}


@cache
def _source() -> str:
    """A digest of the modules and data of this package."""
    package = Path(__file__).resolve().parents[2]
    folders = (package, package.parent / "strategies")
    files = [file for folder in folders for file in folder.rglob("*.*") if file.suffix in (".py", ".toml")]
    return sha256(b"".join(sha256(file.read_bytes()).digest() for file in sorted(files))).hexdigest()[:8]


class Task(NamedTuple):
    """What a worker is asked at a time: a share of a seed's cases of one subject, or `words` alone."""

    label: str
    seed: int = 0
    shard: Shard = ALL
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of its records, which is its identity within a campaign."""
        whose = re.sub(r"[^A-Za-z0-9.]+", "-", self.label)[:60].strip("-")
        subject = f"{whose}-{_digest(self.label)}"
        if self.words:
            return f"{PINS}-{_digest(*self.words)}_{subject}"
        return f"seed-{self.seed}_share-{self.shard.number}-of-{self.shard.parts}_{subject}"

    def __str__(self) -> str:
        what = "the pins" if self.words else f"share {self.shard} of seed {self.seed}"
        return f"{what} of {self.label}"


class Plan(NamedTuple):
    """All tasks of a campaign: `shares` of one seed after another, each with so many `examples`.

    `asked` is the rest of what each is asked, as JSON has it: narrowings, deviations, and where subjects run.
    """

    labels: tuple[str, ...]
    seed: int
    shares: int
    examples: int
    asked: Mapping[str, Any]

    @property
    def identity(self) -> dict[str, Any]:
        """What tells it from another campaign."""
        numbers = {"seed": self.seed, "shares": self.shares, "examples": self.examples}
        return {"subjects": [*self.labels], **numbers, **self.asked, "versions": ours()}

    def first(self, words: Sequence[str]) -> list[Task]:
        """The tasks that come first: pinned words, where there are any, put to each subject."""
        return [Task(label, words=tuple(words)) for label in self.labels] if words else []

    def drawn(self) -> Iterator[Task]:
        """The tasks that draw cases, seed after seed without an end."""
        for seed in count(self.seed):
            yield from self.of_seed(seed)

    def of_seed(self, seed: int) -> list[Task]:
        """The tasks of one seed: the first share of each subject, then the second."""
        shards = [Shard(number, self.shares) for number in range(1, self.shares + 1)]
        return [Task(label, seed, shard) for shard in shards for label in self.labels]

    def message(self, task: Task) -> dict[str, Any]:
        """A task as a worker is told it, which JSON can hold."""
        return {
            **self.asked,
            "name": task.name,
            "label": task.label,
            "seed": task.seed,
            "shard": str(task.shard),
            "examples": self.examples * self.shares,  # of which a share is one in so many
            "words": [*task.words],
            "required": required(),
        }


def _digest(*texts: str) -> str:
    return sha256("\n".join(texts).encode()).hexdigest()[:8]
