"""What a subject may say of itself: the attributes, and what each of them takes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias, TypeVar

from verify.cases import narrowings
from verify.cases.case import Case
from verify.cases.domain import BOUNDS, LISTS, SPACE_LISTS, Domain, spelled, words_of
from verify.cases.memory import LAYOUTS
from verify.cases.narrowings import MAY_BE_EMPTY
from verify.cases.operations import OPERATIONS
from verify.cases.predicates import Predicate
from verify.cases.spelling import nearest
from verify.checks.deviations import CONDITION_NAMES, Deviation, condition
from verify.checks.limits import Limit
from verify.oracle.arithmetic import canonical
from verify.oracle.dynamic import named_scheme

Value = TypeVar("Value")
OfOperations: TypeAlias = Value | Mapping[str, Value]
"""One value for all operations, or a mapping of operations to values; the others have the default."""

Supports: TypeAlias = Callable[[Case], Any] | Predicate


class Declared(Protocol):
    """What a subject may say of itself, in attributes of these names: it may lack any, and None says nothing.

    The first group is its domain, the second is for everyone, the third for what runs in another process.
    """

    operations: Collection[str]
    """The operations that it answers; by default `("conv",)`."""
    ranks: OfOperations[Collection[int]]
    """How many spatial axes it takes; by default 1, 2 and 3."""
    dtypes: OfOperations[Collection[str]]
    """The dtypes that it takes; by default all."""
    data_formats: OfOperations[Collection[str]]
    """Of "channels_last" and "channels_first"; by default both."""
    paddings: OfOperations[Collection[str]]
    """Of "same", "valid" and "explicit"; by default all."""
    padding_modes: OfOperations[Collection[str]]
    """Of "zeros", "reflect", "symmetric", "circular" and "replicate"; by default zeros alone."""
    output_paddings: OfOperations[Collection[str]]
    """Of "below-stride", "below-dilation" and "any"; by default below the stride alone."""
    weight_dtypes: OfOperations[Collection[str]]
    """Of "own", "float16" and "int8": the dtypes in which filters are kept; by default their own alone."""
    around: OfOperations[Collection[str]]
    """What it supports before and after them, such as a border; by default `("bias", "relu")`."""
    views: OfOperations[Collection[str] | bool]
    """Whether it takes operands that are not C-contiguous, or which layouts of them; by default none."""
    max_groups: OfOperations[int]
    """And `max_side`, `max_kernel`, `max_stride`, `max_dilation`, `max_channels`, `max_batch`: none."""
    supports: OfOperations[Callable[[Case], Any] | str]
    """What no list can say: a function of a case, or a condition such as "max(dilations) == 1"."""
    limits: Collection[Limit]
    """What it documents that it refuses; a run asks whether it still does. By default none."""
    domain: Domain
    """All of these at once."""
    usual: Mapping[str, Any]
    """What narrows it where a run chooses nothing; by default the `operations` and `around` of USUAL."""

    name: str
    """What messages and commands call it; by default `module:qualified.name`."""
    ways: Mapping[str, Callable[[Case], Any]]
    """Entry points or modes by name, each a subject that may narrow the domain; by default none."""
    refuses: Collection[str]
    """The operations of which it refuses illegal calls; by default none."""
    switches: Mapping[str, str]
    """Settings of the environment that change its answers, as they are where it runs; by default none."""
    matrix: Mapping[str, Collection[str]]
    """The values of those settings that `run --matrix` combines; by default none."""
    compiles: bool
    """Whether it compiles each shape, so that it is given fewer shapes and several fills of each."""
    cost: int
    """It is given as many times fewer cases, as each takes longer; by default 1, or 4 if it compiles."""
    scheme: str
    """How it makes a quantised answer of its sums, one of SCHEMES; by default any right way."""
    arithmetic: str
    """How it computes the sums of floating-point numbers, in the words of `verify.oracle.arithmetic`; by
    default "products"."""
    version: str
    """Its own version, or its framework's, by which deviations are chosen; by default unknown."""
    known: Collection[Deviation]
    """Its known deviations; by default none."""
    condition_names: Mapping[str, Any]
    """What conditions may use beside the case's names and `switches`; by default as in CONDITION_NAMES."""
    close: Callable[[], object]
    """Ends what it holds, such as a process; it may be asked again afterwards. By default nothing."""

    options: str
    """What `replay` needs to run it in the same way; by default nothing."""
    timeout_s: float
    """The seconds that a case may take where it runs; by default as many as it takes."""
    versions: Mapping[str, str]
    """The versions of Python and packages where it runs; by default those of this process."""
    source: str
    """A digest of the file that it is written in; by default it is computed."""
    headline: str
    """A line on what it is and where it runs; by default its name and the versions."""


def a_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a string")
    return value


def a_word(value: Any) -> str:
    if a_text(value).split() != [value]:
        raise TypeError("a string without white space")
    return str(value)


def a_bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("True or False")
    return value


