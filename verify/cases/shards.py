"""One part of a run that is split up: cases of a seed of its own, regions, and words hashed to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple


class Shard(NamedTuple):
    """The shard with this `number`, from 1, out of `parts`."""

    number: int = 1
    parts: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard K of N, from "K/N"; ValueError, one sentence, for another text."""
        match = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
        shard = cls(*map(int, match.groups())) if match else cls(0, 0)
        if not 1 <= shard.number <= shard.parts:
            raise ValueError(f"{text!r} is no shard: it is K/N, such as 1/3, with K from 1 to N")
        return shard

    @property
    def is_part(self) -> bool:
        return self.parts > 1

    def holds(self, word: str) -> bool:
        """Whether a case is of this shard: by its word less the last token, the fill.

        All fills of a shape are in one shard, as a new shape is expensive for some subjects.
        """
        digest = sha256(word.rpartition("_")[0].encode()).digest()
        return int.from_bytes(digest[:8]) % self.parts == self.number - 1

    def dealt(self, regions: Sequence[str]) -> tuple[str, ...]:
        """The regions of this shard: each is of one, and of several only where there are more shards."""
        hands = min(self.parts, len(regions)) or 1
        return tuple(regions[(self.number - 1) % hands :: hands])

    def __str__(self) -> str:
        return f"{self.number}/{self.parts}"


ALL = Shard()
"""The whole of a run."""
