"""The messages between a worker and its parent: a line of JSON and raw bytes, never a pickle.

A message is two lengths, a JSON header and the bytes of arrays, one after another.
"""

from __future__ import annotations

import json
import math
import struct
import time
from collections.abc import Iterable
from socket import socket
from typing import Any

import numpy as np

from verify.cases.dtypes import dtype_spelled
from verify.cases.operands import Array

_LENGTHS = struct.Struct("<IQ")
_ONE_WRITE = 2**16


class BrokenStream(Exception):
    """The other end closed the stream, or sent something that is no message."""


def send(stream: socket, header: dict[str, Any], parts: Iterable[bytes] = ()) -> None:
    text, body = json.dumps(header).encode(), b"".join(parts)
    head = _LENGTHS.pack(len(text), len(body)) + text
    if len(body) < _ONE_WRITE:
        stream.sendall(head + body)  # one write wakes the reader once
    else:
        stream.sendall(head)
        stream.sendall(body)


def receive(stream: socket, limit_s: float | None = None) -> tuple[dict[str, Any], bytearray]:
    """The next message; TimeoutError if it is not complete within `limit_s`."""
    end = None if limit_s is None else time.monotonic() + limit_s
    text, body = _LENGTHS.unpack(_receive_bytes(stream, _LENGTHS.size, end=end))
    try:
        header = json.loads(_receive_bytes(stream, text, end=end))
    except ValueError as error:
        raise BrokenStream from error
    if not isinstance(header, dict):
        raise BrokenStream
    return header, _receive_bytes(stream, body, end=end)


def _receive_bytes(stream: socket, count: int, *, end: float | None) -> bytearray:
    try:
        data = bytearray(count)
    except (MemoryError, OverflowError) as error:
        raise BrokenStream from error  # an impossible length
    view, done = memoryview(data), 0
    while done < count:
        if end is not None:
            stream.settimeout(max(end - time.monotonic(), 1e-3))
        try:
            received = stream.recv_into(view[done:])
        except TimeoutError:
            raise
        except OSError as error:
            raise BrokenStream from error
        if not received:
            raise BrokenStream
        done += received
    return data


def form(array: Array) -> dict[str, Any]:
    """An array's dtype and shape, for a header; its bytes are `bytes_of(array)`."""
    dtype = array.dtype.newbyteorder("=")
    # NumPy knows the dtypes of ml_dtypes by their names alone.
    extension = dtype.type.__module__ == "ml_dtypes"
    return {"dtype": dtype.name if extension else dtype.str, "shape": array.shape}


def bytes_of(array: Array) -> bytes:
    """The bytes of an array, in C order and this machine's; empty for an array of Python objects."""
    if array.dtype.hasobject:
        return b""
    return array.astype(array.dtype.newbyteorder("="), copy=False).tobytes()


def array_of(header: Any, body: memoryview) -> Array:
    """The array of a form and its bytes; BrokenStream if they do not fit each other."""
    try:
        dtype, shape = dtype_spelled(header["dtype"]), tuple(map(int, header["shape"]))
        if dtype.hasobject:
            return np.empty(shape, dtype)
        if len(body) != math.prod(shape) * dtype.itemsize:
            raise BrokenStream
        return np.ndarray(shape, dtype, body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BrokenStream from error
