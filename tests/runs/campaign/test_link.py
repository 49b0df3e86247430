"""What a campaign needs that may not be installed, said in one sentence with the line that installs it."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from verify.__main__ import main
from verify.runs.campaign import link


@pytest.mark.parametrize("missing", ["distributed", "fsspec"])
def test_what_is_not_installed_is_one_sentence_with_the_remedy(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(link, "find_spec", lambda name: None if name == missing else find_spec("json"))
    assert main(["campaign", "mine:conv", "--hours", "1"]) == 2
    said = capsys.readouterr().err
    assert said == f"conv-verify: a campaign needs {missing}: pip install 'conv-verify[cluster]'\n"
