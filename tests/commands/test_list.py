"""`list`: everything that has a name."""

from __future__ import annotations

import pytest

from verify.__main__ import main


def test_list_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    words = (
        "tensorflow:convolution",
        "conv",
        "dyadic",
        "the same bits twice",
        "hypothesis",
        "oneDNN",
        "threads",
    )
    assert [word for word in words if word not in listed] == []


def test_list_leads_to_the_reports_of_deviations_and_the_documentation_of_limits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["list"])
    rows = [tuple(line.split()) for line in capsys.readouterr().out.splitlines()]
    pull = "https://github.com/tensorflow/tensorflow/pull/127835"
    assert ("keras-onednn-empty-answer-has-the-input-shape", pull) in rows
    documented = "only supports the NHWC tensor format on the CPU"
    assert (*documented.split(), "https://www.tensorflow.org/api_docs/python/tf/nn/conv2d_transpose") in rows
