"""The settings that a run gates its subjects under: all that they declare, or both that production has."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import product

from verify.checks.subject import Subject, describe, labelled
from verify.checks.ways import split_way
from verify.subjects.keras.switches import BACKEND
from verify.subjects.processor import ONEDNN
from verify.subjects.registry import is_tensorflow
from verify.subjects.tensorflow.switches import MATRIX


def labels_of(names: Sequence[str], load: Callable[[str], Subject]) -> list[str]:
    """The labels of subjects under one combination after another of the settings that they declare."""
    labels: list[tuple[int, str]] = []
    for name in names:
        values_of = MATRIX if is_tensorflow(name) else describe(load(name)).matrix
        if not values_of:
            example = 'matrix = {"OMP_NUM_THREADS": ("1", "2")}'
            raise ValueError(f"{name} has no matrix: declare one, such as {example}")
        every = product(*values_of.values())
        combinations = [dict(zip(values_of, values, strict=True)) for values in every]
        labels += [(number, labelled(name, settings)) for number, settings in enumerate(combinations)]
    return [label for _, label in sorted(labels, key=lambda numbered: numbered[0])]


def on_each_backend(names: Sequence[str], load: Callable[[str], Subject], *, is_one: bool) -> list[str]:
    """The labels of subjects, Keras on each backend that is installed.

    It is on one where `is_one` says that one process asks all, and where the environment chooses.
    """
    if is_one or BACKEND in os.environ:
        return [*names]
    return [label for name in names for label in _on_each_backend(name, load)]


def _on_each_backend(name: str, load: Callable[[str], Subject]) -> list[str]:
    if split_way(name)[0] != "keras":
        return [name]
    return [labelled(name, {BACKEND: value}) for value in describe(load(name)).matrix[BACKEND]]


def under_both_settings(names: Sequence[str], *, is_one: bool) -> list[str]:
    """The labels of subjects, TensorFlow's first without oneDNN and then with it; none where one is enough.

    It is where `is_one` says that one process asks all, where the environment chooses, and where no subject
    reads the setting.
    """
    is_one = is_one or ONEDNN in os.environ
    if is_one or not any(map(is_tensorflow, names)):
        return []
    without = [labelled(name, {ONEDNN: "0"}) if is_tensorflow(name) else name for name in names]
    return [*without, *(labelled(name, {ONEDNN: "1"}) for name in names if is_tensorflow(name))]
