"""What the script `conv-verify` runs: the command line of the `verify` that it was installed with.

It is installed as `_conv_verify_command`, beside `verify`. A project may have a `verify` of its own, which
comes first where `PYTHONPATH` names it: ours is found by its place, and takes the name in this process.
"""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

NAME = "verify"

_HERE = Path(__file__).resolve()

PLACES = (_HERE.parents[1], _HERE.parents[3])
"""Where `verify` lies: beside this package, or above it where a checkout is installed as it is."""


def main() -> int:
    """Run one command; the exit code."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends imports without a word; commands handle it
    spec = next(filter(None, (PathFinder.find_spec(NAME, [str(place)]) for place in PLACES)))
    assert spec.loader is not None
    sys.modules[NAME] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[NAME])
    code: int = import_module(f"{NAME}.__main__").main()
    return code
