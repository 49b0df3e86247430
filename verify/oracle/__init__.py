"""What a correct answer is, how far one may lie from it, and whether one does, in plain NumPy."""
