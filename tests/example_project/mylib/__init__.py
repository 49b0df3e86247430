"""A library with a convolution of its own."""
