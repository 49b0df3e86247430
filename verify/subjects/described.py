"""A description as plain data, which a worker says of its subjects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from verify.cases.case import Case
from verify.cases.domain import Condition, Domain, Space
from verify.cases.predicates import Predicate
from verify.checks.deviations import condition, deviation_of, entry_of
from verify.checks.limits import Limit
from verify.checks.subject import Description
from verify.checks.versions import source_of

_PLAIN = ("version", "refuses", "compiles", "cost", "scheme", "arithmetic")

PLAIN_OF_WAYS = ("scheme", "arithmetic", "compiles", "cost", "refuses")
"""What a way may say that differs from its subject, beside its version, its switches and its domain."""

Inside = Callable[[Case], Any]
"""Whether a case is in a domain, asked where that is."""


def data_of(subject: Description) -> dict[str, Any]:
    """What `declared_of` reads: the attributes of a subject, and under `ways` those of each way."""
    return {
        **{name: getattr(subject, name) for name in _PLAIN},
        "switches": dict(subject.switches),
        "usual": dict(subject.usual),
        "matrix": {name: list(values) for name, values in subject.matrix.items()},
        "condition_names": {**subject.condition_names, "switches": {}},
        "known": [entry_of(deviation) for deviation in subject.known],
        "source": source_of(subject),
        **_own(subject),
        "ways": {name: _of_way(way) for name, way in subject.ways.items()},
    }


def _of_way(way: Description) -> dict[str, Any]:
    plain = {name: getattr(way, name) for name in PLAIN_OF_WAYS}
    switches, usual = dict(way.switches), dict(way.usual)
    return {**_own(way), **plain, "version": way.version, "switches": switches, "usual": usual}


def _own(way: Description) -> dict[str, Any]:
    """What a way says that another does not; the conditions of its limits come with these."""
    limits = [limit.condition for limit in way.limits]
    return {
        "spaces": {name: space._asdict() for name, space in way.domain.spaces.items()},
        "conditions": [_condition(each) for each in way.domain.conditions if each not in limits],
        "limits": [{**limit._asdict(), "when": limit.when.text} for limit in way.limits],
    }


def _condition(condition: Condition) -> dict[str, Any]:
    """A condition, whose test is null where only this process can make it."""
    text = condition.test.text if isinstance(condition.test, Predicate) else None
    return {**condition._asdict(), "test": text}


def declared_of(data: Mapping[str, Any], inside: Inside, switches: Mapping[str, str]) -> dict[str, Any]:
    """The attributes that `Declared` has names for, as a worker said them; its ways are another's to make."""
    names = {**data["condition_names"], "switches": switches}
    return {
        **{name: data[name] for name in (*_PLAIN, "usual", "matrix", "source")},
        "switches": switches,
        "condition_names": names,
        "known": tuple(map(deviation_of, data["known"])),
        **own_of(data, inside, names),
    }


def own_of(data: Mapping[str, Any], inside: Inside, names: Mapping[str, Any]) -> dict[str, Any]:
    """The domain and the limits of a subject or a way."""
    limits = tuple(_limit(limit) for limit in data["limits"])
    domain = Domain(
        spaces={name: _space(space) for name, space in data["spaces"].items()},
        conditions=tuple(
            Condition(**{**each, "test": inside if each["test"] is None else condition(each["test"])})
            for each in data["conditions"]
        ),
        names=names,
    )
    return {"domain": domain, "limits": limits}


def _space(space: Mapping[str, Any]) -> Space:
    said: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in space.items()
    }
    return Space(**said)


def _limit(limit: Mapping[str, Any]) -> Limit:
    lists = {name: tuple(limit[name]) for name in ("says", "words", "versions")}
    return Limit(**{**limit, **lists, "when": condition(limit["when"])})
