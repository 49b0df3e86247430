"""A call over plain arrays: its arguments, the case that they make, and the layouts that they came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from verify.cases.dtypes import FORMATS
from verify.cases.geometry import Axis, dilated
from verify.cases.given import Given
from verify.cases.modes import ZEROS
from verify.cases.operands import NORM_EPSILON, Array, Operands
from verify.cases.operations import WHOLE, kind_of
from verify.cases.quantised import PLAIN
from verify.oracle.arguments import (
    activation_named,
    array_named,
    groups_of,
    mode_of,
    norm_of,
    padding_of,
    steps_of,
    whole_numbers,
)
from verify.oracle.at_the_call import WrongArgument
from verify.oracle.layouts import Layout, filter_layout, image_layout, rank_said, spatial_letters
from verify.oracle.problem import Problem, problem_of
from verify.oracle.quantised_call import quantised_of, require_quantised


class Misfit(WrongArgument):
    """Arrays that do not fit each other, as where they have other layouts than those that were named."""


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What a call was given, unread; `w` is none of a `filtergrad`, which has a cotangent and a kernel."""

    operation: str
    x: Any
    w: Any = None
    cotangent: Any = None
    kernel: Any = None
    strides: Any = 1
    padding: Any = "VALID"
    padding_mode: Any = ZEROS
    dilations: Any = 1
    groups: Any = 1
    output_shape: Any = None
    output_padding: Any = 0
    bias: Any = None
    norm: Any = None
    norm_epsilon: Any = None
    residual: Any = None
    activation: Any = None
    data_format: Any = None
    filter_format: Any = None
    x_scale: Any = None
    x_zero_point: Any = None
    w_scale: Any = None
    w_zero_point: Any = None
    y_scale: Any = None
    y_zero_point: Any = None
    scheme: str = ""

    @classmethod
    def of(cls, operation: str, given: Mapping[str, Any]) -> Arguments:
        """The arguments of an operation among the names that its function has."""
        names = [field.name for field in fields(cls) if field.name in given]
        return cls(operation=operation, **{name: given[name] for name in names})


class Call(NamedTuple):
    """A call that is read: the case of its arrays, in the reference's order, and the caller's layouts.

    `given` has the arrays as the caller has them, by name. `scheme` is how a quantised answer is made.
    """

    case: Given
    images: Layout
    filters: Layout
    given: dict[str, Array]
    scheme: str = ""

    @property
    def held(self) -> Given:
        """The case as it is judged: held to the scheme."""
        return self.case.held_to(self.scheme)

    @property
    def problem(self) -> Problem:
        return problem_of(self.case)

    @property
    def layout(self) -> Layout:
        """That of the answer."""
        return self.images if self.case.traits.answers_image else self.filters

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the answer, in the caller's layout."""
        return self.layout.index_of(self.case.output_shape)


class _Shapes(NamedTuple):
    """The numbers of a call that its arrays say, in the reference's order.

    `size` and `out` are those of the forward convolution; the one that the call answers is not known yet.
    """

    batch: int
    channels: int
    filters: int
    kernel: tuple[int, ...]
    size: tuple[int, ...] = ()
    out: tuple[int, ...] = ()


