"""Each convolution of a model joined with the padding before it and with what follows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from verify.cases.case import Case
from verify.cases.dtypes import format_of
from verify.cases.enumeration import has_fill
from verify.cases.geometry import same_padding
from verify.cases.operations import OPERATIONS, is_in_order, kind_of
from verify.cases.weights import EPILOGUE, OWN
from verify.cases.word import InvalidCase
from verify.subjects.tensorflow.models.nodes import Layer, Model, Node


def layers_of(model: Model, *, fill: str) -> list[Layer]:
    """The convolutions of a model in order, each as the case of a fill where it has one.

    An addition is joined with the last convolution that leads into it: the other value is there by then.
    """
    joiner = _Joiner(model)
    last_first = [joiner.layer(node, fill) for node in reversed(model.nodes) if node.kind == "convolution"]
    return last_first[::-1]


class _Joiner:
    """Who makes each value of a model, who uses it, and which additions are joined already."""

    def __init__(self, model: Model) -> None:
        self.answers = model.answers
        self.makers = {value: node for node in model.nodes for value in node.outputs}
        self.users: defaultdict[str, list[Node]] = defaultdict(list)
        for node in model.nodes:
            for value in node.inputs:
                self.users[value].append(node)
        self.added: set[str] = set()

    def layer(self, node: Node, fill: str) -> Layer:
        """The layer of a convolution."""
        node = self._dilated(node)
        if node.reason:
            return Layer(node.name, reason=node.reason)
        before = self._border(node)
        steps, after, lacks = self._followed(node)
        border = _padded(node, before.cells) if before else {}
        try:
            case = Case(**{**node.fields, **border}, epilogue=steps, fill=_fill_of(node, fill))
        except InvalidCase as refusal:
            return Layer(node.name, reason=str(refusal))
        return Layer(node.name, case, before=before.name if before else "", after=after, lacks=lacks)

    def _dilated(self, node: Node) -> Node:
        """A convolution of cells that were moved to the batch as the dilated one that is computed so."""
        spread = self.makers.get(node.inputs[0]) if node.inputs and not node.reason else None
        while spread is not None and spread.kind == "reshape":
            spread = self.makers.get(spread.inputs[0]) if spread.inputs else None
        if spread is None or spread.kind != "spread":
            return node
        gather, rank = self._only_user(node), len(node.fields["size"])
        is_whole = gather is not None and gather.kind == "gather" and len(spread.block) == rank
        if gather is None or not is_whole or spread.block != gather.block:
            why = f"its cells were moved to the batch by {spread.name}, and no word says how they come back"
            return replace(node, reason=why)
        fields = _dilated_fields(node.fields, spread.block, spread.cells, gather.cells)
        return replace(node, inputs=spread.inputs, outputs=gather.outputs, fields=fields)

    def _border(self, node: Node) -> Node | None:
        """The padding with zeros whose answer a convolution reads."""
        maker = self.makers.get(node.inputs[0]) if node.inputs else None
        if maker is None or maker.kind != "pad" or not _is_alike(maker, node.fields):
            return None
        return maker if OPERATIONS[node.fields["operation"]].takes_border else None

    def _followed(self, node: Node) -> tuple[tuple[str, ...], tuple[str, ...], str]:
        """The epilogue, the names of the nodes that it was joined from, and what follows that it lacks."""
        steps, last = node.steps, node
        names: list[str] = []
        while not last.lacks and (user := self._only_user(last)) is not None:
            more = self._steps(user) if _is_alike(user, node.fields) else None
            if more is None:
                break
            longer = _joined(steps, more)
            if not _fits(node.fields, longer):
                return steps, tuple(names), user.name
            if user.kind == "add":
                self.added.add(user.name)
            names += [user.name] if more else []
            steps, last = longer, user
        return steps, tuple(names), _lack(last) if last.lacks else ""

    def _only_user(self, node: Node) -> Node | None:
        """The one node that uses a node's answer, if nothing else needs it."""
        value = node.outputs[0]
        users = self.users[value]
        return users[0] if len(users) == 1 and value not in self.answers else None

    def _steps(self, node: Node) -> tuple[str, ...] | None:
        """What a node adds to an epilogue; None for what is no part of one."""
        if node.kind == "add" and node.name not in self.added:
            return ("residual", *node.steps)
        return node.steps if node.kind == "step" else None


def _dilated_fields(
    fields: Mapping[str, Any],
    block: tuple[int, ...],
    padded: tuple[tuple[int, int], ...],
    cropped: tuple[tuple[int, int], ...],
) -> dict[str, Any]:
    """The fields of a convolution whose windows read every so many cells, those of `block`.

    Before it an axis is `padded`, and `cropped` after it.
    """
    whole = tuple(cells * each for cells, each in zip(fields["size"], block, strict=True))
    ends = zip(padded, cropped, strict=True)
    pairs = tuple((before - first, after - last) for (before, after), (first, last) in ends)
    size = _inside(whole, padded)
    axes = zip(size, fields["kernel"], block, strict=True)
    same = tuple(same_padding(cells, kernel, 1, dilation) for cells, kernel, dilation in axes)
    named = {same: "SAME", ((0, 0),) * len(block): "VALID"}
    return {**fields, "size": size, "dilations": block, "padding": named.get(pairs, pairs)}


def _is_alike(node: Node, fields: Mapping[str, Any]) -> bool:
    """Whether a node has the channels where a convolution has them, as far as it says where."""
    said = node.fields.get("channels_first")
    return said is None or said == fields["channels_first"]


def _lack(node: Node) -> str:
    return f"the {node.lacks} of {node.name}"


def _inside(size: Sequence[int], cells: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """The size less the cells before and after each axis."""
    return tuple(whole - sum(ends) for whole, ends in zip(size, cells, strict=True))


def _joined(steps: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """The steps with more after them; a bias that is normalised is a part of the norm, of its mean."""
    return more if steps == ("bias",) and more == ("norm",) else (*steps, *more)


def _fits(fields: Mapping[str, Any], steps: tuple[str, ...]) -> bool:
    """Whether an operation may be followed by these steps, in this order."""
    taken = OPERATIONS[fields["operation"]].epilogue if _is_own(fields) else EPILOGUE
    return is_in_order(steps) and all(kind_of(step) in taken for step in steps)


def _is_own(fields: Mapping[str, Any]) -> bool:
    """Whether filters are kept in the dtype in which they are used."""
    return bool(fields.get("weights", OWN) == OWN)


def _padded(node: Node, cells: tuple[tuple[int, int], ...]) -> dict[str, Any]:
    """What cells of zeros before a convolution are of its case: padding of its own, where it is quantised."""
    own = {"size": _inside(node.fields["size"], cells)}
    has_no_border = format_of(node.fields["dtype"]).is_quantised or not _is_own(node.fields)
    is_own = has_no_border and node.fields["padding"] == "VALID"
    return {**own, "padding" if is_own else "border": cells}


def _fill_of(node: Node, fill: str) -> str:
    """A fill, or the usual one of a convolution's dtype where that does not have it."""
    form = format_of(node.fields["dtype"])
    operation = node.fields.get("operation", "conv")
    if fill and has_fill(operation, form.token, fill):
        return fill
    return "levels" if form.is_quantised else "dyadic"
