"""Every case of a small space, asked in worker processes."""
