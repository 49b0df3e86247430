"""The deliberately wrong convolutions, by what they get wrong."""
