"""TensorFlow and Keras, imported with explicit settings and without what they print on standard error."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType

from verify.subjects.device import require_device, visible
from verify.subjects.processor import ONEDNN
from verify.subjects.silence import silenced
from verify.subjects.tensorflow.switches import switches

# Settings are read when TensorFlow is imported, so they are set before it. What it logs then comes
# before its own log level is in force.
os.environ.update({**switches(), **visible()})
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with silenced(show_failure=True):
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import tensorflow as tf  # before Keras, so that TensorFlow is reported missing if neither is installed

    # isort: split
    import keras
    from tensorflow.python.util import _pywrap_util_port

require_device(framework="TensorFlow", has_cuda=tf.test.is_built_with_cuda())

SWITCHES: Mapping[str, str] = MappingProxyType(
    {**switches(), ONEDNN: str(int(_pywrap_util_port.IsMklEnabled()))}
)
"""The settings in force. Another module may have imported TensorFlow before, with the CPU's default."""

__all__ = ["SWITCHES", "keras", "silenced", "tf"]
