"""A subject that is wrong, in a process for which the disk is full from then on."""

from __future__ import annotations

import errno
import os
from typing import Any

from tests.planted import hostile


def _no_room(*arguments: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


os.fsync = _no_room  # which all that is replaced in one step asks for

raises = hostile.raises
