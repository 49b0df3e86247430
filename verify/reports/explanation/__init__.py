"""How one output cell is computed, number by number."""
