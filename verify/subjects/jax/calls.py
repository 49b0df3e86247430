"""JAX's functions: convolutions, their transposes and gradients, each as a function of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from verify.cases.case import Case
from verify.cases.modes import ZEROS, numpy_mode
from verify.subjects.channels_first import groups_of
from verify.subjects.jax.imported import jax
from verify.subjects.jax.layouts import Layout, own_layout, shape_in

lax, jnp = jax.lax, jax.numpy


def conv(case: Case, layout: Layout, x: Any, w: Any, *pointwise: Any, precision: Any = None) -> Any:
    """`lax.conv_general_dilated`, and for a separable convolution its second step."""
    y = lax.conv_general_dilated(
        x,
        w,
        case.strides,
        padding_of(case),
        rhs_dilation=case.dilations,
        dimension_numbers=tuple(layout),
        feature_group_count=groups_of(case),
        precision=precision,
    )
    for filters in pointwise:
        numbers = (layout.result, layout.filters, layout.result)
        y = lax.conv_general_dilated(
            y, filters, (1,) * case.rank, "VALID", dimension_numbers=numbers, precision=precision
        )
    return y


def conv_padded(case: Case, layout: Layout, x: Any, w: Any, *pointwise: Any) -> Any:
    """A convolution without padding of an input that `jnp.pad` has padded in the mode of the case."""
    cells = dict(zip(_spatial(case), ((axis.before, axis.after) for axis in case.axes), strict=True))
    wide = jnp.pad(x, [cells.get(letter, (0, 0)) for letter in layout.source], numpy_mode(case.padding_mode))
    return conv(case.copied(padding="VALID"), layout, wide, w, *pointwise)


def bordered(case: Case, layout: Layout, x: Any) -> Any:
    """The input with its border of zeros."""
    if not case.border:
        return x
    cells = dict(zip(_spatial(case), case.border, strict=True))
    return jnp.pad(x, [cells.get(letter, (0, 0)) for letter in layout.source])


def _spatial(case: Case) -> str:
    return "DHW"[-case.rank :]


def padding_of(case: Case) -> Any:
    """The padding as JAX takes it: a rule by its name, or the cells of each axis."""
    return case.padding if isinstance(case.padding, str) else list(case.padding)


def mapped_images(case: Case, layout: Layout, x: Any, w: Any, *pointwise: Any) -> Any:
    """Each image alone, mapped by `vmap`."""
    alone = case.copied(batch=1)
    axes = layout.source.index("N"), layout.result.index("N")

    def one(image: Any) -> Any:
        y = conv(alone, layout, jnp.expand_dims(image, axes[0]), w, *pointwise)
        return jnp.squeeze(y, axes[1])

    return jax.vmap(one, in_axes=axes[0], out_axes=axes[1])(x)


def mapped_filters(case: Case, layout: Layout, x: Any, w: Any) -> Any:
    """Each filter alone, mapped by `vmap`."""
    alone = case.copied(filter_count=1)
    axes = layout.filters.index("O"), layout.result.index("C")

    def one(filters: Any) -> Any:
        return jnp.squeeze(conv(alone, layout, x, jnp.expand_dims(filters, axes[0])), axes[1])

    return jax.vmap(one, in_axes=axes[0], out_axes=axes[1])(w)


def mapped_groups(case: Case, layout: Layout, x: Any, w: Any) -> Any:
    """Each group alone, its channels and its filters mapped together by `vmap`."""
    groups = groups_of(case)
    alone = case.copied(operation="conv", groups=1, channels=case.channels // groups, multiplier=1)
    channels, filters, answered = (axes.index(letter) for axes, letter in zip(layout, "COC", strict=True))
    x, w = _split(x, channels, groups), _split(w, filters, groups)
    y = jax.vmap(lambda x, w: conv(alone, layout, x, w), (channels, filters), answered)(x, w)
    before, (each, count), after = (
        y.shape[:answered],
        y.shape[answered : answered + 2],
        y.shape[answered + 2 :],
    )
    return y.reshape(*before, each * count, *after)


def _split(array: Any, axis: int, groups: int) -> Any:
    """An axis as two: the groups, and what each has."""
    shape = array.shape
    return array.reshape(*shape[:axis], groups, shape[axis] // groups, *shape[axis + 1 :])


def input_gradient(case: Case, layout: Layout, y: Any, w: Any) -> Any:
    """What `vjp` of the convolution, after its padding in a mode, says of its input."""
    shape, forward = shape_in(case.source_shape, own_layout(case).source, layout.source), _forward(case)
    _, pull = jax.vjp(lambda x: forward(case, layout, x, w), jnp.zeros(shape, w.dtype))
    return pull(y)[0]


def _forward(case: Case) -> Callable[..., Any]:
    """The convolution of a case, with `jnp.pad` before it where padding repeats cells."""
    return conv if case.padding_mode == ZEROS else conv_padded


def filter_gradient(case: Case, layout: Layout, x: Any, y: Any) -> Any:
    """What `vjp` of the convolution says of its filters, or of the bias after it."""
    shape = shape_in(case.filter_shape, own_layout(case).filters, layout.filters)
    channels = [-1 if letter == "C" else 1 for letter in layout.result]

    def forward(w: Any, b: Any) -> Any:
        answer = _forward(case)(case, layout, x, w)
        return answer + b.reshape(channels) if case.epilogue else answer

    _, pull = jax.vjp(forward, jnp.zeros(shape, x.dtype), jnp.zeros(case.filter_count, x.dtype))
    return pull(y)[1 if case.epilogue else 0]


def filter_gradients_of_images(case: Case, layout: Layout, x: Any, y: Any) -> Any:
    """The gradients of the filters by each image alone, mapped by `vmap`, and added."""
    alone, axes = case.copied(batch=1), (layout.source.index("N"), layout.result.index("N"))

    def one(x: Any, y: Any) -> Any:
        return filter_gradient(alone, layout, jnp.expand_dims(x, axes[0]), jnp.expand_dims(y, axes[1]))

    return jax.vmap(one, in_axes=axes)(x, y).sum(0, dtype=x.dtype)


def filter_gradient_by_hand(case: Case, layout: Layout, x: Any, y: Any) -> Any:
    """The same as a convolution of the input with the cotangent, whose batch groups are the groups."""
    swapped = layout.source.translate(str.maketrans("NC", "CN"))
    cotangent = layout.result.translate(str.maketrans("NC", "IO"))
    answer = layout.filters.translate(str.maketrans("IO", "NC"))
    spans = [_walked(axis.out, axis.stride) for axis in case.axes]
    cells = [
        (axis.before, (axis.kernel - 1) * axis.dilation + span - axis.size - axis.before)
        for axis, span in zip(case.axes, spans, strict=True)
    ]
    return lax.conv_general_dilated(
        x,
        y,
        case.dilations,
        cells,
        rhs_dilation=case.strides,
        dimension_numbers=(swapped, cotangent, answer),
        batch_group_count=case.groups,
    )


def dilated_input(case: Case, layout: Layout, y: Any, w: Any) -> Any:
    """A transpose as a convolution of the dilated input with the filters turned round."""
    groups, depth = case.groups, case.channels // case.groups
    filters = jnp.flip(w, tuple(range(case.rank)))
    filters = filters.reshape(*case.kernel, depth, groups, case.filter_count // groups)
    filters = jnp.swapaxes(filters, -1, -3).reshape(*case.kernel, -1, case.channels)
    return lax.conv_general_dilated(
        y,
        filters,
        (1,) * case.rank,
        _cells(case),
        lhs_dilation=case.strides,
        rhs_dilation=case.dilations,
        dimension_numbers=(layout.result, layout.filters, layout.source),
        feature_group_count=groups,
    )


def _cells(case: Case) -> list[tuple[int, int]]:
    """The cells before and after each axis of the dilated input of a transpose; below 0 they are cut off."""
    cells = []
    for axis in case.axes:
        before = axis.span - 1 - axis.before
        cells.append((before, axis.size + axis.before - _walked(axis.out, axis.stride)))
    return cells


def _walked(count: int, step: int) -> int:
    """The cells that so many cells cover when they are set this far apart."""
    return (count - 1) * step + 1 if count else 0


def transposed(case: Case, layout: Layout, y: Any, w: Any) -> Any:
    """`lax.conv_transpose` with padding by a rule."""
    return _transposed(case, layout, y, w, str(case.padding))


def transposed_with_cells(case: Case, layout: Layout, y: Any, w: Any) -> Any:
    """`lax.conv_transpose` with the cells of its dilated input."""
    return _transposed(case, layout, y, w, _cells(case))


def transposed_consistently(case: Case, layout: Layout, y: Any, w: Any) -> Any:
    """`lax.conv_transpose` with the cells of the convolution that it transposes."""
    pairs = [(axis.before, axis.after) for axis in case.axes]
    return _transposed(case, layout, y, w, pairs, use_consistent_padding=True)


def _transposed(
    case: Case, layout: Layout, y: Any, w: Any, padding: str | Sequence[tuple[int, int]], **more: bool
) -> Any:
    numbers = (layout.result, layout.filters, layout.source)
    rest = {"dimension_numbers": numbers, "transpose_kernel": True, **more}
    return lax.conv_transpose(y, w, case.strides, padding, case.dilations, **rest)
