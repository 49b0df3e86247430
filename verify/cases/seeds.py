"""What a seed chooses beside the data: which entry point of a subject is called, and how it is traced."""

TURN = 12
"""Seeds in which every entry point of an operation, of 1, 2, 3, 4 or 6, has had its turn."""

SAME_WAY = 4 * TURN
"""Seeds that differ by it go the same way: one entry point, traced in one of four ways."""
