"""Errors that are shown at the line of the user's call, without the lines of this package."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from difflib import get_close_matches
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

__unittest = True  # unittest leaves out the frames of such modules

_MARK = "_conv_verify_at_the_call"


class WrongArgument(ValueError):
    """An argument that no convolution has, in one sentence; the caller sees a ValueError."""


class Unequal(AssertionError):
    """An answer that is not right; the caller sees an AssertionError."""


class _WrongCall(TypeError):
    """Arguments that a function does not take; the caller sees a TypeError."""


def shown_at_the_call(function: Callable[P, T]) -> Callable[P, T]:
    """A function whose refusals and failed assertions end at the line that calls it; other errors do not.

    pytest, unittest and IPython have ways to leave frames out; plain Python has `sys.excepthook`, which is
    set once there is such an error, unless somebody else has set it, and shows other errors as before.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        __tracebackhide__ = True
        failure: Exception
        try:
            _require_arguments(function.__name__, signature, args, kwargs)
            return function(*args, **kwargs)
        except WrongArgument as error:
            failure = ValueError(str(error))
        except Unequal as error:
            failure = AssertionError(str(error))
        except _WrongCall as error:
            failure = TypeError(str(error))
        setattr(failure, _MARK, True)
        _hide_in_plain_python()
        raise failure from None

    return call


def _require_arguments(
    name: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Raise an error, one sentence, for arguments that a function does not take."""
    taken = [*signature.parameters]
    for given in kwargs:
        if given not in taken:
            near = _MEANT.get(given) or next(iter(get_close_matches(given, taken, 1)), "")
            hint = f", perhaps {near}" if near in taken else ""
            raise _WrongCall(f"{name} takes no argument {given}{hint}: it takes {', '.join(taken)}")
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise _WrongCall(f"{name}: {error}: it takes {', '.join(taken)}") from None


_MEANT = {
    "stride": "strides",
    "dilation": "dilations",
    "mode": "padding_mode",
    "input": "x",
    "weight": "w",
    "weights": "w",
    "filters": "w",
    "act": "activation",
    "kernel_size": "kernel",
    "filter_shape": "kernel",
    "out_backprop": "cotangent",
    "grad_output": "cotangent",
}
"""Arguments of frameworks → ours."""


def _hide_in_plain_python() -> None:
    """Have uncaught errors that are marked shown without the frames of their wrapper."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _excepthook


def _excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.__excepthook__(kind, error, _without_wrapper(trace) if hasattr(error, _MARK) else trace)


def _without_wrapper(trace: TracebackType | None) -> TracebackType | None:
    """A traceback cut before the first frame of this module."""
    if trace is None or trace.tb_frame.f_globals is globals():
        return None
    trace.tb_next = _without_wrapper(trace.tb_next)
    return trace
