"""The steps that follow a convolution, computed for one number and written out."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from verify.cases.case import Case
from verify.cases.epilogue import ACTIVATIONS, kind_of, slope_of
from verify.reports.explanation.lines import Line, addition, entry, written


def step_lines(case: Case, value: float, *, index: tuple[int, ...], channel: int) -> Iterator[Line]:
    """From the sum of one cell's products, `value`, to its answer, step by step."""
    kind = int if case.format.exact_integers else float
    if case.bias is not None:
        bias = kind(case.bias[channel])
        yield from entry("bias", addition([value, bias], value + bias))
        value += bias
    yield from _overflow(case, value)
    value = _wrapped(case, value)
    for step in case.epilogue:
        if step == "norm":
            formula, value = _normalised(case, value, channel=channel)
            yield from entry("norm", "(value - mean) * scale / sqrt(variance + epsilon) + offset")
            yield from entry("", formula)
        elif step == "residual" and case.residual is not None:
            residual = kind(case.residual[index])
            yield from entry("residual", addition([value, residual], value + residual))
            yield from _overflow(case, value + residual)
            value = _wrapped(case, value + residual)
        elif kind_of(step) in ACTIVATIONS:
            formula, value = _activated(step, value)
            yield from entry(kind_of(step), formula)
    yield from entry("answer", _rounded(case, value), style="result")


def _overflow(case: Case, value: float) -> list[Line]:
    """How often a sum of integers wraps around the 32 bits that hold it."""
    wrapped = _wrapped(case, value)
    turns = round(value - wrapped) // 2**32 if wrapped != value and case.format.exact_integers else 0
    sign = "-" if turns > 0 else "+"
    return entry("int32", f"{value} {sign} {abs(turns)}*2**32 = {wrapped}") if turns else []


def _wrapped(case: Case, value: float) -> float:
    return (value + 2**31) % 2**32 - 2**31 if case.format.exact_integers else value


def _normalised(case: Case, value: float, *, channel: int) -> tuple[str, float]:
    assert case.norm is not None
    mean, variance = float(case.norm.mean[channel]), float(case.norm.variance[channel])
    scale, offset = float(case.norm.scale[channel]), float(case.norm.offset[channel])
    result = (value - mean) * scale / math.sqrt(variance + case.norm_epsilon) + offset
    moved = f"({written(value)}{_signed(-mean)}) * {scale:g}"
    formula = f"{moved} / sqrt({variance:g} + {case.norm_epsilon}){_signed(offset)} = {written(result)}"
    return formula, result


def _signed(addend: float) -> str:
    return f" {'-' if math.copysign(1, addend) < 0 else '+'} {abs(addend):g}"


def _activated(step: str, value: float) -> tuple[str, float]:
    """An activation's formula and its value."""
    shown, kind = written(value), kind_of(step)
    if kind in ("leaky", "elu") and value > 0:
        return f"{shown} is above 0 and stays", value
    match kind:
        case "relu":
            formula, result = f"max({shown}, 0)", max(value, 0)
        case "relu6":
            formula, result = f"min(max({shown}, 0), 6)", min(max(value, 0), 6)
        case "leaky":
            formula, result = f"{step.removeprefix('leaky')} * {shown}", slope_of(step) * value
        case "elu":
            formula, result = f"exp({shown}) - 1", math.expm1(value)
        case "tanh":
            formula, result = f"tanh({shown})", math.tanh(value)
        case _:
            formula, result = f"1 / (1 + exp({written(-value)}))", _sigmoid(value)
    return f"{formula} = {written(result)}", result


def _sigmoid(value: float) -> float:
    """1 / (1 + exp(−value)), also where exp overflows."""
    return 1 / (1 + math.exp(-value)) if value > -700 else math.exp(value)


def _rounded(case: Case, value: float) -> str:
    """The answer in full, and as its dtype holds it if that differs."""
    exact = written(value) if value % 1 == 0 else repr(value)
    with np.errstate(over="ignore"):
        held = np.asarray(value).astype(case.dtype)
    rounded = written(float(held)) if float(held) % 1 == 0 else str(held)
    if float(held) == value or rounded == exact:
        return exact
    return f"{exact}, which {case.dtype.name} holds as {rounded}"
