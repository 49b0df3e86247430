"""Arrays of other libraries as NumPy's: by NumPy's own protocols, and by DLPack where NumPy cannot."""

from __future__ import annotations

import ctypes
import math
from contextlib import suppress
from typing import Any

import numpy as np

from verify.cases.dtypes import FORMATS
from verify.cases.operands import Array

_PROTOCOLS = ("__array__", "__array_interface__", "__array_struct__", "__dlpack__")


class _Tensor(ctypes.Structure):
    """DLPack's DLTensor; the extents and the steps count elements.

    Source: https://dmlc.github.io/dlpack/latest/c_api.html.
    """

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


_CPU, _BFLOAT = 1, 4
"""DLPack's code of a device with a processor's memory, and of bfloat16's kind of number."""


def is_array_like(value: Any) -> bool:
    """Whether a value is an array of NumPy or of a library that offers its own to NumPy."""
    return isinstance(value, np.ndarray) or any(hasattr(type(value), name) for name in _PROTOCOLS)


def numpy_of(value: Any) -> Array:
    """An array of any library, or nested numbers, as NumPy's array of this machine's byte order.

    It shares the memory where it can. bfloat16 is that of ml_dtypes. A tensor that records gradients is read
    without them, and one of another device is copied from there.
    Raises what the library raises where nothing can be read, TypeError for what is no array.
    """
    array = np.asarray(value) if isinstance(value, np.ndarray) else _read(value)
    if array.dtype.kind == "O" and not isinstance(value, np.ndarray):
        raise TypeError(f"{type(value).__name__} is no array of numbers")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _read(value: Any) -> Array:
    if not is_array_like(value):
        return np.asarray(value)
    if hasattr(value, "detach"):  # PyTorch's, whose tensors refuse NumPy before both
        with suppress(Exception):
            value = value.detach().cpu()
    try:
        array = np.asarray(value)
    except Exception:
        if not hasattr(value, "__dlpack__"):
            raise
        return _from_dlpack(value)
    has_object = array.dtype.kind == "O" and hasattr(value, "__dlpack__")
    return _from_dlpack(value) if has_object else array


def _from_dlpack(value: Any) -> Array:
    try:
        return np.from_dlpack(value)
    except Exception:
        array = _bfloat16_of(value.__dlpack__())
        if array is None:
            raise
        return array


def _bfloat16_of(capsule: Any) -> Array | None:
    """A copy of a DLPack capsule's bfloat16, which NumPy does not read; None for anything else."""
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    tensor = _Tensor.from_address(pointer_of(capsule, b"dltensor"))
    if (tensor.device_type, tensor.code, tensor.bits, tensor.lanes) != (_CPU, _BFLOAT, 16, 1):
        return None
    dtype, shape = FORMATS["bfloat16"].dtype, tuple(tensor.shape[: tensor.ndim])
    if not math.prod(shape):
        return np.zeros(shape, dtype)
    rows = [math.prod(shape[place + 1 :]) for place in range(tensor.ndim)]
    steps = tensor.strides[: tensor.ndim] if tensor.strides else rows
    reach = sum((extent - 1) * step for extent, step in zip(shape, steps, strict=True))
    cells = (ctypes.c_uint16 * (reach + 1)).from_address(tensor.data + tensor.byte_offset)
    view = np.ndarray(shape, np.uint16, cells, strides=tuple(2 * step for step in steps))
    return view.copy().view(dtype)
