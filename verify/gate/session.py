"""A session of pytest: its first record and its environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import settings

from verify.checks.versions import versions
from verify.config.session import Options, Session
from verify.gate.properties import TITLES
from verify.gate.under_test import Gate
from verify.reports.records import Record, begin

SESSION = pytest.StashKey[Session]()
"""The session of a pytest configuration: a run's own, which it puts there, or the plugin's."""

OURS = "conv_verify_error"
"""The attribute of a report that says which error of ours kept a test from judging, in one sentence."""

NOTHING = "nothing was graded, so that this proves nothing"


def gate_of(item: Any) -> Gate | None:
    """The gate that an item of pytest tests, or None for one that tests something else."""
    gate = getattr(getattr(item, "cls", None), "gate", None)
    return gate if isinstance(gate, Gate) else None


def beginning(options: Options, subjects: Sequence[str] = (), *, profile: str = "") -> Record:
    """The first record of a run; `subjects` are those known before any is gated.

    `profile` is the one in use where none is named.
    """
    return begin(
        versions=versions(),
        environment=environment(profile),
        seed=options.seed,
        profile=profile or settings.get_current_profile_name(),
        subjects=list(subjects),
        properties=TITLES,
        shard=str(options.shard),
    )


def environment(profile: str = "") -> str:
    """The versions of this process and the Hypothesis profile, in one line; a subject says its own."""
    numbers = ", ".join(f"{name} {number}" for name, number in versions().items())
    return f"{numbers}; profile {profile or settings.get_current_profile_name()}"
