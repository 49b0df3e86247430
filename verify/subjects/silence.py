"""Silence: what native code prints on standard error is dropped."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silenced(*, show_failure: bool = False) -> Iterator[None]:
    """Drop what native code prints on standard error; `show_failure` shows it if the block fails."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as printed:
        os.dup2(printed.fileno(), 2)
        try:
            yield
        except BaseException:
            if show_failure:
                printed.seek(0)
                os.write(stderr, printed.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
