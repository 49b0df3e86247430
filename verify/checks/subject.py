"""A subject, and all that is known of it: one frozen description, made in one place."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import lru_cache
from inspect import get_annotations
from pathlib import Path
from types import FunctionType, MappingProxyType
from typing import Any

from verify.cases.case import Case
from verify.cases.domain import EVERY_CASE, Condition, Domain, Space, joined
from verify.cases.operations import OPERATIONS
from verify.cases.predicates import Predicate
from verify.cases.spelling import nearest
from verify.checks.declarations import (
    DOMAIN,
    Declared,
    Supports,
    a_bool,
    a_bound,
    a_call,
    a_domain,
    a_matrix,
    a_scheme,
    a_text,
    a_word,
    all_of,
    an_arithmetic,
    names_of_conditions,
    some_of,
    some_seconds,
    some_ways,
    texts_by_name,
    usual_narrowings,
)
from verify.checks.deviations import CONDITION_NAMES, Deviation
from verify.checks.limits import Limit
from verify.checks.signatures import misuse_seen
from verify.checks.tree import module_shown
from verify.faults import Fault
from verify.faults.usual import usual_of
from verify.oracle.compare import Verdict

Subject = Callable[[Case], Any]
"""An implementation under test: it takes a case and returns an array, or raises Declined."""

USUAL: Mapping[str, tuple[str, ...]] = MappingProxyType({"operations": ("conv",), "around": ("bias", "relu")})
"""What is drawn for a subject that says nothing of it, unless narrowings choose."""


class Declined(Exception):
    """Raised by a subject for a case that it does not support; the message says why."""


class NotAsked(ValueError):
    """Raised where a subject could not be asked, which is no fault of its own; one sentence says why."""


class Elsewhere(Exception):
    """Raised by a subject that runs in another process, for the verdict that was reached there."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.sentence)
        self.verdict = verdict


@lru_cache(maxsize=2**12)
def elsewhere(name: str) -> type[Elsewhere]:
    """A class of its own for what is called `name` there: an error's class and place, or a signal.

    Hypothesis and the tallies distinguish errors by their classes.
    """
    return type(name, (Elsewhere,), {})


COMPILED_COST = 4
"""The cost of a subject that compiles each shape and says no other."""


