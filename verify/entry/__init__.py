"""The part that pytest loads in every suite: options, and the plugin once a gate is collected.

It is installed as `_conv_verify_plugin`, beside `verify`, and imports nothing of it where there is no
gate: a suite may have a `verify` of its own, and does not wait for ours.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest

PLUGIN = "verify.pytest_plugin"

OPTIONS = ("--conv-examples", "--conv-no-known", "--conv-report", "--conv-no-isolate")


def pytest_addoption(parser: pytest.Parser) -> None:
    examples, no_known, report, no_isolate = OPTIONS
    option = parser.getgroup("conv-verify", "verification of convolutions").addoption
    option(examples, type=_positive, metavar="N", help="cases to draw for each property of a gate")
    option(no_known, action="store_true", help="fail for disagreements that are recorded as known, too")
    option(no_isolate, action="store_true", help="ask subjects in this process, where a crash ends it")
    option(report, type=Path, metavar="FILE", help="write a record of every case, as JSON lines")


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register our profiles before Hypothesis is asked for one that it does not know."""
    if name := config.getoption("--hypothesis-profile", None):
        from hypothesis import settings
        from hypothesis.errors import InvalidArgument

        try:
            settings.get_profile(name)
        except InvalidArgument:
            with suppress(ImportError):  # `verify` is another package, and the name is not ours
                import verify.gate.search  # noqa: F401


def pytest_sessionstart(session: pytest.Session) -> None:
    if any(map(session.config.getoption, OPTIONS)) and _is_ours():
        _load_plugin(session.config)


def _is_ours() -> bool:
    """Whether `verify` is the package beside this one, and not a module of the suite's own."""
    return hasattr(import_module("verify"), "IS_CONV_VERIFY")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config) -> None:
    if "verify.gate.suite" in sys.modules and _is_ours():
        _load_plugin(config)


def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config) -> None:
    """Load the plugin for a gate that is collected by the workers of xdist alone."""
    if "conv_verify" in report.__dict__:
        _load_plugin(config)


def _load_plugin(config: pytest.Config) -> None:
    """Load the plugin; one that a suite has imported as it is, as pytest can rewrite it no more."""
    manager, imported = config.pluginmanager, sys.modules.get(PLUGIN)
    if imported is None:
        manager.import_plugin(PLUGIN)
    elif not manager.is_registered(imported):
        manager.register(imported, PLUGIN)
