"""A recorded failure of ONNX Runtime is asked again under the switch of its record."""

from __future__ import annotations

from pathlib import Path

import pytest

from verify.__main__ import main
from verify.corpus.failures import Failed, remember
from verify.subjects.onnxruntime.switches import THREADS


def test_recorded_failure_is_replayed_under_its_switch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    word = "conv_i1_k1_valid_cf_ones"
    failure = Failed(
        subject="onnxruntime/Conv", word=word, kind="value", first_seen="2026-01-31", switches={THREADS: "2"}
    )
    remember(tmp_path / "ci.jsonl", [failure])
    assert main(["replay", "--failures", "ci.jsonl"]) == 0
    assert capsys.readouterr().out.startswith(f"FIXED     {word}  (holds;")
