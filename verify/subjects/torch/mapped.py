"""The same functions mapped by `torch.func.vmap`."""

from __future__ import annotations

from typing import Any

from verify.cases.case import Case
from verify.subjects.torch.calls import conv, transposed, weight_shape
from verify.subjects.torch.imported import torch

vmap = torch.func.vmap


def conv_of_images(case: Case, x: Any, w: Any, *rest: Any) -> Any:
    """Each image alone."""
    return vmap(lambda image: conv(case, image[None], w, *rest)[0])(x)


def conv_of_filters(case: Case, x: Any, w: Any) -> Any:
    """Each filter alone."""
    return vmap(lambda filters: conv(case, x, filters[None], None)[:, 0], out_dims=1)(w)


def conv_of_pairs(case: Case, x: Any, w: Any, *rest: Any) -> Any:
    """Each image with filters of its own, which are all the same."""
    own = w.expand(case.batch, *w.shape).clone()
    return vmap(lambda image, filters: conv(case, image[None], filters, *rest)[0])(x, own)


def transposed_of_images(case: Case, y: Any, w: Any, bias: Any) -> Any:
    """Each image alone, transposed."""
    return vmap(lambda image: transposed(case, image[None], w, bias)[0])(y)


def gradients_of_images(case: Case, x: Any, y: Any) -> Any:
    """The gradients of the filters by each image, as `vmap` of `grad`, and added."""
    w = torch.zeros(weight_shape(case), dtype=x.dtype, device=x.device)

    def product(w: Any, image: Any, cotangent: Any) -> Any:
        return (conv(case, image[None], w, None)[0] * cotangent).sum()

    return vmap(torch.func.grad(product), in_dims=(None, 0, 0))(w, x, y).sum(0)
