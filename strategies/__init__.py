"""Hypothesis strategies that draw legal convolution cases and aim at their corners."""

from strategies.cases import cases
from strategies.parts import axes, batches, borders, channel_counts, epilogues, paddings, seeds, steps

__all__ = ["axes", "batches", "borders", "cases", "channel_counts", "epilogues", "paddings", "seeds", "steps"]
