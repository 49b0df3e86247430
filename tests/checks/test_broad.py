"""Which built-in entries still excuse whatever comes; the list can only become shorter."""

from __future__ import annotations

from verify.subjects.tensorflow.tables import deviations

STILL_BROAD = {
    "onednn-graph-fuses-a-border-with-depthwise",
    "dilated-filter-gradients-read-every-cell",
    "conv3d-filter-gradient-reads-every-cell",
    "depthwise-gradients-strided-and-dilated",
}
"""Entries of `known.toml` that have kinds of which they predict nothing."""


def test_every_entry_predicts_or_is_listed_as_one_that_does_not_yet():
    assert {entry.name for entry in deviations() if entry.broad} == STILL_BROAD