@dataclass(frozen=True, kw_only=True)
class Description:
    """All that is known of a subject, made by `describe`: what it declares, else the defaults.

    It is a subject itself, which asks the one that it describes. `module` is where that is defined, and
    `ways` are descriptions too, and `here` says why it runs in this process, of one that a worker could run.
    Each attribute of `Declared` is a field, with what takes the value, but that those of the domain are one.
    """

    call: Subject
    module: str
    domain: Domain = field(default_factory=Domain)
    usual: Mapping[str, Any] = field(default_factory=dict, metadata={"takes": usual_narrowings})
    ways: Mapping[str, Description] = field(default_factory=dict)
    limits: tuple[Limit, ...] = field(default=(), metadata={"takes": all_of(Limit, "limits")})
    name: str = field(metadata={"takes": a_word})
    refuses: tuple[str, ...] = field(default=(), metadata={"takes": some_of("operations", OPERATIONS)})
    switches: Mapping[str, str] = field(default_factory=dict, metadata={"takes": texts_by_name})
    matrix: Mapping[str, tuple[str, ...]] = field(default_factory=dict, metadata={"takes": a_matrix})
    compiles: bool = field(default=False, metadata={"takes": a_bool})
    cost: int | None = field(default=None, metadata={"takes": a_bound})
    scheme: str = field(default="", metadata={"takes": a_scheme})
    arithmetic: str = field(default="", metadata={"takes": an_arithmetic})
    version: str | None = field(default=None, metadata={"takes": a_text})
    known: tuple[Deviation, ...] = field(default=(), metadata={"takes": all_of(Deviation, "deviations")})
    condition_names: Mapping[str, Any] = field(default_factory=dict, metadata={"takes": names_of_conditions})
    close: Callable[[], object] = field(default=lambda: None, metadata={"takes": a_call})
    options: str = field(default="", metadata={"takes": a_text})
    timeout_s: float | None = field(default=None, metadata={"takes": some_seconds})
    versions: Mapping[str, str] = field(default_factory=dict, metadata={"takes": texts_by_name})
    source: str = field(default="", metadata={"takes": a_text})
    headline: str = field(default="", metadata={"takes": a_text})
    here: str = ""

    def __call__(self, case: Case) -> Any:
        """The answer by the first way whose domain has the case; raises Declined where none has."""
        way, declined = self.route(case)
        if declined:
            raise Declined(declined)
        return way.call(case)

    def held(self, case: Case) -> Case:
        """A case as it is judged of this subject: held to its scheme, or to its arithmetic."""
        return case.held_to(self.scheme, self.arithmetic)

    @property
    def label(self) -> str:
        """The name with the switches that it runs under."""
        return labelled(self.name, self.switches)

    @property
    def fewer(self) -> int:
        """How many times fewer cases it is given than a quick one."""
        return self.cost or (COMPILED_COST if self.compiles else 1)

    @property
    def line(self) -> str:
        """What it is and where it runs: what it says of that, or its version and switches; "" for nothing.

        Ways that have others than the subject follow.
        """
        own = self.headline or self.terms
        differing = (f"{name}: {way.terms}" for name, way in self.ways.items() if way.terms != self.terms)
        return "; ".join(filter(None, (own, *differing, self.here)))

    @property
    def terms(self) -> str:
        """Its version and its switches, which its answers hold for."""
        version = [f"version {self.version}"] if self.version else []
        return ", ".join([*version, *(f"{name}={value}" for name, value in self.switches.items())])

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that are drawn for it."""
        return self.drawn().operations

    def drawn(self, **chosen: Any) -> Domain:
        """The part of its domain that is drawn for it, where narrowings choose nothing, or this."""
        return self.domain.narrowed({**self.usual, **chosen})

    @property
    def routes(self) -> tuple[Description, ...]:
        """Its ways, or itself where it has none."""
        return tuple(self.ways.values()) or (self,)

    def having(self, case: Case) -> Sequence[Description]:
        """The ways that have a case, or the subject itself where none has."""
        return [way for way in self.routes if way.domain.holds(case)] or [self]

    def route(self, case: Case) -> tuple[Description, str]:
        """The first way whose domain has a case, and ""; where none has, a way like it, and why not."""
        if not self.ways:
            outside = self.domain.why_not(case)
            return self, f"{self.name}: {outside}" if outside else ""
        alike = [way for way in self.ways.values() if case.operation in way.domain.spaces]
        likest = [way for way in alike if case.rank in way.domain.spaces[case.operation].ranks]
        declined = ""
        for way in likest or alike or self.routes:
            outside = way.domain.why_not(case)
            if not outside:
                return way, ""
            declined = declined or f"{way.name}: {outside}"
        return (likest or alike or self.routes)[0], declined

    def through(self, pattern: str) -> Description:
        """The way of this name, or the subject of the ways that a pattern fits.

        Raises ValueError, one sentence, where there is none.
        """
        if pattern in self.ways:
            return self.ways[pattern]
        chosen = {name: way for name, way in self.ways.items() if fnmatchcase(name, pattern)}
        if not chosen:
            what = f"one of {', '.join(self.ways)}" if self.ways else "none, as it has no ways"
            raise ValueError(f"{self.name} has no way {pattern!r}: {what}{nearest(pattern, self.ways)}")
        return replace(_of_ways(self, chosen), name=f"{self.name}/{pattern}")


def describe(subject: Subject, *, name: str | None = None) -> Description:
    """The description of a subject, under another name where one is given; a description as it is.

    Raises TypeError for what cannot be called, and ValueError, one sentence, for what is seen to give no
    answer to a case, such as a class or a coroutine function, and for an attribute of a wrong name or value.
    """
    if isinstance(subject, Description):
        return subject if name is None else replace(subject, name=name)
    if not callable(subject):
        raise TypeError(f"{subject!r} is no subject: a subject is a callable that takes a case")
    module = str(getattr(subject, "__module__", ""))
    if isinstance(subject, Fault):
        named, names = name or name_of(subject), dict(CONDITION_NAMES)
        return Description(
            call=subject,
            module=module,
            name=named,
            domain=replace(EVERY_CASE, names=names),
            usual=usual_of(subject),
            condition_names=names,
            scheme=subject.scheme,
        )
    declared = _declared(subject, name or name_of(subject))
    _require_one_argument(subject, declared["name"])
    names = {
        **CONDITION_NAMES,
        **declared.get("condition_names", {}),
        "switches": declared.get("switches", {}),
    }
    if "usual" not in declared:
        named = declared["name"]
        declared["usual"] = {} if _said(subject, "domain", named=named, takes=a_domain) else _unsaid(subject)
    made = Description(call=subject, module=module, **{**declared, "condition_names": names})
    domain = replace(_domain(subject, named=made.name), names=names)
    made = replace(made, domain=_without(domain, made.limits))
    ways = _said(subject, "ways", named=made.name, takes=some_ways) or {}
    return _of_ways(made, {way: _way(made, way, call) for way, call in ways.items()})


def _unsaid(subject: Subject) -> dict[str, Any]:
    """What is usual of what a subject does not say."""
    with suppress(Exception):  # which is told where it is taken
        return {name: value for name, value in USUAL.items() if getattr(subject, name, None) is None}
    return {}


def _way(subject: Description, way: str, call: Subject) -> Description:
    """A subject's way: the subject, with what the way says of itself, in a part of its domain."""
    declared = _declared(call, f"{subject.name}/{way}")
    _require_one_argument(call, declared["name"])
    switches = declared.get("switches", subject.switches)
    own_names = {**declared.get("condition_names", {}), "switches": switches, "way": way}
    names = {**subject.condition_names, **own_names}
    own = {"usual": _usual_of_way(subject, call), **declared}
    own |= {"name": f"{subject.name}/{way}", "condition_names": names}
    made = replace(subject, call=call, **own)
    domain = replace(_domain(call, named=made.name, usual=subject.domain), names=names)
    inside = _without(domain, declared.get("limits", ())).within(subject.domain)
    if not inside.spaces:
        raise ValueError(f"the way {made.name!r} answers nothing of what {subject.name} does")
    return replace(made, domain=inside, known=tuple(entry for entry in made.known if entry.is_of(made.name)))


