"""The steps that may come before and after a convolution, and how a case's word spells them."""

from __future__ import annotations

import math

ACTIVATIONS = ("relu", "relu6", "leaky", "elu", "tanh", "sigmoid")
EPILOGUE = ("bias", "norm", "residual", *ACTIVATIONS)
AROUND = ("border", *EPILOGUE)
"""What may come before and after a convolution."""

WHOLE = ("bias", "residual", "relu", "relu6")
"""Steps that take integers to integers."""

ONE_ROUNDING = ("relu", "relu6", "leaky")
"""Steps that may be taken before or after the rounding to the dtype."""

_STAGES = {"bias": 0, "norm": 0, "residual": 1}


def leaky(slope: float) -> str:
    """The step of a leaky relu in its one spelling."""
    return f"leaky{slope:.6f}".rstrip("0").rstrip(".")


def slope_of(step: str) -> float:
    """The slope that a step of the epilogue has below 0, for a leaky relu."""
    return float(step.removeprefix("leaky"))


def kind_of(step: str) -> str:
    """A step of the epilogue without its slope: one of EPILOGUE."""
    return "leaky" if step.startswith("leaky") else step


def is_step(step: str) -> bool:
    """Whether it is a step in its one spelling, a leaky relu with its slope."""
    if kind_of(step) != "leaky":
        return step in EPILOGUE
    try:
        return leaky(slope_of(step)) == step and 0 <= slope_of(step) < 1000
    except ValueError:
        return False


def is_in_order(steps: tuple[str, ...]) -> bool:
    """Whether a bias or a norm comes first, then a residual, then one activation."""
    stages = [_STAGES.get(kind_of(step), 2) for step in steps]
    return stages == sorted(set(stages))


def is_exact(step: str) -> bool:
    """Whether a step of the epilogue gives integers (or their halves, quarters …) without rounding."""
    if kind_of(step) == "leaky":
        return math.frexp(slope_of(step))[0] == 0.5 and slope_of(step) >= 2.0**-4
    return step in WHOLE
