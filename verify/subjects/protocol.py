"""The messages between a worker and its parent: numbered, a JSON header and raw bytes, never a pickle.

A message is its number and two lengths, the header, and the bytes of arrays or of more JSON. Who asks numbers
the request, and the answer has its number; after the answer comes an empty message with it, so that one who
answers twice is seen at once. What is announced is compared with what may come before any memory is taken.
"""

from __future__ import annotations

import json
import math
import select
import struct
import time
from collections.abc import Iterable, Mapping
from socket import MSG_PEEK, socket
from typing import Any

import numpy as np

from verify.cases.dtypes import dtype_spelled
from verify.cases.operands import Array

HEADER_BYTES = 2**16
"""The most that a header may take."""

DATA_BYTES = 2**25
"""The most that JSON in a body may take, such as the counts of a block of a sweep."""

HELLO = 0
"""The number of what is said without having been asked: by the server of itself, by a life that it began."""

STREAM_LOST = 93
"""The exit code of a life whose stream is closed or is not a stream any more."""

Piece = bytes | memoryview
"""A part of a body: bytes, or a view of them."""

_HEAD = struct.Struct("<QIQ")
_ONE_WRITE = 2**16


class BrokenStream(Exception):
    """The other end closed the stream, where it says nothing, or sent what the sentence says."""


def send(stream: socket, number: int, header: Mapping[str, Any], parts: Iterable[Piece] = ()) -> None:
    """Send a message; ValueError for a header that is too long to be accepted."""
    text, pieces = json.dumps(header).encode(), [*parts]
    length = sum(map(len, pieces))
    if len(text) > HEADER_BYTES:
        raise ValueError(f"a header takes {len(text):,} bytes, and at most {HEADER_BYTES:,} are accepted")
    head = _HEAD.pack(number, len(text), length) + text
    if length < _ONE_WRITE:
        stream.sendall(b"".join([head, *pieces]))  # one write wakes the reader once
        return
    for piece in (head, *pieces):  # which are not joined, as they may be large
        stream.sendall(piece)


def send_end(stream: socket, number: int) -> None:
    """Send that the answer of a number is complete."""
    stream.sendall(_HEAD.pack(number, 0, 0))


def receive(
    stream: socket, number: int | None = None, *, most: int = 0, limit_s: float | None = None
) -> tuple[dict[str, Any], bytearray, int]:
    """The next message: its header, its body of at most `most` bytes, and its number, which must be this one.

    TimeoutError if it is not complete within `limit_s`, BrokenStream where it is none.
    """
    end = None if limit_s is None else time.monotonic() + limit_s
    got, text, body = _HEAD.unpack(_receive_bytes(stream, _HEAD.size, end=end))
    if number not in (None, got):
        raise BrokenStream("it sent bytes that are no answer to what it was asked")
    if not 0 < text <= HEADER_BYTES:
        raise BrokenStream(f"it announced a header of {text:,} bytes, and one has 2 to {HEADER_BYTES:,}")
    if body > most:
        raise BrokenStream(f"it announced {body:,} bytes of an answer that has at most {most:,}")
    header = data_of_bytes(_receive_bytes(stream, text, end=end))
    return header, _receive_bytes(stream, body, end=end), got


def receive_end(stream: socket, number: int, limit_s: float) -> None:
    """Wait for the end of an answer; BrokenStream where anything else follows it."""
    head = _receive_bytes(stream, _HEAD.size, end=time.monotonic() + limit_s)
    if head != _HEAD.pack(number, 0, 0):
        is_second = _HEAD.unpack(head)[0] == number
        raise BrokenStream("it answered a second time" if is_second else "it sent more than its answer")


def is_silent(stream: socket) -> bool:
    """Whether nothing has come that nobody has read, as it should be before a request; its end is nothing."""
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    return not poll.poll(0) or not stream.recv(1, MSG_PEEK)


def data_of_bytes(text: bytes | bytearray) -> dict[str, Any]:
    """The JSON object of these bytes; BrokenStream where they are none."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenStream("it sent a message that cannot be read") from error
    if not isinstance(data, dict):
        raise BrokenStream("it sent a message that cannot be read")
    return data


def _receive_bytes(stream: socket, count: int, *, end: float | None) -> bytearray:
    data, done = bytearray(count), 0
    view = memoryview(data)
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
    """The bytes of an array, in C order and this machine's."""
    return array.astype(array.dtype.newbyteorder("="), copy=False).tobytes()


def view_of(array: Array) -> memoryview:
    """The same bytes without a copy, where the array has them in this order."""
    native = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    return native.reshape(-1).view(np.uint8).data


def array_of(header: Any, body: memoryview) -> Array:
    """The array of a form and its bytes; BrokenStream if they do not fit each other, or it has no numbers."""
    try:
        dtype, shape = dtype_spelled(header["dtype"]), tuple(header["shape"])
        is_shape = all(type(size) is int and size >= 0 for size in shape)
        has_numbers = np.can_cast(dtype, np.float64, "same_kind")
        if is_shape and has_numbers and len(body) == math.prod(shape) * dtype.itemsize:
            return np.ndarray(shape, dtype, body)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, SyntaxError) as error:
        raise BrokenStream("it sent an array that cannot be read") from error
    raise BrokenStream("it sent an array that is not as large as it says")
