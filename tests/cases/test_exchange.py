"""Arrays of other libraries: what is read of each protocol, and what is refused."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from tests.planted.tensors import Brain, Guarded, Lent
from verify.cases.exchange import is_array_like, numpy_of

ROWS = np.arange(6.0, dtype=np.float32).reshape(2, 3)


BRAIN = np.array([[1.5, -2.0, 3.0], [0.25, 5.0, 6.0]], ml_dtypes.bfloat16)


def test_array_of_numpy_is_itself():
    assert numpy_of(ROWS) is ROWS


def test_array_of_another_byte_order_is_turned():
    turned = numpy_of(ROWS.astype(">f4"))
    assert (turned.dtype.isnative, turned.tolist()) == (True, ROWS.tolist())


def test_nested_numbers_are_read():
    assert numpy_of([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]


def test_array_that_is_lent_by_dlpack_alone_is_read():
    assert np.array_equal(numpy_of(Lent(ROWS)), ROWS)


def test_tensor_that_records_gradients_on_another_device_is_read():
    assert np.array_equal(numpy_of(Guarded(ROWS)), ROWS)


def test_bfloat16_is_read_by_dlpack():
    read = numpy_of(Brain(BRAIN))
    assert (read.dtype, read.tolist()) == (BRAIN.dtype, BRAIN.tolist())


def test_steps_of_dlpack_are_followed():
    turned = Brain(BRAIN, steps=(1, 3))
    turned.shape[:] = (3, 2)
    assert numpy_of(turned).tolist() == BRAIN.T.tolist()


def test_empty_bfloat16_is_read():
    assert numpy_of(Brain(BRAIN[:0])).shape == (0, 3)


def test_bfloat16_is_a_copy():
    lent = Brain(BRAIN.copy())
    read = numpy_of(lent)
    lent.cells[:] = 0
    assert read.tolist() == BRAIN.tolist()


@pytest.mark.parametrize("lent", [Brain(BRAIN, code=5), Brain(BRAIN, device=2)])
def test_other_numbers_and_other_devices_are_refused(lent):
    with pytest.raises((BufferError, RuntimeError, TypeError)):
        numpy_of(lent)


@pytest.mark.parametrize("value", [None, object(), {1: 2}, print])
def test_what_is_no_array_is_refused(value):
    with pytest.raises(TypeError, match="is no array of numbers"):
        numpy_of(value)


@pytest.mark.parametrize("value", [ROWS, Lent(ROWS), Guarded(ROWS), Brain(BRAIN)])
def test_arrays_are_told_by_their_protocols(value):
    assert is_array_like(value)


@pytest.mark.parametrize("value", [None, [1.0], 1.0, "x", np.ndarray])
def test_lists_and_numbers_are_no_arrays(value):
    assert not is_array_like(value)
