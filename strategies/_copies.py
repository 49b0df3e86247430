"""One copy of this package, by its own name and by the one that `verify` finds it by."""

from __future__ import annotations

import sys

STRATEGIES_NAME = "verify.strategies"
"""What `verify` calls this package, as a user's own module may be called `strategies`."""

_package = __name__.rpartition(".")[0]
if sys.modules.setdefault(STRATEGIES_NAME, sys.modules[_package]) is not sys.modules[_package]:
    for _name, _module in list(sys.modules.items()):
        if f"{_name}.".startswith(f"{STRATEGIES_NAME}."):
            sys.modules[_name.removeprefix("verify.")] = _module
