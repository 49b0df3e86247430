"""Every wrong subject in turn, so that one worker serves for all of them."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from verify import Case


def takes_turns(case: Case) -> Any:
    """The answer of the subject that is named in the file `TURN`."""
    module, _, name = Path(os.environ["TURN"]).read_text(encoding="utf-8").partition(":")
    return getattr(import_module(module), name)(case)
