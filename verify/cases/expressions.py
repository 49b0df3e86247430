"""An expression of a data file, evaluated by a walk over its syntax tree, so that data is never code."""

from __future__ import annotations

import ast
import difflib
import operator
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from verify.cases.bounded import LARGEST, MOST, NUMBERS, added, bounded, elements, power, unsupported
from verify.cases.spelling import with_article
from verify.cases.word import quoted

Scope: TypeAlias = Mapping[str, Any]
Value: TypeAlias = Callable[[Scope], Any]
"""A part of an expression, which gives its value from those of the names."""

LONGEST = 2_000
"""Characters that an expression may have."""

DEEPEST = 60
"""Levels that its syntax tree may have."""

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, among: item in among,
    ast.NotIn: lambda item, among: item not in among,
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", added),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", power),
}
_UNARY: dict[type[ast.unaryop], tuple[str, Callable[[Any], Any]]] = {
    ast.UAdd: ("+", operator.pos),
    ast.USub: ("-", operator.neg),
}
_LOOPS = (ast.ListComp, ast.SetComp, ast.GeneratorExp)
_NOUNS = {
    "DictComp": "dict",
    "JoinedStr": "f-string",
    "NamedExpr": "assignment",
    "Starred": "star",
    "bytes": "text of bytes",
    "complex": "complex number",
    "ellipsis": "row of dots",
    **dict.fromkeys(("BitAnd", "BitOr", "BitXor", "LShift", "RShift"), "operation on bits"),
    "MatMult": "matrix product",
}
_OPTIONS = ("default", "start")
"""What a function may be given by name."""


class Refused(ValueError):
    """An expression that is not evaluated: one sentence, which names the part that is wrong."""


class Expression:
    """A text that is read once, and evaluated with the values of its names.

    It may hold literals, the names that it is given, comparisons, `and`, `or`, `not`, arithmetic, subscripts,
    tuples, lists, sets, comprehensions, `if` expressions, calls of the functions that it is given, and
    `mapping.get(key)`. Raises Refused for anything else, and for what could take long or much memory.
    """

    def __init__(
        self, text: str, *, names: Iterable[str], functions: Mapping[str, Callable[..., Any]]
    ) -> None:
        self.text = text
        self._reader = _Reader(text, {*names}, functions)
        self._tree = self._reader.tree()
        self._value = self._reader.read(self._tree)

    def value(self, names: Scope) -> Any:
        """What it comes to; raises Refused, which names the part, where that cannot be evaluated."""
        self._reader.rounds = MOST
        try:
            return self._value(names)
        except Exception:  # noqa: BLE001 - any operation on any value may raise anything
            return self._found_wrong(names)

    def _found_wrong(self, names: Scope) -> Any:
        """Evaluate again, slowly, and say in which part it fails."""
        self._reader.rounds = MOST
        return self._reader.read(self._tree, is_traced=True)(names)


class _Loop(NamedTuple):
    over: Value
    assign: Callable[[dict[str, Any], Any], None]
    tests: list[Value]
    may_grow: bool


