"""What tests in other processes need: the checkout, the wrong subjects, and pytest's plugins."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLANTED = ROOT / "tests" / "planted"

ALONE = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
"""A variable by which pytest loads no plugin merely because it is installed.

A pytest that loads them all rewrites the assertions of all of Hypothesis, and of this package where it is
installed; where no bytecode may be written it does so at every start, in more time than most gates take.
"""

GATE_PLUGINS = ("-p", "hypothesispytest", "-p", "verify.pytest_plugin")
"""What a gate needs of those."""
