"""What a campaign needs that may not be installed, said in one sentence with the line that installs it."""

from __future__ import annotations

import logging
import sys
from types import ModuleType

import pytest

from verify.__main__ import main
from verify.runs.campaign.link import Link, Unreachable


@pytest.mark.parametrize("missing", ["distributed", "fsspec"])
def test_what_is_not_installed_is_one_sentence_with_the_remedy(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for package in ("distributed", "fsspec"):
        there = None if package == missing else ModuleType(package)
        monkeypatch.setitem(sys.modules, package, there)
    assert main(["campaign", "mine:conv", "--hours", "1"]) == 2
    said = capsys.readouterr().err
    assert said == f"conv-verify: a campaign needs {missing}: pip install 'conv-verify[cluster]'\n"


def test_dask_logs_nothing_on_its_own() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(Unreachable):
        Link("nowhere", workers=1)
    levels = [logging.getLogger(name).level for name in ("distributed", "distributed.client")]
    assert levels == [logging.CRITICAL] * 2
