"""What a guide shows, and whether it is what was printed."""

from __future__ import annotations

import re

from verify.commands.guide import text_of


def blocks_of(text: str, language: str) -> list[str]:
    """The blocks of a text in Markdown that are in a language."""
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", text)


def block_of(topic: str, language: str, part: str) -> str:
    """The one block of a topic of the guide that has a part."""
    (block,) = (text for text in blocks_of(text_of(topic), language) if part in text)
    return block


def is_shown(block: str, output: str) -> bool:
    """Whether an output has the lines of a block in their order; `…` stands for whatever comes."""
    pattern = ".*".join(re.escape(part.strip()) for part in block.split("…"))
    return re.search(pattern, "\n".join(line.rstrip() for line in output.splitlines()), re.DOTALL) is not None
