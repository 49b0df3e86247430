"""LiteRT, the successor of TensorFlow Lite, on the CPU; its models and kernels are those of both packages."""

from __future__ import annotations

from verify.subjects.built_in import BuiltIn, known_of, operations_of


def subject(name: str) -> BuiltIn:
    """The subject of a built-in name; LiteRT is imported with the first."""
    from verify.subjects.litert.imported import ENGINE, VERSION
    from verify.subjects.litert.ways import operator_ways

    ways = {way.name: way for way in operator_ways(ENGINE)}
    known, refuses = known_of(name, version=VERSION), operations_of(ways.values())
    return BuiltIn(name=name, version=VERSION, ways=ways, known=known, refuses=refuses)
