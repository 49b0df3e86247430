"""The examples of Hypothesis that all workers of a cluster share, as its scheduler keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from hypothesis.database import ExampleDatabase

from verify.runs.campaign import on_scheduler
from verify.runs.campaign.sending import CALL, sent

EXAMPLES = "examples"
"""What a process names its request for examples, which its answer to a task has not."""

Asked = Mapping[str, Sequence[str]]
"""What is asked of the scheduler: by a key the values to `save` there, and the others that it has.

Keys and values are in hex; a key that begins with a minus sign has the values to take away.
"""

Ask = Callable[[Asked], Sequence[str]]
"""Asks the scheduler, which says all values that the last key has then."""


class Examples(ExampleDatabase):
    """A database that asks the scheduler once for each key, and tells it at the end what has changed."""

    def __init__(self, ask: Ask) -> None:
        super().__init__()
        self._ask = ask
        self._had: dict[bytes, set[bytes]] = {}
        self._has: dict[bytes, set[bytes]] = {}

    def _of(self, key: bytes) -> set[bytes]:
        if key not in self._has:
            self._had[key] = {*map(bytes.fromhex, self._ask({key.hex(): ()}))}
            self._has[key] = {*self._had[key]}
        return self._has[key]

    def fetch(self, key: bytes) -> Iterable[bytes]:
        yield from sorted(self._of(key))

    def save(self, key: bytes, value: bytes) -> None:
        self._of(key).add(value)

    def delete(self, key: bytes, value: bytes) -> None:
        self._of(key).discard(value)

    def tell(self) -> None:
        """Tell the scheduler what has been saved and deleted."""
        changes: dict[str, list[str]] = {}
        for key, values in self._has.items():
            saved, deleted = values - self._had[key], self._had[key] - values
            if saved:
                changes[key.hex()] = sorted(value.hex() for value in saved)
            if deleted:
                changes[f"-{key.hex()}"] = sorted(value.hex() for value in deleted)
        if changes:
            self._ask(changes)


def asked_of_the_scheduler(asked: Asked) -> Sequence[str]:
    """What the scheduler of this worker says; nothing where it does not, as examples only save time."""
    from distributed import get_client

    with suppress(Exception):  # of a scheduler that is lost, or of a process that is no worker
        said: list[str] = get_client().run_on_scheduler(
            eval, CALL, sent(on_scheduler, "examples", dict(asked))
        )
        return said
    return []
