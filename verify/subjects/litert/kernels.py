"""The sets of kernels of TensorFlow Lite, the packages that have them, and the schemes that they follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.cases.operands import Array


class Engine(NamedTuple):
    """A package that runs models of TensorFlow Lite.

    `interpreter` makes one of a model, `resolver` gives the set of kernels of a name, `schema` is its module
    of the format's classes, and `framework` has its limits and deviations.
    """

    interpreter: Callable[..., Any]
    resolver: Callable[[str], Any]
    schema: Any
    framework: str


class Kernels(NamedTuple):
    """A set of kernels: the resolver by which an interpreter takes it, and its schemes.

    The default resolver is "". `schemes` has a scheme for each dtype and operation, and for DYNAMIC.
    """

    resolver: str
    schemes: Mapping[str, Mapping[str, str]]

    def options(self, engine: Engine) -> Mapping[str, Any]:
        """The arguments of an interpreter beside its model."""
        resolver = {"experimental_op_resolver_type": engine.resolver(self.resolver)} if self.resolver else {}
        return {"num_threads": 1, **resolver}


def interpreted(make: Callable[..., Any], content: bytes, inputs: Iterable[Array], **options: Any) -> Array:
    """The answer of a model, by an interpreter of its own, which is made with these options."""
    interpreter = make(model_content=content, **options)
    interpreter.allocate_tensors()
    for array, place in zip(inputs, interpreter.get_input_details(), strict=True):
        interpreter.set_tensor(place["index"], array)
    interpreter.invoke()
    answer: Array = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return answer


def _each(scheme: str) -> dict[str, str]:
    return dict.fromkeys(("conv", "depthwise", "transpose"), scheme)


_WIDE = _each("short-once")
"""Sums of 64 bits have one function, in every set."""

_DEPTHWISE_UINT8 = {"depthwise": "fixed-twice-product"}
"""XNNPACK does not take it, and the built-in kernel rounds as the reference one does."""

DYNAMIC = "int8weights"
"""The key of the schemes of filters of int8 beside an input of float32."""

KERNELS: Mapping[str, Kernels] = MappingProxyType(
    {
        "": Kernels(
            "",
            {
                "int8": _each("float32"),
                "uint8": {**_each("float32"), **_DEPTHWISE_UINT8},
                "int16": _WIDE,
                DYNAMIC: {"conv": "", "depthwise": "dynamic-blocks"},
            },
        ),
        "+builtin": Kernels(
            "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
            {
                "int8": {**_each("fixed-twice-blocks"), "conv": "fixed-twice-up"},
                "uint8": {**_each("fixed-twice-up-product"), **_DEPTHWISE_UINT8},
                "int16": _WIDE,
                DYNAMIC: {"conv": "dynamic-product-or-symmetric", "depthwise": "dynamic-blocks"},
            },
        ),
        "+reference": Kernels(
            "BUILTIN_REF",
            {
                "int8": _each("fixed-twice"),
                "uint8": _each("fixed-twice-product"),
                "int16": _WIDE,
                DYNAMIC: {"conv": "dynamic-filters-or-symmetric", "depthwise": "dynamic-product"},
            },
        ),
    }
)
"""End of a way's name → kernels: those of XNNPACK, the default delegate; the built-in optimized ones, as on
an x86 processor with AVX; the reference ones."""