def _usual_of_way(subject: Description, call: Subject) -> dict[str, Any]:
    """What is usual of what neither a subject nor its way says."""
    return {name: subject.usual[name] for name in _unsaid(call) if name in subject.usual}


def _of_ways(subject: Description, ways: Mapping[str, Description]) -> Description:
    """The subject of these ways, whose domain is what any of them answers."""
    if not ways:
        return subject
    domain = joined(way.domain for way in ways.values())
    drawn = joined(way.drawn() for way in ways.values())
    around = dict.fromkeys(step for space in drawn.spaces.values() for step in space.around)
    of_ways = {"operations": tuple(drawn.spaces), "around": tuple(around)}
    usual = {name: of_ways.get(name, value) for name, value in subject.usual.items()}
    return replace(subject, ways=ways, usual=usual, domain=replace(domain, names=subject.condition_names))


def _without(domain: Domain, limits: Iterable[Limit]) -> Domain:
    """A domain that ends at these limits."""
    return replace(domain, conditions=(*domain.conditions, *(limit.condition for limit in limits)))


def _domain(subject: Subject, *, named: str, usual: Domain | None = None) -> Domain:
    """What a subject says that it answers; where it says nothing, what is `usual`, or anything."""
    domain: Domain | None = _said(subject, "domain", named=named, takes=a_domain)
    if domain is not None:
        return domain
    usual = usual or Domain()
    operations = _said(subject, "operations", named=named, takes=some_of("operations", OPERATIONS, least=1))
    values = {name: _said(subject, name, named=named, takes=takes) or {} for name, takes in DOMAIN.items()}
    supports = values.pop("supports")
    spaces = {}
    for operation in operations or usual.operations:
        space = usual.spaces.get(operation, Space())
        said = {name: value.get(operation, value.get("")) for name, value in values.items()}
        space = space._replace(**{name: value for name, value in said.items() if value is not None})
        ranks = tuple(rank for rank in space.ranks if rank in OPERATIONS[operation].ranks)
        spaces[operation] = space._replace(ranks=ranks)
    conditions = tuple(
        Condition(test, _reason(test), operation, is_inside=True) for operation, test in supports.items()
    )
    return Domain(spaces=spaces, conditions=conditions)


