"""Errors at the line of the call: what plain Python, unittest and pytest show of them."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from tests.places import ROOT
from verify import conv
from verify.oracle import at_the_call
from verify.oracle.at_the_call import shown_at_the_call

SCRIPT = """
import numpy as np
from verify import {name}

x, w = np.ones((1, 4, 1), np.float32), np.ones((2, 1, 1), np.float32)

def checked():
    {call}

{end}
"""
REFUSED = "conv(x, w, padding='FULL')"
WRONG = "assert_conv(np.zeros((1, 3, 1), np.float32), x, w)"


def written(call, end):
    return SCRIPT.format(name=call.partition("(")[0], call=call, end=end)


def shown(tmp_path, call, *, end="checked()", options=()):
    """What a script writes, which ends in an error at the line of a call."""
    script = tmp_path / "mine.py"
    script.write_text(written(call, textwrap.dedent(end)), encoding="utf-8")
    command = [sys.executable, *options, str(script)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    ended = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False
    )
    return ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (WRONG, "AssertionError: not the convolution of x and w: 3 of 3 values differ"),
        ("conv(x, w, stride=2)", "TypeError: conv takes no argument stride, perhaps strides: it takes x, w"),
    ],
)
def test_plain_python_shows_the_line_of_the_call_and_the_message(tmp_path, call, message):
    lines = shown(tmp_path, call).splitlines()
    places = [line for line in lines if line.lstrip().startswith("File ")]
    assert [place.split('"')[1] for place in places] == [str(tmp_path / "mine.py")] * 2
    assert lines[4].strip() == call
    assert lines[5].startswith(message)


def test_other_errors_are_shown_as_ever(tmp_path):
    text = shown(tmp_path, REFUSED, end="try:\n    checked()\nexcept ValueError:\n    1 / 0")
    assert "During handling of the above exception" in text
    assert text.endswith("ZeroDivisionError: division by zero\n")


def test_hook_that_somebody_has_set_stays(tmp_path):
    end = "import sys\nsys.excepthook = lambda kind, error, trace: print('mine', kind.__name__)\nchecked()"
    assert shown(tmp_path, REFUSED, end=end) == "mine ValueError\n"


def test_unittest_shows_the_line_of_the_call_and_the_message(tmp_path):
    end = """
    import unittest
    class Test(unittest.TestCase):
        def test(self):
            checked()
    unittest.main()
    """
    text = shown(tmp_path, WRONG, end=end)
    assert [line for line in text.splitlines() if "verify" in line and "File" in line] == []
    assert "AssertionError: not the convolution of x and w: 3 of 3 values differ" in text


def test_pytest_shows_the_line_of_the_call_and_the_message(tmp_path):
    (tmp_path / "test_mine.py").write_text(written(WRONG, "def test_it():\n    checked()"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    text = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False
    ).stdout
    assert [line for line in text.splitlines() if ".py:" in line and "test_mine.py" not in line] == []
    assert "E       AssertionError: not the convolution of x and w: 3 of 3 values differ\n" in text
    assert "__tracebackhide__" not in text


def test_error_of_our_own_keeps_its_lines():
    @shown_at_the_call
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as raised:
        broken()
    assert raised.traceback[-1].name == "broken"


def test_hook_is_set_once_and_only_over_pythons_own(monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    with pytest.raises(ValueError, match="FULL"):
        conv([[[1.0]]], [[[1.0]]], padding="FULL")
    assert sys.excepthook is at_the_call._excepthook


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"stride": 2}, "conv takes no argument stride, perhaps strides: it takes x, w, strides, "),
        ({"weight": 2}, "conv takes no argument weight, perhaps w: it takes x, w, strides, "),
        ({"paddings": 2}, "conv takes no argument paddings, perhaps padding: it takes x, w, strides, "),
        ({"colour": 2}, "conv takes no argument colour: it takes x, w, strides, "),
        ({}, "conv: missing a required argument: 'w': it takes x, w, strides, "),
    ],
)
def test_wrong_call_is_one_sentence_that_names_the_choices(options, sentence):
    with pytest.raises(TypeError) as raised:
        conv([[[1.0]]], **options)
    assert type(raised.value) is TypeError
    assert str(raised.value).startswith(sentence)
