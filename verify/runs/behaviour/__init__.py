"""What a subject does with cases, bit by bit: recorded, and compared with another time or place."""