def a_bound(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise TypeError("a whole number above 0")
    return value


def a_scheme(value: Any) -> str:
    try:
        return named_scheme(a_text(value))
    except ValueError as wrong:
        raise TypeError(str(wrong)) from None


def an_arithmetic(value: Any) -> str:
    """An arithmetic in its one spelling, "" for products."""
    try:
        return canonical(a_text(value))
    except ValueError as wrong:
        raise TypeError(str(wrong)) from None


def some_seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise TypeError("a number of seconds above 0")
    return float(value)


def texts_by_name(value: Any) -> Mapping[str, str]:
    pairs = value.items() if isinstance(value, Mapping) else [(None, None)]
    if not all(isinstance(text, str) for pair in pairs for text in pair):
        raise TypeError("a mapping of strings to strings")
    return MappingProxyType(dict(pairs))


def a_matrix(value: Any) -> Mapping[str, tuple[str, ...]]:
    is_mapping = isinstance(value, Mapping) and all(_is_list(values) for values in value.values())
    if not is_mapping or not all(isinstance(text, str) for name in value for text in (name, *value[name])):
        raise TypeError('a mapping of names to lists of strings, such as {"OMP_NUM_THREADS": ("1", "2")}')
    return MappingProxyType({name: tuple(values) for name, values in value.items()})


def names_of_conditions(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not value.keys() <= CONDITION_NAMES.keys():
        raise TypeError(f"a mapping of some of {', '.join(CONDITION_NAMES)}")
    return {name: tuple(part) if isinstance(part, list) else part for name, part in value.items()}


def some_of(name: str, vocabulary: Collection[Any], *, least: int = 0) -> Callable[[Any], tuple[Any, ...]]:
    """What takes a list of words of a vocabulary, once they are spelled as those of the list `name`."""

    def checked(value: Any) -> tuple[Any, ...]:
        words = [spelled(name, word) for word in (value if _is_list(value) else [value])]
        strange = [word for word in words if isinstance(word, bool | Mapping) or word not in vocabulary]
        if not _is_list(value) or len(words) < least or strange:
            near = nearest(strange[0], (*vocabulary, *words_of(name))) if strange else ""
            if not strange and words:
                near = f": write ({value!r},)"
            raise TypeError(f"a list of some of {', '.join(map(str, vocabulary))}{near}")
        return tuple(words)

    return checked


def _is_list(value: Any) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping)


def of_operations(takes: Callable[[Any], Any]) -> Callable[[Any], Mapping[str, Any]]:
    """What takes a value for all operations, as that of "", or a mapping of operations to values."""

    def checked(value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            return {"": takes(value)}
        if strange := [name for name in value if name not in OPERATIONS]:
            near = nearest(strange[0], OPERATIONS)
            raise TypeError(f"a mapping of some of {', '.join(OPERATIONS)}{near}")
        return {name: takes(part) for name, part in value.items()}

    return checked


def some_views(value: Any) -> tuple[Any, ...]:
    """Layouts of operands: all of them for True, none for False."""
    if isinstance(value, bool):
        return tuple(LAYOUTS) if value else ()
    try:
        return some_of("views", LAYOUTS)(value)
    except TypeError as wrong:
        raise TypeError(f"True, False or {wrong}") from None


def what_it_supports(value: Any) -> Supports:
    if isinstance(value, str):
        try:
            return condition(value)
        except ValueError as wrong:
            raise TypeError(f"a condition: {wrong}") from None
    if not callable(value):
        raise TypeError("a function of a case, or a condition")
    supports: Callable[[Case], Any] = value
    return supports


def all_of(kind: type, described: str) -> Callable[[Any], tuple[Any, ...]]:
    def checked(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, Collection) or not all(isinstance(entry, kind) for entry in value):
            raise TypeError(f"a list of {described}")
        return tuple(value)

    return checked


def a_domain(value: Any) -> Domain:
    if not isinstance(value, Domain):
        raise TypeError("a Domain")
    return value


def usual_narrowings(value: Any) -> Mapping[str, Any]:
    """What narrowings say of a domain, checked as those of a run are."""
    if not isinstance(value, Mapping):
        raise TypeError("a mapping of narrowings")
    try:
        chosen = narrowings.checked(value)
    except ValueError as wrong:
        raise TypeError(f"a mapping of narrowings: {wrong}") from None
    if beyond := [name for name in chosen if name not in (*LISTS, *BOUNDS)]:
        raise TypeError(f"a mapping of narrowings of a domain, of which {beyond[0]} says nothing")
    return {name: tuple(part) if isinstance(part, list) else part for name, part in chosen.items()}


def some_ways(value: Any) -> Mapping[str, Any]:
    is_mapping = isinstance(value, Mapping) and all(isinstance(name, str) for name in value)
    if not is_mapping or not all(name and set(name).isdisjoint(" /*?[") for name in value):
        raise TypeError("a mapping of names, without white space, / and *, to callables")
    if wrong := next((name for name, way in value.items() if not callable(way)), ""):
        raise TypeError(f"a mapping of names to callables: {wrong!r} is none")
    return MappingProxyType(dict(value))


def a_call(value: Any) -> Callable[[], object]:
    if not callable(value):
        raise TypeError("a function")
    call: Callable[[], object] = value
    return call


DOMAIN: Mapping[str, Callable[[Any], Mapping[str, Any]]] = MappingProxyType(
    {
        **{
            name: of_operations(some_of(name, LISTS[name], least=name not in MAY_BE_EMPTY))
            for name in SPACE_LISTS
        },
        **dict.fromkeys(BOUNDS, of_operations(a_bound)),
        "views": of_operations(some_views),
        "supports": of_operations(what_it_supports),
    }
)
"""Attribute of a domain beside `operations` and `limits` → what takes it."""