def call_of(arguments: Arguments) -> Call:
    """The call of some arguments; ValueError, one sentence, for those that no convolution has.

    A Misfit is one of arrays that do not fit each other.
    """
    is_gradient, is_transpose = arguments.operation == "filtergrad", arguments.operation == "transpose"
    x = array_named("x", arguments.x)
    name = "cotangent" if is_gradient else "w"
    factor = array_named(name, arguments.cotangent if is_gradient else arguments.w)
    rank = _rank_of_gradient(arguments, x, factor) if is_gradient else _rank_of_filters(x, factor)
    images = image_layout(arguments.data_format, rank=rank, ndim=x.ndim)
    filters = filter_layout(arguments.filter_format, rank=rank, is_transpose=is_transpose)
    given = {"x": x, name: factor}
    first = images.to_base(x)
    second = (images if is_gradient else filters).to_base(factor)
    is_first = images.base.startswith("NC")
    shapes = _shapes(arguments, first, second, rank=rank, is_first=is_first, layout=filters)
    strides = steps_of("strides", arguments.strides, rank=rank)
    dilations = steps_of("dilations", arguments.dilations, rank=rank)
    groups = _fitting_groups(arguments, shapes, given=given, filters=filters)
    axes = _axes(arguments, shapes, images=images, strides=strides, dilations=dilations)
    after, epilogue = _after(arguments)
    quantised = quantised_of(arguments, x)
    made = Given.of_arrays(
        {
            "operation": arguments.operation,
            "batch": shapes.batch,
            "channels": shapes.channels,
            "filter_count": shapes.filters,
            "groups": groups,
            "padding": _padding_name(arguments.padding),
            "padding_mode": mode_of(arguments.padding_mode),
            "dtype": x.dtype if x.dtype.name in FORMATS or quantised else np.dtype(np.float64),
            "quantised": quantised or PLAIN,
            "channels_first": is_first,
            "epilogue": epilogue,
            "fill": "reals" if _is_finite(x, factor) else "nonfinite",
        },
        axes,
        Operands(input=first, factor=second, **_fitted(after, images)),
        epsilon=NORM_EPSILON if arguments.norm is None else float(arguments.norm_epsilon),
    )
    call = Call(made, images, filters, {**given, **after}, arguments.scheme)
    _require_fit(call)
    if quantised:
        require_quantised(made, call.given)
    return call


def _padding_name(padding: Any) -> Any:
    """How a case says the padding: by its word, or () for cells, which the axes have."""
    return padding.strip().upper() if isinstance(padding, str) else ()


def _is_finite(*arrays: Array) -> bool:
    return all(bool(np.isfinite(array).all()) for array in arrays)


def _rank_of_filters(x: Array, w: Array) -> int:
    """The spatial axes of filters, which x has as well, besides its channels and perhaps a batch."""
    rank = w.ndim - 2
    if not 1 <= rank <= 3 or x.ndim not in (rank + 1, rank + 2):
        raise WrongArgument(
            f"x and w have {x.ndim} and {w.ndim} axes; both need the same 3, 4 or 5, "
            "or x one less where it has no batch"
        )
    if 0 in w.shape:
        raise WrongArgument(f"w has shape {w.shape}, a filter without elements")
    return rank


def _rank_of_gradient(arguments: Arguments, x: Array, cotangent: Array) -> int:
    """The spatial axes of a gradient of filters: those that the kernel or the data format has, or x's."""
    rank = len(whole_numbers(arguments.kernel, rank_said(arguments.data_format) or x.ndim - 2) or ())
    if x.ndim != cotangent.ndim or rank not in (x.ndim - 1, x.ndim - 2) or not 1 <= rank <= 3:
        raise WrongArgument(
            f"kernel is {arguments.kernel!r}, x has {x.ndim} axes and cotangent {cotangent.ndim}; a kernel "
            "is a number, or one for each of 1 to 3 spatial axes, and both arrays have 2 axes more, or 1 "
            "without a batch"
        )
    return rank


def _shapes(
    arguments: Arguments, first: Array, second: Array, *, rank: int, is_first: bool, layout: Layout
) -> _Shapes:
    """Those of two arrays in the reference's order; `layout` is that of filters."""
    batch, *spatial = first.shape if not is_first else (first.shape[0], *first.shape[2:], first.shape[1])
    *size, channels = spatial
    if arguments.operation == "filtergrad":
        kernel = steps_of("kernel", arguments.kernel, rank=rank)
        last = np.moveaxis(second, 1, -1) if is_first else second
        if last.shape[0] != batch:
            raise Misfit(f"x has a batch of {batch} and cotangent one of {last.shape[0]}")
        return _Shapes(batch, channels, last.shape[-1], kernel, tuple(size), last.shape[1:-1])
    kernel, (members, filters) = second.shape[:rank], second.shape[rank:]
    if arguments.operation == "conv":
        return _Shapes(batch, channels, filters, kernel, size=tuple(size))
    if channels != filters:
        shape = layout.index_of(second.shape)
        raise Misfit(
            f"x has {channels} channels and w reads {filters}: its shape is {shape}, {layout.letters}"
        )
    # The channels of a transpose's answer follow from the groups.
    return _Shapes(batch, members * groups_of(arguments.groups), filters, kernel, out=tuple(size))


