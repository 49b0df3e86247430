"""Functions that a scheduler or a worker is sent by their source, as neither need have them."""

from __future__ import annotations

from inspect import getsource
from types import ModuleType
from typing import Any

CALL = "(exec(source, space), space[name](argument))[1]"
"""What is evaluated there to call a function that is sent."""


def sent(module: ModuleType, function: str, argument: Any) -> dict[str, Any]:
    """The names with which CALL calls a function of a module with an argument."""
    return {"source": getsource(module), "name": function, "argument": argument, "space": {}}
