"""Expressions of data files: the same values as Python's own, and nothing that is code."""

from __future__ import annotations

import tomllib
import tracemalloc
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies import cases, illegal_cases
from tests.places import ROOT
from verify import Case
from verify.cases.bounded import MOST, total
from verify.cases.expressions import LONGEST, Expression, Refused
from verify.cases.predicates import FUNCTIONS, Predicate, names_of
from verify.faults import FAULTS

GIVEN = {
    **names_of(Case.parse("conv_i3x4_k1x2_same_bias_ones")),
    "switches": {"A": "1"},
    "onednn": ("float32",),
    "way": "tf.nn.conv2d",
}
PYTHON = {"__builtins__": {}, **FUNCTIONS, "sum": sum}


def value(text: str) -> object:
    return Expression(text, names=GIVEN, functions=FUNCTIONS).value(GIVEN)


def refusal(text: str) -> str:
    """The sentence by which an expression is refused, when it is read or when it is evaluated."""
    with pytest.raises(Refused) as refused:
        value(text)
    return str(refused.value)


def conditions() -> list[str]:
    """Every condition of the project's data."""
    tables = [
        tomllib.loads((ROOT / f"verify/subjects/tensorflow/{name}.toml").read_text("utf-8"))
        for name in ("known", "limits")
    ]
    entries = [
        entry["when"] for table in tables for key in ("deviation", "limit") for entry in table.get(key, [])
    ]
    faults = [condition.text for fault in FAULTS for condition in (fault.applies, fault.needs)]
    return sorted({*entries, *faults})


CONDITIONS = [(text, compile(text, "<condition>", "eval")) for text in conditions()]
EXPRESSIONS = {text: Expression(text, names=GIVEN, functions=FUNCTIONS) for text, _ in CONDITIONS}


def outcome(evaluate) -> object:
    """What it comes to, or that it fails."""
    try:
        return evaluate()
    except Exception:  # noqa: BLE001 - any operation on any value may raise anything
        return "fails"


@given(
    case=cases(operations=("conv", "depthwise", "separable", "transpose", "filtergrad")) | illegal_cases(),
    onednn=st.sampled_from([(), ("float32",), ("float32", "bfloat16")]),
)
@settings(max_examples=300, deadline=None)
def test_every_condition_of_the_data_comes_to_what_python_makes_of_it(case, onednn):
    names = {**names_of(case), "switches": {}, "onednn": onednn}
    for text, code in CONDITIONS:
        mine = outcome(lambda text=text: EXPRESSIONS[text].value(names))
        assert mine == outcome(lambda code=code: eval(code, {**PYTHON, **names})), text


def test_data_has_many_conditions():
    assert len(CONDITIONS) > 100


@pytest.mark.parametrize(
    "text",
    [
        "1 < rank < 3 < 4 != 5",
        "1 < rank > 3 in ()",
        "rank and 0 or 'x' and ()",
        "not rank",
        "-rank + +2 - 7 % 4 * 5 // 3 / 2 ** 2",
        "2 ** -1",
        "size[-1] - size[0]",
        "size[::-1] + size[:1] + size[1:2]",
        "'a' + 'b' in 'cab'",
        "[1, rank] + [2]",
        "{1, rank, 2} == {2, 1}",
        "(rank, (1, 2), 'x')",
        "(1, 2, 'x', None, True, 1.5)",
        "[k * s for k, s in zip(kernel, strides) if k > 1 if s]",
        "{k for k in kernel}",
        "[(i, j) for i in size for j in kernel if i > j]",
        "[[i + j for i in size] for j in kernel]",
        "[a + c for a, (b, c) in zip(size, pads)]",
        "[size for size in size]",
        "any(i > 3 for i in size) and all(i > 2 for i in size)",
        "any(1 // (3 - i) for i in (1, 2, 3))",
        "max(i for i in size) - min(size) + max((), default=7)",
        "sum(size) + sum(k > 1 for k in kernel)",
        "sum(pads, ())",
        "tuple(zip(size, kernel))",
        "len(set(size)) if rank > 1 else 'one'",
        "float32(0.1)",
        "switches['A'] + switches.get('A') + switches.get('B', '0')",
        "rank == 2 and\\\n not channels_first",
    ],
)
def test_value_is_that_of_python(text):
    mine = value(text)
    own = eval(text, {**PYTHON, **GIVEN})
    assert (mine, type(mine)) == (own, type(own))


def test_names_of_a_loop_end_with_it():
    assert value("[rank for rank in size][0] + rank") == 5
    assert refusal("[i for i in size] == i") == "name 'i' is not defined"


@pytest.mark.parametrize("text", ["rank and missing", "rank or missing"])
def test_name_that_is_not_given_is_refused_where_it_is_not_reached_too(text):
    assert refusal(text) == "name 'missing' is not defined"


CHAIN = "".join(f" for x{n + 1} in [(x{n}, x{n})]" for n in range(40))

GROWTH = "".join(f" for x{n + 1} in [x{n} + x{n}]" for n in range(11))