def _fitting_groups(
    arguments: Arguments, shapes: _Shapes, *, given: Mapping[str, Array], filters: Layout
) -> int:
    count = groups_of(arguments.groups)
    what = f"{count} group{'s' * (count != 1)}"
    if arguments.operation == "filtergrad":
        if count < 1 or shapes.channels % count or shapes.filters % count:
            raise Misfit(
                f"x has {shapes.channels} channels and cotangent {shapes.filters}, which do not fit {what}"
            )
        return count
    w = filters.to_base(given["w"])
    if count < 1 or shapes.channels != w.shape[-2] * count or shapes.filters % count:
        read = shapes.filters if arguments.operation == "transpose" else shapes.channels
        sentence = f"x has {read} channels and w has shape {given['w'].shape}, which does not fit {what}"
        if count == shapes.channels == w.shape[-2] > 1:
            flat = (*shapes.kernel, 1, count * shapes.filters)
            sentence += f"; filters (*kernel, channels, multiplier) of depthwise are given as w.reshape{flat}"
        raise Misfit(sentence)
    return count


def _axes(
    arguments: Arguments,
    shapes: _Shapes,
    *,
    images: Layout,
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
) -> tuple[Axis, ...]:
    """The axes of the forward convolution; Misfit where its answer has another size than the call says."""
    is_first, size = images.base.startswith("NC"), shapes.size
    if arguments.operation == "transpose":
        size = _sizes(arguments, shapes, images=images, strides=strides, dilations=dilations)
    walks = list(zip(size, shapes.kernel, strides, dilations, strict=True))
    pairs = padding_of(arguments.padding, walks=walks, is_first=is_first)
    mode = mode_of(arguments.padding_mode)
    axes = tuple(Axis(*walk, before, after, mode) for walk, (before, after) in zip(walks, pairs, strict=True))
    for number, axis in enumerate(axes):
        if axis.shortfall and _padding_name(arguments.padding) != "SAME":
            raise Misfit(axis.refusal(number))
        if refusal := axis.unrepeatable(number):
            raise Misfit(refusal)
    outs = tuple(axis.out for axis in axes)
    if shapes.out and outs != shapes.out:
        raise Misfit(_disagreeing_sizes(arguments, size=size, outs=outs, wanted=shapes.out, axes=axes))
    return axes


def _disagreeing_sizes(
    arguments: Arguments,
    *,
    size: tuple[int, ...],
    outs: tuple[int, ...],
    wanted: tuple[int, ...],
    axes: tuple[Axis, ...],
) -> str:
    """One sentence for arrays of which the forward convolution does not make one out of the other."""
    if arguments.operation != "transpose":
        return (
            f"cotangent has sizes {wanted} along {', '.join(spatial_letters(len(axes)))}, where the "
            f"convolution of x, of sizes {size}, answers {outs}"
        )
    name = "output_padding" if arguments.output_shape is None else "output_shape"
    ranges = []
    for out, axis in zip(wanted, axes, strict=True):
        least = (out - 1) * axis.stride + axis.span - axis.before - axis.after
        if _padding_name(arguments.padding) == "SAME":
            least = (out - 1) * axis.stride + 1
        ranges.append(f"{max(least, 0)} to {max(least, 0) + axis.stride - 1}")
    return (
        f"{name} {getattr(arguments, name)!r} makes an answer of sizes {size}, from which the convolution "
        f"makes {outs} and not x's {wanted}; sizes from {', '.join(ranges)} fit"
    )


