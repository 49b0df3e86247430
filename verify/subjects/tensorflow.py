"""TensorFlow, eager, on the CPU: through tf.nn.conv1d, conv2d, conv3d and through tf.nn.convolution."""

from __future__ import annotations

import os
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

from verify import deviations
from verify.case import Case
from verify.check import Declined, Subject
from verify.deviations import Deviation
from verify.predicates import Predicate, names_of
from verify.subjects import switches


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what native code prints on standard error, unless the block fails.

    TensorFlow's import logs there before its own log level is in force.
    """
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(stderr, kept.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


# Settings are read when TensorFlow is imported, so they are set before it.
os.environ.update(switches())
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with _quiet():
    import tensorflow as tf
    from tensorflow.python.util import _pywrap_util_port

# Another module may have imported TensorFlow before, under the CPU's default: what counts is what is on.
_SWITCHES = {**switches(), "TF_ENABLE_ONEDNN_OPTS": str(int(_pywrap_util_port.IsMklEnabled()))}

Entry = Literal["nd", "convolution"]


class Limit(NamedTuple):
    """A documented limit of an entry point: the condition, the words of its error, a case that meets it."""

    entry: Entry
    when: Predicate
    words: str
    word: str
    link: str


@cache
def limits() -> tuple[Limit, ...]:
    """TensorFlow's documented limits, from `tensorflow_limits.toml`."""
    text = files("verify.subjects").joinpath("tensorflow_limits.toml").read_text("utf-8")
    entries = tomllib.loads(text)["limit"]
    return tuple(Limit(**{**entry, "when": Predicate(entry["when"])}) for entry in entries)


@cache
def known(name: str) -> tuple[Deviation, ...]:
    """What is recorded of this subject in the installed TensorFlow, from `tensorflow_known.toml`."""
    text = files("verify.subjects").joinpath("tensorflow_known.toml").read_text("utf-8")
    return deviations.read(text, subject=name, version=tf.__version__)


def subject(name: str) -> Subject:
    """The subject of a built-in name."""
    entries: dict[str, tuple[Entry, ...]] = {
        "tensorflow": ("nd", "convolution"),
        "tensorflow:convolution": ("convolution",),
    }
    return _Eager(name, entries[name])


class _Eager:
    """Calls the first of its entry points that supports a case; declines where none does.

    Cases of an odd seed try them in reverse, so that both are exercised and a replay calls the same.
    """

    def __init__(self, name: str, entries: tuple[Entry, ...]) -> None:
        self.name = name
        self.switches: Mapping[str, str] = _SWITCHES
        self.known = known(name)
        self._entries = entries

    def __call__(self, case: Case) -> Any:
        names = names_of(case, self.switches)
        refusals = []
        for entry in self._entries[:: -1 if case.seed % 2 else 1]:
            met = [limit for limit in limits() if limit.entry == entry and limit.when.holds(names)]
            if not met:
                return call(entry, case)
            api = f"conv{case.rank}d" if entry == "nd" else entry
            refusals.append(f"tf.nn.{api}: {met[0].words}")
        raise Declined(refusals[0])


def call(entry: Entry, case: Case) -> Any:
    """TensorFlow's answer through one entry point, as a NumPy array; its own errors pass through."""
    with tf.device("/CPU:0"):
        x, w = tf.constant(case.input), tf.constant(case.filters)
        y = _convolution(case, x, w) if entry == "convolution" else _conv_nd(case, x, w)
        for step in case.epilogue:
            y = _EPILOGUE[step](case, y)
    return y.numpy()


def _convolution(case: Case, x: Any, w: Any) -> Any:
    return tf.nn.convolution(
        x,
        w,
        strides=case.strides,
        padding=_padding(case),
        data_format=case.data_format,
        dilations=case.dilations,
    )


def _conv_nd(case: Case, x: Any, w: Any) -> Any:
    padding, form = _padding(case), case.data_format
    strides = list(case.in_data_format((1, *case.strides, 1)))
    dilations = list(case.in_data_format((1, *case.dilations, 1)))
    match case.rank:
        case 1:
            return tf.nn.conv1d(x, w, strides, padding, data_format=form, dilations=dilations)
        case 2:
            return tf.nn.conv2d(x, w, strides, padding, data_format=form, dilations=dilations)
    return tf.nn.conv3d(x, w, strides, padding, data_format=form, dilations=dilations)


def _padding(case: Case) -> Any:
    """ "SAME", "VALID", or pairs for every axis of the input, batch and channels included."""
    if isinstance(case.padding, str):
        return case.padding
    pairs = [list(pair) for pair in case.padding]
    return [[0, 0], [0, 0], *pairs] if case.channels_first else [[0, 0], *pairs, [0, 0]]


def _add_bias(case: Case, y: Any) -> Any:
    form = "NC..." if case.channels_first else "N...C"
    return tf.nn.bias_add(y, tf.constant(case.bias), data_format=form)


def _relu(case: Case, y: Any) -> Any:
    return tf.nn.relu(y)


_EPILOGUE = {"bias": _add_bias, "relu": _relu}
