"""How the operands of a case lie in memory: C-contiguous, or some of them in another layout."""

from __future__ import annotations

from collections.abc import Sequence

from verify.cases.case import Case
from verify.cases.memory import OPERANDS, Memory, layouts_of, parts_in_memory

from .parts import Row

MEMORY_BYTES = 1 + len(OPERANDS)


def memory_of(case: Case, row: Row, views: Sequence[str]) -> Memory:
    """The layouts that a row decides, of some: in half of the cases, and there of half of the operands.

    Shrinks towards none.
    """
    is_laid_out, parts = row.of((False, True)), parts_in_memory(case)
    chosen = {letter: row.byte() for letter in OPERANDS}
    pairs = []
    for letter, byte in chosen.items():
        layouts = layouts_of(case, letter, views) if letter in parts else []
        options = ["", *[""] * (len(layouts) - 1), *layouts]
        pairs.append((letter, options[byte % len(options)]))
    return tuple((letter, layout) for letter, layout in pairs if layout) if is_laid_out else ()
