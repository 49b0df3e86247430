"""Exports of a case: a script, a test, arrays, a model."""


class CannotExport(ValueError):
    """A case that a format cannot express; the message is one sentence."""
