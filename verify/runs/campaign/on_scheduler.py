"""The function that is sent to a scheduler whole, as that has Dask alone."""

from __future__ import annotations


def examples(asked: dict[str, list[str]]) -> list[str]:
    """Keep values under keys on the scheduler, take away those of keys with a minus; what the last has."""
    import distributed

    kept: dict[str, list[str]] = distributed.__dict__.setdefault("_conv_verify_examples", {})
    found: list[str] = []
    for name, values in asked.items():
        key = name.removeprefix("-")
        found = [value for value in kept.pop(key, ()) if value not in values]
        if key == name:
            found = [*found, *values][-1000:]  # the latest
        if found:
            kept[key] = found
    return found
