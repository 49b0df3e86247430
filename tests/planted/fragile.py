"""Subjects that are lost: they crash, hang, or take all memory."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.planted.convolutions import answer
from verify import Case, Declined
from verify.cases.operands import Array
from verify.cases.predicates import Predicate
from verify.checks.deviations import Deviation


def aborts(case: Case) -> Array:
    print("no kernel for this", file=sys.stderr)
    os.abort()


def reads_nowhere(case: Case) -> Array:
    ctypes.string_at(0)
    raise AssertionError


def divides_by_zero(case: Case) -> Array:
    signal.raise_signal(signal.SIGFPE)
    return answer(case)


def exits(case: Case) -> Array:
    os._exit(7)


def hangs(case: Case) -> Array:
    Path(os.environ.get("HANGS", os.devnull)).touch()  # for those who wait until it does
    while True:
        time.sleep(1)


def doubts(case: Case) -> Array:
    """Right, and says only after a while that it does not take a batch of two."""
    return answer(case)


def _takes(case: Case) -> bool:
    if case.batch == 2:
        time.sleep(1)
    return case.batch != 2


doubts.supports = _takes  # type: ignore[attr-defined]


def misspelt(case: Case) -> Array:
    """Right, and asks a case for what it does not have where it says what it answers."""
    return answer(case)


misspelt.supports = lambda case: len(case.pads) == 1  # type: ignore[attr-defined]


_SHAPES: set[Case] = set()


def compiles(case: Case) -> Array:
    """Right, and takes a while for the first case of a shape in a process."""
    shape = replace(case, fill="ones", seed=0)
    if shape not in _SHAPES:
        _SHAPES.add(shape)
        time.sleep(1)
    return answer(case)


compiles.compiles = True  # type: ignore[attr-defined]


def differs_by_place(case: Case) -> Array:
    """Adds one, and declines three axes, where the environment says so: for an interpreter."""
    if "FRAGILE" not in os.environ:
        return answer(case)
    if case.rank == 3:
        raise Declined("three axes")
    return answer(case) + case.dtype.type(1)


def takes_all_memory(case: Case) -> Array:
    """NumPy refuses it, with a MemoryError."""
    return np.ones(2**40) + answer(case)


def is_refused_natively(case: Case) -> Array:
    """As C++ ends where `new` fails."""
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.abort()


def is_killed(case: Case) -> Array:
    """As Linux ends a process where memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def aborts_on_stride(case: Case) -> Array:
    """Right, except for a stride above 1 with more than two channels."""
    if max(case.strides) > 1 and case.channels > 2:
        os.abort()
    return answer(case)


def hangs_with_a_child(case: Case) -> Array:
    """Starts what sleeps on, writes its number where the environment says, and hangs at the next case."""
    number = Path(os.environ["SLEEPER"])
    if number.exists():
        return hangs(case)
    number.write_text(str(subprocess.Popen(["sleep", "1000"]).pid))
    return answer(case)


def closes_its_stream(case: Case) -> Array:
    """Every file but the standard ones."""
    os.closerange(3, 1000)
    return answer(case)


def prints(case: Case) -> Array:
    print("so far so good" * 1000)
    return answer(case)


def zero_d(case: Case) -> Array:
    return np.asarray(case.dtype.type(1))


def of_objects(case: Case) -> Array:
    return np.array([None, {}])


def of_words(case: Case) -> Array:
    return np.array(["one", "three"])


def backwards(case: Case) -> Array:
    """Right, in the other byte order."""
    y = answer(case)
    return y.astype(y.dtype.newbyteorder(">"))


def in_columns(case: Case) -> Array:
    """Right, in Fortran's order of memory."""
    return np.asfortranarray(answer(case))


def returns_none(case: Case) -> None:
    return None


def returns_a_list(case: Case) -> list[float]:
    return [1.0]


def writes_to_its_input(case: Case) -> Array:
    y = answer(case)
    case.input.flat[0] += 1
    return y


def interrupts(case: Case) -> Array:
    raise KeyboardInterrupt


def speaks_of_its_process(case: Case) -> Array:
    raise Declined(f"{os.environ.get('SWITCH')} {'tensorflow' in sys.modules}")


_CALLS = iter(range(1, 1000))


def counts_its_calls(case: Case) -> Array:
    """How often this process was asked; it is known to crash at times on a batch of two."""
    return np.full(case.output_shape, next(_CALLS), case.dtype)


counts_its_calls.known = (  # type: ignore[attr-defined]
    Deviation(
        name="spoils",
        subjects=("tests.planted.fragile:*",),
        kinds=("crashed",),
        when=Predicate("batch == 2"),
        word="conv_n2_i1_k1_same_ones",
        sentence="It writes where it must not.",
        sporadic=True,
    ),
)
