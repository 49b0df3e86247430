"""Each convolution of a model joined with the padding before it and with what follows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from verify.cases.case import Case
from verify.cases.operations import OPERATIONS, is_in_order, kind_of
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
        if node.reason:
            return Layer(node.name, reason=node.reason)
        before = self._border(node)
        steps, after, lacks = self._followed(node)
        border = (
            {"border": before.cells, "size": _inside(node.fields["size"], before.cells)} if before else {}
        )
        try:
            case = Case(**{**node.fields, **border}, epilogue=steps, fill=fill)
        except InvalidCase as refusal:
            return Layer(node.name, reason=str(refusal))
        return Layer(node.name, case, before=before.name if before else "", after=after, lacks=lacks)

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
            return ("residual",)
        return node.steps if node.kind == "step" else None


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
    taken = OPERATIONS[fields["operation"]].epilogue
    return is_in_order(steps) and all(kind_of(step) in taken for step in steps)
