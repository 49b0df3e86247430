"""A case as something that others can run or read, without this package where that can be."""


class CannotExport(ValueError):
    """A case that a format cannot express; the message is one sentence."""
