"""Text from outside, as it is shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.checks.escaping import shown

pytestmark = pytest.mark.injected

HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def acts(text: str) -> bool:
    """Whether a text has hidden characters, or a line that is a command to GitHub or to Azure."""
    commands = any(
        line.lstrip().startswith("::") or re.search(r"##\w{0,20}\[", line) for line in text.split("\n")
    )
    return bool(HIDDEN.search(text)) or commands


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("\a\b\t\r\x7f\x9b", r"\x07\x08\t\r\x7f\x9b"),
        ("\u202eabc\u2066", r"\u202eabc\u2066"),
        ("\ud800 \U0001f600", "\\ud800 \U0001f600"),
        ("::error::x", r":\x3aerror::x"),
        ("a\n  ::set-output::x", "a\n  :\\x3aset-output::x"),
        ("a\n\u3000::x", "a\n\u3000:\\x3ax"),
        ("a ##[group]", r"a ##\x5bgroup]"),
        ("##vso[task.setvariable]", r"##vso\x5btask.setvariable]"),
    ],
)
def test_what_acts_is_written_by_its_code(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    "text", ["", "a\n\nb", "tensorflow::Status, 50 % of 2", "mine:conv", "# a [b]", "é ≤ 日本"]
)
def test_what_does_not_act_is_unchanged(text: str) -> None:
    assert shown(text) == text


PIECES = st.sampled_from(
    [":", "::", "#", "##", "[", "##[", "\n", " ", "\x1b[1m", "\r", "\ud800", "\u202e", "a"]
)


@given(st.lists(PIECES | st.characters(codec=None)).map("".join))
def test_nothing_that_is_shown_acts(text: str) -> None:
    safe = shown(text)
    assert (acts(safe), shown(safe), safe.count("\n")) == (False, safe, text.count("\n"))


@given(st.lists(PIECES))
def test_nothing_acts_that_is_shown_in_pieces(pieces: list[str]) -> None:
    safe = ""
    for piece in pieces:
        safe += shown(piece, safe.rpartition("\n")[2])
    assert not acts(safe)
