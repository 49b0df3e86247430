"""Tensors of other libraries, as far as their protocols go."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from verify.cases.exchange import _Tensor
from verify.cases.operands import Array


class Lent:
    """An array that is lent by DLPack alone, as libraries without NumPy's protocols lend theirs."""

    def __init__(self, array) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


class Guarded:
    """A tensor that refuses NumPy until it is detached and on the processor, as one of PyTorch does."""

    def __init__(self, array, left=("detach", "cpu")) -> None:
        self.array, self.left = array, left

    def detach(self) -> Guarded:
        return Guarded(self.array, tuple(name for name in self.left if name != "detach"))

    def cpu(self) -> Guarded:
        return Guarded(self.array, tuple(name for name in self.left if name != "cpu"))

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        if self.left:
            raise RuntimeError(f"call {self.left[0]} first")
        return self.array


class Brain:
    """A tensor of bfloat16 that is lent by DLPack alone, with steps of its own or without."""

    def __init__(self, array, *, steps=None, code=4, device=1) -> None:
        self.cells = array.view(np.uint16)
        self.shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        self.steps = None if steps is None else (ctypes.c_int64 * array.ndim)(*steps)
        null = ctypes.POINTER(ctypes.c_int64)()
        self.tensor = _Tensor(
            data=self.cells.ctypes.data,
            device_type=device,
            ndim=array.ndim,
            code=code,
            bits=16,
            lanes=1,
            shape=self.shape,
            strides=self.steps or null,
        )

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        raise TypeError("unsupported ScalarType BFloat16")

    def __dlpack__(self, **options: Any) -> Any:
        make = ctypes.pythonapi.PyCapsule_New
        make.restype, make.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
        return make(ctypes.addressof(self.tensor), b"dltensor", None)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (99, 0)  # one that NumPy refuses before it looks at the capsule