class _Reader:
    """Makes functions of a syntax tree."""

    def __init__(self, text: str, names: set[str], functions: Mapping[str, Callable[..., Any]]) -> None:
        self.rounds = MOST
        self._text, self._given, self._names, self._functions = text, names, names, functions
        self._is_traced = False

    def tree(self) -> ast.expr:
        if len(self._text) > LONGEST:
            raise Refused(f"it has {len(self._text):,} characters, more than {LONGEST:,}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what a later Python reads otherwise
                body = ast.parse(self._text, "<condition>", "eval").body
        except (RecursionError, MemoryError):
            raise Refused("it is nested too deep") from None
        except (SyntaxError, ValueError) as wrong:
            raise Refused(str(wrong)) from None
        level: list[ast.AST] = [body]
        for _ in range(DEEPEST):
            level = [child for node in level for child in ast.iter_child_nodes(node)]
            if not level:
                return body
        raise Refused("it is nested too deep")

    def read(self, node: ast.expr, *, is_traced: bool = False) -> Value:
        self._is_traced = is_traced
        return self._read(node)

    def _read(self, node: ast.expr) -> Value:
        read = getattr(self, f"_{type(node).__name__.lower()}", None)
        if read is None:
            raise self._refused(node, f"{_noun(node)} has no place in a condition")
        value: Value = read(node)
        return self._traced(node, value) if self._is_traced else value

    def _traced(self, node: ast.expr, value: Value) -> Value:
        def traced(names: Scope) -> Any:
            try:
                return value(names)
            except Refused:
                raise
            except Exception as wrong:  # noqa: BLE001 - any operation on any value may raise anything
                lacks = "there is no " if isinstance(wrong, KeyError) else ""
                raise self._refused(node, f"{lacks}{wrong}" or type(wrong).__name__) from None

        return traced

    def _refused(self, node: ast.expr, reason: str) -> Refused:
        part = ast.get_source_segment(self._text, node) or ""
        if part in ("", self._text) or repr(part) in reason:
            return Refused(reason)
        return Refused(f"{reason}, in {quoted(part, 60)}")

    def _constant(self, node: ast.Constant) -> Value:
        constant = node.value
        if constant is not None and not isinstance(constant, (*NUMBERS, str)):
            raise self._refused(node, f"{_noun(constant)} has no place in a condition")
        if isinstance(constant, int) and constant > LARGEST:
            raise Refused("an integer beyond 2**64")
        return lambda names: constant

    def _name(self, node: ast.Name) -> Value:
        if node.id in self._names:
            return operator.itemgetter(node.id)
        if node.id in self._functions:
            raise self._refused(node, f"the function {node.id!r} can only be called")
        near = difflib.get_close_matches(node.id, self._names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise Refused(f"name {node.id!r} is not defined{hint}")

    def _compare(self, node: ast.Compare) -> Value:
        for how in node.ops:
            if type(how) not in _COMPARISONS:
                raise self._refused(node, "'is' has no place in a condition; '==' has")
        left, *others = (self._read(part) for part in (node.left, *node.comparators))
        compares = [_COMPARISONS[type(how)] for how in node.ops]
        if len(others) == 1:
            (compare,), (right,) = compares, others
            return lambda names: compare(left(names), right(names))
        pairs = [*zip(compares, others, strict=True)]

        def chain(names: Scope) -> Any:
            one, holds = left(names), True
            for compare, right in pairs:
                other = right(names)
                holds = compare(one, other)
                if not holds:
                    break
                one = other
            return holds

        return chain

    def _boolop(self, node: ast.BoolOp) -> Value:
        *parts, last = [self._read(part) for part in node.values]
        ends_at = isinstance(node.op, ast.Or)

        def combined(names: Scope) -> Any:
            for part in parts:
                value = part(names)
                if bool(value) is ends_at:
                    return value
            return last(names)

        return combined

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        operand = self._read(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda names: not operand(names)
        if type(node.op) not in _UNARY:
            raise self._refused(node, "'~' has no place in a condition")
        sign, change = _UNARY[type(node.op)]

        def signed(names: Scope) -> Any:
            value = operand(names)
            if type(value) not in NUMBERS:
                raise TypeError(f"bad operand type for unary {sign}: {type(value).__name__!r}")
            return change(value)

        return signed

    def _binop(self, node: ast.BinOp) -> Value:
        if type(node.op) not in _ARITHMETIC:
            raise self._refused(node, f"{_noun(node.op)} has no place in a condition")
        sign, combine = _ARITHMETIC[type(node.op)]
        left, right = self._read(node.left), self._read(node.right)

        def combined(names: Scope) -> Any:
            one, other = left(names), right(names)
            if type(one) is int is type(other):  # nearly always
                value = combine(one, other)
                return value if -LARGEST <= value <= LARGEST else bounded(value)
            if type(one) in NUMBERS and type(other) in NUMBERS:
                return bounded(combine(one, other))
            if combine is added:
                return added(one, other)
            raise unsupported(sign, one, other)

        return combined

    def _ifexp(self, node: ast.IfExp) -> Value:
        test, then, otherwise = map(self._read, (node.test, node.body, node.orelse))
        return lambda names: then(names) if test(names) else otherwise(names)

    def _subscript(self, node: ast.Subscript) -> Value:
        of, place = self._read(node.value), self._read(node.slice)
        return lambda names: of(names)[place(names)]

    def _slice(self, node: ast.Slice) -> Value:
        ends = [part and self._read(part) for part in (node.lower, node.upper, node.step)]
        return lambda names: slice(*(part and part(names) for part in ends))

    def _tuple(self, node: ast.Tuple) -> Value:
        if all(isinstance(part, ast.Constant) for part in node.elts):
            constant = tuple([self._read(part)({}) for part in node.elts])
            return lambda names: constant
        return self._display(node.elts, tuple)

    def _list(self, node: ast.List) -> Value:
        return self._display(node.elts, list)

    def _set(self, node: ast.Set) -> Value:
        return self._display(node.elts, set)

    def _display(self, parts: list[ast.expr], make: type[Any]) -> Value:
        values = [self._read(part) for part in parts]
        return lambda names: make([value(names) for value in values])

    def _call(self, node: ast.Call) -> Value:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and not node.keywords:
            mapping, *key = map(self._read, (node.func.value, *node.args))
            return lambda names: _got(mapping(names), *(part(names) for part in key))
        if not isinstance(node.func, ast.Name) or node.func.id not in self._functions:
            called = quoted(ast.get_source_segment(self._text, node.func) or "", 60)
            raise Refused(f"{called} is none of the functions {', '.join(sorted(self._functions))}")
        function = self._functions[node.func.id]
        for keyword in node.keywords:
            if keyword.arg not in _OPTIONS:
                raise self._refused(node, f"{node.func.id} takes no argument {keyword.arg!r} here")
        arguments = [
            self._rounds_of(part) if isinstance(part, ast.GeneratorExp) else self._read(part)
            for part in node.args
        ]
        options = [(str(keyword.arg), self._read(keyword.value)) for keyword in node.keywords]
        if len(arguments) == 1 and not options:
            (argument,) = arguments
            return lambda names: function(argument(names))
        return lambda names: function(
            *[argument(names) for argument in arguments], **{name: value(names) for name, value in options}
        )

    def _listcomp(self, node: ast.ListComp) -> Value:
        rounds = self._rounds_of(node)
        return lambda names: [*rounds(names)]

    def _setcomp(self, node: ast.SetComp) -> Value:
        rounds = self._rounds_of(node)
        return lambda names: {*rounds(names)}

    def _generatorexp(self, node: ast.GeneratorExp) -> Value:
        raise self._refused(node, "a generator stands in the brackets of a call alone")

    def _rounds_of(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
        """The elements that the loops make, one after another, in a scope of their own."""
        outer = self._names
        loops = []
        for loop in node.generators:
            if loop.is_async:
                raise self._refused(node, "'async' has no place in a condition")
            # What a loop sets may grow from one loop to the next; a case's own values are small.
            may_grow = self._names != self._given or any(
                isinstance(part, _LOOPS) for part in ast.walk(loop.iter)
            )
            over, targets = self._read(loop.iter), self._targets(loop.target)
            self._names = self._names | _names_in(targets)
            loops.append(_Loop(over, _assigner(targets), [self._read(test) for test in loop.ifs], may_grow))
        element = self._read(node.elt)
        self._names = outer
        return lambda names: self._looped(loops, element, {**names})

    def _looped(self, loops: list[_Loop], element: Value, scope: dict[str, Any]) -> Iterator[Any]:
        (over, assign, tests, may_grow), *inner = loops
        for item in over(scope):
            self.rounds -= elements(item) if may_grow else 1
            if self.rounds < 0:
                raise OverflowError(f"its loops go through more than {MOST:,} elements")
            assign(scope, item)
            for test in tests:
                if not test(scope):
                    break
            else:
                if inner:
                    yield from self._looped(inner, element, scope)
                else:
                    yield element(scope)

    def _targets(self, node: ast.expr) -> str | list[Any]:
        """The names that a loop sets: one, or a list of them, of lists, and so on."""
        if isinstance(node, (ast.Tuple, ast.List)):
            return [self._targets(part) for part in node.elts]
        if not isinstance(node, ast.Name) or node.id in self._functions or node.id.startswith("__"):
            part = quoted(ast.get_source_segment(self._text, node) or "", 60)
            raise Refused(f"{part} is no name that a loop may set")
        return node.id


def _names_in(targets: str | list[Any]) -> set[str]:
    return {targets} if isinstance(targets, str) else {name for part in targets for name in _names_in(part)}


def _assigner(targets: str | list[Any]) -> Callable[[dict[str, Any], Any], None]:
    """What sets the names of a loop in a scope; two and three of them more quickly."""
    match targets:
        case [str(first), str(second)]:

            def assign(scope: dict[str, Any], item: Any) -> None:
                scope[first], scope[second] = item

        case [str(first), str(second), str(third)]:

            def assign(scope: dict[str, Any], item: Any) -> None:
                scope[first], scope[second], scope[third] = item

        case str():

            def assign(scope: dict[str, Any], item: Any) -> None:
                scope[targets] = item

        case _:
            parts = [_assigner(target) for target in targets]

            def assign(scope: dict[str, Any], item: Any) -> None:
                values = [*item]
                if len(values) != len(parts):
                    raise ValueError(f"{len(values)} values for the {len(parts)} names of a loop")
                for part, value in zip(parts, values, strict=True):
                    part(scope, value)

    return assign


def _got(mapping: Any, *key: Any) -> Any:
    if not isinstance(mapping, Mapping):
        raise TypeError(f"{_noun(mapping)} has no get")
    return mapping.get(*key)


def _noun(part: object) -> str:
    """What a part of an expression is called, with its article."""
    name = type(part).__name__
    noun = _NOUNS.get(name, name.lower())
    return "an f-string" if noun == "f-string" else with_article(noun)