ATTACKS = {
    "().__class__.__base__()": "'().__class__.__base__' is none of the functions ",
    "().__class__": "an attribute has no place in a condition",
    "size.count": "an attribute has no place in a condition",
    "'{0.__class__}'.format(size)": "\"'{0.__class__}'.format\" is none of the functions ",
    "__builtins__": "name '__builtins__' is not defined",
    "eval('1')": "'eval' is none of the functions ",
    "rank(1)": "'rank' is none of the functions ",
    "max": "the function 'max' can only be called",
    "(lambda: 1)()": "'lambda: 1' is none of the functions ",
    "rank == (lambda: 1)": "a lambda has no place in a condition, in 'lambda: 1'",
    "f'{rank}'": "an f-string has no place in a condition",
    "(wide := 3)": "an assignment has no place in a condition, in 'wide := 3'",
    "max(*size)": "a star has no place in a condition, in '*size'",
    "max(size, key=len)": "max takes no argument 'key' here",
    "max(**switches)": "max takes no argument None here",
    "{1: 2}": "a dict has no place in a condition",
    "1j": "a complex number has no place in a condition",
    "b'x'": "a text of bytes has no place in a condition",
    "rank is None": "'is' has no place in a condition; '==' has",
    "~rank": "'~' has no place in a condition",
    "1 << 9": "an operation on bits has no place in a condition",
    "(i for i in size)": "a generator stands in the brackets of a call alone",
    "[x async for x in size]": "'async' has no place in a condition",
    "[1 for __x in size]": "'__x' is no name that a loop may set",
    "[1 for max in size]": "'max' is no name that a loop may set",
    "[1 for size[0] in size]": "'size[0]' is no name that a loop may set",
    "[1 for a, b in size]": "cannot unpack non-iterable int object",
    "[1 for (a,) in [size]]": "2 values for the 1 names of a loop",
    "[1 for a, b in [size, kernel + kernel]]": "too many values to unpack (expected 2",
    "9 ** 9 ** 9": "a power beyond 64",
    "2 ** 64 * 2": "an integer beyond 2**64",
    "(-1) ** 0.5": "the result is a complex number",
    "99999999999999999999": "an integer beyond 2**64",
    "'a' * 10**9": "unsupported operand type(s) for *: 'str' and 'int'",
    "10**9 * size": "unsupported operand type(s) for *: 'int' and 'tuple'",
    "'%999999999d' % 1": "unsupported operand type(s) for %: 'str' and 'int'",
    "-'x'": "bad operand type for unary -: 'str'",
    "size.get('A')": "a tuple has no get",
    "sum(['x'], 1)": "unsupported operand type(s) for +: 'int' and 'str'",
    "sum(zip(size), [])": "unsupported operand type(s) for +: 'list' and 'tuple'",
    f"[1{' for a in (1, 2, 3, 4, 5, 6, 7, 8)' * 12}]": f"its loops go through more than {MOST:,} elements",
    f"[1 for x0 in size{CHAIN} if x40 == x40]": f"its loops go through more than {MOST:,} elements",
    f"[1 for x0 in ['ab']{GROWTH}]": f"a sequence of more than {MOST:,} elements, in 'x8 + x8'",
    "(" * 70 + "1" + ",)" * 70: "it is nested too deep",
    "(" * 900 + ")" * 900: "too many nested parentheses",
    "-" * 1900 + "1": "it is nested too deep",
    "not " * 400 + "1": "it is nested too deep",
    "1 + " * 400 + "1": "it is nested too deep",
    "(1,) + " * 90 + "()": "it is nested too deep",
    "1 " * LONGEST: f"it has {2 * LONGEST:,} characters, more than {LONGEST:,}",
    "rank\0": "source code string cannot contain null bytes",
    "import os": "invalid syntax (<condition>, line 1)",
    "rank; rank": "invalid syntax (<condition>, line 1)",
    "": "invalid syntax (<condition>, line 0)",
}
"""Text → the sentence by which it is refused, or that sentence's beginning."""


@pytest.mark.parametrize("text", ATTACKS, ids=lambda text: text[:40])
def test_what_is_no_plain_expression_is_refused_in_one_sentence(text):
    assert refusal(text).startswith(ATTACKS[text])
    assert "\n" not in refusal(text)


def test_refusal_takes_neither_time_nor_memory():
    tracemalloc.start()
    begun = process_time()
    for text in ATTACKS:
        refusal(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert process_time() - begun < 20, "all of them take 0.2 s; one that is not bounded takes hours"
    assert peak < 2**25


def test_refused_condition_runs_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for text in (
        "open('x', 'w')",
        "().__class__.__base__.__subclasses__()[0]('x')",
        "__import__('os').mkdir('x')",
    ):
        refusal(text)
    assert not [*tmp_path.iterdir()]


def test_rounds_of_a_loop_are_counted_anew_each_time():
    expression = Expression(f"sum(1 for i in size for j in {(1,) * 300})", names=GIVEN, functions=FUNCTIONS)
    assert [expression.value(GIVEN) for _ in range(9)] == [600] * 9


def test_long_condition_is_quoted_in_part():
    with pytest.raises(
        ValueError, match=r"^the condition '(rank \+ )+rank'… cannot be evaluated: name 'x' is"
    ):
        Predicate("rank + " * 40 + "x")


def test_condition_that_fails_for_one_case_alone_says_so_in_one_sentence():
    condition = Predicate("10 // (batch - 7) > 1 or rank")
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
        condition.holds(names_of(Case.parse("conv_n7_i3_k1_same_ones")))
    assert str(refused.value) == (
        "the condition '10 // (batch - 7) > 1 or rank' cannot be evaluated: "
        "integer division or modulo by zero, in '10 // (batch - 7)'"
    )


def test_total_is_bounded():
    assert total([[1], [2]], []) == [1, 2]
    with pytest.raises(OverflowError):
        total([(0,) * 600, (0,) * 600], ())
