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
