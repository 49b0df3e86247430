"""The options of a call over arrays, each with the name of the argument that it is."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import click

from verify.config.flags import joint_option
from verify.config.options import OptionKind, choice

ARRAY = OptionKind("FILE.npy")


def numbers(text: str) -> int | tuple[int, ...]:
    """A whole number, or one for each axis: `2`, `2,1` or `2x1`."""
    if not re.fullmatch(r"[0-9]{1,9}([x,][0-9]{1,9}){0,2}", text):
        raise ValueError(f"{text!r} is neither a number nor one for each axis, such as 2 or 2,1")
    found = tuple(map(int, re.split("[x,]", text)))
    return found[0] if len(found) == 1 else found


def padding(text: str) -> Any:
    """`same`, `valid`, numbers of cells, or before.after pairs as a word has them: `1.2x0.3`."""
    if text.lower() in ("same", "valid"):
        return text.upper()
    if re.fullmatch(r"[0-9]{1,9}\.[0-9]{1,9}(x[0-9]{1,9}\.[0-9]{1,9}){0,2}", text):
        return tuple(tuple(map(int, pair.split("."))) for pair in text.split("x"))
    try:
        return numbers(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is none of same, valid, cells such as 1 or 1,2, and before.after such as 0.1x0.1"
        ) from None


class CallOptions(NamedTuple):
    """The arguments of a call as they were given; arrays by their files, None where one is not given."""

    operation: str | None
    x: str | None
    w: str | None
    bias: str | None
    residual: str | None
    strides: Any
    padding: Any
    dilations: Any
    groups: Any
    activation: str | None
    data_format: str | None
    filter_format: str | None

    @property
    def arguments(self) -> dict[str, Any]:
        """All but the operation, by name."""
        return {name: value for name, value in self._asdict().items() if name != "operation"}

    @property
    def given(self) -> list[str]:
        """The options that were given."""
        return [f"--{name.replace('_', '-')}" for name, value in self._asdict().items() if value is not None]


_NUMBERS = OptionKind("N,…", numbers)

call_options = joint_option(
    "call",
    CallOptions,
    click.option("--operation", type=choice("NAME", "conv", "transpose"), help="conv (default) or transpose"),
    click.option("--x", type=ARRAY, help="your own input, in place of a WORD"),
    click.option("--w", type=ARRAY, help="your own filters (*kernel, channels, filters)"),
    click.option("--bias", type=ARRAY, help="one number for each filter; --residual alike"),
    click.option("--residual", type=ARRAY, hidden=True),
    click.option("--strides", type=_NUMBERS, help="2 or 2,1; --dilations, --groups alike"),
    click.option("--padding", type=OptionKind("PADDING", padding), help="same, valid, 1 or 0.1x0.1"),
    click.option("--dilations", type=_NUMBERS, hidden=True),
    click.option("--groups", type=_NUMBERS, hidden=True),
    click.option("--activation", type=OptionKind("NAME"), help="relu, relu6, leaky0.25, tanh, …"),
    click.option("--data-format", type=OptionKind("NHWC"), help="the order of x's axes"),
    click.option("--filter-format", type=OptionKind("OIHW"), help="the order of w's axes"),
)