def _reason(test: Supports) -> str:
    return f"supports = {test.text!r}" if isinstance(test, Predicate) else "`supports`"


def _declared(subject: Subject, named: str) -> dict[str, Any]:
    """What a subject says of itself beside its domain and its ways, under the names of the fields."""
    _require_no_other(subject, named)
    declared: dict[str, Any] = {"name": named}
    for attribute in fields(Description):
        if "takes" in attribute.metadata and attribute.name != "name":
            value = _said(subject, attribute.name, named=named, takes=attribute.metadata["takes"])
            if value is not None:
                declared[attribute.name] = value
    return declared


ATTRIBUTES = (*get_annotations(Declared), *DOMAIN)
"""Everything that a subject may say of itself."""


def _require_one_argument(subject: Subject, named: str) -> None:
    """Raise ValueError, one sentence, for a callable that is seen to give no answer to a case."""
    if misuse := misuse_seen(subject):
        raise ValueError(f"the subject {named!r} {misuse}")


def _require_no_other(subject: Subject, named: str) -> None:
    """Raise ValueError, one sentence, for an attribute of a function that is nearly one of ours."""
    if not isinstance(subject, FunctionType):
        return  # an object has attributes of its own
    for attribute in vars(subject):
        if attribute not in ATTRIBUTES and (near := get_close_matches(attribute, ATTRIBUTES, 1, 0.75)):
            raise ValueError(
                f"the subject {named!r} has {attribute}, which says nothing; did you mean {near[0]!r}?"
            )


def _said(subject: Subject, attribute: str, *, named: str, takes: Callable[[Any], Any]) -> Any:
    """The value of a subject's attribute, or None; ValueError, one sentence, for a wrong value."""
    try:
        value = getattr(subject, attribute, None)
    except Exception as error:
        wrong = f"{attribute}, which raises {type(error).__name__}: {error}"
        raise ValueError(f"the subject {named!r} has {wrong}") from error
    try:
        return None if value is None else takes(value)
    except TypeError as expected:
        raise ValueError(f"the subject {named!r} has {attribute} = {value!r}, not {expected}") from None


def name_of(subject: Subject) -> str:
    """The name that a subject says, or its place: `module:qualified.name`, in angle brackets for an object.

    No other attribute is read, as that might start its worker.
    """
    if isinstance(subject, Fault):
        return f"fault:{subject.name}"
    place = _qualified_name(subject)
    return _said(subject, "name", named=place, takes=a_word) or place


def _qualified_name(subject: Subject) -> str:
    if hasattr(subject, "__qualname__") and not hasattr(subject, "__self__"):
        return f"{_place_of(subject.__module__)}:{subject.__qualname__}"
    kind = type(getattr(subject, "__self__", subject))
    return f"{kind.__module__}:<{kind.__qualname__}>"


def _place_of(module: str) -> str:
    """The name of a module, or the path of a file by which alone it is found again."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return module_shown(module, Path(file)) if file else module


def labelled(name: str, environment: Mapping[str, str]) -> str:
    """A subject's name with the settings that it is to run under."""
    return " ".join((name, *(f"{switch}={shlex.quote(value)}" for switch, value in environment.items())))


def split_label(label: str) -> tuple[str, dict[str, str]]:
    """The name and the settings of a label."""
    name, _, rest = label.partition(" ")
    pairs = (setting.partition("=") for setting in shlex.split(rest))
    return name, {switch: value for switch, _, value in pairs}
