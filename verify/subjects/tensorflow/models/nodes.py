"""The steps of a model as every reader writes them: convolutions, and what stands before and after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from verify.cases.case import Case
from verify.cases.word import by

Kind: TypeAlias = Literal["convolution", "pad", "step", "add", "spread", "gather", "reshape", "other"]


class NotRead(ValueError):
    """A model that cannot be read; the message is one sentence."""


@dataclass(frozen=True)
class Node:
    """One step of a model, from the values of some names to others.

    A convolution has the `fields` of its case, or the `reason` why it has none. Padding with zeros has
    `cells` for each axis; a "step" has the `steps` of an epilogue that it computes, none where it hands on
    its input. A convolution has in `steps` what is a part of it. `lacks` says what it computes besides, of
    which no word has a step. An "add" is that of two values of one shape.
    A "spread" moves every so many cells of each axis to the batch, of an axis with `cells` more, and a
    "gather" moves them back, less `cells`: a dilated convolution may be written so. A "reshape" keeps all
    values in order.
    """

    kind: Kind
    name: str
    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    cells: tuple[tuple[int, int], ...] = ()
    steps: tuple[str, ...] = ()
    block: tuple[int, ...] = ()
    lacks: str = ""
    reason: str = ""


class Layer(NamedTuple):
    """A convolution of a model: its case, or the reason why no word says it.

    `before` and `after` name what its case has of the steps around it, and `lacks` says what follows that
    no word has.
    """

    name: str
    case: Case | None = None
    reason: str = ""
    before: str = ""
    after: tuple[str, ...] = ()
    lacks: str = ""

    @property
    def line(self) -> str:
        """Its name, among those that its case has of the steps around it."""
        names = " + ".join(filter(None, (self.before, self.name, *self.after)))
        return f"{names}, without {self.lacks}" if self.lacks else names


class Model(NamedTuple):
    """What was read of a model: a line on what it is, its steps in order, and the values that it answers."""

    title: str
    nodes: Sequence[Node]
    answers: frozenset[str] = frozenset()


EXPORT = "export the model (`model.export(FOLDER)`), and name the folder"
"""By which a model is read whose layers do not say what they compute."""


def said_by(error: BaseException, most: int = 150) -> str:
    """The words of an error on one line, cut where they are many, or its class where it has none."""
    text = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return text if len(text) <= most else f"{text[: most - 1]}…"


def require_open(shapes: Sequence[Sequence[int | None] | None], size: tuple[int, ...]) -> None:
    """Raise NotRead, one sentence, for sizes that no input of these shapes leaves open."""
    opened = [shape for shape in shapes if shape and _open_places(shape, size)]
    if size and not opened:
        given = " and ".join(shape_phrase(shape[1:]) if shape else "any shape" for shape in shapes)
        axes = "axis of it is" if len(size) == 1 else f"{len(size)} axes of it are"
        raise NotRead(f"its input is {given}, and no {axes} open for {by(size)}: leave --size out")


def _open_places(shape: Sequence[int | None], size: tuple[int, ...]) -> list[int]:
    """The axes of a shape, less the batch, that sizes fill in: as many are open as it has; else none."""
    free = [place for place, extent in enumerate(shape) if extent is None and place]
    return free if len(free) == len(size) else []


def filled(shape: Sequence[int | None], size: tuple[int, ...]) -> tuple[int | None, ...]:
    """A shape with its open sizes filled in, where they are as many as `size` has."""
    extents = list(shape)
    for place, extent in zip(_open_places(shape, size), size, strict=False):
        extents[place] = extent
    return tuple(extents)


def open_sizes(
    extents: Sequence[int | None], after: str = ": give those of the model's input by --size"
) -> str:
    """Why a convolution whose input has open extents has no case, and what there is to do."""
    return f"its input of {shape_phrase(extents)} has open sizes{after}"


def shape_phrase(extents: Sequence[int | None]) -> str:
    """The extents of a shape, with a question mark for those that are open."""
    return "x".join("?" if extent is None else str(extent) for extent in extents)
