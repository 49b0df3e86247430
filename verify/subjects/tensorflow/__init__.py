"""TensorFlow on the CPU: each of its ways, their limits and its known deviations."""

from verify.subjects.tensorflow.roads import subject

__all__ = ["subject"]
