"""The behaviour of a subject, bit by bit: recorded, and compared with another version or environment."""
