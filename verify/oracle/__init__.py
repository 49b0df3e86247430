"""The correct answer, how far an answer may differ from it, and whether one does, in plain NumPy."""
