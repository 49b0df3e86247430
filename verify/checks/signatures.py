"""What a callable can be seen not to be able to do, before it is called: answer a case by an array."""

from __future__ import annotations

from collections.abc import Callable
from inspect import (
    Parameter,
    isasyncgen,
    isasyncgenfunction,
    isclass,
    iscoroutine,
    iscoroutinefunction,
    isgenerator,
    isgeneratorfunction,
    signature,
)
from typing import Any

_A_CLASS = "is a class: name an object of it that can be called with a case, or a function"
_COROUTINE = (
    "a coroutine, whose answer nobody awaits: "
    "write `def` in place of `async def`, and asyncio.run(…) around what it awaits"
)
_GENERATOR = "a generator: write `return` in place of `yield`"

_A_METHOD = "is a function of a class, not the method of an object: name an object, or a function"

_READ = "write `def {name}(case)`, and read the operands from the case, such as case.input and case.filters"


def misuse_seen(subject: Callable[..., Any]) -> str:
    """Why a callable is no subject and what to write in its place, in one phrase; "" if nothing is seen."""
    if isclass(subject):
        return _A_CLASS
    for call in (subject, getattr(type(subject), "__call__", None)):  # noqa: B004 - an async one is looked for
        if iscoroutinefunction(call):
            return f"returns {_COROUTINE}"
        if isgeneratorfunction(call) or isasyncgenfunction(call):
            return f"returns {_GENERATOR}"
    return _other_arguments(subject)


def misuse_of_answer(answer: Any) -> str:
    """Why what a subject returned shows that it is none, in one phrase; "" for any other answer."""
    if iscoroutine(answer):
        answer.close()  # so that Python does not warn of it
        return f"returns {_COROUTINE}"
    return f"returns {_GENERATOR}" if isgenerator(answer) or isasyncgen(answer) else ""


def _other_arguments(subject: Callable[..., Any]) -> str:
    """What is wrong with the arguments of a callable, as far as it says them."""
    try:
        # A function that stands in for another takes its own arguments, whatever it wraps.
        described = signature(subject, follow_wrapped=False)
    except (TypeError, ValueError):  # of native code
        return ""
    try:
        described.bind(object())
    except TypeError:
        if next(iter(described.parameters), "") == "self":
            return _A_METHOD
        name = getattr(subject, "__name__", "f").replace("<lambda>", "f")
        return f"takes {_listed(described.parameters.values())}: {_READ.format(name=name)}"
    return ""


def _listed(parameters: Any) -> str:
    needed = [each for each in parameters if each.default is Parameter.empty and each.kind not in _VARIABLE]
    if not any(each.kind in _BY_POSITION for each in parameters):
        return "no argument" + (f" but {', '.join(each.name for each in needed)}, by name" if needed else "")
    return f"{len(needed)} arguments ({', '.join(each.name for each in needed)}), not a case alone"


_VARIABLE = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
_BY_POSITION = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.VAR_POSITIONAL)
