"""A case's arrays as tensors, channels first, and answers as arrays.

An image that is channels last is so in memory alone, as `torch.channels_last` has it: its axes are permuted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.dtypes import dtype_spelled
from verify.cases.memory import LAYOUTS
from verify.cases.operands import Array
from verify.cases.pages import pages_of
from verify.subjects.device import CPU
from verify.subjects.torch.imported import DEVICE, torch

VIEWS = tuple(layout for layout in LAYOUTS if layout != "reversed" and DEVICE == CPU)
"""The layouts of which `torch.from_numpy` makes tensors: a negative stride is refused.

On a GPU there are none, as the memory of the case is not there.
"""


def tensor_of(array: Array, *, is_shared: bool = False) -> Any:
    """A tensor with the numbers and the axes of an array, and memory of its own, or the array's."""
    given = array if is_shared else np.array(array, order="C")
    if given.dtype.name == "bfloat16":  # which NumPy and PyTorch know under the same bits
        return torch.from_numpy(given.view(np.int16)).view(torch.bfloat16).to(DEVICE)
    return torch.from_numpy(given).to(DEVICE)


def array_of(tensor: Any) -> Array:
    """The array of a tensor."""
    plain = tensor.detach().cpu()
    if plain.dtype == torch.bfloat16:
        array: Array = plain.view(torch.int16).numpy().view(dtype_spelled("bfloat16"))
        return array
    return np.asarray(plain.numpy())


def image_of(case: Case, array: Array, *, is_shared: bool = False) -> Any:
    """An image, channels first."""
    tensor = tensor_of(array, is_shared=is_shared)
    return tensor if case.channels_first else tensor.movedim(-1, 1)


def tensors_of(case: Case, *, strided: bool = False) -> dict[str, Any]:
    """The operands by name; filters are contiguous, or `strided` as the case has them in memory.

    An operand that is not C-contiguous lies as the case says, in the memory that the case made.
    """
    given = {name: array for name, array in case.operands._asdict().items() if array is not None}
    images = {"input", "residual", "factor"} if case.traits.factor == "result" else {"input", "residual"}
    filters = {"factor", "pointwise"} - images
    laid = pages_of(case).keys()
    tensors = {
        name: tensor_of(array, is_shared=name in laid)
        for name, array in given.items()
        if name not in images | filters
    }
    tensors |= {name: image_of(case, given[name], is_shared=name in laid) for name in images & given.keys()}
    for name in filters & given.keys():
        view = _filters(case, name, given[name], is_shared=name in laid)
        tensors[name] = view if strided or name in laid else view.contiguous()
    return tensors


def _filters(case: Case, name: str, array: Array, *, is_shared: bool) -> Any:
    """Filters as (filters, channels of one group, *kernel), as they are in memory."""
    if name == "factor" and case.traits.has_multiplier:
        array = array.reshape(*case.kernel, 1, case.channels * case.multiplier)
    return tensor_of(array, is_shared=is_shared).movedim((-1, -2), (0, 1))


def zeros_of(case: Case, shape: tuple[int, ...]) -> Any:
    """An image of zeros in the case's order in memory, whose gradient is asked."""
    return image_of(case, np.zeros(shape, case.dtype)).requires_grad_()


def in_own_order(case: Case, answer: Array) -> Array:
    """An answer with the axes of the case's own."""
    if case.is_bias_gradient or (case.traits.answer != "filters" and case.channels_first):
        return answer
    if case.traits.answer == "filters":
        return np.moveaxis(answer, (0, 1), (-1, -2))
    return np.moveaxis(answer, 1, -1)
