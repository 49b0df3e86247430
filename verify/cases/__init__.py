"""A case: its geometry, its word, its validity, its operands, and enumerations of small spaces of cases."""