def _sizes(
    arguments: Arguments,
    shapes: _Shapes,
    *,
    images: Layout,
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
) -> tuple[int, ...]:
    """The sizes of a transpose's answer: those that are said, or SAME's size · stride, or the least."""
    rank = len(strides)
    extra = steps_of("output_padding", arguments.output_padding, rank=rank, least=0)
    if arguments.output_shape is not None:
        if any(extra):
            raise WrongArgument("output_shape and output_padding both say the size of the answer; give one")
        return _said_sizes(arguments.output_shape, shapes, images=images, rank=rank)
    if _padding_name(arguments.padding) == "SAME":
        least = [out * stride for out, stride in zip(shapes.out, strides, strict=True)]
        return tuple(size + more for size, more in zip(least, extra, strict=True))
    pairs = padding_of(
        arguments.padding,
        walks=list(zip(shapes.out, shapes.kernel, strides, dilations, strict=True)),
        is_first=images.base.startswith("NC"),
    )
    numbers = zip(shapes.out, shapes.kernel, strides, dilations, pairs, extra, strict=True)
    return tuple(
        max((out - 1) * stride + dilated(kernel, dilation) - sum(pair), 0) + more
        for out, kernel, stride, dilation, pair, more in numbers
    )


def _said_sizes(output_shape: Any, shapes: _Shapes, *, images: Layout, rank: int) -> tuple[int, ...]:
    """The spatial sizes of an output shape, which may be the whole one, as TensorFlow has it."""
    try:
        whole = tuple(int(number) for number in output_shape)
    except (TypeError, ValueError):
        whole = ()
    if len(whole) == rank and min(whole) >= 0:
        return whole
    extents = dict(zip(images.letters, whole, strict=False))
    is_whole = len(whole) == len(images.letters) and min(whole) >= 0
    if not is_whole or (extents.get("N", shapes.batch), extents["C"]) != (shapes.batch, shapes.channels):
        raise WrongArgument(
            f"output_shape {output_shape!r} is neither one size for each of {rank} axes, nor the whole "
            f"shape {images.letters} with {shapes.channels} channels"
        )
    return tuple(extents[letter] for letter in spatial_letters(rank))


def _after(arguments: Arguments) -> tuple[dict[str, Array], tuple[str, ...]]:
    """The arrays of what follows, by name, and its steps in order."""
    arrays = norm_of(arguments.norm, arguments.norm_epsilon)
    if arrays and arguments.bias is not None:
        raise WrongArgument("bias and norm are both given; a bias before a norm is a norm of mean − bias")
    steps = ["norm"] if arrays else []
    for name in ("bias", "residual"):
        if (value := getattr(arguments, name)) is not None:
            arrays[name] = array_named(name, value)
            steps.append(name)
    return arrays, (*steps, *activation_named(arguments.activation))


def _fitted(after: Mapping[str, Array], images: Layout) -> dict[str, Array]:
    """What follows, in the reference's order; a residual of other axes stays as it is."""
    return {
        name: images.to_base(array) if name == "residual" and array.ndim == len(images.letters) else array
        for name, array in after.items()
    }


def _require_fit(call: Call) -> None:
    """Raise ValueError where what follows the sums does not fit the answer."""
    case = call.case
    count, unit = case.output_channels, "channels" if case.operation == "transpose" else "filters"
    for name, array in call.given.items():
        if name in ("x", "w", "cotangent"):
            continue
        what = name if name in ("bias", "residual") else f"the {name} of norm"
        if name != "residual" and array.shape != (count,):
            raise Misfit(f"{what} has shape {array.shape}, not one number for each of {count} {unit}")
        if name == "residual" and array.shape != call.shape:
            raise Misfit(f"residual has shape {array.shape}, not the answer's {call.shape}")
    curved = [step for step in case.epilogue if kind_of(step) not in WHOLE]
    if call.given["x"].dtype.kind in "iu" and curved:
        raise WrongArgument(f"{curved[0]} needs floating-point arrays, and x is {call.given['x'].dtype.name}")
