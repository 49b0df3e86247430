"""Which built-in entries still excuse whatever comes; the list can only become shorter."""

from __future__ import annotations

from verify.subjects.tensorflow.tables import deviations

STILL_BROAD = {
    "onednn-graph-fuses-a-border-with-depthwise",
    "keras-onednn-empty-answer-has-the-input-shape",
    "lite-dilated-conv-drops-its-padding",
    "keras-groups-mix-channels",
    "xla-transposes-nothing-to-another-shape",
    "dilated-filter-gradients-read-every-cell",
    "lite-conv-same-without-clamp",
    "lite-depthwise-same-without-clamp",
    "conv3d-filter-gradient-reads-every-cell",
    "depthwise-gradients-strided-and-dilated",
    "xla-depthwise-mixes-channels",
    "keras-adds-a-bias-along-the-width",
    "lite-conv3d-transpose-same",
    "lite-dilated-depthwise-drops-its-padding",
    "lite-depthwise-reads-more-taps",
}
"""Entries of `known.toml` that have kinds of which they predict nothing."""


def test_every_entry_predicts_or_is_listed_as_one_that_does_not_yet():
    assert {entry.name for entry in deviations() if entry.broad} == STILL_BROAD
