"""Subjects: the registry, worker processes, and one folder for each framework."""
