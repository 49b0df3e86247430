"""Which releases a text covers."""

from __future__ import annotations

import pytest

from verify.checks.releases import covers, require_range


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2.21", "2.21.3"),
        (">=2.20,<2.22", "2.20"),
        (">=2.20,<2.22", "2.20.0"),
        (">=2.20,<2.22", "2.21.17"),
        (">= 2.20, < 2.22", "2.21.0"),
        (">=2.9", "2.10.1"),
        (">2.20", "2.20.1"),
        ("<=2.21", "2.21.0"),
        ("==2.21", "2.21.0"),
        ("!=2.21", "2.21.1"),
        (">=2,2.21", "2.21.1"),
        (">=2.22", "2.22.0rc1"),
        (">=2.21", "2.21.0+cpu"),
    ],
)
def test_text_covers(text: str, version: str):
    assert covers(text, version)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2.21", "2.2"),
        (">=2.20,<2.22", "2.22"),
        (">=2.20,<2.22", "2.22.0rc1"),
        (">=2.20,<2.22", "2.19.9"),
        (">=2.20,<2.22", "2.3"),
        (">2.20", "2.20.0"),
        ("<=2.21", "2.21.1"),
        ("!=2.21", "2.21.0"),
        ("<3", "3.0.0"),
        (">=1", "unknown"),
    ],
)
def test_text_does_not_cover(text: str, version: str):
    assert not covers(text, version)


@pytest.mark.parametrize("text", ["", "2.x", "~=2.1", ">=", "2.21;", ">=2,", "=2", "2.*"])
def test_text_that_is_no_range_is_refused(text: str):
    with pytest.raises(ValueError, match=r" is no range of versions, such as '2.21' or '>=2.20,<2.22'$"):
        require_range(text)
