"""TensorFlow, imported once: with its settings explicit, and without what it prints on standard error."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from verify.subjects.tensorflow.switches import switches


@contextmanager
def quiet(*, tell_of_failure: bool = False) -> Iterator[None]:
    """Drop what native code prints on standard error, unless failures are told and the block fails."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            if tell_of_failure:
                kept.seek(0)
                os.write(stderr, kept.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)


# Settings are read when TensorFlow is imported, so they are set before it. What it logs then comes
# before its own log level is in force.
os.environ.update(switches())
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with quiet(tell_of_failure=True):
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras
    import tensorflow as tf
    from tensorflow.python.util import _pywrap_util_port

SWITCHES: Mapping[str, str] = MappingProxyType(
    {**switches(), "TF_ENABLE_ONEDNN_OPTS": str(int(_pywrap_util_port.IsMklEnabled()))}
)
"""The settings in force. Another module may have imported TensorFlow before, under the CPU's default."""

__all__ = ["SWITCHES", "keras", "quiet", "tf"]
